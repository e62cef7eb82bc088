//! The types of attributes, a letter each, and the way back from their texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::StoredError;
use crate::otlp::common::any_value::Value;
use crate::otlp::common::{AnyValue, KeyValue};
use crate::wire;

pub(super) const TEXT: u8 = b's';
const TRUTH: u8 = b'b';
const INT: u8 = b'i';
const DOUBLE: u8 = b'd';
const BYTES: u8 = b'y';
const EMPTY: u8 = b'e';
/// The text can't give the value back; it stands among the bytes, these in their order.
pub(super) const IN_EXTRA: u8 = b'x';

#[inline]
pub(super) fn letter(value: wire::Value<'_>) -> u8 {
    match value {
        wire::Value::Text(_) => TEXT,
        wire::Value::Bool(_) => TRUTH,
        wire::Value::Int(_) => INT,
        // Of the many that are no number the text names one.
        wire::Value::Double(number) if number.is_nan() => IN_EXTRA,
        wire::Value::Double(_) => DOUBLE,
        wire::Value::Bytes(_) => BYTES,
        wire::Value::Empty => EMPTY,
        wire::Value::Other(_) => IN_EXTRA,
    }
}

/// The attributes of these texts and types, with those that stand in `extra`.
pub(super) fn typed(
    texts: Vec<(String, String)>,
    types: &str,
    extra: Vec<KeyValue>,
) -> Result<Vec<KeyValue>, StoredError> {
    if !types.is_empty() && types.len() != texts.len() {
        return Err(StoredError::Types {
            attributes: texts.len(),
            types: types.len(),
        });
    }
    let letters = types.bytes().chain(std::iter::repeat(TEXT));
    let mut extra = extra.into_iter();
    let pair = |((key, text), letter)| match letter {
        IN_EXTRA => extra
            .next()
            .filter(|pair| pair.key == key)
            .ok_or(StoredError::Attribute { key, letter: 'x' }),
        letter => match value(text, letter) {
            Some(value) => Ok(KeyValue {
                key,
                value: Some(value),
                ..KeyValue::default()
            }),
            None => Err(StoredError::Attribute {
                key,
                letter: char::from(letter),
            }),
        },
    };
    texts.into_iter().zip(letters).map(pair).collect()
}

fn value(text: String, letter: u8) -> Option<AnyValue> {
    let value = match letter {
        TEXT => Value::StringValue(text),
        TRUTH => Value::BoolValue(text.parse().ok()?),
        INT => Value::IntValue(text.parse().ok()?),
        DOUBLE => Value::DoubleValue(text.parse().ok()?),
        BYTES => Value::BytesValue(STANDARD.decode(text).ok()?),
        EMPTY => return Some(AnyValue::default()),
        _ => return None,
    };
    Some(AnyValue { value: Some(value) })
}
