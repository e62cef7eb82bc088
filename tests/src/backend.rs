//! `coldtrace up` as a process: on a fresh data folder, on ports that the system chose, stopped when dropped.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::{Reply, Setup, binary, eventually, get};

/// For the process to print its addresses, the engine's start included, on a busy machine.
/// Longer than the engine is waited for: what `coldtrace` says of one that does not start comes sooner.
const START_DEADLINE: Duration = Duration::from_secs(90);
/// For it to drain and end.
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// How to start it.
pub struct BackendOptions {
    /// The subcommand.
    pub command: &'static str,
    /// `COLDTRACE_SECTION__KEY` and values; they go over what is set for tests (ports 0).
    pub settings: Vec<(String, String)>,
    /// The data folder; a fresh one where none is named.
    pub data_dir: Option<PathBuf>,
}

/// A running `coldtrace up`.
pub struct Backend {
    child: Child,
    data_dir: PathBuf,
    /// Standard output and standard error are files here.
    scratch: tempfile::TempDir,
    /// `http://...` of the ui and API; these are empty where the command does not serve them.
    pub api: String,
    /// `http://...` of OTLP over gRPC.
    pub grpc: String,
    /// `http://...` of OTLP over HTTP.
    pub http: String,
}

/// How a process ended that was not expected to stay.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it told on standard error.
    pub told: String,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            command: "up",
            settings: Vec::new(),
            data_dir: None,
        }
    }
}

impl BackendOptions {
    /// Adds a setting.
    #[must_use]
    pub fn set(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.settings.push((variable.to_owned(), value.into()));
        self
    }

    /// On this data folder.
    #[must_use]
    pub fn on(mut self, data_dir: &Path) -> Self {
        self.data_dir = Some(data_dir.to_owned());
        self
    }

    fn process(&self, scratch: &Path) -> (Command, PathBuf) {
        let data_dir = self
            .data_dir
            .clone()
            .unwrap_or_else(|| scratch.join("data"));
        let file =
            |name| File::create(scratch.join(name)).expect("create a file in a fresh folder");
        let mut command = Command::new(binary("coldtrace"));
        command
            .arg(self.command)
            .arg("--data-dir")
            .arg(&data_dir)
            .env("COLDTRACE_COLLECTOR__GRPC_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_COLLECTOR__HTTP_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_QUERY__LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_STORE__ENGINE_PORT", "0")
            .env(
                "COLDTRACE_STORE__ENGINE_LIBRARY",
                Setup::read().path("engine_library"),
            )
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"));
        (command, data_dir)
    }

    /// Starts it and waits until it printed its addresses.
    pub fn start(self) -> Backend {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let (mut command, data_dir) = self.process(scratch.path());
        let child = command.spawn().expect("start coldtrace");
        let mut backend = Backend {
            child,
            data_dir,
            scratch,
            api: String::new(),
            grpc: String::new(),
            http: String::new(),
        };
        // What each command prints last.
        backend.read_addresses(match self.command {
            "collector" => "OTLP over HTTP",
            _ => "ui and API",
        });
        backend
    }

    /// Starts it, expecting it to end by itself.
    pub fn start_and_fail(self) -> Ended {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let (mut command, _) = self.process(scratch.path());
        let mut child = command.spawn().expect("start coldtrace");
        let ended = || child.try_wait().expect("ask for its status");
        let status = eventually("coldtrace to end", START_DEADLINE, ended);
        Ended {
            code: status.code(),
            told: read(scratch.path().join("stderr")),
        }
    }
}

impl Backend {
    /// A fresh one with nothing special.
    pub fn up() -> Self {
        BackendOptions::default().start()
    }

    /// The processes that it started and that run: the engine.
    pub fn children(&self) -> Vec<u32> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).expect("it runs");
        tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok())
            .flat_map(|list| pids(&list))
            .collect()
    }

    /// SIGKILL to the engine; where an earlier one is not yet made up for, to the next.
    pub fn kill_engine(&self) {
        self.signal_engine("KILL");
    }

    /// SIGKILL to the engine where there is one; it may have ended by itself just now.
    pub fn kill_engine_if_it_runs(&self) {
        for pid in self.children() {
            let killed = Command::new("kill")
                .arg("-KILL")
                .arg(pid.to_string())
                .status();
            killed.expect("run kill");
        }
    }

    /// A signal to the engine, by its name without SIG; as [`Backend::kill_engine`].
    pub fn signal_engine(&self, name: &str) {
        let children = eventually("the engine to run", START_DEADLINE, || {
            Some(self.children()).filter(|children| !children.is_empty())
        });
        children.into_iter().for_each(|pid| signal(name, pid));
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its data folder.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// What it printed on standard output.
    pub fn printed(&self) -> String {
        read(self.scratch.path().join("stdout"))
    }

    /// What it told on standard error.
    pub fn told(&self) -> String {
        read(self.scratch.path().join("stderr"))
    }

    /// A number of its metrics page, by all that stands before it: name and labels. Nothing where it tells none.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let page = get(&format!("{}/metrics", self.api))?;
        let mut numbers = page
            .body
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        numbers.next()
    }

    /// Waits until all that it acknowledged is in the store.
    pub fn wait_until_drained(&self, deadline: Duration) {
        eventually("the log to be empty", deadline, || {
            self.metric("coldtrace_collector_log_held_bytes")
                .filter(|held| *held == 0)
        });
    }

    /// Its readiness page.
    pub fn ready(&self) -> Reply {
        get(&format!("{}/readyz", self.api)).expect("it answers")
    }

    /// Waits until it says that it is ready.
    pub fn wait_until_ready(&self) {
        eventually("coldtrace to be ready", START_DEADLINE, || {
            (self.ready().status == 200).then_some(())
        });
    }

    /// Whether the process is still there.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("ask for its status").is_none()
    }

    /// SIGTERM, and waits for it to drain and end.
    pub fn stop(&mut self) -> ExitStatus {
        signal("TERM", self.pid());
        let ended = || self.child.try_wait().expect("ask for its status");
        eventually("coldtrace to end", STOP_DEADLINE, ended)
    }

    /// SIGKILL: no chance to flush anything.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill a child");
        self.child.wait().expect("reap a child");
    }

    fn read_addresses(&mut self, last: &str) {
        let printed = eventually("coldtrace's addresses", START_DEADLINE, || {
            let status = self.child.try_wait().expect("ask for its status");
            assert!(
                status.is_none(),
                "coldtrace ended with {status:?}:\n{}",
                self.told()
            );
            Some(self.printed()).filter(|printed| printed.contains(last))
        });
        let address = |name: &str| {
            let line = printed
                .lines()
                .find(|line| line.trim_start().starts_with(name));
            let address = line.and_then(|line| line.split_whitespace().last());
            address.unwrap_or_default().to_owned()
        };
        self.api = address("ui and API");
        self.grpc = address("OTLP over gRPC");
        self.http = address("OTLP over HTTP");
    }
}

impl Drop for Backend {
    #[expect(
        clippy::print_stdout,
        reason = "the test runner shows it when a test fails"
    )]
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            signal("TERM", self.pid());
            let waited = std::time::Instant::now();
            while waited.elapsed() < STOP_DEADLINE && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        // Where it has ended already there is nothing to kill.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            println!(
                "--- coldtrace printed\n{}--- and told\n{}",
                self.printed(),
                self.told()
            );
        }
    }
}

fn pids(list: &str) -> Vec<u32> {
    list.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
    assert!(status.expect("run kill").success(), "kill -{name} {pid}");
}

fn read(path: PathBuf) -> String {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|mut file| file.read_to_end(&mut text));
    read.expect("read what it printed");
    String::from_utf8_lossy(&text).into_owned()
}
