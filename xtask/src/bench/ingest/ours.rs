//! The collector's part of the run: full speed, half speed, the other ways in, and a kill.

use super::super::engine::Engine;
use super::super::load::{Plan, Transport};
use super::super::{process, rounded};
use super::collector::{self, Collector};
use super::part::{Part, mebibytes, millis};
use super::{Cost, Run, kill};

const LONG_SECONDS: f64 = 600.0;
/// What a function sends at the end of an invocation.
const SMALL_REQUEST: u64 = 20;
/// Such requests come from many functions at once, one from each.
const SMALL_IN_FLIGHT: u64 = 32;

// DESIGN 10.
const ENGINE_INSERT_NS: f64 = 1_700.0;
const ENGINE_MERGE_NS: f64 = 4_000.0;
const SPANS_PER_SECOND: f64 = 400_000.0;
const SPANS_PER_SECOND_LONG: f64 = 150_000.0;
const COLLECTOR_MIB: f64 = 256.0;
const ACK_P99_MS: f64 = 50.0;

/// So far.
struct Sent {
    /// The first request that was not.
    next: u64,
    spans: u64,
}

impl Run<'_> {
    /// Returns what a span costs, and how many requests were sent at full speed.
    pub(super) fn ours(&mut self) -> anyhow::Result<(Cost, u64)> {
        let folder = self.tools.folder("coldtrace")?;
        let engine = Engine::start(&self.tools.coldtrace, &self.tools.library, &folder)?;
        let mut collector = Collector::start(&self.tools.coldtrace, &engine, &folder)?;
        let settling = self
            .arguments
            .long
            .then(|| collector::start_settling(&self.tools.coldtrace, &engine, &folder));
        let settling = settling.transpose()?;
        eprintln!("-- coldtrace at full speed");
        let mut plan = self.plan(&collector.grpc, Transport::Grpc);
        let long = self.arguments.long.then_some(LONG_SECONDS);
        if let Some(seconds) = self.arguments.seconds.or(long) {
            (plan.seconds, plan.requests) = (seconds, u64::MAX);
        }
        let full = store(self.tools, &plan, &collector, &engine)?;
        if let Some(settling) = &settling {
            let settled = process::processor_time(settling.pid())?;
            let marks = "SELECT count() FROM coldtrace.fn_1m WHERE mark = 1";
            let minutes = engine.numbers(marks)?.iter().sum::<u64>();
            let figures = &mut self.figures;
            figures.add(
                "coldtrace_query_cpu_ms_while_settling",
                settled.as_millis() as u64,
            );
            figures.add("coldtrace_minutes_settled", minutes);
        }
        drop(settling);
        let cost = self.tell("coldtrace", &full, &engine, "coldtrace")?;
        let rate = match self.arguments.long {
            true => SPANS_PER_SECOND_LONG,
            false => SPANS_PER_SECOND,
        };
        let figures = &mut self.figures;
        figures.at_least("coldtrace_stored_spans_per_second", full.rate(), rate);
        let insert = full.insert_ns();
        figures.at_most(
            "coldtrace_engine_insert_cpu_ns_per_span",
            insert,
            ENGINE_INSERT_NS,
        );
        let merge = cost.merge_ns;
        figures.at_most(
            "coldtrace_engine_merge_cpu_ns_per_span",
            merge,
            ENGINE_MERGE_NS,
        );

        let mut sent = Sent {
            next: full.report.next,
            spans: full.spans,
        };
        self.other_loads(&collector, &engine, full.rate() / 2.0, &mut sent)?;
        let peak = mebibytes(process::peak_resident_bytes(collector.pid())?);
        let figures = &mut self.figures;
        figures.at_most("coldtrace_receiver_peak_resident_mib", peak, COLLECTOR_MIB);
        self.kill(&mut collector, &engine, &sent)?;
        Ok((cost, full.report.next))
    }

    /// Half the speed, HTTP, facts, and what a function sends.
    fn other_loads(
        &mut self,
        collector: &Collector,
        engine: &Engine,
        half_rate: f64,
        sent: &mut Sent,
    ) -> anyhow::Result<()> {
        let spans = self.arguments.spans / 4;
        let usual = self.plan(&collector.grpc, Transport::Grpc);
        let usual = Plan {
            requests: self.requests(spans),
            ..usual
        };
        let half = Plan {
            spans_per_second: Some(half_rate),
            ..usual.clone()
        };
        let http = Plan {
            address: collector.http.clone(),
            transport: Transport::Http,
            ..usual.clone()
        };
        let facts = Plan {
            transport: Transport::Facts,
            ..usual.clone()
        };
        let small = Plan {
            spans_per_request: SMALL_REQUEST,
            requests: (spans / 4).div_ceil(SMALL_REQUEST),
            in_flight: SMALL_IN_FLIGHT,
            ..usual
        };
        for (name, mut plan) in [
            ("half_load", half),
            ("http", http),
            ("facts", facts),
            ("small_requests", small),
        ] {
            eprintln!("-- coldtrace: {name}");
            plan.first = sent.next;
            let part = store(self.tools, &plan, collector, engine)?;
            sent.next = part.report.next;
            sent.spans += part.spans;
            for (what, value) in [
                ("receiver_cpu_ns_per_span", part.receiver_ns()),
                ("engine_insert_cpu_ns_per_span", part.insert_ns()),
                ("stored_spans_per_second", part.rate()),
                ("ack_p50_ms", millis(part.report.ack_p50)),
                ("ack_p99_ms", millis(part.report.ack_p99)),
            ] {
                let name = format!("coldtrace_{name}_{what}");
                self.figures.add(&name, rounded(value));
            }
            if name == "half_load" {
                let p99 = millis(part.report.ack_p99);
                self.figures
                    .at_most("coldtrace_half_load_ack_p99_ms", p99, ACK_P99_MS);
            }
        }
        Ok(())
    }

    fn kill(
        &mut self,
        collector: &mut Collector,
        engine: &Engine,
        sent: &Sent,
    ) -> anyhow::Result<()> {
        eprintln!("-- coldtrace: kill -9 under load");
        let plan = Plan {
            first: sent.next,
            requests: u64::MAX,
            ..self.plan(&collector.grpc, Transport::Grpc)
        };
        let outcome = kill::run(self.tools, &plan, collector, engine, sent.spans)?;
        let figures = &mut self.figures;
        figures.add("coldtrace_spans_acknowledged_in_all", outcome.acknowledged);
        figures.add("coldtrace_spans_in_flight_at_kill", outcome.unanswered);
        figures.at_most("coldtrace_spans_lost_by_kill", outcome.lost as f64, 0.0);
        figures.at_most(
            "coldtrace_spans_doubled_by_kill",
            outcome.doubled as f64,
            0.0,
        );
        Ok(())
    }
}

fn store(
    tools: &super::Tools,
    plan: &Plan,
    collector: &Collector,
    engine: &Engine,
) -> anyhow::Result<Part> {
    Part::run(tools, plan, collector.pid(), engine, |_| collector.drain())
}
