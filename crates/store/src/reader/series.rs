//! What one function did over time: for charts, percentiles, heatmaps and objectives.

use clickhouse::Row;
use coldtrace_model::{ByteSize, LogHistogram, Nanos, TimeRange, UnixNanos};
use serde::Deserialize;

use super::rollups::{AT_ONCE, Coarsest, counts};
use super::sql::SECOND;
use super::{ReadError, Reader, sql};

/// A function in a step of time.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionPoint {
    /// When the step begins.
    pub start: UnixNanos,
    /// How many invocations.
    pub invocations: u64,
    /// How many waited for a start of their sandbox.
    pub cold_starts: u64,
    /// How many failed, timeouts, out-of-memory and lost ones included.
    pub errors: u64,
    /// How many timed out.
    pub timeouts: u64,
    /// How many ran out of memory.
    pub ooms: u64,
    /// How many were never heard of again.
    pub lost: u64,
    /// All their durations together.
    pub duration: Nanos,
    /// All that was billed.
    pub billed: Nanos,
    /// The longest.
    pub max: Nanos,
    /// Most memory that one used.
    pub max_memory: ByteSize,
    /// How the known durations spread.
    pub durations: LogHistogram,
    /// How the inits that were waited for spread.
    pub inits: LogHistogram,
}

#[derive(Row, Deserialize)]
struct PointRow {
    start: u32,
    invocations: u64,
    cold_starts: u64,
    errors: u64,
    timeouts: u64,
    ooms: u64,
    lost: u64,
    max: u64,
    durations: Vec<(i16, u64)>,
    inits: Vec<(i16, u64)>,
    duration: u64,
    billed: u64,
    max_memory: u64,
}

impl Reader {
    /// A function's steps in the range that have invocations, the earliest first. The step is of whole minutes; one of whole
    /// hours is read from hours.
    pub async fn function_series(
        &self,
        function: &str,
        range: TimeRange,
        step: Nanos,
    ) -> Result<Vec<FunctionPoint>, ReadError> {
        let (seconds, coarsest) = Coarsest::of_step(step);
        let only = format!(" AND function = {}", sql::text(function));
        let counted = self.function_rows(range, &only, coarsest).await?;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<PointRow> = self
            .rows(&format!(
                "SELECT toUInt32(intDiv(toUnixTimestamp(t), {seconds}) * {seconds}) AS start,
                    {},
                    sum(duration_ns) AS duration,
                    sum(billed_ns) AS billed,
                    max(max_memory_bytes) AS max_memory
                FROM ({counted}) AS counted GROUP BY start ORDER BY start{AT_ONCE}",
                counts()
            ))
            .await?;
        Ok(rows.into_iter().map(FunctionPoint::from).collect())
    }
}

impl From<PointRow> for FunctionPoint {
    fn from(row: PointRow) -> Self {
        Self {
            start: UnixNanos(u64::from(row.start) * SECOND),
            invocations: row.invocations,
            cold_starts: row.cold_starts,
            errors: row.errors,
            timeouts: row.timeouts,
            ooms: row.ooms,
            lost: row.lost,
            duration: Nanos(row.duration),
            billed: Nanos(row.billed),
            max: Nanos(row.max),
            max_memory: ByteSize(row.max_memory),
            durations: row.durations.into_iter().collect(),
            inits: row.inits.into_iter().collect(),
        }
    }
}
