//! `cargo xtask bench store`: what a span costs in the database and what it costs to find it again, in our schema and in
//! that of OpenTelemetry's exporter for ClickHouse, on the same engine and with the same spans.
//!
//! Our spans take our own path: OTLP over HTTP to `coldtrace collector`. The other schema is filled with the same requests
//! as the exporter fills it: Native blocks of as many rows. Times on the processor are those that the engine's own logs
//! tell of its inserts and merges. Every question of ours is asked by the reader as the query service asks it
//! (`crates/store/examples/questions.rs`).

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use super::workload::{Options, Timeline, Workload};
use super::{Figures, rounded};
use crate::run::{loud, quiet};
use crate::workspace;

mod ours;
mod questions;
mod server;
mod theirs;

pub(super) use ours::{DATABASE, load};
pub(super) use questions::settle;
pub(super) use server::Server;

use server::Costs;

const SEED: u64 = 7;
const SPANS_PER_REQUEST: u64 = 500;
/// What questions reach back.
const DAYS: u64 = 7;
const DAY: Duration = Duration::from_secs(86_400);

// DESIGN 10.
const INSERT_NS: f64 = 1_700.0;
const MERGE_NS: f64 = 4_000.0;
const SHARE_OF_BYTES: f64 = 0.75;
/// A span's bytes in a column, from which on they are told.
const LEAST_BYTES: f64 = 0.1;

/// A number of spans or of whatever, such as `50m`.
pub(super) fn parse_spans(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.strip_suffix(['m', 'M']) {
        Some(digits) => (digits, 1_000_000),
        None => (text, 1),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| format!("`{text}` is no number of spans, such as 50m"))?;
    Ok(number * unit)
}

/// Measures each number of spans in a fresh database. One that fails is a budget that is missed.
pub(super) fn run(root: &Path, steps: &[u64]) -> anyhow::Result<Figures> {
    let programs = Programs::build(root)?;
    let mut figures = Figures::of_this_machine(root);
    figures.add("seed", SEED);
    figures.add("days", DAYS);
    for &spans in steps {
        // What took hours is worth telling, whatever becomes of the rest.
        if let Err(error) = step(&programs, spans, &mut figures) {
            figures.miss(&format!("{spans} spans"), &format!("failed: {error:#}"));
            break;
        }
    }
    Ok(figures)
}

/// What is run beside this tool.
pub(super) struct Programs {
    pub(super) coldtrace: std::path::PathBuf,
    questions: std::path::PathBuf,
    /// The engine's library.
    library: String,
}

/// What is loaded.
pub(super) struct Load {
    workload: Workload,
    timeline: Timeline,
    requests: u64,
    /// Unix nanoseconds.
    pub(super) range: std::ops::Range<u64>,
}

// === impl Programs ===

impl Programs {
    pub(super) fn build(root: &Path) -> anyhow::Result<Self> {
        let mut build = workspace::cargo(root);
        build.args(["build", "--release", "--package", "coldtrace"]);
        build.args([
            "--package",
            "coldtrace-store",
            "--example",
            "questions",
            "--bin",
            "coldtrace",
        ]);
        loud("cargo build --release", &mut build)?;
        let release = workspace::target().join("release");
        let coldtrace = release.join("coldtrace");
        let mut fetch = std::process::Command::new(&coldtrace);
        let library = quiet("fetch the engine", fetch.arg("fetch-engine"))?;
        Ok(Self {
            coldtrace,
            questions: release.join("examples/questions"),
            library: library.trim().to_owned(),
        })
    }
}

// === impl Load ===

impl Load {
    /// The last days until a little before now, since what is of the future is refused.
    pub(super) fn new(spans: u64) -> anyhow::Result<Self> {
        let workload = Workload::new(Options {
            seed: SEED,
            spans_per_request: SPANS_PER_REQUEST,
            facts: false,
        });
        let requests = workload.requests(spans);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let end = now.context("read the clock")?.as_nanos() as u64 - 60_000_000_000;
        let range = end - DAYS * DAY.as_nanos() as u64..end;
        let timeline = Timeline::new(range.clone(), requests);
        Ok(Self {
            workload,
            timeline,
            requests,
            range,
        })
    }

    pub(super) fn spans(&self) -> u64 {
        self.requests * SPANS_PER_REQUEST
    }

    /// Writes the request of this number into `body`.
    fn write(&self, number: u64, body: &mut Vec<u8>) {
        self.workload.write(number, self.timeline.at(number), body);
    }
}

fn step(programs: &Programs, spans: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let load = Load::new(spans)?;
    let server = Server::start(programs)?;
    let millions = rounded(load.spans() as f64 / 1e6);
    let name = |what: &str| format!("{what} at {millions}m");
    figures.add(
        &name("invocations"),
        load.workload.invocations(0..load.requests),
    );

    eprintln!("-- {millions} million spans into our schema");
    ours::load(programs, &server, &load)?;
    let costs = server.costs(ours::DATABASE)?;
    eprintln!("-- the same into OpenTelemetry's");
    theirs::load(&server, &load)?;
    let other = server.costs(theirs::DATABASE)?;

    let per_span = |number: f64| number / load.spans() as f64;
    figures.at_most(
        &name("insert_cpu_ns_per_span"),
        per_span(costs.insert_ns),
        INSERT_NS,
    );
    figures.at_most(
        &name("merge_cpu_ns_per_span"),
        per_span(costs.merge_ns),
        MERGE_NS,
    );
    figures.add(
        &name("merged_rows_per_span"),
        rounded(per_span(costs.merged_rows)),
    );
    figures.add(
        &name("otel_insert_cpu_ns_per_span"),
        rounded(per_span(other.insert_ns)),
    );
    figures.add(
        &name("otel_merge_cpu_ns_per_span"),
        rounded(per_span(other.merge_ns)),
    );
    tell_bytes(&costs, &other, &load, &name, figures);
    eprintln!("-- settling");
    let settling = questions::settle(programs, &server)?;
    figures.add(&name("seconds_to_settle"), rounded(settling));
    questions::ask(programs, &server, &load, &name, figures)
}

fn tell_bytes(
    ours: &Costs,
    theirs: &Costs,
    load: &Load,
    name: &dyn Fn(&str) -> String,
    figures: &mut Figures,
) {
    let per_span = |bytes: u64| bytes as f64 / load.spans() as f64;
    for (table, bytes) in &ours.bytes {
        figures.add(
            &name(&format!("bytes_per_span {table}")),
            rounded(per_span(*bytes)),
        );
    }
    for (column, bytes) in &ours.columns {
        let bytes = rounded(per_span(*bytes));
        if bytes >= LEAST_BYTES {
            figures.add(&name(&format!("bytes_per_span {column}")), bytes);
        }
    }
    let (all, other) = (ours.bytes.values().sum(), theirs.bytes.values().sum());
    figures.add(&name("otel_bytes_per_span"), rounded(per_span(other)));
    let budget = rounded(per_span(other) * SHARE_OF_BYTES);
    figures.at_most(&name("bytes_per_span"), per_span(all), budget);
}
