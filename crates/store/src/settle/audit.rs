//! Derived tables against what they are derived from: for tests, and for whoever doubts.
//!
//! The direct side is written as plainly as can be and shares nothing with the statements that settle, but for the bucket of
//! a histogram.

use coldtrace_model::{TimeRange, UnixNanos};

use super::functions::{FIRST_HAND, FROM_SPAN, TWINS_WITHIN, bucket_of};
use super::{Rollup, Settler, edges, errors, features, functions, windows};
use crate::reader::{ReadError, sql};

/// The columns of a function's row, histograms as sorted lists.
const FUNCTION: &str = "tenant, function, t, version, memory_bytes, runtime, architecture, platform, cold, n, errors, \
    timeouts, ooms, duration_ns, billed_ns, init_ns, restore_ns, max_duration_ns, max_memory_bytes, \
    last_filed_ns, last_start_ns, durations, inits, opens";
/// The columns of an edge's row.
const EDGE: &str = "tenant, t, src, dst, kind, n, errors, duration_ns, durations";
/// The columns of an invocation's row.
const FEATURES: &str =
    "tenant, t, function, ts, request_id, duration_ns, outcome, cold, version, memory_bytes, items";
/// The columns of a group's row.
const ERRORS: &str = "tenant, t, function, id, deadline_minute, type, message, seen, outcome, n, cold, by_version, first_version, \
    first_ns, last_ns, examples";

impl Settler {
    /// What a derived table holds of its settled windows in a range, other than a plain GROUP BY over the base tables
    /// gives: a line for each row that stands on one side only. Reads everything in the range, so it is not for large
    /// data; and a bucket of edges that is a sample differs.
    pub async fn differences(
        &self,
        rollup: Rollup,
        range: TimeRange,
        now: UnixNanos,
    ) -> Result<Vec<String>, ReadError> {
        let (columns, derived, direct) = match rollup {
            Rollup::FunctionMinutes | Rollup::FunctionHours => (
                FUNCTION,
                derived_functions(rollup, range),
                direct_functions(rollup, range),
            ),
            Rollup::EdgeBuckets => (EDGE, derived_edges(range), direct_edges(range)),
            Rollup::Features => (FEATURES, derived_features(range), direct_features(range)),
            Rollup::ErrorGroups => (ERRORS, derived_errors(range), direct_errors(range)),
        };
        let states = windows::states(rollup, range, now);
        let start = start_of(rollup, "t");
        self.rows(&format!(
            "SELECT concat(if(any(side) = 1, 'derived: ', 'direct: '), row) FROM (
                SELECT side, trimRight(formatRow('CSV', {columns}), '\\n') AS row
                FROM (SELECT 1 AS side, {columns} FROM ({derived}) UNION ALL SELECT 2 AS side, {columns} FROM ({direct}))
                WHERE (tenant, toUnixTimestamp({start})) IN (SELECT tenant, t FROM ({states}) WHERE is_settled)
            )
            GROUP BY row HAVING uniqExact(side) != 2 ORDER BY row"
        ))
        .await
    }
}

fn derived_functions(rollup: Rollup, range: TimeRange) -> String {
    let rows = functions::rolled_up(rollup, &windows::within_range("t", range), "");
    let (durations, inits) = (sorted("duration_hist"), sorted("init_hist"));
    let opens = "arraySort(CAST(open_hist, 'Array(Tuple(UInt32, UInt64))'))";
    format!("SELECT *, {durations} AS durations, {inits} AS inits, {opens} AS opens FROM ({rows})")
}

fn direct_functions(rollup: Rollup, range: TimeRange) -> String {
    let within = sql::within(range);
    let start = start_of(rollup, "ts");
    let (duration, init) = (bucket_of("duration"), bucket_of("i.init_ns"));
    let (durations, inits, opens) = (counted("durations"), counted("inits"), counted("opens"));
    let shown = shown();
    format!(
        "SELECT * REPLACE ({durations} AS durations, {inits} AS inits, {opens} AS opens) FROM (
            SELECT tenant, function, start AS t, version, memory_bytes, runtime, architecture, platform, cold,
                count() AS n, countIf(outcome > 1) AS errors, countIf(outcome = 5) AS timeouts,
                countIf(outcome = 6) AS ooms, sum(duration) AS duration_ns, sum(i.billed_ns) AS billed_ns,
                sum(i.init_ns) AS init_ns, sum(i.restore_ns) AS restore_ns, max(duration) AS max_duration_ns,
                max(i.max_memory_bytes) AS max_memory_bytes, max(filed) AS last_filed_ns,
                max(began) AS last_start_ns, groupArrayIf({duration}, duration != 0) AS durations,
                groupArrayIf({init}, i.init_ns != 0) AS inits,
                groupArrayIf(toUInt32(intDiv(i.deadline_unix_ns, 60000000000)), outcome = 0 AND i.deadline_unix_ns != 0) AS opens
            FROM (
                SELECT *, {start} AS start, toUInt64(toUnixTimestamp64Nano(ts)) AS filed,
                    if(invocations.duration_ns != 0, invocations.duration_ns, runtime_duration_ns) AS duration,
                    multiIf(platform_start_unix_ns != 0, platform_start_unix_ns,
                        start_unix_ns != 0, start_unix_ns, filed) AS began
                FROM invocations FINAL WHERE {within}
            ) AS i
            WHERE {shown}
            GROUP BY ALL)"
    )
}

/// Of merged rows, those that count.
fn shown() -> String {
    let minutes = TWINS_WITHIN / 60;
    format!(
        "facts != {FROM_SPAN} OR (tenant, request_id, ts) NOT IN (
                SELECT derived.tenant, derived.request_id, derived.ts
                FROM (SELECT tenant, request_id, ts FROM invocations WHERE facts = {FROM_SPAN}) AS derived
                INNER JOIN (SELECT tenant, request_id, ts FROM invocations WHERE bitAnd(facts, {FIRST_HAND}) != 0) AS told
                    ON derived.tenant = told.tenant AND derived.request_id = told.request_id
                WHERE abs(dateDiff('minute', derived.ts, told.ts)) <= {minutes})"
    )
}

fn derived_edges(range: TimeRange) -> String {
    let rows = edges::rolled_up(&windows::within_range("t", range));
    let durations = sorted("duration_hist");
    format!("SELECT *, {durations} AS durations FROM ({rows})")
}

fn direct_edges(range: TimeRange) -> String {
    let within = sql::within(range);
    let (before, after) = (edges::CALLERS_BEFORE, edges::BUCKET + edges::CALLERS_AFTER);
    let bucket = bucket_of("duration");
    let durations = counted("durations");
    format!(
        "SELECT * REPLACE ({durations} AS durations) FROM (
            SELECT tenant, toStartOfMinute(ts) AS t, src, dst, edge AS kind, count() AS n, countIf(failed) AS errors,
                sum(duration) AS duration_ns, groupArray({bucket}) AS durations
            FROM (
                SELECT DISTINCT callee.tenant AS tenant, callee.ts AS ts, callee.trace_id, callee.span_id,
                    caller.service AS src, callee.service AS dst, if(callee.kind = 2, 1, 2) AS edge,
                    callee.status = 2 OR caller.status = 2 AS failed,
                    toUInt64(greatest(if(callee.kind = 2, caller.duration_ns, callee.duration_ns), 0)) AS duration
                FROM (SELECT * FROM spans WHERE {within} AND kind IN (2, 5)) AS callee
                INNER JOIN (SELECT * FROM spans WHERE kind IN (3, 4)) AS caller
                    ON callee.tenant = caller.tenant AND callee.trace_id = caller.trace_id
                        AND callee.parent_span_id = caller.span_id
                WHERE callee.service != caller.service
                    AND caller.ts >= toStartOfFiveMinutes(callee.ts) - toIntervalSecond({before})
                    AND caller.ts < toStartOfFiveMinutes(callee.ts) + toIntervalSecond({after})
            )
            GROUP BY ALL)"
    )
}

fn derived_features(range: TimeRange) -> String {
    let within = windows::within_range("t", range);
    format!(
        "SELECT {FEATURES} FROM features WHERE mark = 0 AND {within} AND (tenant, t, revision) IN (
            SELECT tenant, t, max(revision) FROM features WHERE mark = 1 AND {within} GROUP BY tenant, t)"
    )
}

fn direct_features(range: TimeRange) -> String {
    let (within, shown) = (sql::within(range), shown());
    let own = features::own_pairs();
    let item = features::item_of("key", "value");
    let (before, after) = (features::SPANS_BEFORE, features::SPANS_AFTER);
    let ended = format!(
        "SELECT *, toStartOfFiveMinutes(ts) AS t,
            if(invocations.duration_ns != 0, invocations.duration_ns, runtime_duration_ns) AS duration
        FROM invocations FINAL WHERE {within} AND ({shown}) AND outcome != 0"
    );
    format!(
        "SELECT tenant, t, function, ts, request_id, duration_ns, outcome, cold, version, memory_bytes,
            arraySort(groupArray({item})) AS items
        FROM (
            SELECT *, count() OVER of_key AS n, uniqExact(value) OVER of_key AS distinct_values
            FROM (
                SELECT DISTINCT tenant, t, function, ts, request_id, duration AS duration_ns, outcome, cold, version, memory_bytes,
                    pair.1 AS key, pair.2 AS value
                FROM (
                    SELECT *, {own} AS pairs FROM ({ended})
                    UNION ALL
                    SELECT ended.*, arrayConcat([('name', CAST(name, 'String'))],
                        arrayMap((key, value) -> (concat('span.', key), value), mapKeys(attrs), mapValues(attrs))) AS pairs
                    FROM ({ended}) AS ended INNER JOIN (
                        SELECT tenant, ts, name, attrs, if(request_id != '', request_id,
                            concat(lower(hex(trace_id)), ':', lower(hex(span_id)))) AS request
                        FROM spans WHERE kind IN (2, 5)
                    ) AS spans ON ended.tenant = spans.tenant AND ended.request_id = spans.request
                    WHERE spans.ts >= ended.ts - toIntervalSecond({before}) AND spans.ts < ended.ts + toIntervalSecond({after})
                ) ARRAY JOIN pairs AS pair
                WHERE length(value) BETWEEN 1 AND 200
            )
            WINDOW of_key AS (PARTITION BY tenant, t, function, key)
        )
        WHERE n <= 20 OR distinct_values * 2 <= n
        GROUP BY tenant, t, function, ts, request_id, duration_ns, outcome, cold, version, memory_bytes"
    )
}

fn derived_errors(range: TimeRange) -> String {
    let within = windows::within_range("t", range);
    format!(
        "SELECT *, arraySort(CAST(versions, 'Array(Tuple(String, UInt64))')) AS by_version
        FROM error_groups WHERE mark = 0 AND {within} AND (tenant, t, revision) IN (
            SELECT tenant, t, max(revision) FROM error_groups WHERE mark = 1 AND {within} GROUP BY tenant, t)"
    )
}

/// As long as no function has too many groups in a window, no group too many versions, and no request too many failed spans. What
/// texts come to is shared: it has tests of its own.
fn direct_errors(range: TimeRange) -> String {
    let (within, shown) = (sql::within(range), shown());
    let (before, after) = (features::SPANS_BEFORE, features::SPANS_AFTER);
    let (kind, message) = (errors::span_type(), errors::span_message());
    let filed = format!("SELECT * FROM invocations FINAL WHERE {within} AND ({shown})");
    let told = format!(
        "SELECT tenant, function, ts, request_id, count() AS answers, argMin((kind_of, words), (words = '', at, id)) AS first
        FROM (
            SELECT filed.tenant AS tenant, filed.function AS function, filed.ts AS ts, filed.request_id AS request_id,
                failed.ts AS at, span_id AS id, kind_of, words
            FROM ({filed}) AS filed
            INNER JOIN (SELECT *, {kind} AS kind_of, {message} AS words FROM spans
                WHERE kind IN (2, 5) AND status = 2 AND phase = '') AS failed
                ON filed.tenant = failed.tenant AND filed.request_id = if(failed.request_id != '', failed.request_id,
                    concat(lower(hex(failed.trace_id)), ':', lower(hex(failed.span_id))))
            WHERE at >= filed.ts - toIntervalSecond({before}) AND at < filed.ts + toIntervalSecond({after})
        ) GROUP BY tenant, function, ts, request_id"
    );
    let known = format!(
        "SELECT tenant, function, toStartOfFiveMinutes(ts) AS t, ts, toUInt64(toUnixTimestamp64Nano(ts)) AS filed_ns, request_id,
            version, cold, error_type, answers = 0 AND filed.outcome = 0 AND deadline_unix_ns != 0 AS is_open,
            if(is_open, toUInt32(intDiv(deadline_unix_ns, 60000000000)), 0) AS deadline_minute,
            if(is_open, 7, filed.outcome) AS outcome, if(filed.outcome < 3, first.1, '') AS told_type,
            if(filed.outcome < 3, first.2, '') AS told_message
        FROM ({filed}) AS filed LEFT JOIN ({told}) AS told USING (tenant, function, ts, request_id)
        WHERE filed.outcome > 1 OR answers > 0 OR is_open"
    );
    let errors = errors::worded(&known);
    format!(
        "SELECT tenant, t, function, own_id AS id, deadline_minute, type, message,
            argMin(error.seen, (cityHash64(request_id), filed_ns)) AS seen, max(error.outcome) AS outcome, count() AS n,
            countIf(error.cold IN (1, 3, 4)) AS cold,
            arraySort(arrayMap(one -> (one, countEqual(groupArray(version), one)), arrayDistinct(groupArray(version)))) AS by_version,
            argMin(version, (filed_ns, cityHash64(request_id))) AS first_version, min(filed_ns) AS first_ns, max(filed_ns) AS last_ns,
            arraySlice(arrayDistinct(arraySlice(arraySort(groupArray((cityHash64(request_id), request_id))), 1, 9)), 1, 3) AS examples
        FROM ({errors}) AS error
        GROUP BY tenant, t, function, own_id, deadline_minute, type, message"
    )
}

/// When a row's window began.
fn start_of(rollup: Rollup, time: &str) -> String {
    match rollup {
        Rollup::FunctionMinutes => format!("toStartOfMinute({time})"),
        Rollup::FunctionHours => format!("toStartOfHour({time})"),
        Rollup::EdgeBuckets | Rollup::Features | Rollup::ErrorGroups => {
            format!("toStartOfFiveMinutes({time})")
        }
    }
}

/// A histogram as a sorted list of buckets and counts.
fn sorted(histogram: &str) -> String {
    format!("arraySort(CAST({histogram}, 'Array(Tuple(Int16, UInt64))'))")
}

/// The same from a list with an entry for each length.
fn counted(buckets: &str) -> String {
    format!(
        "arraySort(arrayMap(index -> (index, countEqual({buckets}, index)), arrayDistinct({buckets})))"
    )
}
