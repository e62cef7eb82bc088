//! Since when functions and their versions are known: whether they were there before a moment, and which invocation was their first.
//!
//! Of the last day before it, all that there is tells; of earlier days what stands in hours.

use std::collections::HashSet;

use clickhouse::Row;
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use serde::Deserialize;

use super::minutes::among;
use super::rollups::{AT_ONCE, Coarsest};
use super::sql::SECOND;
use super::{ReadError, Reader, sql};
use crate::settle::{Rollup, windows};

const DAY: Nanos = Nanos(86_400 * SECOND);
/// What was not invoked for longer is new when it is invoked again.
const REMEMBERED: Nanos = Nanos(30 * DAY.0);

/// A version of a function, in the step of time in which it was first counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The function.
    pub function: String,
    /// The version; `None` for whichever.
    pub version: Option<String>,
    /// The step.
    pub within: TimeRange,
}

#[derive(Row, Deserialize)]
struct KnownRow {
    function: String,
    version: String,
}

#[derive(Row, Deserialize)]
struct FirstRow {
    function: String,
    named: String,
    first: u64,
}

impl Reader {
    /// The versions of these functions, each with its function, that were invoked in the thirty days before a moment.
    pub async fn versions_before(
        &self,
        moment: UnixNanos,
        functions: &[String],
    ) -> Result<HashSet<(String, String)>, ReadError> {
        if functions.is_empty() {
            return Ok(HashSet::new());
        }
        let only = among(functions);
        let lately = TimeRange {
            from: moment.minus(DAY),
            to: moment,
        };
        let earlier = TimeRange {
            from: moment.minus(REMEMBERED),
            to: lately.from,
        };
        let hours = format!(
            "SELECT function, version FROM {} WHERE mark = 0 AND {} AND {}{only}",
            Rollup::FunctionHours.table(),
            self.owned(),
            windows::within_range("t", earlier)
        );
        let counted = self.function_rows(lately, &only, Coarsest::Hours).await?;
        let all = match counted.is_empty() {
            true => hours,
            false => format!("{hours} UNION ALL SELECT function, version FROM ({counted})"),
        };
        let rows: Vec<KnownRow> = self
            .rows(&format!(
                "SELECT DISTINCT CAST(function, 'String') AS function, CAST(version, 'String') AS version FROM ({all}){AT_ONCE}"
            ))
            .await?;
        let known = rows.into_iter().map(|row| (row.function, row.version));
        Ok(known.collect())
    }

    /// By which the first invocation of each is filed: of one that is not kept any more the beginning of its step.
    pub async fn first_filed(&self, newcomers: &[Newcomer]) -> Result<Vec<UnixNanos>, ReadError> {
        if newcomers.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = newcomers.iter().map(Newcomer::place).collect();
        let rows: Vec<FirstRow> = self
            .rows(&format!(
                "SELECT function, toString(version) AS named, toUInt64(toUnixTimestamp64Nano(min(ts))) AS first
                FROM invocations WHERE {} AND ({}) GROUP BY function, named",
                self.owned(),
                places.join(" OR ")
            ))
            .await?;
        let first = |newcomer: &Newcomer| {
            let own = rows.iter().filter(|row| newcomer.is_in(row));
            own.map(|row| UnixNanos(row.first))
                .min()
                .unwrap_or(newcomer.within.from)
        };
        Ok(newcomers.iter().map(first).collect())
    }
}

// === impl Newcomer ===

impl Newcomer {
    fn place(&self) -> String {
        let function = sql::text(&self.function);
        format!("(function = {function} AND {})", sql::within(self.within))
    }

    fn is_in(&self, row: &FirstRow) -> bool {
        let version = self.version.as_ref();
        row.function == self.function && version.is_none_or(|version| *version == row.named)
    }
}
