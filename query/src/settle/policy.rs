//! When a window is due, how many are computed at a time, and how long settling rests. Pure.

use std::time::Duration;

use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use coldtrace_store::settle::{Rollup, Window};

/// Between two computations of a window, however young: facts of an invocation come in pieces.
const SHORTEST_WAIT: Nanos = Nanos::from_millis(30_000);
/// However old: what is late is in the derived tables after so long. Readers don't wait for it.
const LONGEST_WAIT: Nanos = Nanos::from_millis(600_000);

/// Rows of the base table behind one statement: some tens of megabytes while it runs. A window with more is computed alone.
const ROWS: u64 = 500_000;
/// The same of features, of which each invocation is a row with all its spans tell: a kilobyte of it while it runs. So it is of errors.
const FEATURE_ROWS: u64 = 125_000;
/// Windows of one statement, which names each.
const WINDOWS: usize = 500;

const HOUR: Nanos = Nanos::from_millis(3_600_000);
const DAY: Nanos = Nanos::from_millis(24 * 3_600_000);

/// Which day is looked at next, besides the last hours: from today back to the earliest that has data, then from today again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sweep {
    next: Option<UnixNanos>,
}

/// Whether a window is to be computed now. Computed again, it waits as long as it was old the last time: an invocation of
/// fifteen minutes tells its end then, and its minute is computed some five times and not ninety.
pub(super) fn is_due(rollup: Rollup, window: &Window, now: UnixNanos, grace: Duration) -> bool {
    is_due_after(end(rollup, window), window, now, grace)
}

/// The same of a window that has all that is not late at this moment.
pub(super) fn is_due_after(
    end: UnixNanos,
    window: &Window,
    now: UnixNanos,
    grace: Duration,
) -> bool {
    if now < end.plus(nanos(grace)) {
        return false;
    }
    let Some(settled) = window.settled else {
        return true;
    };
    let age = settled.since(end);
    let wait = age.clamp(SHORTEST_WAIT, LONGEST_WAIT);
    // A clock that was set back holds nothing up.
    now < settled || now >= settled.plus(wait)
}

/// When a window has all that is not late.
pub(super) fn end(rollup: Rollup, window: &Window) -> UnixNanos {
    window.start.plus(rollup.length()).plus(rollup.slack())
}

/// Windows that are computed together: near each other, so that a statement reads little besides, and not too much.
pub(super) fn batches(windows: Vec<Window>, rollup: Rollup) -> Vec<Vec<Window>> {
    let (reach, most_rows) = match rollup {
        Rollup::FunctionMinutes | Rollup::EdgeBuckets => (HOUR, ROWS),
        Rollup::Features | Rollup::ErrorGroups => (HOUR, FEATURE_ROWS),
        Rollup::FunctionHours => (DAY, ROWS),
    };
    let mut batches: Vec<Vec<Window>> = Vec::new();
    let mut rows = 0;
    for window in windows {
        rows += window.row_count;
        match batches.last_mut() {
            Some(batch)
                if rows <= most_rows
                    && batch.len() < WINDOWS
                    && window.start.since(batch[0].start) < reach =>
            {
                batch.push(window);
            }
            _ => {
                rows = window.row_count;
                batches.push(vec![window]);
            }
        }
    }
    batches
}

/// How long to rest after working for so long, to have taken no more than a share of the time.
pub(super) fn rest(worked: Duration, share: f64) -> Duration {
    worked.mul_f64((1.0 - share) / share)
}

/// The last hours, as whole ones.
pub(super) fn recent(now: UnixNanos, reach: Nanos) -> TimeRange {
    TimeRange {
        from: floor(now.minus(reach), HOUR),
        to: floor(now, HOUR).plus(HOUR),
    }
}

// === impl Sweep ===

impl Sweep {
    /// The day, where data go back to this moment.
    pub(super) fn day(self, earliest: UnixNanos, now: UnixNanos) -> TimeRange {
        let today = floor(now, DAY);
        let from = match self.next {
            Some(day) if day <= today && day.plus(DAY) > earliest => day,
            _ => today,
        };
        let to = from.plus(DAY);
        TimeRange { from, to }
    }

    /// Nothing of this day is left.
    pub(super) fn passed(&mut self, day: TimeRange) {
        self.next = Some(day.from.minus(DAY));
    }
}

fn floor(time: UnixNanos, step: Nanos) -> UnixNanos {
    UnixNanos(time.0 / step.0 * step.0)
}

fn nanos(duration: Duration) -> Nanos {
    Nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_767_225_600_000_000_000;
    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: u64) -> UnixNanos {
        UnixNanos(START + seconds * SECOND)
    }

    fn window(start: u64, settled: Option<u64>, row_count: u64) -> Window {
        let mut window = Window::default();
        window.start = at(start);
        window.settled = settled.map(at);
        window.row_count = row_count;
        window
    }

    #[test]
    fn a_window_is_due_once_it_is_closed_and_again_when_it_is_twice_as_old() {
        let check = |settled, now, expected| {
            let window = window(0, settled, 1);
            let grace = Duration::from_secs(30);
            let due = is_due(Rollup::FunctionMinutes, &window, at(now), grace);
            assert_eq!(due, expected, "settled {settled:?}, now {now}");
        };
        check(None, 89, false);
        check(None, 90, true);
        // 40 seconds after its end, again after 80, and so on.
        check(Some(100), 139, false);
        check(Some(100), 140, true);
        check(Some(160), 259, false);
        check(Some(160), 260, true);
        // At first no sooner than half a minute, later no later than ten minutes.
        check(Some(90), 119, false);
        check(Some(90), 120, true);
        check(Some(86_400), 86_999, false);
        check(Some(86_400), 87_000, true);
        check(Some(5_000), 1_000, true);
    }

    #[test]
    fn edges_wait_for_callers_whose_clock_is_ahead() {
        let window = window(0, None, 1);
        let due = |now| is_due(Rollup::EdgeBuckets, &window, at(now), Duration::ZERO);
        assert!(!due(359));
        assert!(due(360));
    }

    #[test]
    fn a_batch_is_bounded_in_rows_and_in_reach() {
        let check = |windows: &[(u64, u64)], expected: &[usize]| {
            let windows = windows
                .iter()
                .map(|&(start, rows)| window(start, None, rows));
            let batches = batches(windows.collect(), Rollup::FunctionMinutes);
            let lengths: Vec<usize> = batches.iter().map(Vec::len).collect();
            assert_eq!(lengths, expected);
        };
        check(&[], &[]);
        check(&[(0, 1), (60, 1), (3_540, 1), (3_600, 1)], &[3, 1]);
        check(&[(0, ROWS), (60, 1), (120, ROWS - 1), (180, 1)], &[1, 2, 1]);
        check(&[(0, ROWS * 9)], &[1]);
        check(&vec![(0, 0); WINDOWS + 1], &[WINDOWS, 1]);
    }

    #[test]
    fn days_are_swept_from_today_back_to_the_earliest_and_anew() {
        let day = |number: u64| TimeRange {
            from: UnixNanos(number * DAY.0),
            to: UnixNanos((number + 1) * DAY.0),
        };
        let (earliest, now) = (day(8).from.plus(HOUR), day(10).from.plus(HOUR));
        let mut sweep = Sweep::default();
        for expected in [10, 9, 8, 10] {
            assert_eq!(sweep.day(earliest, now), day(expected));
            assert_eq!(
                sweep.day(earliest, now),
                day(expected),
                "not before it is done"
            );
            sweep.passed(day(expected));
        }
        // A clock that was set back.
        assert_eq!(sweep.day(earliest, day(8).from), day(8));
    }

    #[test]
    fn rest_leaves_the_share() {
        assert_eq!(rest(Duration::from_secs(1), 0.25), Duration::from_secs(3));
        assert_eq!(rest(Duration::from_secs(1), 1.0), Duration::ZERO);
    }
}
