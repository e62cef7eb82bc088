//! A range of time from its end on, in stretches that grow while little is found: what somebody looks for happened just now.

use coldtrace_model::{Nanos, TimeRange, UnixNanos};

/// The first stretch.
const FIRST: Nanos = Nanos::from_millis(15 * 60 * 1_000);
/// By so much the next stretch is longer where there is little.
const GROWTH: u64 = 4;

/// Stretches of a range, the latest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretches {
    range: TimeRange,
    /// The one before began here.
    before: UnixNanos,
    length: Nanos,
}

impl Stretches {
    /// Of what lies behind this moment, or of the whole range. What happened at that same moment may follow it.
    pub(crate) fn of(range: TimeRange, after: Option<UnixNanos>) -> Self {
        let before = after.map(|after| after.plus(Nanos(1)));
        Self {
            range,
            before: before.unwrap_or(range.to).min(range.to),
            length: FIRST,
        }
    }

    pub(crate) fn next(&mut self) -> Option<TimeRange> {
        let to = self.before;
        if to <= self.range.from {
            return None;
        }
        let from = to.minus(self.length).max(self.range.from);
        self.before = from;
        Some(TimeRange { from, to })
    }

    /// There was little in the last one.
    pub(crate) fn grow(&mut self) {
        self.length = Nanos(self.length.0.saturating_mul(GROWTH));
    }
}
