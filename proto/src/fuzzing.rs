//! What fuzzing does with an input (`proto/fuzz`), and the ordinary tests with its corpus: each function panics where a
//! promise of this crate is broken.

use prost::Message;

use crate::json;
use crate::otlp::common::any_value::Value as Any;
use crate::otlp::common::{AnyValue, KeyValue};
use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};
use crate::wire::{self, Attributes, LogView, ResourceGroups, Signal, SpanView, Value};

/// What was read from JSON is protobuf, and not longer than its text.
pub fn json(text: &[u8]) {
    if let Ok(written) = json::traces_to_protobuf(text) {
        check_written::<ExportTraceServiceRequest>(text, &written);
    }
    if let Ok(written) = json::logs_to_protobuf(text) {
        check_written::<ExportLogsServiceRequest>(text, &written);
    }
}

fn check_written<M: Message + Default>(text: &[u8], written: &[u8]) {
    assert!(written.len() <= text.len(), "longer than its text");
    M::decode(written).expect("it is protobuf");
}

/// The check accepts what prost's decoder accepts and nothing else; of what it accepts, the views show what prost decodes; and
/// no bytes at all make a view panic.
pub fn wire(request: &[u8]) {
    read_all(request);
    let decoded = ExportTraceServiceRequest::decode(request);
    let checked = wire::check_spans(request, |_| {});
    assert_eq!(checked.is_ok(), decoded.is_ok(), "{checked:?} {decoded:?}");
    if let Ok(decoded) = decoded {
        check_spans(request, &decoded);
    }
    let decoded = ExportLogsServiceRequest::decode(request);
    let checked = wire::check_logs(request, |_| {});
    assert_eq!(checked.is_ok(), decoded.is_ok(), "{checked:?} {decoded:?}");
    if let Ok(decoded) = decoded {
        check_records(request, &decoded);
    }
}

/// The bytes of spans or log records, as far as they can be read.
fn items(signal: Signal, request: &[u8]) -> impl Iterator<Item = &[u8]> {
    let groups = ResourceGroups::new(signal, request).filter_map(Result::ok);
    let scopes = groups.flat_map(|group| group.scopes().filter_map(Result::ok));
    scopes.flat_map(|scope| scope.items().filter_map(Result::ok))
}

/// Checked or not.
fn read_all(request: &[u8]) {
    let mut out = Vec::new();
    for item in items(Signal::Traces, request) {
        if let Ok(span) = SpanView::read(item) {
            // What is wrong in it is passed over where it is read unchecked.
            span.write_more(&mut out).ok();
            out.extend(span.link_trace_ids().flatten());
            write_values(span.attributes(), &mut out);
        }
        if let Ok(record) = LogView::read(item) {
            record.write_more(&mut out).ok();
            wire::write_text(record.body, &mut out);
            write_values(record.attributes(), &mut out);
        }
    }
    for group in ResourceGroups::new(Signal::Traces, request).filter_map(Result::ok) {
        write_values(group.resource.attributes(), &mut out);
    }
}

fn write_values(attributes: Attributes<'_>, out: &mut Vec<u8>) {
    for attribute in attributes.filter_map(Result::ok) {
        wire::write_text(attribute.value, out);
    }
}

fn check_spans(request: &[u8], decoded: &ExportTraceServiceRequest) {
    let scopes = decoded
        .resource_spans
        .iter()
        .flat_map(|group| &group.scope_spans);
    let mut seen = items(Signal::Traces, request);
    for span in scopes.flat_map(|scope| &scope.spans) {
        let view = SpanView::read(seen.next().expect("as many")).expect("checked");
        assert_eq!(view.trace_id, span.trace_id);
        assert_eq!(view.span_id, span.span_id);
        assert_eq!(view.parent_span_id, span.parent_span_id);
        assert_eq!(view.trace_state, span.trace_state.as_bytes());
        assert_eq!(view.flags, span.flags);
        assert_eq!(view.name, span.name.as_bytes());
        assert_eq!(view.kind, span.kind);
        assert_eq!(view.start_unix_nano, span.start_time_unix_nano);
        assert_eq!(view.end_unix_nano, span.end_time_unix_nano);
        let status = span.status.clone().unwrap_or_default();
        assert_eq!(view.status_code, status.code);
        assert_eq!(view.status_message, status.message.as_bytes());
        check_attributes(view.attributes(), &span.attributes);
    }
    assert!(seen.next().is_none(), "as many");
}

fn check_records(request: &[u8], decoded: &ExportLogsServiceRequest) {
    let scopes = decoded
        .resource_logs
        .iter()
        .flat_map(|group| &group.scope_logs);
    let mut seen = items(Signal::Logs, request);
    for record in scopes.flat_map(|scope| &scope.log_records) {
        let view = LogView::read(seen.next().expect("as many")).expect("checked");
        assert_eq!(view.time_unix_nano, record.time_unix_nano);
        assert_eq!(view.observed_unix_nano, record.observed_time_unix_nano);
        assert_eq!(view.severity, record.severity_number);
        assert_eq!(view.trace_id, record.trace_id);
        assert_eq!(view.span_id, record.span_id);
        check_value(view.body, record.body.as_ref());
        check_attributes(view.attributes(), &record.attributes);
    }
    assert!(seen.next().is_none(), "as many");
}

fn check_attributes(mut seen: Attributes<'_>, decoded: &[KeyValue]) {
    for pair in decoded {
        let attribute = seen.next().expect("as many").expect("checked");
        assert_eq!(attribute.key, pair.key.as_bytes());
        check_value(attribute.value, pair.value.as_ref());
    }
    assert!(seen.next().is_none(), "as many");
}

/// What is not plain is left to who reads it.
fn check_value(seen: Value<'_>, decoded: Option<&AnyValue>) {
    let decoded = decoded.and_then(|value| value.value.as_ref());
    let is_same = match (seen, decoded) {
        (Value::Other(_), _) | (Value::Empty, None) => true,
        (Value::Text(seen), Some(Any::StringValue(text))) => seen == text.as_bytes(),
        (Value::Bool(seen), Some(Any::BoolValue(truth))) => seen == *truth,
        (Value::Int(seen), Some(Any::IntValue(number))) => seen == *number,
        (Value::Double(seen), Some(Any::DoubleValue(number))) => seen.to_bits() == number.to_bits(),
        (Value::Bytes(seen), Some(Any::BytesValue(bytes))) => seen == bytes,
        _ => false,
    };
    assert!(is_same, "{seen:?} {decoded:?}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every input of the corpus, and those that once were a bug.
    fn replay(target: &str, run: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(target);
        let inputs = std::fs::read_dir(corpus).expect("the corpus is checked in");
        let mut replayed = 0;
        for input in inputs {
            run(&std::fs::read(input.unwrap().path()).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "{target}: nothing to replay");
    }

    #[test]
    fn the_corpus_of_protobuf_keeps_its_promises() {
        replay("wire", wire);
    }

    #[test]
    fn the_corpus_of_json_keeps_its_promises() {
        replay("json", json);
    }
}
