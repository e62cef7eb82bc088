//! MessagePack, as far as tracers use it: a cursor over bytes that takes one value after the other.
//!
//! Nothing is allocated by what a length says, and depth is capped: the sender is a stranger.

use super::Problem;

/// Deeper than any tracer nests.
const MAX_DEPTH: usize = 32;

/// The bytes that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

/// A value, or the head of one whose parts follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Nil,
    Bool(bool),
    /// Any whole number; unsigned ones beyond `i64` included.
    Int(i128),
    Float(f64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// So many values follow.
    Array(usize),
    /// So many pairs follow.
    Map(usize),
}

// === impl Reader ===

impl<'a> Reader<'a> {
    /// The next value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Problem> {
        let marker = self.take(1)?[0];
        Ok(match marker {
            0x00..=0x7f => Value::Int(i128::from(marker)),
            0x80..=0x8f => Value::Map(usize::from(marker & 0x0f)),
            0x90..=0x9f => Value::Array(usize::from(marker & 0x0f)),
            0xa0..=0xbf => Value::Text(self.take(usize::from(marker & 0x1f))?),
            0xc0 => Value::Nil,
            0xc2 | 0xc3 => Value::Bool(marker == 0xc3),
            0xc4..=0xc6 => Value::Bytes(self.counted(marker - 0xc4)?),
            // Of an extension, the type stands between length and bytes.
            0xc7..=0xc9 => {
                let length = self.length(marker - 0xc7)?;
                Value::Bytes(&self.take(length.saturating_add(1))?[1..])
            }
            0xca => Value::Float(f64::from(f32::from_bits(self.unsigned(4)? as u32))),
            0xcb => Value::Float(f64::from_bits(self.unsigned(8)?)),
            0xcc..=0xcf => Value::Int(i128::from(self.unsigned(1 << (marker - 0xcc))?)),
            0xd0 => Value::Int(i128::from(self.unsigned(1)? as i8)),
            0xd1 => Value::Int(i128::from(self.unsigned(2)? as i16)),
            0xd2 => Value::Int(i128::from(self.unsigned(4)? as i32)),
            0xd3 => Value::Int(i128::from(self.unsigned(8)? as i64)),
            0xd4..=0xd8 => Value::Bytes(&self.take((1 << (marker - 0xd4)) + 1)?[1..]),
            0xd9..=0xdb => Value::Text(self.counted(marker - 0xd9)?),
            0xdc | 0xdd => Value::Array(self.length(marker - 0xdc + 1)?),
            0xde | 0xdf => Value::Map(self.length(marker - 0xde + 1)?),
            0xc1 | 0xe0..=0xff => match marker {
                0xc1 => return Err("a value of no known form".to_owned()),
                negative => Value::Int(i128::from(negative as i8)),
            },
        })
    }

    pub(super) fn array(&mut self) -> Result<usize, Problem> {
        match self.value()? {
            Value::Array(length) => Ok(length),
            Value::Nil => Ok(0),
            other => Err(format!("{other:?} where a list should be")),
        }
    }

    pub(super) fn map(&mut self) -> Result<usize, Problem> {
        match self.value()? {
            Value::Map(length) => Ok(length),
            Value::Nil => Ok(0),
            other => Err(format!("{other:?} where a map should be")),
        }
    }

    /// Text; what is not UTF-8 is replaced.
    pub(super) fn text(&mut self) -> Result<String, Problem> {
        match self.value()? {
            Value::Text(bytes) | Value::Bytes(bytes) => {
                Ok(String::from_utf8_lossy(bytes).into_owned())
            }
            Value::Nil => Ok(String::new()),
            other => Err(format!("{other:?} where text should be")),
        }
    }

    /// A whole number; of one that is too large or negative, its lower 64 bits, as tracers mean it.
    pub(super) fn int(&mut self) -> Result<u64, Problem> {
        match self.value()? {
            Value::Int(number) => Ok(number as u64),
            Value::Float(number) => Ok(number as u64),
            Value::Nil => Ok(0),
            other => Err(format!("{other:?} where a number should be")),
        }
    }

    pub(super) fn float(&mut self) -> Result<f64, Problem> {
        match self.value()? {
            Value::Int(number) => Ok(number as f64),
            Value::Float(number) => Ok(number),
            other => Err(format!("{other:?} where a number should be")),
        }
    }

    /// Passes over a value with all that it holds.
    pub(super) fn skip(&mut self) -> Result<(), Problem> {
        self.skip_at(0)
    }

    fn skip_at(&mut self, depth: usize) -> Result<(), Problem> {
        if depth == MAX_DEPTH {
            return Err("nested too deep".to_owned());
        }
        let parts = match self.value()? {
            Value::Array(length) => length,
            Value::Map(length) => length.saturating_mul(2),
            _ => 0,
        };
        for _ in 0..parts {
            self.skip_at(depth + 1)?;
        }
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, left) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| "ends in the middle".to_owned())?;
        self.0 = left;
        Ok(taken)
    }

    /// Of 1, 2, 4 or 8 bytes.
    fn unsigned(&mut self, bytes: usize) -> Result<u64, Problem> {
        let taken = self.take(bytes)?;
        Ok(taken
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A length of `1 << power` bytes.
    fn length(&mut self, power: u8) -> Result<usize, Problem> {
        Ok(self.unsigned(1 << power)? as usize)
    }

    fn counted(&mut self, power: u8) -> Result<&'a [u8], Problem> {
        let length = self.length(power)?;
        self.take(length)
    }
}
