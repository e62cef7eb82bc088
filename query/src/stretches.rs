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

    /// What is left of the range; nothing at its end.
    pub(crate) fn rest(&self) -> Option<TimeRange> {
        let (from, to) = (self.range.from, self.before);
        (from < to).then_some(TimeRange { from, to })
    }

    /// The next stretch goes back to this moment at least, and those behind it are as long.
    pub(crate) fn reach(&mut self, since: Option<UnixNanos>) {
        let length = since.map(|since| self.before.since(since));
        self.length = self.length.max(length.unwrap_or_default());
    }

    pub(crate) fn next(&mut self) -> Option<TimeRange> {
        let TimeRange { from, to } = self.rest()?;
        let from = to.minus(self.length).max(from);
        self.before = from;
        Some(TimeRange { from, to })
    }

    /// There was little in the last one.
    pub(crate) fn grow(&mut self) {
        self.length = Nanos(self.length.0.saturating_mul(GROWTH));
    }
}
