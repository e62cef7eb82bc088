//! Where the numbers of a range come from: hours and minutes that are settled from derived tables, everything else from
//! base tables.
//!
//! Invariant: the parts do not overlap and leave nothing out, and each gives what a GROUP BY over the base tables gives. What a
//! window's fingerprint says now may be out of date when its rows are read: settled meanwhile, they are right in either
//! table.

use std::collections::{BTreeMap, BTreeSet};

use clickhouse::Row;
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use serde::Deserialize;

use super::invocations::COLD_STARTS;
use super::sql::SECOND;
use super::{ReadError, Reader, sql};
use crate::lost;
use crate::settle::edges::{self, Calls};
use crate::settle::functions::{self, Filed};
use crate::settle::{Rollup, features, paths, windows};

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// An hour that has data: what its minutes say together.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
struct HourSum {
    t: u32,
    fingerprint: u64,
    has_twins: bool,
}

/// A window that has data, as the store tells it.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
struct State {
    t: u32,
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

/// Where features and errors come from: whole buckets, of which a range may want a part. Where nothing is filed, nothing is read.
#[derive(Default)]
pub(super) struct BucketSources {
    pub(super) settled: Vec<TimeRange>,
    pub(super) base: Vec<TimeRange>,
    pub(super) has_twins: bool,
}

/// What is derived of a range's paths: whole buckets.
pub(super) struct PathSources {
    /// As a filter on `t`; none if there is nothing.
    pub(super) derived: Option<String>,
    /// Has data, and nothing stands of it.
    pub(super) missing: Vec<TimeRange>,
    /// Rows came since.
    pub(super) outdated: Vec<TimeRange>,
}

/// A bucket of paths, as the store tells it.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
struct PathState {
    t: u32,
    is_settled: bool,
    is_derived: bool,
}

/// Where what a function did in a range comes from.
struct FunctionSources {
    sources: Sources,
    has_twins: bool,
}

/// Where numbers come from. A stretch without data may come from anywhere.
#[derive(Clone, Copy)]
enum Source {
    Hours,
    Minutes,
    Base,
}

/// The hours of a range that have data or a mark, by their beginnings in seconds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hours {
    /// Settled, as are their minutes, and all that they count is there.
    kept: BTreeSet<u64>,
    /// Of those that they count some may be gone: they are what stands.
    going: BTreeSet<u64>,
    /// Others that have data; some of their minutes may not be settled.
    open: Vec<TimeRange>,
    /// Whether some invocations of the range may be known twice.
    has_twins: bool,
}

/// Windows that have data, by their beginnings: whether they are settled. Of others in these ranges there are none.
struct Known<'a> {
    settled: BTreeMap<u64, bool>,
    ranges: &'a [TimeRange],
}

/// The coarsest source that a question allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coarsest {
    Minutes,
    /// Of hours, which outlive the invocations that they count, those whose invocations are all there.
    KeptHours,
    Hours,
}

/// The end of a query of these tables. They are small, and filtered by their key: to read some columns before the others
/// costs more than it saves.
pub(super) const AT_ONCE: &str = " SETTINGS optimize_move_to_prewhere = 0";

// === impl Coarsest ===

impl Coarsest {
    /// A step as whole minutes, in seconds, and what it may be read from: one of whole hours from hours.
    pub(super) fn of_step(step: Nanos) -> (u64, Self) {
        let seconds = (step.0 / SECOND / MINUTE).max(1) * MINUTE;
        match seconds.is_multiple_of(HOUR) {
            true => (seconds, Self::Hours),
            false => (seconds, Self::Minutes),
        }
    }
}

// === impl Reader ===

impl Reader {
    /// The rows of functions in a range, as SQL: the columns of `fn_1m` from `tenant` to `init_hist`, and how many are `lost`, which
    /// are among the `errors`. More than one row may have the same key. `more` is a filter on other columns, such as ` AND function = 'x'`.
    pub(super) async fn function_rows(
        &self,
        range: TimeRange,
        more: &str,
        coarsest: Coarsest,
    ) -> Result<String, ReadError> {
        let sources = self.function_sources(range, coarsest).await?;
        let rows = self.joined(
            &sources,
            more,
            |rollup, filter| functions::rolled_up(rollup, filter, more),
            Filed::rolled_up,
        );
        if rows.is_empty() {
            return Ok(rows);
        }
        let lost = lost::count("open_hist", self.now());
        Ok(format!(
            "SELECT * EXCEPT open_hist REPLACE (told.errors + {lost} AS errors), {lost} AS lost FROM ({rows}) AS told"
        ))
    }

    /// How many invocations there are in the store, as SQL: `n` by `cold`, in more than one row. Empty if there are none.
    pub(super) async fn invocation_counts(
        &self,
        range: TimeRange,
        more: &str,
    ) -> Result<String, ReadError> {
        let sources = self.function_sources(range, Coarsest::KeptHours).await?;
        Ok(self.joined(
            &sources,
            more,
            |rollup, filter| functions::counts(rollup, filter, more),
            Filed::counts,
        ))
    }

    async fn function_sources(
        &self,
        range: TimeRange,
        coarsest: Coarsest,
    ) -> Result<FunctionSources, ReadError> {
        let (owned, now) = (self.owned(), self.now());
        let hours = self.hours(range, now).await?;
        let mut states: Vec<State> = Vec::new();
        if !hours.open.is_empty() {
            let minutes = windows::minutes(&owned, &hours.open, now);
            let minutes = format!(
                "SELECT t, row_count, is_settled, has_twins FROM ({minutes}) ORDER BY t{AT_ONCE}"
            );
            states = self.rows(&minutes).await?;
        }
        let settled = match coarsest {
            Coarsest::Hours => &hours.kept | &hours.going,
            Coarsest::KeptHours => hours.kept.clone(),
            Coarsest::Minutes => BTreeSet::new(),
        };
        Ok(FunctionSources {
            sources: Sources::of_functions(range, &states, &hours.open, &settled),
            has_twins: hours.has_twins,
        })
    }

    /// What stands in these sources, as SQL: of hours and minutes by a filter on tenant and `t`, of the others by their rows.
    fn joined(
        &self,
        FunctionSources { sources, has_twins }: &FunctionSources,
        more: &str,
        settled: impl Fn(Rollup, &str) -> String,
        filed: impl Fn(&Filed) -> String,
    ) -> String {
        let owned = self.owned();
        let mut parts = Vec::new();
        for (rollup, ranges) in [
            (Rollup::FunctionHours, &sources.hours),
            (Rollup::FunctionMinutes, &sources.minutes),
        ] {
            if let Some(times) = any_of(ranges, |range| windows::within_range("t", range)) {
                parts.push(settled(rollup, &format!("{owned} AND {times}")));
            }
        }
        if let Some(times) = any_of(&sources.base, sql::within) {
            let around = any_of(&sources.base, |range| {
                sql::within(functions::twins_of(range))
            });
            parts.push(filed(&Filed {
                filter: format!("{owned} AND {times}{more}"),
                around: around
                    .filter(|_| *has_twins)
                    .map(|times| format!("{owned} AND {times}")),
            }));
        }
        parts.join(" UNION ALL ")
    }

    /// What the marks of a range's hours say of them.
    async fn hours(&self, range: TimeRange, now: UnixNanos) -> Result<Hours, ReadError> {
        let (owned, whole) = (self.owned(), whole(range, HOUR));
        let sums = windows::hour_fingerprints(&owned, whole);
        let sums = format!("SELECT t, fingerprint, has_twins FROM ({sums}) ORDER BY t{AT_ONCE}");
        let marks = windows::marks(Rollup::FunctionHours, &owned, &[whole]);
        let marks = format!("SELECT t, fingerprint, first_keep_days FROM ({marks}){AT_ONCE}");
        let (sums, marks) =
            tokio::try_join!(self.rows::<HourSum>(&sums), self.rows::<Mark>(&marks))?;
        Ok(Hours::of(&sums, &marks, now))
    }

    /// Where the features of a range come from.
    pub(super) async fn feature_sources(
        &self,
        range: TimeRange,
    ) -> Result<BucketSources, ReadError> {
        // Buckets are read whole, since which keys are ids is told apart in each.
        let whole = whole(range, edges::BUCKET);
        self.bucket_sources(Rollup::Features, whole, whole).await
    }

    /// Where the errors of a range come from. A bucket of which the range has a part comes from the base, whole.
    pub(super) async fn error_sources(&self, range: TimeRange) -> Result<BucketSources, ReadError> {
        let whole = whole(range, edges::BUCKET);
        self.bucket_sources(Rollup::ErrorGroups, whole, range).await
    }

    /// Of whole buckets, those that lie in `inside` and are settled, and the others.
    async fn bucket_sources(
        &self,
        rollup: Rollup,
        whole: TimeRange,
        inside: TimeRange,
    ) -> Result<BucketSources, ReadError> {
        let states = windows::answered(rollup.table(), &self.owned(), whole, self.now());
        let states = format!(
            "SELECT t, row_count, is_settled, has_twins FROM ({states}) ORDER BY t{AT_ONCE}"
        );
        let states: Vec<State> = self.rows(&states).await?;
        let mut sources = BucketSources {
            has_twins: states.iter().any(|state| state.has_twins),
            ..BucketSources::default()
        };
        let mut was_settled = None;
        for state in &states {
            let from = u64::from(state.t);
            let bucket = TimeRange {
                from: UnixNanos(from * SECOND),
                to: UnixNanos((from + edges::BUCKET) * SECOND),
            };
            let is_inside = bucket.from >= inside.from && bucket.to <= inside.to;
            let is_settled = state.is_settled && is_inside;
            let ranges = match is_settled {
                true => &mut sources.settled,
                false => &mut sources.base,
            };
            match ranges.last_mut() {
                // Between them is nothing.
                Some(last) if was_settled == Some(is_settled) => last.to = bucket.to,
                _ => ranges.push(bucket),
            }
            was_settled = Some(is_settled);
        }
        Ok(sources)
    }

    /// What is derived of the paths of a range.
    pub(super) async fn path_sources(&self, range: TimeRange) -> Result<PathSources, ReadError> {
        let whole = whole(range, edges::BUCKET);
        let owned = self.owned();
        let states = windows::answered(paths::TABLE, &owned, whole, self.now());
        let states = format!(
            "SELECT t, is_settled, revision != 0 AS is_derived FROM ({states}) ORDER BY t{AT_ONCE}"
        );
        let states: Vec<PathState> = self.rows(&states).await?;
        let (mut missing, mut outdated) = (Vec::new(), Vec::new());
        for state in states.iter().filter(|state| !state.is_settled) {
            let ranges = match state.is_derived {
                true => &mut outdated,
                false => &mut missing,
            };
            let from = u64::from(state.t);
            let bucket = TimeRange {
                from: UnixNanos(from * SECOND),
                to: UnixNanos((from + edges::BUCKET) * SECOND),
            };
            add(ranges, bucket);
        }
        let is_derived = states.iter().any(|state| state.is_derived);
        Ok(PathSources {
            derived: is_derived.then(|| windows::within_range("t", whole)),
            missing,
            outdated,
        })
    }

    /// The rows of edges in a range, as SQL: the columns of `edges_1m` from `tenant` to `duration_hist`.
    pub(super) async fn edge_rows(&self, range: TimeRange) -> Result<String, ReadError> {
        let (owned, now) = (self.owned(), self.now());
        let states = windows::buckets(&owned, whole(range, edges::BUCKET), now);
        let states = format!(
            "SELECT t, row_count, is_settled, has_twins FROM ({states}) ORDER BY t{AT_ONCE}"
        );
        let states: Vec<State> = self.rows(&states).await?;
        let sources = Sources::of_buckets(range, &states);
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

// === impl Hours ===

impl Hours {
    fn of(sums: &[HourSum], marks: &[Mark], now: UnixNanos) -> Self {
        let has_twins = sums.iter().any(|sum| sum.has_twins);
        let sums: BTreeMap<u64, u64> = sums
            .iter()
            .map(|sum| (sum.t.into(), sum.fingerprint))
            .collect();
        let mut hours = Self {
            has_twins,
            ..Self::default()
        };
        for mark in marks {
            let hour = u64::from(mark.t);
            let ends = hour + u64::from(mark.first_keep_days) * DAY;
            if ends * SECOND <= now.0 {
                hours.going.insert(hour);
            } else if sums.get(&hour) == Some(&mark.fingerprint) {
                hours.kept.insert(hour);
            }
        }
        for hour in sums.into_keys().filter(|hour| !hours.kept.contains(hour)) {
            let range = TimeRange {
                from: UnixNanos(hour * SECOND),
                to: UnixNanos((hour + HOUR) * SECOND),
            };
            add(&mut hours.open, range);
        }
        hours
    }
}

// === impl Sources ===

impl Sources {
    /// `asked` are the ranges of which the states are told.
    fn of_functions(
        range: TimeRange,
        states: &[State],
        asked: &[TimeRange],
        settled_hours: &BTreeSet<u64>,
    ) -> Self {
        let known = Known::of(states, asked);
        Self::cut(range, MINUTE, |minute, left| {
            let is_hour = minute.is_multiple_of(HOUR) && left >= HOUR;
            match is_hour {
                true if settled_hours.contains(&minute) => (Some(Source::Hours), HOUR),
                true if !known.has_open(minute, HOUR) => (known.source(minute, HOUR), HOUR),
                _ => (known.source(minute, MINUTE), MINUTE),
            }
        })
    }

    fn of_buckets(range: TimeRange, states: &[State]) -> Self {
        let all = [whole(range, edges::BUCKET)];
        let known = Known::of(states, &all);
        Self::cut(range, edges::BUCKET, |bucket, left| {
            let is_hour = bucket.is_multiple_of(HOUR) && left >= HOUR;
            match is_hour && !known.has_open(bucket, HOUR) {
                true => (known.source(bucket, HOUR), HOUR),
                false => (known.source(bucket, edges::BUCKET), edges::BUCKET),
            }
        })
    }

    /// Walks over the whole windows of a range, each of which the choice gives a source and a length; what is left at
    /// both ends comes from the base. Where there is nothing the source goes on that was before: a question names each stretch, and
    /// of too many it is too long.
    fn cut(
        range: TimeRange,
        step: u64,
        choice: impl Fn(u64, u64) -> (Option<Source>, u64),
    ) -> Self {
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
        let mut before = Source::Minutes;
        while at < last {
            let (source, length) = choice(at, last - at);
            before = match (source, before) {
                (Some(source), _) => source,
                // A part of an hour is not in hours.
                (None, Source::Hours) => Source::Minutes,
                (None, before) => before,
            };
            sources.add(before, between(moment(at), moment(at + length)));
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
        add(ranges, range);
    }
}

// === impl BucketSources ===

impl BucketSources {
    /// Where what is not settled stands in base tables: invocations, narrowed by `more`, and a filter for the spans that may have
    /// answered them.
    pub(super) fn unsettled(&self, owned: &str, more: &str) -> Option<(Filed, String)> {
        let times = any_of(&self.base, sql::within)?;
        let around = |reach: fn(TimeRange) -> TimeRange| {
            let times = sql::any_of(&self.base, |range| sql::within(reach(range)));
            format!("{owned} AND {times}")
        };
        let filed = Filed {
            filter: format!("{owned} AND {times}{more}"),
            around: self.has_twins.then(|| around(functions::twins_of)),
        };
        Some((filed, around(features::spans_of)))
    }
}

// === impl Known ===

impl<'a> Known<'a> {
    fn of(states: &[State], ranges: &'a [TimeRange]) -> Self {
        let settled = states.iter();
        Self {
            settled: settled
                .map(|state| (state.t.into(), state.is_settled))
                .collect(),
            ranges,
        }
    }

    fn has_open(&self, from: u64, length: u64) -> bool {
        let mut within = self.settled.range(from..from + length);
        within.any(|(_, is_settled)| !is_settled)
    }

    /// `None` if there are no data. Windows that nobody asked about are settled.
    fn source(&self, from: u64, length: u64) -> Option<Source> {
        let moment = UnixNanos(from * SECOND);
        let is_asked = |range: &TimeRange| range.from <= moment && moment < range.to;
        match self.settled.range(from..from + length).next() {
            Some(_) if self.has_open(from, length) => Some(Source::Base),
            Some(_) => Some(Source::Minutes),
            None if self.ranges.iter().any(is_asked) => None,
            None => Some(Source::Minutes),
        }
    }
}

/// What is counted of the rows of functions, told as `counted`: columns of a SELECT that groups them, from `invocations` to `inits`.
pub(super) fn counts() -> String {
    format!(
        "sum(n) AS invocations, sumIf(n, cold IN {COLD_STARTS}) AS cold_starts,
            sum(counted.errors) AS errors, sum(counted.timeouts) AS timeouts,
            sum(counted.ooms) AS ooms, sum(counted.lost) AS lost, max(max_duration_ns) AS max,
            sumMap(duration_hist) AS durations, sumMap(init_hist) AS inits"
    )
}

/// A range with every window that it touches, for windows of so many seconds.
fn whole(range: TimeRange, step: u64) -> TimeRange {
    let step = step * SECOND;
    TimeRange {
        from: UnixNanos(range.from.0 / step * step),
        to: UnixNanos(range.to.0.div_ceil(step).saturating_mul(step)),
    }
}

/// Adds a range behind the others, or to the last of them.
fn add(ranges: &mut Vec<TimeRange>, range: TimeRange) {
    match ranges.last_mut() {
        Some(last) if last.to == range.from => last.to = range.to,
        _ => ranges.push(range),
    }
}

/// In one of the ranges; `None` if there are none.
pub(super) fn any_of(ranges: &[TimeRange], filter: impl Fn(TimeRange) -> String) -> Option<String> {
    (!ranges.is_empty()).then(|| sql::any_of(ranges, filter))
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

    fn sum(hour: u32, fingerprint: u64) -> HourSum {
        HourSum {
            t: hour * 3_600,
            fingerprint,
            has_twins: hour == 5,
        }
    }

    #[test]
    fn each_part_of_a_range_has_the_coarsest_source_that_is_settled() {
        let states = [state(125, false), state(185, true)];
        let range = TimeRange {
            from: UnixNanos(59 * MINUTE * SECOND + 1),
            ..minutes(0, 250)
        };
        let settled = BTreeSet::from([HOUR, 4 * HOUR]);
        let sources = Sources::of_functions(range, &states, &[minutes(120, 240)], &settled);
        let expected = Sources {
            // The last is not whole.
            hours: vec![minutes(60, 120)],
            minutes: vec![minutes(120, 125), minutes(180, 250)],
            base: vec![
                TimeRange {
                    from: range.from,
                    ..minutes(0, 60)
                },
                // Until there is something else.
                minutes(125, 180),
            ],
        };
        assert_eq!(sources, expected);
    }

    #[test]
    fn stretches_are_as_few_as_what_lies_in_them_allows() {
        let states: Vec<State> = (0..100).map(|place| state(place * 7, false)).collect();
        let range = minutes(0, 700);
        let asked = [minutes(0, 720)];
        let sources = Sources::of_functions(range, &states, &asked, &BTreeSet::new());
        assert_eq!(sources.base, [range]);
        assert_eq!(sources.minutes, []);
    }

    #[test]
    fn an_hour_is_settled_if_its_mark_says_what_its_minutes_say() {
        let sums = [sum(1, 5), sum(2, 6), sum(3, 7), sum(5, 8)];
        let marks = [mark(1, 5), mark(2, 5), mark(4, 9)];
        let hours = Hours::of(&sums, &marks, UnixNanos(1));
        let expected = Hours {
            kept: BTreeSet::from([HOUR]),
            going: BTreeSet::new(),
            open: vec![minutes(120, 240), minutes(300, 360)],
            has_twins: true,
        };
        assert_eq!(hours, expected);
    }

    #[test]
    fn an_hour_whose_data_are_going_is_what_stands() {
        let end = UnixNanos((HOUR + 30_000 * DAY) * SECOND);
        let hours = Hours::of(&[], &[mark(1, 9)], end);
        assert_eq!(hours.kept, BTreeSet::new());
        assert_eq!(hours.going, BTreeSet::from([HOUR]));
    }

    #[test]
    fn what_has_no_whole_window_comes_from_the_base() {
        let range = TimeRange {
            from: UnixNanos(1),
            to: UnixNanos(2),
        };
        let sources = Sources::of_functions(range, &[], &[range], &BTreeSet::new());
        assert_eq!(sources.base, [range]);
        assert_eq!(sources.minutes, []);
    }
}
