//! `coldtrace collector` in a process of its own, writing to an engine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::super::child::Process;
use super::super::engine::Engine;

/// For what was acknowledged to be inserted.
const DRAIN_DEADLINE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(20);

/// A running collector.
pub(super) struct Collector {
    coldtrace: PathBuf,
    folder: PathBuf,
    engine: String,
    process: Process,
    /// `HOST:PORT` of OTLP over gRPC.
    pub(super) grpc: String,
    /// `HOST:PORT` of OTLP over HTTP.
    pub(super) http: String,
}

// === impl Collector ===

impl Collector {
    /// Starts it with its log in this folder.
    pub(super) fn start(coldtrace: &Path, engine: &Engine, folder: &Path) -> anyhow::Result<Self> {
        let (process, [grpc, http]) = start(coldtrace, &engine.url, folder)?;
        Ok(Self {
            coldtrace: coldtrace.to_owned(),
            folder: folder.to_owned(),
            engine: engine.url.clone(),
            process,
            grpc,
            http,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// SIGKILL, whatever it is doing.
    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()
    }

    /// Starts it again on the same log.
    pub(super) fn restart(&mut self) -> anyhow::Result<()> {
        let (process, addresses) = start(&self.coldtrace, &self.engine, &self.folder)?;
        self.process = process;
        [self.grpc, self.http] = addresses;
        Ok(())
    }

    /// Waits until the store has confirmed all that the log holds.
    pub(super) fn drain(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while self.sum("coldtrace_collector_log_held_bytes")? > 0.0 {
            if started.elapsed() > DRAIN_DEADLINE {
                bail!("not all was inserted after {DRAIN_DEADLINE:?}");
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Spans that were acknowledged since the start.
    pub(super) fn accepted(&self) -> anyhow::Result<u64> {
        Ok(self.sum("coldtrace_collector_accepted_rows_total")? as u64)
    }

    /// The sum of a metric over its labels.
    fn sum(&self, name: &str) -> anyhow::Result<f64> {
        let url = format!("http://{}/metrics", self.http);
        let mut reply = ureq::get(&url).call().context("ask for metrics")?;
        let text = reply.body_mut().read_to_string().context("read metrics")?;
        let of_name = text.lines().filter_map(|line| line.strip_prefix(name));
        let numbers = of_name
            .filter(|rest| rest.starts_with(['{', ' ']))
            .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(numbers.sum())
    }
}

/// Starts the query service, which settles what is stored; it ends when it is dropped.
pub(super) fn start_settling(
    coldtrace: &Path,
    engine: &Engine,
    folder: &Path,
) -> anyhow::Result<Process> {
    let mut command = Command::new(coldtrace);
    command
        .arg("query")
        .arg("--data-dir")
        .arg(folder.join("query"))
        .env("COLDTRACE_QUERY__LISTEN", "127.0.0.1:0")
        .env("COLDTRACE_STORE__URL", &engine.url);
    Process::start("query", &mut command, folder)
}

fn start(coldtrace: &Path, engine: &str, folder: &Path) -> anyhow::Result<(Process, [String; 2])> {
    let mut command = Command::new(coldtrace);
    command
        .arg("collector")
        .arg("--data-dir")
        .arg(folder.join("collector"))
        .env("COLDTRACE_COLLECTOR__GRPC_LISTEN", "127.0.0.1:0")
        .env("COLDTRACE_COLLECTOR__HTTP_LISTEN", "127.0.0.1:0")
        .env("COLDTRACE_STORE__URL", engine);
    let mut process = Process::start("collector", &mut command, folder)?;
    let addresses = process.wait_for(|process| {
        let printed = process.printed()?;
        let address = |name: &str| {
            let mut lines = printed.lines().map(str::trim_start);
            let line = lines.find(|line| line.starts_with(name))?;
            Some(line.split_once("http://")?.1.trim().to_owned())
        };
        let grpc_and_http = || Some([address("OTLP over gRPC")?, address("OTLP over HTTP")?]);
        Ok(grpc_and_http())
    })?;
    // On a busy machine it tells its addresses before it has the store.
    let ready = format!("http://{}/readyz", addresses[1]);
    process.wait_for(|_| Ok(ureq::get(&ready).call().ok().map(drop)))?;
    Ok((process, addresses))
}
