//! `coldtrace up`: collector, query and ui in one process, on the embedded engine or on the server of `store.url`.

use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::serve::{self, Backend, Services};
use crate::settings::Config;
use crate::{Place, engine};

/// Runs until a signal.
pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    let config = Config::load(&place.file)?;
    let data_dir = DataDir::take(place.data_dir.as_deref(), "up")?;
    let backend = match config.store.server() {
        Some(server) => Backend::Server(server),
        None => Backend::Embedded(engine::locate(&config.store.engine)?),
    };
    let services = Services {
        collector: true,
        query: true,
    };
    serve::run(config, &data_dir, backend, services)
}
