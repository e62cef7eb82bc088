//! A peer: Rotel as its wheel on PyPI has it, writing to the tables of the OpenTelemetry Collector's ClickHouse exporter.
//!
//! It acknowledges from memory and its tables do not sync; where its figures stand beside ours, that is said.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::super::child::{Process, free_port};
use super::super::engine::Engine;
use crate::cache::{self, Key};
use crate::run::quiet;

/// The newest whose agent is released.
const WHEEL: &str = "rotel==0.0.1a15";
const SCHEMA: &str = include_str!("otel_traces.sql");
/// Rows of an insert and for how long they are gathered: as ours.
const BATCH_ROWS: &str = "100000";
const BATCH_TIMEOUT: &str = "1s";
/// No more comes when nothing came for so long.
const QUIET: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);

/// A running Rotel.
pub(super) struct Rotel {
    process: Process,
    /// `HOST:PORT` of OTLP over gRPC.
    pub(super) grpc: String,
}

/// Fetches the wheel into the cache and unpacks it. Returns the agent.
pub(super) fn fetch() -> anyhow::Result<PathBuf> {
    let folder = cache::made("rotel", &Key::of(&[], &[WHEEL])?, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--no-deps", "--quiet", "--target"]);
        pip.arg(folder).arg(WHEEL);
        quiet(format!("fetch {WHEEL}"), &mut pip).map(drop)
    })?;
    Ok(folder.join("rotel/rotel-agent"))
}

/// Makes the tables.
pub(super) fn create_schema(engine: &Engine) -> anyhow::Result<()> {
    engine.query("CREATE DATABASE otel")?;
    for statement in SCHEMA
        .split(";\n")
        .filter(|statement| statement.contains("CREATE"))
    {
        engine.query(statement)?;
    }
    Ok(())
}

/// Spans of its table.
pub(super) fn stored(engine: &Engine) -> anyhow::Result<u64> {
    let told = engine.numbers("SELECT count() FROM otel.otel_traces")?;
    told.first().copied().context("the engine told no count")
}

// === impl Rotel ===

impl Rotel {
    pub(super) fn start(agent: &Path, engine: &Engine, folder: &Path) -> anyhow::Result<Self> {
        let grpc = format!("127.0.0.1:{}", free_port()?);
        let http = format!("127.0.0.1:{}", free_port()?);
        let mut command = Command::new(agent);
        command
            .arg("start")
            .args(["--otlp-grpc-endpoint", &grpc, "--otlp-http-endpoint", &http])
            .args([
                "--exporter",
                "clickhouse",
                "--clickhouse-exporter-endpoint",
                &engine.url,
            ])
            .args(["--clickhouse-exporter-database", "otel"])
            .args(["--clickhouse-exporter-async-insert", "false"])
            .args([
                "--batch-max-size",
                BATCH_ROWS,
                "--batch-timeout",
                BATCH_TIMEOUT,
            ]);
        let mut process = Process::start("rotel", &mut command, folder)?;
        let listens = || std::net::TcpStream::connect(&grpc).ok().map(drop);
        process.wait_for(|_| Ok(listens()))?;
        Ok(Self { process, grpc })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Waits until so many spans are stored, or no more come. Returns how many are.
    pub(super) fn drain(&self, engine: &Engine, spans: u64) -> anyhow::Result<u64> {
        let (mut last, mut since) = (stored(engine)?, Instant::now());
        while last < spans && since.elapsed() < QUIET {
            std::thread::sleep(POLL);
            let now = stored(engine)?;
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        Ok(last)
    }
}
