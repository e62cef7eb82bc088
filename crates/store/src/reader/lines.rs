//! Logged lines of a range of time, the latest first.
//!
//! Their order is time, then a hash of all that tells two lines apart. What is alike in everything, such as a line that a loop
//! prints within one millisecond, is told as often as it is stored: a place in the list counts how many of them stand before it.
//!
//! No index serves the text: the lines of the range are read. What narrows before that is the order of the table (function) and
//! its Bloom filters (request, trace).

use clickhouse::Row;
use coldtrace_model::{RequestId, TimeRange, TraceId, UnixNanos};
use serde::Deserialize;

use super::logs::LogRecordRow;
use super::sql::Bytes;
use super::{ReadError, Reader, sql};

/// All that tells lines of one moment apart.
pub(super) const HASH: &str =
    "cityHash64(service, source, sandbox_id, request_id, trace_id, span_id, severity, body,
    attr_keys, attr_values, attr_types, extra)";

/// What is true of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Of this function or service.
    pub service: Option<String>,
    /// Written during this request.
    pub request_id: Option<RequestId>,
    /// Written in this trace.
    pub trace_id: Option<TraceId>,
    /// At least as severe, by OTLP's numbers.
    pub severity: Option<u8>,
    /// Has all of these in its body, in any case.
    pub texts: Vec<String>,
}

/// Which lines to list.
#[derive(Clone, Copy, Debug)]
pub struct LineQuery<'a> {
    /// Written in this range,
    pub range: TimeRange,
    /// of which this is true,
    pub filter: &'a LineFilter,
    /// behind this place.
    pub after: Option<LineKey>,
    /// At most so many.
    pub limit: usize,
}

/// A line's place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// When it was written.
    pub time: UnixNanos,
    /// Which of that moment.
    pub hash: u64,
    /// How many that are alike stand before it, and itself: 1 for what there is once.
    pub number: u32,
}

#[derive(Row, Deserialize)]
pub(super) struct LineRow {
    nanos: u64,
    hash: u64,
    service: String,
    source: String,
    request_id: String,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    severity: u8,
    body: String,
    attr_keys: Bytes,
    attr_values: Bytes,
    attr_types: String,
    extra: Bytes,
}

/// Those of [`LineRow`], as SQL.
pub(super) fn columns() -> String {
    format!(
        "toUInt64(toUnixTimestamp64Nano(ts)) AS nanos, {HASH} AS hash, service, source, request_id, trace_id, span_id,
            severity, body, attr_keys, attr_values, attr_types, extra"
    )
}

impl Reader {
    /// Lines with their places, the latest first.
    pub async fn lines(
        &self,
        query: &LineQuery<'_>,
    ) -> Result<Vec<(LineKey, LogRecordRow)>, ReadError> {
        let mut range = query.range;
        let (mut behind, mut alike) = (String::new(), 0);
        if let Some(after) = query.after {
            range.to = UnixNanos(after.time.0.saturating_add(1)).min(range.to);
            behind = format!(" AND (nanos, hash) <= ({}, {})", after.time.0, after.hash);
            // In a stretch that ends before it there is none like it.
            if range.to > after.time {
                alike = after.number;
            }
        }
        let end = format!(
            "{behind} ORDER BY ts DESC, hash DESC LIMIT {} OFFSET {alike}",
            query.limit
        );
        self.line_rows(range, query.filter, &end, query.after).await
    }

    /// Lines with their places, the latest first: all of which the rest of the query, which may limit them, is true.
    pub(super) async fn line_rows(
        &self,
        range: TimeRange,
        filter: &LineFilter,
        rest: &str,
        after: Option<LineKey>,
    ) -> Result<Vec<(LineKey, LogRecordRow)>, ReadError> {
        let rows: Vec<LineRow> = self
            .rows(&format!(
                "SELECT {}
                FROM logs WHERE {} AND {}{}{rest}",
                columns(),
                self.owned(),
                sql::within(range),
                filter.shown(),
            ))
            .await?;
        let places = rows.iter().map(|row| (UnixNanos(row.nanos), row.hash));
        let keys = keys(places, after);
        let lines = rows.into_iter().map(LogRecordRow::from);
        Ok(keys.into_iter().zip(lines).collect())
    }
}

/// Of lines in order, each one's place.
pub(super) fn keys(
    places: impl Iterator<Item = (UnixNanos, u64)>,
    after: Option<LineKey>,
) -> Vec<LineKey> {
    let mut before = after;
    let numbered = places.map(|(time, hash)| {
        let alike = before.filter(|before| (before.time, before.hash) == (time, hash));
        let key = LineKey {
            time,
            hash,
            number: alike.map_or(0, |before| before.number).saturating_add(1),
        };
        before = Some(key);
        key
    });
    numbered.collect()
}

// === impl LineFilter ===

impl LineFilter {
    /// As conditions that follow others.
    pub(super) fn shown(&self) -> String {
        let mut shown = String::new();
        let mut and = |condition: String| {
            shown.push_str(" AND ");
            shown.push_str(&condition);
        };
        if let Some(service) = &self.service {
            and(format!("service = {}", sql::text(service)));
        }
        if let Some(request_id) = &self.request_id {
            and(format!("request_id = {}", sql::text(request_id.as_str())));
        }
        if let Some(trace_id) = &self.trace_id {
            let id = sql::bytes(trace_id.as_bytes());
            and(format!("trace_id = toFixedString({id}, 16)"));
        }
        if let Some(severity) = self.severity {
            and(format!("severity >= {severity}"));
        }
        for text in &self.texts {
            let text = sql::text(text);
            and(format!("positionCaseInsensitiveUTF8(body, {text}) > 0"));
        }
        shown
    }
}

// === impl LogRecordRow ===

impl From<LineRow> for LogRecordRow {
    fn from(row: LineRow) -> Self {
        Self {
            ts: row.nanos,
            service: row.service,
            source: row.source,
            request_id: row.request_id,
            trace_id: row.trace_id,
            span_id: row.span_id,
            severity: row.severity,
            body: row.body,
            attrs: row.attr_keys.texts().zip(row.attr_values.texts()).collect(),
            attr_types: row.attr_types,
            extra: row.extra.0,
        }
    }
}
