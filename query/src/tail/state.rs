//! What a tail knows between two looks. No I/O and no clock: times are told.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use coldtrace_model::{FactSet, Nanos, TimeRange, UnixNanos};
use coldtrace_store::reader::MinuteStamp;

use super::memory::{Followed, Memory};
use super::{News, Position, Subject, What};

/// By so much the clocks of those who send may be ahead.
const AHEAD: Nanos = Nanos::from_millis(60 * 1_000);
/// Further back nothing is looked for, also for who was away so long.
const FURTHEST: Nanos = Nanos::from_millis(60 * 60 * 1_000);
/// What one look tells, at most: the next tells the rest.
const TOLD: usize = 500;

#[derive(Debug)]
pub(super) struct State {
    subject: Subject,
    position: Position,
    memory: Memory,
    /// Of minutes of which all was told.
    stamps: HashMap<UnixNanos, u64>,
    /// When all was told that there was.
    looked: UnixNanos,
    /// What is older is not looked at: it is not remembered either.
    from: UnixNanos,
    /// Until the first look: what is told already, or was there before.
    told_until: Option<UnixNanos>,
    /// Something was passed over that was not told.
    has_gap: bool,
}

/// What is to be told next.
pub(super) struct New<T> {
    /// The earliest first.
    pub(super) items: Vec<T>,
    /// There is more.
    pub(super) has_more: bool,
}

impl State {
    /// Begins behind a position of which nothing more is known, or now.
    pub(super) fn new(subject: Subject, after: Option<Position>, now: UnixNanos) -> Self {
        let name = RandomState::new().hash_one("tail");
        let position = Position {
            tail: name,
            number: after.map_or(0, |after| after.number),
            time: after.map_or(now, |after| after.time.min(now)),
        };
        Self {
            subject,
            position,
            memory: Memory::default(),
            stamps: HashMap::new(),
            looked: position.time,
            from: UnixNanos(0),
            // Who begins now has asked for nothing that is there, however far ahead its clock is.
            told_until: Some(after.map_or(UnixNanos::MAX_STORED, |after| after.time)),
            has_gap: false,
        }
    }

    /// As it was when it had told so much, for somebody who got no further.
    pub(super) fn back_at(mut self, position: Position) -> Self {
        self.position = position;
        self.stamps.clear();
        if let Some(earliest) = self.memory.forget_told_after(position.number) {
            self.has_gap |= earliest < self.from;
            self.looked = self.looked.min(earliest);
        }
        self
    }

    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// What the next look is at.
    pub(super) fn range(&mut self, now: UnixNanos) -> TimeRange {
        let furthest = now.minus(FURTHEST);
        self.has_gap |= self.looked < furthest;
        let from = self.looked.minus(self.subject.reach());
        TimeRange {
            from: from.max(self.from).max(furthest),
            to: now.plus(AHEAD),
        }
    }

    /// The minutes to which something came since all of them was told.
    pub(super) fn changed(&self, stamps: &[MinuteStamp]) -> Vec<UnixNanos> {
        let changed = stamps
            .iter()
            .filter(|one| self.stamps.get(&one.minute) != Some(&one.stamp));
        changed.map(|one| one.minute).collect()
    }

    /// Of what was found, the latest first, what is to be told now.
    pub(super) fn new_of<T: Followed>(
        &mut self,
        found: impl Iterator<Item = T>,
        is_cut: bool,
    ) -> New<T> {
        let told_until = self.told_until.take().unwrap_or_default();
        let mut items = Vec::new();
        let mut is_oldest_new = false;
        for item in found {
            if item.time() <= told_until {
                self.memory.add(&item, item.facts(), 0);
            }
            is_oldest_new = !self.memory.has(&item);
            if is_oldest_new {
                items.push(item);
            }
        }
        // Where the oldest that was named is new, there may have been more.
        self.has_gap |= is_cut && is_oldest_new;
        items.reverse();
        let has_more = items.len() > TOLD;
        items.truncate(TOLD);
        New { items, has_more }
    }

    /// Says so where something was passed over.
    pub(super) fn skipped(&mut self) -> Vec<News> {
        let is_skipped = std::mem::take(&mut self.has_gap);
        let position = self.position;
        let what = What::Skipped;
        Vec::from_iter(is_skipped.then_some(News { position, what }))
    }

    /// The position once this is told.
    pub(super) fn tell(&mut self, item: &impl Followed, facts: FactSet) -> Position {
        self.position.number += 1;
        self.position.time = self.position.time.max(item.time());
        self.memory.add(item, facts, self.position.number);
        self.position
    }

    /// This is not told.
    pub(super) fn pass_over(&mut self, item: &impl Followed) {
        self.memory.add(item, item.facts(), 0);
    }

    pub(super) fn remember_stamps(&mut self, stamps: &[MinuteStamp]) {
        let stamps = stamps.iter().map(|one| (one.minute, one.stamp));
        self.stamps = stamps.collect();
    }

    /// A look ended, which was at all from this time on.
    pub(super) fn seen(&mut self, from: UnixNanos, now: UnixNanos, has_more: bool) {
        self.from = self.from.max(from);
        self.memory.forget_before(self.from);
        if let Some(from) = self.memory.shrink() {
            self.from = from;
        }
        if !has_more {
            self.looked = self.looked.max(now);
        }
    }
}
