//! Errors that are alike, in every window of five minutes of a range: for whoever goes through the past as if it were now, and
//! would else ask for each window what was known at its end.

use std::collections::HashMap;

use clickhouse::Row;
use coldtrace_model::{TimeRange, UnixNanos};
use serde::Deserialize;

use super::errors::ErrorFilter;
use super::minutes::among;
use super::rollups::AT_ONCE;
use super::sql::SECOND;
use super::{ReadError, Reader};
use crate::settle::errors;

/// The errors of a group in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorWindow {
    /// When the window begins.
    pub start: UnixNanos,
    /// The group.
    pub id: u64,
    /// The function.
    pub function: String,
    /// What they are.
    pub error_type: String,
    /// What their messages have in common.
    pub message: String,
    /// In which version how many.
    pub versions: Vec<(String, u64)>,
    /// How many.
    pub count: u64,
    /// When the first came.
    pub first_seen: UnixNanos,
    /// When the last came.
    pub last_seen: UnixNanos,
}

#[derive(Row, Deserialize)]
struct WindowRow {
    start: u32,
    id: u64,
    function: String,
    error_type: String,
    message: String,
    versions: Vec<(String, u64)>,
    count: u64,
    first: u64,
    last: u64,
}

#[derive(Row, Deserialize)]
struct PastRow {
    id: u64,
    last: u64,
}

impl Reader {
    /// The groups of these functions, or of all if none is named, in each window of the range: the earliest window first. The
    /// range is of whole windows.
    pub async fn error_windows(
        &self,
        range: TimeRange,
        functions: &[String],
    ) -> Result<Vec<ErrorWindow>, ReadError> {
        let rows = self.error_rows(range, &of(range, functions)).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let (rows, counts) = (rows.join(" UNION ALL "), errors::counts(self.now()));
        let only = among(functions);
        let windows: Vec<WindowRow> = self
            .rows(&format!(
                "SELECT toUInt32(toUnixTimestamp(t)) AS start, id, any(told.function) AS function, any(told.type) AS error_type,
                    any(told.message) AS message, sumMap(told.versions) AS versions, sum(told.n) AS count,
                    min(told.first_ns) AS first, max(told.last_ns) AS last
                FROM (SELECT * FROM ({rows}) WHERE {counts}{only}) AS told
                GROUP BY t, id ORDER BY t, id{AT_ONCE}"
            ))
            .await?;
        Ok(windows.into_iter().map(ErrorWindow::from).collect())
    }

    /// When the last error of each group came that came before a window begins; as [`Reader::errors`] of a range that begins there
    /// knows it.
    pub async fn errors_last_seen(
        &self,
        before: UnixNanos,
        functions: &[String],
    ) -> Result<HashMap<u64, UnixNanos>, ReadError> {
        let range = TimeRange {
            from: before,
            to: before,
        };
        let rows = self.errors_before(&of(range, functions)).await?;
        let (rows, counts) = (rows.join(" UNION ALL "), errors::counts(self.now()));
        let only = among(functions);
        let past: Vec<PastRow> = self
            .rows(&format!(
                "SELECT id, max(last_ns) AS last FROM ({rows}) WHERE {counts}{only} GROUP BY id{AT_ONCE}"
            ))
            .await?;
        let past = past.into_iter().map(|row| (row.id, UnixNanos(row.last)));
        Ok(past.collect())
    }
}

/// Less is read where there is one function.
fn of(range: TimeRange, functions: &[String]) -> ErrorFilter {
    let function = match functions {
        [function] => Some(function.clone()),
        _ => None,
    };
    ErrorFilter {
        function,
        ..ErrorFilter::all(range)
    }
}

impl From<WindowRow> for ErrorWindow {
    fn from(row: WindowRow) -> Self {
        Self {
            start: UnixNanos(u64::from(row.start) * SECOND),
            id: row.id,
            function: row.function,
            error_type: row.error_type,
            message: row.message,
            versions: row.versions,
            count: row.count,
            first_seen: UnixNanos(row.first),
            last_seen: UnixNanos(row.last),
        }
    }
}
