//! The embedded engine: ClickHouse's server code in a child process of ours.
//!
//! Here: starting, supervising and stopping it. The child's side is [`run_child`], its library comes from [`fetch`]. Not
//! here: anything about its data; to the rest of the crate it is a server like any other. Invariant: the child never
//! outlives its parent, however that ends.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::StoreConfig;

mod child;
pub mod fetch;
mod files;
mod guard;
mod supervisor;

pub use child::run_child;
use files::Files;
use supervisor::Supervisor;

/// Our database on the embedded engine; its `default` is an overlay of it and a file system, and not to be used.
const DATABASE: &str = "coldtrace";

/// How to run an engine.
#[derive(Clone)]
pub struct EngineConfig {
    /// `libchdb.so`.
    pub library: PathBuf,
    /// The folder for its data, its logs and its configuration; made where absent.
    pub data_dir: PathBuf,
    /// Port on loopback.
    pub http_port: u16,
    /// What it may hold in memory, bytes.
    pub memory_limit: u64,
    /// Of its one user, for this life.
    pub password: String,
    /// The program, with its first arguments, that calls [`run_child`] with the arguments that follow them.
    pub command: Vec<OsString>,
}

/// An engine that runs, and is started again when it dies. Dropped without [`Engine::stop`], it is killed.
pub struct Engine {
    store: StoreConfig,
    supervision: Option<Supervision>,
}

/// The thread that owns the process, and the ways to reach it.
struct Supervision {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

/// The engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Somebody else listens on its port.
    #[error("the engine cannot listen on 127.0.0.1:{port} (store.engine_port)")]
    Listen {
        /// The port.
        port: u16,
        /// `AddrInUse`, most likely.
        #[source]
        source: io::Error,
    },
    /// Another engine has the data and does not end.
    #[error("another engine uses {}", path.display())]
    DataInUse {
        /// Its data.
        path: PathBuf,
    },
    /// Its folder or configuration can't be written.
    #[error("cannot write {}", path.display())]
    Files {
        /// What was to be written.
        path: PathBuf,
        /// Why it was not.
        #[source]
        source: io::Error,
    },
    /// The process can't be made.
    #[error("cannot start the engine's process")]
    Spawn(#[source] io::Error),
    /// It ended before it answered.
    #[error("the engine ended at its start with {status}: {said}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// The last lines of what it wrote, in one.
        said: String,
    },
    /// Its disk does not take what it writes.
    #[error("the engine cannot write below {}: is the disk full?", path.display())]
    Disk {
        /// Its data.
        path: PathBuf,
    },
    /// It runs but does not answer.
    #[error("the engine does not answer; its log is {}", log.display())]
    Silent {
        /// Its log.
        log: PathBuf,
    },
    /// [`Engine::stop`] came first.
    #[error("the engine was stopped while it started")]
    Stopped,
}

// === impl EngineConfig ===

impl EngineConfig {
    fn store_config(&self) -> StoreConfig {
        StoreConfig {
            url: format!("http://127.0.0.1:{}", self.http_port),
            user: files::USER.to_owned(),
            password: self.password.clone(),
            database: DATABASE.to_owned(),
        }
    }
}

// === impl Engine ===

impl Engine {
    /// Starts it and waits until it answers. An engine that is about to end may still hold the data, such as the child of
    /// a process that was killed just now: that is waited for.
    pub async fn start(config: EngineConfig) -> Result<Self, EngineError> {
        let store = config.store_config();
        let files = Files::new(&config.data_dir);
        let (stop, stop_asked) = oneshot::channel();
        let (started, answers) = oneshot::channel();
        let (ended_tx, ended) = oneshot::channel::<()>();
        let supervisor = Supervisor::new(config, files, stop_asked);
        // A thread with a runtime of its own: the child is watched, and reaped, whatever becomes of the caller's runtime.
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                supervisor.run(started);
                drop(ended_tx);
            })
            .map_err(EngineError::Spawn)?;
        let engine = Self {
            store,
            supervision: Some(Supervision {
                stop,
                ended,
                thread,
            }),
        };
        match answers.await {
            Ok(started) => started.map(|()| engine),
            Err(_) => Err(EngineError::Stopped),
        }
    }

    /// How to talk to it; stays true when it is started again.
    pub fn store_config(&self) -> StoreConfig {
        self.store.clone()
    }

    /// Ends it and waits until it is gone.
    pub async fn stop(mut self) {
        if let Some(supervision) = self.supervision.take() {
            // Each fails only where the supervisor is gone already, and the engine with it.
            supervision.stop.send(()).ok();
            supervision.ended.await.ok();
            supervision.thread.join().ok();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(Supervision { stop, thread, .. }) = self.supervision.take() {
            // The supervisor kills the engine when nobody is left to ask it for more; that takes milliseconds.
            drop(stop);
            thread.join().ok();
        }
    }
}
