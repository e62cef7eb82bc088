//! Differences that are one: values that the same invocations have are told together, with what they explain.

use super::{Difference, Sides};

/// Two that share more than this of all invocations that have either (Jaccard's index) are one.
const SAME: f64 = 0.95;

/// Invocations that have the same of some differences' values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// Which of the first 64 differences' values they have, a bit for each by its place.
    pub values: u64,
    /// How many these invocations are, on both sides.
    pub count: u64,
    /// How many of them are selected.
    pub selected: u64,
    /// The durations of those that are selected together, in nanoseconds.
    pub duration: u128,
}

/// What is told once.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The most telling value.
    pub first: Difference,
    /// Of what the selected take longer than the rest, the share that those with the value have beyond what is usual: 0 to 1.
    /// Nothing if they do not take longer, or not all durations are known.
    pub explains: Option<f64>,
    /// Others that nearly the same invocations have.
    pub also: Vec<Difference>,
}

/// Folds differences, which stand in the order of what they tell. The patterns are those of all invocations.
pub fn fold(sides: &Sides, differences: Vec<Difference>, patterns: &[Pattern]) -> Vec<Finding> {
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    for (place, difference) in differences.into_iter().enumerate() {
        let same = findings
            .iter_mut()
            .find(|(first, _)| overlap(patterns, *first, place) > SAME);
        match same {
            Some((_, finding)) => finding.also.push(difference),
            None => {
                let first = Finding {
                    first: difference,
                    explains: explained(sides, patterns, place, difference.share_rest),
                    also: Vec::new(),
                };
                findings.push((place, first));
            }
        }
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Of the invocations that have either, the share that has both: 0 to 1.
fn overlap(patterns: &[Pattern], one: usize, other: usize) -> f64 {
    let (mut both, mut either) = (0.0, 0.0);
    for pattern in patterns {
        let (one, other) = (pattern.has(one), pattern.has(other));
        if one || other {
            either += pattern.count as f64;
        }
        if one && other {
            both += pattern.count as f64;
        }
    }
    match either > 0.0 {
        true => both / either,
        false => 0.0,
    }
}

/// Of the selected's time beyond the rest's mean, the share of those with a value, less the share that has it anyway.
fn explained(sides: &Sides, patterns: &[Pattern], place: usize, usual_share: f64) -> Option<f64> {
    let (selected, rest) = (sides.selected, sides.rest);
    if selected.timed < selected.count || rest.timed < rest.count || rest.count == 0 {
        return None;
    }
    let usual = rest.duration as f64 / rest.count as f64;
    let beyond = |count: f64, duration: f64| duration - count * usual;
    let excess = beyond(selected.count as f64, selected.duration as f64);
    if excess <= 0.0 {
        return None;
    }
    let having = || patterns.iter().filter(|pattern| pattern.has(place));
    let count = having().map(|pattern| pattern.selected as f64).sum();
    let duration = having().map(|pattern| pattern.duration as f64).sum();
    Some((beyond(count, duration) / excess - usual_share).clamp(0.0, 1.0))
}

// === impl Pattern ===

impl Pattern {
    fn has(&self, place: usize) -> bool {
        place < 64 && self.values >> place & 1 == 1
    }
}
