//! What a tail has told, and with which of its events.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use coldtrace_model::{FactSet, RequestId, UnixNanos};
use coldtrace_store::reader::{InvocationState, LineKey};

/// Entries, of some 50 bytes each: twice what one look names.
const MOST: usize = 40_000;

/// What can be followed.
pub(super) trait Followed {
    /// Tells it from others.
    fn identity(&self) -> u64;
    /// By which it is ordered.
    fn time(&self) -> UnixNanos;
    /// What is known of it: when that changes, it is told again.
    fn facts(&self) -> FactSet;
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    told: HashMap<u64, Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    time: UnixNanos,
    facts: FactSet,
    /// Of the event; 0 where there was none.
    number: u64,
}

/// Of an invocation.
pub(super) fn identity(filed_at: UnixNanos, function: &str, request_id: &RequestId) -> u64 {
    let mut hasher = DefaultHasher::new();
    (filed_at.0, function, request_id.as_str()).hash(&mut hasher);
    hasher.finish()
}

// === impl Followed ===

impl Followed for InvocationState {
    fn identity(&self) -> u64 {
        identity(self.filed_at, &self.function, &self.request_id)
    }

    fn time(&self) -> UnixNanos {
        self.filed_at
    }

    fn facts(&self) -> FactSet {
        self.facts
    }
}

impl Followed for LineKey {
    fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn time(&self) -> UnixNanos {
        self.time
    }

    fn facts(&self) -> FactSet {
        FactSet::default()
    }
}

// === impl Memory ===

impl Memory {
    pub(super) fn has(&self, item: &impl Followed) -> bool {
        let told = self.told.get(&item.identity());
        told.is_some_and(|told| told.facts == item.facts())
    }

    pub(super) fn add(&mut self, item: &impl Followed, facts: FactSet, number: u64) {
        let time = item.time();
        let told = Told {
            time,
            facts,
            number,
        };
        self.told.insert(item.identity(), told);
    }

    pub(super) fn forget_before(&mut self, time: UnixNanos) {
        self.told.retain(|_, told| told.time >= time);
    }

    /// Forgets what was told with later events; the earliest time of that.
    pub(super) fn forget_told_after(&mut self, number: u64) -> Option<UnixNanos> {
        let mut earliest: Option<UnixNanos> = None;
        self.told.retain(|_, told| {
            let is_known = told.number <= number;
            if !is_known {
                earliest = Some(earliest.map_or(told.time, |time| time.min(told.time)));
            }
            is_known
        });
        earliest
    }

    /// Keeps the later half where it is too much; the time from which on all is remembered, if that changed.
    pub(super) fn shrink(&mut self) -> Option<UnixNanos> {
        if self.told.len() <= MOST {
            return None;
        }
        let mut times: Vec<UnixNanos> = self.told.values().map(|told| told.time).collect();
        let (_, &mut middle, _) = times.select_nth_unstable(MOST / 2);
        self.forget_before(middle);
        Some(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(time: u64) -> LineKey {
        LineKey {
            time: UnixNanos(time),
            hash: 7,
            number: 1,
        }
    }

    #[test]
    fn what_somebody_did_not_get_is_told_again_and_the_rest_is_not() {
        let mut memory = Memory::default();
        for number in 1..=5 {
            memory.add(&line(number * 10), FactSet::default(), number);
        }
        assert_eq!(memory.forget_told_after(3), Some(UnixNanos(40)));
        let known: Vec<bool> = (1..=5)
            .map(|number| memory.has(&line(number * 10)))
            .collect();
        assert_eq!(known, [true, true, true, false, false]);
        assert_eq!(memory.forget_told_after(3), None);
    }

    #[test]
    fn it_has_a_bound_and_says_what_it_forgot() {
        let mut memory = Memory::default();
        for time in 0..MOST as u64 {
            memory.add(&line(time), FactSet::default(), time);
        }
        assert_eq!(memory.shrink(), None);
        memory.add(&line(MOST as u64), FactSet::default(), 1);
        let from = memory.shrink().expect("there was too much");
        assert_eq!(from, UnixNanos(MOST as u64 / 2));
        assert!(memory.has(&line(from.0)) && !memory.has(&line(from.0 - 1)));
    }
}
