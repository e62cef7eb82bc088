//! Columns of a block while it is built, and their bytes in Native format.
//!
//! A column is written as a prefix (of types that have a state) and its values. Numbers are little-endian, lengths are
//! LEB128, offsets of arrays and maps count values from the block's start.

use std::borrow::Cow;
use std::hash::BuildHasher as _;
use std::marker::PhantomData;

use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::joined;
use crate::rows::AttributeItems;

/// A column under construction.
pub(super) trait Column: Default {
    /// As SQL.
    const TYPE: &'static str;

    /// Bytes so far, of the values alone.
    fn size(&self) -> usize;

    /// Appends prefix and values.
    fn encode(self, out: &mut Pieces);
}

/// A block's bytes: what is small gathered, what is large as it is.
#[derive(Default)]
pub(super) struct Pieces {
    whole: Vec<Bytes>,
    gathered: Vec<u8>,
}

/// From here on a copy would cost more than one piece more to send.
const LARGE: usize = 16 << 10;

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
    U32(u32) = "UInt32": |value| value.to_le_bytes();
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

/// Texts that stand in their row as one. They come one by one and belong to the next row that ends.
#[derive(Default)]
pub(super) struct Joined<T> {
    rows: T,
    open: Vec<u8>,
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
    numbers: HashTable<u32>,
    /// Strangers choose the texts.
    hasher: RandomState,
    /// Each with its length in front, as they are sent.
    encoded: Vec<u8>,
    /// Where each text begins and ends in `encoded`.
    texts: Vec<(usize, usize)>,
    /// What came after each text the last time: names and keys come in the same order again and again, and a comparison is
    /// cheaper than a hash.
    followers: Vec<u32>,
    last: u32,
}

// === impl Pieces ===

impl Pieces {
    pub(super) fn gather(&mut self) -> &mut Vec<u8> {
        &mut self.gathered
    }

    /// Appends bytes that were built for nothing else.
    pub(super) fn append(&mut self, bytes: Vec<u8>) {
        if bytes.len() < LARGE {
            self.gathered.extend_from_slice(&bytes);
        } else {
            self.end_gathering();
            self.whole.push(bytes.into());
        }
    }

    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.end_gathering();
        self.whole
    }

    fn end_gathering(&mut self) {
        if !self.gathered.is_empty() {
            self.whole.push(std::mem::take(&mut self.gathered).into());
        }
    }
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

    fn encode(self, out: &mut Pieces) {
        out.append(self.values);
    }
}

// === impl Text ===

impl Text {
    #[inline]
    pub(super) fn push(&mut self, value: impl AsRef<[u8]>) {
        put_bytes(value.as_ref(), &mut self.values);
    }
}

impl Column for Text {
    const TYPE: &'static str = "String";

    fn size(&self) -> usize {
        self.values.len()
    }

    fn encode(self, out: &mut Pieces) {
        out.append(self.values);
    }
}

// === impl LowText ===

impl LowText {
    #[inline]
    pub(super) fn push(&mut self, value: impl AsRef<[u8]>) {
        let number = self.texts.number(value.as_ref());
        self.rows.push(number);
    }

    fn encode_prefix(out: &mut Vec<u8>) {
        /// Dictionaries come with their blocks.
        const VERSION: u64 = 1;
        out.extend_from_slice(&VERSION.to_le_bytes());
    }

    fn encode_values(self, out: &mut Pieces) {
        /// The block brings a dictionary of its own, and it is all there is.
        const OWN_DICTIONARY: u64 = 1 << 9 | 1 << 10;
        if self.rows.is_empty() {
            return;
        }
        let texts = self.texts.texts.len();
        let width = Width::of(texts);
        let head = out.gather();
        head.extend_from_slice(&(OWN_DICTIONARY | width.code()).to_le_bytes());
        put_count(texts, head);
        out.append(self.texts.encoded);
        put_count(self.rows.len(), out.gather());
        out.append(width.numbers(&self.rows));
    }
}

impl Column for LowText {
    const TYPE: &'static str = "LowCardinality(String)";

    fn size(&self) -> usize {
        self.texts.encoded.len() + self.rows.len() * size_of::<u32>()
    }

    fn encode(self, out: &mut Pieces) {
        Self::encode_prefix(out.gather());
        self.encode_values(out);
    }
}

// === impl Joined ===

impl<T> Joined<T> {
    /// One more text of the row to come.
    #[inline]
    pub(super) fn add(&mut self, text: &[u8]) {
        joined::add(text, &mut self.open);
    }

    /// Takes back what was added to the row to come.
    pub(super) fn rewind(&mut self) {
        self.open.clear();
    }
}

impl Joined<LowText> {
    /// Ends the row.
    #[inline]
    pub(super) fn push(&mut self, (): ()) {
        self.rows.push(&self.open);
        self.open.clear();
    }
}

impl Joined<Text> {
    /// Ends the row.
    #[inline]
    pub(super) fn push(&mut self, (): ()) {
        self.rows.push(&self.open);
        self.open.clear();
    }
}

impl<T: Column> Column for Joined<T> {
    const TYPE: &'static str = T::TYPE;

    fn size(&self) -> usize {
        self.rows.size()
    }

    fn encode(self, out: &mut Pieces) {
        self.rows.encode(out);
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

    fn encode(self, out: &mut Pieces) {
        LowText::encode_prefix(out.gather());
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

    fn encode(self, out: &mut Pieces) {
        put_ends(&self.ends, out);
        self.values.encode(out);
    }
}

// === impl Dictionary ===

impl Dictionary {
    #[inline]
    fn number(&mut self, text: &[u8]) -> u32 {
        let expected = self.followers.get(self.last as usize).copied().unwrap_or(0);
        let number = match self.text(expected) == Some(text) {
            true => expected,
            false => self.look_up(text),
        };
        self.last = number;
        number
    }

    #[inline]
    fn text(&self, number: u32) -> Option<&[u8]> {
        let (from, to) = *self.texts.get(number as usize)?;
        self.encoded.get(from..to)
    }

    fn look_up(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        let known = self
            .numbers
            .find(hash, |number| self.text(*number) == Some(text));
        let number = match known {
            Some(number) => *number,
            None => self.add(text, hash),
        };
        self.followers[self.last as usize] = number;
        number
    }

    fn add(&mut self, text: &[u8], hash: u64) -> u32 {
        let number = u32::try_from(self.texts.len()).expect("a block has fewer items");
        put_bytes(text, &mut self.encoded);
        let end = self.encoded.len();
        self.texts.push((end - text.len(), end));
        self.followers.push(0);
        let Self {
            numbers,
            hasher,
            encoded,
            texts,
            ..
        } = self;
        let hash_of = |number: &u32| {
            let (from, to) = texts[*number as usize];
            hasher.hash_one(&encoded[from..to])
        };
        numbers.insert_unique(hash, number, hash_of);
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

    /// The rows' numbers in this width.
    fn numbers(self, rows: &[u32]) -> Vec<u8> {
        match self {
            Self::One => rows.iter().map(|number| *number as u8).collect(),
            Self::Two => rows
                .iter()
                .flat_map(|number| (*number as u16).to_le_bytes())
                .collect(),
            Self::Four => rows
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect(),
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

fn put_ends(ends: &[u64], out: &mut Pieces) {
    out.append(ends.iter().flat_map(|end| end.to_le_bytes()).collect());
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
