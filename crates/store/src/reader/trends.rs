//! How functions did over time in few steps: for lines as wide as a word, beside each function of a list.
//!
//! Steps are counted from the range's beginning, so that the first and the last are as long as the others and no line falls at its
//! end for want of time. What is counted is told by the minute: an invocation is in the step in which its minute begins. A range
//! of more than a day is read from hours, and its steps begin with the hour next to the range's beginning, whether an hour is
//! settled or not: a number is the same before and after.

use std::collections::HashMap;

use clickhouse::Row;
use coldtrace_model::{LogHistogram, Nanos, TimeRange, UnixNanos};
use serde::Deserialize;

use super::invocations::COLD_STARTS;
use super::minutes::among;
use super::rollups::{AT_ONCE, Coarsest};
use super::sql::SECOND;
use super::{ReadError, Reader};

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// Steps of a range up to a day, in seconds.
const OF_MINUTES: [u64; 8] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
];
/// Of a longer one: long enough that half an hour more or less at either end does not show.
const OF_HOURS: [u64; 4] = [4 * HOUR, 6 * HOUR, 12 * HOUR, DAY];

/// What functions did, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trends {
    /// How long each step is.
    pub step: Nanos,
    /// By function, the steps that have invocations, the earliest first.
    pub of: HashMap<String, Vec<TrendPoint>>,
}

/// A function in a step of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendPoint {
    /// When the step begins.
    pub start: UnixNanos,
    /// How many invocations.
    pub invocations: u64,
    /// How many failed, timeouts, out-of-memory and lost ones included.
    pub errors: u64,
    /// How many waited for a start of their sandbox.
    pub cold_starts: u64,
    /// 95th percentile of the known durations, within 1.1 %; 0 if none is.
    pub p95: Nanos,
}

/// A range cut into equal steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steps {
    from: UnixNanos,
    /// Where they are counted from, and how long each is, in seconds.
    origin: u64,
    step: u64,
    last: u64,
}

#[derive(Row, Deserialize)]
struct TrendRow {
    function: String,
    step: u64,
    invocations: u64,
    cold_starts: u64,
    errors: u64,
    max: u64,
    durations: Vec<(i16, u64)>,
}

impl Reader {
    /// What these functions, or all if none is named, did in at most so many steps of the range.
    pub async fn function_trends(
        &self,
        range: TimeRange,
        functions: &[String],
        most: u64,
    ) -> Result<Trends, ReadError> {
        let steps = Steps::of(range, most);
        let mut trends = Trends {
            step: Nanos(steps.step * SECOND),
            of: HashMap::new(),
        };
        let only = among(functions);
        let counted = self.function_rows(range, &only, steps.coarsest()).await?;
        if counted.is_empty() {
            return Ok(trends);
        }
        let rows: Vec<TrendRow> = self
            .rows(&format!(
                "SELECT function, {} AS step,
                    sum(n) AS invocations, sumIf(n, cold IN {COLD_STARTS}) AS cold_starts,
                    sum(counted.errors) AS errors, max(max_duration_ns) AS max, sumMap(duration_hist) AS durations
                FROM ({counted}) AS counted GROUP BY function, step ORDER BY function, step{AT_ONCE}",
                steps.of_row()
            ))
            .await?;
        for row in rows {
            let point = row.point(&steps);
            trends.of.entry(row.function).or_default().push(point);
        }
        Ok(trends)
    }
}

// === impl Steps ===

impl Steps {
    /// The shortest that are no more than so many.
    fn of(range: TimeRange, most: u64) -> Self {
        let seconds = range.to.since(range.from).0.div_ceil(SECOND);
        let fits = |step: &&u64| seconds.div_ceil(**step) <= most.max(1);
        let (known, unit) = match seconds <= DAY {
            true => (&OF_MINUTES[..], MINUTE),
            false => (&OF_HOURS[..], HOUR),
        };
        let whole_days = || seconds.div_ceil(most.max(1)).next_multiple_of(DAY);
        let step = known.iter().find(fits).copied().unwrap_or_else(whole_days);
        Self {
            from: range.from,
            origin: (range.from.0 / SECOND + unit / 2) / unit * unit,
            step,
            last: seconds.div_ceil(step).saturating_sub(1),
        }
    }

    fn coarsest(&self) -> Coarsest {
        match OF_MINUTES.contains(&self.step) {
            true => Coarsest::Minutes,
            false => Coarsest::Hours,
        }
    }

    /// The number of a row's step, as SQL.
    fn of_row(&self) -> String {
        let Self {
            origin, step, last, ..
        } = self;
        format!(
            "toUInt64(least(intDiv(greatest(toUnixTimestamp(t), {origin}) - {origin}, {step}), {last}))"
        )
    }

    fn start(&self, number: u64) -> UnixNanos {
        self.from.plus(Nanos(number * self.step * SECOND))
    }
}

// === impl TrendRow ===

impl TrendRow {
    fn point(&self, steps: &Steps) -> TrendPoint {
        let durations: LogHistogram = self.durations.iter().copied().collect();
        TrendPoint {
            start: steps.start(self.step),
            invocations: self.invocations,
            errors: self.errors,
            cold_starts: self.cold_starts,
            p95: durations
                .quantile(0.95)
                .unwrap_or_default()
                .min(Nanos(self.max)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_more_steps_than_it_shows_and_they_cover_the_range() {
        let check = |from: u64, seconds: u64, expected: u64| {
            let range = TimeRange {
                from: UnixNanos(from * SECOND),
                to: UnixNanos((from + seconds) * SECOND),
            };
            let steps = Steps::of(range, 48);
            assert_eq!(steps.step, expected, "of {seconds} s");
            assert!(steps.last < 48, "of {seconds} s");
            assert!((steps.last + 1) * steps.step >= seconds);
            assert!(steps.start(steps.last) < range.to || seconds == 0);
        };
        check(7, 0, 60);
        check(7, 900, 60);
        check(7, HOUR, 120);
        check(7, 6 * HOUR, 600);
        check(7, DAY, 1_800);
        check(7, 7 * DAY, 4 * HOUR);
        check(7, 30 * DAY, DAY);
        check(7, 400 * DAY, 9 * DAY);
    }

    #[test]
    fn steps_of_hours_begin_with_the_nearest() {
        let origin_of = |from: u64| {
            let range = TimeRange {
                from: UnixNanos(from * SECOND),
                to: UnixNanos((from + 2 * DAY) * SECOND),
            };
            Steps::of(range, 48).origin
        };
        assert_eq!(origin_of(10 * HOUR + 29 * MINUTE), 10 * HOUR);
        assert_eq!(origin_of(10 * HOUR + 30 * MINUTE), 11 * HOUR);
    }
}
