//! How a span, a resource, a scope and a log record are split into the store's columns and the OTLP bytes beside them.
//!
//! Columns are for search and for what every view shows; the bytes (`extra`, `raw`) hold the rest, so that what comes out
//! equals what went in. An attribute stands in the map column as text, in its place; its type is a letter in another column,
//! and only what its text can't give back (lists, maps) stands among the bytes as well.

use std::sync::Arc;

use coldtrace_model::{IdError, LogRecord, Resource, Scope, Span, SpanOrigin, UnixNanos, joined};
use prost::Message as _;

use crate::faas::{Key, Known};
use crate::otlp::{self};
use crate::span::{self, SpanProblem};
use crate::value::any_value_to_model;
use crate::wire::{self, Attribute, Attributes, LogView, SpanView, WireError};

mod shape;
mod types;

use shape::Shapes;
use types::typed;

/// The columns of a stored span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredSpan {
    /// Trace.
    pub trace_id: [u8; 16],
    /// Span.
    pub span_id: [u8; 8],
    /// Parent, zeros for a root.
    pub parent_span_id: [u8; 8],
    /// Name.
    pub name: String,
    /// OTLP's number.
    pub kind: u8,
    /// Start, Unix nanoseconds.
    pub ts: u64,
    /// End minus start, nanoseconds.
    pub duration_ns: i64,
    /// OTLP's number.
    pub status: u8,
    /// Words for the status.
    pub status_message: String,
    /// W3C's flags, and what is known of the parent.
    pub flags: u32,
    /// Every attribute as text, in order.
    pub attrs: Vec<(String, String)>,
    /// [`Split::types`]
    pub attr_types: String,
    /// [`Split::extra`]
    pub extra: Vec<u8>,
}

/// The columns of a stored log record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredLog {
    /// When written, Unix nanoseconds.
    pub ts: u64,
    /// OTLP severity number.
    pub severity: u8,
    /// Text.
    pub body: String,
    /// Request id, empty if none.
    pub request_id: String,
    /// Trace, zeros if none.
    pub trace_id: [u8; 16],
    /// Span, zeros if none.
    pub span_id: [u8; 8],
    /// Who wrote it.
    pub source: String,
    /// Every attribute as text, in order.
    pub attrs: Vec<(String, String)>,
    /// [`Split::types`]; empty for lines that did not come as OTLP.
    pub attr_types: String,
    /// [`Split::extra`]; empty for lines that did not come as OTLP.
    pub extra: Vec<u8>,
}

/// Stored bytes that do not give back what was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// They are no protobuf.
    #[error("stored bytes are not OTLP")]
    Decode(#[from] prost::DecodeError),
    /// The letters are not those of the attributes.
    #[error("{attributes} stored attributes have {types} types")]
    Types {
        /// How many there are.
        attributes: usize,
        /// How many types.
        types: usize,
    },
    /// An attribute's text does not give its value back.
    #[error("the stored attribute {key:?} is not of its type {letter:?}")]
    Attribute {
        /// Its name.
        key: String,
        /// Its type.
        letter: char,
    },
    /// The columns are no span.
    #[error("stored columns are not a span")]
    Span(#[from] SpanProblem),
    /// The columns hold no ids.
    #[error("stored columns hold no id")]
    Id(#[from] IdError),
}

/// The attributes of a span or log record as columns, and what no column holds as OTLP bytes. Used for one after the other,
/// so that none needs memory of its own.
#[derive(Debug, Default)]
pub struct Split {
    shapes: Shapes,
    /// Of which the keys are.
    class: usize,
    values: Vec<u8>,
    types: Vec<u8>,
    /// Whether all attributes so far are text.
    is_text: bool,
    extra: Vec<u8>,
}

// === impl Split ===

impl Split {
    /// Splits a span; what its attributes say goes to `known`, which is cleared before.
    pub fn span<'a>(
        &mut self,
        span: &SpanView<'a>,
        known: &mut Known<'a>,
    ) -> Result<(), WireError> {
        self.split(Shapes::class(span.name), 9, span.attributes(), known)?;
        span.write_more(&mut self.extra)
    }

    /// Splits a log record, as [`Split::span`] does.
    pub fn log<'a>(
        &mut self,
        record: &LogView<'a>,
        known: &mut Known<'a>,
    ) -> Result<(), WireError> {
        self.split(0, 6, record.attributes(), known)?;
        record.write_more(&mut self.extra)
    }

    /// The names of the attributes, joined.
    pub fn keys(&self) -> &[u8] {
        &self.shapes.of(self.class).keys
    }

    /// The attributes as texts, joined.
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// A letter for each attribute; none where all are text, as they mostly are.
    pub fn types(&self) -> &[u8] {
        match self.is_text {
            true => &[],
            false => &self.types,
        }
    }

    /// The rest, an OTLP message. Empty if the columns hold everything.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    #[inline]
    fn split<'a>(
        &mut self,
        class: usize,
        number: u32,
        attributes: Attributes<'a>,
        known: &mut Known<'a>,
    ) -> Result<(), WireError> {
        self.class = class;
        self.clear(known);
        match self.are_as_expected(number, attributes, known) {
            true => Ok(()),
            false => {
                self.clear(known);
                self.learn(number, attributes, known)
            }
        }
    }

    fn clear(&mut self, known: &mut Known<'_>) {
        self.values.clear();
        self.types.clear();
        self.extra.clear();
        self.is_text = true;
        known.clear();
    }

    /// Whether they have the names that were seen last; then they are taken.
    #[inline]
    fn are_as_expected<'a>(
        &mut self,
        number: u32,
        mut attributes: Attributes<'a>,
        known: &mut Known<'a>,
    ) -> bool {
        let Self {
            shapes,
            class,
            values,
            types,
            is_text,
            extra,
        } = self;
        let Some(expected) = shapes.of(*class).expected() else {
            return false;
        };
        for (head, key) in expected {
            let Some(attribute) = attributes.next_headed(head) else {
                return false;
            };
            if let Some(key) = key {
                known.add_value(key, attribute.value);
            }
            *is_text &= add_value(number, &attribute, values, types, extra);
        }
        attributes.is_over()
    }

    #[inline(never)]
    fn learn<'a>(
        &mut self,
        number: u32,
        attributes: Attributes<'a>,
        known: &mut Known<'a>,
    ) -> Result<(), WireError> {
        let shape = self.shapes.learn(self.class);
        for attribute in attributes {
            let attribute = attribute?;
            let key = Key::of(attribute.key);
            shape.add(attribute.key, key);
            if let Some(key) = key {
                known.add_value(key, attribute.value);
            }
            let (values, types, extra) = (&mut self.values, &mut self.types, &mut self.extra);
            self.is_text &= add_value(number, &attribute, values, types, extra);
        }
        Ok(())
    }
}

/// Adds an attribute to the columns but that of its name. Whether it is text.
#[inline(always)]
fn add_value(
    number: u32,
    attribute: &Attribute<'_>,
    values: &mut Vec<u8>,
    types: &mut Vec<u8>,
    extra: &mut Vec<u8>,
) -> bool {
    let letter = types::letter(attribute.value);
    types.push(letter);
    if let wire::Value::Text(text) = attribute.value {
        joined::add(text, values);
        return true;
    }
    joined::add_written(values, |values| wire::write_text(attribute.value, values));
    if letter == types::IN_EXTRA {
        wire::put_message(number, attribute.raw, extra);
    }
    false
}

// === spans ===

/// The span, whole again.
pub fn span_from_stored(
    stored: StoredSpan,
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    origin: SpanOrigin,
) -> Result<Span, StoredError> {
    let extra = otlp::trace::Span::decode(stored.extra.as_slice())?;
    let kind = match extra.kind {
        0 => i32::from(stored.kind),
        unknown => unknown,
    };
    let span = otlp::trace::Span {
        trace_id: stored.trace_id.to_vec(),
        span_id: stored.span_id.to_vec(),
        parent_span_id: stored.parent_span_id.to_vec(),
        name: stored.name,
        kind,
        start_time_unix_nano: stored.ts,
        end_time_unix_nano: stored.ts.saturating_add_signed(stored.duration_ns),
        flags: stored.flags,
        attributes: typed(stored.attrs, &stored.attr_types, extra.attributes)?,
        status: Some(otlp::trace::Status {
            message: stored.status_message,
            code: i32::from(stored.status),
        }),
        ..extra
    };
    Ok(span::to_model(span, resource, scope, origin)?)
}

// === resources and scopes ===

/// A resource's bytes.
pub fn resource_raw(resource: &otlp::resource::Resource) -> Vec<u8> {
    resource.encode_to_vec()
}

/// The resource of these bytes.
pub fn resource_from_raw(raw: &[u8], schema_url: String) -> Result<Resource, StoredError> {
    let resource = otlp::resource::Resource::decode(raw)?;
    Ok(span::resource_to_model(Some(resource), schema_url))
}

/// A scope's bytes.
pub fn scope_raw(scope: &otlp::common::InstrumentationScope) -> Vec<u8> {
    scope.encode_to_vec()
}

/// The scope of these bytes.
pub fn scope_from_raw(raw: &[u8], schema_url: String) -> Result<Scope, StoredError> {
    let scope = otlp::common::InstrumentationScope::decode(raw)?;
    Ok(span::scope_to_model(Some(scope), schema_url))
}

// === logs ===

/// The log record, whole again as far as the model has it.
pub fn log_from_stored(stored: StoredLog) -> Result<LogRecord, StoredError> {
    let extra = otlp::logs::LogRecord::decode(stored.extra.as_slice())?;
    let attributes = typed(stored.attrs, &stored.attr_types, extra.attributes)?;
    let attributes = attributes.into_iter();
    let attributes = attributes.map(|pair| (pair.key, any_value_to_model(pair.value)));
    Ok(LogRecord {
        time: UnixNanos(stored.ts),
        severity: stored.severity,
        body: stored.body,
        request_id: none_if_empty(&stored.request_id)
            .map(str::parse)
            .transpose()?,
        trace_id: coldtrace_model::TraceId::from_bytes(&stored.trace_id).ok(),
        span_id: coldtrace_model::SpanId::from_bytes(&stored.span_id).ok(),
        source: stored.source,
        attributes: attributes.collect(),
    })
}

fn none_if_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
