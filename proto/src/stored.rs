//! How a span, a resource, a scope and a log record are split into the store's columns and the OTLP bytes beside them.
//!
//! Columns are for search and for what every view shows; the bytes (`extra`, `raw`) hold the rest, so that what comes out
//! equals what went in. Text stands once: an attribute whose value is text and whose key is unique keeps its place among
//! the bytes, but its value only in the map column; an attribute there without a value means "look into the map".

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coldtrace_model::{
    AttributeValue, IdError, LogRecord, Resource, Scope, Span, SpanOrigin, UnixNanos,
};
use prost::Message as _;

use crate::otlp::common::any_value::Value;
use crate::otlp::common::{AnyValue, KeyValue};
use crate::otlp::{self};
use crate::span::{self, SpanProblem};
use crate::value::any_value_to_model;

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
    /// Every attribute as text.
    pub attrs: Vec<(String, String)>,
    /// What [`span_extra`] made.
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
    /// Every attribute as text.
    pub attrs: Vec<(String, String)>,
    /// What [`log_extra`] made; empty for lines that did not come as OTLP.
    pub extra: Vec<u8>,
}

/// Stored bytes that do not give back what was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// They are no protobuf.
    #[error("stored bytes are not OTLP")]
    Decode(#[from] prost::DecodeError),
    /// An attribute's text is neither among the bytes nor in the map.
    #[error("the text of attribute {0:?} is missing")]
    MissingText(String),
    /// The columns are no span.
    #[error("stored columns are not a span")]
    Span(#[from] SpanProblem),
    /// The columns hold no ids.
    #[error("stored columns hold no id")]
    Id(#[from] IdError),
}

// === spans ===

/// The part of a span that the columns do not hold. Empty if they hold everything.
pub fn span_extra(span: &otlp::trace::Span) -> Vec<u8> {
    otlp::trace::Span {
        trace_state: span.trace_state.clone(),
        flags: span.flags,
        kind: match u8::try_from(span.kind) {
            Ok(0..=5) => 0,
            _ => span.kind,
        },
        attributes: without_texts(&span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events: span.events.clone(),
        dropped_events_count: span.dropped_events_count,
        links: span.links.clone(),
        dropped_links_count: span.dropped_links_count,
        ..otlp::trace::Span::default()
    }
    .encode_to_vec()
}

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
        attributes: with_texts(extra.attributes, stored.attrs)?,
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

/// The part of a log record that the columns do not hold. Empty if they hold everything.
pub fn log_extra(record: &otlp::logs::LogRecord) -> Vec<u8> {
    let body = record.body.as_ref();
    let is_text = matches!(
        body.and_then(|body| body.value.as_ref()),
        Some(Value::StringValue(_))
    );
    otlp::logs::LogRecord {
        time_unix_nano: 0,
        severity_number: match u8::try_from(record.severity_number) {
            Ok(_) => 0,
            Err(_) => record.severity_number,
        },
        body: if is_text { None } else { record.body.clone() },
        attributes: without_texts(&record.attributes),
        trace_id: Vec::new(),
        span_id: Vec::new(),
        ..record.clone()
    }
    .encode_to_vec()
}

/// The log record, whole again as far as the model has it.
pub fn log_from_stored(stored: StoredLog) -> Result<LogRecord, StoredError> {
    let extra = otlp::logs::LogRecord::decode(stored.extra.as_slice())?;
    let attributes = if stored.extra.is_empty() {
        // Not OTLP: the map is all there is.
        let texts = stored.attrs.into_iter();
        texts
            .map(|(key, text)| (key, AttributeValue::String(text)))
            .collect()
    } else {
        with_texts(extra.attributes, stored.attrs)?
            .into_iter()
            .map(|pair| (pair.key, any_value_to_model(pair.value)))
            .collect()
    };
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
        attributes,
    })
}

/// A log record's body as text, for its column.
pub fn body_text(body: Option<&AnyValue>) -> Cow<'_, str> {
    match body {
        Some(value) => text_of(value),
        None => Cow::Borrowed(""),
    }
}

fn none_if_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

// === attributes ===

/// Every attribute as text, one for each key (of repeated keys the last), sorted by key.
///
/// Numbers and truths as they are printed, bytes in base64, lists and maps as compact JSON.
pub fn attribute_text(attributes: &[KeyValue]) -> Vec<(&str, Cow<'_, str>)> {
    let texts: BTreeMap<&str, Cow<'_, str>> = attributes
        .iter()
        .map(|pair| (pair.key.as_str(), body_text(pair.value.as_ref())))
        .collect();
    texts.into_iter().collect()
}

fn text_of(value: &AnyValue) -> Cow<'_, str> {
    match &value.value {
        Some(Value::StringValue(text)) => Cow::Borrowed(text),
        Some(Value::BoolValue(true)) => Cow::Borrowed("true"),
        Some(Value::BoolValue(false)) => Cow::Borrowed("false"),
        None => Cow::Borrowed(""),
        Some(Value::BytesValue(bytes)) => Cow::Owned(STANDARD.encode(bytes)),
        Some(Value::DoubleValue(number)) => {
            let mut text = String::new();
            write_double(&mut text, *number);
            Cow::Owned(text)
        }
        Some(_) => {
            let mut json = String::new();
            write_json(&mut json, value);
            Cow::Owned(json)
        }
    }
}

/// Compact JSON. Recursion is bounded: both decoders cap the depth of what they accept.
fn write_json(json: &mut String, value: &AnyValue) {
    match &value.value {
        None => json.push_str("null"),
        Some(Value::StringValue(text)) => write_json_text(json, text),
        Some(Value::BoolValue(truth)) => json.push_str(if *truth { "true" } else { "false" }),
        Some(Value::IntValue(number)) => write_display(json, number),
        Some(Value::StringValueStrindex(index)) => write_display(json, index),
        Some(Value::DoubleValue(number)) if number.is_finite() => write_double(json, *number),
        Some(Value::DoubleValue(number)) => write_json_text(json, &number.to_string()),
        Some(Value::BytesValue(bytes)) => write_json_text(json, &STANDARD.encode(bytes)),
        Some(Value::ArrayValue(list)) => {
            write_list(json, '[', ']', &list.values, write_json);
        }
        Some(Value::KvlistValue(list)) => {
            write_list(json, '{', '}', &list.values, |json, pair| {
                write_json_text(json, &pair.key);
                json.push(':');
                match &pair.value {
                    Some(value) => write_json(json, value),
                    None => json.push_str("null"),
                }
            });
        }
    }
}

fn write_list<T>(
    json: &mut String,
    open: char,
    close: char,
    items: &[T],
    write_item: impl Fn(&mut String, &T),
) {
    json.push(open);
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            json.push(',');
        }
        write_item(json, item);
    }
    json.push(close);
}

/// With an exponent where the number would be hundreds of digits long otherwise; the bounds are those of JavaScript.
fn write_double(text: &mut String, number: f64) {
    let is_plain = number == 0.0 || !number.is_finite() || (1e-6..1e21).contains(&number.abs());
    if is_plain {
        write_display(text, number);
    } else {
        write_display(text, format_args!("{number:e}"));
    }
}

fn write_display(json: &mut String, number: impl std::fmt::Display) {
    write!(json, "{number}").expect("writing to a string does not fail");
}

fn write_json_text(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            letter if letter < ' ' => {
                write!(json, "\\u{:04x}", u32::from(letter))
                    .expect("writing to a string does not fail");
            }
            letter => json.push(letter),
        }
    }
    json.push('"');
}

/// The attributes with the texts that the map holds taken out. An attribute that had no value gets an empty one, which
/// means the same and can be told apart.
fn without_texts(attributes: &[KeyValue]) -> Vec<KeyValue> {
    let mut times: HashMap<&str, usize> = HashMap::with_capacity(attributes.len());
    for pair in attributes {
        *times.entry(&pair.key).or_default() += 1;
    }
    attributes
        .iter()
        .map(|pair| {
            let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
            let in_map =
                matches!(value, Some(Value::StringValue(_))) && times[pair.key.as_str()] == 1;
            KeyValue {
                key: pair.key.clone(),
                value: match in_map {
                    true => None,
                    false => Some(pair.value.clone().unwrap_or_default()),
                },
                ..KeyValue::default()
            }
        })
        .collect()
}

fn with_texts(
    attributes: Vec<KeyValue>,
    texts: Vec<(String, String)>,
) -> Result<Vec<KeyValue>, StoredError> {
    let mut texts: HashMap<String, String> = texts.into_iter().collect();
    attributes
        .into_iter()
        .map(|pair| {
            let value = match pair.value {
                Some(value) => value,
                None => AnyValue {
                    value: Some(Value::StringValue(
                        texts
                            .remove(&pair.key)
                            .ok_or_else(|| StoredError::MissingText(pair.key.clone()))?,
                    )),
                },
            };
            Ok(KeyValue {
                value: Some(value),
                ..pair
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
