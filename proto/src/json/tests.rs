use proptest::prelude::*;

use super::*;

fn traces(text: &str) -> ExportTraceServiceRequest {
    decode_traces(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn one_span(fields: &str) -> Span {
    let text = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{fields}}}]}}]}}]}}"#);
    let mut request = traces(&text);
    request
        .resource_spans
        .remove(0)
        .scope_spans
        .remove(0)
        .spans
        .remove(0)
}

fn error(fields: &str) -> String {
    let text =
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{}},{{{fields}}}]}}]}}]}}"#);
    decode_traces(text.as_bytes())
        .expect_err("it is wrong")
        .to_string()
}

#[test]
fn a_span_is_read_whole() {
    let span = one_span(
        r#""traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","parentSpanId":"",
        "traceState":"a=b","flags":257,"name":"I'm a server span","kind":2,
        "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,
        "attributes":[{"key":"my.span.attr","value":{"stringValue":"some value"}}],
        "droppedAttributesCount":1,"events":[{"timeUnixNano":"5","name":"e","attributes":[{"key":"n","value":{"intValue":"-7"}}]}],
        "links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","flags":1}],
        "status":{"code":2,"message":"it broke"},"unknown":{"a":[1]}"#,
    );
    assert_eq!(span.trace_id.len(), 16);
    assert_eq!(span.trace_id[..2], [0x5b, 0x8e]);
    assert_eq!(span.span_id.len(), 8);
    assert!(span.parent_span_id.is_empty());
    assert_eq!((span.kind, span.flags), (2, 257));
    assert_eq!(span.start_time_unix_nano, 1_544_712_660_000_000_000);
    assert_eq!(span.end_time_unix_nano, 1_544_712_661_000_000_000);
    assert_eq!(span.status.expect("it has one").message, "it broke");
    assert_eq!(
        span.events[0].attributes[0].value,
        value(any_value::Value::IntValue(-7))
    );
    assert_eq!(span.links[0].flags, 1);
}

fn value(value: any_value::Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

#[test]
fn every_kind_of_value_is_read() {
    use any_value::Value as Any;
    let cases: [(&str, Option<Any>); 10] = [
        (
            r#"{"stringValue":""}"#,
            Some(Any::StringValue(String::new())),
        ),
        (r#"{"boolValue":false}"#, Some(Any::BoolValue(false))),
        (
            r#"{"intValue":"9223372036854775807"}"#,
            Some(Any::IntValue(i64::MAX)),
        ),
        (
            r#"{"intValue":-9223372036854775808}"#,
            Some(Any::IntValue(i64::MIN)),
        ),
        (r#"{"doubleValue":3}"#, Some(Any::DoubleValue(3.0))),
        (
            r#"{"doubleValue":"-Infinity"}"#,
            Some(Any::DoubleValue(f64::NEG_INFINITY)),
        ),
        (
            r#"{"bytesValue":"AP8"}"#,
            Some(Any::BytesValue(vec![0, 255])),
        ),
        (
            r#"{"arrayValue":{}}"#,
            Some(Any::ArrayValue(ArrayValue::default())),
        ),
        (r#"{"int_value":4}"#, Some(Any::IntValue(4))),
        ("{}", None),
    ];
    for (text, expected) in cases {
        let span = one_span(&format!(r#""attributes":[{{"key":"k","value":{text}}}]"#));
        let read = span.attributes[0].value.clone().expect("there is one");
        assert_eq!(read.value, expected, "{text}");
    }
}

#[test]
fn enumerations_are_numbers_or_names() {
    for kind in [
        "3",
        "\"3\"",
        "\"client\"",
        "\"CLIENT\"",
        "\"SPAN_KIND_CLIENT\"",
    ] {
        assert_eq!(one_span(&format!(r#""kind":{kind}"#)).kind, 3, "{kind}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let span = "resourceSpans[0].scopeSpans[0].spans[1]";
    let cases = [
        (
            r#""name":7"#,
            format!("{span}.name: expected a string, found 7"),
        ),
        (
            r#""attributes":[{"key":"k","value":{"intValue":"x"}}]"#,
            format!(
                "{span}.attributes[0].value.intValue: expected a 64-bit integer, as a string or a number, found \"x\""
            ),
        ),
        (
            r#""events":{}"#,
            format!("{span}.events: expected a list, found an object"),
        ),
        (
            r#""events":[1]"#,
            format!("{span}.events[0]: expected an object, found 1"),
        ),
        (
            r#""startTimeUnixNano":-1"#,
            format!(
                "{span}.startTimeUnixNano: expected an unsigned 64-bit integer, as a string or a number, found -1"
            ),
        ),
    ];
    for (fields, expected) in cases {
        assert_eq!(error(fields), expected);
    }
    let not_an_object = decode_traces(b"[1, 2]")
        .expect_err("it is a list")
        .to_string();
    assert_eq!(
        not_an_object,
        "the request: expected an object, found a list"
    );
    assert!(decode_traces(b"{\"resourceSpans\":").is_err());
}

#[test]
fn an_id_that_is_not_hex_spoils_its_span_alone() {
    let span = one_span(r#""traceId":"not hex","spanId":"eee19b7ec3c1b174""#);
    assert!(crate::span::check(&span).is_err());
}

#[test]
fn what_is_accepted_can_be_decoded_again_from_protobuf_however_deep() {
    use prost::Message as _;
    let nested = |depth: usize| {
        let open = r#"{"kvlistValue":{"values":[{"key":"k","value":"#.repeat(depth);
        let close = "}]}}".repeat(depth);
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"events":[{{"attributes":[{{"key":"k","value":{open}{{}}{close}}}]}}]}}]}}]}}]}}"#
        )
    };
    // Beyond its own limit the JSON parser stops; before that we do.
    for depth in [1, MAX_DEPTH] {
        match decode_traces(nested(depth).as_bytes()) {
            Ok(request) => {
                let bytes = request.encode_to_vec();
                let again = ExportTraceServiceRequest::decode(bytes.as_slice());
                assert_eq!(again.expect("it is read again"), request);
            }
            Err(JsonError::Syntax(error)) => assert!(depth > 1, "{error}"),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(decode_traces(nested(MAX_DEPTH + 1).as_bytes()).is_err());
    assert!(decode_traces(nested(100_000).as_bytes()).is_err());
}

#[test]
fn logs_are_read() {
    let text = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","severityNumber":"SEVERITY_NUMBER_WARN",
        "body":{"stringValue":"careful"},"traceId":"5b8efff798038103d269b633813fc60c"}]}]}]}"#;
    let request = decode_logs(text.as_bytes()).expect("it is good");
    let record = &request.resource_logs[0].scope_logs[0].log_records[0];
    assert_eq!((record.time_unix_nano, record.severity_number), (1, 13));
    assert_eq!(
        record.body,
        value(any_value::Value::StringValue("careful".to_owned()))
    );
}

proptest! {
    #[test]
    fn no_text_makes_a_panic(text in r#"[\[\]{}":,a-zA-Z0-9]{0,200}"#) {
        drop(decode_traces(text.as_bytes()));
        drop(decode_logs(text.as_bytes()));
    }
}
