//! Spans as they are stored, with the resources and scopes that they name.

use std::collections::BTreeSet;

use clickhouse::Row;
use coldtrace_model::{Nanos, SpanId, TimeRange, TraceId};
use serde::Deserialize;

use super::correlation::TraceWindow;
use super::sql::Bytes;
use super::{ReadError, Reader, sql};

/// Windows that are closer than this are read as one: fewer ranges in the key's condition.
const WINDOW_GAP: Nanos = Nanos::from_millis(10 * 60 * 1_000);
/// Ranges in one condition; of a journey that is scattered wider, the gaps are read too.
const MAX_RANGES: usize = 64;

/// The columns of a [`StoredSpan`].
pub(super) const COLUMNS: &str = "toUInt64(toUnixTimestamp64Nano(ts)) AS nanos, trace_id, span_id, parent_span_id, service,
    name, kind, duration_ns, status, status_message, request_id, sandbox_id, phase, resource_id, scope_id, flags,
    attr_keys, attr_values, attr_types, extra";

/// The same without what takes most room in them.
const BARE_COLUMNS: &str = "toUInt64(toUnixTimestamp64Nano(ts)) AS nanos, trace_id, span_id, parent_span_id, service,
    name, kind, duration_ns, status, '' AS status_message, request_id, sandbox_id, phase, resource_id, scope_id, flags,
    '' AS attr_keys, '' AS attr_values, '' AS attr_types, '' AS extra";

/// Span ids in one statement, whose text has a limit of 256 KiB.
const IDS: usize = 5_000;

/// A row of `spans`, as [`crate::rows::SpanRow`] says; `extra` is the caller's to decode.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanRecord {
    /// Start, Unix nanoseconds.
    pub ts: u64,
    /// Trace.
    pub trace_id: [u8; 16],
    /// Span.
    pub span_id: [u8; 8],
    /// Parent, zeros for a root.
    pub parent_span_id: [u8; 8],
    /// `Resource::service`.
    pub service: String,
    /// Name.
    pub name: String,
    /// `SpanKind`.
    pub kind: u8,
    /// End minus start, nanoseconds.
    pub duration_ns: i64,
    /// `StatusCode`.
    pub status: u8,
    /// Words for the status.
    pub status_message: String,
    /// Normalised request id, empty if none.
    pub request_id: String,
    /// Sandbox whose extension shipped it, empty if none.
    pub sandbox_id: String,
    /// Platform phase, empty for a client's own span.
    pub phase: String,
    /// Key into `resources`.
    pub resource_id: u64,
    /// Key into `scopes`.
    pub scope_id: u64,
    /// W3C's flags, and what is known of the parent.
    pub flags: u32,
    /// Every attribute as text, in order.
    pub attrs: Vec<(String, String)>,
    /// Of which OTLP type each attribute is.
    pub attr_types: String,
    /// The rest as OTLP bytes.
    pub extra: Vec<u8>,
}

/// A row of `resources`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceRecord {
    /// Its key.
    pub resource_id: u64,
    /// `ResourceSpans.schema_url`.
    pub schema_url: String,
    /// OTLP bytes.
    pub raw: Vec<u8>,
}

/// A row of `scopes`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScopeRecord {
    /// Its key.
    pub scope_id: u64,
    /// `ScopeSpans.schema_url`.
    pub schema_url: String,
    /// OTLP bytes.
    pub raw: Vec<u8>,
}

#[derive(Row, Deserialize)]
pub(super) struct StoredSpan {
    nanos: u64,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    parent_span_id: [u8; 8],
    service: String,
    name: String,
    kind: u8,
    duration_ns: i64,
    status: u8,
    status_message: String,
    request_id: String,
    sandbox_id: String,
    phase: String,
    resource_id: u64,
    scope_id: u64,
    flags: u32,
    attr_keys: Bytes,
    attr_values: Bytes,
    attr_types: String,
    extra: Bytes,
}

#[derive(Row, Deserialize)]
struct StoredEnvelope {
    id: u64,
    schema_url: String,
    raw: Bytes,
}

#[derive(Row, Deserialize)]
struct Count {
    count: u64,
}

/// A filter on spans by trace, with the times and services that let the key prune.
pub(super) struct Windows {
    trace_ids: BTreeSet<TraceId>,
    services: BTreeSet<String>,
    ranges: Vec<TimeRange>,
}

impl Reader {
    /// The spans of these traces by start, at most `limit`.
    pub async fn spans(
        &self,
        windows: &[TraceWindow],
        limit: usize,
    ) -> Result<Vec<SpanRecord>, ReadError> {
        self.columns_of_spans(COLUMNS, windows, limit).await
    }

    /// The same without attributes, events, links and words for the status: of a trace so large that these would not fit.
    pub async fn bare_spans(
        &self,
        windows: &[TraceWindow],
        limit: usize,
    ) -> Result<Vec<SpanRecord>, ReadError> {
        self.columns_of_spans(BARE_COLUMNS, windows, limit).await
    }

    async fn columns_of_spans(
        &self,
        columns: &str,
        windows: &[TraceWindow],
        limit: usize,
    ) -> Result<Vec<SpanRecord>, ReadError> {
        let Some(windows) = Windows::of(windows) else {
            return Ok(Vec::new());
        };
        let records: Vec<StoredSpan> = self
            .rows(&format!(
                "SELECT {columns}
                FROM spans WHERE {} AND {} ORDER BY ts, trace_id, span_id LIMIT {limit}",
                self.owned(),
                windows.filter()
            ))
            .await?;
        Ok(records.into_iter().map(SpanRecord::from).collect())
    }

    /// Those of these traces that have one of these ids, in any order.
    pub async fn spans_by_id(
        &self,
        windows: &[TraceWindow],
        ids: &[SpanId],
    ) -> Result<Vec<SpanRecord>, ReadError> {
        let Some(windows) = Windows::of(windows) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS) {
            let records: Vec<StoredSpan> = self
                .rows(&format!(
                    "SELECT {COLUMNS} FROM spans WHERE {} AND {} AND span_id IN {}",
                    self.owned(),
                    windows.filter(),
                    sql::ids(ids.iter().map(SpanId::as_bytes))
                ))
                .await?;
            found.extend(records.into_iter().map(SpanRecord::from));
        }
        Ok(found)
    }

    /// How many different spans these traces have.
    pub async fn count_spans(&self, windows: &[TraceWindow]) -> Result<u64, ReadError> {
        let Some(windows) = Windows::of(windows) else {
            return Ok(0);
        };
        let counted: Count = self
            .row(&format!(
                "SELECT uniqExact(trace_id, span_id) AS count FROM spans WHERE {} AND {}",
                self.owned(),
                windows.filter()
            ))
            .await?;
        Ok(counted.count)
    }

    /// Resources by their keys.
    pub async fn resources(&self, ids: &[u64]) -> Result<Vec<ResourceRecord>, ReadError> {
        let found = self.envelopes("resources", "resource_id", ids).await?;
        let record = |found: StoredEnvelope| ResourceRecord {
            resource_id: found.id,
            schema_url: found.schema_url,
            raw: found.raw.0,
        };
        Ok(found.into_iter().map(record).collect())
    }

    /// Scopes by their keys.
    pub async fn scopes(&self, ids: &[u64]) -> Result<Vec<ScopeRecord>, ReadError> {
        let found = self.envelopes("scopes", "scope_id", ids).await?;
        let record = |found: StoredEnvelope| ScopeRecord {
            scope_id: found.id,
            schema_url: found.schema_url,
            raw: found.raw.0,
        };
        Ok(found.into_iter().map(record).collect())
    }

    async fn envelopes(
        &self,
        table: &str,
        key: &str,
        ids: &[u64],
    ) -> Result<Vec<StoredEnvelope>, ReadError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // A row is written for every day: they are all the same.
        self.rows(&format!(
            "SELECT {key} AS id, schema_url, raw FROM {table} WHERE {} AND {key} IN {} LIMIT 1 BY {key}",
            self.owned(),
            sql::numbers(ids.iter().copied())
        ))
        .await
    }
}

// === impl Windows ===

impl Windows {
    /// `None` where there is no trace, and so nothing to ask for.
    pub(super) fn of(windows: &[TraceWindow]) -> Option<Self> {
        if windows.is_empty() {
            return None;
        }
        Some(Self {
            trace_ids: windows.iter().map(|window| window.trace_id).collect(),
            services: windows
                .iter()
                .flat_map(|window| window.services.iter().cloned())
                .collect(),
            ranges: joined(windows.iter().map(|window| window.range).collect()),
        })
    }

    pub(super) fn filter(&self) -> String {
        let ranges: Vec<String> = self
            .ranges
            .iter()
            .map(|&range| format!("({})", sql::within(range)))
            .collect();
        let mut filter = format!(
            "({}) AND trace_id IN {}",
            ranges.join(" OR "),
            sql::ids(self.trace_ids.iter().map(TraceId::as_bytes))
        );
        if !self.services.is_empty() {
            let services = self.services.iter().map(String::as_str);
            filter.push_str(&format!(" AND service IN {}", sql::texts(services)));
        }
        filter
    }
}

/// Ranges in order, those that touch or nearly touch joined.
fn joined(mut ranges: Vec<TimeRange>) -> Vec<TimeRange> {
    ranges.sort_by_key(|range| range.from);
    let mut joined: Vec<TimeRange> = Vec::new();
    for range in ranges {
        let is_full = joined.len() == MAX_RANGES;
        match joined.last_mut() {
            Some(last) if is_full || range.from <= last.to.plus(WINDOW_GAP) => {
                last.to = last.to.max(range.to);
            }
            _ => joined.push(range),
        }
    }
    joined
}

// === impl SpanRecord ===

impl From<StoredSpan> for SpanRecord {
    fn from(stored: StoredSpan) -> Self {
        Self {
            ts: stored.nanos,
            trace_id: stored.trace_id,
            span_id: stored.span_id,
            parent_span_id: stored.parent_span_id,
            service: stored.service,
            name: stored.name,
            kind: stored.kind,
            duration_ns: stored.duration_ns,
            status: stored.status,
            status_message: stored.status_message,
            request_id: stored.request_id,
            sandbox_id: stored.sandbox_id,
            phase: stored.phase,
            resource_id: stored.resource_id,
            scope_id: stored.scope_id,
            flags: stored.flags,
            attrs: stored
                .attr_keys
                .texts()
                .zip(stored.attr_values.texts())
                .collect(),
            attr_types: stored.attr_types,
            extra: stored.extra.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_model::UnixNanos;

    use super::*;

    #[test]
    fn windows_that_nearly_touch_are_read_as_one_and_their_number_is_bounded() {
        let minutes = |from: u64, to: u64| TimeRange {
            from: UnixNanos(from * 60_000_000_000),
            to: UnixNanos(to * 60_000_000_000),
        };
        assert_eq!(
            joined(vec![
                minutes(30, 31),
                minutes(0, 5),
                minutes(2, 3),
                minutes(14, 15)
            ]),
            [minutes(0, 15), minutes(30, 31)]
        );
        let scattered = (0..1_000).map(|n| minutes(n * 60, n * 60 + 1)).collect();
        let joined = joined(scattered);
        assert_eq!(joined.len(), MAX_RANGES);
        assert_eq!(joined[MAX_RANGES - 1].to, minutes(0, 999 * 60 + 1).to);
    }
}
