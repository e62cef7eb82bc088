//! OTLP in JSON: what clients write for it, and what is none.

use super::answer::{Expected, invalid};
use super::wire::now;
use super::{Row, Sent, Signal};

pub(super) fn rows() -> Vec<Row> {
    [forms(), integers(), broken(), depths(), logs()]
        .into_iter()
        .flatten()
        .collect()
}

fn text(name: &'static str, text: impl Into<Vec<u8>>, expected: Expected) -> Row {
    Row {
        name,
        sent: Sent::Json(Signal::Traces, text.into()),
        expected,
    }
}

/// A good span, and these members beside.
fn span(more: &str) -> String {
    let (start, end) = (now(), now());
    spans(&format!(
        r#"{{"traceId":"0123456789abcdef0123456789ABCDEF","spanId":"0123456789abcdef","name":"work","startTimeUnixNano":"{start}","endTimeUnixNano":"{end}"{more}}}"#
    ))
}

fn spans(spans: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
}

/// A good span with this attribute's value.
fn value(value: &str) -> String {
    span(&format!(r#","attributes":[{{"key":"k","value":{value}}}]"#))
}

/// A span with this trace id.
fn trace_id(id: &str) -> String {
    let start = now();
    spans(&format!(
        r#"{{"traceId":"{id}","spanId":"0123456789abcdef","startTimeUnixNano":"{start}"}}"#
    ))
}

fn forms() -> Vec<Row> {
    let snake = span("").replace("resourceSpans", "resource_spans");
    let snake = snake
        .replace("traceId", "trace_id")
        .replace("startTimeUnixNano", "start_time_unix_nano");
    vec![
        text("a span", span(""), Expected::Taken),
        text("an empty request", "{}", Expected::Taken),
        text("null is an empty request", "null", Expected::Taken),
        text("an empty list", r#"{"resourceSpans":[]}"#, Expected::Taken),
        text("names in snake_case", snake, Expected::Taken),
        text(
            "a byte order mark",
            [b"\xEF\xBB\xBF", span("").as_bytes()].concat(),
            Expected::Taken,
        ),
        text(
            "unknown names",
            span(r#","unheardOf":{"a":[1,{"b":null}]}"#),
            Expected::Taken,
        ),
        text(
            "null for what is not there",
            span(r#","attributes":null,"status":null,"kind":null"#),
            Expected::Taken,
        ),
        text("a name twice", span(r#","name":"again""#), Expected::Taken),
        text(
            "an enumeration as a number",
            span(r#","kind":2,"status":{"code":2}"#),
            Expected::Taken,
        ),
        text(
            "an enumeration as a name",
            span(r#","kind":"SPAN_KIND_SERVER","status":{"code":"STATUS_CODE_ERROR"}"#),
            Expected::Taken,
        ),
        text(
            "an enumeration as a number that nobody knows",
            span(r#","kind":77"#),
            Expected::Taken,
        ),
        text(
            "an enumeration as a name that nobody knows",
            span(r#","kind":"BUTLER""#),
            invalid("kind"),
        ),
        text(
            "an id in base64 costs its span",
            trace_id("AAAAAAAAAAAAAAAAAAAAAA=="),
            Expected::Partly(1, "trace id"),
        ),
        text(
            "an id of zeros",
            trace_id(&"0".repeat(32)),
            Expected::Partly(1, "all zeros"),
        ),
        text(
            "an id too short",
            trace_id("0123"),
            Expected::Partly(1, "trace id"),
        ),
        text(
            "an id with an odd digit",
            trace_id("012"),
            Expected::Partly(1, "trace id"),
        ),
        text(
            "an id that is a number",
            span("").replace(r#""0123456789abcdef0123456789ABCDEF""#, "7"),
            invalid("traceId"),
        ),
        text("no id", trace_id(""), Expected::Partly(1, "trace id")),
        text(
            "bytes in base64",
            value(r#"{"bytesValue":"+/8="}"#),
            Expected::Taken,
        ),
        text(
            "bytes in base64 for URLs, without padding",
            value(r#"{"bytesValue":"-_8"}"#),
            Expected::Taken,
        ),
        text(
            "bytes that are no base64",
            value(r#"{"bytesValue":"!"}"#),
            invalid("bytesValue"),
        ),
        text(
            "half an emoji",
            span(r#","traceState":"\ud83d""#),
            Expected::Taken,
        ),
        text(
            "a value of every kind",
            value(
                r#"{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"boolValue":true},{"stringValue":""},null,{}]}}}]}}"#,
            ),
            Expected::Taken,
        ),
    ]
}

fn integers() -> Vec<Row> {
    let start = |text: &str| {
        span("").replacen(
            "\"startTimeUnixNano\":",
            &format!("\"startTimeUnixNano\":{text},\"x\":"),
            1,
        )
    };
    vec![
        text(
            "a 64-bit integer as a number",
            start(&now().to_string()),
            Expected::Taken,
        ),
        text(
            "a 64-bit integer with an exponent",
            value(r#"{"intValue":1e3}"#),
            Expected::Taken,
        ),
        text(
            "the least integer, as a string",
            value(r#"{"intValue":"-9223372036854775808"}"#),
            Expected::Taken,
        ),
        text(
            "an integer beyond 64 bits",
            value(r#"{"intValue":"9223372036854775808"}"#),
            invalid("intValue"),
        ),
        text(
            "an integer with a fraction",
            value(r#"{"intValue":1.5}"#),
            invalid("intValue"),
        ),
        text(
            "an integer that is a word",
            value(r#"{"intValue":"seven"}"#),
            invalid("intValue"),
        ),
        text("a negative time", start("-1"), invalid("startTimeUnixNano")),
        text(
            "a time of zero",
            start("0"),
            Expected::Partly(1, "start time is not set"),
        ),
        text(
            "flags beyond 32 bits",
            span(r#","flags":4294967296"#),
            invalid("flags"),
        ),
        text(
            "not a number, as protobuf writes it",
            value(r#"{"doubleValue":"NaN"}"#),
            Expected::Taken,
        ),
        text(
            "infinity, as protobuf writes it",
            value(r#"{"doubleValue":"-Infinity"}"#),
            Expected::Taken,
        ),
        text(
            "not a number, as JSON has none",
            value(r#"{"doubleValue":NaN}"#),
            invalid("JSON"),
        ),
        text(
            "a double beyond its range",
            value(r#"{"doubleValue":1e999}"#),
            invalid("JSON"),
        ),
    ]
}

fn broken() -> Vec<Row> {
    let mut not_utf8 = span("").into_bytes();
    let name = not_utf8
        .windows(4)
        .position(|word| word == b"work")
        .expect("its name");
    not_utf8[name] = 0xff;
    vec![
        text("nothing at all", "", invalid("JSON")),
        text("cut short", r#"{"resourceSpans":"#, invalid("JSON")),
        text("something after its end", "{} {}", invalid("JSON")),
        text("a list", "[]", invalid("the request")),
        text(
            "an object for a list",
            r#"{"resourceSpans":{}}"#,
            invalid("resourceSpans"),
        ),
        text(
            "a number for text",
            span(r#","traceState":7"#),
            invalid("spans[0].traceState"),
        ),
        text("text that is no UTF-8", not_utf8, invalid("JSON")),
        text(
            "a comma too many",
            r#"{"resourceSpans":[],}"#,
            invalid("JSON"),
        ),
        text("protobuf", b"\x0a\x00".to_vec(), invalid("JSON")),
    ]
}

fn depths() -> Vec<Row> {
    let lists = |levels: usize| {
        let (open, close) = (
            r#"{"arrayValue":{"values":["#.repeat(levels),
            "]}}".repeat(levels),
        );
        value(&format!("{open}{{}}{close}"))
    };
    let unknown = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        span(&format!(r#","x":{open}{close}"#))
    };
    vec![
        text("values nested 28 deep", lists(28), Expected::Taken),
        text("values nested 33 deep", lists(33), invalid("nested deeper")),
        text(
            "values nested 1,000 deep",
            lists(1_000),
            invalid("nested deeper"),
        ),
        text(
            "values nested 10,000 deep",
            lists(10_000),
            invalid("nested deeper"),
        ),
        text(
            "what is unknown nested 10,000 deep",
            unknown(10_000),
            Expected::Taken,
        ),
        text("what never ends", "[".repeat(500_000), invalid("")),
    ]
}

fn logs() -> Vec<Row> {
    let record = |more: &str| {
        let time = now();
        let text = format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"{time}","severityNumber":9,"body":{{"stringValue":"it happened"}}{more}}}]}}]}}]}}"#
        );
        text.into_bytes()
    };
    let row = |name, more: &str, expected| Row {
        name,
        sent: Sent::Json(Signal::Logs, record(more)),
        expected,
    };
    vec![
        row("a log record", "", Expected::Taken),
        row(
            "a severity as a name",
            r#","severityNumber":"ERROR""#,
            Expected::Taken,
        ),
        row(
            "a record in a trace",
            r#","traceId":"0123456789ABCDEF0123456789abcdef","spanId":"0123456789abcdef","flags":1"#,
            Expected::Taken,
        ),
        row(
            "a record of 1970",
            r#","timeUnixNano":1"#,
            Expected::Partly(1, "older than"),
        ),
        row(
            "a body that is text",
            r#","body":"text""#,
            invalid("logRecords[0].body"),
        ),
    ]
}
