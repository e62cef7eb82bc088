//! The sandboxes of one function: how each was made ready, what it served, which served nobody; and how many ran at once.
//!
//! Read from base tables, since no rollup tells sandboxes apart. Invariant: what is told of a sandbox is told of its
//! invocations of the range, and of its own preparation whenever that was.

use clickhouse::Row;
use coldtrace_model::{
    ByteSize, Cold, Nanos, Outcome, PhaseKind, RequestId, SandboxId, TimeRange, UnixNanos,
};
use serde::Deserialize;

use super::invocations::merged;
use super::{ReadError, Reader, sql};

/// Runs of a sandbox that are told one by one, the latest.
const RUNS: u32 = 300;
/// A sandbox is kept for some hours; one that was made ready for nobody may still be used behind the range.
const LONGEST_LIFE: Nanos = Nanos::from_millis(8 * 3_600_000);

/// When a merged invocation began, as [`InvocationRecord`](super::invocations::InvocationRecord) tells it.
const START: &str = "multiIf(platform_start_unix_ns != 0, platform_start_unix_ns, start_unix_ns != 0, start_unix_ns, filed_at)";

/// A sandbox with what it served in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxLifeline {
    /// Which.
    pub sandbox_id: SandboxId,
    /// The version that it runs; empty if not known.
    pub version: String,
    /// Configured memory; 0 if not known.
    pub memory: ByteSize,
    /// Which kind of start its first invocation of the range had.
    pub cold: Cold,
    /// Its preparation, where that was told: init or restore.
    pub prepared: Option<Preparation>,
    /// How many invocations.
    pub invocations: u64,
    /// How many failed.
    pub errors: u64,
    /// All their durations together.
    pub busy: Nanos,
    /// When the first began.
    pub first: UnixNanos,
    /// When the last ended, as far as that is known.
    pub last: UnixNanos,
    /// Most memory used after the first and after the last that told of it; 0 if none did.
    pub used: [ByteSize; 2],
    /// The latest of them, in order of time.
    pub runs: Vec<Run>,
}

/// How a sandbox was made ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preparation {
    /// Init or restore.
    pub kind: PhaseKind,
    /// When it began.
    pub start: UnixNanos,
    /// How long it took.
    pub duration: Nanos,
}

/// One invocation of a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its request.
    pub request_id: RequestId,
    /// When it began.
    pub start: UnixNanos,
    /// How long it took; 0 if not known.
    pub duration: Nanos,
    /// How it ended.
    pub outcome: Outcome,
}

/// Sandboxes that were made ready in a range and have served nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    /// How many.
    pub sandboxes: u64,
    /// Their preparation together: it is billed.
    pub prepared: Nanos,
}

/// Invocations that ran at once, in a step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// When the step begins.
    pub start: UnixNanos,
    /// The most at one moment.
    pub most: u32,
}

#[derive(Row, Deserialize)]
struct LifelineRow {
    sandbox_id: String,
    version: String,
    memory: u64,
    cold: u8,
    invocations: u64,
    errors: u64,
    busy: u64,
    first: u64,
    last: u64,
    used: Vec<u64>,
    runs: Vec<(u64, u64, u8, String)>,
}

#[derive(Row, Deserialize)]
struct PreparationRow {
    sandbox_id: String,
    kind: u8,
    start: u64,
    duration: u64,
}

#[derive(Row, Deserialize)]
struct UnusedRow {
    sandboxes: u64,
    prepared: u64,
}

#[derive(Row, Deserialize)]
struct CountRow {
    sandboxes: u64,
}

#[derive(Row, Deserialize)]
struct ConcurrencyRow {
    step: u64,
    most: i64,
    remaining: i64,
}

impl Reader {
    /// The sandboxes of a function that served somebody in the range, those that were used last first, at most so many; and how
    /// many there are in all.
    pub async fn sandboxes(
        &self,
        function: &str,
        range: TimeRange,
        limit: u32,
    ) -> Result<(Vec<SandboxLifeline>, u64), ReadError> {
        let (owned, within) = (self.owned(), sql::within(range));
        let rows = format!(
            "FROM invocations WHERE {owned} AND function = {} AND {within}",
            sql::text(function)
        );
        let chosen = format!(
            "SELECT sandbox_id {rows} AND sandbox_id != '' GROUP BY sandbox_id ORDER BY max(ts) DESC, sandbox_id LIMIT {limit}"
        );
        let only = format!(
            "function = {} AND (ts, request_id) IN (SELECT ts, request_id {rows} AND sandbox_id IN ({chosen}))",
            sql::text(function)
        );
        let merged = merged(&owned, range, Some(&only), self.now());
        let lifelines = format!(
            "SELECT sandbox_id, argMin(version, start) AS version, max(memory_bytes) AS memory, argMin(cold, start) AS cold,
                count() AS invocations, countIf(outcome > 1) AS errors, sum(duration_ns) AS busy,
                min(start) AS first, max(start + duration_ns) AS last,
                [argMinIf(max_memory_bytes, start, max_memory_bytes != 0), argMaxIf(max_memory_bytes, start, max_memory_bytes != 0)] AS used,
                arraySlice(arraySort(groupArray((start, duration_ns, outcome, request_id))), -{RUNS}) AS runs
            FROM (
                SELECT *, {START} AS start
                FROM ({merged}) WHERE sandbox_id != ''
            )
            GROUP BY sandbox_id ORDER BY last DESC, sandbox_id LIMIT {limit}"
        );
        let count =
            format!("SELECT uniqExact(sandbox_id) AS sandboxes {rows} AND sandbox_id != ''");
        let (lifelines, count) = tokio::try_join!(
            self.rows::<LifelineRow>(&lifelines),
            self.row::<CountRow>(&count)
        )?;
        let mut sandboxes: Vec<SandboxLifeline> = lifelines
            .into_iter()
            .filter_map(LifelineRow::into_lifeline)
            .collect();
        self.lend_preparations(function, range, &mut sandboxes)
            .await?;
        Ok((sandboxes, count.sandboxes))
    }

    async fn lend_preparations(
        &self,
        function: &str,
        range: TimeRange,
        sandboxes: &mut [SandboxLifeline],
    ) -> Result<(), ReadError> {
        if sandboxes.is_empty() {
            return Ok(());
        }
        let around = TimeRange {
            from: range.from.minus(LONGEST_LIFE),
            to: range.to,
        };
        let ids = sandboxes.iter().map(|one| one.sandbox_id.as_str());
        let rows: Vec<PreparationRow> = self
            .rows(&format!(
                "SELECT sandbox_id, argMin(p.kind, p.ts) AS kind, min(toUInt64(toUnixTimestamp64Nano(ts))) AS start,
                    argMin(p.duration_ns, p.ts) AS duration
                FROM phases AS p WHERE {} AND function = {} AND {} AND p.kind IN ({}, {}) AND sandbox_id IN {}
                GROUP BY sandbox_id",
                self.owned(),
                sql::text(function),
                sql::within_moments(around),
                PhaseKind::Init.number(),
                PhaseKind::Restore.number(),
                sql::texts(ids)
            ))
            .await?;
        for row in rows {
            let of = |one: &&mut SandboxLifeline| one.sandbox_id.as_str() == row.sandbox_id;
            if let Some(sandbox) = sandboxes.iter_mut().find(of) {
                sandbox.prepared = PhaseKind::from_number(row.kind).map(|kind| Preparation {
                    kind,
                    start: UnixNanos(row.start),
                    duration: Nanos(row.duration),
                });
            }
        }
        Ok(())
    }

    /// What of a function was made ready in the range and has served nobody so far: in provisioned concurrency, ahead of need, or
    /// in vain.
    pub async fn unused_sandboxes(
        &self,
        function: &str,
        range: TimeRange,
    ) -> Result<Unused, ReadError> {
        let (owned, function) = (self.owned(), sql::text(function));
        let served = TimeRange {
            from: range.from.minus(Nanos::from_millis(60_000)),
            to: range.to.plus(LONGEST_LIFE),
        };
        let row: UnusedRow = self
            .row(&format!(
                "SELECT count() AS sandboxes, sum(took) AS prepared FROM (
                    SELECT sandbox_id, max(duration_ns) AS took FROM phases
                    WHERE {owned} AND function = {function} AND {} AND kind = {} AND sandbox_id != ''
                    GROUP BY sandbox_id)
                WHERE sandbox_id NOT IN (
                    SELECT sandbox_id FROM invocations WHERE {owned} AND function = {function} AND {})",
                sql::within_moments(range),
                PhaseKind::Init.number(),
                sql::within(served)
            ))
            .await?;
        Ok(Unused {
            sandboxes: row.sandboxes,
            prepared: Nanos(row.prepared),
        })
    }

    /// How many invocations of a function ran at once, at most, in each step of the range; of those that were filed in it. Each
    /// invocation is looked at: not for a million of them.
    pub async fn concurrency(
        &self,
        function: &str,
        range: TimeRange,
        step: Nanos,
    ) -> Result<Vec<Concurrency>, ReadError> {
        let only = format!("function = {}", sql::text(function));
        let merged = merged(&self.owned(), range, Some(&only), self.now());
        let step = step.0.max(1);
        // What ends at a moment is over when another begins at it.
        let rows: Vec<ConcurrencyRow> = self
            .rows(&format!(
                "SELECT intDiv(at, {step}) AS step, max(running) AS most, argMax(running, place) AS remaining
                FROM (
                    SELECT event.1 AS at, sum(event.2) OVER w AS running, row_number() OVER w AS place
                    FROM (
                        SELECT arrayJoin([(start, toInt64(1)), (start + duration_ns, toInt64(-1))]) AS event
                        FROM (
                            SELECT {START} AS start, duration_ns
                            FROM ({merged}) WHERE duration_ns != 0
                        )
                    )
                    WINDOW w AS (ORDER BY event.1, event.2 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                )
                GROUP BY step ORDER BY step"
            ))
            .await?;
        Ok(filled(&rows, step))
    }
}

/// Steps in which nothing began or ended have as many as were left before.
fn filled(rows: &[ConcurrencyRow], step: u64) -> Vec<Concurrency> {
    let point = |step_number: u64, most: i64| Concurrency {
        start: UnixNanos(step_number.saturating_mul(step)),
        most: u32::try_from(most.max(0)).unwrap_or(u32::MAX),
    };
    let mut points = Vec::with_capacity(rows.len());
    let mut before: Option<&ConcurrencyRow> = None;
    for row in rows {
        if let Some(before) = before.filter(|before| before.remaining > 0) {
            let between = before.step + 1..row.step;
            points.extend(between.map(|between| point(between, before.remaining)));
        }
        let left = before.map_or(0, |before| before.remaining);
        points.push(point(row.step, row.most.max(left)));
        before = Some(row);
    }
    points
}

// === impl LifelineRow ===

impl LifelineRow {
    fn into_lifeline(self) -> Option<SandboxLifeline> {
        let runs = self.runs.into_iter();
        let runs = runs.filter_map(|(start, duration, outcome, request_id)| {
            Some(Run {
                request_id: RequestId::parse(&request_id).ok()?,
                start: UnixNanos(start),
                duration: Nanos(duration),
                outcome: Outcome::from_number(outcome).unwrap_or_default(),
            })
        });
        Some(SandboxLifeline {
            sandbox_id: SandboxId::parse(&self.sandbox_id).ok()?,
            version: self.version,
            memory: ByteSize(self.memory),
            cold: Cold::from_number(self.cold).unwrap_or_default(),
            prepared: None,
            invocations: self.invocations,
            errors: self.errors,
            busy: Nanos(self.busy),
            first: UnixNanos(self.first),
            last: UnixNanos(self.last),
            used: <[u64; 2]>::try_from(self.used).ok()?.map(ByteSize),
            runs: runs.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_between_have_what_was_left() {
        let row = |step, most, remaining| ConcurrencyRow {
            step,
            most,
            remaining,
        };
        let told = filled(&[row(10, 3, 2), row(13, 1, 0), row(20, 1, 0)], 60);
        let told: Vec<(u64, u32)> = told.iter().map(|it| (it.start.0 / 60, it.most)).collect();
        assert_eq!(told, [(10, 3), (11, 2), (12, 2), (13, 2), (20, 1)]);
    }
}
