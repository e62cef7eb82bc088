//! Differences that are one: values that the same invocations have are told together.

use super::Difference;

/// Two that share more than this of all invocations that have either (Jaccard's index) are one.
const SAME: f64 = 0.95;

/// What is told once.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The most telling value.
    pub first: Difference,
    /// Others that nearly the same invocations have.
    pub also: Vec<Difference>,
}

/// Folds differences, which stand in the order of what they tell. A pattern says which of the first 64 some invocations
/// have, a bit for each by its place, and how many these are.
pub fn fold(differences: Vec<Difference>, patterns: &[(u64, u64)]) -> Vec<Finding> {
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
                    also: Vec::new(),
                };
                findings.push((place, first));
            }
        }
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Of the invocations that have either, the share that has both: 0 to 1.
fn overlap(patterns: &[(u64, u64)], one: usize, other: usize) -> f64 {
    let has = |pattern: u64, place: usize| place < 64 && pattern >> place & 1 == 1;
    let (mut both, mut either) = (0.0, 0.0);
    for &(pattern, count) in patterns {
        let (one, other) = (has(pattern, one), has(pattern, other));
        if one || other {
            either += count as f64;
        }
        if one && other {
            both += count as f64;
        }
    }
    match either > 0.0 {
        true => both / either,
        false => 0.0,
    }
}
