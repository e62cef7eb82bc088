//! The platform's spans of an invocation: itself as a SERVER span, and under it what the sandbox did before and after the
//! handler.
//!
//! Ids are X-Ray's where there are such, else derived from the request id, so that whoever draws them again draws the same.

use std::sync::Arc;

use coldtrace_model::{
    AttributeValue, Attributes, Link, Nanos, Outcome, Platform, RequestId, Resource, Sandbox,
    Scope, Span, SpanKind, SpanOrigin, Status, StatusCode, Trigger, UnixNanos,
};

use super::invocation::Invocation;
use crate::trace_header::{derived_span_id, sender};
use crate::usage::Usage;

const SCOPE: &str = "coldtrace-extension";
/// Tells the collector which phase a span stands for.
const PHASE: &str = "coldtrace.phase";

/// All spans of an invocation, the invocation's own first. `now` ends what has no end yet.
pub(super) fn draw(invocation: &Invocation, sandbox: &Sandbox, now: UnixNanos) -> Vec<Span> {
    let drawing = Drawing {
        invocation,
        resource: Arc::new(resource(sandbox)),
        scope: Arc::new(Scope {
            name: SCOPE.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Scope::default()
        }),
    };
    let mut spans = vec![drawing.invocation(sandbox, now)];
    for (position, phase) in invocation.phases.iter().enumerate() {
        let name = phase.kind.as_str();
        let ended = (phase.outcome, phase.error_type.as_str());
        let mut span = drawing.phase(name, phase.start, phase.duration, ended);
        // An init that failed is tried again, and both are told to this process.
        let earlier = &invocation.phases[..position];
        let tries = earlier.iter().filter(|one| one.kind == phase.kind).count();
        if tries > 0 {
            let try_name = format!("{name} {}", tries + 1);
            span.span_id = derived_span_id(&invocation.request_id, &try_name);
        }
        spans.push(span);
    }
    let overheads = [
        ("runtime_overhead", &invocation.runtime_overhead),
        ("extension_overhead", &invocation.extension_overhead),
    ];
    spans.extend(overheads.into_iter().filter_map(|(name, stretch)| {
        let stretch = stretch.as_ref()?;
        Some(drawing.phase(name, stretch.start, stretch.duration, (Outcome::Ok, "")))
    }));
    spans
}

/// What the spans of an invocation share.
struct Drawing<'a> {
    invocation: &'a Invocation,
    resource: Arc<Resource>,
    scope: Arc<Scope>,
}

// === impl Drawing ===

impl Drawing<'_> {
    fn invocation(&self, sandbox: &Sandbox, now: UnixNanos) -> Span {
        let invocation = self.invocation;
        let known = invocation.end;
        let end = known.unwrap_or_else(|| invocation.latest_end(now).max(invocation.start));
        let mut attributes = self.attributes("invocation");
        let is_cold = invocation.cold.is_waited_for();
        attributes.push(("faas.coldstart".to_owned(), AttributeValue::Bool(is_cold)));
        if !invocation.arn.is_empty() {
            attributes.push(text("aws.lambda.invoked_arn", &invocation.arn));
        }
        attributes.extend(invocation.usage.iter().flat_map(used));
        attributes.extend(told_of_payloads(invocation));
        Span {
            span_id: invocation.span_id(),
            parent_span_id: invocation.parent_span_id(),
            name: sandbox.function.clone(),
            kind: SpanKind::Server,
            end,
            attributes,
            status: status(invocation.outcome, &invocation.error_type),
            links: senders(invocation),
            ..self.span("invocation", invocation.start)
        }
    }

    fn phase(&self, name: &str, start: UnixNanos, length: Nanos, ended: (Outcome, &str)) -> Span {
        Span {
            parent_span_id: Some(self.invocation.span_id()),
            end: start.plus(length),
            status: status(ended.0, ended.1),
            ..self.span(name, start)
        }
    }

    fn span(&self, phase: &str, start: UnixNanos) -> Span {
        let request_id = &self.invocation.request_id;
        Span {
            trace_id: self.invocation.trace_id(),
            span_id: derived_span_id(request_id, phase),
            parent_span_id: None,
            trace_state: String::new(),
            flags: 0,
            name: phase.to_owned(),
            kind: SpanKind::Internal,
            start,
            end: start,
            attributes: self.attributes(phase),
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status::default(),
            resource: Arc::clone(&self.resource),
            scope: Arc::clone(&self.scope),
            origin: self.origin(request_id, phase),
        }
    }

    fn origin(&self, request_id: &RequestId, phase: &str) -> SpanOrigin {
        SpanOrigin {
            sandbox_id: None,
            request_id: Some(request_id.clone()),
            phase: phase.to_owned(),
        }
    }

    fn attributes(&self, phase: &str) -> Attributes {
        vec![
            text("faas.invocation_id", self.invocation.request_id.as_str()),
            text(PHASE, phase),
        ]
    }
}

/// What caused it, and what went in and came out.
fn told_of_payloads(invocation: &Invocation) -> Attributes {
    let cause = &invocation.cause;
    let mut told: Attributes = Vec::new();
    if cause.trigger != Trigger::Unknown {
        told.push(text("faas.trigger", cause.trigger.as_str()));
    }
    told.extend(cause.attributes.iter().map(|(key, value)| text(key, value)));
    if invocation.shows_payloads() {
        let payloads = [
            ("coldtrace.request", &invocation.request),
            ("coldtrace.response", &invocation.response),
        ];
        let payloads = payloads.into_iter().filter(|(_, shown)| !shown.is_empty());
        told.extend(payloads.map(|(key, shown)| text(key, shown)));
    }
    told
}

/// The spans of those who sent its event.
fn senders(invocation: &Invocation) -> Vec<Link> {
    let senders = invocation.cause.senders.iter();
    let contexts = senders.filter_map(|header| sender(header));
    let links = contexts.map(|(trace_id, span_id)| Link {
        trace_id,
        span_id,
        trace_state: String::new(),
        attributes: Vec::new(),
        dropped_attributes: 0,
        flags: 0,
    });
    links.collect()
}

/// OpenTelemetry's names of what functions and processes use.
fn used(usage: &Usage) -> Attributes {
    let int = |number: u64| AttributeValue::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let told = [
        (
            "faas.cpu_usage",
            AttributeValue::Double(usage.cpu_seconds()),
        ),
        ("faas.mem_usage", int(usage.at_end.memory.0)),
        ("network.io.receive", int(usage.received.0)),
        ("network.io.transmit", int(usage.transmitted.0)),
        ("system.filesystem.usage", int(usage.at_end.scratch.0)),
        (
            "process.open_file_descriptor.count",
            int(usage.at_end.open_files),
        ),
        ("process.thread.count", int(usage.at_end.threads)),
    ];
    told.map(|(key, value)| (key.to_owned(), value)).into()
}

fn status(outcome: Outcome, error_type: &str) -> Status {
    match outcome.is_failure() {
        false => Status::default(),
        true => Status {
            code: StatusCode::Error,
            message: match error_type {
                "" => outcome.as_str().to_owned(),
                error_type => error_type.to_owned(),
            },
        },
    }
}

/// The sandbox in the words of OpenTelemetry's conventions.
pub(crate) fn resource(sandbox: &Sandbox) -> Resource {
    let texts = [
        ("service.name", sandbox.function.as_str()),
        ("cloud.provider", "aws"),
        ("cloud.platform", Platform::AwsLambda.as_str()),
        ("cloud.region", &sandbox.region),
        ("cloud.account.id", &sandbox.account),
        ("faas.name", &sandbox.function),
        ("faas.version", &sandbox.version),
        ("faas.instance", &sandbox.instance),
    ];
    let told = texts.into_iter().filter(|(_, value)| !value.is_empty());
    let mut attributes: Attributes = told.map(|(key, value)| text(key, value)).collect();
    if let Some(memory) = sandbox.memory {
        let bytes = i64::try_from(memory.0).unwrap_or(i64::MAX);
        attributes.push(("faas.max_memory".to_owned(), AttributeValue::Int(bytes)));
    }
    Resource {
        attributes,
        ..Resource::default()
    }
}

fn text(key: &str, value: &str) -> (String, AttributeValue) {
    (key.to_owned(), AttributeValue::String(value.to_owned()))
}
