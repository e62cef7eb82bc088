//! Attributes: a repeated field of `KeyValue`.

use super::WireError;
use super::any_value::Value;
use super::cursor::{Cursor, Field};

/// A `KeyValue`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute<'a> {
    /// Its name; UTF-8 in what was checked.
    pub key: &'a [u8],
    /// Its value.
    pub value: Value<'a>,
    /// The `KeyValue` itself.
    pub raw: &'a [u8],
}

/// The attributes of a message, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    cursor: Cursor<'a>,
    /// Of the field that holds them.
    number: u32,
    /// Of the messages that they are, below the request.
    depth: u32,
}

/// Numbers and types of the fields of `KeyValue`,
const KEY: u8 = 1 << 3 | 2;
const VALUE: u8 = 2 << 3 | 2;
/// and of `AnyValue`.
const TEXT: u8 = 1 << 3 | 2;
const TRUTH: u8 = 2 << 3;
const INT: u8 = 3 << 3;
const DOUBLE: u8 = 4 << 3 | 1;

// === impl Attribute ===

impl<'a> Attribute<'a> {
    #[inline]
    fn read(raw: &'a [u8], depth: u32) -> Result<Self, WireError> {
        match Self::read_plain(raw) {
            Some(attribute) => Ok(attribute),
            None => Self::read_any(raw, depth),
        }
    }

    /// In the form that encoders write and that nearly all have: a short name, then a short text, a number or a truth.
    #[inline(always)]
    pub(super) fn read_plain(raw: &'a [u8]) -> Option<Self> {
        let [KEY, key_length @ 0..0x80, rest @ ..] = raw else {
            return None;
        };
        let (key, rest) = rest.split_at_checked(usize::from(*key_length))?;
        let [VALUE, value_length @ 0..0x80, value @ ..] = rest else {
            return None;
        };
        if value.len() != usize::from(*value_length) {
            return None;
        }
        let value = match value {
            [TEXT, length @ 0..0x80, text @ ..] if text.len() == usize::from(*length) => {
                Value::Text(text)
            }
            [INT, number @ 0..0x80] => Value::Int(i64::from(*number)),
            [INT, low @ 0x80..=0xff, high @ 0..0x80] => {
                Value::Int(i64::from(low & 0x7f) | i64::from(*high) << 7)
            }
            [TRUTH, truth @ 0..0x80] => Value::Bool(*truth != 0),
            [DOUBLE, bits @ ..] => Value::Double(f64::from_le_bytes(bits.try_into().ok()?)),
            _ => return None,
        };
        Some(Self { key, value, raw })
    }

    #[inline(never)]
    fn read_any(raw: &'a [u8], depth: u32) -> Result<Self, WireError> {
        let mut cursor = Cursor::new("KeyValue", raw, depth);
        let mut attribute = Self {
            key: &[],
            value: Value::Empty,
            raw,
        };
        let mut is_valued = false;
        while let Some((number, field)) = cursor.next()? {
            match number {
                1 => attribute.key = field.bytes(&cursor, number)?,
                2 => {
                    let value = field.bytes(&cursor, number)?;
                    attribute.value = match is_valued {
                        false => Value::read(value, depth + 1)?,
                        // Both together are the value; to take them apart is left to who reads it.
                        true => Value::Other(value),
                    };
                    is_valued = true;
                }
                // An index into a string table that traces do not have.
                3 => {
                    field.varint(&cursor, number)?;
                }
                _ => cursor.skip(number, field)?,
            }
        }
        Ok(attribute)
    }
}

// === impl Attributes ===

impl<'a> Attributes<'a> {
    /// Those in field `number` of `bytes`, fields of a message that lies `depth` below the request.
    pub(super) fn new(message: &'static str, bytes: &'a [u8], number: u32, depth: u32) -> Self {
        Self {
            cursor: Cursor::new(message, bytes, depth),
            number,
            depth: depth + 1,
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(raw) = self.cursor.next_short((self.number << 3 | 2) as u8) {
            return Some(Attribute::read(raw, self.depth));
        }
        loop {
            match self.cursor.next() {
                Ok(Some((number, Field::Bytes(raw)))) if number == self.number => {
                    return Some(Attribute::read(raw, self.depth));
                }
                Ok(Some((number, field))) => {
                    if let Err(error) = self.cursor.skip(number, field) {
                        return Some(Err(error));
                    }
                }
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
