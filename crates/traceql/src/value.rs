//! Values of fields and constants, and how they compare.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use coldtrace_model::{AttributeValue, SpanKind, StatusCode};

/// What an expression gives for a span.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not there.
    Nil,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A length of time in nanoseconds.
    Duration(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// How a span ended.
    Status(StatusCode),
    /// Its role in a call.
    Kind(SpanKind),
    /// Several: of a list, or of all events or links.
    Several(Vec<Self>),
}

/// What a value can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Told only by the span: an attribute.
    Any,
    Nil,
    Bool,
    Number,
    Text,
    Status,
    Kind,
}

// === impl Value ===

impl<'a> Value<'a> {
    pub(crate) fn type_(&self) -> Type {
        match self {
            Self::Nil => Type::Nil,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) | Self::Float(_) | Self::Duration(_) => Type::Number,
            Self::Text(_) => Type::Text,
            Self::Status(_) => Type::Status,
            Self::Kind(_) => Type::Kind,
            Self::Several(_) => Type::Any,
        }
    }

    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// The same, without a copy of its text.
    pub(crate) fn borrowed(&'a self) -> Self {
        match self {
            Self::Text(text) => Self::text(text),
            Self::Several(values) => Self::Several(values.iter().map(Self::borrowed).collect()),
            other => other.clone(),
        }
    }

    /// Of what is told several times; nil if it is never told.
    pub(crate) fn several(values: impl Iterator<Item = Self>) -> Self {
        let mut found = Vec::new();
        for value in values {
            match value {
                Self::Nil => {}
                Self::Several(inner) => found.extend(inner),
                one => found.push(one),
            }
        }
        match found.len() {
            0 => Self::Nil,
            1 => found.remove(0),
            _ => Self::Several(found),
        }
    }

    /// As a number: durations in nanoseconds.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) | Self::Duration(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    /// One by one; nothing for what is not there.
    pub(crate) fn each(&self) -> &[Self] {
        match self {
            Self::Nil => &[],
            Self::Several(values) => values,
            one => std::slice::from_ref(one),
        }
    }

    /// How two single values compare; nothing where they can't.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a) | Self::Duration(a), Self::Int(b) | Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Status(a), Self::Status(b)) => Some((*a as u8).cmp(&(*b as u8))),
            (Self::Kind(a), Self::Kind(b)) => Some((*a as u8).cmp(&(*b as u8))),
            (a, b) => a.number()?.partial_cmp(&b.number()?),
        }
    }
}

impl<'a> From<&'a AttributeValue> for Value<'a> {
    fn from(value: &'a AttributeValue) -> Self {
        match value {
            AttributeValue::String(text) => Self::text(text),
            AttributeValue::Bool(value) => Self::Bool(*value),
            AttributeValue::Int(value) => Self::Int(*value),
            AttributeValue::Double(value) => Self::Float(*value),
            AttributeValue::Array(values) => Self::several(values.iter().map(Self::from)),
            // TraceQL has no words for these.
            AttributeValue::Empty | AttributeValue::Bytes(_) | AttributeValue::KeyValues(_) => {
                Self::Nil
            }
        }
    }
}

impl fmt::Display for Value<'_> {
    /// As a query would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            // With a point, so that it stays one.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Duration(nanos) => write!(f, "{nanos}ns"),
            Self::Text(text) => quote(f, text),
            Self::Status(code) => f.write_str(status_word(*code)),
            Self::Kind(kind) => f.write_str(kind_word(*kind)),
            Self::Several(values) => {
                f.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
        }
    }
}

/// Text as the language writes it.
pub(crate) fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

/// The constants that are words.
const CONSTANTS: [(&str, Value<'static>); 12] = [
    ("nil", Value::Nil),
    ("true", Value::Bool(true)),
    ("false", Value::Bool(false)),
    ("ok", Value::Status(StatusCode::Ok)),
    ("error", Value::Status(StatusCode::Error)),
    ("unset", Value::Status(StatusCode::Unset)),
    ("unspecified", Value::Kind(SpanKind::Unspecified)),
    ("internal", Value::Kind(SpanKind::Internal)),
    ("server", Value::Kind(SpanKind::Server)),
    ("client", Value::Kind(SpanKind::Client)),
    ("producer", Value::Kind(SpanKind::Producer)),
    ("consumer", Value::Kind(SpanKind::Consumer)),
];

/// The constant that this word is.
pub(crate) fn constant(word: &str) -> Option<Value<'static>> {
    let found = CONSTANTS.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| value.clone())
}

/// All of them, for whoever types one.
pub(crate) fn constant_names() -> impl Iterator<Item = &'static str> {
    CONSTANTS.iter().map(|(name, _)| *name)
}

fn status_word(code: StatusCode) -> &'static str {
    match code {
        StatusCode::Unset => "unset",
        StatusCode::Ok => "ok",
        StatusCode::Error => "error",
    }
}

fn kind_word(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "unspecified",
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}
