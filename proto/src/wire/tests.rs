//! The walk over the bytes gives prost's answers.

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::arbitrary;
use crate::otlp::trace::{ResourceSpans, ScopeSpans, Span};
use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};

fn check(signal: Signal, bytes: &[u8]) -> Result<(), WireError> {
    match signal {
        Signal::Traces => check_spans(bytes, |_| {}),
        Signal::Logs => check_logs(bytes, |_| {}),
    }
}

/// Whether prost takes it.
fn decoded(signal: Signal, bytes: &[u8]) -> bool {
    match signal {
        Signal::Traces => ExportTraceServiceRequest::decode(bytes).is_ok(),
        Signal::Logs => ExportLogsServiceRequest::decode(bytes).is_ok(),
    }
}

fn same_answer(signal: Signal, bytes: &[u8]) -> Result<(), TestCaseError> {
    let checked = check(signal, bytes);
    prop_assert_eq!(
        checked.is_ok(),
        decoded(signal, bytes),
        "{:?} {:?}",
        checked,
        bytes
    );
    read_all(signal, bytes);
    Ok(())
}

/// Reads everything that can be read, whether it was checked or not.
fn read_all(signal: Signal, bytes: &[u8]) {
    let (mut text, mut more) = (Vec::new(), Vec::new());
    let groups = ResourceGroups::new(signal, bytes).filter_map(Result::ok);
    for group in groups {
        for attribute in group.resource.attributes().filter_map(Result::ok) {
            write_text(attribute.value, &mut text);
        }
        let scopes = group.scopes().filter_map(Result::ok);
        for item in scopes.flat_map(|scope| scope.items().filter_map(Result::ok)) {
            let attributes = match signal {
                Signal::Traces => SpanView::read(item).map(|span| {
                    span.write_more(&mut more).ok();
                    more.extend(span.link_trace_ids().flatten());
                    span.attributes()
                }),
                Signal::Logs => LogView::read(item).map(|record| {
                    record.write_more(&mut more).ok();
                    write_text(record.body, &mut text);
                    record.attributes()
                }),
            };
            for attribute in attributes.into_iter().flatten().filter_map(Result::ok) {
                write_text(attribute.value, &mut text);
            }
        }
    }
}

/// Changes to bytes: some that end early, some with other bytes in them, some with a part twice.
#[derive(Clone, Debug)]
enum Change {
    Cut(prop::sample::Index),
    Set(prop::sample::Index, u8),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<prop::sample::Index>;
    let change = prop_oneof![
        1 => at().prop_map(Change::Cut),
        6 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ];
    vec(change, 1..4)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            return bytes;
        }
        match change {
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Change::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Repeat(from, to) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.extend(part);
            }
        }
    }
    bytes
}

proptest! {
    #[test]
    fn what_prost_writes_is_read(
        traces in arbitrary::traces(),
        logs in arbitrary::logs(),
    ) {
        prop_assert_eq!(check(Signal::Traces, &traces.encode_to_vec()), Ok(()));
        prop_assert_eq!(check(Signal::Logs, &logs.encode_to_vec()), Ok(()));
    }

    #[test]
    fn changed_bytes_are_judged_as_prost_judges_them(
        traces in arbitrary::traces(),
        logs in arbitrary::logs(),
        changes in changes(),
    ) {
        same_answer(Signal::Traces, &changed(traces.encode_to_vec(), &changes))?;
        same_answer(Signal::Logs, &changed(logs.encode_to_vec(), &changes))?;
    }

    #[test]
    fn any_bytes_are_judged_as_prost_judges_them(bytes in vec(any::<u8>(), 0..48)) {
        same_answer(Signal::Traces, &bytes)?;
        same_answer(Signal::Logs, &bytes)?;
    }

    #[test]
    fn a_span_s_fields_are_those_that_prost_reads(
        span in arbitrary::span(),
        other in arbitrary::span(),
    ) {
        // Two spans in a row are one span, merged.
        let bytes = [span.encode_to_vec(), other.encode_to_vec()].concat();
        let decoded = Span::decode(bytes.as_slice()).expect("a span");
        let view = SpanView::read(&bytes).expect("a span");
        prop_assert_eq!(view.trace_id, decoded.trace_id);
        prop_assert_eq!(view.span_id, decoded.span_id);
        prop_assert_eq!(view.parent_span_id, decoded.parent_span_id);
        prop_assert_eq!(view.trace_state, decoded.trace_state.as_bytes());
        prop_assert_eq!(view.flags, decoded.flags);
        prop_assert_eq!(view.name, decoded.name.as_bytes());
        prop_assert_eq!(view.kind, decoded.kind);
        prop_assert_eq!(view.start_unix_nano, decoded.start_time_unix_nano);
        prop_assert_eq!(view.end_unix_nano, decoded.end_time_unix_nano);
        let status = decoded.status.unwrap_or_default();
        prop_assert_eq!(view.status_code, status.code);
        prop_assert_eq!(view.status_message, status.message.as_bytes());
        let keys: Vec<&[u8]> = view.attributes().map(|pair| pair.unwrap().key).collect();
        let expected: Vec<&[u8]> = decoded.attributes.iter().map(|pair| pair.key.as_bytes()).collect();
        prop_assert_eq!(keys, expected);
        let linked: Vec<&[u8]> = view.link_trace_ids().collect();
        let expected: Vec<&[u8]> = decoded.links.iter().map(|link| link.trace_id.as_slice()).collect();
        prop_assert_eq!(linked, expected);
    }
}

/// A message of one field.
fn message(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    put_message(number, bytes, &mut message);
    message
}

/// A request with one span of these bytes.
fn with_span(span: &[u8]) -> Vec<u8> {
    message(1, &message(2, &message(2, span)))
}

#[test]
fn nesting_is_bounded_where_prost_bounds_it() {
    let nested = |depth: usize| {
        let mut value = Vec::new();
        for _ in 0..depth {
            value = message(5, &message(1, &value));
        }
        with_span(&message(9, &message(2, &value)))
    };
    let groups = |depth: usize| {
        let mut span = [0x9b, 0x06].repeat(depth);
        span.extend([0x9c, 0x06].repeat(depth));
        with_span(&span)
    };
    for depth in [
        0, 1, 46, 47, 48, 49, 50, 95, 96, 97, 98, 99, 100, 101, 10_000,
    ] {
        for bytes in [nested(depth), groups(depth)] {
            let accepted = check(Signal::Traces, &bytes).is_ok();
            assert_eq!(accepted, decoded(Signal::Traces, &bytes), "{depth}");
            read_all(Signal::Traces, &bytes);
        }
    }
}

#[test]
fn an_error_says_where_it_is() {
    let cases: [(&[u8], &str); 6] = [
        (&[0x2a, 1, 0xff], "Span: field 5 is not UTF-8"),
        (
            &[0x28, 1],
            "Span: field 5 has a type that does not belong to it",
        ),
        (&[0x2a, 5, b'a'], "Span: the bytes end within a field"),
        (&[0x07], "Span: a field has no valid number or type"),
        (&[0x9c, 0x06], "Span: a group ends that did not begin"),
        (
            &[
                0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
            ],
            "Span: a number is longer than ten bytes",
        ),
    ];
    for (span, expected) in cases {
        let error = check(Signal::Traces, &with_span(span)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_resource_that_stands_twice_is_merged() {
    let resource = |key: &str| message(1, &message(1, &message(1, key.as_bytes())));
    let group = [resource("a"), message(2, &[]), resource("b")].concat();
    let request = message(1, &group);
    let group = ResourceGroups::new(Signal::Traces, &request).next();
    let group = group.expect("one").expect("a group");
    let keys: Vec<&[u8]> = group
        .resource
        .attributes()
        .map(|pair| pair.unwrap().key)
        .collect();
    assert_eq!(keys, [b"a", b"b"]);
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans::default()],
            ..ResourceSpans::default()
        }],
    };
    let request = request.encode_to_vec();
    let mut groups = ResourceGroups::new(Signal::Traces, &request);
    let group = groups.next().expect("one").expect("a group");
    assert_eq!(group.resource.raw.len(), 0);
}
