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

// === impl Attribute ===

impl<'a> Attribute<'a> {
    #[inline]
    fn read(raw: &'a [u8], depth: u32) -> Result<Self, WireError> {
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
