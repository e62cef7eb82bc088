//! The embedded engine: ClickHouse's server code in a child process of ours.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::StoreConfig;

pub mod fetch;

/// How to run an engine.
#[derive(Clone)]
pub struct EngineConfig {
    /// `libchdb.so`.
    pub library: PathBuf,
    /// The folder for its data, its log and its configuration; made where absent.
    pub data_dir: PathBuf,
    /// Port on loopback.
    pub http_port: u16,
    /// What it may hold in memory, bytes.
    pub memory_limit: u64,
    /// Of its one user, for this life.
    pub password: String,
    /// The program, with its first arguments, that calls [`run_child`] with the arguments that follow.
    pub command: Vec<OsString>,
}

/// An engine that runs, and is started again when it dies.
pub struct Engine {}

/// The engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {}

impl Engine {
    /// Starts it and waits until it answers.
    pub async fn start(config: EngineConfig) -> Result<Self, EngineError> {
        let _ = config;
        unimplemented!()
    }

    /// How to talk to it.
    pub fn store_config(&self) -> StoreConfig {
        unimplemented!()
    }

    /// Ends it and waits until it is gone.
    pub async fn stop(self) {}
}

/// Becomes the engine.
pub fn run_child(arguments: Vec<OsString>) -> ! {
    let _ = arguments;
    unimplemented!()
}
