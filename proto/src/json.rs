//! OTLP in its JSON form, read into the protobuf messages.
//!
//! Lenient where clients differ: names in lowerCamelCase or snake_case, enumerations as numbers or names of either style,
//! 64-bit integers as strings or numbers, ids in hex digits of either case, fields that are unknown or `null` are left out.
//! An id that is not hex becomes one of wrong length, so that its span alone is rejected. What is of a wrong type is an
//! error that names its place.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use crate::otlp::common::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use crate::otlp::logs::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use crate::otlp::resource::Resource;
use crate::otlp::trace::{ResourceSpans, ScopeSpans, Span, Status, span, status};
use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};

/// How deep values may be nested. Protobuf's decoder stops at 100 messages, a map within a map costs three, and what is
/// read here is decoded once more from protobuf.
pub const MAX_DEPTH: usize = 30;

/// Why text is not OTLP in JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Something is of a wrong type.
    #[error("{place}: expected {expected}, found {found}")]
    Type {
        /// Such as `resourceSpans[0].scopeSpans[0].spans[1].name`.
        place: String,
        /// What must stand there.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// Values are nested too deep.
    #[error("{place}: nested deeper than {MAX_DEPTH} levels")]
    TooDeep {
        /// Where.
        place: String,
    },
}

/// Reads an `ExportTraceServiceRequest`.
pub fn decode_traces(text: &[u8]) -> Result<ExportTraceServiceRequest, JsonError> {
    let value: Value = serde_json::from_slice(text)?;
    let root = Place::ROOT;
    let request = root.object(&value)?;
    Ok(ExportTraceServiceRequest {
        resource_spans: request.list("resourceSpans", resource_spans)?,
    })
}

/// Reads an `ExportLogsServiceRequest`.
pub fn decode_logs(text: &[u8]) -> Result<ExportLogsServiceRequest, JsonError> {
    let value: Value = serde_json::from_slice(text)?;
    let root = Place::ROOT;
    let request = root.object(&value)?;
    Ok(ExportLogsServiceRequest {
        resource_logs: request.list("resourceLogs", resource_logs)?,
    })
}

// === messages ===

fn resource_spans(fields: &Object<'_>) -> Result<ResourceSpans, JsonError> {
    Ok(ResourceSpans {
        resource: fields.message("resource", resource)?,
        scope_spans: fields.list("scopeSpans", scope_spans)?,
        schema_url: fields.text("schemaUrl")?,
    })
}

fn scope_spans(fields: &Object<'_>) -> Result<ScopeSpans, JsonError> {
    Ok(ScopeSpans {
        scope: fields.message("scope", scope)?,
        spans: fields.list("spans", span)?,
        schema_url: fields.text("schemaUrl")?,
    })
}

fn resource_logs(fields: &Object<'_>) -> Result<ResourceLogs, JsonError> {
    Ok(ResourceLogs {
        resource: fields.message("resource", resource)?,
        scope_logs: fields.list("scopeLogs", scope_logs)?,
        schema_url: fields.text("schemaUrl")?,
    })
}

fn scope_logs(fields: &Object<'_>) -> Result<ScopeLogs, JsonError> {
    Ok(ScopeLogs {
        scope: fields.message("scope", scope)?,
        log_records: fields.list("logRecords", log_record)?,
        schema_url: fields.text("schemaUrl")?,
    })
}

fn resource(fields: &Object<'_>) -> Result<Resource, JsonError> {
    Ok(Resource {
        attributes: fields.attributes()?,
        dropped_attributes_count: fields.u32("droppedAttributesCount")?,
        ..Resource::default()
    })
}

fn scope(fields: &Object<'_>) -> Result<InstrumentationScope, JsonError> {
    Ok(InstrumentationScope {
        name: fields.text("name")?,
        version: fields.text("version")?,
        attributes: fields.attributes()?,
        dropped_attributes_count: fields.u32("droppedAttributesCount")?,
    })
}

fn span(fields: &Object<'_>) -> Result<Span, JsonError> {
    Ok(Span {
        trace_id: fields.id("traceId")?,
        span_id: fields.id("spanId")?,
        trace_state: fields.text("traceState")?,
        parent_span_id: fields.id("parentSpanId")?,
        flags: fields.u32("flags")?,
        name: fields.text("name")?,
        kind: fields.enumeration("kind", "SPAN_KIND_", |name| {
            span::SpanKind::from_str_name(name).map(i32::from)
        })?,
        start_time_unix_nano: fields.u64("startTimeUnixNano")?,
        end_time_unix_nano: fields.u64("endTimeUnixNano")?,
        attributes: fields.attributes()?,
        dropped_attributes_count: fields.u32("droppedAttributesCount")?,
        events: fields.list("events", event)?,
        dropped_events_count: fields.u32("droppedEventsCount")?,
        links: fields.list("links", link)?,
        dropped_links_count: fields.u32("droppedLinksCount")?,
        status: fields.message("status", status)?,
    })
}

fn event(fields: &Object<'_>) -> Result<span::Event, JsonError> {
    Ok(span::Event {
        time_unix_nano: fields.u64("timeUnixNano")?,
        name: fields.text("name")?,
        attributes: fields.attributes()?,
        dropped_attributes_count: fields.u32("droppedAttributesCount")?,
    })
}

fn link(fields: &Object<'_>) -> Result<span::Link, JsonError> {
    Ok(span::Link {
        trace_id: fields.id("traceId")?,
        span_id: fields.id("spanId")?,
        trace_state: fields.text("traceState")?,
        attributes: fields.attributes()?,
        dropped_attributes_count: fields.u32("droppedAttributesCount")?,
        flags: fields.u32("flags")?,
    })
}

fn status(fields: &Object<'_>) -> Result<Status, JsonError> {
    Ok(Status {
        message: fields.text("message")?,
        code: fields.enumeration("code", "STATUS_CODE_", |name| {
            status::StatusCode::from_str_name(name).map(i32::from)
        })?,
    })
}

fn log_record(fields: &Object<'_>) -> Result<LogRecord, JsonError> {
    Ok(LogRecord {
        time_unix_nano: fields.u64("timeUnixNano")?,
        observed_time_unix_nano: fields.u64("observedTimeUnixNano")?,
        severity_number: fields.enumeration("severityNumber", "SEVERITY_NUMBER_", |name| {
            SeverityNumber::from_str_name(name).map(i32::from)
        })?,
        severity_text: fields.text("severityText")?,
        body: fields.any_value("body")?,
        attributes: fields.attributes()?,
        dropped_attributes_count: fields.u32("droppedAttributesCount")?,
        flags: fields.u32("flags")?,
        trace_id: fields.id("traceId")?,
        span_id: fields.id("spanId")?,
        event_name: fields.text("eventName")?,
    })
}

fn key_value(fields: &Object<'_>) -> Result<KeyValue, JsonError> {
    Ok(KeyValue {
        key: fields.text("key")?,
        value: fields.any_value("value")?,
        ..KeyValue::default()
    })
}

fn any_value(fields: &Object<'_>) -> Result<AnyValue, JsonError> {
    if fields.place.values > MAX_DEPTH {
        return Err(JsonError::TooDeep {
            place: fields.place.to_string(),
        });
    }
    use any_value::Value as Any;
    let value = if let Some((place, value)) = fields.find("stringValue") {
        Some(Any::StringValue(place.text(value)?))
    } else if let Some((place, value)) = fields.find("boolValue") {
        Some(Any::BoolValue(place.truth(value)?))
    } else if let Some((place, value)) = fields.find("intValue") {
        Some(Any::IntValue(place.i64(value)?))
    } else if let Some((place, value)) = fields.find("doubleValue") {
        Some(Any::DoubleValue(place.double(value)?))
    } else if let Some((place, value)) = fields.find("bytesValue") {
        Some(Any::BytesValue(place.bytes(value)?))
    } else if let Some((place, value)) = fields.find("arrayValue") {
        let values = place.object(value)?.list("values", any_value)?;
        Some(Any::ArrayValue(ArrayValue { values }))
    } else if let Some((place, value)) = fields.find("kvlistValue") {
        let values = place.object(value)?.list("values", key_value)?;
        Some(Any::KvlistValue(KeyValueList { values }))
    } else {
        None
    };
    Ok(AnyValue { value })
}

// === places ===

/// Where in the text something stands; printed only in errors.
#[derive(Clone, Copy)]
struct Place<'a> {
    outer: Option<&'a Self>,
    step: Step<'a>,
    /// How many values it is nested in.
    values: usize,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

/// A JSON object and where it stands.
struct Object<'a> {
    place: &'a Place<'a>,
    fields: &'a Map<String, Value>,
}

impl<'a> Place<'a> {
    const ROOT: Self = Place {
        outer: None,
        step: Step::Root,
        values: 0,
    };

    fn at(&'a self, step: Step<'a>) -> Self {
        let is_value = matches!(step, Step::Field("arrayValue" | "kvlistValue"));
        Self {
            outer: Some(self),
            step,
            values: self.values + usize::from(is_value),
        }
    }

    fn object(&'a self, value: &'a Value) -> Result<Object<'a>, JsonError> {
        match value {
            Value::Object(fields) => Ok(Object {
                place: self,
                fields,
            }),
            other => Err(self.wrong("an object", other)),
        }
    }

    fn text(&self, value: &Value) -> Result<String, JsonError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(self.wrong("a string", other)),
        }
    }

    fn truth(&self, value: &Value) -> Result<bool, JsonError> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            other => Err(self.wrong("true or false", other)),
        }
    }

    fn u64(&self, value: &Value) -> Result<u64, JsonError> {
        let number = match value {
            Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            Value::String(digits) => digits.parse().ok(),
            _ => None,
        };
        number
            .ok_or_else(|| self.wrong("an unsigned 64-bit integer, as a string or a number", value))
    }

    fn u32(&self, value: &Value) -> Result<u32, JsonError> {
        let number = self
            .u64(value)
            .ok()
            .and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| self.wrong("an unsigned 32-bit integer", value))
    }

    fn i64(&self, value: &Value) -> Result<i64, JsonError> {
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| {
                let number = number.as_f64()?;
                // Whole numbers that a double holds exactly.
                (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0)
                    .then_some(number as i64)
            }),
            Value::String(digits) => digits.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.wrong("a 64-bit integer, as a string or a number", value))
    }

    fn double(&self, value: &Value) -> Result<f64, JsonError> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            // Rust reads `NaN`, `Infinity` and `-Infinity`, which is how protobuf's JSON writes them.
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.wrong("a number, \"NaN\", \"Infinity\" or \"-Infinity\"", value))
    }

    fn bytes(&self, value: &Value) -> Result<Vec<u8>, JsonError> {
        let bytes = match value {
            Value::String(text) if text.contains(['-', '_']) => URL_SAFE.decode(text).ok(),
            Value::String(text) => STANDARD.decode(text).ok(),
            _ => None,
        };
        bytes.ok_or_else(|| self.wrong("bytes in base64", value))
    }

    fn id(&self, value: &Value) -> Result<Vec<u8>, JsonError> {
        let digits = self.text(value)?;
        // One byte is the length of no id: the span is rejected, not the request.
        Ok(from_hex(&digits).unwrap_or_else(|| vec![0]))
    }

    fn enumeration(
        &self,
        value: &Value,
        prefix: &str,
        from_name: impl Fn(&str) -> Option<i32>,
    ) -> Result<i32, JsonError> {
        let number = match value {
            Value::Number(_) => self
                .i64(value)
                .ok()
                .and_then(|number| i32::try_from(number).ok()),
            Value::String(name) => {
                let upper = name.to_ascii_uppercase();
                name.parse()
                    .ok()
                    .or_else(|| from_name(&upper))
                    .or_else(|| from_name(&format!("{prefix}{upper}")))
            }
            _ => None,
        };
        number.ok_or_else(|| self.wrong("an enumeration's number or name", value))
    }

    fn wrong(&self, expected: &'static str, found: &Value) -> JsonError {
        JsonError::Type {
            place: self.to_string(),
            expected,
            found: shown(found),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(outer) = self.outer else {
            return f.write_str("the request");
        };
        if outer.outer.is_some() {
            outer.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Field(name) if outer.outer.is_none() => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
        }
    }
}

impl<'a> Object<'a> {
    /// The field, unless it is absent or `null`.
    fn find<'b>(&'b self, name: &'b str) -> Option<(Place<'b>, &'b Value)> {
        let value = match self.fields.get(name) {
            Some(value) => value,
            None => self.fields.get(&snake_case(name)?)?,
        };
        (!value.is_null()).then(|| (self.place.at(Step::Field(name)), value))
    }

    fn text(&self, name: &str) -> Result<String, JsonError> {
        self.read(name, |place, value| place.text(value))
    }

    fn u64(&self, name: &str) -> Result<u64, JsonError> {
        self.read(name, |place, value| place.u64(value))
    }

    fn u32(&self, name: &str) -> Result<u32, JsonError> {
        self.read(name, |place, value| place.u32(value))
    }

    fn id(&self, name: &str) -> Result<Vec<u8>, JsonError> {
        self.read(name, |place, value| place.id(value))
    }

    fn enumeration(
        &self,
        name: &str,
        prefix: &str,
        from_name: impl Fn(&str) -> Option<i32>,
    ) -> Result<i32, JsonError> {
        self.read(name, |place, value| {
            place.enumeration(value, prefix, from_name)
        })
    }

    fn read<T: Default>(
        &self,
        name: &str,
        read: impl FnOnce(Place<'_>, &Value) -> Result<T, JsonError>,
    ) -> Result<T, JsonError> {
        match self.find(name) {
            Some((place, value)) => read(place, value),
            None => Ok(T::default()),
        }
    }

    fn message<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Object<'_>) -> Result<T, JsonError>,
    ) -> Result<Option<T>, JsonError> {
        match self.find(name) {
            Some((place, value)) => read(&place.object(value)?).map(Some),
            None => Ok(None),
        }
    }

    fn any_value(&self, name: &str) -> Result<Option<AnyValue>, JsonError> {
        self.message(name, any_value)
    }

    fn attributes(&self) -> Result<Vec<KeyValue>, JsonError> {
        self.list("attributes", key_value)
    }

    fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&Object<'_>) -> Result<T, JsonError>,
    ) -> Result<Vec<T>, JsonError> {
        let Some((place, value)) = self.find(name) else {
            return Ok(Vec::new());
        };
        let Value::Array(items) = value else {
            return Err(place.wrong("a list", value));
        };
        let read_at = |(index, item)| {
            let place = place.at(Step::Index(index));
            read(&place.object(item)?)
        };
        items.iter().enumerate().map(read_at).collect()
    }
}

// === pieces ===

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What is shown of a value in an error.
const SHOWN_BYTES: usize = 40;

fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        scalar => {
            let text = scalar.to_string();
            match text.char_indices().nth(SHOWN_BYTES) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text,
            }
        }
    }
}

fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number))
        .then_some(number as u64)
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let nibble = |digit: u8| char::from(digit).to_digit(16);
            u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).ok()
        })
        .collect()
}

/// `startTimeUnixNano` as `start_time_unix_nano`; nothing where both are the same.
fn snake_case(name: &str) -> Option<String> {
    if !name.contains(|letter: char| letter.is_ascii_uppercase()) {
        return None;
    }
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    Some(snake)
}

#[cfg(test)]
mod tests;
