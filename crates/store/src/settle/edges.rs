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
    /// The rows of `edges_1m` that these calls give, without what settle adds.
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
            "{callees} AND spans.kind IN (2, 5) AND spans.parent_span_id != toFixedString('', 8){sample}"
        );
        let bucket = bucket_of("duration");
        format!(
            "SELECT tenant, minute AS t, src, dst, edge AS kind,
                count() * {sampled} AS n, countIf(failed) * {sampled} AS errors, sum(duration) * {sampled} AS duration_ns,
                sumMap(map({bucket}, toUInt64({sampled}))) AS duration_hist
            FROM (
                SELECT tenant, minute, callers.service AS src, callees.service AS dst,
                    if(callees.kind = 2, 1, 2) AS edge,
                    callees.status = 2 OR callers.status = 2 AS failed,
                    toUInt64(greatest(if(callees.kind = 2, callers.duration_ns, callees.duration_ns), 0)) AS duration
                FROM (
                    SELECT tenant, trace_id, span_id, any(parent_span_id) AS parent_span_id, min(ts) AS at,
                        toStartOfMinute(at) AS minute, toStartOfFiveMinutes(at) AS five, any(service) AS service,
                        any(kind) AS kind, max(status) AS status, max(spans.duration_ns) AS duration_ns
                    FROM spans WHERE {called} GROUP BY tenant, trace_id, span_id
                ) AS callees INNER JOIN (
                    SELECT tenant, trace_id, span_id, min(ts) AS at, any(service) AS service,
                        max(status) AS status, max(spans.duration_ns) AS duration_ns
                    FROM spans WHERE {callers} AND spans.kind IN (3, 4){sample}
                        AND (tenant, trace_id) IN (SELECT tenant, trace_id FROM spans WHERE {called})
                    GROUP BY tenant, trace_id, span_id
                ) AS callers
                ON callees.tenant = callers.tenant AND callees.trace_id = callers.trace_id
                    AND callees.parent_span_id = callers.span_id
                WHERE src != dst AND callers.at >= five - toIntervalSecond({CALLERS_BEFORE})
                    AND callers.at < five + toIntervalSecond({BUCKET} + {CALLERS_AFTER})
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
