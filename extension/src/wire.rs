//! What the journal tells, as it goes over the wire: facts, phases and lines as `coldtrace.v1`, spans as OTLP.

use coldtrace_model::Span;
use coldtrace_proto::otlp::ExportTraceServiceRequest;
use coldtrace_proto::otlp::trace::{ResourceSpans, ScopeSpans};
use coldtrace_proto::{ingest, span, v1};
use prost::Message as _;

use crate::buffer::Item;
use crate::journal::Entry;

/// Each entry as an item to send.
pub(crate) fn items(entries: Vec<Entry>) -> impl Iterator<Item = Item> {
    entries.into_iter().map(|entry| match entry {
        Entry::Fact(fact) => Item::Fact(ingest::fact_from_model(&fact)),
        Entry::Phase(phase) => Item::Phase(ingest::phase_from_model(&phase)),
        Entry::Log(line) => Item::Log(ingest::log_from_model(&line)),
        Entry::Spans(spans) => Item::Payload(payload(&spans)),
    })
}

/// The spans of one invocation, which share resource and scope.
fn payload(spans: &[Span]) -> v1::OtlpPayload {
    let resource_spans = spans.first().map(|first| ResourceSpans {
        resource: Some(span::resource_from_model(&first.resource)),
        scope_spans: vec![ScopeSpans {
            scope: Some(span::scope_from_model(&first.scope)),
            spans: spans.iter().map(span::from_model).collect(),
            schema_url: String::new(),
        }],
        schema_url: String::new(),
    });
    let request = ExportTraceServiceRequest {
        resource_spans: resource_spans.into_iter().collect(),
    };
    v1::OtlpPayload {
        signal: v1::Signal::Traces.into(),
        request: request.encode_to_vec().into(),
        platform: true,
    }
}
