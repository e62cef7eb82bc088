//! `cargo xtask bench ingest`: what a span costs, from the request to the merged part, here and in a peer.
//!
//! Generator, receiver and engine are processes of their own on the same processors, so spans a second are those of the
//! whole; what a span costs is told per process. All get the same requests, one after the other: first a server that
//! only receives, then the collector, then the peer. Each of the last two has an engine of its own, of the same build.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

use super::engine::Engine;
use super::load::{Plan, Transport};
use super::workload::Options;
use super::{Figures, process, rounded};

mod collector;
pub(super) mod floor;
mod kill;
mod ours;
mod part;
mod peer;
mod rotel;
mod stage;
mod tools;

use part::{Part, mebibytes, millis, ns_per_span};
use tools::Tools;

/// Requests of the generator begin so long ago.
const AGE: Duration = Duration::from_secs(60);
/// Nothing is sent for longer than this in a part of the run that is bounded by its number of spans.
const PART_SECONDS: f64 = 120.0;

// DESIGN 10; the others stand beside what they bound.
const OVER_FLOOR: f64 = 5.0;
const OF_PEER: f64 = 0.2;
const BYTES_OF_OTEL_SCHEMA: f64 = 0.75;

/// How much of it.
#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// Spans sent at full speed, to every receiver; the other parts of the run are fractions of it.
    #[arg(long, default_value_t = 2_000_000)]
    spans: u64,
    /// Send to the collector at full speed for so long instead (the budget: 30).
    #[arg(long)]
    seconds: Option<f64>,
    /// The same for ten minutes, while the query service settles what comes.
    #[arg(long, conflicts_with = "seconds")]
    long: bool,
    #[arg(long, default_value_t = 500)]
    spans_per_request: u64,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    #[arg(long, default_value_t = 4)]
    connections: u64,
    /// Requests in flight on each connection.
    #[arg(long, default_value_t = 2)]
    in_flight: u64,
    /// Tell also what a span costs in every stage of the collector, beside what the machine takes for the least of it.
    #[arg(long)]
    stage: bool,
    /// Measure what was built before.
    #[arg(long)]
    no_build: bool,
    /// Without the peer.
    #[arg(long)]
    no_peer: bool,
}

/// What a span costs that is held against another receiver's.
struct Cost {
    receiver_ns: f64,
    merge_ns: f64,
    stored_bytes: f64,
}

struct Run<'a> {
    tools: &'a Tools,
    arguments: &'a Arguments,
    /// Of the spans of the first request, Unix nanoseconds.
    base: u64,
    figures: Figures,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Figures> {
    if !arguments.no_build {
        Tools::build(root)?;
    }
    let tools = Tools::find()?;
    let mut run = Run {
        tools: &tools,
        arguments,
        base: now().saturating_sub(AGE.as_nanos() as u64),
        figures: Figures::of_this_machine(root),
    };
    run.tell_terms();
    let floor = run.floor()?;
    if arguments.stage {
        let options = Options {
            seed: arguments.seed,
            spans_per_request: arguments.spans_per_request,
            facts: false,
        };
        stage::run(root, &tools, options, run.base, &mut run.figures)?;
    }
    let (ours, requests) = run.ours()?;
    let figures = &mut run.figures;
    figures.at_most(
        "coldtrace_receiver_cpu_over_floor",
        ours.receiver_ns / floor,
        OVER_FLOOR,
    );
    if arguments.no_peer {
        return Ok(run.figures);
    }
    match run.peer(requests) {
        Ok(peer) => {
            let figures = &mut run.figures;
            let receiver = ours.receiver_ns / peer.receiver_ns;
            figures.at_most("coldtrace_receiver_cpu_over_rotel", receiver, OF_PEER);
            let bytes = ours.stored_bytes / peer.stored_bytes;
            figures.at_most(
                "coldtrace_stored_bytes_over_otel_schema",
                bytes,
                BYTES_OF_OTEL_SCHEMA,
            );
        }
        // What can't be had on a machine is no reason to tell nothing of ours.
        Err(error) => run.figures.miss("rotel", &format!("not run: {error:#}")),
    }
    Ok(run.figures)
}

// === impl Run ===

impl Run<'_> {
    fn tell_terms(&mut self) {
        let arguments = self.arguments;
        let figures = &mut self.figures;
        figures.add("seed", arguments.seed);
        figures.add("spans_per_request", arguments.spans_per_request);
        figures.add("connections", arguments.connections);
        figures.add("in_flight_per_connection", arguments.in_flight);
        figures.add(
            "coldtrace_terms",
            "acknowledged after fsync of the log; tables synced; LZ4",
        );
        figures.add(
            "rotel_terms",
            "acknowledged from memory; tables not synced; LZ4; tables of the OpenTelemetry exporter",
        );
    }

    fn plan(&self, address: &str, transport: Transport) -> Plan {
        Plan {
            address: address.to_owned(),
            transport,
            first: 0,
            requests: self.requests(self.arguments.spans),
            seconds: PART_SECONDS,
            spans_per_second: None,
            spans_per_request: self.arguments.spans_per_request,
            seed: self.arguments.seed,
            base: self.base,
            connections: self.arguments.connections,
            in_flight: self.arguments.in_flight,
        }
    }

    fn requests(&self, spans: u64) -> u64 {
        spans.div_ceil(self.arguments.spans_per_request)
    }

    /// What receiving costs, and nothing else. Nanoseconds a span.
    fn floor(&mut self) -> anyhow::Result<f64> {
        eprintln!("-- a server that receives and does nothing");
        let (server, address) = self.tools.start_floor()?;
        let plan = self.plan(&address, Transport::Grpc);
        let before = process::processor_time(server.pid())?;
        let report = self.tools.load(&plan)?;
        let used = process::processor_time(server.pid())? - before;
        let spans = report.acknowledged_requests * plan.spans_per_request;
        let floor = ns_per_span(used, spans);
        self.figures
            .add("floor_receiver_cpu_ns_per_span", rounded(floor));
        let generator = ns_per_span(report.processor_time, spans);
        self.figures
            .add("generator_cpu_ns_per_span", rounded(generator));
        let bytes = report.sent_bytes as f64 / spans as f64;
        self.figures.add("sent_bytes_per_span", rounded(bytes));
        Ok(floor)
    }

    /// What is told of every receiver that stores: of a part at full speed, and then of the merges.
    fn tell(
        &mut self,
        who: &str,
        full: &Part,
        engine: &Engine,
        database: &str,
    ) -> anyhow::Result<Cost> {
        eprintln!("-- {who}: merges");
        let after = engine.merge_all(database)?;
        let merges = ns_per_span(full.engine.merges + after, full.spans);
        let size = engine.size(database)?;
        let cost = Cost {
            receiver_ns: full.receiver_ns(),
            merge_ns: merges,
            stored_bytes: size.bytes as f64 / full.spans as f64,
        };
        let engine_peak = mebibytes(engine.peak_resident_bytes()?);
        for (name, value) in [
            ("spans", full.spans as f64),
            ("seconds_until_acknowledged", full.report.took.as_secs_f64()),
            ("seconds_until_stored", full.until_stored.as_secs_f64()),
            ("stored_spans_per_second", full.rate()),
            ("refused_requests", full.report.refused_requests as f64),
            ("ack_p50_ms_at_full_load", millis(full.report.ack_p50)),
            ("ack_p99_ms_at_full_load", millis(full.report.ack_p99)),
            ("receiver_cpu_ns_per_span", cost.receiver_ns),
            // The same figures in the unit in which others tell theirs.
            ("receiver_cpu_s_per_million_spans", cost.receiver_ns / 1e3),
            ("engine_insert_cpu_ns_per_span", full.insert_ns()),
            ("engine_merge_cpu_ns_per_span", merges),
            (
                "engine_cpu_s_per_million_spans",
                (full.insert_ns() + merges) / 1e3,
            ),
            ("engine_peak_resident_mib", engine_peak),
            ("stored_bytes_per_span", cost.stored_bytes),
            ("stored_parts", size.parts as f64),
        ] {
            self.figures.add(&format!("{who}_{name}"), rounded(value));
        }
        Ok(cost)
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
