//! The life of one sandbox: init, then invocations that come too few to know the traffic, then steady ones.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::share::Share;
use crate::bench::http::Connection;
use crate::bench::workload::Workload;
use crate::bench::{free_port, process};
use crate::lambda::{Call, Lambda, Request, since_1970, timestamp};

/// Until the extension takes traffic for steady, it holds an invocation until its data is out, as it does where traffic is rare.
pub(super) const RARE: usize = 9;
pub(super) const STEADY: usize = 16;
/// The platform keeps telemetry back for so long, as the extension asks it to.
const BUFFERING: Duration = Duration::from_millis(25);
/// An invocation has this long.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The function works for at least so long; it is never throttled itself.
const WORK: Duration = Duration::from_millis(2);
/// For its threads to come to rest after init, before its memory is looked at.
const REST: Duration = Duration::from_millis(20);

/// Where sandboxes live.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) lambda: &'a Lambda,
    pub(super) collector: &'a str,
    pub(super) workload: &'a Workload,
    pub(super) folder: &'a Path,
    pub(super) share: Option<&'a Share>,
}

/// What was measured. One value of what is once in a life.
#[derive(Default)]
pub(super) struct Life {
    register_ms: [f64; 1],
    first_next_ms: [f64; 1],
    cpu_ms: [f64; 1],
    resident_mb: [f64; 1],
    rare_ms: Vec<f64>,
    steady_ms: Vec<f64>,
    export_ms: Vec<f64>,
}

/// An extension that has asked for its next event; killed when dropped.
pub(super) struct Sandbox<'a> {
    place: Place<'a>,
    child: Child,
    waiting: Request,
    telemetry: Option<Telemetry>,
    otlp: Option<Connection>,
    otlp_port: u16,
    invocations: u64,
    body: Vec<u8>,
}

/// The platform's telemetry, kept back and sent by a thread.
struct Telemetry {
    events: SyncSender<Value>,
}

/// What an invocation took.
pub(super) struct Invocation {
    /// From the runtime's asking for its next event to the extension's.
    pub(super) billed: Duration,
    /// For which the function waited for the extension to take its spans.
    pub(super) export: Option<Duration>,
}

/// A whole life.
pub(super) fn live(place: &Place<'_>, binary: &Path) -> anyhow::Result<Life> {
    let (mut sandbox, mut life) = Sandbox::start(place, binary)?;
    std::thread::sleep(REST);
    life.resident_mb = [process::resident_bytes(sandbox.pid())? as f64 / 1e6];
    for number in 0..RARE + STEADY {
        let Invocation { billed, export } = sandbox.invoke(1)?;
        match number < RARE {
            true => life.rare_ms.push(millis(billed)),
            false => life.steady_ms.push(millis(billed)),
        }
        life.export_ms.extend(export.map(millis));
    }
    Ok(life)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

// === impl Life ===

impl Life {
    pub(super) fn register_ms(&self) -> &[f64] {
        &self.register_ms
    }

    pub(super) fn first_next_ms(&self) -> &[f64] {
        &self.first_next_ms
    }

    /// Of the processor, until the first next.
    pub(super) fn cpu_ms(&self) -> &[f64] {
        &self.cpu_ms
    }

    pub(super) fn resident_mb(&self) -> &[f64] {
        &self.resident_mb
    }

    pub(super) fn rare_ms(&self) -> &[f64] {
        &self.rare_ms
    }

    pub(super) fn steady_ms(&self) -> &[f64] {
        &self.steady_ms
    }

    pub(super) fn export_ms(&self) -> &[f64] {
        &self.export_ms
    }
}

// === impl Sandbox ===

impl<'a> Sandbox<'a> {
    /// Starts the extension and waits until it has asked for its first event.
    pub(super) fn start(place: &Place<'a>, binary: &Path) -> anyhow::Result<(Self, Life)> {
        let otlp_port = free_port()?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", place.lambda.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "checkout")
            .env("COLDTRACE_ENDPOINT", place.collector)
            .env("COLDTRACE_OTLP_GRPC_PORT", free_port()?.to_string())
            .env("COLDTRACE_OTLP_HTTP_PORT", otlp_port.to_string())
            .env("COLDTRACE_TELEMETRY_PORT", free_port()?.to_string())
            .env("COLDTRACE_LOG", "error")
            .env("TMPDIR", scratch(place.folder)?)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let started = Instant::now();
        let child = command.spawn().context("start an extension")?;
        let mut child = Killed(Some(child));
        let pid = child.id();
        if let Some(share) = place.share {
            share.take(pid)?;
        }
        let mut life = Life::default();
        let mut telemetry = None;
        loop {
            let request = place.lambda.request()?;
            let since_start = millis(request.at - started);
            match &request.call {
                Call::Register { .. } => {
                    life.register_ms = [since_start];
                    request.answer_registered()?;
                }
                Call::Subscribe { port } => {
                    telemetry = Some(*port);
                    request.answer_subscribed()?;
                }
                Call::Next => {
                    life.first_next_ms = [since_start];
                    life.cpu_ms = [millis(process::exact_processor_time(pid)?)];
                    let sandbox = Self {
                        place: *place,
                        child: child.0.take().context("it was started")?,
                        waiting: request,
                        telemetry: telemetry.map(Telemetry::spawn).transpose()?,
                        otlp: None,
                        otlp_port,
                        invocations: 0,
                        body: Vec::new(),
                    };
                    return Ok((sandbox, life));
                }
                Call::Other(line) => bail!("the extension asked for `{line}`"),
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self
            .child
            .try_wait()
            .context("ask for its status")?
            .is_none())
    }

    /// One invocation of a function that exports its spans, in so many requests, and returns.
    pub(super) fn invoke(&mut self, requests: u64) -> anyhow::Result<Invocation> {
        self.invocations += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.invocations);
        let deadline = (since_1970() + TIMEOUT).as_millis() as u64;
        self.waiting.answer_event(&json!({
            "eventType": "INVOKE",
            "requestId": id,
            "deadlineMs": deadline,
            "invokedFunctionArn": "arn:aws:lambda:eu-central-1:123456789012:function:checkout",
            "tracing": { "type": "X-Amzn-Trace-Id", "value": "" },
        }))?;
        let start = json!({ "requestId": id, "version": "$LATEST" });
        self.tell("platform.start", &start);
        let began = Instant::now();
        let export = match self.telemetry.is_some() {
            true => Some(self.export(requests)?),
            // An extension without telemetry takes no spans either: it does nothing.
            false => None,
        };
        std::thread::sleep(WORK.saturating_sub(began.elapsed()));
        let metrics = json!({ "durationMs": 2.0, "producedBytes": 2 });
        let done = json!({ "requestId": id, "status": "success", "metrics": metrics });
        self.tell("platform.runtimeDone", &done);
        let runtime_asked = Instant::now();
        self.waiting = self.place.lambda.request()?;
        let billed = self.waiting.at.saturating_duration_since(runtime_asked);
        let metrics = json!({
            "durationMs": 2.0, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 40,
        });
        let report = json!({ "requestId": id, "status": "success", "metrics": metrics });
        self.tell("platform.report", &report);
        Ok(Invocation { billed, export })
    }

    /// Sends spans as an SDK does; says for how long it waited.
    pub(super) fn export(&mut self, requests: u64) -> anyhow::Result<Duration> {
        let mut waited = Duration::ZERO;
        for number in 0..requests {
            let now = since_1970().as_nanos() as u64;
            let number = self.invocations * requests + number;
            self.place.workload.write(number, now, &mut self.body);
            let started = Instant::now();
            let connection = match &mut self.otlp {
                Some(connection) => connection,
                none => none.insert(Connection::open(&format!(
                    "http://127.0.0.1:{}",
                    self.otlp_port
                ))?),
            };
            let reply = connection.post("/v1/traces", &self.body)?;
            waited += started.elapsed();
            if reply.status != 200 {
                bail!("the extension answered {} to spans", reply.status);
            }
        }
        Ok(waited)
    }

    fn tell(&self, kind: &str, record: &Value) {
        if let Some(telemetry) = &self.telemetry {
            let event = json!({ "time": timestamp(since_1970()), "type": kind, "record": record });
            // Its thread ends with an extension that takes nothing, which the next call shows.
            telemetry.events.send(event).ok();
        }
    }
}

impl Drop for Sandbox<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A folder of its own, as each sandbox has.
fn scratch(folder: &Path) -> anyhow::Result<PathBuf> {
    let made = tempfile::Builder::new()
        .prefix("sandbox-")
        .tempdir_in(folder);
    Ok(made.context("create a temporary folder")?.keep())
}

/// A child until it has come up.
struct Killed(Option<Child>);

// === impl Killed ===

impl Killed {
    fn id(&self) -> u32 {
        self.0.as_ref().map_or(0, Child::id)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

// === impl Telemetry ===

impl Telemetry {
    fn spawn(port: u16) -> anyhow::Result<Self> {
        // Three events an invocation, and a delivery takes less than an invocation that is held.
        let (events, events_rx) = sync_channel(1024);
        std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn(move || {
                // Ends when the sandbox does, at one end or the other.
                deliver(port, &events_rx).ok();
            })
            .context("start a thread")?;
        Ok(Self { events })
    }
}

/// What came within the time of buffering, in one delivery.
fn deliver(port: u16, events: &Receiver<Value>) -> anyhow::Result<()> {
    let mut connection = Connection::open(&format!("http://127.0.0.1:{port}"))?;
    while let Ok(first) = events.recv() {
        let due = Instant::now() + BUFFERING;
        let mut batch = vec![first];
        loop {
            match events.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(event) => batch.push(event),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
        let body = Value::from(batch).to_string();
        connection.post("/telemetry", body.as_bytes())?;
    }
    Ok(())
}
