//! The fields of one message, one after the other.

use super::{Problem, WireError};

/// How deep messages may be nested below the request: prost's own limit.
pub(super) const DEPTH: u32 = 100;

/// A place within a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// How much deeper it may go.
    left: u32,
    /// For errors.
    message: &'static str,
}

/// A field's value as the wire has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    Fixed32(u32),
    StartGroup,
    EndGroup,
}

// === impl Cursor ===

impl<'a> Cursor<'a> {
    /// At the beginning of a message that lies `depth` below the request.
    pub(super) fn new(message: &'static str, bytes: &'a [u8], depth: u32) -> Self {
        Self {
            rest: bytes,
            left: DEPTH - depth,
            message,
        }
    }

    /// At the beginning of a message inside this one.
    pub(super) fn inside(&self, message: &'static str, bytes: &'a [u8]) -> Result<Self, WireError> {
        let left = self.left.checked_sub(1);
        Ok(Self {
            rest: bytes,
            left: left.ok_or_else(|| self.error(Problem::Depth))?,
            message,
        })
    }

    /// What is left of the message.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field, by its number. Behind an error nothing is left.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<(u32, Field<'a>)>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match self.read() {
            Ok(field) => Ok(Some(field)),
            Err(problem) => {
                self.rest = &[];
                Err(self.error(problem))
            }
        }
    }

    /// The next field, if it is a short message with this key in front: the way of repeated fields, of which there are many.
    #[inline(always)]
    pub(super) fn next_short(&mut self, key: u8) -> Option<&'a [u8]> {
        let [first, length @ 0..0x80, rest @ ..] = self.rest else {
            return None;
        };
        if *first != key {
            return None;
        }
        let (message, rest) = rest.split_at_checked(usize::from(*length))?;
        self.rest = rest;
        Some(message)
    }

    /// All that is left, if it is bytes behind their length.
    pub(super) fn whole(mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint().ok()?).ok()?;
        (self.rest.len() == length).then_some(self.rest)
    }

    /// Whether the text in field `number` is one.
    #[inline(always)]
    pub(super) fn text(&self, number: u32, text: &[u8]) -> Result<(), WireError> {
        match is_text(text) {
            true => Ok(()),
            false => Err(self.error(Problem::Text(number))),
        }
    }

    /// Passes over a field that is not known.
    #[inline(always)]
    pub(super) fn skip(&mut self, number: u32, field: Field<'a>) -> Result<(), WireError> {
        match field {
            Field::StartGroup | Field::EndGroup => self.skip_group(number, field),
            _ if self.left == 0 => Err(self.error(Problem::Depth)),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    fn skip_group(&mut self, number: u32, field: Field<'a>) -> Result<(), WireError> {
        let skipped = match self.left {
            0 => Err(Problem::Depth),
            left => self.skip_deep(number, field, left),
        };
        skipped.map_err(|problem| self.error(problem))
    }

    pub(super) fn error(&self, problem: Problem) -> WireError {
        WireError {
            message: self.message,
            problem,
        }
    }

    #[inline(always)]
    fn read(&mut self) -> Result<(u32, Field<'a>), Problem> {
        let key = u32::try_from(self.varint()?).map_err(|_| Problem::Key)?;
        let number = key >> 3;
        if number == 0 {
            return Err(Problem::Key);
        }
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(*self.take_array()?)),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| Problem::Truncated)?;
                Field::Bytes(self.take(length)?)
            }
            3 => Field::StartGroup,
            4 => Field::EndGroup,
            5 => Field::Fixed32(u32::from_le_bytes(*self.take_array()?)),
            _ => return Err(Problem::Key),
        };
        Ok((number, field))
    }

    /// Recursion is bounded by `left`.
    fn skip_deep(&mut self, number: u32, field: Field<'a>, left: u32) -> Result<(), Problem> {
        match field {
            Field::Varint(_) | Field::Fixed64(_) | Field::Bytes(_) | Field::Fixed32(_) => Ok(()),
            Field::EndGroup => Err(Problem::EndGroup),
            Field::StartGroup => loop {
                let (inner, field) = self.read()?;
                match field {
                    Field::EndGroup if inner == number => return Ok(()),
                    Field::EndGroup => return Err(Problem::EndGroup),
                    _ if left == 1 => return Err(Problem::Depth),
                    field => self.skip_deep(inner, field, left - 1)?,
                }
            },
        }
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<u64, Problem> {
        match *self.rest {
            [byte @ 0..0x80, ref rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            [low, high @ 0..0x80, ref rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, Problem> {
        let mut value = 0;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            // Of the tenth byte one bit is left.
            if index == 9 && *byte > 1 {
                return Err(Problem::Varint);
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        match self.rest.len() {
            0..10 => Err(Problem::Truncated),
            _ => Err(Problem::Varint),
        }
    }

    #[inline(always)]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline(always)]
    fn take_array<const N: usize>(&mut self) -> Result<&'a [u8; N], Problem> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

// === impl Field ===

/// Each takes the cursor and the field's number for the error's sake.
impl<'a> Field<'a> {
    #[inline]
    pub(super) fn bytes(self, cursor: &Cursor<'_>, number: u32) -> Result<&'a [u8], WireError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(cursor.error(Problem::Type(number))),
        }
    }

    /// A varint; narrower types keep its low bits, as protobuf has it.
    #[inline]
    pub(super) fn varint(self, cursor: &Cursor<'_>, number: u32) -> Result<u64, WireError> {
        match self {
            Self::Varint(value) => Ok(value),
            _ => Err(cursor.error(Problem::Type(number))),
        }
    }

    #[inline]
    pub(super) fn fixed64(self, cursor: &Cursor<'_>, number: u32) -> Result<u64, WireError> {
        match self {
            Self::Fixed64(value) => Ok(value),
            _ => Err(cursor.error(Problem::Type(number))),
        }
    }

    #[inline]
    pub(super) fn fixed32(self, cursor: &Cursor<'_>, number: u32) -> Result<u32, WireError> {
        match self {
            Self::Fixed32(value) => Ok(value),
            _ => Err(cursor.error(Problem::Type(number))),
        }
    }
}

/// Whether it is UTF-8. Most text is ASCII, and that is told sooner.
#[inline(always)]
pub(super) fn is_text(bytes: &[u8]) -> bool {
    is_ascii(bytes) || std::str::from_utf8(bytes).is_ok()
}

/// As the standard library's, which is made for longer text: eight bytes at a time, the last eight once more.
#[inline(always)]
fn is_ascii(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else {
        let all = text.iter().fold(0, |all, byte| all | byte);
        return all < 0x80;
    };
    let (words, _) = text.as_chunks::<8>();
    let all = words.iter().fold(u64::from_le_bytes(*last), |all, word| {
        all | u64::from_le_bytes(*word)
    });
    all & 0x8080_8080_8080_8080 == 0
}

/// Appends a message as field `number` of another.
pub fn put_message(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(u64::from(number << 3 | 2), out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
