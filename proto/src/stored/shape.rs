//! Which names attributes have, remembered: spans of one name nearly always have the same, in the same order.
//!
//! A comparison of bytes then takes the place of looking every name up and of joining the names anew. What is remembered is a
//! guess, checked byte for byte; a wrong one costs time and changes nothing.

use coldtrace_model::joined;

use crate::faas::Key;
use crate::wire;

/// A guess for each of so many classes of names.
const CLASSES: usize = 256;

/// What was seen last, by the class of the span's name.
#[derive(Debug)]
pub(super) struct Shapes {
    all: Vec<Shape>,
}

/// The names of one span's attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Joined.
    pub(super) keys: Vec<u8>,
    /// With what each attribute begins on the wire, one behind the other.
    heads: Vec<u8>,
    attributes: Vec<Expected>,
    /// Whether some attribute's beginning can't be told.
    is_odd: bool,
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    /// Where in `heads` its own ends.
    end: usize,
    key: Option<Key>,
}

// === impl Shapes ===

impl Default for Shapes {
    fn default() -> Self {
        Self {
            all: vec![Shape::default(); CLASSES],
        }
    }
}

impl Shapes {
    /// The class of a name.
    #[inline]
    pub(super) fn class(name: &[u8]) -> usize {
        let first = name
            .first_chunk()
            .map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let last = name
            .last_chunk()
            .map_or(0, |bytes| u32::from_le_bytes(*bytes));
        // Fibonacci hashing: the upper bits depend on all.
        let mixed = (first ^ last.rotate_left(11) ^ name.len() as u32).wrapping_mul(0x9e37_79b9);
        (mixed >> 24) as usize
    }

    #[inline]
    pub(super) fn of(&self, class: usize) -> &Shape {
        &self.all[class]
    }

    pub(super) fn learn(&mut self, class: usize) -> &mut Shape {
        let shape = &mut self.all[class];
        shape.keys.clear();
        shape.heads.clear();
        shape.attributes.clear();
        shape.is_odd = false;
        shape
    }
}

// === impl Shape ===

impl Shape {
    pub(super) fn add(&mut self, key: &[u8], known: Option<Key>) {
        joined::add(key, &mut self.keys);
        self.is_odd |= !wire::put_head(key, &mut self.heads);
        self.attributes.push(Expected {
            end: self.heads.len(),
            key: known,
        });
    }

    /// Each attribute's beginning, and what it is known as; none where it is not to be relied upon.
    #[inline]
    pub(super) fn expected(&self) -> Option<impl Iterator<Item = (&[u8], Option<Key>)>> {
        if self.is_odd {
            return None;
        }
        let mut from = 0;
        Some(self.attributes.iter().map(move |expected| {
            let head = &self.heads[from..expected.end];
            from = expected.end;
            (head, expected.key)
        }))
    }
}
