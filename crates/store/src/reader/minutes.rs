//! What all functions did in each minute, or hour: for whoever looks at all of them again and again, as rules of alerts do.
//!
//! One question for all functions, so that what it costs does not grow with the number of rules. Nothing is judged here: rows are
//! counts, and spreads that can be added up.

use std::collections::BTreeMap;

use clickhouse::Row;
use coldtrace_model::{Architecture, ByteSize, Nanos, Platform, TimeRange, UnixNanos};
use serde::Deserialize;

use super::functions::BilledTime;
use super::rollups::{AT_ONCE, Coarsest, counts};
use super::sql::SECOND;
use super::{ReadError, Reader, sql};

/// A version of a function in a minute, or an hour.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionMinute {
    /// When the minute begins.
    pub start: UnixNanos,
    /// The function.
    pub function: String,
    /// The version; empty if not known.
    pub version: String,
    /// How many invocations; not 0.
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
    /// The longest.
    pub max: Nanos,
    /// The greatest share of its configured memory that one used, where both are known.
    pub memory_share: Option<f64>,
    /// What was billed, by what its price depends on. In which region, [`Reader::functions`] tells.
    pub billed: Vec<BilledPart>,
    /// How the known durations spread: buckets of a [`coldtrace_model::LogHistogram`], the shortest first.
    pub durations: Vec<(i16, u64)>,
    /// How the inits that were waited for spread.
    pub inits: Vec<(i16, u64)>,
}

/// Billed time of one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledPart {
    /// Which; unknown where no fact told it.
    pub platform: Platform,
    /// Of invocations that cost the same there.
    pub time: BilledTime,
}

#[derive(Row, Deserialize)]
struct MinuteRow {
    start: u32,
    function: String,
    version: String,
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
    memory_share: f64,
    /// Platform, architecture, memory, how many, billed; some perhaps more than once.
    bills: Vec<(u8, u8, u64, u64, u64)>,
}

impl Reader {
    /// What each version of these functions, or of all if none is named, did in each minute of the range that has invocations: the
    /// earliest first. The range is of whole minutes; of one that is not, a minute at either end is told in part.
    pub async fn function_minutes(
        &self,
        range: TimeRange,
        functions: &[String],
    ) -> Result<Vec<FunctionMinute>, ReadError> {
        self.function_steps(range, functions, Coarsest::Minutes, "t")
            .await
    }

    /// The same by the hour.
    pub async fn function_hours(
        &self,
        range: TimeRange,
        functions: &[String],
    ) -> Result<Vec<FunctionMinute>, ReadError> {
        self.function_steps(range, functions, Coarsest::Hours, "toStartOfHour(t)")
            .await
    }

    /// The same by steps of whole minutes, the first of which may begin before the range; those of whole hours are read from hours.
    pub async fn function_blocks(
        &self,
        range: TimeRange,
        functions: &[String],
        step: Nanos,
    ) -> Result<Vec<FunctionMinute>, ReadError> {
        let (seconds, coarsest) = Coarsest::of_step(step);
        let step = format!("toDateTime(intDiv(toUnixTimestamp(t), {seconds}) * {seconds}, 'UTC')");
        self.function_steps(range, functions, coarsest, &step).await
    }

    async fn function_steps(
        &self,
        range: TimeRange,
        functions: &[String],
        coarsest: Coarsest,
        step: &str,
    ) -> Result<Vec<FunctionMinute>, ReadError> {
        let only = among(functions);
        let counted = self.function_rows(range, &only, coarsest).await?;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<MinuteRow> = self
            .rows(&format!(
                "SELECT toUInt32(toUnixTimestamp({step})) AS start, function, version,
                    {},
                    sum(duration_ns) AS duration,
                    max(if(memory_bytes = 0, 0., max_memory_bytes / memory_bytes)) AS memory_share,
                    groupArray((platform, architecture, memory_bytes, n, billed_ns)) AS bills
                FROM ({counted}) AS counted
                GROUP BY start, function, version ORDER BY start, function, version{AT_ONCE}",
                counts()
            ))
            .await?;
        Ok(rows.into_iter().map(FunctionMinute::from).collect())
    }
}

/// Of these functions, or of all if none is named, as a filter that others may stand before.
pub(super) fn among(functions: &[String]) -> String {
    match functions.is_empty() {
        true => String::new(),
        false => {
            let listed = sql::texts(functions.iter().map(String::as_str));
            format!(" AND function IN {listed}")
        }
    }
}

impl From<MinuteRow> for FunctionMinute {
    fn from(mut row: MinuteRow) -> Self {
        row.durations.sort_unstable();
        row.inits.sort_unstable();
        Self {
            start: UnixNanos(u64::from(row.start) * SECOND),
            function: row.function,
            version: row.version,
            invocations: row.invocations,
            cold_starts: row.cold_starts,
            errors: row.errors,
            timeouts: row.timeouts,
            ooms: row.ooms,
            lost: row.lost,
            duration: Nanos(row.duration),
            max: Nanos(row.max),
            // Nobody uses none of it: what used none did not tell.
            memory_share: (row.memory_share > 0.0).then_some(row.memory_share),
            billed: added_up(&row.bills),
            durations: row.durations,
            inits: row.inits,
        }
    }
}

/// Each price once.
fn added_up(bills: &[(u8, u8, u64, u64, u64)]) -> Vec<BilledPart> {
    let mut sums: BTreeMap<(u8, u8, u64), (u64, u64)> = BTreeMap::new();
    for &(platform, architecture, memory, invocations, billed) in bills {
        let sum = sums.entry((platform, architecture, memory)).or_default();
        sum.0 += invocations;
        sum.1 += billed;
    }
    let sums = sums.into_iter();
    let parts = sums.map(
        |((platform, architecture, memory), (invocations, billed))| BilledPart {
            platform: Platform::from_number(platform).unwrap_or_default(),
            time: BilledTime {
                architecture: Architecture::from_number(architecture).unwrap_or_default(),
                memory: ByteSize(memory),
                invocations,
                billed: Nanos(billed),
            },
        },
    );
    parts.collect()
}
