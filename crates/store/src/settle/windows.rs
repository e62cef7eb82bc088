//! Windows and their fingerprints: which are settled, and which are not.

use clickhouse::Row;
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use serde::Deserialize;

use super::{Rollup, SECOND, edges, features, functions};
use crate::reader::sql;

/// Counts the changes of what is computed of a minute of functions: 1 since those without an end are.
const FUNCTION_COLUMNS: u64 = 1;

/// A window that is to be computed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Whose.
    pub tenant: String,
    /// When it begins.
    pub start: UnixNanos,
    /// When it was computed last, if ever.
    pub settled: Option<UnixNanos>,
    /// At least so many rows of the base table are read for it.
    pub row_count: u64,
    /// Of what it is computed from.
    pub(super) fingerprint: u64,
    /// The revision that stands, 0 if none does.
    pub(super) last_revision: u64,
    /// The longest and the shortest retention of its rows, days.
    pub(super) keep_days: u16,
    pub(super) first_keep_days: u16,
    /// Whether some of its invocations may be known twice.
    pub(super) has_twins: bool,
}

#[derive(Row, Deserialize)]
pub(super) struct WindowRow {
    tenant: String,
    t: u32,
    settled: u32,
    row_count: u64,
    fingerprint: u64,
    revision: u64,
    keep_days: u16,
    first_keep_days: u16,
    has_twins: bool,
}

// === impl Window ===

impl Window {
    pub(super) fn seconds(&self) -> u64 {
        self.start.0 / SECOND
    }

    /// Above the one that stands, and told apart from every other attempt's.
    pub(super) fn next_revision(&self, attempt: u32) -> u64 {
        (((self.last_revision >> 32) + 1) << 32) | u64::from(attempt)
    }
}

impl From<WindowRow> for Window {
    fn from(row: WindowRow) -> Self {
        Self {
            tenant: row.tenant,
            start: UnixNanos(u64::from(row.t) * SECOND),
            settled: (row.revision != 0).then_some(UnixNanos(u64::from(row.settled) * SECOND)),
            row_count: row.row_count,
            fingerprint: row.fingerprint,
            last_revision: row.revision,
            keep_days: row.keep_days,
            first_keep_days: row.first_keep_days,
            has_twins: row.has_twins,
        }
    }
}

/// The windows of a table that are not settled: rows of [`WindowRow`].
pub(super) fn unsettled(rollup: Rollup, range: TimeRange, now: UnixNanos, limit: u32) -> String {
    unsettled_of(&states(rollup, range, now), now, "t, tenant", limit)
}

/// Of these states, the windows that are not settled.
pub(super) fn unsettled_of(states: &str, now: UnixNanos, order: &str, limit: u32) -> String {
    let now = now.0 / SECOND;
    format!(
        "SELECT tenant, t, settled, row_count, fingerprint, revision, keep_days, first_keep_days, has_twins
        FROM ({states})
        WHERE NOT is_settled AND t + toUInt64(first_keep_days) * 86400 > {now}
        ORDER BY {order} LIMIT {limit}"
    )
}

/// Every window that begins in a range and has data, of all tenants, with its state.
pub(super) fn states(rollup: Rollup, range: TimeRange, now: UnixNanos) -> String {
    let range = whole(range, rollup.length());
    match rollup {
        Rollup::FunctionMinutes => minutes("true", &[range], now),
        Rollup::FunctionHours => hours(range, now),
        Rollup::EdgeBuckets => buckets("true", range, now),
        Rollup::Features | Rollup::ErrorGroups => answered(rollup.table(), "true", range, now),
    }
}

/// From the first to the end of the last window that begins in a range.
pub(super) fn whole(range: TimeRange, length: Nanos) -> TimeRange {
    let whole = |time: UnixNanos| {
        let next = time.0.checked_next_multiple_of(length.0);
        UnixNanos(next.unwrap_or(u64::MAX))
    };
    TimeRange {
        from: whole(range.from),
        // The last one ends behind the range.
        to: whole(range.to),
    }
}

/// Every minute of some ranges in which invocations were filed, with its state: `t` in Unix seconds, `is_settled`, and what a
/// window needs.
pub(crate) fn minutes(owned: &str, ranges: &[TimeRange], now: UnixNanos) -> String {
    let touched = touched_minutes(owned, ranges, FUNCTION_COLUMNS);
    let marks = marks(Rollup::FunctionMinutes, owned, ranges);
    let is_settled = is_settled(now);
    format!(
        "SELECT tenant, t, row_count, keep_days, touched.first_keep_days AS first_keep_days, has_twins,
            touched.fingerprint AS fingerprint, revision, settled, {is_settled} AS is_settled
        FROM ({touched}) AS touched LEFT JOIN ({marks}) AS marks USING (tenant, t)"
    )
}

/// Every hour of a range in which invocations were filed: `t` in Unix seconds, `has_twins`, and the `fingerprint` that its
/// mark has if it is settled. Then its minutes are settled too, since it was computed from settled ones.
pub(crate) fn hour_fingerprints(owned: &str, range: TimeRange) -> String {
    let touched = touched_minutes(owned, &[range], FUNCTION_COLUMNS);
    format!(
        "SELECT toUInt32(intDiv(minute, 3600) * 3600) AS t, sum(fingerprint) AS fingerprint, max(twins) AS has_twins
        FROM (SELECT t AS minute, fingerprint, has_twins AS twins FROM ({touched})) GROUP BY t"
    )
}

/// Minutes in which invocations were filed, with their fingerprints.
///
/// What a minute shows of invocations that are derived from spans depends on those that sandboxes told of around it. So
/// there the stamps of these minutes are part of its fingerprint. So are the `columns` that are computed: what was settled before
/// there was one more has it after being settled again.
fn touched_minutes(owned: &str, ranges: &[TimeRange], columns: u64) -> String {
    let around = functions::TWINS_WITHIN;
    let first_hand = functions::FIRST_HAND;
    let from_span = functions::FROM_SPAN;
    let inside = sql::any_of(ranges, |range| {
        let (from, to) = seconds(range);
        format!("t >= {from} AND t < {to}")
    });
    let around_them = sql::any_of(ranges, |range| {
        let (from, to) = seconds(range);
        within("touched.t", from.saturating_sub(around), to + around)
    });
    format!(
        "SELECT tenant, t, row_count, keep_days, first_keep_days,
            bitAnd(facts, {from_span}) != 0 AND first_hand != 0 AS has_twins,
            if(has_twins, stamp + first_hand, stamp) + {columns} AS fingerprint
        FROM (
            SELECT tenant, t, row_count, keep_days, first_keep_days, facts, stamp,
                sum(if(bitAnd(facts, {first_hand}) != 0, stamp, 0)) OVER (PARTITION BY tenant ORDER BY t
                    RANGE BETWEEN {around} PRECEDING AND {around} FOLLOWING) AS first_hand
            FROM (
                SELECT tenant, toUnixTimestamp(touched.t) AS t, groupBitOr(touched.facts) AS facts,
                    sum(touched.stamp) AS stamp, sum(touched.row_count) AS row_count,
                    max(touched.keep_days) AS keep_days, min(touched.keep_days) AS first_keep_days
                FROM touched WHERE {owned} AND source = 1 AND {around_them} GROUP BY tenant, t
            )
        )
        WHERE {inside}"
    )
}

/// As [`minutes`], for whole buckets of calls.
///
/// A call's two ends may lie in two minutes and in two buckets. So the stamps of all minutes in which callers are looked for
/// are part of a bucket's fingerprint.
pub(crate) fn buckets(owned: &str, range: TimeRange, now: UnixNanos) -> String {
    let (from, to) = seconds(range);
    let bucket = edges::BUCKET;
    let calls = calls_around(owned, range, edges::CALLERS_BEFORE, edges::CALLERS_AFTER);
    let marks = marks(Rollup::EdgeBuckets, owned, &[range]);
    let is_settled = is_settled(now);
    format!(
        "SELECT tenant, t, row_count, keep_days, touched.first_keep_days AS first_keep_days, false AS has_twins,
            touched.fingerprint AS fingerprint, revision, settled, {is_settled} AS is_settled
        FROM (
            SELECT tenant, toUInt32(reached) AS t, sumIf(row_count, intDiv(minute, {bucket}) * {bucket} = reached) AS row_count,
                max(keep_days) AS keep_days, min(first_keep_days) AS first_keep_days, sum(stamp) AS fingerprint
            FROM ({calls}) GROUP BY tenant, reached
            HAVING row_count > 0 AND reached >= {from} AND reached < {to}
        ) AS touched LEFT JOIN ({marks}) AS marks USING (tenant, t)"
    )
}

/// As [`minutes`], for whole buckets of features and of errors.
///
/// What an invocation is compared by, and what went wrong, is told by its own row and by the spans that answered it. So both sources have a part in the
/// fingerprint: the stamps of the bucket's minutes, as for functions, and those of all minutes in which such spans are
/// looked for. A call of somebody else's in these minutes makes the bucket unsettled as well: then it is computed once too often.
pub(crate) fn answered(table: &str, owned: &str, range: TimeRange, now: UnixNanos) -> String {
    let bucket = edges::BUCKET;
    let minutes = touched_minutes(owned, &[range], 0);
    let calls = calls_around(owned, range, features::SPANS_BEFORE, features::SPANS_AFTER);
    let marks = marks_in(table, owned, &[range]);
    let is_settled = is_settled(now);
    format!(
        "SELECT tenant, t, row_count, keep_days, touched.first_keep_days AS first_keep_days, has_twins,
            touched.fingerprint AS fingerprint, revision, settled, {is_settled} AS is_settled
        FROM (
            SELECT tenant, t, row_count, keep_days, first_keep_days, has_twins, filed + spans AS fingerprint
            FROM (
                SELECT tenant, toUInt32(intDiv(minute, {bucket}) * {bucket}) AS t, sum(row_count) AS row_count,
                    max(keep_days) AS keep_days, min(first_keep_days) AS first_keep_days, max(has_twins) AS has_twins,
                    sum(fingerprint) AS filed
                FROM (SELECT * EXCEPT t, t AS minute FROM ({minutes})) GROUP BY tenant, t
            ) AS filed LEFT JOIN (
                SELECT tenant, toUInt32(reached) AS t, sum(stamp) AS spans FROM ({calls}) GROUP BY tenant, t
            ) AS calls USING (tenant, t)
        ) AS touched LEFT JOIN ({marks}) AS marks USING (tenant, t)"
    )
}

/// Minutes with ends of calls, once for each bucket that such a minute is looked at for: those from so many seconds before the
/// bucket, `reached`, to so many after it.
fn calls_around(owned: &str, range: TimeRange, before: u64, after: u64) -> String {
    let (from, to) = seconds(range);
    let bucket = edges::BUCKET;
    let within = within("touched.t", from.saturating_sub(before), to + after);
    format!(
        "SELECT tenant, toInt64(toUnixTimestamp(touched.t)) AS minute, sum(touched.stamp) AS stamp,
            sum(touched.row_count) AS row_count,
            max(touched.keep_days) AS keep_days, min(touched.keep_days) AS first_keep_days,
            intDiv(minute, {bucket}) * {bucket} AS own,
            arrayJoin(arrayFilter(start -> minute + {before} >= start AND minute < start + {bucket} + {after},
                [own - {bucket}, own, own + {bucket}])) AS reached
        FROM touched WHERE {owned} AND source = 2 AND {within} GROUP BY tenant, minute"
    )
}

/// As [`minutes`], for hours. Those whose minutes are not all settled are left out: their time has not come.
fn hours(range: TimeRange, now: UnixNanos) -> String {
    let minutes = minutes("true", &[range], now);
    let marks = marks(Rollup::FunctionHours, "true", &[range]);
    let is_settled = is_settled(now);
    format!(
        "SELECT tenant, t, row_count, keep_days, touched.first_keep_days AS first_keep_days, false AS has_twins,
            touched.fingerprint AS fingerprint, revision, settled, {is_settled} AS is_settled
        FROM (
            SELECT tenant, toUInt32(intDiv(minute, 3600) * 3600) AS t, max(keep_days) AS keep_days,
                min(first_keep_days) AS first_keep_days, sum(row_count) AS row_count,
                sum(fingerprint) AS fingerprint
            FROM (SELECT * EXCEPT t, t AS minute FROM ({minutes}))
            GROUP BY tenant, t HAVING countIf(NOT is_settled) = 0
        ) AS touched LEFT JOIN ({marks}) AS marks USING (tenant, t)"
    )
}

/// The newest mark of each window that begins in one of these ranges.
pub(crate) fn marks(rollup: Rollup, owned: &str, ranges: &[TimeRange]) -> String {
    marks_in(rollup.table(), owned, ranges)
}

fn marks_in(table: &str, owned: &str, ranges: &[TimeRange]) -> String {
    let within = sql::any_of(ranges, |range| within_range(&format!("{table}.t"), range));
    format!(
        "SELECT tenant, toUnixTimestamp({table}.t) AS t, max({table}.revision) AS revision,
            argMax({table}.fingerprint, {table}.revision) AS fingerprint,
            argMax({table}.first_keep_days, {table}.revision) AS first_keep_days,
            toUnixTimestamp(argMax({table}.settled, {table}.revision)) AS settled
        FROM {table} WHERE mark = 1 AND {owned} AND {within} GROUP BY tenant, t"
    )
}

/// What data a window is computed from is what its mark says; or they have begun to reach the end of their retention, after
/// which what stands is all there is.
fn is_settled(now: UnixNanos) -> String {
    let now = now.0 / SECOND;
    format!(
        "(revision != 0 AND (touched.fingerprint = marks.fingerprint
            OR t + toUInt64(marks.first_keep_days) * 86400 <= {now}))"
    )
}

/// Windows as rows: what to compute and how to mark it.
pub(super) fn values(windows: &[Window], attempt: u32, now: UnixNanos) -> String {
    let rows: Vec<String> = windows
        .iter()
        .map(|window| {
            format!(
                "({}, {}, {}, {}, {}, {}, {})",
                sql::text(&window.tenant),
                window.seconds(),
                window.next_revision(attempt),
                window.fingerprint,
                window.keep_days,
                window.first_keep_days,
                now.0 / SECOND,
            )
        })
        .collect();
    format!(
        "(SELECT * FROM values('tenant String, t DateTime(\\'UTC\\'), revision UInt64, fingerprint UInt64,
            keep_days UInt16, first_keep_days UInt16, settled DateTime(\\'UTC\\')', {}))",
        rows.join(", ")
    )
}

/// From the earliest beginning to the latest end.
pub(super) fn hull(windows: &[Window], rollup: Rollup) -> TimeRange {
    let starts = windows.iter().map(|window| window.start);
    let from = starts.clone().min().unwrap_or_default();
    let to = starts.max().unwrap_or_default().plus(rollup.length());
    TimeRange { from, to }
}

/// `tenant IN (...)`.
pub(super) fn tenants(windows: &[Window]) -> String {
    let mut tenants: Vec<&str> = windows.iter().map(|window| &*window.tenant).collect();
    tenants.dedup();
    tenants.sort_unstable();
    tenants.dedup();
    format!("tenant IN {}", sql::texts(tenants))
}

/// `(tenant, start) IN (...)`, for an expression that gives the window's beginning.
pub(super) fn among(windows: &[Window], start: &str) -> String {
    let pairs: Vec<String> = windows
        .iter()
        .map(|window| {
            let tenant = sql::text(&window.tenant);
            format!("({tenant}, toDateTime({}, 'UTC'))", window.seconds())
        })
        .collect();
    format!("(tenant, {start}) IN ({})", pairs.join(", "))
}

/// A column of type `DateTime` in a range of Unix seconds.
pub(crate) fn within(column: &str, from: u64, to: u64) -> String {
    // Beyond 2106 the engine's DateTime ends.
    let (from, to) = (from.min(u64::from(u32::MAX)), to.min(u64::from(u32::MAX)));
    format!("{column} >= toDateTime({from}, 'UTC') AND {column} < toDateTime({to}, 'UTC')")
}

/// As [`within`], for a range.
pub(crate) fn within_range(column: &str, range: TimeRange) -> String {
    let (from, to) = seconds(range);
    within(column, from, to)
}

/// A column of type `DateTime`, the beginning of a window that lies in a range as a whole.
pub(crate) fn inside_range(column: &str, range: TimeRange, rollup: Rollup) -> String {
    let from = range.from.0.div_ceil(SECOND);
    let to = (range.to.0.saturating_sub(rollup.length().0)) / SECOND;
    within(column, from, to.saturating_add(1))
}

fn seconds(range: TimeRange) -> (u64, u64) {
    (range.from.0 / SECOND, range.to.0.div_ceil(SECOND))
}
