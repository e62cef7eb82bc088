//! What a single item must be to be taken, beside its wire form. Pure: the clock and the retention are the request's own, so
//! that a replay rejects what the reply rejected.

use std::fmt::{self, Display};

use coldtrace_model::{Nanos, UnixNanos};
use coldtrace_proto::span::{self, SpanProblem};
use coldtrace_proto::wire::SpanView;

use super::tally::{ByReason, Item, Reason};

const DAY: Nanos = Nanos::from_millis(24 * 60 * 60 * 1_000);
/// Reasons that are told; what else there is, is counted.
const TOLD: usize = 3;
/// A reason may quote a span's name, which may be long.
const REASON_BYTES: usize = 200;

/// The terms that a request is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) admitted_at: UnixNanos,
    pub(crate) keep_days: u16,
}

/// Why a span is rejected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpanRejected {
    #[error(transparent)]
    Malformed(#[from] SpanProblem),
    #[error("span {name:?}: its start {problem}")]
    Time { name: String, problem: TimeProblem },
}

/// Why a time is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TimeProblem {
    #[error("is not set")]
    Unknown,
    #[error("lies more than a day ahead of the collector's clock")]
    Ahead,
    #[error("is older than the {0} days that are kept")]
    Old(u16),
}

/// What was rejected of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rejections {
    counts: ByReason<u64>,
    told: Vec<String>,
}

// === impl Terms ===

impl Terms {
    /// Whether the span is taken.
    #[inline]
    pub(crate) fn check_span(self, span: &SpanView<'_>) -> Result<(), SpanRejected> {
        span::check(span.head())?;
        let start = UnixNanos(span.start_unix_nano);
        self.check_time(start)
            .map_err(|problem| SpanRejected::Time {
                name: String::from_utf8_lossy(span.name).into_owned(),
                problem,
            })
    }

    /// Whether something of this time is taken.
    pub(crate) fn check_time(self, time: UnixNanos) -> Result<(), TimeProblem> {
        let kept = Nanos(DAY.0 * u64::from(self.keep_days));
        if time.is_unknown() {
            Err(TimeProblem::Unknown)
        } else if time > self.admitted_at.plus(DAY) || time > UnixNanos::MAX_STORED {
            Err(TimeProblem::Ahead)
        } else if time < self.admitted_at.minus(kept) {
            Err(TimeProblem::Old(self.keep_days))
        } else {
            Ok(())
        }
    }
}

// === impl SpanRejected, TimeProblem ===

impl SpanRejected {
    /// As it is counted.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Malformed(_) => Reason::Malformed,
            Self::Time { problem, .. } => problem.reason(),
        }
    }
}

impl TimeProblem {
    /// As it is counted.
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Unknown => Reason::NoTime,
            Self::Ahead => Reason::Ahead,
            Self::Old(_) => Reason::Old,
        }
    }
}

// === impl Rejections ===

impl Rejections {
    /// One more.
    pub(crate) fn add(&mut self, item: Item, reason: Reason, why: impl Display) {
        self.counts[item as usize][reason as usize] += 1;
        if self.told.len() < TOLD {
            let mut why = why.to_string();
            why.truncate(why.floor_char_boundary(REASON_BYTES));
            self.told.push(why);
        }
    }

    /// Those of a part of the request.
    pub(crate) fn merge(&mut self, part: Self) {
        for (counts, more) in self.counts.iter_mut().zip(part.counts) {
            for (count, more) in counts.iter_mut().zip(more) {
                *count += more;
            }
        }
        let room = TOLD - self.told.len();
        self.told.extend(part.told.into_iter().take(room));
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// How many of each.
    pub(crate) fn counts(&self) -> ByReason<u64> {
        self.counts
    }

    /// Why, for a person.
    pub(crate) fn message(&self) -> String {
        self.to_string()
    }
}

impl Display for Rejections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told.join("; "))?;
        match self.count() - self.told.len() as u64 {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_judged_by_the_clock_of_the_admission() {
        let admitted_at = UnixNanos(1_700_000_000_000_000_000);
        let terms = Terms {
            admitted_at,
            keep_days: 2,
        };
        let cases = [
            (admitted_at, Ok(())),
            (admitted_at.plus(DAY), Ok(())),
            (admitted_at.plus(Nanos(DAY.0 + 1)), Err(TimeProblem::Ahead)),
            (admitted_at.minus(Nanos(DAY.0 * 2)), Ok(())),
            (
                admitted_at.minus(Nanos(DAY.0 * 2 + 1)),
                Err(TimeProblem::Old(2)),
            ),
            (UnixNanos(0), Err(TimeProblem::Unknown)),
            (UnixNanos(u64::MAX), Err(TimeProblem::Ahead)),
        ];
        for (time, expected) in cases {
            assert_eq!(terms.check_time(time), expected, "{time:?}");
        }
    }

    #[test]
    fn the_first_reasons_are_told_and_the_rest_counted() {
        let mut rejections = Rejections::default();
        assert_eq!(rejections.message(), "");
        for number in 0..5 {
            let why = format!("reason {number}");
            rejections.add(Item::Span, Reason::Malformed, why);
        }
        assert_eq!(
            rejections.message(),
            "reason 0; reason 1; reason 2; and 2 more"
        );
        rejections.add(Item::Log, Reason::Old, "x".repeat(10_000));
        assert!(rejections.message().len() < 1_000);
        assert_eq!(rejections.count(), 6);
        let expected = [[5, 0, 0, 0], [0, 0, 0, 1], [0; 4]];
        assert_eq!(rejections.counts(), expected, "each by its reason");
    }
}
