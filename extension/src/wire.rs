//! What goes over the wire: facts, phases and lines as `coldtrace.v1`, spans as OTLP.

use std::collections::HashSet;

use coldtrace_model::{RequestId, Span};
use coldtrace_proto::otlp::ExportTraceServiceRequest;
use coldtrace_proto::otlp::common::{AnyValue, KeyValue, any_value};
use coldtrace_proto::otlp::trace::{ResourceSpans, ScopeSpans, Span as WireSpan};
use coldtrace_proto::{ingest, span, v1};
use prost::Message as _;

use crate::buffer::Item;
use crate::journal::Entry;

/// OpenTelemetry's name of the request id.
pub(crate) const INVOCATION_ID: &str = "faas.invocation_id";

/// Each entry as an item to send.
pub(crate) fn items(entries: Vec<Entry>) -> impl Iterator<Item = Item> {
    entries.into_iter().map(|entry| match entry {
        Entry::Fact(fact) => Item::Fact(ingest::fact_from_model(&fact)),
        Entry::Phase(phase) => Item::Phase(ingest::phase_from_model(&phase)),
        Entry::Log(line) => Item::Log(ingest::log_from_model(&line)),
        Entry::Spans(spans) => platform_spans(&spans),
    })
}

/// Spans as an item to send. `platform`: made here, of what the platform tells.
pub(crate) fn spans(resource_spans: Vec<ResourceSpans>, platform: bool) -> Item {
    let request = ExportTraceServiceRequest { resource_spans };
    Item::Payload(v1::OtlpPayload {
        signal: v1::Signal::Traces.into(),
        request: request.encode_to_vec().into(),
        platform,
    })
}

/// Those whose parent is not among them.
pub(crate) fn topmost(groups: &mut [ResourceSpans]) -> impl Iterator<Item = &mut WireSpan> {
    let all = groups.iter().flat_map(|group| &group.scope_spans);
    let ids = all.flat_map(|scope| &scope.spans);
    let ids: HashSet<Vec<u8>> = ids.map(|span| span.span_id.clone()).collect();
    let all = groups.iter_mut().flat_map(|group| &mut group.scope_spans);
    let all = all.flat_map(|scope| &mut scope.spans);
    all.filter(move |span| !ids.contains(&span.parent_span_id))
}

/// Says on the span itself to which invocation it belongs.
pub(crate) fn name_invocation(span: &mut WireSpan, request_id: &RequestId) {
    let is_named = |attribute: &KeyValue| attribute.key == INVOCATION_ID;
    if !span.attributes.iter().any(is_named) {
        let name = text(INVOCATION_ID, request_id.as_str());
        span.attributes.push(name);
    }
}

/// An attribute that is a text.
pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, any_value::Value::StringValue(value.into()))
}

/// A text that is no attribute's.
pub(crate) fn text_value(text: &str) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text.to_owned())),
    }
}

pub(crate) fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// The spans of one invocation, which share resource and scope.
fn platform_spans(drawn: &[Span]) -> Item {
    let resource_spans = drawn.first().map(|first| ResourceSpans {
        resource: Some(span::resource_from_model(&first.resource)),
        scope_spans: vec![ScopeSpans {
            scope: Some(span::scope_from_model(&first.scope)),
            spans: drawn.iter().map(span::from_model).collect(),
            schema_url: String::new(),
        }],
        schema_url: String::new(),
    });
    spans(resource_spans.into_iter().collect(), true)
}
