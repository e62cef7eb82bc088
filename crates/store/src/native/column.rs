//! Columns of a block while it is built, and their bytes in Native format.
//!
//! A column is written as a prefix (of types that have a state) and its values. Numbers are little-endian, lengths are
//! LEB128, offsets of arrays and maps count values from the block's start.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::rows::AttributeItems;

/// A column under construction.
pub(super) trait Column: Default {
    /// As SQL.
    const TYPE: &'static str;

    /// Bytes so far, of the values alone.
    fn size(&self) -> usize;

    /// Appends prefix and values.
    fn encode(&self, out: &mut Vec<u8>);
}

/// A type whose values all have one width.
pub(super) trait Fixed {
    type Value;
    const TYPE: &'static str;
    fn put(value: Self::Value, out: &mut Vec<u8>);
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident($value:ty) = $sql:literal: |$given:ident| $bytes:expr;)*) => {$(
        $(#[$doc])*
        pub(super) enum $name {}

        impl Fixed for $name {
            type Value = $value;
            const TYPE: &'static str = $sql;
            fn put($given: $value, out: &mut Vec<u8>) {
                out.extend_from_slice(&$bytes);
            }
        }
    )*};
}

fixed! {
    U8(u8) = "UInt8": |value| [value];
    U16(u16) = "UInt16": |value| value.to_le_bytes();
    U64(u64) = "UInt64": |value| value.to_le_bytes();
    I64(i64) = "Int64": |value| value.to_le_bytes();
    /// Days since 1970.
    Day(u16) = "Date": |value| value.to_le_bytes();
    /// Unix nanoseconds, at most `UnixNanos::MAX_STORED`.
    Moment(u64) = "DateTime64(9, 'UTC')": |value| value.to_le_bytes();
    Bytes8([u8; 8]) = "FixedString(8)": |value| value;
    Bytes16([u8; 16]) = "FixedString(16)": |value| value;
}

/// Values of one width.
pub(super) struct Plain<F> {
    values: Vec<u8>,
    kind: PhantomData<F>,
}

/// `String`
#[derive(Default)]
pub(super) struct Text {
    values: Vec<u8>,
}

/// `LowCardinality(String)`: each different text once, and a number per row.
#[derive(Default)]
pub(super) struct LowText {
    texts: Dictionary,
    rows: Vec<u32>,
}

/// `Map(LowCardinality(String), String)`
#[derive(Default)]
pub(super) struct Attributes {
    /// Per row: where its items end.
    ends: Vec<u64>,
    keys: LowText,
    values: Text,
}

/// `Array(FixedString(16))`
#[derive(Default)]
pub(super) struct Bytes16List {
    /// Per row: where its values end.
    ends: Vec<u64>,
    values: Plain<Bytes16>,
}

/// Texts, numbered as they first came.
#[derive(Default)]
struct Dictionary {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    /// What came after each text the last time: names and keys come in the same order again and again, and a comparison is
    /// cheaper than a hash.
    followers: Vec<u32>,
    last: u32,
    size: usize,
}

// === impl Plain ===

impl<F> Default for Plain<F> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            kind: PhantomData,
        }
    }
}

impl<F: Fixed> Plain<F> {
    pub(super) fn push(&mut self, value: F::Value) {
        F::put(value, &mut self.values);
    }
}

impl<F: Fixed> Column for Plain<F> {
    const TYPE: &'static str = F::TYPE;

    fn size(&self) -> usize {
        self.values.len()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.values);
    }
}

// === impl Text ===

impl Text {
    pub(super) fn push(&mut self, value: impl AsRef<[u8]>) {
        put_bytes(value.as_ref(), &mut self.values);
    }
}

impl Column for Text {
    const TYPE: &'static str = "String";

    fn size(&self) -> usize {
        self.values.len()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.values);
    }
}

// === impl LowText ===

impl LowText {
    pub(super) fn push(&mut self, value: &str) {
        let number = self.texts.number(value);
        self.rows.push(number);
    }

    fn encode_prefix(out: &mut Vec<u8>) {
        /// Dictionaries come with their blocks.
        const VERSION: u64 = 1;
        out.extend_from_slice(&VERSION.to_le_bytes());
    }

    fn encode_values(&self, out: &mut Vec<u8>) {
        /// The block brings a dictionary of its own, and it is all there is.
        const OWN_DICTIONARY: u64 = 1 << 9 | 1 << 10;
        if self.rows.is_empty() {
            return;
        }
        let width = Width::of(self.texts.texts.len());
        out.extend_from_slice(&(OWN_DICTIONARY | width.code()).to_le_bytes());
        put_count(self.texts.texts.len(), out);
        for text in &self.texts.texts {
            put_bytes(text.as_bytes(), out);
        }
        put_count(self.rows.len(), out);
        for number in &self.rows {
            out.extend_from_slice(&number.to_le_bytes()[..width.bytes()]);
        }
    }
}

impl Column for LowText {
    const TYPE: &'static str = "LowCardinality(String)";

    fn size(&self) -> usize {
        self.texts.size + self.rows.len() * size_of::<u32>()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode_prefix(out);
        self.encode_values(out);
    }
}

// === impl Attributes ===

impl Attributes {
    pub(super) fn push(&mut self, items: AttributeItems<'_>) {
        for (key, value) in items {
            self.keys.push(key);
            self.values.push(Cow::as_ref(value));
        }
        self.ends.push(self.keys.rows.len() as u64);
    }
}

impl Column for Attributes {
    const TYPE: &'static str = "Map(LowCardinality(String), String)";

    fn size(&self) -> usize {
        self.keys.size() + self.values.size() + self.ends.len() * size_of::<u64>()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        LowText::encode_prefix(out);
        put_ends(&self.ends, out);
        self.keys.encode_values(out);
        self.values.encode(out);
    }
}

// === impl Bytes16List ===

impl Bytes16List {
    pub(super) fn push(&mut self, values: &[[u8; 16]]) {
        for value in values {
            self.values.push(*value);
        }
        self.ends.push((self.values.size() / 16) as u64);
    }
}

impl Column for Bytes16List {
    const TYPE: &'static str = "Array(FixedString(16))";

    fn size(&self) -> usize {
        self.values.size() + self.ends.len() * size_of::<u64>()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_ends(&self.ends, out);
        self.values.encode(out);
    }
}

// === impl Dictionary ===

impl Dictionary {
    fn number(&mut self, text: &str) -> u32 {
        let expected = self.followers.get(self.last as usize).copied().unwrap_or(0);
        let as_expected = self
            .texts
            .get(expected as usize)
            .is_some_and(|known| **known == *text);
        let number = match as_expected {
            true => expected,
            false => self.look_up(text),
        };
        self.last = number;
        number
    }

    fn look_up(&mut self, text: &str) -> u32 {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => self.add(text),
        };
        self.followers[self.last as usize] = number;
        number
    }

    fn add(&mut self, text: &str) -> u32 {
        let number = u32::try_from(self.texts.len()).expect("a block has fewer items");
        let text: Arc<str> = text.into();
        self.size += text.len();
        self.numbers.insert(Arc::clone(&text), number);
        self.texts.push(text);
        self.followers.push(0);
        number
    }
}

/// How many bytes a row's number takes.
#[derive(Clone, Copy)]
enum Width {
    One,
    Two,
    Four,
}

// === impl Width ===

impl Width {
    fn of(texts: usize) -> Self {
        match texts {
            0..=0x100 => Self::One,
            0x101..=0x1_0000 => Self::Two,
            _ => Self::Four,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    fn code(self) -> u64 {
        match self {
            Self::One => 0,
            Self::Two => 1,
            Self::Four => 2,
        }
    }
}

fn put_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(count as u64).to_le_bytes());
}

fn put_ends(ends: &[u64], out: &mut Vec<u8>) {
    for end in ends {
        out.extend_from_slice(&end.to_le_bytes());
    }
}

/// Length, then bytes.
pub(super) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_length(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// LEB128
pub(super) fn put_length(mut length: u64, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}
