//! What about functions costs, as it was told: who is to be looked at, and what was found.

use clickhouse::Row;
use coldtrace_model::{Tenant, TimeRange, UnixNanos};
use serde::Deserialize;

use super::{SECOND, Settler};
use crate::StoreError;
use crate::reader::{ReadError, sql};

/// In seconds.
const DAY: u64 = 86_400;

/// A function that nobody looked at for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFunction {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its name.
    pub function: String,
    /// How long its tenant keeps what is told of it, in days.
    pub keep_days: u16,
}

/// A finding as it is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToldFinding {
    /// Its kind, by its name in the API.
    pub kind: String,
    /// What it is about; empty for the function itself.
    pub about: String,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub text: String,
    /// How sure it is, by its name in the API.
    pub confidence: String,
    /// How many invocations show it.
    pub seen: u64,
    /// The same as a share, from 0 to 1.
    pub share: f64,
    /// By how many nanoseconds the mean, the median, the 95th and the 99th percentile would be shorter.
    pub gains: [u64; 4],
    /// Which share of invocations would not fail, from 0 to 1.
    pub failures: f64,
    /// Billionths of a dollar that a month would cost less, if prices are known.
    pub monthly: Option<i64>,
    /// Request ids.
    pub examples: Vec<String>,
    /// The API's path that lists it.
    pub question: String,
}

#[derive(Row, Deserialize)]
struct DueRow {
    tenant: String,
    function: String,
    keep_days: u16,
}

impl Settler {
    /// Functions that were invoked in the range and that nobody looked at since then, those that wait longest first, at most so
    /// many. Told from settled minutes.
    pub async fn due_functions(
        &self,
        range: TimeRange,
        since: UnixNanos,
        limit: u32,
    ) -> Result<Vec<DueFunction>, ReadError> {
        let minutes = super::windows::within_range("t", range);
        let since = since.0 / SECOND;
        // Asked often: what was looked at days before waits no less than what never was.
        let looked = since.saturating_sub(DAY);
        let rows: Vec<DueRow> = self
            .rows(&format!(
                "SELECT tenant, function, keep_days FROM (
                    SELECT tenant, function, max(fn_1m.keep_days) AS keep_days FROM fn_1m
                    WHERE mark = 0 AND {minutes} GROUP BY tenant, function
                ) AS active LEFT JOIN (
                    SELECT tenant, function, max(at) AS looked FROM findings
                    WHERE kind = '' AND at >= toDateTime({looked}, 'UTC') GROUP BY tenant, function
                ) AS told USING (tenant, function)
                WHERE toUnixTimestamp(told.looked) < {since}
                ORDER BY told.looked, tenant, function LIMIT {limit}"
            ))
            .await?;
        let due = rows.into_iter().filter_map(|row| {
            Some(DueFunction {
                tenant: Tenant::parse(&row.tenant).ok()?,
                function: row.function,
                keep_days: row.keep_days,
            })
        });
        Ok(due.collect())
    }

    /// Notes what a look at a function found, and that it was looked at.
    pub async fn tell(
        &self,
        due: &DueFunction,
        at: UnixNanos,
        findings: &[ToldFinding],
    ) -> Result<(), StoreError> {
        let looked = ToldFinding::default();
        let rows = findings.iter().chain([&looked]);
        let rows: Vec<String> = rows.map(|finding| values(due, at, finding)).collect();
        let statement = format!(
            "INSERT INTO findings (tenant, keep_days, function, kind, about, at, title, text, confidence, seen, share,
                mean_ns, p50_ns, p95_ns, p99_ns, failures, monthly, examples, question) VALUES {}",
            rows.join(", ")
        );
        let told = self.answered(self.statement(&statement).execute()).await;
        told.map_err(|error| self.store.error(error))
    }
}

fn values(due: &DueFunction, at: UnixNanos, finding: &ToldFinding) -> String {
    let [mean, p50, p95, p99] = finding.gains;
    let monthly = finding.monthly;
    let monthly = monthly.map_or_else(|| "NULL".to_owned(), |monthly| monthly.to_string());
    let examples: Vec<String> = finding.examples.iter().map(|id| sql::text(id)).collect();
    format!(
        "({}, {}, {}, {}, {}, toDateTime({}, 'UTC'), {}, {}, {}, {}, {}, {mean}, {p50}, {p95}, {p99}, {}, {monthly}, [{}], {})",
        sql::text(due.tenant.as_str()),
        due.keep_days,
        sql::text(&due.function),
        sql::text(&finding.kind),
        sql::text(&finding.about),
        at.0 / SECOND,
        sql::text(&finding.title),
        sql::text(&finding.text),
        sql::text(&finding.confidence),
        finding.seen,
        number(finding.share),
        number(finding.failures),
        examples.join(", "),
        sql::text(&finding.question),
    )
}

/// A share; what is none is 0.
fn number(share: f64) -> String {
    match share.is_finite() {
        true => format!("{share:.6}"),
        false => "0".to_owned(),
    }
}
