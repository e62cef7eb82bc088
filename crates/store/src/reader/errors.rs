//! Errors that are alike, in a range: which, since when, how many, and whether they are new.
//!
//! Counts are those of the range, from `error_groups` where it is settled and the bucket lies inside, else from base tables. What was before
//! the range tells since when a group is known: of the last day before it all that there is, of earlier days what stands in
//! `error_groups`.

use clickhouse::Row;
use coldtrace_model::{Nanos, Outcome, RequestId, TimeRange, UnixNanos};
use serde::Deserialize;

use super::rollups::{AT_ONCE, Coarsest, any_of};
use super::sql::SECOND;
use super::{Page, ReadError, Reader, sql};
use crate::settle::edges::BUCKET;
use crate::settle::errors::{self, EXAMPLES, Failed};
use crate::settle::windows;

/// A group that comes again after so long without an error has come back.
pub const SILENCE: Nanos = Nanos(DAY * SECOND);

const DAY: u64 = 86_400;
/// Of groups that are not paged through: those with the most errors.
pub const MOST_LISTED: u32 = 1_000;

/// Which groups to list.
#[derive(Clone, Debug)]
pub struct ErrorFilter {
    /// With errors in this range.
    pub range: TimeRange,
    /// Of this function only.
    pub function: Option<String>,
    /// This group only.
    pub id: Option<u64>,
    /// In which order.
    pub sort: ErrorSort,
    /// Behind this one.
    pub after: Option<ErrorKey>,
    /// At most so many.
    pub limit: u32,
    /// Of counts over time, at most so many steps.
    pub steps: u64,
}

/// In which order groups are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorSort {
    /// Those with the most errors first.
    #[default]
    Count,
    /// Those with the latest error first.
    LastSeen,
    /// Those first whose first error is the latest.
    FirstSeen,
}

/// A group's place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorKey {
    /// What the order is by.
    pub rank: u64,
    /// The group.
    pub id: u64,
}

/// Errors of a function that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroup {
    /// Tells it from others, and is the same whenever it is asked for.
    pub id: u64,
    /// The function.
    pub function: String,
    /// What they are: an exception's type, the platform's class of error, or an outcome.
    pub error_type: String,
    /// What their messages have in common, with a star for what differs; empty if there is none.
    pub message: String,
    /// The message of one of them.
    pub seen: String,
    /// The worst end of one of these invocations.
    pub outcome: Outcome,
    /// How many in the range.
    pub count: u64,
    /// How many invocations the function had in the range.
    pub invocations: u64,
    /// How many of the errors waited for a start of their sandbox.
    pub cold: u64,
    /// The first error that is known, before the range as well.
    pub first_seen: UnixNanos,
    /// The version in which that was; empty if not known.
    pub first_version: String,
    /// The last in the range.
    pub last_seen: UnixNanos,
    /// How many in which version, those with the most first.
    pub versions: Vec<(String, u64)>,
    /// Some of the requests, always the same.
    pub examples: Vec<RequestId>,
    /// Whether it is new.
    pub state: ErrorState,
    /// How many in each step of the range.
    pub series: Vec<u64>,
}

/// Whether somebody has seen a group before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorState {
    /// Its first error lies in the range.
    New,
    /// In the range it came after a [`SILENCE`].
    Regressed,
    /// It was there before.
    Ongoing,
}

/// A page of groups, with the steps by which they are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors {
    /// The groups.
    pub groups: Vec<ErrorGroup>,
    /// How many there are on all pages.
    pub total: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<ErrorKey>,
    /// When the first step begins.
    pub start: UnixNanos,
    /// How long a step is.
    pub step: Nanos,
}

#[derive(Row, Deserialize)]
struct GroupRow {
    id: u64,
    function: String,
    error_type: String,
    message: String,
    seen: String,
    outcome: u8,
    count: u64,
    cold: u64,
    first: u64,
    first_version: String,
    last: u64,
    versions: Vec<(String, u64)>,
    examples: Vec<String>,
    /// 0 new, 1 come back.
    state: u8,
    series: Vec<(u16, u64)>,
    rank: u64,
    total: u64,
}

#[derive(Row, Deserialize)]
struct InvocationsRow {
    function: String,
    invocations: u64,
}

impl Reader {
    /// A page of the groups with errors in a range.
    pub async fn errors(&self, filter: &ErrorFilter) -> Result<Errors, ReadError> {
        let (start, step) = steps(filter.range, filter.steps);
        let mut errors = Errors {
            groups: Vec::new(),
            total: 0,
            next: None,
            start,
            step,
        };
        let (rows, before) = tokio::try_join!(
            self.error_rows(filter.range, filter),
            self.errors_before(filter)
        )?;
        if rows.is_empty() {
            return Ok(errors);
        }
        let grouped = filter.grouped(&rows.join(" UNION ALL "), &before.join(" UNION ALL "), self);
        let rows: Vec<GroupRow> = self.rows(&grouped).await?;
        errors.total = rows.first().map_or(0, |row| row.total);
        let page = Page::cut(rows, filter.limit, errors.total, |row| ErrorKey {
            rank: row.rank,
            id: row.id,
        });
        errors.next = page.next;
        let count = filter.range.to.since(start).0.div_ceil(step.0);
        let groups = page.items.into_iter().map(|row| row.into_group(count));
        errors.groups = groups.collect();
        self.count_invocations(filter.range, &mut errors.groups)
            .await?;
        Ok(errors)
    }

    /// The rows of groups in a range, as queries for the columns of `error_groups`. Empty if there are none.
    pub(super) async fn error_rows(
        &self,
        range: TimeRange,
        filter: &ErrorFilter,
    ) -> Result<Vec<String>, ReadError> {
        if range.from >= range.to {
            return Ok(Vec::new());
        }
        let sources = self.error_sources(range).await?;
        let owned = self.owned();
        let (more, function) = (filter.more(), filter.of_function());
        let mut parts = Vec::new();
        if let Some(times) = any_of(&sources.settled, |range| windows::within_range("t", range)) {
            parts.push(errors::settled(&format!("{owned} AND {times}"), &more));
        }
        if let Some((filed, spans)) = sources.unsettled(&owned, &function) {
            let failed = Failed {
                filed,
                spans,
                counted: sql::within_moments(range),
            };
            let columns = errors::COLUMNS;
            let rows = failed.rows();
            parts.push(format!("SELECT {columns} FROM ({rows}) WHERE true{more}"));
        }
        Ok(parts)
    }

    /// The rows before the range: all of the last day, and what stands of earlier ones.
    pub(super) async fn errors_before(
        &self,
        filter: &ErrorFilter,
    ) -> Result<Vec<String>, ReadError> {
        let before = filter.range.from;
        let floor = before.minus(SILENCE).0 / SECOND / BUCKET * BUCKET;
        let day = TimeRange {
            from: UnixNanos(floor * SECOND),
            to: before,
        };
        let mut parts = self.error_rows(day, filter).await?;
        let earlier = windows::within("t", 0, floor);
        let owned = self.owned();
        parts.push(errors::settled(
            &format!("{owned} AND {earlier}"),
            &filter.more(),
        ));
        Ok(parts)
    }

    /// Tells each group how many invocations its function had.
    async fn count_invocations(
        &self,
        range: TimeRange,
        groups: &mut [ErrorGroup],
    ) -> Result<(), ReadError> {
        if groups.is_empty() {
            return Ok(());
        }
        let functions = sql::texts(groups.iter().map(|group| group.function.as_str()));
        let only = format!(" AND function IN {functions}");
        let counted = self.function_rows(range, &only, Coarsest::Hours).await?;
        if counted.is_empty() {
            return Ok(());
        }
        let rows: Vec<InvocationsRow> = self
            .rows(&format!(
                "SELECT function, sum(n) AS invocations FROM ({counted}) GROUP BY function{AT_ONCE}"
            ))
            .await?;
        for group in groups {
            let row = rows.iter().find(|row| row.function == group.function);
            group.invocations = row.map_or(0, |row| row.invocations);
        }
        Ok(())
    }
}

/// When the first of a range's steps begins, and how long they are: whole windows, and no more than so many.
fn steps(range: TimeRange, most: u64) -> (UnixNanos, Nanos) {
    let window = BUCKET * SECOND;
    let start = range.from.0 / window * window;
    let windows = range.to.0.saturating_sub(start).div_ceil(window);
    let step = windows.div_ceil(most.max(1)).max(1) * window;
    (UnixNanos(start), Nanos(step))
}

// === impl ErrorFilter ===

impl ErrorFilter {
    /// All groups of a range, those with the most errors first, in no order over time: for whoever shows none of them.
    pub fn all(range: TimeRange) -> Self {
        Self {
            range,
            function: None,
            id: None,
            sort: ErrorSort::default(),
            after: None,
            limit: MOST_LISTED,
            steps: 1,
        }
    }

    fn of_function(&self) -> String {
        self.function.as_ref().map_or_else(String::new, |function| {
            format!(" AND function = {}", sql::text(function))
        })
    }

    /// Of rows of `error_groups`.
    fn more(&self) -> String {
        let id = self
            .id
            .map_or_else(String::new, |id| format!(" AND id = {id}"));
        format!("{}{id}", self.of_function())
    }

    /// The page's rows and one more, from the rows of the range and those before it.
    fn grouped(&self, rows: &str, before: &str, reader: &Reader) -> String {
        let counts = errors::counts(reader.now());
        let (start, step) = steps(self.range, self.steps);
        let (start, step) = (start.0 / SECOND, step.0 / SECOND);
        let (silence, day) = (SILENCE.0, DAY * SECOND);
        let rank = match self.sort {
            ErrorSort::Count => "count",
            ErrorSort::LastSeen => "last",
            ErrorSort::FirstSeen => "first",
        };
        let behind = self.after.map_or_else(String::new, |after| {
            format!(
                "WHERE (rank, id) < (toUInt64({}), toUInt64({}))",
                after.rank, after.id
            )
        });
        let limit = u64::from(self.limit) + 1;
        format!(
            "SELECT id, function, type AS error_type, message, seen, outcome, count, cold, first, first_version, last, versions,
                examples, state, series, rank, total
            FROM (
                SELECT *, {rank} AS rank, count() OVER () AS total FROM (
                    SELECT id, function, type, message, seen, outcome, count, cold, last, versions, examples, series,
                        if(past_first = 0, own_first, past_first) AS first,
                        if(past_first = 0, own_version, past_version) AS first_version,
                        multiIf(past_first = 0, 0, own_first >= past_last + {silence}, 1,
                            arrayExists((first, last) -> first >= last + {silence}, arrayPopFront(firsts), arrayPopBack(lasts)), 1, 2) AS state
                    FROM (
                        SELECT id, any(told.function) AS function, any(told.type) AS type, any(told.message) AS message,
                            argMin(told.seen, (told.examples[1], told.first_ns)) AS seen, max(told.outcome) AS outcome,
                            sum(told.n) AS count, sum(told.cold) AS cold, min(told.first_ns) AS own_first, max(told.last_ns) AS last,
                            argMin(told.first_version, (told.first_ns, told.examples[1])) AS own_version,
                            sumMap(told.versions) AS versions,
                            arrayMap(one -> one.2, arraySlice(arraySort(arrayDistinct(groupArrayArray(told.examples))), 1, {EXAMPLES})) AS examples,
                            sumMap(map(toUInt16(intDiv(greatest(toUnixTimestamp(t), {start}) - {start}, {step})), told.n)) AS series,
                            arraySort(mapValues(minMap(map(intDiv(told.first_ns, {day}), told.first_ns)))) AS firsts,
                            arraySort(mapValues(maxMap(map(intDiv(told.last_ns, {day}), told.last_ns)))) AS lasts
                        FROM ({rows}) AS told WHERE {counts} GROUP BY id
                    ) AS own LEFT ANY JOIN (
                        SELECT id, min(told.first_ns) AS past_first, max(told.last_ns) AS past_last,
                            argMin(told.first_version, (told.first_ns, told.examples[1])) AS past_version
                        FROM ({before}) AS told WHERE {counts} GROUP BY id
                    ) AS past USING (id)
                )
            ) {behind} ORDER BY rank DESC, id DESC LIMIT {limit}"
        )
    }
}

// === impl GroupRow ===

impl GroupRow {
    fn into_group(self, steps: u64) -> ErrorGroup {
        let mut series = vec![0; usize::try_from(steps).unwrap_or_default()];
        for (step, count) in self.series {
            if let Some(place) = series.get_mut(usize::from(step)) {
                *place = count;
            }
        }
        let mut versions = self.versions;
        versions.sort_by(|(one, few), (other, many)| many.cmp(few).then(one.cmp(other)));
        let examples = self.examples.iter();
        ErrorGroup {
            id: self.id,
            function: self.function,
            error_type: self.error_type,
            message: self.message,
            seen: self.seen,
            outcome: Outcome::from_number(self.outcome).unwrap_or_default(),
            count: self.count,
            invocations: 0,
            cold: self.cold,
            first_seen: UnixNanos(self.first),
            first_version: self.first_version,
            last_seen: UnixNanos(self.last),
            versions,
            examples: examples
                .filter_map(|id| RequestId::parse(id).ok())
                .collect(),
            state: match self.state {
                0 => ErrorState::New,
                1 => ErrorState::Regressed,
                _ => ErrorState::Ongoing,
            },
            series,
        }
    }
}

// === impl ErrorState ===

impl ErrorState {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Regressed => "regressed",
            Self::Ongoing => "ongoing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_whole_windows_and_no_more_than_so_many() {
        const MINUTE: u64 = 60 * SECOND;
        let check = |from: u64, to: u64, most, expected: (u64, u64)| {
            let range = TimeRange {
                from: UnixNanos(from),
                to: UnixNanos(to),
            };
            let (start, step) = steps(range, most);
            assert_eq!((start.0 / MINUTE, step.0 / MINUTE), expected);
            assert!(range.to.since(start).0.div_ceil(step.0) <= most);
        };
        check(0, 60 * MINUTE, 12, (0, 5));
        check(7 * MINUTE, 61 * MINUTE, 12, (5, 5));
        check(0, 61 * MINUTE, 12, (0, 10));
        check(3 * MINUTE, 3 * MINUTE, 12, (0, 5));
        check(0, 30 * 24 * 60 * MINUTE, 48, (0, 900));
    }
}
