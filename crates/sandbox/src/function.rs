//! A function: invoked, scaled out, shut down.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::config::FunctionConfig;
use crate::invocation::{Event, Invoked, Response};
use crate::job::Job;
use crate::pool::Pool;
use crate::sandbox::{self, Beginning, Settings};

/// A function. Clones share its sandboxes; when the last one is dropped, whatever still runs is killed.
#[derive(Clone)]
pub struct Function {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Arc<Settings>,
    pool: Arc<Pool>,
    /// One task per sandbox. Locked to add one.
    tasks: Mutex<JoinSet<()>>,
}

/// A sandbox as it is now.
#[derive(Clone, Debug)]
pub struct SandboxInfo {
    /// Which of the function's sandboxes, counted from 1.
    pub serial: u64,
    /// Whether its runtime works on an invocation.
    pub busy: bool,
    /// The runtime's process, while it runs.
    pub runtime_pid: Option<u32>,
    /// The external extensions' processes.
    pub extension_pids: Vec<u32>,
}

// === impl Function ===

impl Function {
    /// A function without sandboxes; they come with invocations.
    pub fn new(config: FunctionConfig) -> Self {
        let pool = Arc::new(Pool::new(
            config.max_concurrency,
            config.initialization.slots(),
        ));
        let shared = Shared {
            settings: Arc::new(Settings::new(config)),
            pool,
            tasks: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// What it was made from.
    pub fn config(&self) -> &FunctionConfig {
        self.shared.settings.config()
    }

    /// Invokes it and waits until its sandbox is done with it, extensions included.
    pub async fn invoke(&self, event: Event) -> Invoked {
        let (invoked_tx, invoked_rx) = oneshot::channel();
        let observer = |invoked: &Invoked| {
            // The caller may have gone.
            invoked_tx.send(invoked.clone()).ok();
        };
        self.respond(event, observer).await;
        invoked_rx
            .await
            .expect("a sandbox concludes what it has answered")
    }

    /// Invokes it and waits for the answer alone, which is there as soon as the function is done. `observer` is told the
    /// rest when the sandbox is done with it, at the latest before [`Function::shutdown`] returns; it must not block.
    pub async fn respond(
        &self,
        event: Event,
        observer: impl FnOnce(&Invoked) + Send + 'static,
    ) -> Response {
        let (reply_tx, reply_rx) = oneshot::channel();
        let job = Job::new(event, reply_tx, observer);
        if let Some((place, job)) = self.shared.pool.take(job) {
            let settings = Arc::clone(&self.shared.settings);
            self.spawn_sandbox(sandbox::run(settings, place, Beginning::Job(Box::new(job))));
        }
        reply_rx.await.expect("a sandbox answers every invocation")
    }

    /// Makes sandboxes before anybody invokes the function, as many as asked and allowed, and waits until they are
    /// initialised; what it is for says [`Initialization`](crate::Initialization). Returns how many are ready; an init that
    /// failed is tried again by the sandbox's first invocation.
    pub async fn provision(&self, count: usize) -> usize {
        let mut coming = Vec::new();
        for place in (0..count).map_while(|_| self.shared.pool.reserve()) {
            let settings = Arc::clone(&self.shared.settings);
            let (ready_tx, ready_rx) = oneshot::channel();
            self.spawn_sandbox(sandbox::run(settings, place, Beginning::Ahead(ready_tx)));
            coming.push(ready_rx);
        }
        let mut ready = 0;
        for one in coming {
            // One that could not be made says nothing.
            ready += usize::from(one.await.unwrap_or(false));
        }
        ready
    }

    /// Shuts down every sandbox that there is, as Lambda does with those that it does not need any more: after what they
    /// and those who wait for them have to do, with a SHUTDOWN event for their extensions. Returns when all are gone.
    pub async fn shutdown(&self) {
        self.shared.pool.retire().await;
    }

    /// Its sandboxes.
    pub fn sandboxes(&self) -> Vec<SandboxInfo> {
        self.shared.pool.sandboxes()
    }

    fn spawn_sandbox(&self, sandbox: impl Future<Output = ()> + Send + 'static) {
        // Nothing panics while the lock is held.
        let mut tasks = self
            .shared
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "a sandbox's task failed");
            }
        }
        // Boxed: it is the state of everything that happens in a sandbox.
        tasks.spawn(Box::pin(sandbox));
    }
}

// === impl SandboxInfo ===

impl SandboxInfo {
    pub(crate) fn new(serial: u64) -> Self {
        Self {
            serial,
            busy: false,
            runtime_pid: None,
            extension_pids: Vec::new(),
        }
    }
}
