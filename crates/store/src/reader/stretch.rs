//! How far back to look for the newest invocations, so that a page costs what it shows and not what a busy hour holds.
//!
//! A guess from counted rows: whoever looks in the stretch and finds too few looks further.

use clickhouse::Row;
use coldtrace_model::{TimeRange, UnixNanos};
use serde::Deserialize;

use super::{ReadError, Reader, sql};

#[derive(Row, Deserialize)]
struct Since {
    /// How many rows there are, at most as many as were asked for.
    rows: u64,
    /// Since when, Unix nanoseconds.
    since: u64,
}

impl Reader {
    /// The end of the range that holds so many rows of `invocations`, of this function (as SQL) or of all; the whole range
    /// where there are fewer.
    pub(super) async fn last_stretch(
        &self,
        range: TimeRange,
        function: Option<&str>,
        rows: u64,
    ) -> Result<TimeRange, ReadError> {
        let query = match function {
            // Read backwards in the order of the key, until there are enough.
            Some(function) => format!(
                "SELECT count() AS rows, toUInt64(toUnixTimestamp64Nano(min(ts))) AS since FROM (
                    SELECT ts FROM invocations WHERE {} AND {function} AND {}
                    ORDER BY bucket DESC, ts DESC LIMIT {rows})",
                self.owned(),
                sql::within(range)
            ),
            // Of all functions the rows of a minute are counted where they are noted.
            None => format!(
                "SELECT least(sum(n), {rows}) AS rows, toUInt64(max(if(behind >= {rows}, t, 0))) * 1000000000 AS since FROM (
                    SELECT toUnixTimestamp(touched.t) AS t, sum(row_count) AS n, sum(n) OVER (ORDER BY t DESC) AS behind
                    FROM touched WHERE {} AND source = 1 AND {} GROUP BY t)",
                self.owned(),
                sql::within_minutes("touched.t", range)
            ),
        };
        let found: Since = self.row(&query).await?;
        let from = match found.rows < rows {
            true => range.from,
            // At least one step, whatever the notes say.
            false => UnixNanos(found.since).min(UnixNanos(range.to.0.saturating_sub(1))),
        };
        Ok(TimeRange {
            from: from.max(range.from),
            to: range.to,
        })
    }
}
