//! SIGKILL of the collector under load: what was acknowledged must be there afterwards, once.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

use super::super::engine::Engine;
use super::super::load::{Plan, Report, time_of};
use super::super::workload::{Options, Workload};
use super::collector::Collector;
use super::tools::Tools;

/// Under load for so long before it is killed: a few blocks are inserted by then, and others are not.
const LOAD: Duration = Duration::from_secs(3);
/// All spans are counted in so many shares, one after the other.
const SHARES: u64 = 16;
/// For the load to begin.
const BEGIN_DEADLINE: Duration = Duration::from_secs(60);

/// Spans, of the whole run.
pub(super) struct Outcome {
    pub(super) acknowledged: u64,
    /// Sent and not answered when it was killed; they may be there or not.
    pub(super) unanswered: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
}

/// Sends as the plan says, kills, starts again, drains and counts. `before` spans were acknowledged earlier.
pub(super) fn run(
    tools: &Tools,
    plan: &Plan,
    collector: &mut Collector,
    engine: &Engine,
    before: u64,
) -> anyhow::Result<Outcome> {
    let accepted = collector.accepted()?;
    let load = tools.start_load(plan)?;
    let started = Instant::now();
    while collector.accepted()? == accepted {
        if started.elapsed() > BEGIN_DEADLINE {
            bail!("nothing was sent for {BEGIN_DEADLINE:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(LOAD);
    collector.kill()?;
    let report = Report::from_json(&load.finish()?)?;
    report
        .broken
        .as_ref()
        .context("the load did not notice that the collector was killed")?;
    collector.restart()?;
    collector.drain()?;
    count(plan, &report, engine, before)
}

fn count(plan: &Plan, report: &Report, engine: &Engine, before: u64) -> anyhow::Result<Outcome> {
    let acknowledged = before + report.acknowledged_requests * plan.spans_per_request;
    let (rows, distinct) = all_stored(engine)?;
    let unanswered = span_ids(plan, &report.unanswered)?;
    let of_unanswered = match unanswered.is_empty() {
        true => 0,
        false => stored(&unanswered, engine)?,
    };
    Ok(Outcome {
        acknowledged,
        unanswered: unanswered.len() as u64,
        lost: acknowledged.saturating_sub(distinct - of_unanswered),
        doubled: rows - distinct,
    })
}

/// Rows and different spans. Ids are random: a share of them at a time fits into the engine's memory, however many there are.
fn all_stored(engine: &Engine) -> anyhow::Result<(u64, u64)> {
    let (mut rows, mut distinct) = (0, 0);
    for share in 0..SHARES {
        let told = engine.numbers(&format!(
            "SELECT count(), uniqExact(span_id) FROM coldtrace.spans WHERE cityHash64(span_id) % {SHARES} = {share}"
        ))?;
        let [some, different] = told[..] else {
            bail!("the engine told {told:?} of its spans");
        };
        rows += some;
        distinct += different;
    }
    Ok((rows, distinct))
}

/// The generator makes them again.
fn span_ids(plan: &Plan, requests: &[u64]) -> anyhow::Result<HashSet<Vec<u8>>> {
    let workload = Workload::new(Options {
        seed: plan.seed,
        spans_per_request: plan.spans_per_request,
        facts: false,
    });
    let (mut ids, mut body) = (HashSet::new(), Vec::new());
    for number in requests {
        workload.write(*number, time_of(plan.base, *number), &mut body);
        let request = ExportTraceServiceRequest::decode(&body[..]).context("decode our own")?;
        let scopes = request
            .resource_spans
            .into_iter()
            .flat_map(|resource| resource.scope_spans);
        ids.extend(
            scopes
                .flat_map(|scope| scope.spans)
                .map(|span| span.span_id),
        );
    }
    Ok(ids)
}

/// How many of these spans are stored.
fn stored(ids: &HashSet<Vec<u8>>, engine: &Engine) -> anyhow::Result<u64> {
    let mut list = String::new();
    for id in ids {
        let separator = if list.is_empty() { "" } else { "," };
        let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        write!(list, "{separator}'{hex}'").context("write a list")?;
    }
    let told = engine.numbers(&format!(
        "SELECT uniqExact(span_id) FROM coldtrace.spans WHERE lower(hex(span_id)) IN ({list})"
    ))?;
    told.first().copied().context("the engine told no count")
}
