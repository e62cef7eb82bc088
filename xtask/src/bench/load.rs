//! The load generator: a process of its own, so that what it takes of the processors is told apart from what it drives.
//!
//! One thread, so many connections with so many requests in flight on each, bodies from the [`workload`](super::workload).
//! It prints one JSON object, a [`Report`]. A connection that breaks ends the run: what was in flight then is named, because
//! it may or may not have been taken.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::process;
use super::workload::{Options, Workload};

mod client;
mod grpc;
mod http1;

use client::{Answer, Client};

/// A request that was refused is sent again after so long.
const PAUSE: Duration = Duration::from_millis(100);
/// Requests are this far apart in the times of their spans: half a million spans a second, at 500 a request.
const REQUEST_STEP_NS: u64 = 1_000_000;

/// What is sent, where to, how fast.
#[derive(Args, Clone)]
pub(crate) struct Plan {
    /// `HOST:PORT`.
    #[arg(long)]
    pub(super) address: String,
    #[arg(long, default_value = "grpc")]
    pub(super) transport: Transport,
    /// Number of the first request.
    #[arg(long, default_value_t = 0)]
    pub(super) first: u64,
    /// Ends after so many requests.
    #[arg(long, default_value_t = u64::MAX)]
    pub(super) requests: u64,
    /// Ends after so long.
    #[arg(long, default_value_t = 60.0)]
    pub(super) seconds: f64,
    /// Not faster than this; otherwise as fast as it is taken.
    #[arg(long)]
    pub(super) spans_per_second: Option<f64>,
    #[arg(long, default_value_t = 500)]
    pub(super) spans_per_request: u64,
    #[arg(long, default_value_t = 7)]
    pub(super) seed: u64,
    /// Unix nanoseconds at which the first request starts.
    #[arg(long)]
    pub(super) base: u64,
    #[arg(long, default_value_t = 4)]
    pub(super) connections: u64,
    #[arg(long, default_value_t = 2)]
    pub(super) in_flight: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// OTLP over gRPC.
    Grpc,
    /// OTLP over HTTP/1.1, as protobuf.
    Http,
    /// coldtrace.v1 over gRPC, with facts.
    Facts,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Report {
    /// The first request that was not begun.
    pub(super) next: u64,
    pub(super) acknowledged_requests: u64,
    pub(super) refused_requests: u64,
    pub(super) took: Duration,
    pub(super) processor_time: Duration,
    pub(super) sent_bytes: u64,
    pub(super) ack_p50: Duration,
    pub(super) ack_p99: Duration,
    /// Begun and not answered.
    pub(super) unanswered: Vec<u64>,
    /// What broke a connection.
    pub(super) broken: Option<String>,
}

/// What the senders of a run share. One thread has them all.
struct Run {
    plan: Plan,
    workload: Workload,
    started: Instant,
    next: Cell<u64>,
    refused: Cell<u64>,
    sent_bytes: Cell<u64>,
    acks: RefCell<Vec<Duration>>,
    unanswered: RefCell<Vec<u64>>,
    broken: RefCell<Option<String>>,
}

/// Does what the plan says and prints the report.
pub(super) fn run(plan: Plan) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start a runtime")?;
    let report = LocalSet::new().block_on(&runtime, send(plan))?;
    writeln!(std::io::stdout(), "{}", report.to_json()).context("write to standard output")
}

/// When the spans of a request start.
pub(super) fn time_of(base: u64, request: u64) -> u64 {
    base + request * REQUEST_STEP_NS
}

async fn send(plan: Plan) -> anyhow::Result<Report> {
    let workload = Workload::new(Options {
        seed: plan.seed,
        spans_per_request: plan.spans_per_request,
        facts: plan.transport == Transport::Facts,
    });
    let mut clients = Vec::new();
    for _ in 0..plan.connections {
        clients.extend(client::connect(&plan).await?);
    }
    let before = process::processor_time(std::process::id())?;
    let run = Rc::new(Run {
        started: Instant::now(),
        next: Cell::new(plan.first),
        refused: Cell::new(0),
        sent_bytes: Cell::new(0),
        acks: RefCell::default(),
        unanswered: RefCell::default(),
        broken: RefCell::default(),
        workload,
        plan,
    });
    let senders: Vec<_> = clients
        .into_iter()
        .map(|client| tokio::task::spawn_local(Rc::clone(&run).send_all(client)))
        .collect();
    for sender in senders {
        sender.await.context("join a sender")?;
    }
    let used = process::processor_time(std::process::id())? - before;
    Ok(run.report(used))
}

// === impl Plan ===

impl Plan {
    /// The command line that means this.
    pub(super) fn arguments(&self) -> Vec<String> {
        let transport = self.transport.to_possible_value().expect("all have a name");
        let mut arguments = vec![
            format!("--address={}", self.address),
            format!("--transport={}", transport.get_name()),
            format!("--first={}", self.first),
            format!("--requests={}", self.requests),
            format!("--seconds={}", self.seconds),
            format!("--spans-per-request={}", self.spans_per_request),
            format!("--seed={}", self.seed),
            format!("--base={}", self.base),
            format!("--connections={}", self.connections),
            format!("--in-flight={}", self.in_flight),
        ];
        if let Some(rate) = self.spans_per_second {
            arguments.push(format!("--spans-per-second={rate}"));
        }
        arguments
    }
}

// === impl Run ===

impl Run {
    /// Sends one request after the other.
    async fn send_all(self: Rc<Self>, mut client: Client) {
        let mut body = Vec::new();
        while let Some(number) = self.begin() {
            let since = self.wait_for(number).await;
            let base = time_of(self.plan.base, number);
            self.workload.write(number, base, &mut body);
            self.unanswered.borrow_mut().push(number);
            if let Err(error) = self.send_until_taken(&mut client, &mut body).await {
                self.broken.borrow_mut().get_or_insert(format!("{error:#}"));
                return;
            }
            self.acks.borrow_mut().push(since.elapsed());
            self.unanswered
                .borrow_mut()
                .retain(|other| *other != number);
        }
    }

    fn begin(&self) -> Option<u64> {
        let number = self.next.get();
        let done = number - self.plan.first >= self.plan.requests
            || self.started.elapsed().as_secs_f64() >= self.plan.seconds
            || self.broken.borrow().is_some();
        if done {
            return None;
        }
        self.next.set(number + 1);
        Some(number)
    }

    /// Waits until the request is due. One that falls behind its time is measured from that time.
    async fn wait_for(&self, number: u64) -> Instant {
        let Some(rate) = self.plan.spans_per_second else {
            return Instant::now();
        };
        let spans = (number - self.plan.first) * self.plan.spans_per_request;
        let due = self.started + Duration::from_secs_f64(spans as f64 / rate);
        tokio::time::sleep_until(due.into()).await;
        due
    }

    async fn send_until_taken(
        &self,
        client: &mut Client,
        body: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        loop {
            self.sent_bytes
                .set(self.sent_bytes.get() + body.len() as u64);
            match client.send(body).await? {
                Answer::Taken => return Ok(()),
                Answer::Refused => {
                    self.refused.set(self.refused.get() + 1);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn report(&self, processor_time: Duration) -> Report {
        let mut acks = self.acks.borrow_mut();
        acks.sort_unstable();
        let percentile = |percent: usize| {
            let place = (acks.len() * percent / 100).min(acks.len().saturating_sub(1));
            acks.get(place).copied().unwrap_or_default()
        };
        Report {
            next: self.next.get(),
            acknowledged_requests: acks.len() as u64,
            refused_requests: self.refused.get(),
            took: self.started.elapsed(),
            processor_time,
            sent_bytes: self.sent_bytes.get(),
            ack_p50: percentile(50),
            ack_p99: percentile(99),
            unanswered: self.unanswered.borrow().clone(),
            broken: self.broken.borrow().clone(),
        }
    }
}

// === impl Report ===

impl Report {
    fn to_json(&self) -> Value {
        json!({
            "next": self.next,
            "acknowledged_requests": self.acknowledged_requests,
            "refused_requests": self.refused_requests,
            "took_ns": self.took.as_nanos() as u64,
            "processor_time_ns": self.processor_time.as_nanos() as u64,
            "sent_bytes": self.sent_bytes,
            "ack_p50_ns": self.ack_p50.as_nanos() as u64,
            "ack_p99_ns": self.ack_p99.as_nanos() as u64,
            "unanswered": self.unanswered,
            "broken": self.broken,
        })
    }

    /// Reads what the process printed.
    pub(super) fn from_json(text: &str) -> anyhow::Result<Self> {
        let told: Value = serde_json::from_str(text).context("parse a report")?;
        let number = |key: &str| {
            told[key]
                .as_u64()
                .with_context(|| format!("a report without {key}: {text}"))
        };
        let time = |key| number(key).map(Duration::from_nanos);
        let unanswered = told["unanswered"].as_array().into_iter().flatten();
        Ok(Self {
            next: number("next")?,
            acknowledged_requests: number("acknowledged_requests")?,
            refused_requests: number("refused_requests")?,
            took: time("took_ns")?,
            processor_time: time("processor_time_ns")?,
            sent_bytes: number("sent_bytes")?,
            ack_p50: time("ack_p50_ns")?,
            ack_p99: time("ack_p99_ns")?,
            unanswered: unanswered.filter_map(Value::as_u64).collect(),
            broken: told["broken"].as_str().map(str::to_owned),
        })
    }
}
