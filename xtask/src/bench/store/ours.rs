//! Our schema, filled by our own path: requests to `coldtrace collector`, which writes to the benchmark's engine.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::server::Server;
use super::{Load, Programs};
use crate::bench::http::Connection;
use crate::workspace;

pub(in crate::bench) const DATABASE: &str = "coldtrace";

/// Requests in flight: enough to keep a group commit busy.
const CONNECTIONS: u64 = 4;
const START_DEADLINE: Duration = Duration::from_secs(60);
/// For what was acknowledged to be inserted.
const INSERT_DEADLINE: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(50);

/// A running collector; killed when dropped, when all it acknowledged is stored.
struct Collector {
    child: Child,
    folder: tempfile::TempDir,
    /// `http://...` of OTLP over HTTP.
    otlp: String,
}

/// Sends everything and waits until it is stored.
pub(in crate::bench) fn load(
    programs: &Programs,
    server: &Server,
    load: &Load,
) -> anyhow::Result<()> {
    let collector = Collector::start(programs, server)?;
    let next = AtomicU64::new(0);
    let sender = || -> anyhow::Result<()> {
        let mut connection = Connection::open(&collector.otlp)?;
        let mut body = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= load.requests {
                return Ok(());
            }
            load.write(number, &mut body);
            post(&mut connection, &body)?;
        }
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(sender)).collect();
        let joined = senders
            .into_iter()
            .map(|sender| sender.join().expect("a sender does not panic"));
        joined.collect::<anyhow::Result<()>>()
    })?;
    wait_until_stored(server, load.spans())
}

// === impl Collector ===

impl Collector {
    fn start(programs: &Programs, server: &Server) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-store-collector-")
            .tempdir_in(workspace::target())
            .context("create a folder for the log")?;
        let file = |name| {
            let path = folder.path().join(name);
            File::create(&path).with_context(|| format!("create {}", path.display()))
        };
        let child = Command::new(&programs.coldtrace)
            .arg("collector")
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .env("COLDTRACE_COLLECTOR__GRPC_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_COLLECTOR__HTTP_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_STORE__URL", &server.url)
            .env("COLDTRACE_STORE__DATABASE", DATABASE)
            .stdin(Stdio::null())
            .stdout(file("stdout")?)
            .stderr(file("stderr")?)
            .spawn()
            .context("start the collector")?;
        let mut collector = Self {
            child,
            folder,
            otlp: String::new(),
        };
        collector.otlp = collector.address()?;
        Ok(collector)
    }

    fn address(&mut self) -> anyhow::Result<String> {
        let started = Instant::now();
        loop {
            let printed = self.read("stdout")?;
            let mut lines = printed.lines().map(str::trim_start);
            let line = lines.find(|line| line.starts_with("OTLP over HTTP"));
            if let Some(address) = line.and_then(|line| line.split_whitespace().last()) {
                return Ok(address.to_owned());
            }
            let ended = self.child.try_wait().context("ask for its status")?;
            if ended.is_some() || started.elapsed() > START_DEADLINE {
                bail!("the collector did not start:\n{}", self.read("stderr")?);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = self.folder.path().join(name);
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // What can't be killed has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Sends one request until it is taken: a full log asks to come back.
fn post(connection: &mut Connection, body: &[u8]) -> anyhow::Result<()> {
    loop {
        let reply = connection.post("/v1/traces", body)?;
        match reply.status {
            200 if reply.body.is_empty() => return Ok(()),
            429 | 503 => std::thread::sleep(reply.retry_after.unwrap_or(LOOK)),
            status => bail!(
                "the collector answered {status}: {}",
                String::from_utf8_lossy(&reply.body)
            ),
        }
    }
}

fn wait_until_stored(server: &Server, spans: u64) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let stored = server.number(&format!("SELECT count() FROM {DATABASE}.spans"))? as u64;
        if stored >= spans {
            return Ok(());
        }
        if started.elapsed() > INSERT_DEADLINE {
            bail!("of {spans} spans {stored} were stored after {INSERT_DEADLINE:?}");
        }
        std::thread::sleep(LOOK);
    }
}
