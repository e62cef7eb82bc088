//! A span as OTLP has it, with its resource and scope shared.

use std::sync::Arc;

use crate::{RequestId, SandboxId, SpanId, TraceId, UnixNanos};

/// Names and values in the order in which they were sent; OTLP calls repeated names undefined, and they are kept.
pub type Attributes = Vec<(String, AttributeValue)>;

/// An attribute's value: OTLP's `AnyValue`.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// An `AnyValue` with nothing set.
    Empty,
    /// Text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A double, including NaN and the infinities.
    Double(f64),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// A list; elements may differ in type.
    Array(Vec<Self>),
    /// Names and values, nested.
    KeyValues(Vec<(String, Self)>),
}

/// One span, whole: nothing that a client sent is lost in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace that it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span under which it ran, as the client said. That span may never arrive.
    pub parent_span_id: Option<SpanId>,
    /// W3C `tracestate`, verbatim.
    pub trace_state: String,
    /// W3C trace flags and OTLP's `is_remote` bits.
    pub flags: u32,
    /// What was done.
    pub name: String,
    /// Its role in a call.
    pub kind: SpanKind,
    /// When it began, by the clock of the machine that recorded it.
    pub start: UnixNanos,
    /// When it ended; may lie before `start` where clocks stepped, and is repaired on rebuild, not here.
    pub end: UnixNanos,
    /// Its attributes.
    pub attributes: Attributes,
    /// How many attributes the client dropped.
    pub dropped_attributes: u32,
    /// What happened during it.
    pub events: Vec<Event>,
    /// How many events the client dropped.
    pub dropped_events: u32,
    /// Other spans that caused it.
    pub links: Vec<Link>,
    /// How many links the client dropped.
    pub dropped_links: u32,
    /// How it ended.
    pub status: Status,
    /// Who produced it.
    pub resource: Arc<Resource>,
    /// Which library recorded it.
    pub scope: Arc<Scope>,
    /// How it reached us.
    pub origin: SpanOrigin,
}

/// How a span reached us, beside what its client said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanOrigin {
    /// The sandbox whose extension shipped it, if one did.
    pub sandbox_id: Option<SandboxId>,
    /// The request that the span names itself, normalised over platforms.
    pub request_id: Option<RequestId>,
    /// The platform phase that it stands for (`invocation`, `init`, ...); empty for a client's own span.
    pub phase: String,
}

/// Something that happened at one moment of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub time: UnixNanos,
    /// What.
    pub name: String,
    /// Its attributes.
    pub attributes: Attributes,
    /// How many attributes the client dropped.
    pub dropped_attributes: u32,
}

/// A reference to another span, in the same trace or another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Trace of the other span.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// W3C `tracestate`, verbatim.
    pub trace_state: String,
    /// Its attributes.
    pub attributes: Attributes,
    /// How many attributes the client dropped.
    pub dropped_attributes: u32,
    /// W3C trace flags.
    pub flags: u32,
}

/// Who produced spans: OTLP's `Resource` with the schema URL of its envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// Its attributes (`service.name`, `faas.name`, ...).
    pub attributes: Attributes,
    /// How many attributes the client dropped.
    pub dropped_attributes: u32,
    /// `ResourceSpans.schema_url`.
    pub schema_url: String,
}

/// Which library recorded spans: OTLP's `InstrumentationScope` with the schema URL of its envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The library's name.
    pub name: String,
    /// The library's version.
    pub version: String,
    /// Its attributes.
    pub attributes: Attributes,
    /// How many attributes the client dropped.
    pub dropped_attributes: u32,
    /// `ScopeSpans.schema_url`.
    pub schema_url: String,
}

/// A span's role in a call. The numbers are OTLP's and the store's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SpanKind {
    /// Not said.
    #[default]
    Unspecified = 0,
    /// Work inside a process.
    Internal = 1,
    /// Answers a remote request.
    Server = 2,
    /// Makes a remote request.
    Client = 3,
    /// Puts a message somewhere.
    Producer = 4,
    /// Takes a message from somewhere.
    Consumer = 5,
}

/// How a span ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The class.
    pub code: StatusCode,
    /// Words for it; only with an error, by the specification.
    pub message: String,
}

/// A span's outcome. The numbers are OTLP's and the store's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StatusCode {
    /// Not said.
    #[default]
    Unset = 0,
    /// Said to be well by the application.
    Ok = 1,
    /// Failed.
    Error = 2,
}

/// The first value under `key`, if there is one.
pub fn attribute<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a AttributeValue> {
    attributes
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

// === impl AttributeValue ===

impl AttributeValue {
    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// True or false: also from the words, as several platforms send booleans as text.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// The number, also from digits in text.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Double(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                Some(*value as i64)
            }
            Self::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

// === impl Resource ===

impl Resource {
    /// `service.name`, else `faas.name`, else `unknown_service`, the specification's fallback.
    pub fn service(&self) -> &str {
        ["service.name", "faas.name"]
            .iter()
            .find_map(|key| {
                attribute(&self.attributes, key)?
                    .as_str()
                    .filter(|name| !name.is_empty())
            })
            .unwrap_or("unknown_service")
    }
}

// === impl SpanKind ===

impl SpanKind {
    /// The kind with this OTLP number; unknown numbers are `Unspecified`.
    pub const fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

// === impl StatusCode ===

impl StatusCode {
    /// The status with this OTLP number; unknown numbers are `Unset`.
    pub const fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_the_first_name_that_says_something() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let attributes = pairs
                .iter()
                .map(|(key, value)| {
                    (
                        (*key).to_owned(),
                        AttributeValue::String((*value).to_owned()),
                    )
                })
                .collect();
            assert_eq!(
                Resource {
                    attributes,
                    ..Resource::default()
                }
                .service(),
                expected,
                "{pairs:?}"
            );
        };
        check(&[("faas.name", "f"), ("service.name", "s")], "s");
        check(&[("faas.name", "f"), ("service.name", "")], "f");
        check(&[("faas.name", "f")], "f");
        check(&[], "unknown_service");
    }

    #[test]
    fn booleans_and_numbers_are_read_from_words_too() {
        assert_eq!(AttributeValue::String("True".into()).as_bool(), Some(true));
        assert_eq!(AttributeValue::String("yes".into()).as_bool(), None);
        assert_eq!(AttributeValue::String("42".into()).as_int(), Some(42));
        assert_eq!(AttributeValue::Double(42.0).as_int(), Some(42));
        assert_eq!(AttributeValue::Double(f64::NAN).as_int(), None);
    }
}
