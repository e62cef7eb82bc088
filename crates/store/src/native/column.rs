//! Columns of a block while it is built, and their bytes in Native format.
//!
//! A column is written as a prefix (of types that have a state) and its values. Numbers are little-endian, lengths are
//! LEB128, offsets of arrays and maps count values from the block's start.

use std::borrow::Cow;
use std::hash::BuildHasher as _;
use std::marker::PhantomData;
use std::mem;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::pages::{Pages, Pieces, put_text};
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

/// A type whose values all have one width.
pub(super) trait Fixed {
    type Value;
    const TYPE: &'static str;
    fn put(value: Self::Value, out: &mut Pages);
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident($value:ty) = $sql:literal: |$given:ident| $bytes:expr;)*) => {$(
        $(#[$doc])*
        pub(super) enum $name {}

        impl Fixed for $name {
            type Value = $value;
            const TYPE: &'static str = $sql;
            #[inline]
            fn put($given: $value, out: &mut Pages) {
                out.put(&$bytes);
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
    values: Pages,
    kind: PhantomData<F>,
}

/// `String`
#[derive(Default)]
pub(super) struct Text {
    values: Pages,
}

/// `LowCardinality(String)`: each different text once, and a number per row.
#[derive(Default)]
pub(super) struct LowText {
    texts: Dictionary,
    rows: Numbers,
    last: u32,
    /// By another column's number, what stood here with it the last time.
    guesses: Vec<u32>,
}

/// A number for each row, as narrow as they allow.
#[derive(Default)]
struct Numbers {
    width: Width,
    rows: Pages,
    count: usize,
}

/// How many bytes a row's number takes.
#[derive(Clone, Copy, Default)]
enum Width {
    #[default]
    One,
    Two,
    Four,
}

/// `Map(LowCardinality(String), String)`
#[derive(Default)]
pub(super) struct Attributes {
    /// Per row: where its items end.
    ends: Plain<U64>,
    keys: LowText,
    values: Text,
}

/// `Array(String)`
#[derive(Default)]
pub(super) struct TextList {
    /// Per row: where its values end.
    ends: Plain<U64>,
    values: Text,
    count: u64,
}

/// `Array(FixedString(16))`
#[derive(Default)]
pub(super) struct Bytes16List {
    /// Per row: where its values end.
    ends: Plain<U64>,
    values: Plain<Bytes16>,
}

/// Texts, numbered as they first came.
#[derive(Default)]
pub(super) struct Dictionary {
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

// === impl Plain ===

impl<F> Default for Plain<F> {
    fn default() -> Self {
        Self {
            values: Pages::default(),
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
        self.values.put_text(value.as_ref());
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
        self.last = self.texts.number(value.as_ref());
        self.rows.push(self.last);
    }

    /// Of a value that mostly depends on this row's value in another column.
    #[inline]
    pub(super) fn push_by(&mut self, other: &Self, value: impl AsRef<[u8]>) {
        let other = other.last as usize;
        if other >= self.guesses.len() {
            self.guesses.resize(other + 1, 0);
        }
        let guess = self.guesses[other];
        self.last = self.texts.number_guessed(value.as_ref(), guess);
        self.guesses[other] = self.last;
        self.rows.push(self.last);
    }

    fn encode_prefix(out: &mut Vec<u8>) {
        /// Dictionaries come with their blocks.
        const VERSION: u64 = 1;
        out.extend_from_slice(&VERSION.to_le_bytes());
    }

    fn encode_values(self, out: &mut Pieces) {
        /// The block brings a dictionary of its own, and it is all there is.
        const OWN_DICTIONARY: u64 = 1 << 9 | 1 << 10;
        if self.rows.count == 0 {
            return;
        }
        let texts = self.texts.texts.len();
        let width = self.rows.width;
        let head = out.gather();
        head.extend_from_slice(&(OWN_DICTIONARY | width.code()).to_le_bytes());
        put_count(texts, head);
        out.gather().extend_from_slice(&self.texts.encoded);
        put_count(self.rows.count, out.gather());
        out.append(self.rows.rows);
    }
}

impl Column for LowText {
    const TYPE: &'static str = "LowCardinality(String)";

    fn size(&self) -> usize {
        self.texts.encoded.len() + self.rows.rows.len()
    }

    fn encode(self, out: &mut Pieces) {
        Self::encode_prefix(out.gather());
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
        self.ends.push(self.keys.rows.count as u64);
    }
}

impl Column for Attributes {
    const TYPE: &'static str = "Map(LowCardinality(String), String)";

    fn size(&self) -> usize {
        self.keys.size() + self.values.size() + self.ends.size()
    }

    fn encode(self, out: &mut Pieces) {
        LowText::encode_prefix(out.gather());
        self.ends.encode(out);
        self.keys.encode_values(out);
        self.values.encode(out);
    }
}

// === impl TextList ===

impl TextList {
    pub(super) fn push(&mut self, values: &[&[u8]]) {
        for value in values {
            self.values.push(value);
        }
        self.count += values.len() as u64;
        self.ends.push(self.count);
    }
}

impl Column for TextList {
    const TYPE: &'static str = "Array(String)";

    fn size(&self) -> usize {
        self.values.size() + self.ends.size()
    }

    fn encode(self, out: &mut Pieces) {
        self.ends.encode(out);
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
        self.values.size() + self.ends.size()
    }

    fn encode(self, out: &mut Pieces) {
        self.ends.encode(out);
        self.values.encode(out);
    }
}

// === impl Dictionary ===

impl Dictionary {
    #[inline]
    pub(super) fn number(&mut self, text: &[u8]) -> u32 {
        let expected = self.followers.get(self.last as usize).copied().unwrap_or(0);
        let number = self.number_guessed(text, expected);
        if number != expected {
            self.followers[self.last as usize] = number;
        }
        self.last = number;
        number
    }

    /// As [`Dictionary::number`], by a guess of the caller's.
    #[inline]
    pub(super) fn number_guessed(&mut self, text: &[u8], guess: u32) -> u32 {
        match self.text(guess) == Some(text) {
            true => guess,
            false => self.look_up(text),
        }
    }

    #[inline]
    fn text(&self, number: u32) -> Option<&[u8]> {
        let (from, to) = *self.texts.get(number as usize)?;
        self.encoded.get(from..to)
    }

    /// The text of a number that was given out.
    pub(super) fn get(&self, number: u32) -> &[u8] {
        self.text(number).expect("it was given out")
    }

    fn look_up(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        let known = self
            .numbers
            .find(hash, |number| self.text(*number) == Some(text));
        match known {
            Some(number) => *number,
            None => self.add(text, hash),
        }
    }

    fn add(&mut self, text: &[u8], hash: u64) -> u32 {
        let number = u32::try_from(self.texts.len()).expect("a block has fewer items");
        put_text(text, &mut self.encoded);
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

// === impl Numbers ===

impl Numbers {
    #[inline]
    fn push(&mut self, number: u32) {
        if number > self.width.greatest() {
            self.widen(number);
        }
        self.width.put(number, &mut self.rows);
        self.count += 1;
    }

    /// Writes all again, so that this one fits as well; at most twice in a block.
    #[cold]
    fn widen(&mut self, number: u32) {
        let width = Width::of(number);
        let narrow = mem::take(&mut self.rows);
        for piece in narrow.pieces() {
            for bytes in piece.chunks_exact(self.width.bytes()) {
                let mut wide = [0; 4];
                wide[..bytes.len()].copy_from_slice(bytes);
                width.put(u32::from_le_bytes(wide), &mut self.rows);
            }
        }
        self.width = width;
    }
}

// === impl Width ===

impl Width {
    const fn of(greatest: u32) -> Self {
        match greatest {
            0..=0xff => Self::One,
            0x100..=0xffff => Self::Two,
            _ => Self::Four,
        }
    }

    const fn greatest(self) -> u32 {
        match self {
            Self::One => 0xff,
            Self::Two => 0xffff,
            Self::Four => u32::MAX,
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    #[inline]
    fn put(self, number: u32, rows: &mut Pages) {
        match self {
            Self::One => rows.put(&[number as u8]),
            Self::Two => rows.put(&(number as u16).to_le_bytes()),
            Self::Four => rows.put(&number.to_le_bytes()),
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
