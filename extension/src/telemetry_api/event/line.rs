//! A line of the function's log: text as it was printed, or an object where the function logs JSON.

use coldtrace_model::{RequestId, SpanId, TraceId};
use serde_json::Value;

/// Lambda cuts lines at this length.
const MAX_LEN: usize = 256 << 10;

/// What the function wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) body: String,
    /// OTLP's number; 0 if not told.
    pub(crate) severity: u8,
    /// The invocation that the line names itself.
    pub(crate) request_id: Option<RequestId>,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) span_id: Option<SpanId>,
}

// === impl Line ===

impl Line {
    /// Nothing for a line that is empty.
    pub(super) fn read(record: &Value) -> Option<Self> {
        let mut line = match record {
            Value::String(text) => Self::from_text(text.trim_end_matches(['\r', '\n'])),
            Value::Object(_) => Self::from_object(record),
            _ => return None,
        };
        if line.body.len() > MAX_LEN {
            line.body.truncate(line.body.floor_char_boundary(MAX_LEN));
        }
        (!line.body.is_empty()).then_some(line)
    }

    /// Loggers write JSON also where the function's log format is text.
    fn from_text(text: &str) -> Self {
        let object = text
            .starts_with('{')
            .then(|| serde_json::from_str::<Value>(text).ok())
            .flatten();
        Self {
            body: text.to_owned(),
            ..object.as_ref().map(Self::from_object).unwrap_or_default()
        }
    }

    fn from_object(record: &Value) -> Self {
        let request_id = word(record, &["requestId", "AWSRequestId", "aws_request_id"]);
        Self {
            body: body(record),
            severity: severity(word(record, &["level", "severity"])),
            request_id: RequestId::parse(request_id).ok(),
            trace_id: word(record, &["trace_id", "traceId"]).parse().ok(),
            span_id: word(record, &["span_id", "spanId"]).parse().ok(),
        }
    }
}

/// The message alone where it is all there is to say, else the whole object, so that no field is lost.
fn body(record: &Value) -> String {
    const TOLD_OTHERWISE: [&str; 5] =
        ["timestamp", "level", "requestId", "AWSRequestId", "message"];
    let fields = record.as_object();
    let mut others = fields
        .iter()
        .flat_map(|fields| fields.keys())
        .filter(|key| !TOLD_OTHERWISE.contains(&key.as_str()));
    match record["message"].as_str() {
        Some(message) if others.next().is_none() => message.to_owned(),
        _ => record.to_string(),
    }
}

fn word<'a>(record: &'a Value, keys: &[&str]) -> &'a str {
    let mut values = keys.iter().filter_map(|key| record[*key].as_str());
    values.next().unwrap_or_default()
}

fn severity(level: &str) -> u8 {
    match level.to_ascii_uppercase().as_str() {
        "TRACE" => 1,
        "DEBUG" => 5,
        "INFO" => 9,
        "WARN" | "WARNING" => 13,
        "ERROR" => 17,
        "FATAL" | "CRITICAL" => 21,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_loses_its_line_end_and_objects_lose_nothing() {
        let check = |record: Value, body: &str, severity: u8, request: Option<&str>| {
            let line = Line::read(&record).unwrap();
            assert_eq!(line.body, body);
            assert_eq!(line.severity, severity, "{record}");
            let named = line.request_id.as_ref().map(RequestId::as_str);
            assert_eq!(named, request, "{record}");
        };
        check(json!("hello\n"), "hello", 0, None);
        check(
            json!("{\"level\": \"WARNING\", \"message\": \"hi\", \"requestId\": \"r\"}\n"),
            "{\"level\": \"WARNING\", \"message\": \"hi\", \"requestId\": \"r\"}",
            13,
            Some("r"),
        );
        check(json!("{not json"), "{not json", 0, None);
        check(
            json!({"timestamp":"t","level":"INFO","requestId":"r","message":"hi"}),
            "hi",
            9,
            Some("r"),
        );
        check(
            json!({"level":"error","message":"hi","order":7}),
            r#"{"level":"error","message":"hi","order":7}"#,
            17,
            None,
        );
        assert_eq!(Line::read(&json!("\n")), None);
        assert_eq!(Line::read(&json!(7)), None);
        let long = "\u{e9}".repeat(MAX_LEN);
        assert_eq!(Line::read(&json!(long)).unwrap().body.len(), MAX_LEN);
    }
}
