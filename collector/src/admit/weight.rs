//! How much memory a request will take once it is decoded, told from its bytes alone.
//!
//! A span of two bytes on the wire is some hundreds in memory: without this a body within its limit could take a hundred
//! times as much. Not here: whether the bytes are valid; the decoder says so.

use coldtrace_proto::otlp::common::{AnyValue, InstrumentationScope, KeyValue};
use coldtrace_proto::otlp::logs::{LogRecord, ResourceLogs, ScopeLogs};
use coldtrace_proto::otlp::resource::Resource;
use coldtrace_proto::otlp::trace::span::{Event, Link};
use coldtrace_proto::otlp::trace::{ResourceSpans, ScopeSpans, Span};
use coldtrace_proto::v1;

use crate::log::Signal;

/// The decoder's own limit: what is nested deeper is refused there.
const DEPTH: u8 = 100;

/// The messages that may hold others.
#[derive(Clone, Copy)]
enum Message {
    Traces,
    ResourceSpans,
    ScopeSpans,
    Span,
    Event,
    Link,
    Logs,
    ResourceLogs,
    ScopeLogs,
    LogRecord,
    Resource,
    Scope,
    KeyValue,
    AnyValue,
    /// `ArrayValue` and `KeyValueList`.
    Values(Element),
    Ingest,
    Fact,
    Phase,
    IngestLog,
    Payload,
    /// A request inside of one, which says only beside it of which signal it is: as the heavier.
    Otlp,
}

#[derive(Clone, Copy)]
enum Element {
    AnyValue,
    KeyValue,
}

/// Bytes of memory, about.
pub(crate) fn weigh(signal: Signal, body: &[u8]) -> u64 {
    let message = match signal {
        Signal::Traces => Message::Traces,
        Signal::Logs => Message::Logs,
        Signal::Ingest => Message::Ingest,
    };
    message.weigh(body, DEPTH)
}

// === impl Message ===

impl Message {
    fn weigh(self, mut bytes: &[u8], depth: u8) -> u64 {
        if matches!(self, Self::Otlp) {
            let signals = [Self::Traces, Self::Logs].map(|signal| signal.weigh(bytes, depth));
            return signals.into_iter().max().unwrap_or(0);
        }
        let mut weight = 0;
        while let Some((field, value)) = next_field(&mut bytes) {
            let Some(value) = value else { continue };
            weight += match self.inside(field) {
                Some(message) if depth > 0 => message.size() + message.weigh(value, depth - 1),
                // Text and bytes are copied; what is too deep is refused by the decoder.
                _ => value.len() as u64,
            };
        }
        weight
    }

    /// The message in this field, if it is one that counts.
    fn inside(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Traces, 1) => Self::ResourceSpans,
            (Self::Logs, 1) => Self::ResourceLogs,
            (Self::ResourceSpans | Self::ResourceLogs, 1) => Self::Resource,
            (Self::ResourceSpans, 2) => Self::ScopeSpans,
            (Self::ResourceLogs, 2) => Self::ScopeLogs,
            (Self::ScopeSpans | Self::ScopeLogs, 1) => Self::Scope,
            (Self::ScopeSpans, 2) => Self::Span,
            (Self::ScopeLogs, 2) => Self::LogRecord,
            (Self::Span, 9)
            | (Self::Event | Self::Scope, 3)
            | (Self::Link, 4)
            | (Self::LogRecord, 6)
            | (Self::Resource, 1)
            | (Self::Values(Element::KeyValue), 1) => Self::KeyValue,
            (Self::Span, 11) => Self::Event,
            (Self::Span, 13) => Self::Link,
            (Self::LogRecord, 5) | (Self::KeyValue, 2) | (Self::Values(Element::AnyValue), 1) => {
                Self::AnyValue
            }
            (Self::AnyValue, 5) => Self::Values(Element::AnyValue),
            (Self::AnyValue, 6) => Self::Values(Element::KeyValue),
            (Self::Ingest, 3) => Self::Fact,
            (Self::Ingest, 4) => Self::Phase,
            (Self::Ingest, 5) => Self::IngestLog,
            (Self::Ingest, 6) => Self::Payload,
            (Self::Payload, 2) => Self::Otlp,
            _ => return None,
        })
    }

    fn size(self) -> u64 {
        let size = match self {
            Self::Traces | Self::Logs | Self::Ingest | Self::Otlp | Self::Values(_) => 0,
            Self::ResourceSpans => size_of::<ResourceSpans>(),
            Self::ScopeSpans => size_of::<ScopeSpans>(),
            Self::Span => size_of::<Span>(),
            Self::Event => size_of::<Event>(),
            Self::Link => size_of::<Link>(),
            Self::ResourceLogs => size_of::<ResourceLogs>(),
            Self::ScopeLogs => size_of::<ScopeLogs>(),
            Self::LogRecord => size_of::<LogRecord>(),
            Self::Resource => size_of::<Resource>(),
            Self::Scope => size_of::<InstrumentationScope>(),
            Self::KeyValue => size_of::<KeyValue>(),
            Self::AnyValue => size_of::<AnyValue>(),
            Self::Fact => size_of::<v1::Fact>(),
            Self::Phase => size_of::<v1::Phase>(),
            Self::IngestLog => size_of::<v1::LogRecord>(),
            Self::Payload => size_of::<v1::OtlpPayload>(),
        };
        size as u64
    }
}

/// Takes the next field off: its number, and its bytes if it is a text, bytes or a message. `None` where they end or make no
/// sense.
fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let tag = varint(bytes)?;
    let value = match tag & 7 {
        0 => {
            varint(bytes)?;
            None
        }
        1 => {
            take(bytes, 8)?;
            None
        }
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            Some(take(bytes, length)?)
        }
        5 => {
            take(bytes, 4)?;
            None
        }
        _ => return None,
    };
    Some((tag >> 3, value))
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use coldtrace_proto::otlp::ExportTraceServiceRequest;
    use coldtrace_proto::otlp::common::any_value::Value;
    use prost::Message as _;

    use super::*;

    fn traces(spans: Vec<Span>) -> Vec<u8> {
        let scope_spans = ScopeSpans {
            spans,
            ..ScopeSpans::default()
        };
        let resource_spans = ResourceSpans {
            scope_spans: vec![scope_spans],
            ..ResourceSpans::default()
        };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![resource_spans],
        };
        request.encode_to_vec()
    }

    #[test]
    fn empty_spans_weigh_what_they_take() {
        let bytes = traces(vec![Span::default(); 1_000]);
        assert!(bytes.len() < 3_000);
        let weight = weigh(Signal::Traces, &bytes);
        assert!(weight > 1_000 * size_of::<Span>() as u64, "{weight}");
    }

    #[test]
    fn what_an_extension_sends_along_weighs_as_much() {
        let request = traces(vec![Span::default(); 1_000]);
        let alone = weigh(Signal::Traces, &request);
        let payload = v1::OtlpPayload {
            signal: v1::Signal::Traces.into(),
            request: request.into(),
            platform: false,
        };
        let export = v1::ExportRequest {
            payloads: vec![payload],
            ..v1::ExportRequest::default()
        };
        let weight = weigh(Signal::Ingest, &export.encode_to_vec());
        assert!(weight >= alone, "{weight}, alone {alone}");
    }

    #[test]
    fn an_ordinary_span_weighs_a_few_times_its_bytes() {
        let attribute = |number: u8| KeyValue {
            key: format!("some.attribute.{number}"),
            value: Some(AnyValue {
                value: Some(Value::StringValue("a value".to_owned())),
            }),
            ..KeyValue::default()
        };
        let span = Span {
            trace_id: vec![1; 16],
            span_id: vec![1; 8],
            name: "GET /orders".to_owned(),
            start_time_unix_nano: 1,
            end_time_unix_nano: 2,
            attributes: (0..10).map(attribute).collect(),
            ..Span::default()
        };
        let bytes = traces(vec![span; 100]);
        let weight = weigh(Signal::Traces, &bytes);
        assert!(
            weight < 8 * bytes.len() as u64,
            "{weight} for {}",
            bytes.len()
        );
    }

    #[test]
    fn nonsense_weighs_little() {
        for bytes in [
            &b"\xff\xff\xff\xff not protobuf"[..],
            &[0x0a, 0xff],
            &[0x0a; 100],
        ] {
            assert!(weigh(Signal::Traces, bytes) < 20_000);
        }
    }
}
