//! Cold starts of one function or of all: over time, by what they depend on, and what they are made of.
//!
//! Counted from rollups where they are settled, as functions are; phases are read as they came, one row for each of a sandbox.

use clickhouse::Row;
use coldtrace_model::{
    Architecture, ByteSize, LogHistogram, Nanos, PhaseKind, TimeRange, UnixNanos,
};
use serde::Deserialize;

use super::invocations::COLD_STARTS;
use super::rollups::{AT_ONCE, Coarsest};
use super::sql::SECOND;
use super::{ReadError, Reader, sql};

/// Invocations and their cold starts in a step of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColdPoint {
    /// When the step begins.
    pub start: UnixNanos,
    /// What there was in it.
    pub starts: ColdStarts,
}

/// The same of a range, of what has in common all that the length of a start depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColdPart {
    /// The function.
    pub function: String,
    /// Its version; empty if not known.
    pub version: String,
    /// Runtime and version; empty if not known.
    pub runtime: String,
    /// Instruction set.
    pub architecture: Architecture,
    /// Configured memory, 0 if not known.
    pub memory: ByteSize,
    /// What there was of it.
    pub starts: ColdStarts,
}

/// How many invocations waited for a start of their sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColdStarts {
    /// All invocations.
    pub invocations: u64,
    /// Those that waited.
    pub cold: u64,
    /// How long the inits took that were waited for, where that is known.
    pub inits: LogHistogram,
}

/// A phase of sandboxes that were made ready in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseSpread {
    /// Which.
    pub kind: PhaseKind,
    /// How many sandboxes told it.
    pub seen: u64,
    /// The median of its length.
    pub p50: Nanos,
    /// Its 95th percentile.
    pub p95: Nanos,
}

#[derive(Row, Deserialize)]
struct PointRow {
    start: u32,
    invocations: u64,
    cold_starts: u64,
    inits: Vec<(i16, u64)>,
}

#[derive(Row, Deserialize)]
struct PartRow {
    function: String,
    version: String,
    runtime: String,
    architecture: u8,
    memory_bytes: u64,
    invocations: u64,
    cold_starts: u64,
    inits: Vec<(i16, u64)>,
}

#[derive(Row, Deserialize)]
struct PhaseRow {
    kind: u8,
    seen: u64,
    p50: u64,
    p95: u64,
}

impl Reader {
    /// The steps of the range that have invocations, the earliest first. The step is of whole minutes; one of whole hours is read
    /// from hours.
    pub async fn cold_series(
        &self,
        range: TimeRange,
        function: Option<&str>,
        step: Nanos,
    ) -> Result<Vec<ColdPoint>, ReadError> {
        let (seconds, coarsest) = Coarsest::of_step(step);
        let counted = self.function_rows(range, &only(function), coarsest).await?;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<PointRow> = self
            .rows(&format!(
                "SELECT toUInt32(intDiv(toUnixTimestamp(t), {seconds}) * {seconds}) AS start, {}
                FROM ({counted}) GROUP BY start ORDER BY start{AT_ONCE}",
                starts()
            ))
            .await?;
        let points = rows.into_iter().map(|row| ColdPoint {
            start: UnixNanos(u64::from(row.start) * SECOND),
            starts: ColdStarts {
                invocations: row.invocations,
                cold: row.cold_starts,
                inits: row.inits.into_iter().collect(),
            },
        });
        Ok(points.collect())
    }

    /// By function, version, runtime, architecture and memory: those with the most cold starts first, at most so many.
    pub async fn cold_parts(
        &self,
        range: TimeRange,
        function: Option<&str>,
        most: u32,
    ) -> Result<Vec<ColdPart>, ReadError> {
        const PART: &str = "function, version, runtime, architecture, memory_bytes";
        let counted = self
            .function_rows(range, &only(function), Coarsest::Hours)
            .await?;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<PartRow> = self
            .rows(&format!(
                "SELECT {PART}, {} FROM ({counted}) GROUP BY {PART}
                ORDER BY cold_starts DESC, invocations DESC, {PART} LIMIT {most}{AT_ONCE}",
                starts()
            ))
            .await?;
        Ok(rows.into_iter().map(ColdPart::from).collect())
    }

    /// The phases that began in the range, in the order of their kinds. Those of sandboxes that served nobody are among them: they
    /// took as long.
    pub async fn phase_spreads(
        &self,
        range: TimeRange,
        function: Option<&str>,
    ) -> Result<Vec<PhaseSpread>, ReadError> {
        let rows: Vec<PhaseRow> = self
            .rows(&format!(
                "SELECT kind, count() AS seen, quantileExact(0.5)(told.length) AS p50, quantileExact(0.95)(told.length) AS p95
                FROM (
                    SELECT kind, max(duration_ns) AS length FROM phases
                    WHERE {}{} AND {} GROUP BY function, ts, sandbox_id, kind
                ) AS told GROUP BY kind ORDER BY kind",
                self.owned(),
                only(function),
                sql::within_moments(range)
            ))
            .await?;
        let known = rows.into_iter().filter_map(|row| {
            Some(PhaseSpread {
                kind: PhaseKind::from_number(row.kind)?,
                seen: row.seen,
                p50: Nanos(row.p50),
                p95: Nanos(row.p95),
            })
        });
        Ok(known.collect())
    }
}

/// What is counted of the rows of functions: columns of a SELECT that groups them.
fn starts() -> String {
    format!(
        "sum(n) AS invocations, sumIf(n, cold IN {COLD_STARTS}) AS cold_starts, sumMap(init_hist) AS inits"
    )
}

fn only(function: Option<&str>) -> String {
    function.map_or_else(String::new, |function| {
        format!(" AND function = {}", sql::text(function))
    })
}

impl From<PartRow> for ColdPart {
    fn from(row: PartRow) -> Self {
        Self {
            function: row.function,
            version: row.version,
            runtime: row.runtime,
            architecture: Architecture::from_number(row.architecture).unwrap_or_default(),
            memory: ByteSize(row.memory_bytes),
            starts: ColdStarts {
                invocations: row.invocations,
                cold: row.cold_starts,
                inits: row.inits.into_iter().collect(),
            },
        }
    }
}
