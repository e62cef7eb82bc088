//! Facts to rows of `invocations`: which fact sets which column stands in `docs/facts.md`.

use std::borrow::Cow;

use coldtrace_model::{Cold, Fact, FactKind, FactSet, Outcome, RequestId, Sandbox};
use coldtrace_proto::faas::FaasSpan;
use coldtrace_proto::wire::SpanView;
use coldtrace_store::rows::{InvocationRow, Owner};

/// OTLP's number of a span that failed.
const STATUS_ERROR: i32 = 2;

/// The row of a fact that a sandbox told.
pub(super) fn row<'a>(owner: Owner<'a>, sandbox: &'a Sandbox, fact: &'a Fact) -> InvocationRow<'a> {
    let invocation = &fact.invocation;
    let known = InvocationRow {
        platform: sandbox.platform.number(),
        sandbox_id: sandbox.id.as_str(),
        instance: &sandbox.instance,
        version: &sandbox.version,
        runtime: &sandbox.runtime,
        architecture: sandbox.architecture.number(),
        region: &sandbox.region,
        account: &sandbox.account,
        memory_bytes: sandbox.memory.map_or(0, |memory| memory.0),
        ..InvocationRow::empty(
            owner,
            &sandbox.function,
            invocation.filed_at.0,
            invocation.request_id.as_str(),
        )
    };
    match &fact.kind {
        FactKind::Started(started) => InvocationRow {
            facts: FactSet::STARTED,
            start_unix_ns: started.start.0,
            deadline_unix_ns: started.deadline.0,
            cold: started.cold.number(),
            trigger: started.trigger.number(),
            platform_trace_id: started
                .platform_trace_id
                .map_or([0; 16], |id| *id.as_bytes()),
            platform_span_id: started.platform_span_id.map_or([0; 8], |id| *id.as_bytes()),
            ..known
        },
        FactKind::Finished(finished) => InvocationRow {
            facts: FactSet::FINISHED,
            trigger: finished.trigger.number(),
            platform_start_unix_ns: finished.start.unwrap_or_default().0,
            outcome: finished.outcome.number(),
            runtime_duration_ns: finished.duration.0,
            error_type: &finished.error_type,
            response_latency_ns: finished.response_latency.map_or(0, |latency| latency.0),
            response_duration_ns: finished.response_duration.map_or(0, |duration| duration.0),
            runtime_overhead_ns: finished.runtime_overhead.map_or(0, |overhead| overhead.0),
            produced_bytes: finished.produced.map_or(0, |produced| produced.0),
            sdk_trace_id: finished.sdk_trace_id.map_or([0; 16], |id| *id.as_bytes()),
            ..known
        },
        FactKind::Reported(reported) => InvocationRow {
            facts: FactSet::REPORTED,
            outcome: reported.outcome.number(),
            error_type: &reported.error_type,
            duration_ns: reported.duration.0,
            billed_ns: reported.billed.map_or(0, |billed| billed.0),
            max_memory_bytes: reported.max_memory.map_or(0, |memory| memory.0),
            init_ns: reported.init.map_or(0, |init| init.0),
            restore_ns: reported.restore.map_or(0, |restore| restore.0),
            extension_overhead_ns: reported.extension_overhead.map_or(0, |overhead| overhead.0),
            ..known
        },
    }
}

/// The invocation that a plain span stands for, if it does. Where the platform gave it no id, the span's own names it.
pub(super) fn request_of_span<'a>(
    span: &SpanView<'_>,
    faas: &FaasSpan<'a>,
) -> Option<Cow<'a, str>> {
    if !faas.is_invocation {
        return None;
    }
    let told = faas.request_id;
    let told = told.filter(|id| (1..=RequestId::MAX_LEN).contains(&id.len()));
    let own = || format!("{}:{}", hex(span.trace_id), hex(span.span_id));
    Some(told.map_or_else(|| Cow::Owned(own()), Cow::Borrowed))
}

/// The row that a plain span makes of its invocation.
pub(super) fn row_of_span<'a>(
    owner: Owner<'a>,
    span: &SpanView<'_>,
    trace_id: [u8; 16],
    service: &'a str,
    faas: &FaasSpan<'a>,
    request_id: &'a str,
) -> InvocationRow<'a> {
    let has_failed = span.status_code == STATUS_ERROR;
    let is_over = span.end_unix_nano != 0;
    let outcome = match (has_failed, is_over) {
        (true, _) => Outcome::Error,
        (false, true) => Outcome::Ok,
        (false, false) => Outcome::Running,
    };
    let cold = match faas.cold {
        Some(true) => Cold::OnDemand,
        Some(false) | None => Cold::Warm,
    };
    let start = span.start_unix_nano;
    InvocationRow {
        facts: FactSet::FROM_SPAN,
        platform: faas.platform.number(),
        instance: faas.instance.unwrap_or(""),
        version: faas.version.unwrap_or(""),
        runtime: faas.runtime.unwrap_or(""),
        architecture: faas.architecture.number(),
        region: faas.region.unwrap_or(""),
        account: faas.account.unwrap_or(""),
        memory_bytes: faas.memory.map_or(0, |memory| memory.0),
        start_unix_ns: start,
        outcome: outcome.number(),
        cold: cold.number(),
        trigger: faas.trigger.number(),
        duration_ns: span.end_unix_nano.saturating_sub(start),
        sdk_trace_id: trace_id,
        ..InvocationRow::empty(owner, faas.function.unwrap_or(service), start, request_id)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
