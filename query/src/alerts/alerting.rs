//! What alerts do in the background: evaluation and delivery, side by side.

use std::path::Path;
use std::sync::Arc;

use coldtrace_control::{Db, DbError, Rings};
use coldtrace_model::UnixNanos;
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::Store;

use super::deliver::Deliverer;
use super::evaluator::Evaluator;
use super::shared::Alerts;

/// Evaluates and delivers when run.
pub(crate) struct Alerting {
    evaluator: Evaluator,
    deliverer: Deliverer,
}

// === impl Alerting ===

impl Alerting {
    /// With the control database of this folder. Blocks.
    pub(crate) fn new(
        alerts: &Alerts,
        store: &Store,
        rings: &Rings,
        data_dir: &Path,
        registry: &Registry,
    ) -> Result<Self, DbError> {
        // What is sent does not wait for what is asked, nor the other way round.
        let db = Db::open(data_dir)?;
        Ok(Self {
            evaluator: Evaluator::new(store.clone(), alerts.clone(), rings.clone(), registry),
            deliverer: Deliverer::new(
                db,
                alerts.sender(),
                Arc::new(UnixNanos::now),
                alerts.woken(),
            ),
        })
    }

    /// Until asked to end.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        tokio::join!(
            self.evaluator.run(shutdown.clone()),
            self.deliverer.run(shutdown)
        );
    }
}
