//! What is split into columns and bytes comes out whole.

use std::sync::Arc;

use coldtrace_model::{AttributeValue, Resource, Scope, SpanKind, SpanOrigin, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::otlp::common::any_value::Value;
use crate::otlp::common::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use crate::{arbitrary, span};

/// The columns as the collector fills them.
fn columns(span: &otlp::trace::Span) -> StoredSpan {
    let wire = span.encode_to_vec();
    let view = SpanView::read(&wire).expect("a span");
    let mut split = Split::default();
    split.span(&view, &mut Known::default()).expect("a span");
    StoredSpan {
        trace_id: view.trace_id.try_into().unwrap_or_default(),
        span_id: view.span_id.try_into().unwrap_or_default(),
        parent_span_id: view.parent_span_id.try_into().unwrap_or_default(),
        name: owned(view.name),
        kind: SpanKind::from_number(view.kind) as u8,
        ts: view.start_unix_nano,
        duration_ns: view
            .end_unix_nano
            .wrapping_sub(view.start_unix_nano)
            .cast_signed(),
        status: StatusCode::from_number(view.status_code) as u8,
        status_message: owned(view.status_message),
        flags: view.flags,
        attrs: attrs(&split),
        attr_types: owned(split.types()),
        extra: split.extra().to_vec(),
    }
}

fn log_columns(record: &otlp::logs::LogRecord) -> StoredLog {
    let wire = record.encode_to_vec();
    let view = LogView::read(&wire).expect("a log record");
    let mut split = Split::default();
    split
        .log(&view, &mut Known::default())
        .expect("a log record");
    let mut body = Vec::new();
    wire::write_text(view.body, &mut body);
    StoredLog {
        ts: view.time_unix_nano,
        severity: u8::try_from(view.severity).unwrap_or_default(),
        body: owned(&body),
        trace_id: view.trace_id.try_into().unwrap_or_default(),
        span_id: view.span_id.try_into().unwrap_or_default(),
        attrs: attrs(&split),
        attr_types: owned(split.types()),
        extra: split.extra().to_vec(),
        ..StoredLog::default()
    }
}

/// As the store reads them.
fn attrs(split: &Split) -> Vec<(String, String)> {
    let keys = joined::read(split.keys());
    keys.zip(joined::read(split.values())).collect()
}

fn parts(split: &Split) -> [&[u8]; 4] {
    [split.keys(), split.values(), split.types(), split.extra()]
}

/// An attribute as a span's field, in any form in which it may be written; or a field between them.
fn attribute() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("faas.invocation_id".to_owned()),
        Just("k".repeat(127)),
        Just("k".repeat(128)),
    ];
    let value = prop_oneof![
        3 => arbitrary::any_value(),
        1 => Just(AnyValue { value: Some(Value::StringValue("v".repeat(300))) }),
    ];
    (key, value, 0..7_u8).prop_map(|(key, value, form)| {
        let value = value.encode_to_vec();
        let mut pair = Vec::new();
        match form {
            // The value first, the name twice, the value twice, a field that nobody knows, none but a name.
            0 => {
                wire::put_message(2, &value, &mut pair);
                wire::put_message(1, key.as_bytes(), &mut pair);
            }
            1 => {
                wire::put_message(1, b"other", &mut pair);
                wire::put_message(1, key.as_bytes(), &mut pair);
                wire::put_message(2, &value, &mut pair);
            }
            2 => {
                wire::put_message(1, key.as_bytes(), &mut pair);
                wire::put_message(2, &value, &mut pair);
                wire::put_message(2, &value, &mut pair);
            }
            3 => {
                wire::put_message(1, key.as_bytes(), &mut pair);
                wire::put_message(2, &value, &mut pair);
                wire::put_message(9, b"new", &mut pair);
            }
            4 => wire::put_message(1, key.as_bytes(), &mut pair),
            _ => {
                wire::put_message(1, key.as_bytes(), &mut pair);
                wire::put_message(2, &value, &mut pair);
            }
        }
        let mut field = Vec::new();
        wire::put_message(9, &pair, &mut field);
        if form == 5 {
            wire::put_message(3, b"between=them", &mut field);
        }
        field
    })
}

fn owned(text: &[u8]) -> String {
    String::from_utf8(text.to_vec()).expect("text")
}

fn read(stored: StoredSpan) -> Result<Span, StoredError> {
    span_from_stored(
        stored,
        Arc::new(Resource::default()),
        Arc::new(Scope::default()),
        SpanOrigin::default(),
    )
}

fn unsplit(span: otlp::trace::Span) -> Span {
    span::to_model(
        span,
        Arc::new(Resource::default()),
        Arc::new(Scope::default()),
        SpanOrigin::default(),
    )
    .expect("a span that can be taken")
}

/// As bytes, since NaN is not equal to itself.
fn bytes(span: &Span) -> Vec<u8> {
    span::from_model(span).encode_to_vec()
}

fn pair(key: &str, value: Option<Value>) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value }),
        ..KeyValue::default()
    }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::StringValue(text.to_owned()))
}

proptest! {
    #[test]
    fn a_span_comes_out_of_columns_and_bytes_as_it_went_in(span in arbitrary::span()) {
        let stored = read(columns(&span)).expect("what was split");
        prop_assert_eq!(bytes(&stored), bytes(&unsplit(span)));
    }

    /// The guess of a span's names changes nothing, whatever came before.
    #[test]
    fn a_span_is_split_alike_after_any_other(
        attributes in vec(vec(attribute(), 0..5), 1..8),
        name in "[ab]",
    ) {
        let spans = attributes.iter().map(|attributes| {
            let mut span = Vec::new();
            wire::put_message(5, name.as_bytes(), &mut span);
            attributes.iter().for_each(|field| span.extend_from_slice(field));
            span
        });
        let mut used = Split::default();
        for bytes in spans {
            let view = SpanView::read(&bytes).expect("a span");
            let mut fresh = Split::default();
            let (mut known, mut known_fresh) = (Known::default(), Known::default());
            used.span(&view, &mut known).expect("a span");
            fresh.span(&view, &mut known_fresh).expect("a span");
            prop_assert_eq!(parts(&used), parts(&fresh));
            prop_assert_eq!(known.invocation_id(), known_fresh.invocation_id());
            let expected: Result<Vec<_>, _> = view.attributes().collect();
            let keys = expected.expect("attributes").into_iter().map(|attribute| owned(attribute.key));
            prop_assert_eq!(joined::read(used.keys()).collect::<Vec<_>>(), keys.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_resource_and_a_scope_come_out_of_their_bytes(
        resource in arbitrary::resource(),
        scope in arbitrary::scope(),
    ) {
        let url = || "https://schema".to_owned();
        let stored = resource_from_raw(&resource_raw(&resource), url()).expect("what was encoded");
        prop_assert_eq!(&stored.schema_url, "https://schema");
        let unsplit = span::resource_to_model(Some(resource), url());
        prop_assert_eq!(format!("{stored:?}"), format!("{unsplit:?}"));
        let stored = scope_from_raw(&scope_raw(&scope), url()).expect("what was encoded");
        let unsplit = span::scope_to_model(Some(scope), url());
        prop_assert_eq!(format!("{stored:?}"), format!("{unsplit:?}"));
    }

    #[test]
    fn a_log_record_comes_out_of_columns_and_bytes(record in arbitrary::log_record()) {
        let columns = log_columns(&record);
        let stored = log_from_stored(columns.clone()).expect("what was split");
        prop_assert_eq!(stored.body, columns.body);
        let attributes = crate::attributes_to_model(record.attributes);
        prop_assert_eq!(format!("{:?}", stored.attributes), format!("{attributes:?}"));
    }

    #[test]
    fn bytes_that_nobody_wrote_are_an_error_at_worst(
        extra in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let span = StoredSpan { trace_id: [1; 16], span_id: [1; 8], ts: 1, extra: extra.clone(), ..StoredSpan::default() };
        // Either is fine; a panic is not.
        drop(read(span));
        drop(log_from_stored(StoredLog { extra: extra.clone(), ..StoredLog::default() }));
        drop(resource_from_raw(&extra, String::new()));
        drop(scope_from_raw(&extra, String::new()));
    }
}

#[test]
fn a_span_that_the_columns_hold_whole_leaves_no_bytes() {
    let span = otlp::trace::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        parent_span_id: vec![3; 8],
        name: "work".to_owned(),
        kind: 2,
        start_time_unix_nano: 1,
        end_time_unix_nano: 2,
        status: Some(otlp::trace::Status {
            message: "no".to_owned(),
            code: 2,
        }),
        ..otlp::trace::Span::default()
    };
    assert_eq!(columns(&span).extra, Vec::<u8>::new());
    assert_eq!(bytes(&read(columns(&span)).unwrap()), bytes(&unsplit(span)));
}

#[test]
fn what_a_text_gives_back_stands_in_the_map_alone() {
    let span = otlp::trace::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: 1,
        flags: 257,
        attributes: vec![
            pair("statement", text("select 1")),
            pair("rows", Some(Value::IntValue(-3))),
            pair("share", Some(Value::DoubleValue(-0.0))),
            pair("hit", Some(Value::BoolValue(true))),
            pair("key", Some(Value::BytesValue(vec![0, 255]))),
            pair("none", None),
            pair("rows", Some(Value::IntValue(4))),
        ],
        ..otlp::trace::Span::default()
    };
    let split = columns(&span);
    assert_eq!(split.attr_types, "sidbyei");
    assert_eq!(split.extra, Vec::<u8>::new());
    assert_eq!(bytes(&read(split).unwrap()), bytes(&unsplit(span.clone())));

    let texts = otlp::trace::Span {
        attributes: vec![pair("statement", text("select 1"))],
        ..span
    };
    assert_eq!(columns(&texts).attr_types, "", "all are text");
}

#[test]
fn attributes_that_lost_a_part_are_an_error_that_says_which() {
    let list = Value::ArrayValue(ArrayValue::default());
    let span = otlp::trace::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: 1,
        attributes: vec![
            pair("n", Some(Value::IntValue(1))),
            pair("list", Some(list)),
        ],
        ..otlp::trace::Span::default()
    };
    let whole = columns(&span);
    let told = |stored| read(stored).unwrap_err().to_string();
    let fewer = StoredSpan {
        attrs: whole.attrs[..1].to_vec(),
        ..whole.clone()
    };
    assert_eq!(told(fewer), "1 stored attributes have 2 types");
    let other = StoredSpan {
        attr_types: "bx".to_owned(),
        ..whole.clone()
    };
    assert_eq!(
        told(other),
        "the stored attribute \"n\" is not of its type 'b'"
    );
    let lost = StoredSpan {
        extra: Vec::new(),
        ..whole
    };
    assert_eq!(
        told(lost),
        "the stored attribute \"list\" is not of its type 'x'"
    );
}

#[test]
fn a_line_that_never_was_otlp_takes_its_attributes_from_the_map() {
    let stored = StoredLog {
        body: "hello".to_owned(),
        request_id: "r-1".to_owned(),
        attrs: vec![("level".to_owned(), "info".to_owned())],
        ..StoredLog::default()
    };
    let record = log_from_stored(stored).unwrap();
    assert_eq!(
        record.attributes,
        [(
            "level".to_owned(),
            AttributeValue::String("info".to_owned())
        )]
    );
    assert_eq!(record.request_id.unwrap().as_str(), "r-1");
}

#[test]
fn every_attribute_is_text_in_its_place() {
    let list = ArrayValue {
        values: vec![
            AnyValue {
                value: text("a\"\n"),
            },
            AnyValue {
                value: Some(Value::DoubleValue(f64::NAN)),
            },
            AnyValue { value: None },
        ],
    };
    let map = KeyValueList {
        values: vec![pair("k", Some(Value::BytesValue(vec![1, 2])))],
    };
    let attributes = [
        pair("z", text("first")),
        pair("bool", Some(Value::BoolValue(true))),
        pair("bytes", Some(Value::BytesValue(vec![0xff]))),
        pair("double", Some(Value::DoubleValue(0.25))),
        pair("empty", None),
        pair("huge", Some(Value::DoubleValue(1e300))),
        pair("int", Some(Value::IntValue(-7))),
        pair("list", Some(Value::ArrayValue(list))),
        pair("map", Some(Value::KvlistValue(map))),
        pair("whole", Some(Value::DoubleValue(200.0))),
        pair("z", text("last")),
    ];
    let expected = [
        ("z", "first"),
        ("bool", "true"),
        ("bytes", "/w=="),
        ("double", "0.25"),
        ("empty", ""),
        ("huge", "1e300"),
        ("int", "-7"),
        ("list", "[\"a\\\"\\n\",\"NaN\",null]"),
        ("map", "{\"k\":\"AQI=\"}"),
        ("whole", "200"),
        ("z", "last"),
    ];
    let span = otlp::trace::Span {
        attributes: attributes.to_vec(),
        ..otlp::trace::Span::default()
    };
    let expected = expected.map(|(key, text)| (key.to_owned(), text.to_owned()));
    assert_eq!(columns(&span).attrs, expected);
}
