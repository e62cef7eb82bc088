//! Whether a request's bytes are the message that they should be, in every field down to the last.
//!
//! A table says what each message is made of; attributes, of which there are many, go a shorter way that gives the same
//! answer.

use super::attribute::Attribute;
use super::cursor::{Cursor, Field, is_text};
use super::group::IN_ITEM;
use super::{LogView, Problem, SpanView, Value, WireError};

/// What an OTLP request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `ExportTraceServiceRequest`
    Traces,
    /// `ExportLogsServiceRequest`
    Logs,
}

/// A message: its name and its fields by number, from 0.
pub(super) struct Message {
    pub(super) name: &'static str,
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

/// The envelopes of log records number their fields as these do; their records are checked apart.
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
pub(super) static EVENT: Message = Message {
    name: "Event",
    fields: &[Unknown, Fixed64, Text, Kind::Message(&KEY_VALUE), Varint],
};
pub(super) static LINK: Message = Message {
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

/// Whether the bytes are a request of spans, in every field; `each` takes its spans as they come. What it accepts can be read
/// as text where it is text.
pub fn check_spans<'a>(
    request: &'a [u8],
    mut each: impl FnMut(&SpanView<'a>),
) -> Result<(), WireError> {
    check_items(Signal::Traces, request, |bytes| {
        each(&SpanView::read_checked(bytes)?);
        Ok(())
    })
}

/// Whether the bytes are a request of log records, in every field; `each` takes its records as they come. What it accepts can
/// be read as text where it is text.
pub fn check_logs<'a>(
    request: &'a [u8],
    mut each: impl FnMut(&LogView<'a>),
) -> Result<(), WireError> {
    check_items(Signal::Logs, request, |bytes| {
        LOG_RECORD.check(Cursor::new(LOG_RECORD.name, bytes, IN_ITEM))?;
        each(&LogView::read(bytes)?);
        Ok(())
    })
}

/// Walks down to the items, whose messages `check` checks.
fn check_items<'a>(
    signal: Signal,
    request: &'a [u8],
    mut check: impl FnMut(&'a [u8]) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut groups = Cursor::new(signal.request_name(), request, 0);
    while let Some(group) = groups.next_message(1, &TRACES)? {
        let mut scopes = groups.inside(signal.resource_group_name(), group)?;
        while let Some(scope) = scopes.next_message(2, &RESOURCE_SPANS)? {
            let mut items = scopes.inside(signal.scope_group_name(), scope)?;
            while let Some(item) = items.next_message(2, &SCOPE_SPANS)? {
                check(item)?;
            }
        }
    }
    Ok(())
}

// === impl Signal ===

impl Signal {
    pub(super) fn request_name(self) -> &'static str {
        match self {
            Self::Traces => TRACES.name,
            Self::Logs => "ExportLogsServiceRequest",
        }
    }

    pub(super) fn resource_group_name(self) -> &'static str {
        match self {
            Self::Traces => RESOURCE_SPANS.name,
            Self::Logs => "ResourceLogs",
        }
    }

    pub(super) fn scope_group_name(self) -> &'static str {
        match self {
            Self::Traces => SCOPE_SPANS.name,
            Self::Logs => "ScopeLogs",
        }
    }
}

/// Checks a [`KEY_VALUE`]: without the table where it is plain, since there are many.
#[inline(always)]
pub(super) fn check_attribute(bytes: &[u8], parent: &Cursor<'_>) -> Result<(), WireError> {
    let Some(attribute) = Attribute::read_plain(bytes) else {
        return KEY_VALUE.check(parent.inside(KEY_VALUE.name, bytes)?);
    };
    let is_text = match attribute.value {
        Value::Text(text) => is_text(attribute.key) && is_text(text),
        _ => is_text(attribute.key),
    };
    match is_text {
        true => Ok(()),
        // Once more, for the place.
        false => KEY_VALUE.check(parent.inside(KEY_VALUE.name, bytes)?),
    }
}

// === impl Message ===

impl Message {
    /// Recursion is bounded by the cursor.
    pub(super) fn check(&self, mut cursor: Cursor<'_>) -> Result<(), WireError> {
        while let Some((number, field)) = cursor.next()? {
            self.check_field(&mut cursor, number, field)?;
        }
        Ok(())
    }

    #[inline]
    fn check_field<'a>(
        &self,
        cursor: &mut Cursor<'a>,
        number: u32,
        field: Field<'a>,
    ) -> Result<(), WireError> {
        let kind = self.fields.get(number as usize).unwrap_or(&Unknown);
        match (kind, field) {
            (Text, Field::Bytes(text)) => cursor.text(number, text),
            (Kind::Message(message), Field::Bytes(bytes)) => {
                message.check(cursor.inside(message.name, bytes)?)
            }
            (Varint, Field::Varint(_))
            | (Fixed64, Field::Fixed64(_))
            | (Fixed32, Field::Fixed32(_))
            | (Bytes, Field::Bytes(_)) => Ok(()),
            (Unknown, field) => cursor.skip(number, field),
            _ => Err(cursor.error(Problem::Type(number))),
        }
    }
}

impl<'a> Cursor<'a> {
    /// The bytes of the next message in field `wanted`; the fields before it are those of `message`, and checked.
    fn next_message(
        &mut self,
        wanted: u32,
        message: &Message,
    ) -> Result<Option<&'a [u8]>, WireError> {
        while let Some((number, field)) = self.next()? {
            match field {
                Field::Bytes(bytes) if number == wanted => return Ok(Some(bytes)),
                field => message.check_field(self, number, field)?,
            }
        }
        Ok(None)
    }
}
