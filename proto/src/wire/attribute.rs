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

/// Numbers and types of the fields of `KeyValue`.
const KEY: u8 = 1 << 3 | 2;
const VALUE: u8 = 2 << 3 | 2;

/// Appends what a `KeyValue` of this name begins with, up to its value's length, as encoders write it. Not of a long name.
pub fn put_head(key: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(length @ 0..0x80) = u8::try_from(key.len()).ok() else {
        return false;
    };
    out.extend_from_slice(&[KEY, length]);
    out.extend_from_slice(key);
    out.push(VALUE);
    true
}

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
        let [VALUE, value @ ..] = rest else {
            return None;
        };
        let value = Value::read_plain(value)?;
        Some(Self { key, value, raw })
    }

    /// What follows the name is its value, in one field that ends where the attribute does.
    #[inline(always)]
    fn read_behind(key: &'a [u8], value: &'a [u8], raw: &'a [u8], depth: u32) -> Option<Self> {
        let value = match Value::read_plain(value) {
            Some(value) => value,
            None => Value::read_whole(value, depth + 1)?,
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

    /// The next one, if it begins with this head ([`put_head`]) and goes on as encoders write it. Else it may be passed.
    #[inline(always)]
    pub fn next_headed(&mut self, head: &[u8]) -> Option<Attribute<'a>> {
        let raw = match self.cursor.next_short((self.number << 3 | 2) as u8) {
            Some(raw) => raw,
            None => self.next_long()?,
        };
        let value = raw.strip_prefix(head)?;
        let key = &raw[2..head.len() - 1];
        Attribute::read_behind(key, value, raw, self.depth)
    }

    #[inline(never)]
    fn next_long(&mut self) -> Option<&'a [u8]> {
        match self.cursor.next() {
            Ok(Some((number, Field::Bytes(raw)))) if number == self.number => Some(raw),
            _ => None,
        }
    }

    /// Whether none is left, nor anything else between them.
    pub fn is_over(&self) -> bool {
        self.cursor.rest().is_empty()
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
