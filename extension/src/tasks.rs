//! Every task has a name and ends at its own edge: a panic in one costs what that task had in its hands and nothing else.
//!
//! The only place of this crate that spawns. The services' counterpart (`crates/service`) is not in the extension's graph.

use std::future::Future;

use tokio::task::JoinHandle;

use crate::log::{self, Level};

/// Starts a task on this thread. Must be called inside the lifecycle's `LocalSet`.
pub(crate) fn spawn(name: &'static str, task: impl Future<Output = ()> + 'static) {
    let running = tokio::task::spawn_local(task);
    // Watches the first; it can't panic itself.
    drop(tokio::task::spawn_local(report_end(name, running)));
}

async fn report_end(name: &'static str, running: JoinHandle<()>) {
    if let Err(error) = running.await
        && error.is_panic()
    {
        log::line(
            Level::Error,
            "task panicked",
            &[("task", &name), ("error", &error)],
        );
    }
}
