//! A real engine for a test: fresh data, a free port, the schema in place.
//!
//! The engine is a child process that runs the test's own binary again. For that the binary must contain
//! [`engine_child!`](crate::engine_child), at its root. The library is the one of `COLDTRACE_STORE__ENGINE_LIBRARY`, else the
//! one that `cargo xtask setup` noted, else the one in the cache folder, fetched if need be.

use std::error::Error as _;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use coldtrace_store::embedded::{self, Engine, EngineConfig, EngineError, fetch};
use coldtrace_store::{Store, StoreConfig};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The test that is the engine's process.
const CHILD: &str = "engine_child";
/// Under which a test's data stay, however old their times are: the engine drops what is due at any moment.
pub const KEEP_DAYS: u16 = 10_000;
const PASSWORD: &str = "a test's";
/// Enough for any test, and a bound on what a runaway query takes from the others.
const MEMORY: u64 = 1 << 30;

/// Makes the test binary able to start engines. Stands at the root of the binary.
#[macro_export]
macro_rules! engine_child {
    () => {
        #[test]
        #[ignore = "not a test: the process of an engine, which tests start"]
        fn engine_child() {
            $crate::engine::become_child();
        }
    };
}

/// An engine that lives as long as this; its data go with it.
pub struct TestEngine {
    // Ends before its folder is removed.
    engine: Option<Engine>,
    store: StoreConfig,
    folder: TempDir,
}

/// A running engine on fresh data, migrated.
pub async fn start() -> TestEngine {
    let started = start_empty().await;
    let migrated = started.store().migrate().await;
    migrated.expect("a fresh engine takes the schema");
    started
}

/// A running engine on fresh data, without our database.
pub async fn start_empty() -> TestEngine {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let engine = loop {
        match Engine::start(config(folder.path(), free_port())).await {
            Ok(engine) => break engine,
            // Another test was given the same port.
            Err(error) if is_port_taken(&error) => {}
            Err(error) => {
                panic!("{error}; does the test binary have `engine_child!()` at its root?")
            }
        }
    };
    TestEngine {
        store: engine.store_config(),
        engine: Some(engine),
        folder,
    }
}

/// How an engine in this folder, on this port, is started.
pub fn config(folder: &Path, http_port: u16) -> EngineConfig {
    let own = std::env::current_exe().expect("the system tells a program's own path");
    let mut command = vec![own.into_os_string()];
    command.extend(
        [
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
            CHILD,
        ]
        .map(OsString::from),
    );
    EngineConfig {
        library: library(),
        data_dir: folder.join("engine"),
        http_port,
        memory_limit: MEMORY,
        password: PASSWORD.to_owned(),
        command,
    }
}

/// The process of the engine that runs in this folder.
pub fn pid(folder: &Path) -> i32 {
    let status = folder.join("engine/data/status");
    let status = std::fs::read_to_string(status).expect("a running engine has a status file");
    let pid = status.lines().find_map(|line| line.strip_prefix("PID: "));
    pid.and_then(|pid| pid.parse().ok())
        .expect("the status file names the process")
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr());
    free.expect("the system has a free port").port()
}

/// What [`engine_child!`](crate::engine_child) runs. Does nothing unless started by [`start`].
pub fn become_child() {
    let after_name = std::env::args_os().skip_while(|argument| argument != CHILD);
    let arguments: Vec<OsString> = after_name.skip(1).collect();
    if arguments.len() == 3 {
        embedded::run_child(arguments);
    }
}

// === impl TestEngine ===

impl TestEngine {
    /// How to talk to it.
    pub fn store_config(&self) -> StoreConfig {
        self.store.clone()
    }

    /// A store on it.
    pub fn store(&self) -> Store {
        Store::connect(self.store_config())
    }

    /// The process that is the engine now.
    pub fn pid(&self) -> i32 {
        pid(self.folder.path())
    }

    /// Kills the process, which is then started again. Nothing if it is about to be.
    pub fn kill(&self) {
        let pid = Pid::from_raw(self.pid()).expect("a process has a number");
        kill_process(pid, Signal::KILL).ok();
    }

    /// Waits until it answers: after a kill, until it was started again.
    pub async fn answers(&self) {
        let store = self.store();
        while store.ping().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    /// Ends it as a service would.
    pub async fn stop(mut self) {
        if let Some(engine) = self.engine.take() {
            engine.stop().await;
        }
    }
}

fn is_port_taken(error: &EngineError) -> bool {
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the library is, as users configure it; where a user's cache is"
)]
fn library() -> PathBuf {
    let set = |name| {
        std::env::var_os(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    if let Some(library) = set("COLDTRACE_STORE__ENGINE_LIBRARY").or_else(noted_library) {
        return library;
    }
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let cache = cache.expect("HOME is set").join("coldtrace");
    fetch::locate_or_fetch(&cache, &mut |_, _| {}).expect("the engine's library can be fetched")
}

/// In `target/setup.json`, which `cargo xtask setup` writes.
fn noted_library() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let target = own.parent()?.parent()?.parent()?;
    let noted = std::fs::read(target.join("setup.json")).ok()?;
    let noted: serde_json::Value = serde_json::from_slice(&noted).ok()?;
    let library = PathBuf::from(noted["engine_library"].as_str()?);
    library.is_file().then_some(library)
}
