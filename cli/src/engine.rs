//! The embedded engine: found or fetched, started, and (as `coldtrace engine`) run.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use coldtrace_store::embedded::{self, Engine, EngineConfig, fetch};

use crate::ConfigFile;
use crate::data_dir::cache_dir;
use crate::failure::Failure;
use crate::settings::{Config, EngineSettings, say};

/// A download that is faster than this is not worth a line.
const PATIENCE: Duration = Duration::from_secs(2);

/// `coldtrace fetch-engine`.
pub(crate) fn fetch(file: &ConfigFile) -> Result<(), Failure> {
    let config = Config::load(file)?;
    let library = locate(&config.store.engine)?;
    say(&format!("{}\n", library.display()))
}

/// `coldtrace engine`: becomes the engine.
pub(crate) fn run_child(arguments: Vec<OsString>) -> ! {
    embedded::run_child(arguments)
}

/// The engine's library: the configured one, the one in the cache, or fetched now with its progress shown.
pub(crate) fn locate(settings: &EngineSettings) -> Result<PathBuf, Failure> {
    if let Some(library) = &settings.library {
        return match library.is_file() {
            true => Ok(library.clone()),
            false => Err(Failure::Told(format!(
                "store.engine_library names {}, which is not there; leave it out to have the engine fetched",
                library.display()
            ))),
        };
    }
    let mut progress = Progress::new();
    let located =
        fetch::locate_or_fetch(&cache_dir()?, &mut |done, total| progress.show(done, total));
    progress.end();
    located.map_err(|error| Failure::failed("cannot fetch the engine", error))
}

/// Starts the engine on `data_dir` as a child of this process.
pub(crate) async fn start(
    settings: &EngineSettings,
    library: PathBuf,
    data_dir: &Path,
) -> Result<Engine, Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot find this program", error))?;
    let config = EngineConfig {
        library,
        data_dir: data_dir.join("engine"),
        http_port: port(settings.port)?,
        memory_limit: settings.memory.0,
        password: password()?,
        command: vec![own.into_os_string(), "engine".into()],
    };
    Engine::start(config).await.map_err(Failure::build)
}

/// The configured port, or one that is free now. The engine itself needs a number.
fn port(configured: u16) -> Result<u16, Failure> {
    if configured != 0 {
        return Ok(configured);
    }
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|free| free.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::failed("cannot find a free port for the engine", error))
}

/// For one life of the engine; nobody needs to remember it.
fn password() -> Result<String, Failure> {
    use std::io::Read as _;
    let mut random = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .map_err(|error| Failure::failed("cannot read /dev/urandom", error))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A line on standard error while a download lasts: rewritten on a terminal, one in ten seconds in a log.
struct Progress {
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            shown: None,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, done: u64, total: u64) {
        let interval = Duration::from_secs(if self.terminal { 1 } else { 10 });
        let due = match self.shown {
            Some(shown) => shown.elapsed() >= interval,
            None => self.started.elapsed() >= PATIENCE,
        };
        if !due {
            return;
        }
        self.shown = Some(Instant::now());
        let megabytes = |bytes: u64| bytes / 1_000_000;
        let of = if total == 0 {
            String::new()
        } else {
            format!(" of {} MB", megabytes(total))
        };
        let took = self.started.elapsed().as_secs();
        let (start, end) = if self.terminal {
            ("\r", "\x1b[K")
        } else {
            ("", "\n")
        };
        self.write(&format!(
            "{start}fetching the engine: {} MB{of}, {took} s{end}",
            megabytes(done)
        ));
    }

    fn end(&self) {
        if self.shown.is_some() && self.terminal {
            self.write("\n");
        }
    }

    fn write(&self, text: &str) {
        // Progress that can't be shown is no reason to fail.
        std::io::stderr().write_all(text.as_bytes()).ok();
    }
}
