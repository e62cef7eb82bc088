//! What the functions of a tenant did in a range of time, from rollups where they are settled.

use clickhouse::Row;
use coldtrace_model::{
    Architecture, ByteSize, LogHistogram, Nanos, Platform, TimeRange, UnixNanos,
};
use serde::Deserialize;

use super::invocations::COLD_STARTS;
use super::rollups::{AT_ONCE, Coarsest};
use super::{ReadError, Reader, sql};

/// A function and its invocations in a range of time.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSummary {
    /// Its name.
    pub function: String,
    /// The platform of its latest invocation that told one, and so on for what is the same for a sandbox.
    pub platform: Platform,
    /// Runtime and version; empty if not known.
    pub runtime: String,
    /// Instruction set.
    pub architecture: Architecture,
    /// Configured memory, 0 if not known.
    pub memory: ByteSize,
    /// How many invocations.
    pub invocations: u64,
    /// How many waited for a start of their sandbox.
    pub cold_starts: u64,
    /// How many failed, timeouts and out-of-memory included.
    pub errors: u64,
    /// How many timed out.
    pub timeouts: u64,
    /// How many ran out of memory.
    pub ooms: u64,
    /// Median of the known durations, within 1.1 %; 0 if none is.
    pub p50: Nanos,
    /// Their 95th percentile, as near.
    pub p95: Nanos,
    /// The longest.
    pub max: Nanos,
    /// Median of the inits that were waited for, as near, if there were any.
    pub init_p50: Option<Nanos>,
    /// When the latest began.
    pub last_seen: UnixNanos,
}

#[derive(Row, Deserialize)]
struct FunctionRow {
    function: String,
    platform: u8,
    runtime: String,
    architecture: u8,
    memory_bytes: u64,
    invocations: u64,
    cold_starts: u64,
    errors: u64,
    timeouts: u64,
    ooms: u64,
    durations: Vec<(i16, u64)>,
    inits: Vec<(i16, u64)>,
    max: u64,
    last_seen: u64,
}

impl Reader {
    /// The functions that were invoked in the range, the most recently invoked first.
    pub async fn functions(&self, range: TimeRange) -> Result<Vec<FunctionSummary>, ReadError> {
        self.summaries(range, "").await
    }

    /// One of them; `None` if it was not invoked in the range.
    pub async fn function(
        &self,
        function: &str,
        range: TimeRange,
    ) -> Result<Option<FunctionSummary>, ReadError> {
        let only = format!(" AND function = {}", sql::text(function));
        let summaries = self.summaries(range, &only).await?;
        Ok(summaries.into_iter().next())
    }

    async fn summaries(
        &self,
        range: TimeRange,
        only: &str,
    ) -> Result<Vec<FunctionSummary>, ReadError> {
        let counted = self.function_rows(range, only, Coarsest::Hours).await?;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<FunctionRow> = self
            .rows(&format!(
                "SELECT function,
                    argMax(platform, (platform != 0, last_filed_ns)) AS platform,
                    argMax(runtime, (runtime != '', last_filed_ns)) AS runtime,
                    argMax(architecture, (architecture != 0, last_filed_ns)) AS architecture,
                    argMax(memory_bytes, (memory_bytes != 0, last_filed_ns)) AS memory_bytes,
                    sum(n) AS invocations,
                    sumIf(n, cold IN {COLD_STARTS}) AS cold_starts,
                    sum(counted.errors) AS errors,
                    sum(counted.timeouts) AS timeouts,
                    sum(counted.ooms) AS ooms,
                    sumMap(duration_hist) AS durations,
                    sumMap(init_hist) AS inits,
                    max(max_duration_ns) AS max,
                    max(last_start_ns) AS last_seen
                FROM ({counted}) AS counted
                GROUP BY function ORDER BY max(last_filed_ns) DESC, function{AT_ONCE}"
            ))
            .await?;
        Ok(rows.into_iter().map(FunctionSummary::from).collect())
    }
}

impl From<FunctionRow> for FunctionSummary {
    fn from(row: FunctionRow) -> Self {
        let durations = LogHistogram::from_iter(row.durations);
        let inits = LogHistogram::from_iter(row.inits);
        let max = Nanos(row.max);
        let quantile = |share| durations.quantile(share).unwrap_or_default().min(max);
        Self {
            function: row.function,
            platform: Platform::from_number(row.platform).unwrap_or_default(),
            runtime: row.runtime,
            architecture: Architecture::from_number(row.architecture).unwrap_or_default(),
            memory: ByteSize(row.memory_bytes),
            invocations: row.invocations,
            cold_starts: row.cold_starts,
            errors: row.errors,
            timeouts: row.timeouts,
            ooms: row.ooms,
            p50: quantile(0.5),
            p95: quantile(0.95),
            max,
            init_p50: inits.quantile(0.5),
            last_seen: UnixNanos(row.last_seen),
        }
    }
}
