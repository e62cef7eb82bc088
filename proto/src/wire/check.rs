//! Whether a request's bytes are the message that they should be, in every field down to the last.
//!
//! A table says what each message is made of; attributes, of which there are many, go a shorter way that gives the same
//! answer.

use super::cursor::{Cursor, Field};
use super::{Problem, WireError};

/// What an OTLP request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `ExportTraceServiceRequest`
    Traces,
    /// `ExportLogsServiceRequest`
    Logs,
}

/// A message: its name and its fields by number, from 0.
struct Message {
    name: &'static str,
    fields: &'static [Kind],
}

/// What a field must be.
#[derive(Clone, Copy)]
enum Kind {
    Unknown,
    Varint,
    Fixed64,
    Fixed32,
    Bytes,
    Text,
    Message(&'static Message),
}

use Kind::{Bytes, Fixed32, Fixed64, Text, Unknown, Varint};

static TRACES: Message = Message {
    name: "ExportTraceServiceRequest",
    fields: &[Unknown, Kind::Message(&RESOURCE_SPANS)],
};
static RESOURCE_SPANS: Message = Message {
    name: "ResourceSpans",
    fields: &[
        Unknown,
        Kind::Message(&RESOURCE),
        Kind::Message(&SCOPE_SPANS),
        Text,
    ],
};
static SCOPE_SPANS: Message = Message {
    name: "ScopeSpans",
    fields: &[Unknown, Kind::Message(&SCOPE), Kind::Message(&SPAN), Text],
};
static SPAN: Message = Message {
    name: "Span",
    fields: &[
        Unknown,
        Bytes,
        Bytes,
        Text,
        Bytes,
        Text,
        Varint,
        Fixed64,
        Fixed64,
        Kind::Message(&KEY_VALUE),
        Varint,
        Kind::Message(&EVENT),
        Varint,
        Kind::Message(&LINK),
        Varint,
        Kind::Message(&STATUS),
        Fixed32,
    ],
};
static EVENT: Message = Message {
    name: "Event",
    fields: &[Unknown, Fixed64, Text, Kind::Message(&KEY_VALUE), Varint],
};
static LINK: Message = Message {
    name: "Link",
    fields: &[
        Unknown,
        Bytes,
        Bytes,
        Text,
        Kind::Message(&KEY_VALUE),
        Varint,
        Fixed32,
    ],
};
static STATUS: Message = Message {
    name: "Status",
    fields: &[Unknown, Unknown, Text, Varint],
};
static LOGS: Message = Message {
    name: "ExportLogsServiceRequest",
    fields: &[Unknown, Kind::Message(&RESOURCE_LOGS)],
};
static RESOURCE_LOGS: Message = Message {
    name: "ResourceLogs",
    fields: &[
        Unknown,
        Kind::Message(&RESOURCE),
        Kind::Message(&SCOPE_LOGS),
        Text,
    ],
};
static SCOPE_LOGS: Message = Message {
    name: "ScopeLogs",
    fields: &[
        Unknown,
        Kind::Message(&SCOPE),
        Kind::Message(&LOG_RECORD),
        Text,
    ],
};
static LOG_RECORD: Message = Message {
    name: "LogRecord",
    fields: &[
        Unknown,
        Fixed64,
        Varint,
        Text,
        Unknown,
        Kind::Message(&ANY_VALUE),
        Kind::Message(&KEY_VALUE),
        Varint,
        Fixed32,
        Bytes,
        Bytes,
        Fixed64,
        Text,
    ],
};
static RESOURCE: Message = Message {
    name: "Resource",
    fields: &[
        Unknown,
        Kind::Message(&KEY_VALUE),
        Varint,
        Kind::Message(&ENTITY_REF),
    ],
};
static ENTITY_REF: Message = Message {
    name: "EntityRef",
    fields: &[Unknown, Text, Text, Text, Text],
};
static SCOPE: Message = Message {
    name: "InstrumentationScope",
    fields: &[Unknown, Text, Text, Kind::Message(&KEY_VALUE), Varint],
};
static KEY_VALUE: Message = Message {
    name: "KeyValue",
    fields: &[Unknown, Text, Kind::Message(&ANY_VALUE), Varint],
};
static ANY_VALUE: Message = Message {
    name: "AnyValue",
    fields: &[
        Unknown,
        Text,
        Varint,
        Varint,
        Fixed64,
        Kind::Message(&ARRAY_VALUE),
        Kind::Message(&KEY_VALUE_LIST),
        Bytes,
        Varint,
    ],
};
static ARRAY_VALUE: Message = Message {
    name: "ArrayValue",
    fields: &[Unknown, Kind::Message(&ANY_VALUE)],
};
static KEY_VALUE_LIST: Message = Message {
    name: "KeyValueList",
    fields: &[Unknown, Kind::Message(&KEY_VALUE)],
};

/// Whether the bytes are this signal's request: the one pass over all of them. What it accepts can be read as text where it
/// is text.
pub fn check(signal: Signal, request: &[u8]) -> Result<(), WireError> {
    let message = match signal {
        Signal::Traces => &TRACES,
        Signal::Logs => &LOGS,
    };
    message.check(Cursor::new(message.name, request, 0))
}

// === impl Signal ===

impl Signal {
    pub(super) fn request_name(self) -> &'static str {
        match self {
            Self::Traces => TRACES.name,
            Self::Logs => LOGS.name,
        }
    }

    pub(super) fn resource_group_name(self) -> &'static str {
        match self {
            Self::Traces => RESOURCE_SPANS.name,
            Self::Logs => RESOURCE_LOGS.name,
        }
    }

    pub(super) fn scope_group_name(self) -> &'static str {
        match self {
            Self::Traces => SCOPE_SPANS.name,
            Self::Logs => SCOPE_LOGS.name,
        }
    }
}

// === impl Message ===

impl Message {
    /// Recursion is bounded by the cursor.
    fn check(&self, mut cursor: Cursor<'_>) -> Result<(), WireError> {
        while let Some((number, field)) = cursor.next()? {
            let kind = self.fields.get(number as usize).unwrap_or(&Unknown);
            match (kind, field) {
                (Kind::Message(message), Field::Bytes(bytes)) => {
                    message.check(cursor.inside(message.name, bytes)?)?;
                }
                (Text, Field::Bytes(text)) => {
                    if std::str::from_utf8(text).is_err() {
                        return Err(cursor.error(Problem::Text(number)));
                    }
                }
                (Varint, Field::Varint(_))
                | (Fixed64, Field::Fixed64(_))
                | (Fixed32, Field::Fixed32(_))
                | (Bytes, Field::Bytes(_)) => {}
                (Unknown, field) => cursor.skip(number, field)?,
                _ => return Err(cursor.error(Problem::Type(number))),
            }
        }
        Ok(())
    }
}
