//! Whether anything was received at all: asked again and again while somebody waits for the first span.
//!
//! What is kept is never read for it, but for the first and the last five minutes: both ends are where the keys of spans and of
//! the notes of written minutes begin and end.

use clickhouse::Row;
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use serde::Deserialize;

use super::sql::{BUCKET_SECONDS, SECOND};
use super::{ReadError, Reader, sql};

/// What stands in one bucket of the key.
const BUCKET: Nanos = Nanos(BUCKET_SECONDS * SECOND);

/// Since when and until when spans and invocations are filed, of those that are kept still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The time of the first.
    pub first: UnixNanos,
    /// The time of the last.
    pub last: UnixNanos,
}

/// In seconds.
#[derive(Row, Deserialize)]
struct EndsRow {
    first_bucket: Option<u32>,
    last_bucket: Option<u32>,
    first_minute: Option<u32>,
    last_minute: Option<u32>,
}

#[derive(Row, Deserialize)]
struct TimesRow {
    count: u64,
    first: u64,
    last: u64,
}

impl Reader {
    /// What was received, if anything.
    pub async fn received(&self) -> Result<Option<Received>, ReadError> {
        let ends: EndsRow = self.row(&self.ends()).await?;
        let firsts = ends.first_bucket.into_iter().chain(ends.first_minute);
        let lasts = ends.last_bucket.into_iter().chain(ends.last_minute);
        let (Some(first), Some(last)) = (firsts.min(), lasts.max()) else {
            return Ok(None);
        };
        let begin = |seconds: u32| UnixNanos(u64::from(seconds) * SECOND);
        let (first, last) = (begin(first), begin(last));
        let times: TimesRow = self.row(&self.times([first, last])).await?;
        // A minute may be noted of which nothing is there: the part with its rows was lost.
        Ok(Some(match times.count {
            0 => Received { first, last },
            _ => Received {
                first: UnixNanos(times.first),
                last: UnixNanos(times.last),
            },
        }))
    }

    /// The first and the last bucket of spans, and the same of the minutes of invocations. Each is read from one end of a key.
    fn ends(&self) -> String {
        let owned = self.owned();
        let end_of = |what: &str, source: &str, order: &str| {
            format!("(SELECT toUnixTimestamp({what}) FROM {source} ORDER BY {order} LIMIT 1)")
        };
        let spans = format!("spans WHERE {owned}");
        let minutes = format!("touched WHERE {owned} AND source = 1");
        let descending = "tenant DESC, bucket DESC";
        format!(
            "SELECT {} AS first_bucket,
                {} AS last_bucket,
                {} AS first_minute,
                {} AS last_minute",
            end_of("bucket", &spans, "tenant, bucket"),
            end_of("bucket", &spans, descending),
            end_of("touched.t", &minutes, "tenant, source, touched.t"),
            end_of(
                "touched.t",
                &minutes,
                "tenant DESC, source DESC, touched.t DESC"
            ),
        )
    }

    /// The exact times, from the buckets that begin then.
    fn times(&self, begins: [UnixNanos; 2]) -> String {
        let mut ranges = begins
            .map(|from| TimeRange {
                from,
                to: UnixNanos(from.0.saturating_add(BUCKET.0)),
            })
            .to_vec();
        ranges.dedup();
        let within = sql::any_of(&ranges, sql::within);
        let owned = self.owned();
        let moment = |end: &str| format!("toUInt64(toUnixTimestamp64Nano({end}(ts)))");
        format!(
            "SELECT count() AS count, {} AS first, {} AS last FROM (
                SELECT ts FROM spans WHERE {owned} AND {within}
                UNION ALL SELECT ts FROM invocations WHERE {owned} AND {within})",
            moment("min"),
            moment("max")
        )
    }
}
