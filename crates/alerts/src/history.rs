//! What was counted lately, as it was then: minutes, hours, and the same hours of earlier weeks, of each version of each function.
//!
//! Invariant: what was counted once is not changed by what is counted later, so that an evaluation is a function of what came
//! before it. A minute or an hour that was not told is wanted; until it is told, it counts as empty.

mod need;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use coldtrace_model::UnixNanos;

use crate::Window;
use crate::aggregate::{Aggregate, Parts, Sum};

pub(crate) use need::weekly;
use need::{KNOWN_HOURS, hours_of};
pub use need::{Need, Wants};

pub(crate) const MINUTE: u64 = 60_000_000_000;
pub(crate) const HOUR_MINUTES: u64 = 60;
const WEEK_HOURS: u64 = 7 * 24;

/// What a version of a function did, in a minute or an hour that is told beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCounts {
    /// The function.
    pub function: String,
    /// Its version; empty if it is not known.
    pub version: String,
    /// What was counted.
    pub aggregate: Aggregate,
}

/// What was counted lately of one tenant.
#[derive(Debug)]
pub struct History {
    need: Need,
    leaves: Vec<Leaf>,
    places: HashMap<Arc<str>, HashMap<Arc<str>, usize>>,
    /// The latest minute that was told, counted from the epoch.
    newest: Option<u64>,
    /// Which minutes of the ring were told.
    told: Box<[bool]>,
    /// Which hours were told, or are made of minutes that were.
    told_hours: BTreeSet<u64>,
    /// Changes when leaves go, and their places with them.
    generation: u64,
}

/// A version of a function.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) function: Arc<str>,
    pub(crate) version: Arc<str>,
    /// A ring: a minute's place is its number modulo the length.
    minutes: Box<[Option<Box<Aggregate>>]>,
    hours: BTreeMap<u64, Box<Aggregate>>,
}

// === impl History ===

impl History {
    /// One that keeps what is needed, empty.
    pub fn new(need: Need) -> Self {
        let told = vec![false; need.kept_minutes()].into_boxed_slice();
        Self {
            need,
            leaves: Vec::new(),
            places: HashMap::new(),
            newest: None,
            told,
            told_hours: BTreeSet::new(),
            generation: 0,
        }
    }

    /// What it keeps.
    pub fn need(&self) -> &Need {
        &self.need
    }

    /// Keeps what is needed from now on; of what it has, nothing is lost that is still needed.
    pub fn refit(&mut self, need: Need) {
        let mut old = std::mem::replace(self, Self::new(need));
        self.generation = old.generation + 1;
        self.newest = old.newest;
        let Some(newest) = old.newest else {
            return;
        };
        let length = old.told.len() as u64;
        let oldest = (newest + 1).saturating_sub(length.min(self.told.len() as u64));
        for minute in oldest..=newest {
            self.told[slot(minute, self.told.len())] = old.told[slot(minute, old.told.len())];
        }
        for leaf in &mut old.leaves {
            let place = self.place_of(&leaf.function, &leaf.version);
            let new = &mut self.leaves[place];
            for minute in oldest..=newest {
                let aggregate = leaf.minutes[slot(minute, leaf.minutes.len())].take();
                new.minutes[slot(minute, new.minutes.len())] = aggregate;
            }
            new.hours = std::mem::take(&mut leaf.hours);
        }
        self.told_hours = old.told_hours;
        self.forget(newest + 1);
    }

    /// What has to be told before the instant can be evaluated: beginnings of minutes and hours, the earliest first.
    pub fn wants(&self, at: UnixNanos) -> Wants {
        let end = at.0 / MINUTE;
        let is_told = |minute: &u64| {
            let kept = self.newest.is_some_and(|newest| {
                *minute <= newest && *minute + self.told.len() as u64 > newest
            });
            kept && self.told[slot(*minute, self.told.len())]
        };
        let first = end.saturating_sub(self.need.kept_minutes() as u64);
        let minutes = (first..end).filter(|minute| !is_told(minute));
        let hours = self.need.hours_at(end).into_iter();
        let hours = hours.filter(|hour| !self.told_hours.contains(hour));
        Wants {
            minutes: minutes.map(|minute| UnixNanos(minute * MINUTE)).collect(),
            hours: hours
                .map(|hour| UnixNanos(hour * HOUR_MINUTES * MINUTE))
                .collect(),
        }
    }

    /// A whole minute, by its beginning: who is not in it did nothing. What was told of it before is replaced; what is too old
    /// is ignored.
    pub fn minute(&mut self, start: UnixNanos, counts: Vec<FunctionCounts>) {
        let minute = start.0 / MINUTE;
        let length = self.told.len() as u64;
        let is_newer = self.newest.is_none_or(|newest| minute > newest);
        if !is_newer && self.newest.is_some_and(|newest| minute + length <= newest) {
            return;
        }
        // All that the ring held of these places is a turn older.
        let first = match (is_newer, self.newest) {
            (true, Some(newest)) => (newest + 1).max((minute + 1).saturating_sub(length)),
            (true, None) => (minute + 1).saturating_sub(length),
            (false, _) => minute,
        };
        for minute in first..=minute {
            self.empty(minute);
        }
        let place = slot(minute, self.told.len());
        for counts in counts {
            let leaf = self.place_of(&counts.function, &counts.version);
            add(&mut self.leaves[leaf].minutes[place], counts.aggregate);
        }
        self.told[place] = true;
        if is_newer {
            self.newest = Some(minute);
        }
        let end = minute + 1;
        if is_newer && end.is_multiple_of(HOUR_MINUTES) {
            self.roll_up(end / HOUR_MINUTES - 1);
            self.forget(end);
        }
    }

    /// A whole hour, by its beginning. What was told of it before is replaced.
    pub fn hour(&mut self, start: UnixNanos, counts: Vec<FunctionCounts>) {
        let hour = start.0 / MINUTE / HOUR_MINUTES;
        if self.told_hours.contains(&hour) {
            for leaf in &mut self.leaves {
                leaf.hours.remove(&hour);
            }
        }
        for counts in counts {
            let leaf = self.place_of(&counts.function, &counts.version);
            let hours = &mut self.leaves[leaf].hours;
            let mut aggregate = hours.remove(&hour);
            add(&mut aggregate, counts.aggregate);
            hours.extend(aggregate.map(|aggregate| (hour, aggregate)));
        }
        self.told_hours.insert(hour);
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        let leaves: usize = self.leaves.iter().map(Leaf::bytes).sum();
        leaves + self.told.len() + self.told_hours.len() * size_of::<u64>()
    }

    /// Whether a function was invoked in the day before the window that ends at this minute, as far as that is whole hours.
    pub(crate) fn is_known(&self, function: &str, window: Window, end: u64) -> bool {
        let window = u64::from(hours_of(window));
        let until = (end / HOUR_MINUTES).saturating_sub(window);
        let from = until.saturating_sub(KNOWN_HOURS.into());
        let versions = self.places.get(function);
        let mut places = versions.into_iter().flat_map(HashMap::values);
        places.any(|&place| {
            let leaf = self.leaves.get(place);
            leaf.is_some_and(|leaf| leaf.hours.range(from..until).next().is_some())
        })
    }

    pub(crate) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    fn place_of(&mut self, function: &str, version: &str) -> usize {
        let versions = self.places.get(function);
        if let Some(&place) = versions.and_then(|versions| versions.get(version)) {
            return place;
        }
        let known = self.places.get_key_value(function);
        let function = known.map_or_else(|| function.into(), |(known, _)| Arc::clone(known));
        let version: Arc<str> = version.into();
        let place = self.leaves.len();
        let mut minutes = Vec::new();
        minutes.resize_with(self.told.len(), || None);
        self.leaves.push(Leaf {
            function: Arc::clone(&function),
            version: Arc::clone(&version),
            minutes: minutes.into_boxed_slice(),
            hours: BTreeMap::new(),
        });
        let versions = self.places.entry(function).or_default();
        versions.insert(version, place);
        place
    }

    fn empty(&mut self, minute: u64) {
        let place = slot(minute, self.told.len());
        self.told[place] = false;
        for leaf in &mut self.leaves {
            leaf.minutes[place] = None;
        }
    }

    /// An hour is the sum of its minutes, if all of them were told.
    fn roll_up(&mut self, hour: u64) {
        let minutes = hour * HOUR_MINUTES..(hour + 1) * HOUR_MINUTES;
        let is_told = |minute| self.told[slot(minute, self.told.len())];
        let is_kept = self.told.len() as u64 >= HOUR_MINUTES;
        if self.need.hours == 0 || !is_kept || !minutes.clone().all(is_told) {
            return;
        }
        let mut sum = Sum::default();
        for leaf in &mut self.leaves {
            sum.clear();
            leaf.add_minutes(minutes.start, minutes.end, Parts::ALL, &mut sum);
            let aggregate = sum.at_rest();
            if !aggregate.is_empty() {
                leaf.hours.insert(hour, Box::new(aggregate));
            }
        }
        self.told_hours.insert(hour);
    }

    /// Drops the hours that no instant from this minute on needs, and who did nothing in what is left.
    fn forget(&mut self, end: u64) {
        let is_needed = |hour: u64| self.need.may_need(hour, end);
        self.told_hours.retain(|&hour| is_needed(hour));
        for leaf in &mut self.leaves {
            leaf.hours.retain(|&hour, _| is_needed(hour));
        }
        let before = self.leaves.len();
        self.leaves.retain(|leaf| !leaf.is_empty());
        if self.leaves.len() == before {
            return;
        }
        self.generation += 1;
        self.places.clear();
        for (place, leaf) in self.leaves.iter().enumerate() {
            let versions = self.places.entry(Arc::clone(&leaf.function)).or_default();
            versions.insert(Arc::clone(&leaf.version), place);
        }
    }
}

// === impl Leaf ===

impl Leaf {
    /// Minutes from the first to before the last.
    pub(crate) fn add_minutes(&self, from: u64, to: u64, parts: Parts, sum: &mut Sum) {
        for minute in from..to {
            if let Some(aggregate) = &self.minutes[slot(minute, self.minutes.len())] {
                sum.add(aggregate, parts);
            }
        }
    }

    /// Hours from the first to before the last.
    pub(crate) fn add_hours(&self, from: u64, to: u64, parts: Parts, sum: &mut Sum) {
        for aggregate in self.hours.range(from..to).map(|(_, aggregate)| aggregate) {
            sum.add(aggregate, parts);
        }
    }

    fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.minutes.iter().all(Option::is_none)
    }

    fn bytes(&self) -> usize {
        let minutes = self.minutes.iter().flatten();
        let counted: usize = minutes
            .chain(self.hours.values())
            .map(|one| one.bytes())
            .sum();
        size_of::<Self>() + self.minutes.len() * size_of::<Option<Box<Aggregate>>>() + counted
    }
}

fn add(to: &mut Option<Box<Aggregate>>, aggregate: Aggregate) {
    match to {
        Some(sum) => sum.add(&aggregate),
        None if aggregate.is_empty() => {}
        None => *to = Some(Box::new(aggregate)),
    }
}

/// The place of a minute in a ring. Rings are never empty.
fn slot(minute: u64, length: usize) -> usize {
    (minute % length as u64) as usize
}
