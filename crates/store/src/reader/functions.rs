//! What the functions of a tenant did in a range of time, from rollups where they are settled.

use std::collections::{HashMap, HashSet};

use clickhouse::Row;
use coldtrace_model::{
    Architecture, ByteSize, LogHistogram, Nanos, Platform, TimeRange, UnixNanos,
};
use serde::Deserialize;

use super::minutes::among;
use super::rollups::{AT_ONCE, Coarsest, counts};
use super::sql::{BUCKET_SECONDS, SECOND};
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
    /// How many failed, timeouts, out-of-memory and lost ones included.
    pub errors: u64,
    /// How many timed out.
    pub timeouts: u64,
    /// How many ran out of memory.
    pub ooms: u64,
    /// How many were never heard of again.
    pub lost: u64,
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
    /// By which the latest is filed.
    pub last_filed: UnixNanos,
    /// Region of the latest; empty if not known.
    pub region: String,
    /// What was billed.
    pub billed: Vec<BilledTime>,
}

/// Billed time of invocations that cost the same for the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledTime {
    /// Their instruction set.
    pub architecture: Architecture,
    /// Their configured memory, 0 if not known.
    pub memory: ByteSize,
    /// How many.
    pub invocations: u64,
    /// All of it.
    pub billed: Nanos,
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
    lost: u64,
    durations: Vec<(i16, u64)>,
    inits: Vec<(i16, u64)>,
    max: u64,
    last_seen: u64,
    last_filed: u64,
    /// Architecture, memory, how many, billed.
    bills: Vec<(u8, u64, u64, u64)>,
}

#[derive(Row, Deserialize)]
struct InvokedRow {
    name: String,
}

#[derive(Row, Deserialize)]
struct ServiceRow {
    service: String,
    names: Vec<String>,
}

#[derive(Row, Deserialize)]
struct RegionRow {
    function: String,
    region: String,
}

impl Reader {
    /// The functions that were invoked in the range, the most recently invoked first.
    pub async fn functions(&self, range: TimeRange) -> Result<Vec<FunctionSummary>, ReadError> {
        self.summaries(range, "").await
    }

    /// Those of them that have these names; all if there are none.
    pub async fn functions_named(
        &self,
        range: TimeRange,
        functions: &[String],
    ) -> Result<Vec<FunctionSummary>, ReadError> {
        self.summaries(range, &among(functions)).await
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

    /// What each service is called as a function, of those that were invoked in the range: by its own name, else by the one function
    /// (`faas.name`) that resources of its spans name. Of resources, whole days are looked at.
    pub async fn functions_of_services(
        &self,
        range: TimeRange,
    ) -> Result<HashMap<String, String>, ReadError> {
        let counted = self.function_rows(range, "", Coarsest::Hours).await?;
        if counted.is_empty() {
            return Ok(HashMap::new());
        }
        let invoked =
            format!("SELECT DISTINCT CAST(function, 'String') AS name FROM ({counted}){AT_ONCE}");
        let named = format!(
            "SELECT CAST(service, 'String') AS service, groupUniqArray(attrs['faas.name']) AS names FROM resources
            WHERE {} AND {} AND attrs['faas.name'] != '' GROUP BY service",
            self.owned(),
            sql::within_days(range)
        );
        let (invoked, named) = tokio::try_join!(
            self.rows::<InvokedRow>(&invoked),
            self.rows::<ServiceRow>(&named)
        )?;
        let invoked: HashSet<String> = invoked.into_iter().map(|row| row.name).collect();
        let mut functions = HashMap::new();
        for row in named {
            let mut names = row.names.into_iter().filter(|name| invoked.contains(name));
            if let (Some(name), None) = (names.next(), names.next()) {
                functions.insert(row.service, name);
            }
        }
        functions.extend(invoked.into_iter().map(|name| (name.clone(), name)));
        Ok(functions)
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
                    argMax(platform, (platform != 0, filed)) AS platform,
                    argMax(runtime, (runtime != '', filed)) AS runtime,
                    argMax(architecture, (architecture != 0, filed)) AS architecture,
                    argMax(memory_bytes, (memory_bytes != 0, filed)) AS memory_bytes,
                    sum(told.invocations) AS invocations,
                    sum(told.cold_starts) AS cold_starts,
                    sum(told.errors) AS errors,
                    sum(told.timeouts) AS timeouts,
                    sum(told.ooms) AS ooms,
                    sum(told.lost) AS lost,
                    sumMap(told.durations) AS durations,
                    sumMap(told.inits) AS inits,
                    max(told.max) AS max,
                    max(told.last_seen) AS last_seen,
                    max(filed) AS last_filed,
                    groupArray((told.architecture, told.memory_bytes, told.invocations, billed)) AS bills
                FROM (
                    SELECT function, platform, runtime, architecture, memory_bytes, max(last_filed_ns) AS filed,
                        {},
                        max(last_start_ns) AS last_seen, sum(billed_ns) AS billed
                    FROM ({counted}) AS counted
                    GROUP BY function, platform, runtime, architecture, memory_bytes) AS told
                GROUP BY function ORDER BY last_filed DESC, function{AT_ONCE}",
                counts()
            ))
            .await?;
        let mut regions = self.last_regions(&rows).await?;
        let summaries = rows.into_iter().map(|row| {
            let region = regions.remove(&row.function).unwrap_or_default();
            FunctionSummary {
                region,
                ..FunctionSummary::from(row)
            }
        });
        Ok(summaries.collect())
    }

    /// Where each function was invoked last: of regions nothing is counted.
    async fn last_regions(
        &self,
        rows: &[FunctionRow],
    ) -> Result<HashMap<String, String>, ReadError> {
        let places: Vec<String> = rows
            .iter()
            .map(|row| {
                let bucket = row.last_filed / SECOND / BUCKET_SECONDS * BUCKET_SECONDS;
                format!(
                    "({}, toDateTime({bucket}, 'UTC'))",
                    sql::text(&row.function)
                )
            })
            .collect();
        if places.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<RegionRow> = self
            .rows(&format!(
                "SELECT function, toString(argMax(region, (region != '', ts))) AS region FROM invocations
                WHERE {} AND (function, bucket) IN ({}) GROUP BY function",
                self.owned(),
                places.join(", ")
            ))
            .await?;
        let named = rows.into_iter().map(|row| (row.function, row.region));
        Ok(named.collect())
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
            lost: row.lost,
            p50: quantile(0.5),
            p95: quantile(0.95),
            max,
            init_p50: inits.quantile(0.5),
            last_seen: UnixNanos(row.last_seen),
            last_filed: UnixNanos(row.last_filed),
            region: String::new(),
            billed: row.bills.into_iter().map(BilledTime::from).collect(),
        }
    }
}

impl From<(u8, u64, u64, u64)> for BilledTime {
    fn from((architecture, memory, invocations, billed): (u8, u64, u64, u64)) -> Self {
        Self {
            architecture: Architecture::from_number(architecture).unwrap_or_default(),
            memory: ByteSize(memory),
            invocations,
            billed: Nanos(billed),
        }
    }
}
