//! What was logged during an invocation.

use clickhouse::Row;
use coldtrace_model::{Invocation, Nanos, SandboxId, TimeRange, TraceId};
use serde::Deserialize;

use super::lines::{LineRow, columns};
use super::{ReadError, Reader, sql};

/// Lines of an invocation may be older than it, where init belongs to it.
const BEFORE: Nanos = Nanos::from_millis(15 * 60 * 1_000);
/// And younger than its end, by other clocks and where its length was never told.
const AFTER: Nanos = Nanos::from_millis(60 * 60 * 1_000);

/// Which lines to read.
#[derive(Clone, Debug)]
pub struct LogFilter<'a> {
    /// Written during this invocation,
    pub invocation: &'a Invocation,
    /// or in one of its traces, in its sandbox (without one: by its function).
    pub trace_ids: &'a [TraceId],
    /// At most so many.
    pub limit: u32,
}

/// A row of `logs`, as [`crate::rows::LogRow`] says; `extra` is the caller's to decode.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecordRow {
    /// When written, Unix nanoseconds.
    pub ts: u64,
    /// Function's or service's name.
    pub service: String,
    /// `function`, `extension`, `platform`, or `otlp`.
    pub source: String,
    /// Request id, empty if none.
    pub request_id: String,
    /// Trace, zeros if none.
    pub trace_id: [u8; 16],
    /// Span, zeros if none.
    pub span_id: [u8; 8],
    /// OTLP severity number.
    pub severity: u8,
    /// Text.
    pub body: String,
    /// Every attribute as text, in order.
    pub attrs: Vec<(String, String)>,
    /// Of which OTLP type each attribute is.
    pub attr_types: String,
    /// The rest as OTLP bytes.
    pub extra: Vec<u8>,
}

#[derive(Row, Deserialize)]
struct Count {
    count: u64,
}

impl Reader {
    /// The lines of an invocation in order of time, and how many there are in all.
    pub async fn logs(
        &self,
        filter: &LogFilter<'_>,
    ) -> Result<(Vec<LogRecordRow>, u64), ReadError> {
        let (owned, shown) = (self.owned(), filter.shown());
        let lines = format!(
            "SELECT {}
            FROM logs WHERE {owned} AND {shown}
            ORDER BY ts, source, body, span_id LIMIT {}",
            columns(),
            filter.limit
        );
        let count = format!("SELECT count() AS count FROM logs WHERE {owned} AND {shown}");
        let (lines, count) =
            tokio::try_join!(self.rows::<LineRow>(&lines), self.row::<Count>(&count))?;
        let lines = lines.into_iter().map(LogRecordRow::from).collect();
        Ok((lines, count.count))
    }
}

// === impl LogFilter ===

impl LogFilter<'_> {
    fn shown(&self) -> String {
        let within = sql::within(self.range());
        let request = sql::text(self.invocation.request_id.as_str());
        let place = match &self.invocation.sandbox_id {
            Some(sandbox) => format!("sandbox_id = {}", sql::text(SandboxId::as_str(sandbox))),
            None => format!("service = {}", sql::text(&self.invocation.function)),
        };
        if self.trace_ids.is_empty() {
            return format!("{within} AND request_id = {request}");
        }
        let traces = sql::ids(self.trace_ids.iter().map(TraceId::as_bytes));
        format!(
            "{within} AND (request_id = {request}
                OR (request_id = '' AND {place} AND trace_id IN {traces}))"
        )
    }

    fn range(&self) -> TimeRange {
        let one = self.invocation;
        let length = one.duration.unwrap_or_default();
        let end = one.filed_at.max(one.start).plus(length);
        TimeRange {
            from: one.filed_at.min(one.start).minus(BEFORE),
            to: end.max(one.deadline.unwrap_or_default()).plus(AFTER),
        }
    }
}
