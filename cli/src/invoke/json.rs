//! An invocation for machines: one object.

use coldtrace_model::{AttributeValue, Nanos, Span};
use coldtrace_sandbox::Invoked;
use serde_json::{Map, Value, json};

use super::heard::Told;

/// Lengths in milliseconds, memory in MB, as Lambda's REPORT line has them.
pub(super) fn of(invoked: &Invoked, told: &Told) -> Value {
    let report = &invoked.report;
    let reply: Value = serde_json::from_slice(&invoked.payload).unwrap_or_default();
    let nodes = told.trace.nodes.iter().map(|node| {
        let span = &told.trace.spans[node.span];
        let parent = node.parent.map(|parent| {
            let parent = told.trace.nodes[parent].span;
            told.trace.spans[parent].span_id.to_string()
        });
        json!({
            "name": span.name,
            "trace_id": span.trace_id.to_string(),
            "span_id": span.span_id.to_string(),
            "parent": parent,
            "phase": span.origin.phase,
            "kind": span.kind.as_str(),
            "status": span.status.code.as_str(),
            "status_message": span.status.message,
            "start_ms": millis(span.start.since(told.trace.start)),
            "duration_ms": millis(span.end.since(span.start)),
            "critical_ms": millis(node.critical_time),
            "attributes": attributes(span),
            "events": span.events.iter().map(|event| &event.name).collect::<Vec<_>>(),
        })
    });
    let lines = told.logs.iter().map(|line| line.body.trim_end());
    json!({
        "request_id": invoked.request_id.as_str(),
        "outcome": report.status.as_str(),
        "cold": report.cold,
        "duration_ms": report.duration.as_secs_f64() * 1e3,
        "billed_ms": report.billed.as_millis() as u64,
        "init_ms": report.init.map(|init| init.as_secs_f64() * 1e3),
        "restore_ms": report.restore.map(|restore| restore.as_secs_f64() * 1e3),
        "max_memory_mb": report.max_memory.as_mib(),
        "sandbox": report.sandbox,
        "reply": reply,
        "error_type": invoked.error.as_ref().map(|error| &error.error_type),
        "spans": nodes.collect::<Vec<_>>(),
        "logs": lines.collect::<Vec<_>>(),
        "warnings": told.trace.warnings,
    })
}

fn millis(length: Nanos) -> f64 {
    length.0 as f64 / 1e6
}

fn attributes(span: &Span) -> Map<String, Value> {
    let pairs = span.attributes.iter();
    pairs
        .map(|(key, value)| (key.clone(), plain(value)))
        .collect()
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Empty => Value::Null,
        AttributeValue::String(text) => json!(text),
        AttributeValue::Bool(truth) => json!(truth),
        AttributeValue::Int(number) => json!(number),
        AttributeValue::Double(number) => json!(number),
        AttributeValue::Bytes(bytes) => json!(bytes),
        AttributeValue::Array(values) => values.iter().map(plain).collect(),
        AttributeValue::KeyValues(pairs) => {
            let pairs = pairs.iter();
            Value::Object(
                pairs
                    .map(|(key, value)| (key.clone(), plain(value)))
                    .collect(),
            )
        }
    }
}
