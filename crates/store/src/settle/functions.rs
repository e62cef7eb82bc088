//! Functions by the minute and by the hour, as SQL.
//!
//! The rows of a minute are computed in one way ([`Filed::rolled_up`]): by settle into `fn_1m`, and by the reader for minutes that
//! are not settled yet. So it does not matter for a number which of the two it came from.

use coldtrace_model::{FactSet, Nanos, TimeRange};

use super::{Rollup, SECOND, Window, windows};
use crate::lost;
use crate::reader::sql;

/// `facts` that a sandbox told itself.
pub(super) const FIRST_HAND: u8 = !FactSet::FROM_SPAN.0;
/// `facts` of an invocation that is known from a span alone.
pub(super) const FROM_SPAN: u8 = FactSet::FROM_SPAN.0;
/// How far apart, in seconds, the minutes of an invocation's two rows may be: a span starts within the invocation, which
/// lasts 15 minutes at most where there is an extension; the rest is for clocks.
pub(super) const TWINS_WITHIN: u64 = 20 * 60;

/// What tells rows of a window apart.
const DIMENSIONS: &str =
    "tenant, function, t, version, memory_bytes, runtime, architecture, platform, cold";
/// What is counted.
const MEASURES: &str = "n, errors, timeouts, ooms, duration_ns, billed_ns, init_ns, restore_ns, max_duration_ns, \
    max_memory_bytes, last_filed_ns, last_start_ns, duration_hist, init_hist, open_hist";
/// How rows add up to one.
const ADDED_UP: &str =
    "sum(n) AS n, sum(errors) AS errors, sum(timeouts) AS timeouts, sum(ooms) AS ooms,
    sum(duration_ns) AS duration_ns, sum(billed_ns) AS billed_ns, sum(init_ns) AS init_ns,
    sum(restore_ns) AS restore_ns, max(max_duration_ns) AS max_duration_ns,
    max(max_memory_bytes) AS max_memory_bytes, max(last_filed_ns) AS last_filed_ns,
    max(last_start_ns) AS last_start_ns, sumMap(duration_hist) AS duration_hist,
    sumMap(init_hist) AS init_hist, sumMap(open_hist) AS open_hist";

/// Invocations in the base table.
#[derive(Clone)]
pub(crate) struct Filed {
    /// Which rows: names tenant, bucket and `ts`.
    pub(crate) filter: String,
    /// If some of them may be known twice: the rows within [`TWINS_WITHIN`] of those, as a filter.
    pub(crate) around: Option<String>,
}

// === impl Filed ===

impl Filed {
    /// The rows of `fn_1m` that these invocations give, without what settle adds.
    pub(crate) fn rolled_up(&self) -> String {
        let merged = self.merged();
        let shown = self.shown();
        let (duration, init) = (bucket_of("filed.duration_ns"), bucket_of("filed.init_ns"));
        let (deadline, open) = (lost::minute_of("filed.deadline_unix_ns"), lost::OPEN);
        format!(
            "SELECT tenant, function, minute AS t, version, memory_bytes, runtime, architecture, platform, cold,
                count() AS n, countIf(outcome > 1) AS errors, countIf(outcome = 5) AS timeouts,
                countIf(outcome = 6) AS ooms, sum(filed.duration_ns) AS duration_ns,
                sum(filed.billed_ns) AS billed_ns, sum(filed.init_ns) AS init_ns,
                sum(filed.restore_ns) AS restore_ns, max(filed.duration_ns) AS max_duration_ns,
                max(filed.max_memory_bytes) AS max_memory_bytes, max(filed_ns) AS last_filed_ns,
                max(start_ns) AS last_start_ns,
                sumMapIf(map({duration}, toUInt64(1)), filed.duration_ns != 0) AS duration_hist,
                sumMapIf(map({init}, toUInt64(1)), filed.init_ns != 0) AS init_hist,
                sumMapIf(map({deadline}, toUInt64(1)), {open}) AS open_hist
            FROM ({merged}) AS filed WHERE {shown} GROUP BY {DIMENSIONS}"
        )
    }

    /// How many these are: `n` by `cold`.
    pub(crate) fn counts(&self) -> String {
        let (filter, shown) = (&self.filter, self.shown());
        format!(
            "SELECT cold, count() AS n FROM (
                SELECT tenant, request_id, toStartOfMinute(ts) AS minute, groupBitOr(facts) AS facts, max(cold) AS cold
                FROM invocations WHERE {filter} GROUP BY tenant, function, ts, request_id)
            WHERE {shown} GROUP BY cold"
        )
    }

    /// The requests of those that are over, each once of a function: `function`, `request_id`.
    pub(super) fn over(&self) -> String {
        let (filter, shown) = (&self.filter, self.shown());
        format!(
            "SELECT DISTINCT CAST(function, 'String') AS function, request_id FROM (
                SELECT tenant, function, request_id, toStartOfMinute(ts) AS minute, groupBitOr(facts) AS facts,
                    max(outcome) AS outcome
                FROM invocations WHERE {filter} GROUP BY tenant, function, ts, request_id)
            WHERE {shown} AND outcome != 0"
        )
    }

    /// Each invocation's facts merged into one, as the reader merges them.
    pub(super) fn merged(&self) -> String {
        format!(
            "SELECT tenant, function, ts, request_id, toStartOfMinute(ts) AS minute,
                toUInt64(toUnixTimestamp64Nano(ts)) AS filed_ns,
                groupBitOr(facts) AS facts, max(platform) AS platform, max(version) AS version,
                max(runtime) AS runtime, max(architecture) AS architecture,
                max(memory_bytes) AS memory_bytes, max(outcome) AS outcome, max(cold) AS cold,
                max(region) AS region, max(trigger) AS trigger, max(error_type) AS error_type,
                if(max(invocations.duration_ns) != 0, max(invocations.duration_ns),
                    max(runtime_duration_ns)) AS duration_ns,
                max(billed_ns) AS billed_ns, max(init_ns) AS init_ns, max(restore_ns) AS restore_ns,
                max(max_memory_bytes) AS max_memory_bytes, max(deadline_unix_ns) AS deadline_unix_ns,
                multiIf(max(platform_start_unix_ns) != 0, max(platform_start_unix_ns),
                    max(start_unix_ns) != 0, max(start_unix_ns), filed_ns) AS start_ns
            FROM invocations WHERE {} GROUP BY tenant, function, ts, request_id",
            self.filter
        )
    }

    /// Of merged rows, those that count: an invocation that its sandbox told of counts as that alone.
    pub(super) fn shown(&self) -> String {
        let Some(around) = &self.around else {
            return "true".to_owned();
        };
        let filter = &self.filter;
        let minutes = TWINS_WITHIN / 60;
        format!(
            "(facts != {FROM_SPAN} OR (tenant, request_id, minute) NOT IN (
                SELECT tenant, request_id,
                    arrayJoin(arrayMap(n -> toStartOfMinute(ts) + toIntervalMinute(n), range(-{minutes}, {minutes} + 1)))
                FROM invocations WHERE {around} AND bitAnd(facts, {FIRST_HAND}) != 0
                    AND (tenant, request_id) IN (
                        SELECT tenant, request_id FROM invocations WHERE {filter} AND facts = {FROM_SPAN})))"
        )
    }
}

/// Rows of `fn_1m` or `fn_1h` of their windows' newest revisions, for a filter on tenant and `t`, and perhaps one more.
pub(crate) fn rolled_up(rollup: Rollup, filter: &str, more: &str) -> String {
    newest(rollup, &format!("{DIMENSIONS}, {MEASURES}"), filter, more)
}

/// As [`rolled_up`], without what is not counted: `n` by `cold`.
pub(crate) fn counts(rollup: Rollup, filter: &str, more: &str) -> String {
    newest(rollup, "cold, n", filter, more)
}

fn newest(rollup: Rollup, columns: &str, filter: &str, more: &str) -> String {
    let table = rollup.table();
    format!(
        "SELECT {columns} FROM {table}
        WHERE mark = 0 AND {filter}{more} AND (tenant, t, revision) IN (
            SELECT tenant, t, max(revision) FROM {table} WHERE mark = 1 AND {filter} GROUP BY tenant, t)"
    )
}

/// Computes minutes and puts them in place.
pub(super) fn settle_minutes(settled: &[Window], values: &str) -> String {
    let owned = windows::tenants(settled);
    let hull = windows::hull(settled, Rollup::FunctionMinutes);
    let among = windows::among(settled, "toStartOfMinute(ts)");
    let has_twins = settled.iter().any(|window| window.has_twins);
    let filed = Filed {
        filter: format!("{owned} AND {} AND {among}", sql::within(hull)),
        around: has_twins.then(|| format!("{owned} AND {}", sql::within(twins_of(hull)))),
    };
    replace(Rollup::FunctionMinutes, &filed.rolled_up(), values)
}

/// Adds minutes up to hours and puts them in place.
pub(super) fn settle_hours(settled: &[Window], values: &str) -> String {
    let owned = windows::tenants(settled);
    let hull = windows::hull(settled, Rollup::FunctionHours);
    let among = windows::among(settled, "toStartOfHour(t)");
    let filter = format!(
        "{owned} AND {} AND {among}",
        windows::within_range("t", hull)
    );
    let minutes = rolled_up(Rollup::FunctionMinutes, &filter, "");
    let by_hour = DIMENSIONS.replace(" t,", " hour,");
    let hours = format!(
        "SELECT * EXCEPT hour, hour AS t FROM (
            SELECT {by_hour}, {ADDED_UP}
            FROM (SELECT * EXCEPT t, toStartOfHour(t) AS hour FROM ({minutes})) GROUP BY {by_hour})"
    );
    replace(Rollup::FunctionHours, &hours, values)
}

/// The range in which twins of a range's invocations may be filed.
pub(crate) fn twins_of(range: TimeRange) -> TimeRange {
    // A minute more: minutes are compared, not moments.
    let slack = Nanos((TWINS_WITHIN + 60) * SECOND);
    TimeRange {
        from: range.from.minus(slack),
        to: range.to.plus(slack),
    }
}

/// Inserts rows with the revision of their window, and the windows' marks.
fn replace(rollup: Rollup, rows: &str, values: &str) -> String {
    let table = rollup.table();
    let is_histogram = |name: &&str| name.ends_with("_hist");
    let nothing: Vec<String> = MEASURES
        .split(", ")
        .map(|name| match is_histogram(&name) {
            true => format!("map() AS {name}"),
            false => format!("0 AS {name}"),
        })
        .collect();
    let nothing = nothing.join(", ");
    format!(
        "INSERT INTO {table} (tenant, keep_days, mark, function, t, version, memory_bytes, runtime, architecture,
            platform, cold, {MEASURES}, revision, fingerprint, first_keep_days, settled)
        WITH windows AS {values}
        SELECT tenant, keep_days, 0 AS mark, function, t, version, memory_bytes, runtime, architecture, platform, cold,
            {MEASURES}, revision, toUInt64(0) AS fingerprint, 0 AS first_keep_days, toDateTime(0, 'UTC') AS settled
        FROM ({rows}) AS counted INNER JOIN (SELECT tenant, t, keep_days, revision FROM windows) AS windows USING (tenant, t)
        UNION ALL
        SELECT tenant, keep_days, 1 AS mark, '' AS function, t, '' AS version, 0 AS memory_bytes, '' AS runtime,
            0 AS architecture, 0 AS platform, 0 AS cold, {nothing}, revision, fingerprint, first_keep_days, settled
        FROM windows"
    )
}

/// The bucket of a length in a histogram, as `LogHistogram::index_of` gives it.
pub(super) fn bucket_of(nanos: &str) -> String {
    format!("toInt16(ceil(log2(greatest({nanos}, 1) / 1000) * 32))")
}
