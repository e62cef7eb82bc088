//! An invocation. What no fact told is null, not zero.

use coldtrace_model::{FactSet, Invocation, SandboxId, SpanId, TraceId};
use serde::Serialize;

use super::finding::Signed;
use super::number::{Decimal, Shown};

/// The schema `Invocation`.
#[derive(Serialize)]
pub(crate) struct InvocationReply<'a> {
    request_id: &'a str,
    function: &'a str,
    start: Decimal,
    outcome: &'static str,
    cold: &'static str,
    facts: Vec<&'static str>,
    platform: &'static str,
    sandbox_id: &'a str,
    instance: &'a str,
    version: &'a str,
    runtime: &'a str,
    architecture: &'static str,
    region: &'a str,
    account: &'a str,
    memory_bytes: Option<Decimal>,
    deadline: Option<Decimal>,
    trigger: &'static str,
    duration: Option<Decimal>,
    billed: Option<Decimal>,
    init: Option<Decimal>,
    restore: Option<Decimal>,
    response_latency: Option<Decimal>,
    response_duration: Option<Decimal>,
    runtime_overhead: Option<Decimal>,
    extension_overhead: Option<Decimal>,
    produced_bytes: Option<Decimal>,
    max_memory_bytes: Option<Decimal>,
    error_type: &'a str,
    platform_trace_id: Option<Shown<TraceId>>,
    platform_span_id: Option<Shown<SpanId>>,
    sdk_trace_id: Option<Shown<TraceId>>,
    cost: Option<Signed>,
}

impl<'a> From<&'a Invocation> for InvocationReply<'a> {
    fn from(invocation: &'a Invocation) -> Self {
        Self {
            request_id: invocation.request_id.as_str(),
            function: &invocation.function,
            start: invocation.start.into(),
            outcome: invocation.outcome.as_str(),
            cold: invocation.cold.as_str(),
            facts: names(invocation.facts),
            platform: invocation.platform.as_str(),
            sandbox_id: invocation.sandbox_id.as_ref().map_or("", SandboxId::as_str),
            instance: &invocation.instance,
            version: &invocation.version,
            runtime: &invocation.runtime,
            architecture: invocation.architecture.as_str(),
            region: &invocation.region,
            account: &invocation.account,
            memory_bytes: invocation.memory.map(Decimal::from),
            deadline: invocation.deadline.map(Decimal::from),
            trigger: invocation.trigger.as_str(),
            duration: invocation.duration.map(Decimal::from),
            billed: invocation.billed.map(Decimal::from),
            init: invocation.init.map(Decimal::from),
            restore: invocation.restore.map(Decimal::from),
            response_latency: invocation.response_latency.map(Decimal::from),
            response_duration: invocation.response_duration.map(Decimal::from),
            runtime_overhead: invocation.runtime_overhead.map(Decimal::from),
            extension_overhead: invocation.extension_overhead.map(Decimal::from),
            produced_bytes: invocation.produced.map(Decimal::from),
            max_memory_bytes: invocation.max_memory.map(Decimal::from),
            error_type: &invocation.error_type,
            platform_trace_id: invocation.platform_trace_id.map(Shown),
            platform_span_id: invocation.platform_span_id.map(Shown),
            sdk_trace_id: invocation.sdk_trace_id.map(Shown),
            cost: coldtrace_analysis::cost(invocation).map(Signed::from),
        }
    }
}

fn names(facts: FactSet) -> Vec<&'static str> {
    let is_there = |(fact, _): &&(FactSet, &'static str)| facts.contains(*fact);
    let there = FactSet::NAMED.iter().filter(is_there);
    there.map(|(_, name)| *name).collect()
}
