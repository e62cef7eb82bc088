//! What tells some invocations from the rest: values that they have more often than chance gives them.
//!
//! Takes counts, not invocations: how many of either side have a value. What is told is significant after as many looks as
//! there are values (Benjamini-Hochberg), and stands in the order of how much it tells: the difference of shares, and of a
//! difference that may yet be chance only a part. Not here: where the counts come from, and words for keys and values.

mod fold;
pub(crate) mod significance;

pub use fold::{Finding, Pattern, fold};

use significance::{passes, probability, score_of};

/// Of a hundred differences that are told, at most one is expected to be chance.
const FALSE_DISCOVERIES: f64 = 0.01;
/// From this score on a difference counts whole: what is less sure counts for less.
const SURE: f64 = 4.0;
/// A key with more values than this share of the invocations that have it is an id: it tells each from all others.
const ID_SHARE: f64 = 0.5;
/// Of so few, most have a value of their own by chance.
const FEW: u64 = 20;

/// One side of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// How many invocations.
    pub count: u64,
    /// Of how many the duration is known.
    pub timed: u64,
    /// All their durations together, in nanoseconds.
    pub duration: u128,
}

/// Both sides: no invocation is on both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Those that are asked about.
    pub selected: Side,
    /// Those that they are compared with.
    pub rest: Side,
}

/// How often something is on each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frequency {
    /// Of the selected.
    pub selected: u64,
    /// Of the rest.
    pub rest: u64,
}

/// How often a key has which value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// The key's number.
    pub key: u64,
    /// All its values together.
    pub all: Frequency,
    /// How many values it has.
    pub distinct: u64,
    /// By their numbers. Those that are left out differ less than these.
    pub values: Vec<(u64, Frequency)>,
}

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyValue {
    /// The value of this number.
    Value(u64),
    /// Nothing.
    Absent,
}

/// A value that the selected have more often than the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The key's number.
    pub key: u64,
    /// Its value.
    pub value: KeyValue,
    /// How many of either side have it.
    pub frequency: Frequency,
    /// Of the selected, the share that has it: 0 to 1.
    pub share_selected: f64,
    /// Of the rest.
    pub share_rest: f64,
    /// The one by the other; nothing if none of the rest has it.
    pub lift: Option<f64>,
    /// By how many standard deviations the shares differ.
    pub z: f64,
    /// How likely chance alone makes such a difference, at most: 0 to 1.
    pub p: f64,
    /// The order of what is told.
    pub score: f64,
}

/// The significant differences, the most telling first, at most so many.
pub fn differences(sides: &Sides, keys: &[KeyCounts], most: usize) -> Vec<Difference> {
    let (selected, rest) = (sides.selected.count, sides.rest.count);
    if selected == 0 || rest == 0 {
        return Vec::new();
    }
    let telling = || keys.iter().filter(|key| !key.is_id());
    // Each value, and that there is none.
    let looks: u64 = telling().map(|key| key.distinct + 1).sum();
    let mut found: Vec<Difference> = telling()
        .flat_map(|key| key.frequencies(sides))
        .filter_map(|(key, value, frequency)| Difference::of(sides, key, value, frequency))
        .collect();
    found.sort_by(|a, b| a.p.total_cmp(&b.p));
    let passing = passes(found.iter().map(|one| one.p), looks, FALSE_DISCOVERIES);
    found.truncate(passing);
    found.sort_by(Difference::order);
    found.truncate(most);
    found
}

// === impl KeyCounts ===

impl KeyCounts {
    fn is_id(&self) -> bool {
        let rows = self.all.selected + self.all.rest;
        rows > FEW && self.distinct as f64 > rows as f64 * ID_SHARE
    }

    fn frequencies(
        &self,
        sides: &Sides,
    ) -> impl Iterator<Item = (u64, KeyValue, Frequency)> + use<'_> {
        // An invocation with two values of a key counts twice: then fewer seem to be without one.
        let absent = Frequency {
            selected: sides.selected.count.saturating_sub(self.all.selected),
            rest: sides.rest.count.saturating_sub(self.all.rest),
        };
        let values = self.values.iter();
        let values = values.map(|&(item, frequency)| (KeyValue::Value(item), frequency));
        values
            .chain([(KeyValue::Absent, absent)])
            .map(|(value, frequency)| (self.key, value, frequency))
    }
}

// === impl Difference ===

impl Difference {
    /// `None` if the rest has the value as often, or nobody has.
    fn of(sides: &Sides, key: u64, value: KeyValue, frequency: Frequency) -> Option<Self> {
        let (selected, rest) = (sides.selected.count, sides.rest.count);
        // What is written while it is counted may be counted once more than its side is.
        let with = frequency.selected.min(selected);
        let without = frequency.rest.min(rest);
        let share_selected = with as f64 / selected as f64;
        let share_rest = without as f64 / rest as f64;
        let delta = share_selected - share_rest;
        if delta <= 0.0 {
            return None;
        }
        let z = score_of((with, selected), (without, rest));
        Some(Self {
            key,
            value,
            frequency,
            share_selected,
            share_rest,
            lift: (without > 0).then(|| share_selected / share_rest),
            z,
            p: probability(z, (with, selected), (without, rest)),
            score: delta * (z / SURE).min(1.0),
        })
    }

    fn order(a: &Self, b: &Self) -> std::cmp::Ordering {
        let by_score = b.score.total_cmp(&a.score);
        by_score.then_with(|| (a.key, a.value).cmp(&(b.key, b.value)))
    }
}

#[cfg(test)]
mod tests;
