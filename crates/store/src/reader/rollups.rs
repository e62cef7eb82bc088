//! Where the numbers of a range come from: hours and minutes that are settled from derived tables, everything else from
//! base tables.
//!
//! Invariant: the parts do not overlap and leave nothing out, and each gives what a GROUP BY over the base tables gives. What a
//! window's fingerprint says now may be out of date when its rows are read: settled meanwhile, they are right in either
//! table.

use std::collections::{BTreeMap, BTreeSet};

use clickhouse::Row;
use coldtrace_model::{TimeRange, UnixNanos};
use serde::Deserialize;

use super::{ReadError, Reader, sql};
use crate::settle::edges::{self, Calls};
use crate::settle::functions::{self, Filed};
use crate::settle::{Rollup, windows};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// A window that has data, as the store tells it.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
struct State {
    t: u32,
    fingerprint: u64,
    row_count: u64,
    is_settled: bool,
    has_twins: bool,
}

/// What the newest revision of an hour was computed from.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
struct Mark {
    t: u32,
    fingerprint: u64,
    first_keep_days: u16,
}

/// A range of time, cut by where its numbers come from.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sources {
    hours: Vec<TimeRange>,
    minutes: Vec<TimeRange>,
    base: Vec<TimeRange>,
}

/// Where numbers come from. A stretch without data may come from anywhere.
#[derive(Clone, Copy)]
enum Source {
    Hours,
    Minutes,
    Base,
}

/// Beginnings of windows that are not settled.
struct Open(BTreeSet<u64>);

/// The coarsest source that a question allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coarsest {
    Minutes,
    Hours,
}

// === impl Reader ===

impl Reader {
    /// The rows of functions in a range, as SQL: the columns of `fn_1m` from `tenant` to `init_hist`. More than one row may
    /// have the same key. `more` is a filter on other columns, such as ` AND function = 'x'`.
    pub(super) async fn function_rows(
        &self,
        range: TimeRange,
        more: &str,
        coarsest: Coarsest,
    ) -> Result<String, ReadError> {
        let (owned, now) = (self.owned(), UnixNanos::now());
        let states = windows::minutes(&owned, whole(range, MINUTE), now);
        let states = format!(
            "SELECT t, fingerprint, row_count, is_settled, has_twins FROM ({states}) ORDER BY t"
        );
        let marks = windows::marks(Rollup::FunctionHours, &owned, whole(range, HOUR));
        let marks = format!("SELECT t, fingerprint, first_keep_days FROM ({marks})");
        let (states, marks) = tokio::try_join!(self.rows::<State>(&states), async {
            match coarsest {
                Coarsest::Hours => self.rows::<Mark>(&marks).await,
                Coarsest::Minutes => Ok(Vec::new()),
            }
        })?;
        let sources = Sources::of_functions(range, &states, &marks, now);
        let mut parts = Vec::new();
        for (rollup, ranges) in [
            (Rollup::FunctionHours, &sources.hours),
            (Rollup::FunctionMinutes, &sources.minutes),
        ] {
            if let Some(times) = any_of(ranges, |range| windows::within_range("t", range)) {
                let filter = format!("{owned} AND {times}");
                parts.push(functions::rolled_up(rollup, &filter, more));
            }
        }
        if let Some(times) = any_of(&sources.base, sql::within) {
            let around = any_of(&sources.base, |range| {
                sql::within(functions::twins_of(range))
            });
            let has_twins = states.iter().any(|state| state.has_twins);
            let filed = Filed {
                filter: format!("{owned} AND {times}{more}"),
                around: around
                    .filter(|_| has_twins)
                    .map(|times| format!("{owned} AND {times}")),
            };
            parts.push(filed.rolled_up());
        }
        Ok(parts.join(" UNION ALL "))
    }

    /// The rows of edges in a range, as SQL: the columns of `edges_1m` from `tenant` to `duration_hist`.
    pub(super) async fn edge_rows(&self, range: TimeRange) -> Result<String, ReadError> {
        let (owned, now) = (self.owned(), UnixNanos::now());
        let states = windows::buckets(&owned, whole(range, edges::BUCKET), now);
        let states = format!(
            "SELECT t, fingerprint, row_count, is_settled, has_twins FROM ({states}) ORDER BY t"
        );
        let states: Vec<State> = self.rows(&states).await?;
        let sources = Sources::of_edges(range, &states);
        let mut parts = Vec::new();
        if let Some(times) = any_of(&sources.minutes, |range| windows::within_range("t", range)) {
            parts.push(edges::rolled_up(&format!("{owned} AND {times}")));
        }
        if let Some(times) = any_of(&sources.base, sql::within) {
            let callers = any_of(&sources.base, |range| {
                sql::within(edges::callers_of(whole(range, edges::BUCKET)))
            });
            let is_open = |state: &&State| !state.is_settled;
            let ends: u64 = states
                .iter()
                .filter(is_open)
                .map(|state| state.row_count)
                .sum();
            let calls = Calls {
                callees: format!("{owned} AND {times}"),
                callers: format!("{owned} AND {}", callers.unwrap_or_default()),
                sampled: edges::sampled(ends),
            };
            parts.push(calls.rolled_up());
        }
        Ok(parts.join(" UNION ALL "))
    }
}

// === impl Sources ===

impl Sources {
    fn of_functions(range: TimeRange, states: &[State], marks: &[Mark], now: UnixNanos) -> Self {
        let marks: BTreeMap<u64, &Mark> = marks.iter().map(|mark| (mark.t.into(), mark)).collect();
        let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
        for state in states {
            let sum = sums.entry(u64::from(state.t) / HOUR * HOUR).or_default();
            *sum = sum.wrapping_add(state.fingerprint);
        }
        let is_settled_hour = |hour: u64| {
            marks.get(&hour).is_some_and(|mark| {
                let is_equal = sums.get(&hour) == Some(&mark.fingerprint);
                let ends = hour + u64::from(mark.first_keep_days) * DAY;
                is_equal || ends * SECOND <= now.0
            })
        };
        let open = Open::of(states);
        Self::cut(range, MINUTE, |minute, left| {
            let is_hour = minute.is_multiple_of(HOUR) && left >= HOUR;
            match is_hour {
                true if is_settled_hour(minute) => (Source::Hours, HOUR),
                true if !open.within(minute, HOUR) => (Source::Minutes, HOUR),
                _ => (open.source(minute, MINUTE), MINUTE),
            }
        })
    }

    fn of_edges(range: TimeRange, states: &[State]) -> Self {
        let open = Open::of(states);
        Self::cut(range, edges::BUCKET, |bucket, left| {
            let is_hour = bucket.is_multiple_of(HOUR) && left >= HOUR;
            match is_hour && !open.within(bucket, HOUR) {
                true => (Source::Minutes, HOUR),
                false => (open.source(bucket, edges::BUCKET), edges::BUCKET),
            }
        })
    }

    /// Walks over the whole windows of a range, each of which the choice gives a source and a length; what is left at
    /// both ends comes from the base.
    fn cut(range: TimeRange, step: u64, choice: impl Fn(u64, u64) -> (Source, u64)) -> Self {
        let mut sources = Self::default();
        let first = range.from.0.div_ceil(step * SECOND) * step;
        let last = range.to.0 / SECOND / step * step;
        if first >= last {
            sources.add(Source::Base, range);
            return sources;
        }
        let moment = |seconds: u64| UnixNanos(seconds * SECOND);
        let between = |from, to| TimeRange { from, to };
        sources.add(Source::Base, between(range.from, moment(first)));
        let mut at = first;
        while at < last {
            let (source, length) = choice(at, last - at);
            sources.add(source, between(moment(at), moment(at + length)));
            at += length;
        }
        sources.add(Source::Base, between(moment(last), range.to));
        sources
    }

    /// Adds a range behind the ones that are there, or to the last of them.
    fn add(&mut self, source: Source, range: TimeRange) {
        if range.from >= range.to {
            return;
        }
        let ranges = match source {
            Source::Hours => &mut self.hours,
            Source::Minutes => &mut self.minutes,
            Source::Base => &mut self.base,
        };
        match ranges.last_mut() {
            Some(last) if last.to == range.from => last.to = range.to,
            _ => ranges.push(range),
        }
    }
}

// === impl Open ===

impl Open {
    fn of(states: &[State]) -> Self {
        let open = states.iter().filter(|state| !state.is_settled);
        Self(open.map(|state| state.t.into()).collect())
    }

    fn within(&self, from: u64, length: u64) -> bool {
        self.0.range(from..from + length).next().is_some()
    }

    fn source(&self, from: u64, length: u64) -> Source {
        match self.within(from, length) {
            true => Source::Base,
            false => Source::Minutes,
        }
    }
}

/// A range with every window that it touches, for windows of so many seconds.
fn whole(range: TimeRange, step: u64) -> TimeRange {
    let step = step * SECOND;
    TimeRange {
        from: UnixNanos(range.from.0 / step * step),
        to: UnixNanos(range.to.0.div_ceil(step).saturating_mul(step)),
    }
}

/// In one of the ranges; `None` if there are none.
fn any_of(ranges: &[TimeRange], filter: impl Fn(TimeRange) -> String) -> Option<String> {
    let filters: Vec<String> = ranges
        .iter()
        .map(|&range| format!("({})", filter(range)))
        .collect();
    (!filters.is_empty()).then(|| format!("({})", filters.join(" OR ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(from: u64, to: u64) -> TimeRange {
        TimeRange {
            from: UnixNanos(from * MINUTE * SECOND),
            to: UnixNanos(to * MINUTE * SECOND),
        }
    }

    fn state(minute: u32, is_settled: bool) -> State {
        State {
            t: minute * 60,
            fingerprint: minute.into(),
            row_count: 1,
            is_settled,
            has_twins: false,
        }
    }

    fn mark(hour: u32, fingerprint: u64) -> Mark {
        Mark {
            t: hour * 3_600,
            fingerprint,
            first_keep_days: 30_000,
        }
    }

    #[test]
    fn each_part_of_a_range_has_the_coarsest_source_that_is_settled() {
        let states = [
            state(61, true),
            state(62, true),
            state(125, false),
            state(185, true),
        ];
        let marks = [mark(1, 123), mark(2, 125), mark(3, 7)];
        let range = TimeRange {
            from: UnixNanos(59 * MINUTE * SECOND + 1),
            ..minutes(0, 190)
        };
        let sources = Sources::of_functions(range, &states, &marks, UnixNanos(1));
        let expected = Sources {
            // The fourth is not whole.
            hours: vec![minutes(60, 180)],
            minutes: vec![minutes(180, 190)],
            base: vec![TimeRange {
                from: range.from,
                ..minutes(0, 60)
            }],
        };
        assert_eq!(sources, expected);
        let stale = [mark(1, 122), mark(2, 126)];
        let sources = Sources::of_functions(minutes(60, 180), &states, &stale, UnixNanos(1));
        assert_eq!(sources.hours, []);
        assert_eq!(sources.minutes, [minutes(60, 125), minutes(126, 180)]);
        assert_eq!(sources.base, [minutes(125, 126)]);
    }

    #[test]
    fn an_hour_whose_data_are_going_is_what_stands() {
        let marks = [mark(1, 9)];
        let end = UnixNanos((HOUR + 30_000 * DAY) * SECOND);
        let sources = Sources::of_functions(minutes(60, 120), &[], &marks, end);
        assert_eq!(sources.hours, [minutes(60, 120)]);
    }

    #[test]
    fn what_has_no_whole_window_comes_from_the_base() {
        let range = TimeRange {
            from: UnixNanos(1),
            to: UnixNanos(2),
        };
        let sources = Sources::of_functions(range, &[], &[], UnixNanos(0));
        assert_eq!(sources.base, [range]);
        assert_eq!(sources.minutes, []);
    }
}
