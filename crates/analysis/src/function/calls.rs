//! What single traces show, where many of them show the same.

use std::collections::BTreeMap;

use coldtrace_model::{Nanos, RequestId};

use super::gain::{Among, Case, Saved};
use super::profile::Seen;
use super::{EXAMPLES, Fault, Figure, FunctionFinding, words};
use crate::{Confidence, FindingKind};

/// What fewer traces show is chance.
const LEAST_SEEN: usize = 5;
/// And so is what a smaller share of them shows.
const LEAST_SHARE: f64 = 0.01;
/// From so many on there is no doubt.
const CLEAR: usize = 20;

/// One finding in all traces that show it.
struct Group<'a> {
    seen: Vec<(usize, &'a Seen)>,
}

pub(super) fn find(case: &Case<'_>, found: &mut Vec<FunctionFinding>) {
    let mut groups: BTreeMap<(FindingKind, u64), Group<'_>> = BTreeMap::new();
    for (place, profile) in case.profiles() {
        for seen in &profile.seen {
            let group = groups.entry((seen.kind, seen.key));
            let group = group.or_insert(Group { seen: Vec::new() });
            group.seen.push((place, seen));
        }
    }
    for ((kind, _), group) in groups {
        let fault = match kind {
            FindingKind::RepeatedCalls => Fault::RepeatedCalls,
            FindingKind::SerialCalls => Fault::SerialCalls,
            FindingKind::Retries => Fault::Retries,
            FindingKind::QueueWait => Fault::QueueWait,
            FindingKind::Recursion => Fault::Recursion,
            // Told from all invocations, traced or not.
            FindingKind::ColdStart | FindingKind::TimeoutSuspect => continue,
        };
        found.extend(group.told(case, fault));
    }
}

// === impl Group ===

impl Group<'_> {
    fn told(&self, case: &Case<'_>, fault: Fault) -> Option<FunctionFinding> {
        let saved = self.saved(fault);
        let share = case.share(saved.len(), Among::Traced);
        if saved.len() < LEAST_SEEN || share < LEAST_SHARE {
            return None;
        }
        let gain = match fault {
            Fault::QueueWait => case.gain_of_waits(Among::Traced, &saved),
            _ => case.gain(Among::Traced, &saved),
        };
        if !case.is_worth_a_word(&gain, Among::Traced) {
            return None;
        }
        let (_, first) = self.seen[0];
        let mut times: Vec<u32> = self.seen.iter().map(|(_, seen)| seen.count).collect();
        times.sort_unstable();
        let typical = times[times.len() / 2];
        Some(FunctionFinding {
            fault,
            about: first.about.clone(),
            seen: case.of_all(saved.len(), Among::Traced),
            share,
            confidence: match (fault, saved.len()) {
                // Whether a call needs the one before, no trace tells.
                (Fault::SerialCalls, _) => Confidence::Low,
                (_, CLEAR..) => Confidence::High,
                _ => Confidence::Medium,
            },
            evidence: vec![
                ("traces", Figure::Count(case.count(Among::Traced) as u64)),
                (words::TIMES, Figure::Count(typical.into())),
                (words::TYPICAL, Figure::Length(typical_gain(&saved))),
            ],
            examples: case.examples(&saved),
            question: match fault {
                Fault::QueueWait | Fault::Recursion => words::of_function(case.function),
                _ => words::of_spans(case.function, &first.span, typical / 2),
            },
            gain,
        })
    }

    /// What it cost each invocation that shows it.
    fn saved(&self, fault: Fault) -> Vec<Saved> {
        let mut saved: Vec<Saved> = Vec::new();
        for &(place, seen) in &self.seen {
            let billed = match fault {
                Fault::QueueWait => Nanos(0),
                _ => seen.gain,
            };
            match saved.last_mut().filter(|last| last.place == place) {
                Some(last) => {
                    last.time = last.time.plus(seen.gain);
                    last.billed = last.billed.plus(billed);
                }
                None => saved.push(Saved {
                    place,
                    time: seen.gain,
                    billed,
                }),
            }
        }
        saved
    }
}

/// What it costs an invocation that shows it, half of the time.
fn typical_gain(saved: &[Saved]) -> Nanos {
    let mut times: Vec<Nanos> = saved.iter().map(|one| one.time).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The suspects of invocations that ran into their time limit: the most frequent first, with how often.
pub(super) fn suspects(case: &Case<'_>) -> Vec<(String, usize)> {
    let mut suspects: BTreeMap<u64, (String, usize)> = BTreeMap::new();
    for (_, profile) in case.profiles() {
        for seen in &profile.seen {
            if seen.kind == FindingKind::TimeoutSuspect {
                let suspect = suspects.entry(seen.key);
                suspect.or_insert_with(|| (seen.about.clone(), 0)).1 += 1;
            }
        }
    }
    let mut suspects: Vec<(String, usize)> = suspects.into_values().collect();
    suspects.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    suspects
}

/// The first of some invocations.
pub(super) fn first_of<'a>(requests: impl Iterator<Item = &'a RequestId>) -> Vec<RequestId> {
    requests.take(EXAMPLES).cloned().collect()
}
