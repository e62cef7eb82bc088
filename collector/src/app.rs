//! Wires the collector.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use coldtrace_service::health::Health;
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::Store;

use crate::Config;

/// The collector, listening.
pub struct App {}

/// Why the collector could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address could not be had.
    #[error("cannot listen on {address} ({key})")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The setting that changes it.
        key: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

// === impl App ===

impl App {
    /// Opens the log and binds the addresses.
    pub async fn build(
        _config: Config,
        _store: Store,
        _data_dir: &Path,
        _registry: &Registry,
        _health: &Health,
    ) -> Result<Self, BuildError> {
        unimplemented!("comes next")
    }

    /// Where gRPC is served.
    pub fn grpc_addr(&self) -> SocketAddr {
        unimplemented!("comes next")
    }

    /// Where HTTP is served.
    pub fn http_addr(&self) -> SocketAddr {
        unimplemented!("comes next")
    }

    /// Serves until asked to end.
    pub async fn run(self, _shutdown: Shutdown) {
        unimplemented!("comes next")
    }
}
