//! Spans of tracers that do not speak OTLP, in OTLP's words: AWS X-Ray's SDKs and Datadog's.
//!
//! Pure: bytes in, spans out. Nothing that a tracer says of a span is left out, except its own bookkeeping. Not here: the
//! sockets (`receiver`), and which invocation a span belongs to (`journal`).

use coldtrace_proto::otlp::common::{KeyValue, any_value};
use coldtrace_proto::otlp::resource::Resource;
use coldtrace_proto::otlp::trace::{ResourceSpans, ScopeSpans, Span, span};

use crate::wire::{attribute, text};

pub(crate) mod datadog;
mod msgpack;
pub(crate) mod xray;

/// OTLP's numbers of the kinds.
const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;
/// And of a span that failed.
const ERROR: i32 = 2;

/// What can't be read, in words for the extension's log.
pub(crate) type Problem = String;

/// The spans of one service.
pub(crate) fn of_service(
    service: &str,
    mut about: Vec<KeyValue>,
    spans: Vec<Span>,
) -> ResourceSpans {
    if !service.is_empty() {
        about.insert(0, text("service.name", service));
    }
    ResourceSpans {
        resource: Some(Resource {
            attributes: about,
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            spans,
            ..ScopeSpans::default()
        }],
        schema_url: String::new(),
    }
}

fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, any_value::Value::IntValue(value))
}

/// A number as tracers have them: whole ones are told as such.
fn number(key: &str, value: f64) -> KeyValue {
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => int(key, value as i64),
        false => attribute(key, any_value::Value::DoubleValue(value)),
    }
}

fn truth(key: &str, value: bool) -> KeyValue {
    attribute(key, any_value::Value::BoolValue(value))
}

/// An exception in the words of OpenTelemetry's conventions.
fn exception(time_unix_nano: u64, kind: &str, message: &str, stack: &str) -> span::Event {
    let told = [
        ("exception.type", kind),
        ("exception.message", message),
        ("exception.stacktrace", stack),
    ];
    let told = told.into_iter().filter(|(_, value)| !value.is_empty());
    span::Event {
        time_unix_nano,
        name: "exception".to_owned(),
        attributes: told.map(|(key, value)| text(key, value)).collect(),
        ..span::Event::default()
    }
}
