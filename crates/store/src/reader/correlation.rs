//! What leads from one part of a journey to the next: request ids to traces and back, traces to the traces that they link.
//!
//! Lookups by key, without a time. Each takes a bounded number of ids; how far to follow them is the caller's decision.

use clickhouse::Row;
use coldtrace_model::{RequestId, TimeRange, TraceId, UnixNanos};
use serde::Deserialize;

use super::spans::Windows;
use super::{ReadError, Reader, sql};

/// A trace in which a request was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTrace {
    /// The request.
    pub request_id: RequestId,
    /// The trace.
    pub trace_id: TraceId,
}

/// When and where a trace happened on one day, and whose requests it served then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceWindow {
    /// The trace.
    pub trace_id: TraceId,
    /// From the first start to the last end.
    pub range: TimeRange,
    /// Who sent spans of it.
    pub services: Vec<String>,
    /// Requests that its spans name.
    pub request_ids: Vec<RequestId>,
    /// Whether somebody else than a platform sent spans of it.
    pub has_own: bool,
}

#[derive(Row, Deserialize)]
struct RequestTraceRecord {
    request_id: String,
    trace_id: [u8; 16],
}

#[derive(Row, Deserialize)]
struct WindowRecord {
    trace_id: [u8; 16],
    first: u64,
    last: u64,
    services: Vec<String>,
    request_ids: Vec<String>,
    has_own: u8,
}

#[derive(Row, Deserialize)]
struct TraceRecord {
    id: [u8; 16],
}

impl Reader {
    /// The traces of these requests, each request's earliest trace first.
    pub async fn traces_of_requests(
        &self,
        request_ids: &[RequestId],
    ) -> Result<Vec<RequestTrace>, ReadError> {
        if request_ids.is_empty() {
            return Ok(Vec::new());
        }
        let records: Vec<RequestTraceRecord> = self
            .rows(&format!(
                "SELECT request_id, trace_id FROM request_traces WHERE {} AND request_id IN {}
                GROUP BY request_id, trace_id ORDER BY request_id, min(min_ts), trace_id",
                self.owned(),
                sql::texts(request_ids.iter().map(RequestId::as_str))
            ))
            .await?;
        let parsed = |record: RequestTraceRecord| {
            Some(RequestTrace {
                request_id: RequestId::parse(&record.request_id).ok()?,
                trace_id: TraceId::from_bytes(&record.trace_id).ok()?,
            })
        };
        Ok(records.into_iter().filter_map(parsed).collect())
    }

    /// When and where these traces happened: one entry for a trace and a day; none for a trace that is not there.
    pub async fn trace_windows(
        &self,
        trace_ids: &[TraceId],
    ) -> Result<Vec<TraceWindow>, ReadError> {
        if trace_ids.is_empty() {
            return Ok(Vec::new());
        }
        let records: Vec<WindowRecord> = self
            .rows(&format!(
                "SELECT trace_id, toUInt64(toUnixTimestamp64Nano(min(min_ts))) AS first,
                    toUInt64(toUnixTimestamp64Nano(max(max_end))) AS last,
                    arraySort(groupUniqArrayArray(i.services)) AS services,
                    arraySort(groupUniqArrayArray(i.request_ids)) AS request_ids, max(i.has_own) AS has_own
                FROM trace_index AS i WHERE {} AND trace_id IN {}
                GROUP BY trace_id, day ORDER BY first, trace_id",
                self.owned(),
                sql::ids(trace_ids.iter().map(TraceId::as_bytes))
            ))
            .await?;
        Ok(records
            .into_iter()
            .filter_map(WindowRecord::into_window)
            .collect())
    }

    /// The traces whose spans link to one of these.
    pub async fn traces_that_link_to(
        &self,
        trace_ids: &[TraceId],
    ) -> Result<Vec<TraceId>, ReadError> {
        if trace_ids.is_empty() {
            return Ok(Vec::new());
        }
        self.trace_ids(&format!(
            "SELECT DISTINCT linked_by AS id FROM trace_links WHERE {} AND trace_id IN {} ORDER BY id",
            self.owned(),
            sql::ids(trace_ids.iter().map(TraceId::as_bytes))
        ))
        .await
    }

    /// The traces to which the spans of these traces link.
    pub async fn traces_linked_from(
        &self,
        windows: &[TraceWindow],
    ) -> Result<Vec<TraceId>, ReadError> {
        let Some(windows) = Windows::of(windows) else {
            return Ok(Vec::new());
        };
        self.trace_ids(&format!(
            "SELECT DISTINCT arrayJoin(link_trace_ids) AS id FROM spans
            WHERE {} AND {} AND notEmpty(link_trace_ids) ORDER BY id",
            self.owned(),
            windows.filter()
        ))
        .await
    }

    async fn trace_ids(&self, query: &str) -> Result<Vec<TraceId>, ReadError> {
        let records: Vec<TraceRecord> = self.rows(query).await?;
        let parsed = |record: TraceRecord| TraceId::from_bytes(&record.id).ok();
        Ok(records.into_iter().filter_map(parsed).collect())
    }
}

// === impl WindowRecord ===

impl WindowRecord {
    fn into_window(self) -> Option<TraceWindow> {
        let request_ids = self.request_ids.iter();
        Some(TraceWindow {
            trace_id: TraceId::from_bytes(&self.trace_id).ok()?,
            range: TimeRange {
                from: UnixNanos(self.first),
                to: UnixNanos(self.last.max(self.first).saturating_add(1)),
            },
            services: self.services,
            request_ids: request_ids
                .filter_map(|id| RequestId::parse(id).ok())
                .collect(),
            has_own: self.has_own != 0,
        })
    }
}
