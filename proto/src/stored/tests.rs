use coldtrace_testkit::any_span;
use proptest::prelude::*;

use super::*;
use crate::otlp::common::ArrayValue;

/// As the collector files a span, and the query service reads it.
fn columns(span: &otlp::trace::Span) -> StoredSpan {
    let id = |bytes: &[u8]| bytes.try_into().unwrap_or_default();
    let status = span.status.clone().unwrap_or_default();
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    StoredSpan {
        trace_id: span.trace_id.as_slice().try_into().unwrap_or_default(),
        span_id: id(&span.span_id),
        parent_span_id: id(&span.parent_span_id),
        name: span.name.clone(),
        kind: u8::try_from(span.kind).unwrap_or(0),
        ts: start,
        duration_ns: end.cast_signed() - start.cast_signed(),
        status: u8::try_from(status.code).unwrap_or(0),
        status_message: status.message,
        attrs: attribute_text(&span.attributes)
            .into_iter()
            .map(|(key, text)| (key.to_owned(), text.into_owned()))
            .collect(),
        extra: span_extra(span),
    }
}

proptest! {
    #[test]
    fn what_comes_out_of_the_columns_equals_what_went_in(span in any_span()) {
        let stored = columns(&span::from_model(&span));
        let (resource, scope) = (Arc::clone(&span.resource), Arc::clone(&span.scope));
        let read = span_from_stored(stored, resource, scope, span.origin.clone());
        prop_assert_eq!(read.expect("it was just stored"), span);
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    any(key, Some(Value::StringValue(value.to_owned())))
}

fn any(key: &str, value: Option<Value>) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value }),
        ..KeyValue::default()
    }
}

#[test]
fn repeated_keys_and_values_that_are_absent_or_empty_are_kept_apart() {
    let attributes = vec![
        text("twice", "one"),
        text("once", "text"),
        text("twice", "two"),
        any("empty", None),
        text("no text", ""),
        any("nan", Some(Value::DoubleValue(f64::INFINITY))),
    ];
    let span = otlp::trace::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: 5,
        end_time_unix_nano: 3,
        kind: 77,
        attributes,
        ..otlp::trace::Span::default()
    };
    let read = span_from_stored(
        columns(&span),
        Arc::default(),
        Arc::default(),
        SpanOrigin::default(),
    );
    let sent = span::to_model(span, Arc::default(), Arc::default(), SpanOrigin::default());
    assert_eq!(read.expect("it was just stored"), sent.expect("it is good"));
}

#[test]
fn text_is_not_stored_twice() {
    let span = otlp::trace::Span {
        attributes: vec![text("key", &"long ".repeat(100))],
        ..otlp::trace::Span::default()
    };
    assert!(span_extra(&span).len() < 16, "the key alone");
}

#[test]
fn every_attribute_has_a_text_to_be_found_by() {
    let list = ArrayValue {
        values: vec![
            AnyValue {
                value: Some(Value::IntValue(-1)),
            },
            AnyValue {
                value: Some(Value::StringValue("a\"\n".to_owned())),
            },
            AnyValue { value: None },
        ],
    };
    let attributes = [
        any("z", Some(Value::IntValue(i64::MIN))),
        any("truth", Some(Value::BoolValue(true))),
        any("list", Some(Value::ArrayValue(list))),
        any("bytes", Some(Value::BytesValue(vec![0, 255]))),
        any("double", Some(Value::DoubleValue(0.5))),
        any("z", Some(Value::IntValue(7))),
    ];
    let texts: Vec<(&str, String)> = attribute_text(&attributes)
        .into_iter()
        .map(|(key, text)| (key, text.into_owned()))
        .collect();
    let expected = [
        ("bytes", "AP8="),
        ("double", "0.5"),
        ("list", r#"[-1,"a\"\n",null]"#),
        ("truth", "true"),
        ("z", "7"),
    ];
    assert_eq!(texts, expected.map(|(key, text)| (key, text.to_owned())));
}

#[test]
fn a_log_record_survives_its_columns() {
    let record = otlp::logs::LogRecord {
        time_unix_nano: 9,
        severity_number: 17,
        body: Some(AnyValue {
            value: Some(Value::StringValue("it broke".to_owned())),
        }),
        attributes: vec![text("a", "b"), any("n", Some(Value::IntValue(1)))],
        ..otlp::logs::LogRecord::default()
    };
    let stored = StoredLog {
        ts: 9,
        severity: 17,
        body: body_text(record.body.as_ref()).into_owned(),
        attrs: vec![
            ("a".to_owned(), "b".to_owned()),
            ("n".to_owned(), "1".to_owned()),
        ],
        extra: log_extra(&record),
        ..StoredLog::default()
    };
    let read = log_from_stored(stored).expect("it was just stored");
    assert_eq!((read.time, read.severity), (UnixNanos(9), 17));
    assert_eq!(read.body, "it broke");
    let expected = [
        ("a".to_owned(), AttributeValue::String("b".to_owned())),
        ("n".to_owned(), AttributeValue::Int(1)),
    ];
    assert_eq!(read.attributes, expected);
}
