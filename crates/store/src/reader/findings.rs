//! What about functions costs, as it was told last, and since when.

use clickhouse::Row;
use coldtrace_model::{TimeRange, UnixNanos};
use serde::Deserialize;

use super::sql::SECOND;
use super::{ReadError, Reader, sql};
use crate::settle::ToldFinding;

/// A finding of a function over time.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingRecord {
    /// The function.
    pub function: String,
    /// As it was told last.
    pub told: ToldFinding,
    /// When it was told first, as far as data go back.
    pub first_seen: UnixNanos,
    /// When it was told last.
    pub last_seen: UnixNanos,
    /// Whether the last look at its function told it.
    pub is_there: bool,
}

#[derive(Row, Deserialize)]
struct FindingRow {
    function: String,
    kind: String,
    about: String,
    first: u32,
    last: u32,
    looked: u32,
    title: String,
    text: String,
    confidence: String,
    seen: u64,
    share: f64,
    gains: Vec<u64>,
    failures: f64,
    monthly: Vec<i64>,
    examples: Vec<String>,
    question: String,
}

impl Reader {
    /// Findings that were told in the range, of one function or of all: what ends failures first, then the greatest gain.
    pub async fn findings(
        &self,
        range: TimeRange,
        function: Option<&str>,
    ) -> Result<Vec<FindingRecord>, ReadError> {
        let owned = self.owned();
        let only = function.map_or_else(String::new, |function| {
            format!(" AND function = {}", sql::text(function))
        });
        let (from, to) = (range.from.0 / SECOND, range.to.0.div_ceil(SECOND));
        let until = format!("{owned}{only} AND toUnixTimestamp(at) < {to}");
        let rows: Vec<FindingRow> = self
            .rows(&format!(
                "SELECT function, kind, about, toUnixTimestamp(min(f.at)) AS first, toUnixTimestamp(max(f.at)) AS last,
                    toUnixTimestamp(any(told.looked)) AS looked, argMax(f.title, f.at) AS title, argMax(f.text, f.at) AS text,
                    toString(argMax(f.confidence, f.at)) AS confidence, argMax(f.seen, f.at) AS seen,
                    argMax(f.share, f.at) AS share,
                    argMax([mean_ns, p50_ns, p95_ns, p99_ns], f.at) AS gains, argMax(f.failures, f.at) AS failures,
                    argMax(if(isNull(f.monthly), [], [assumeNotNull(f.monthly)]), f.at) AS monthly,
                    argMax(f.examples, f.at) AS examples, argMax(f.question, f.at) AS question
                FROM (SELECT * FROM findings WHERE {until} AND kind != '') AS f
                LEFT JOIN (
                    SELECT function, max(at) AS looked FROM findings WHERE {until} AND kind = '' GROUP BY function
                ) AS told USING (function)
                GROUP BY function, kind, about HAVING last >= {from}
                ORDER BY failures DESC, greatest(gains[1], gains[3]) DESC, monthly DESC, function, kind, about"
            ))
            .await?;
        Ok(rows.into_iter().map(FindingRecord::from).collect())
    }
}

impl From<FindingRow> for FindingRecord {
    fn from(row: FindingRow) -> Self {
        let time = |seconds: u32| UnixNanos(u64::from(seconds) * SECOND);
        Self {
            function: row.function,
            told: ToldFinding {
                kind: row.kind,
                about: row.about,
                title: row.title,
                text: row.text,
                confidence: row.confidence,
                seen: row.seen,
                share: row.share,
                gains: row.gains.try_into().unwrap_or_default(),
                failures: row.failures,
                monthly: row.monthly.first().copied(),
                examples: row.examples,
                question: row.question,
            },
            first_seen: time(row.first),
            last_seen: time(row.last),
            is_there: row.last >= row.looked,
        }
    }
}
