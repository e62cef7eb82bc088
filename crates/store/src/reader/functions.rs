//! What the functions of a tenant did in a range of time.

use clickhouse::Row;
use coldtrace_model::{Architecture, ByteSize, Nanos, Platform, TimeRange, UnixNanos};
use serde::Deserialize;

use super::invocations::{COLD_STARTS, merged, visible};
use super::{ReadError, Reader};

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
    /// Median of the known durations; 0 if none is.
    pub p50: Nanos,
    /// Their 95th percentile.
    pub p95: Nanos,
    /// The longest.
    pub max: Nanos,
    /// Median of the inits that were waited for, if there were any.
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
    p50: u64,
    p95: u64,
    max: u64,
    init_p50: u64,
    inits: u64,
    last_seen: u64,
}

impl Reader {
    /// The functions that were invoked in the range, the most recently invoked first.
    pub async fn functions(&self, range: TimeRange) -> Result<Vec<FunctionSummary>, ReadError> {
        let invocations = merged(&self.owned(), range, None);
        let visible = visible(&self.owned(), range);
        let rows: Vec<FunctionRow> = self
            .rows(&format!(
                "SELECT function,
                    argMax(i.platform, (i.platform != 0, filed_at)) AS platform,
                    argMax(i.runtime, (i.runtime != '', filed_at)) AS runtime,
                    argMax(i.architecture, (i.architecture != 0, filed_at)) AS architecture,
                    argMax(i.memory_bytes, (i.memory_bytes != 0, filed_at)) AS memory_bytes,
                    count() AS invocations,
                    countIf(cold IN {COLD_STARTS}) AS cold_starts,
                    countIf(outcome > 1) AS errors,
                    countIf(outcome = 5) AS timeouts,
                    countIf(outcome = 6) AS ooms,
                    quantileExactIf(0.5)(duration_ns, duration_ns != 0) AS p50,
                    quantileExactIf(0.95)(duration_ns, duration_ns != 0) AS p95,
                    max(duration_ns) AS max,
                    quantileExactIf(0.5)(init_ns, init_ns != 0) AS init_p50,
                    countIf(init_ns != 0) AS inits,
                    max(multiIf(platform_start_unix_ns != 0, platform_start_unix_ns,
                        start_unix_ns != 0, start_unix_ns, filed_at)) AS last_seen
                FROM ({invocations}) AS i WHERE {visible}
                GROUP BY function ORDER BY max(filed_at) DESC, function"
            ))
            .await?;
        Ok(rows.into_iter().map(FunctionSummary::from).collect())
    }
}

impl From<FunctionRow> for FunctionSummary {
    fn from(row: FunctionRow) -> Self {
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
            p50: Nanos(row.p50),
            p95: Nanos(row.p95),
            max: Nanos(row.max),
            init_p50: (row.inits != 0).then_some(Nanos(row.init_p50)),
            last_seen: UnixNanos(row.last_seen),
        }
    }
}
