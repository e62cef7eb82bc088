//! What was sent to be kept: an object of JSON whose keys are taken one by one.
//!
//! Every mistake is told at once and names its key, one that nobody asked for as well. No message repeats a value: it may be a
//! secret.

use coldtrace_alerts::Mistake;
use coldtrace_model::UnixNanos;
use serde_json::{Map, Value};

use super::body::Body;
use super::error::ApiError;

const LONGEST_SHOWN: usize = 50;

/// An object, and what was found wrong with it.
pub(super) struct Sent {
    /// Before the keys of this object; empty for the body's own.
    place: String,
    fields: Map<String, Value>,
    known: Vec<&'static str>,
    mistakes: Vec<Mistake>,
}

// === impl Sent ===

impl Sent {
    /// The body of a request.
    pub(super) fn read(Body(value): Body) -> Result<Self, ApiError> {
        match value {
            Value::Object(fields) => Ok(Self::of(String::new(), fields)),
            _ => Err(ApiError::invalid("body", "must be an object of JSON")),
        }
    }

    fn of(place: String, fields: Map<String, Value>) -> Self {
        Self {
            place,
            fields,
            known: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Notes that a key's value is wrong.
    pub(super) fn mistake(&mut self, key: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            place: format!("{}{key}", self.place),
            message: message.into(),
        });
    }

    /// Whether a key was sent and not taken yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    /// Whether something was found wrong with a key or below it; with any, if it is empty.
    pub(super) fn is_wrong(&self, key: &str) -> bool {
        let place = format!("{}{key}", self.place);
        let is_there = |mistake: &Mistake| mistake.place.starts_with(&place);
        self.mistakes.iter().any(is_there)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => self.wrong(key, "must be a text"),
        }
    }

    /// A text that must be there; empty where it is not.
    pub(super) fn needed_text(&mut self, key: &'static str) -> String {
        if !self.has(key) {
            self.missing(key);
        }
        self.text(key).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(flag) => Some(flag),
            _ => self.wrong(key, "must be true or false"),
        }
    }

    /// A time as digits in a text, as all times are told.
    pub(super) fn time(&mut self, key: &'static str) -> Option<UnixNanos> {
        let text = self.text(key)?;
        let is_digits = text.bytes().all(|digit| digit.is_ascii_digit());
        let time = text.parse().ok().map(UnixNanos);
        match time.filter(|&time| is_digits && time <= UnixNanos::MAX_STORED) {
            Some(time) => Some(time),
            None => self.wrong(
                key,
                "must be a time in Unix nanoseconds as a text, such as \"1767225600000000000\"",
            ),
        }
    }

    /// A number as digits in a text, as all of 64 bits are told, or null.
    pub(super) fn number_or_null(&mut self, key: &'static str) -> Option<u64> {
        let number = match self.take(key)? {
            Value::Null => return None,
            Value::String(text) => whole(&text),
            _ => None,
        };
        number.or_else(|| {
            self.wrong(
                key,
                "must be a whole number as a text, such as \"1000\", or null",
            )
        })
    }

    /// A small number, or null.
    pub(super) fn small_or_null<T: TryFrom<u64>>(&mut self, key: &'static str) -> Option<T> {
        let number = match self.take(key)? {
            Value::Null => return None,
            value => value.as_u64().and_then(|number| T::try_from(number).ok()),
        };
        number.or_else(|| self.wrong(key, "must be a whole number, or null"))
    }

    fn list(&mut self, key: &'static str) -> Option<Vec<Value>> {
        match self.take(key)? {
            Value::Array(list) => Some(list),
            _ => self.wrong(key, "must be a list"),
        }
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let text = |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        let texts = match self.take(key)? {
            Value::Array(list) => list.into_iter().map(text).collect(),
            _ => None,
        };
        texts.or_else(|| self.wrong(key, "must be a list of texts"))
    }

    /// Names and texts, whatever the names are.
    pub(super) fn named_texts(&mut self, key: &'static str) -> Option<Vec<(String, String)>> {
        let Value::Object(fields) = self.take(key)? else {
            return self.wrong(key, "must be an object of texts");
        };
        let mut named = Vec::new();
        for (name, value) in fields {
            match value {
                Value::String(text) => named.push((name, text)),
                _ => self.mistake(&format!("{key}.{}", cut(&name)), "must be a text"),
            }
        }
        Some(named)
    }

    /// An object in it; its mistakes are to be given back by [`Sent::end`].
    pub(super) fn object(&mut self, key: &'static str) -> Option<Self> {
        match self.take(key)? {
            Value::Object(fields) => Some(Self::of(format!("{}{key}.", self.place), fields)),
            _ => self.wrong(key, "must be an object"),
        }
    }

    /// The objects of a list.
    pub(super) fn objects(&mut self, key: &'static str) -> Vec<Self> {
        let list = self.list(key).unwrap_or_default();
        let mut objects = Vec::new();
        for (number, value) in list.into_iter().enumerate() {
            let place = format!("{key}[{number}]");
            match value {
                Value::Object(fields) => {
                    objects.push(Self::of(format!("{}{place}.", self.place), fields));
                }
                _ => self.mistake(&place, "must be an object"),
            }
        }
        objects
    }

    pub(super) fn missing(&mut self, key: &'static str) {
        self.mistake(key, "is missing");
    }

    /// All that is wrong with it, when all was taken that there may be.
    pub(super) fn end(mut self) -> Vec<Mistake> {
        let known = self.known.join(", ");
        let unknown: Vec<String> = self.fields.keys().map(|key| cut(key)).collect();
        for key in unknown {
            self.mistake(
                &key,
                format!("there is no such key here; there are {known}"),
            );
        }
        self.mistakes
    }

    /// Adds what is wrong with an object in it.
    pub(super) fn absorb(&mut self, inner: Self) {
        self.mistakes.extend(inner.end());
    }

    /// A key's value, if it is there.
    fn take(&mut self, key: &'static str) -> Option<Value> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.fields.remove(key)
    }

    fn wrong<T>(&mut self, key: &str, message: &str) -> Option<T> {
        self.mistake(key, message);
        None
    }
}

/// What digits say; of what a database keeps, which has a sign.
fn whole(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|digit| digit.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_digits);
    number.filter(|&number| i64::try_from(number).is_ok())
}

/// A name as it was given may be anything.
fn cut(name: &str) -> String {
    name.chars().take(LONGEST_SHOWN).collect()
}
