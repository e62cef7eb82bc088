//! What is split into columns and bytes comes out whole.

use std::sync::Arc;

use coldtrace_model::{Resource, Scope, SpanKind, SpanOrigin, StatusCode};
use proptest::prelude::*;

use super::*;
use crate::otlp::common::{ArrayValue, KeyValueList};
use crate::{arbitrary, span};

/// The columns as the collector fills them.
fn columns(span: &otlp::trace::Span) -> StoredSpan {
    let array = |bytes: &[u8]| bytes.try_into().unwrap_or_default();
    let status = span.status.clone().unwrap_or_default();
    StoredSpan {
        trace_id: span.trace_id.as_slice().try_into().unwrap_or_default(),
        span_id: array(&span.span_id),
        parent_span_id: array(&span.parent_span_id),
        name: span.name.clone(),
        kind: SpanKind::from_number(span.kind) as u8,
        ts: span.start_time_unix_nano,
        duration_ns: span
            .end_time_unix_nano
            .wrapping_sub(span.start_time_unix_nano)
            .cast_signed(),
        status: StatusCode::from_number(status.code) as u8,
        status_message: status.message,
        attrs: owned(attribute_text(&span.attributes)),
        extra: span_extra(span),
    }
}

fn owned(texts: Vec<(&str, Cow<'_, str>)>) -> Vec<(String, String)> {
    let texts = texts.into_iter();
    texts
        .map(|(key, text)| (key.to_owned(), text.into_owned()))
        .collect()
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
        let stored = log_from_stored(StoredLog {
            ts: record.time_unix_nano,
            severity: u8::try_from(record.severity_number).unwrap_or_default(),
            body: body_text(record.body.as_ref()).into_owned(),
            trace_id: record.trace_id.as_slice().try_into().unwrap_or_default(),
            span_id: record.span_id.as_slice().try_into().unwrap_or_default(),
            attrs: owned(attribute_text(&record.attributes)),
            extra: log_extra(&record),
            ..StoredLog::default()
        })
        .expect("what was split");
        prop_assert_eq!(stored.body, body_text(record.body.as_ref()));
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
    assert_eq!(span_extra(&span), Vec::<u8>::new());
    assert_eq!(bytes(&read(columns(&span)).unwrap()), bytes(&unsplit(span)));
}

#[test]
fn text_stands_in_the_map_alone() {
    let sentence = "select from orders where customer = 7";
    let span = otlp::trace::Span {
        attributes: vec![pair("db.query.text", text(sentence))],
        ..otlp::trace::Span::default()
    };
    let extra = span_extra(&span);
    let is_in = |needle: &str| {
        extra
            .windows(needle.len())
            .any(|at| at == needle.as_bytes())
    };
    assert!(
        is_in("db.query.text"),
        "the key keeps the attribute's place"
    );
    assert!(!is_in(sentence));
}

#[test]
fn a_text_that_the_map_lost_is_an_error_that_names_it() {
    let span = otlp::trace::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: 1,
        attributes: vec![pair("k", text("v"))],
        ..otlp::trace::Span::default()
    };
    let stored = StoredSpan {
        attrs: Vec::new(),
        ..columns(&span)
    };
    let error = read(stored).unwrap_err();
    assert_eq!(error.to_string(), "the text of attribute \"k\" is missing");
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
fn every_attribute_is_text_once_in_order_of_keys() {
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
    assert_eq!(
        attribute_text(&attributes),
        expected.map(|(key, text)| (key, Cow::Borrowed(text)))
    );
}
