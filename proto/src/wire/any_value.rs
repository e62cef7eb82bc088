//! A value of any type, and how it reads as text.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::WireError;
use super::cursor::{Cursor, Field};

/// An `AnyValue`, as far as it is plain.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// None was given, or one that says nothing.
    #[default]
    Empty,
    /// Text; UTF-8 in what was checked.
    Text(&'a [u8]),
    /// A truth.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list, a map, an index into a string table, or several of these at once: the `AnyValue` itself.
    Other(&'a [u8]),
}

/// Numbers and types of the fields of `AnyValue`.
const TEXT: u8 = 1 << 3 | 2;
const TRUTH: u8 = 2 << 3;
const INT: u8 = 3 << 3;
const DOUBLE: u8 = 4 << 3 | 1;

// === impl Value ===

impl<'a> Value<'a> {
    /// Reads an `AnyValue` behind its length, if it is a short text, a number or a truth, nothing follows it, and it is
    /// written as encoders write it.
    #[inline(always)]
    pub(super) fn read_plain(bytes: &'a [u8]) -> Option<Self> {
        let [length @ 0..0x80, value @ ..] = bytes else {
            return None;
        };
        if value.len() != usize::from(*length) {
            return None;
        }
        Some(match value {
            [TEXT, length @ 0..0x80, text @ ..] if text.len() == usize::from(*length) => {
                Self::Text(text)
            }
            [INT, number @ 0..0x80] => Self::Int(i64::from(*number)),
            [INT, low @ 0x80..=0xff, high @ 0..0x80] => {
                Self::Int(i64::from(low & 0x7f) | i64::from(*high) << 7)
            }
            [TRUTH, truth @ 0..0x80] => Self::Bool(*truth != 0),
            [DOUBLE, bits @ ..] => Self::Double(f64::from_le_bytes(bits.try_into().ok()?)),
            _ => return None,
        })
    }

    /// Reads an `AnyValue` behind its length, if nothing follows it.
    #[inline(never)]
    pub(super) fn read_whole(bytes: &'a [u8], depth: u32) -> Option<Self> {
        let value = Cursor::new("KeyValue", bytes, depth).whole()?;
        Self::read(value, depth).ok()
    }

    /// Reads an `AnyValue`.
    #[inline]
    pub(super) fn read(bytes: &'a [u8], depth: u32) -> Result<Self, WireError> {
        let mut cursor = Cursor::new("AnyValue", bytes, depth);
        let mut value = Self::Empty;
        let mut is_first = true;
        while let Some((number, field)) = cursor.next()? {
            if !matches!(number, 1..=8) {
                cursor.skip(number, field)?;
                continue;
            }
            value = match is_first {
                true => Self::of(&cursor, number, field, bytes)?,
                false => Self::Other(bytes),
            };
            is_first = false;
        }
        Ok(value)
    }

    #[inline]
    fn of(
        cursor: &Cursor<'a>,
        number: u32,
        field: Field<'a>,
        whole: &'a [u8],
    ) -> Result<Self, WireError> {
        Ok(match number {
            1 => Self::Text(field.bytes(cursor, number)?),
            2 => Self::Bool(field.varint(cursor, number)? != 0),
            3 => Self::Int(field.varint(cursor, number)?.cast_signed()),
            4 => Self::Double(f64::from_bits(field.fixed64(cursor, number)?)),
            7 => Self::Bytes(field.bytes(cursor, number)?),
            _ => Self::Other(whole),
        })
    }

    /// The text, if it is one.
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }
}

/// Appends the value as text: numbers and truths as they are printed, bytes in base64, lists and maps as compact JSON.
#[inline]
pub fn write_text(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Empty => {}
        Value::Text(text) => out.extend_from_slice(text),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::Double(number) => write_double(out, number),
        Value::Bytes(bytes) => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
        Value::Other(bytes) => write_json_value(out, bytes, 0),
    }
}

/// Appends an `AnyValue` as compact JSON. Of several values in one the last counts; what can't be read is `null`.
fn write_json_value(out: &mut Vec<u8>, bytes: &[u8], depth: u32) {
    let mut cursor = Cursor::new("AnyValue", bytes, 0);
    let mut last = None;
    while let Ok(Some((number, field))) = cursor.next() {
        if matches!(number, 1..=8) {
            last = Some((number, field));
        }
    }
    match last {
        Some((1, Field::Bytes(text))) => write_json_text(out, text),
        Some((2, Field::Varint(truth))) => write_text(Value::Bool(truth != 0), out),
        Some((3, Field::Varint(number))) => write_text(Value::Int(number.cast_signed()), out),
        Some((4, Field::Fixed64(bits))) => write_json_double(out, f64::from_bits(bits)),
        Some((5, Field::Bytes(list))) => write_json_list(out, list, depth + 1),
        Some((6, Field::Bytes(map))) => write_json_map(out, map, depth + 1),
        Some((7, Field::Bytes(bytes))) => write_json_text(out, STANDARD.encode(bytes).as_bytes()),
        Some((8, Field::Varint(index))) => write_text(Value::Int(i64::from(index as i32)), out),
        _ => out.extend_from_slice(b"null"),
    }
}

/// Recursion is bounded here as well: what is stored may be older than the check.
fn write_json_list(out: &mut Vec<u8>, list: &[u8], depth: u32) {
    out.push(b'[');
    for (index, value) in items(list, depth).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_json_value(out, value, depth);
    }
    out.push(b']');
}

fn write_json_map(out: &mut Vec<u8>, map: &[u8], depth: u32) {
    out.push(b'{');
    for (index, pair) in items(map, depth).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let (mut key, mut value) = (&[][..], None);
        let mut cursor = Cursor::new("KeyValue", pair, 0);
        while let Ok(Some((number, field))) = cursor.next() {
            match (number, field) {
                (1, Field::Bytes(bytes)) => key = bytes,
                (2, Field::Bytes(bytes)) => value = Some(bytes),
                _ => {}
            }
        }
        write_json_text(out, key);
        out.push(b':');
        match value {
            Some(value) => write_json_value(out, value, depth),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
}

/// The messages in field 1, none of what is too deep.
fn items(list: &[u8], depth: u32) -> impl Iterator<Item = &[u8]> {
    let list = if depth < super::cursor::DEPTH {
        list
    } else {
        &[]
    };
    let mut cursor = Cursor::new("ArrayValue", list, 0);
    std::iter::from_fn(move || {
        loop {
            match cursor.next() {
                Ok(Some((1, Field::Bytes(item)))) => return Some(item),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return None,
            }
        }
    })
}

/// With an exponent where the number would be hundreds of digits long otherwise; the bounds are those of JavaScript.
fn write_double(out: &mut Vec<u8>, number: f64) {
    let is_plain = number == 0.0 || !number.is_finite() || (1e-6..1e21).contains(&number.abs());
    let written = match is_plain {
        true => write!(out, "{number}"),
        false => write!(out, "{number:e}"),
    };
    written.expect("writing to memory does not fail");
}

fn write_json_double(out: &mut Vec<u8>, number: f64) {
    match number.is_finite() {
        true => write_double(out, number),
        false => write_json_text(out, number.to_string().as_bytes()),
    }
}

fn write_json_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0..b' ' => write!(out, "\\u{byte:04x}").expect("writing to memory does not fail"),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
}
