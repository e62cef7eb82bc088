//! Every task has a name and is joined.
//!
//! The only place that calls `tokio::spawn`. A task that panics is logged with its name and counted as failed; so is a
//! service task that ends before anyone asked it to, since a loop that quietly stopped is the worst of failures.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, error, warn};

/// The tasks of a component. Clones share one set.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    tracker: TaskTracker,
    abort: CancellationToken,
    /// Set by `expect_end` and `join_all`: from then on, ending is what tasks are asked to do.
    ending: AtomicBool,
    serial: AtomicU64,
    failed: AtomicU64,
    /// Held for a line at a time: who runs, so that a deadline that passes can name names.
    running: Mutex<BTreeMap<u64, &'static str>>,
}

/// Takes a task off the list of those that run, also when it is dropped half-way.
struct Listed {
    shared: Arc<Shared>,
    serial: u64,
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task that runs until shutdown: a listener, a loop. It is logged as an error when it ends before
    /// [`Tasks::expect_end`] or [`Tasks::join_all`] was called.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.start(name, true, task);
    }

    /// Starts a task that ends by itself: one connection, one batch.
    pub fn spawn_finite(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.start(name, false, task);
    }

    /// How many tasks panicked or ended early.
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// To be called before the tasks are asked to end: some do so before [`Tasks::join_all`] is reached.
    pub fn expect_end(&self) {
        self.shared.ending.store(true, Ordering::Relaxed);
    }

    /// Waits until all tasks have ended, at most `deadline`; then ends the rest at their next await and returns their
    /// names. Asking the tasks to end is the caller's business (see [`crate::shutdown::Shutdown`]).
    pub async fn join_all(&self, deadline: Duration) -> Vec<&'static str> {
        self.expect_end();
        self.shared.tracker.close();
        let waited = tokio::time::timeout(deadline, self.shared.tracker.wait()).await;
        if waited.is_ok() {
            return Vec::new();
        }
        let late: Vec<&'static str> = self.shared.running().values().copied().collect();
        warn!(tasks = ?late, ?deadline, "tasks outlived their deadline and are ended");
        self.shared.abort.cancel();
        late
    }

    fn start(
        &self,
        name: &'static str,
        service: bool,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        let listed = Listed::new(&shared, name);
        let watched = async move {
            let _listed = listed;
            let guarded = AssertUnwindSafe(task).catch_unwind();
            let ended = tokio::select! {
                ended = guarded => ended,
                () = shared.abort.cancelled() => return,
            };
            shared.note_end(name, service, ended);
        };
        let span = tracing::debug_span!("task", name);
        // The future is joined through the tracker; dropping the handle detaches nothing that is not tracked.
        drop(self.shared.tracker.spawn(watched.instrument(span)));
    }
}

// === impl Shared ===

impl Shared {
    fn note_end(&self, name: &'static str, service: bool, ended: Result<(), Box<dyn Any + Send>>) {
        match ended {
            Err(panic) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                error!(name, panic = panic_text(panic.as_ref()), "task panicked");
            }
            Ok(()) if service && !self.ending.load(Ordering::Relaxed) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                error!(name, "task ended early");
            }
            Ok(()) => {}
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, &'static str>> {
        // Nothing panics while the lock is held; were it poisoned, the list would still be right.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}

// === impl Listed ===

impl Listed {
    fn new(shared: &Arc<Shared>, name: &'static str) -> Self {
        let serial = shared.serial.fetch_add(1, Ordering::Relaxed);
        shared.running().insert(serial, name);
        Self {
            shared: Arc::clone(shared),
            serial,
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.running().remove(&self.serial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Shutdown;

    #[tokio::test(start_paused = true)]
    async fn tasks_that_end_when_asked_are_joined() {
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
        tasks.spawn("loop", shutdown.wait());
        shutdown.trigger();
        let late = tasks.join_all(Duration::from_secs(1)).await;
        assert_eq!(late, Vec::<&str>::new());
        assert_eq!(tasks.failed(), 0);
    }

    #[tokio::test]
    async fn a_task_that_ends_between_being_asked_and_being_joined_is_no_failure() {
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
        tasks.spawn("quick", shutdown.wait());
        tasks.expect_end();
        shutdown.trigger();
        while !tasks.shared.running().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(tasks.failed(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_outlives_the_deadline_is_named_and_ended() {
        let tasks = Tasks::new();
        let (dropped_tx, dropped) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn("stuck", async move {
            let _held = dropped_tx;
            std::future::pending().await
        });
        assert_eq!(tasks.join_all(Duration::from_secs(1)).await, ["stuck"]);
        assert!(dropped.await.is_err(), "the task's future is dropped");
    }

    #[tokio::test]
    async fn a_panic_and_an_early_end_are_failures() {
        let tasks = Tasks::new();
        tasks.spawn("panics", async { panic!("on purpose") });
        tasks.spawn("ends", async {});
        tasks.spawn_finite("short", async {});
        while !tasks.shared.running().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(tasks.failed(), 2);
        assert_eq!(tasks.join_all(Duration::from_secs(1)).await.len(), 0);
    }
}
