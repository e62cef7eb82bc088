//! `coldtrace up`, built for release, on a folder of its own, stopped when dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::http::Connection;
use super::process;
use crate::run::{loud, quiet};
use crate::workspace;

/// For it to print its addresses, the engine's start included.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// For it to drain and end.
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// A running `coldtrace up`.
pub(super) struct Backend {
    child: Child,
    folder: tempfile::TempDir,
    /// `http://...` of OTLP over HTTP.
    pub(super) otlp: String,
    /// `http://...` of the API.
    pub(super) api: String,
}

impl Backend {
    /// Builds it and starts it. The folder is on the disk of the target folder: /tmp may be memory.
    pub(super) fn start(root: &Path) -> anyhow::Result<Self> {
        let mut build = workspace::cargo(root);
        build.args(["build", "--release", "--package", "coldtrace"]);
        loud("cargo build --release", &mut build)?;
        let binary = workspace::target().join("release/coldtrace");
        let mut fetch = Command::new(&binary);
        let library = quiet("fetch the engine", fetch.arg("fetch-engine"))?;
        let folder = tempfile::Builder::new()
            .prefix("bench-ingest-")
            .tempdir_in(workspace::target())
            .context("create a folder for the data")?;
        let file = |name| {
            let path = folder.path().join(name);
            File::create(&path).with_context(|| format!("create {}", path.display()))
        };
        let child = Command::new(binary)
            .arg("up")
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .env("COLDTRACE_COLLECTOR__GRPC_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_COLLECTOR__HTTP_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_QUERY__LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_STORE__ENGINE_PORT", "0")
            .env("COLDTRACE_STORE__ENGINE_LIBRARY", library.trim())
            .stdin(Stdio::null())
            .stdout(file("stdout")?)
            .stderr(file("stderr")?)
            .spawn()
            .context("start coldtrace")?;
        let mut backend = Self {
            child,
            folder,
            otlp: String::new(),
            api: String::new(),
        };
        backend.read_addresses()?;
        Ok(backend)
    }

    /// The process of the collector and the query service.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The engine's process.
    pub(super) fn engine_pid(&self) -> anyhow::Result<u32> {
        match process::children(self.pid())?[..] {
            [engine] => Ok(engine),
            ref children => bail!("coldtrace should have one child, has {children:?}"),
        }
    }

    /// The engine's own data.
    pub(super) fn engine_data(&self) -> PathBuf {
        self.folder.path().join("data/engine/data")
    }

    /// Rows of `spans` that the store has confirmed.
    pub(super) fn inserted_spans(&self) -> anyhow::Result<u64> {
        const NAME: &str = "coldtrace_collector_inserted_rows_total{table=\"spans\"} ";
        let reply = Connection::open(&self.api)?.get("/metrics")?;
        let text = String::from_utf8_lossy(&reply.body);
        let line = text.lines().find_map(|line| line.strip_prefix(NAME));
        Ok(line
            .and_then(|number| number.parse::<f64>().ok())
            .unwrap_or_default() as u64)
    }

    fn read_addresses(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        let printed = loop {
            let printed = self.read("stdout")?;
            if printed.contains("ui and API") {
                break printed;
            }
            let ended = self.child.try_wait().context("ask for its status")?;
            if ended.is_some() || started.elapsed() > START_DEADLINE {
                bail!("coldtrace did not start:\n{}", self.read("stderr")?);
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let address = |name: &str| {
            let mut lines = printed.lines().map(str::trim_start);
            let line = lines.find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().last())
                .map(str::to_owned)
                .with_context(|| format!("no `{name}` in:\n{printed}"))
        };
        self.otlp = address("OTLP over HTTP")?;
        self.api = address("ui and API")?;
        Ok(())
    }

    fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = self.folder.path().join(name);
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.pid().to_string()).status();
        let since = Instant::now();
        while asked.is_ok() && since.elapsed() < STOP_DEADLINE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // It did not end when asked; its engine ends with it. What can't be killed has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
