//! A log record in place.

use super::WireError;
use super::any_value::Value;
use super::attribute::Attributes;
use super::cursor::{Cursor, Field};
use super::group::IN_ITEM;

/// A `LogRecord`. Of a field that stands twice the last is here, as protobuf has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogView<'a> {
    /// When it was written, Unix nanoseconds, 0 if it does not say.
    pub time_unix_nano: u64,
    /// When it was seen, Unix nanoseconds, 0 if it does not say.
    pub observed_unix_nano: u64,
    /// OTLP's number, of any value.
    pub severity: i32,
    /// What it says.
    pub body: Value<'a>,
    /// Of any length.
    pub trace_id: &'a [u8],
    /// Of any length.
    pub span_id: &'a [u8],
    /// Whether there is more than attributes and what stands above.
    has_more: bool,
    attributes: &'a [u8],
    bytes: &'a [u8],
}

const BODY: u32 = 5;
const ATTRIBUTES: u32 = 6;
const NAME: &str = "LogRecord";

// === impl LogView ===

impl<'a> LogView<'a> {
    /// Reads a log record's bytes.
    pub fn read(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(NAME, bytes, IN_ITEM);
        let mut record = Self {
            bytes,
            ..Self::default()
        };
        let mut at = bytes.len();
        let mut first_attribute = None;
        let mut attributes_end = 0;
        let mut is_bodied = false;
        while let Some((number, field)) = cursor.next()? {
            match number {
                1 => record.time_unix_nano = field.fixed64(&cursor, number)?,
                2 => {
                    record.severity = field.varint(&cursor, number)? as i32;
                    record.has_more |= u8::try_from(record.severity).is_err();
                }
                3 | 12 => {
                    field.bytes(&cursor, number)?;
                    record.has_more = true;
                }
                BODY => {
                    let body = field.bytes(&cursor, number)?;
                    record.body = match is_bodied {
                        false => Value::read(body, IN_ITEM + 1)?,
                        true => Value::Other(body),
                    };
                    is_bodied = true;
                }
                ATTRIBUTES => {
                    field.bytes(&cursor, number)?;
                    first_attribute.get_or_insert(bytes.len() - at);
                    attributes_end = bytes.len() - cursor.rest().len();
                }
                7 => {
                    field.varint(&cursor, number)?;
                    record.has_more = true;
                }
                8 => {
                    field.fixed32(&cursor, number)?;
                    record.has_more = true;
                }
                9 => record.trace_id = field.bytes(&cursor, number)?,
                10 => record.span_id = field.bytes(&cursor, number)?,
                11 => {
                    record.observed_unix_nano = field.fixed64(&cursor, number)?;
                    record.has_more = true;
                }
                _ => cursor.skip(number, field)?,
            }
            at = cursor.rest().len();
        }
        record.has_more |= !matches!(record.body, Value::Text(_) | Value::Empty);
        record.attributes = &bytes[first_attribute.unwrap_or(attributes_end)..attributes_end];
        Ok(record)
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(NAME, self.attributes, ATTRIBUTES, IN_ITEM)
    }

    /// Appends the record's fields that this view does not have, its attributes left out, as they came: also a body that
    /// is not text.
    pub fn write_more(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        if !self.has_more {
            return Ok(());
        }
        let is_text = matches!(self.body, Value::Text(_));
        let mut cursor = Cursor::new(NAME, self.bytes, IN_ITEM);
        let mut before = self.bytes;
        while let Some((number, field)) = cursor.next()? {
            let is_wanted = match (number, field) {
                (3 | 7 | 8 | 11 | 12, _) => true,
                (2, Field::Varint(severity)) => u8::try_from(severity as i32).is_err(),
                (BODY, _) => !is_text,
                _ => {
                    cursor.skip(number, field)?;
                    false
                }
            };
            let rest = cursor.rest();
            if is_wanted {
                out.extend_from_slice(&before[..before.len() - rest.len()]);
            }
            before = rest;
        }
        Ok(())
    }
}
