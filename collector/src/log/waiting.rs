//! Since when the log waits for the store: when the oldest request was admitted that the store has not confirmed.
//!
//! Known to a second: requests of a second are remembered together, so that an hour without a store takes 3,600 entries.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use coldtrace_model::{Nanos, UnixNanos};
use coldtrace_service::metrics::{Gauge, Registry};

use super::record::LaneId;

const TOGETHER: Nanos = Nanos::from_millis(1_000);

/// Of all lanes of a log. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Oldest {
    /// Held for a line, once a group.
    lanes: Arc<Mutex<BTreeMap<LaneId, UnixNanos>>>,
    gauge: Gauge,
}

/// Of one lane.
#[derive(Debug)]
pub(super) struct Waiting {
    lane: LaneId,
    oldest: Oldest,
    /// Oldest first.
    stretches: VecDeque<Stretch>,
}

/// Requests that were admitted within a second.
#[derive(Debug)]
struct Stretch {
    /// Where the last of them stands.
    last: u64,
    /// When the first of them was admitted.
    since: UnixNanos,
}

// === impl Oldest ===

impl Oldest {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            lanes: Arc::default(),
            gauge: registry.gauge(
                "coldtrace_collector_log_oldest_timestamp_seconds",
                "When the oldest request was admitted that is not in the store yet, in seconds since 1970; 0 if there is none.",
                &[],
            ),
        }
    }

    /// A lane in which nothing waits.
    pub(super) fn of_lane(&self, lane: LaneId) -> Waiting {
        Waiting {
            lane,
            oldest: self.clone(),
            stretches: VecDeque::new(),
        }
    }

    fn set(&self, lane: LaneId, since: Option<UnixNanos>) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        match since {
            Some(since) => lanes.insert(lane, since),
            None => lanes.remove(&lane),
        };
        let oldest = lanes.values().min().map_or(0, |since| since.0);
        let seconds = oldest / 1_000_000_000;
        self.gauge.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }
}

// === impl Waiting ===

impl Waiting {
    /// Requests up to this position are in the log, the first of them admitted then.
    pub(super) fn add(&mut self, last: u64, since: UnixNanos) {
        match self.stretches.back_mut() {
            Some(newest) if since < newest.since.plus(TOGETHER) => newest.last = last,
            _ => self.stretches.push_back(Stretch { last, since }),
        }
        self.tell();
    }

    /// The store has everything before this position.
    pub(super) fn done(&mut self, position: u64) {
        while self
            .stretches
            .pop_front_if(|stretch| stretch.last < position)
            .is_some()
        {}
        self.tell();
    }

    /// The store has everything.
    pub(super) fn clear(&mut self) {
        self.stretches.clear();
        self.tell();
    }

    fn tell(&self) {
        let since = self.stretches.front().map(|stretch| stretch.since);
        self.oldest.set(self.lane, since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_all_lanes_is_told_until_the_store_has_it() {
        let second = |seconds: u64| UnixNanos(seconds * 1_000_000_000);
        let registry = Registry::new();
        let oldest = Oldest::new(&registry);
        let told = || oldest.gauge.get();
        let (mut one, mut two) = (oldest.of_lane(LaneId(1)), oldest.of_lane(LaneId(2)));
        assert_eq!(told(), 0, "nothing waits");
        one.add(100, second(50));
        one.add(200, UnixNanos(50_900_000_000));
        one.add(300, second(60));
        two.add(10, second(55));
        assert_eq!(told(), 50);
        one.done(150);
        assert_eq!(told(), 50, "what came within the second waits as well");
        one.done(201);
        assert_eq!(told(), 55, "now the other lane's is the oldest");
        two.clear();
        assert_eq!(told(), 60);
        one.done(301);
        assert_eq!(told(), 0);
    }
}
