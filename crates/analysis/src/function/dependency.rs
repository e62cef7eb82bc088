//! A dependency that is usually quick and sometimes not: what its slow calls take beyond the usual.

use std::collections::BTreeMap;

use coldtrace_model::Nanos;

use super::gain::{Among, Case, Saved, quantile};
use super::{Fault, Figure, FunctionFinding, words};
use crate::Confidence;

/// Fewer calls have no usual length.
const LEAST_CALLS: usize = 20;
/// Slow is so many times the usual.
const SLOW: f64 = 3.0;
/// What happens to fewer invocations is an accident.
const LEAST_SLOW: usize = 5;
const LEAST_SHARE: f64 = 0.01;

/// What invocations waited for one operation.
#[derive(Default)]
struct Waits<'a> {
    name: &'a str,
    span: &'a str,
    /// Place in the sample, what each call took, how many there were.
    each: Vec<(usize, Nanos, u64)>,
}

pub(super) fn find(case: &Case<'_>, found: &mut Vec<FunctionFinding>) {
    let mut operations: BTreeMap<u64, Waits<'_>> = BTreeMap::new();
    for (place, profile) in case.profiles() {
        for call in &profile.calls {
            let waits = operations.entry(call.operation).or_default();
            (waits.name, waits.span) = (&call.name, &call.span);
            // By the call: an invocation that makes ten is not one whose dependency is slow.
            let count = u64::from(call.count.max(1));
            let each = Nanos(call.critical.0 / count);
            waits.each.push((place, each, count));
        }
    }
    for waits in operations.into_values() {
        found.extend(waits.told(case));
    }
}

// === impl Waits ===

impl Waits<'_> {
    fn told(&self, case: &Case<'_>) -> Option<FunctionFinding> {
        if self.each.len() < LEAST_CALLS {
            return None;
        }
        let mut lengths: Vec<u64> = self.each.iter().map(|(_, wait, _)| wait.0).collect();
        lengths.sort_unstable();
        let bound = (quantile(&lengths, 0.5).0 as f64 * SLOW) as u64;
        // The usual is what those take that are not slow.
        let usual = quantile(
            &lengths[..lengths.partition_point(|&one| one <= bound)],
            0.5,
        );
        let slow = self.each.iter().filter(|(_, wait, _)| wait.0 > bound);
        let saved: Vec<Saved> = slow
            .map(|&(place, wait, count)| {
                let time = Nanos((wait.0 - usual.0).saturating_mul(count));
                Saved {
                    place,
                    time,
                    billed: time,
                }
            })
            .collect();
        let share = case.share(saved.len(), Among::Traced);
        if saved.len() < LEAST_SLOW || share < LEAST_SHARE {
            return None;
        }
        let gain = case.gain(Among::Traced, &saved);
        let slow = &lengths[lengths.partition_point(|&one| one <= bound)..];
        case.is_worth_a_word(&gain, Among::Traced)
            .then(|| FunctionFinding {
                fault: Fault::SlowDependency,
                about: self.name.to_owned(),
                seen: case.of_all(saved.len(), Among::Traced),
                share,
                gain,
                confidence: match saved.len() {
                    LEAST_CALLS.. => Confidence::High,
                    _ => Confidence::Medium,
                },
                evidence: vec![
                    (words::USUAL, Figure::Length(usual)),
                    (words::TYPICAL, Figure::Length(quantile(slow, 0.5))),
                    ("traces", Figure::Count(case.count(Among::Traced) as u64)),
                ],
                examples: case.examples(&saved),
                question: words::of_slow_spans(case.function, self.span, Nanos(bound)),
            })
    }
}
