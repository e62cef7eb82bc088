//! What an encoder meant is what is read, in every style; what is wrong names its place.

use std::fmt::Write as _;

use base64::Engine as _;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Map, Value, json};

use super::*;
use crate::arbitrary;
use crate::otlp::common::any_value::Value as Any;
use crate::otlp::common::{AnyValue, InstrumentationScope, KeyValue};
use crate::otlp::logs::{LogRecord, SeverityNumber};
use crate::otlp::resource::Resource;
use crate::otlp::trace::span::{Event, SpanKind};
use crate::otlp::trace::status::StatusCode;
use crate::otlp::trace::{Span, Status};
use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};

/// How an encoder writes what OTLP's JSON leaves open, or what encoders do anyway.
#[derive(Clone, Copy, Debug)]
struct Style {
    has_snake_case: bool,
    has_quoted_integers: bool,
    has_upper_case_ids: bool,
    has_defaults: bool,
    enumerations: Enumerations,
}

#[derive(Clone, Copy, Debug)]
enum Enumerations {
    Numbers,
    Names,
    ShortNames,
}

fn style() -> impl Strategy<Value = Style> {
    let enumerations = proptest::sample::select(vec![
        Enumerations::Numbers,
        Enumerations::Names,
        Enumerations::ShortNames,
    ]);
    (any::<[bool; 4]>(), enumerations).prop_map(|(has, enumerations)| Style {
        has_snake_case: has[0],
        has_quoted_integers: has[1],
        has_upper_case_ids: has[2],
        has_defaults: has[3],
        enumerations,
    })
}

// === an encoder ===

impl Style {
    fn object<const N: usize>(self, fields: [(&str, Option<Value>); N]) -> Value {
        let mut object = Map::new();
        for (name, value) in fields {
            let value = match value {
                Some(value) => value,
                None if self.has_defaults => Value::Null,
                None => continue,
            };
            let name = match self.has_snake_case {
                true => snake_case(name),
                false => name.to_owned(),
            };
            object.insert(name, value);
        }
        if self.has_defaults {
            object.insert("unheardOf".to_owned(), json!({"a": [1, {"b": null}]}));
        }
        Value::Object(object)
    }

    fn list<T>(self, items: &[T], write: impl Fn(Self, &T) -> Value) -> Option<Value> {
        let is_written = self.has_defaults || !items.is_empty();
        is_written.then(|| items.iter().map(|item| write(self, item)).collect())
    }

    fn text(self, text: &str) -> Option<Value> {
        (self.has_defaults || !text.is_empty()).then(|| text.into())
    }

    fn integer(self, number: impl Into<i128>) -> Value {
        let number = number.into();
        match self.has_quoted_integers {
            true => number.to_string().into(),
            false => serde_json::from_str(&number.to_string()).expect("an integer"),
        }
    }

    fn id(self, id: &[u8]) -> Option<Value> {
        let mut digits = String::new();
        for byte in id {
            write!(digits, "{byte:02x}").expect("writing to a string does not fail");
        }
        self.text(&match self.has_upper_case_ids {
            true => digits.to_uppercase(),
            false => digits,
        })
    }

    fn enumeration(self, number: i32, prefix: &str, name: Option<&str>) -> Value {
        match (self.enumerations, name) {
            (Enumerations::Names, Some(name)) => name.into(),
            (Enumerations::ShortNames, Some(name)) => {
                name.trim_start_matches(prefix).to_lowercase().into()
            }
            (Enumerations::Numbers, _) | (_, None) => number.into(),
        }
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn traces(style: Style, request: &ExportTraceServiceRequest) -> Value {
    let list = style.list(&request.resource_spans, |style, item| {
        let scopes = style.list(&item.scope_spans, |style, item| {
            style.object([
                ("scope", item.scope.as_ref().map(|it| scope(style, it))),
                ("spans", style.list(&item.spans, span)),
                ("schemaUrl", style.text(&item.schema_url)),
            ])
        });
        style.object([
            (
                "resource",
                item.resource.as_ref().map(|it| resource(style, it)),
            ),
            ("scopeSpans", scopes),
            ("schemaUrl", style.text(&item.schema_url)),
        ])
    });
    style.object([("resourceSpans", list)])
}

fn logs(style: Style, request: &ExportLogsServiceRequest) -> Value {
    let list = style.list(&request.resource_logs, |style, item| {
        let scopes = style.list(&item.scope_logs, |style, item| {
            style.object([
                ("scope", item.scope.as_ref().map(|it| scope(style, it))),
                ("logRecords", style.list(&item.log_records, log_record)),
                ("schemaUrl", style.text(&item.schema_url)),
            ])
        });
        style.object([
            (
                "resource",
                item.resource.as_ref().map(|it| resource(style, it)),
            ),
            ("scopeLogs", scopes),
            ("schemaUrl", style.text(&item.schema_url)),
        ])
    });
    style.object([("resourceLogs", list)])
}

fn resource(style: Style, resource: &Resource) -> Value {
    style.object([
        ("attributes", style.list(&resource.attributes, key_value)),
        (
            "droppedAttributesCount",
            Some(resource.dropped_attributes_count.into()),
        ),
    ])
}

fn scope(style: Style, scope: &InstrumentationScope) -> Value {
    style.object([
        ("name", style.text(&scope.name)),
        ("version", style.text(&scope.version)),
        ("attributes", style.list(&scope.attributes, key_value)),
        (
            "droppedAttributesCount",
            Some(scope.dropped_attributes_count.into()),
        ),
    ])
}

fn span(style: Style, span: &Span) -> Value {
    let kind = SpanKind::try_from(span.kind).ok();
    let kind = style.enumeration(span.kind, "SPAN_KIND_", kind.map(|kind| kind.as_str_name()));
    let events = style.list(&span.events, |style, event| {
        style.object([
            ("timeUnixNano", Some(style.integer(event.time_unix_nano))),
            ("name", style.text(&event.name)),
            ("attributes", style.list(&event.attributes, key_value)),
            (
                "droppedAttributesCount",
                Some(event.dropped_attributes_count.into()),
            ),
        ])
    });
    let links = style.list(&span.links, |style, link| {
        style.object([
            ("traceId", style.id(&link.trace_id)),
            ("spanId", style.id(&link.span_id)),
            ("traceState", style.text(&link.trace_state)),
            ("attributes", style.list(&link.attributes, key_value)),
            (
                "droppedAttributesCount",
                Some(link.dropped_attributes_count.into()),
            ),
            ("flags", Some(link.flags.into())),
        ])
    });
    style.object([
        ("traceId", style.id(&span.trace_id)),
        ("spanId", style.id(&span.span_id)),
        ("traceState", style.text(&span.trace_state)),
        ("parentSpanId", style.id(&span.parent_span_id)),
        ("flags", Some(span.flags.into())),
        ("name", style.text(&span.name)),
        ("kind", Some(kind)),
        (
            "startTimeUnixNano",
            Some(style.integer(span.start_time_unix_nano)),
        ),
        (
            "endTimeUnixNano",
            Some(style.integer(span.end_time_unix_nano)),
        ),
        ("attributes", style.list(&span.attributes, key_value)),
        (
            "droppedAttributesCount",
            Some(span.dropped_attributes_count.into()),
        ),
        ("events", events),
        ("droppedEventsCount", Some(span.dropped_events_count.into())),
        ("links", links),
        ("droppedLinksCount", Some(span.dropped_links_count.into())),
        ("status", span.status.as_ref().map(|it| status(style, it))),
    ])
}

fn status(style: Style, status: &Status) -> Value {
    let name = StatusCode::try_from(status.code).ok();
    let name = name.map(|code| code.as_str_name());
    style.object([
        ("message", style.text(&status.message)),
        (
            "code",
            Some(style.enumeration(status.code, "STATUS_CODE_", name)),
        ),
    ])
}

fn log_record(style: Style, record: &LogRecord) -> Value {
    let name = SeverityNumber::try_from(record.severity_number).ok();
    let name = name.map(|number| number.as_str_name());
    let severity = style.enumeration(record.severity_number, "SEVERITY_NUMBER_", name);
    style.object([
        ("timeUnixNano", Some(style.integer(record.time_unix_nano))),
        (
            "observedTimeUnixNano",
            Some(style.integer(record.observed_time_unix_nano)),
        ),
        ("severityNumber", Some(severity)),
        ("severityText", style.text(&record.severity_text)),
        (
            "body",
            record.body.as_ref().map(|body| any_value(style, body)),
        ),
        ("attributes", style.list(&record.attributes, key_value)),
        (
            "droppedAttributesCount",
            Some(record.dropped_attributes_count.into()),
        ),
        ("flags", Some(record.flags.into())),
        ("traceId", style.id(&record.trace_id)),
        ("spanId", style.id(&record.span_id)),
        ("eventName", style.text(&record.event_name)),
    ])
}

fn key_value(style: Style, pair: &KeyValue) -> Value {
    style.object([
        ("key", style.text(&pair.key)),
        (
            "value",
            pair.value.as_ref().map(|value| any_value(style, value)),
        ),
    ])
}

fn any_value(style: Style, value: &AnyValue) -> Value {
    let Some(value) = &value.value else {
        return json!({});
    };
    let (name, value) = match value {
        Any::StringValue(text) => ("stringValue", text.as_str().into()),
        Any::BoolValue(truth) => ("boolValue", (*truth).into()),
        Any::IntValue(number) => ("intValue", style.integer(*number)),
        Any::DoubleValue(number) if number.is_nan() => ("doubleValue", "NaN".into()),
        Any::DoubleValue(f64::INFINITY) => ("doubleValue", "Infinity".into()),
        Any::DoubleValue(f64::NEG_INFINITY) => ("doubleValue", "-Infinity".into()),
        Any::DoubleValue(number) => ("doubleValue", (*number).into()),
        Any::BytesValue(bytes) => {
            let engine = base64::engine::general_purpose::STANDARD;
            ("bytesValue", engine.encode(bytes).into())
        }
        Any::ArrayValue(list) => {
            let values = style.list(&list.values, any_value);
            ("arrayValue", style.object([("values", values)]))
        }
        Any::KvlistValue(list) => {
            let values = style.list(&list.values, key_value);
            ("kvlistValue", style.object([("values", values)]))
        }
        Any::StringValueStrindex(_) => unreachable!("only profiles have it"),
    };
    style.object([(name, Some(value))])
}

// === tests ===

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Bytes are compared, since NaN is not equal to itself.
    #[test]
    fn traces_are_read_as_they_were_meant_in_every_style(
        request in arbitrary::traces(),
        style in style(),
    ) {
        let text = traces(style, &request).to_string();
        let read = decode_traces(text.as_bytes()).expect("what an encoder wrote");
        prop_assert_eq!(read.encode_to_vec(), request.encode_to_vec(), "{}", text);
        let written = traces_to_protobuf(text.as_bytes()).expect("it was read");
        prop_assert!(written.len() <= text.len());
    }

    #[test]
    fn logs_are_read_as_they_were_meant_in_every_style(
        request in arbitrary::logs(),
        style in style(),
    ) {
        let text = logs(style, &request).to_string();
        let read = decode_logs(text.as_bytes()).expect("what an encoder wrote");
        prop_assert_eq!(read.encode_to_vec(), request.encode_to_vec(), "{}", text);
    }

    #[test]
    fn text_that_was_damaged_is_an_error_at_worst(
        request in arbitrary::traces(),
        style in style(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut text = traces(style, &request).to_string().into_bytes();
        for (at, byte) in damage {
            let at = at.index(text.len());
            text[at] = byte;
        }
        // Either is fine; a panic is not.
        drop(decode_traces(&text));
    }

    #[test]
    fn bytes_that_are_no_json_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..32)) {
        prop_assume!(serde_json::from_slice::<Value>(&bytes).is_err());
        prop_assert!(decode_logs(&bytes).is_err());
    }
}

fn decode_traces(text: &[u8]) -> Result<ExportTraceServiceRequest, JsonError> {
    let bytes = traces_to_protobuf(text)?;
    Ok(ExportTraceServiceRequest::decode(bytes.as_slice()).expect("it wrote protobuf"))
}

fn decode_logs(text: &[u8]) -> Result<ExportLogsServiceRequest, JsonError> {
    let bytes = logs_to_protobuf(text)?;
    Ok(ExportLogsServiceRequest::decode(bytes.as_slice()).expect("it wrote protobuf"))
}

/// The one span of a request with this text for it.
fn one(span: &str) -> Result<Span, JsonError> {
    let text = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#);
    let mut request = decode_traces(text.as_bytes())?;
    Ok(request.resource_spans[0].scope_spans[0].spans.remove(0))
}

/// The one value of a span with this text for it.
fn value(value: &str) -> Result<Option<AnyValue>, JsonError> {
    let span = one(&format!(
        r#"{{"attributes":[{{"key":"k","value":{value}}}]}}"#
    ))?;
    Ok(span.attributes[0].value.clone())
}

#[test]
fn a_span_as_the_specification_writes_it_is_read() {
    let span = one(r#"{
            "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174",
            "parentSpanId": "", "traceState": "a=b", "flags": 257, "name": "I'm a server span",
            "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": 1544712661000000000,
            "kind": 2,
            "attributes": [{"key": "my.span.attr", "value": {"stringValue": "some value"}}],
            "events": [{"timeUnixNano": "5", "name": "e"}],
            "status": {"code": 2, "message": "it broke"}
        }"#);
    let expected = Span {
        trace_id: 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c_u128
            .to_be_bytes()
            .to_vec(),
        span_id: 0xeee1_9b7e_c3c1_b174_u64.to_be_bytes().to_vec(),
        trace_state: "a=b".to_owned(),
        flags: 257,
        name: "I'm a server span".to_owned(),
        start_time_unix_nano: 1_544_712_660_000_000_000,
        end_time_unix_nano: 1_544_712_661_000_000_000,
        kind: 2,
        attributes: vec![KeyValue {
            key: "my.span.attr".to_owned(),
            value: Some(AnyValue {
                value: Some(Any::StringValue("some value".to_owned())),
            }),
            ..KeyValue::default()
        }],
        events: vec![Event {
            time_unix_nano: 5,
            name: "e".to_owned(),
            ..Event::default()
        }],
        status: Some(Status {
            code: 2,
            message: "it broke".to_owned(),
        }),
        ..Span::default()
    };
    assert_eq!(span.unwrap(), expected);
}

#[test]
fn enumerations_are_numbers_digits_or_names() {
    for kind in [
        "3",
        "3.0",
        "\"3\"",
        "\"client\"",
        "\"CLIENT\"",
        "\"SPAN_KIND_CLIENT\"",
    ] {
        let span = one(&format!(r#"{{"kind":{kind}}}"#)).unwrap();
        assert_eq!(span.kind, 3, "{kind}");
    }
}

#[test]
fn what_is_wrong_names_its_place() {
    let cases = [
        ("7", "the request: expected an object, found 7"),
        ("null", ""),
        (
            r#"{"resourceSpans":{}}"#,
            "resourceSpans: expected a list, found an object",
        ),
        (
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"name":7}]}]}]}"#,
            "resourceSpans[0].scopeSpans[0].spans[1].name: expected a string, found 7",
        ),
        (
            r#"{"resource_spans":[[]]}"#,
            "resource_spans[0]: expected an object, found a list",
        ),
        (
            r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"intValue":"seven"}}]}}]}"#,
            "resourceSpans[0].resource.attributes[0].value.intValue: \
             expected a 64-bit integer, as a string or a number, found \"seven\"",
        ),
        (
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"butler"}]}]}]}"#,
            "resourceSpans[0].scopeSpans[0].spans[0].kind: \
             expected a span kind's number or name, found \"butler\"",
        ),
        (
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":4294967296}]}]}]}"#,
            "resourceSpans[0].scopeSpans[0].spans[0].flags: \
             expected an unsigned 32-bit integer, found 4294967296",
        ),
        (
            "{",
            "not JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("{} x", "not JSON: trailing characters at line 1 column 4"),
    ];
    for (text, message) in cases {
        let said = decode_traces(text.as_bytes())
            .map_or_else(|error| error.to_string(), |_| String::new());
        assert_eq!(said, message, "{text}");
    }
}

#[test]
fn a_bad_id_costs_its_span_and_not_the_request() {
    for (id, bytes) in [
        ("", &[][..]),
        ("0aFf", &[0x0a, 0xff]),
        ("xyz", &[0]),
        ("0", &[0]),
        ("AAAAAAAAAAAAAAAAAAAAAA==", &[0]),
        ("ééééé", &[0]),
    ] {
        let span = one(&format!(r#"{{"traceId":"{id}"}}"#)).unwrap();
        assert_eq!(span.trace_id, bytes, "{id}");
    }
}

#[test]
fn integers_are_read_from_whatever_holds_them() {
    let read = |text: &str| one(&format!(r#"{{"startTimeUnixNano":{text}}}"#));
    for (text, number) in [
        ("\"1700000000000000001\"", 1_700_000_000_000_000_001),
        ("1700000000000000001", 1_700_000_000_000_000_001),
        ("1.7e18", 1_700_000_000_000_000_000),
        ("18446744073709551615", u64::MAX),
        ("null", 0),
    ] {
        assert_eq!(read(text).unwrap().start_time_unix_nano, number, "{text}");
    }
    for text in [
        "-1",
        "1.5",
        "1e20",
        "\"\"",
        "\"1.0\"",
        "true",
        "[]",
        "18446744073709551616",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let read = |text: &str| value(&format!(r#"{{"intValue":{text}}}"#));
    for (text, number) in [
        ("\"-9223372036854775808\"", i64::MIN),
        ("-9223372036854775808", i64::MIN),
        ("1e3", 1000),
    ] {
        let value = Some(Any::IntValue(number));
        assert_eq!(read(text).unwrap(), Some(AnyValue { value }), "{text}");
    }
    assert!(read("9223372036854775808").is_err());
}

#[test]
fn bytes_are_read_from_either_alphabet_padded_or_not() {
    for text in ["-_8=", "-_8", "+/8=", "+/8"] {
        let value = value(&format!(r#"{{"bytesValue":"{text}"}}"#)).unwrap();
        assert_eq!(
            value.unwrap().value,
            Some(Any::BytesValue(vec![0xfb, 0xff])),
            "{text}"
        );
    }
}

#[test]
fn null_is_what_is_not_there() {
    assert_eq!(value("null").unwrap(), None);
    assert_eq!(value("{}").unwrap(), Some(AnyValue::default()));
    let both = value(r#"{"boolValue":true,"stringValue":null}"#)
        .unwrap()
        .unwrap();
    assert_eq!(both.value, Some(Any::BoolValue(true)));
    assert_eq!(
        one(r#"{"attributes":[null],"status":null}"#).unwrap(),
        Span::default()
    );
    let Some(Any::ArrayValue(list)) =
        value(r#"{"arrayValue":{"values":[{"intValue":1},null,{"intValue":2}]}}"#)
            .unwrap()
            .unwrap()
            .value
    else {
        panic!("a list");
    };
    assert_eq!(list.values.len(), 3, "items after it keep their places");
}

#[test]
fn half_an_emoji_costs_a_letter_and_not_the_request() {
    let name = |text: &str| one(&format!(r#"{{"name":"{text}"}}"#)).map(|span| span.name);
    assert_eq!(name(r"cut \ud83d").unwrap(), "cut \u{fffd}");
    assert_eq!(
        name(r"\ude00 \ud83d\ud83d\ude00").unwrap(),
        "\u{fffd} \u{fffd}\u{1f600}"
    );
    assert_eq!(name(r"\ud83d\n").unwrap(), "\u{fffd}\n");
    assert_eq!(name(r"\\ud83d \ud83d").unwrap(), r"\ud83d �");
    assert!(name(r"\ud83").is_err());
    assert!(name(r"\ud83d \x").is_err());
}

#[test]
fn the_deepest_value_that_is_read_survives_protobuf_and_one_deeper_names_its_place() {
    let nested = |levels: usize| {
        let open = r#"{"kvlistValue":{"values":[{"key":"k","value":"#.repeat(levels);
        let close = "}]}}".repeat(levels);
        let event = format!(r#"{{"attributes":[{{"key":"k","value":{open}{{}}{close}}}]}}"#);
        let text = format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"events":[{event}]}}]}}]}}]}}"#
        );
        decode_traces(text.as_bytes())
    };
    let request = nested(MAX_DEPTH).unwrap();
    let bytes = request.encode_to_vec();
    assert_eq!(
        ExportTraceServiceRequest::decode(bytes.as_slice()),
        Ok(request)
    );
    let JsonError::TooDeep { place } = nested(MAX_DEPTH + 1).unwrap_err() else {
        panic!("too deep");
    };
    assert!(place.starts_with(
        "resourceSpans[0].scopeSpans[0].spans[0].events[0].attributes[0].value.kvlistValue"
    ));
}

#[test]
fn no_depth_breaks_the_stack() {
    for open in [
        "[",
        "{\"x\":",
        "{\"resourceSpans\":[",
        "{\"arrayValue\":{\"values\":[",
    ] {
        let text = open.repeat(200_000);
        assert!(decode_traces(text.as_bytes()).is_err());
        assert!(one(&format!("{{\"x\":{text}")).is_err());
        assert!(value(&text).is_err());
    }
}

#[test]
fn an_unknown_field_may_hold_anything() {
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    let text = format!(r#"{{"x":{deep},"resourceSpans":[],"y":"\u00e9","z":1e400}}"#);
    // A number beyond a double is skipped as well.
    assert_eq!(
        decode_traces(text.as_bytes()).unwrap(),
        ExportTraceServiceRequest::default()
    );
}

#[test]
fn a_name_that_is_given_twice_follows_protobufs_rule() {
    let twice = r#"{"name":"a","attributes":[{"key":"k"}],"name":"b","attributes":[{"key":"l"}]}"#;
    let span = one(twice).unwrap();
    assert_eq!(span.name, "b");
    assert_eq!(span.attributes.len(), 2);
}

#[test]
fn a_byte_order_mark_is_left_out() {
    let text = b"\xEF\xBB\xBF{\"resourceSpans\":[{}]}";
    assert_eq!(decode_traces(text).unwrap().resource_spans.len(), 1);
}

/// The lengths at which the length itself takes one more byte.
#[test]
fn messages_of_every_length_are_closed_well() {
    for length in (0..300).chain(16_300..16_400).chain([2_097_100, 2_097_152]) {
        let name = "x".repeat(length);
        let span = one(&format!(r#"{{"name":"{name}"}}"#)).unwrap();
        assert_eq!(span.name, name);
    }
}

/// Each of these took a hundred times its size as structs.
#[test]
fn what_is_made_of_nothing_takes_no_more_than_its_text() {
    for (open, item, close) in [
        (r#"{"resourceSpans":["#, "{}", "]}"),
        (r#"{"resourceSpans":[{"scopeSpans":["#, "{}", "]}]}"),
        (
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#,
            "{}",
            "]}]}]}",
        ),
        (
            r#"{"resourceSpans":[{"resource":{"attributes":[{"value":{"arrayValue":{"values":["#,
            "null",
            "]}}}]}}]}",
        ),
    ] {
        let text = format!("{open}{}{close}", vec![item; 10_000].join(","));
        let written = traces_to_protobuf(text.as_bytes()).unwrap();
        assert!(written.len() <= text.len(), "{open}");
        assert!(written.len() >= 20_000, "nothing was left out: {open}");
    }
}
