//! How often functions were throttled: errors by which somebody who was called says that it is too much.
//!
//! No platform tells a function's sandbox that an invocation of it was refused: a throttle is what the caller saw, and failed by. So these
//! are errors of the caller, told from their type, or from the code that stands in the message of a client that has one type for
//! all of them (`botocore.exceptions.ClientError: An error occurred (ThrottlingException) when calling ...`).

use clickhouse::Row;
use coldtrace_model::{TimeRange, UnixNanos};
use serde::Deserialize;

use super::errors::ErrorFilter;
use super::rollups::AT_ONCE;
use super::sql::SECOND;
use super::{ReadError, Reader, sql};
use crate::settle::errors;

/// What throttling is called, in whatever case: the error codes that the AWS SDKs retry as such (`THROTTLING_ERROR_CODES` of
/// `@smithy/service-error-classification`; botocore's `retries/standard.py` has the same), without `LimitExceededException` and
/// `TransactionInProgressException`, which elsewhere say that a quota of resources is used up; and what Azure (`TooManyRequests`),
/// Google (`rateLimitExceeded`, `TooManyRequests`, `ResourceExhausted`) and gRPC (`RESOURCE_EXHAUSTED`) call it.
pub const THROTTLING: [&str; 17] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RESOURCE_EXHAUSTED",
    "RateExceeded",
    "RateLimitExceeded",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ResourceExhausted",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
];

/// How often a function was throttled in five minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// When they begin.
    pub start: UnixNanos,
    /// The function that failed by it.
    pub function: String,
    /// How many of its invocations; not 0.
    pub count: u64,
}

#[derive(Row, Deserialize)]
struct ThrottleRow {
    start: u32,
    function: String,
    count: u64,
}

impl Reader {
    /// How often functions were throttled, in the windows of five minutes of the range in which they were: the earliest first. Of a
    /// window that the range has a part of, that part is counted.
    pub async fn throttles(&self, range: TimeRange) -> Result<Vec<Throttled>, ReadError> {
        let rows = self.error_rows(range, &ErrorFilter::all(range)).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let (rows, counts) = (rows.join(" UNION ALL "), errors::counts(self.now()));
        let words = THROTTLING.map(str::to_ascii_lowercase);
        let words = sql::texts(words.iter().map(String::as_str));
        let throttled: Vec<ThrottleRow> = self
            .rows(&format!(
                "SELECT toUnixTimestamp(t) AS start, CAST(function, 'String') AS function, sum(n) AS count
                FROM ({rows}) AS told
                WHERE {counts} AND (lower(arrayElement(splitByRegexp('[.:#$/]', type), -1)) IN {words}
                    OR lower(extract(message, '^An error occurred \\\\(([A-Za-z]+)\\\\)')) IN {words})
                GROUP BY start, function ORDER BY start, function{AT_ONCE}"
            ))
            .await?;
        let told = throttled.into_iter().map(|row| Throttled {
            start: UnixNanos(u64::from(row.start) * SECOND),
            function: row.function,
            count: row.count,
        });
        Ok(told.collect())
    }
}
