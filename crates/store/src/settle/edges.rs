//! Who called whom, as SQL: a client's span whose child is a server's span in another service, and the same for messages.
//!
//! A call counts in the minute in which its callee began. Its caller's span is looked for in the callee's bucket of five
//! minutes, the one before and a minute after: what waited longer in a queue is not found. Spans that came twice count
//! once.

use coldtrace_model::{Nanos, TimeRange};

use super::functions::bucket_of;
use super::{Rollup, SECOND, Window, windows};
use crate::reader::sql;

/// In seconds: the base table's buckets.
pub(crate) const BUCKET: u64 = 300;
/// In seconds, how long before its callee's bucket a caller's span may begin.
pub(super) const CALLERS_BEFORE: u64 = 300;
/// In seconds, how long after it, by clocks that differ.
pub(super) const CALLERS_AFTER: u64 = 60;

/// Ends of calls that one statement looks at: the join holds them in memory. Where there are more, a sample of traces is
/// taken, which at this size tells shares to a fraction of a percent.
const MOST_ENDS: u64 = 1_000_000;

/// Calls in the base table.
pub(crate) struct Calls {
    /// Which callees: names tenant, bucket and `ts`.
    pub(crate) callees: String,
    /// The rows among which their callers are.
    pub(crate) callers: String,
    /// One trace in so many is looked at.
    pub(crate) sampled: u64,
}

// === impl Calls ===

impl Calls {
    /// The rows of `edges_1m` that these calls give, without what settle adds. Joined by one hash of 128 bits, which costs half
    /// of a join by tenant, trace and span. A callee without its caller has one of 1970, which the filter on time drops:
    /// ANY INNER JOIN would give each caller one callee.
    pub(crate) fn rolled_up(&self) -> String {
        let Self {
            callees,
            callers,
            sampled,
        } = self;
        let sample = match sampled {
            1 => String::new(),
            sampled => format!(" AND cityHash64(trace_id) % {sampled} = 0"),
        };
        let called = format!(
            "{callees} AND kind IN (2, 5) AND parent_span_id != toFixedString('', 8){sample}"
        );
        let bucket = bucket_of("duration");
        format!(
            "SELECT tenant, minute AS t, src, dst, edge AS kind,
                count() * {sampled} AS n, countIf(failed) * {sampled} AS errors, sum(duration) * {sampled} AS duration_ns,
                sumMap(map({bucket}, toUInt64({sampled}))) AS duration_hist
            FROM (
                SELECT tenant, toStartOfMinute(callees.ts) AS minute, toStartOfFiveMinutes(callees.ts) AS five,
                    callers.service AS src, callees.service AS dst, if(callees.kind = 2, 1, 2) AS edge,
                    callees.status = 2 OR callers.status = 2 AS failed,
                    toUInt64(greatest(if(callees.kind = 2, callers.duration_ns, callees.duration_ns), 0)) AS duration
                FROM (
                    SELECT tenant, ts, service, kind, status, duration_ns,
                        sipHash128(tenant, trace_id, span_id) AS own,
                        sipHash128(tenant, trace_id, parent_span_id) AS caller
                    FROM spans WHERE {called}
                ) AS callees ANY LEFT JOIN (
                    SELECT ts, service, status, duration_ns, sipHash128(tenant, trace_id, span_id) AS own
                    FROM spans WHERE {callers} AND kind IN (3, 4){sample}
                ) AS callers ON callees.caller = callers.own
                WHERE src != dst AND callers.ts >= five - toIntervalSecond({CALLERS_BEFORE})
                    AND callers.ts < five + toIntervalSecond({BUCKET} + {CALLERS_AFTER})
                LIMIT 1 BY callees.own
            )
            GROUP BY tenant, t, src, dst, kind"
        )
    }
}

/// Computes buckets and puts them in place.
pub(super) fn settle(settled: &[Window], values: &str) -> String {
    let owned = windows::tenants(settled);
    let hull = windows::hull(settled, Rollup::EdgeBuckets);
    let among = windows::among(settled, "bucket");
    let ends: u64 = settled.iter().map(|window| window.row_count).sum();
    let calls = Calls {
        callees: format!("{owned} AND {} AND {among}", sql::within(hull)),
        callers: format!("{owned} AND {}", sql::within(callers_of(hull))),
        sampled: sampled(ends),
    };
    let rows = calls.rolled_up();
    let sampled = calls.sampled;
    format!(
        "INSERT INTO edges_1m (tenant, keep_days, mark, t, src, dst, kind, n, errors, duration_ns, duration_hist,
            revision, fingerprint, first_keep_days, settled, sampled)
        WITH windows AS {values}
        SELECT tenant, keep_days, 0 AS mark, minute AS t, src, dst, kind, n, errors, duration_ns, duration_hist,
            revision, toUInt64(0) AS fingerprint, 0 AS first_keep_days, toDateTime(0, 'UTC') AS settled, 0 AS sampled
        FROM (SELECT *, toStartOfFiveMinutes(minute) AS t FROM (SELECT * EXCEPT t, t AS minute FROM ({rows}))) AS counted
            INNER JOIN (SELECT tenant, t, keep_days, revision FROM windows) AS windows USING (tenant, t)
        UNION ALL
        SELECT tenant, keep_days, 1 AS mark, t, '' AS src, '' AS dst, 0 AS kind, 0 AS n, 0 AS errors,
            0 AS duration_ns, map() AS duration_hist, revision, fingerprint, first_keep_days, settled, {sampled} AS sampled
        FROM windows"
    )
}

/// Of how many traces one is looked at where there are so many ends of calls.
pub(crate) fn sampled(ends: u64) -> u64 {
    ends.div_ceil(MOST_ENDS).max(1)
}

/// The range in which callers of a range of whole buckets are looked for.
pub(crate) fn callers_of(range: TimeRange) -> TimeRange {
    TimeRange {
        from: range.from.minus(Nanos(CALLERS_BEFORE * SECOND)),
        to: range.to.plus(Nanos(CALLERS_AFTER * SECOND)),
    }
}

/// Rows of `edges_1m` of their buckets' newest revisions, for a filter on tenant and `t`.
pub(crate) fn rolled_up(filter: &str) -> String {
    format!(
        "SELECT tenant, t, src, dst, kind, n, errors, duration_ns, duration_hist FROM edges_1m
        WHERE mark = 0 AND {filter} AND (tenant, toStartOfFiveMinutes(t), revision) IN (
            SELECT tenant, t, max(revision) FROM edges_1m WHERE mark = 1 AND {filter} GROUP BY tenant, t)"
    )
}
