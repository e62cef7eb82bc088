//! The list of traces.

use std::collections::HashMap;

use clickhouse::Row;
use coldtrace_model::{Nanos, RequestId, TimeRange, TraceId, UnixNanos};
use serde::Deserialize;

use super::spans::Windows;
use super::{Page, ReadError, Reader, Sort, TraceWindow, sql};

const DAY: Nanos = Nanos::from_millis(24 * 60 * 60 * 1_000);

/// Which traces to list.
#[derive(Clone, Debug)]
pub struct TraceFilter {
    /// Begun in this range.
    pub range: TimeRange,
    /// With spans of this service only.
    pub service: Option<String>,
    /// In which order.
    pub sort: Sort,
    /// Behind this one.
    pub after: Option<TraceKey>,
    /// At most so many.
    pub limit: u32,
}

/// A trace's place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceKey {
    /// From its first start to its last end.
    pub duration: Nanos,
    /// Its first start.
    pub start: UnixNanos,
    /// Its id.
    pub trace_id: TraceId,
}

/// A trace in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// Its first start.
    pub start: UnixNanos,
    /// From its first start to its last end.
    pub duration: Nanos,
    /// Who sent its root, else its first span; where no span came, the first of its services.
    pub root_service: String,
    /// That span's name; empty where no span came.
    pub root_name: String,
    /// Who sent spans of it.
    pub services: Vec<String>,
    /// How many different spans.
    pub spans: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Requests that it served.
    pub request_ids: Vec<RequestId>,
}

#[derive(Row, Deserialize)]
struct TraceRecord {
    trace_id: [u8; 16],
    start: u64,
    duration: u64,
    services: Vec<String>,
    request_ids: Vec<String>,
}

#[derive(Row, Deserialize)]
struct SpansRecord {
    trace_id: [u8; 16],
    root_service: String,
    root_name: String,
    spans: u64,
    errors: u64,
}

#[derive(Row, Deserialize)]
struct Count {
    count: u64,
}

impl Reader {
    /// A page of the list of traces.
    pub async fn traces(
        &self,
        filter: &TraceFilter,
    ) -> Result<Page<TraceSummary, TraceKey>, ReadError> {
        let (traces, shown) = (filter.merged(&self.owned()), filter.shown());
        let (order, behind) = (filter.order(), filter.behind());
        let limit = filter.limit.saturating_add(1);
        let page = format!(
            "SELECT * FROM ({traces}) WHERE {shown}{behind} ORDER BY {order} LIMIT {limit}"
        );
        let count = format!("SELECT count() AS count FROM ({traces}) WHERE {shown}");
        let (records, count) =
            tokio::try_join!(self.rows::<TraceRecord>(&page), self.row::<Count>(&count))?;
        let summaries = records
            .into_iter()
            .filter_map(TraceRecord::into_summary)
            .collect();
        let mut page = Page::cut(summaries, filter.limit, count.count, TraceSummary::key);
        self.describe(&mut page.items).await?;
        Ok(page)
    }

    /// Adds what only the spans tell.
    async fn describe(&self, summaries: &mut [TraceSummary]) -> Result<(), ReadError> {
        let windows: Vec<TraceWindow> = summaries.iter().map(TraceSummary::window).collect();
        let Some(windows) = Windows::of(&windows) else {
            return Ok(());
        };
        // Roots before others, then by time: false is less than true.
        let first = "(parent_span_id != toFixedString('', 8), ts, span_id)";
        let records: Vec<SpansRecord> = self
            .rows(&format!(
                "SELECT trace_id, toString(argMin(service, {first})) AS root_service,
                    toString(argMin(name, {first})) AS root_name,
                    uniqExact(span_id) AS spans, uniqExactIf(span_id, status = 2) AS errors
                FROM spans WHERE {} AND {} GROUP BY trace_id",
                self.owned(),
                windows.filter()
            ))
            .await?;
        let mut told: HashMap<[u8; 16], SpansRecord> = records
            .into_iter()
            .map(|record| (record.trace_id, record))
            .collect();
        for summary in summaries {
            if let Some(told) = told.remove(summary.trace_id.as_bytes()) {
                summary.root_service = told.root_service;
                summary.root_name = told.root_name;
                summary.spans = told.spans;
                summary.errors = told.errors;
            }
        }
        Ok(())
    }
}

// === impl TraceFilter ===

impl TraceFilter {
    /// One row a trace. A day more on both sides: the index has a row for each day of a trace, and its first start and
    /// last end may stand in another than those of the range.
    fn merged(&self, owned: &str) -> String {
        let days = sql::within_days(TimeRange {
            from: self.range.from.minus(DAY),
            to: self.range.to.plus(DAY),
        });
        format!(
            "SELECT trace_id, toUInt64(toUnixTimestamp64Nano(min(min_ts))) AS start,
                toUInt64(greatest(toUnixTimestamp64Nano(max(max_end)) - toUnixTimestamp64Nano(min(min_ts)), 0)) AS duration,
                arraySort(groupUniqArrayArray(i.services)) AS services,
                arraySort(groupUniqArrayArray(i.request_ids)) AS request_ids
            FROM trace_index AS i WHERE {owned} AND {days} GROUP BY trace_id"
        )
    }

    fn shown(&self) -> String {
        let (from, to) = (self.range.from.0, self.range.to.0);
        let mut shown = format!("start >= {from} AND start < {to}");
        if let Some(service) = &self.service {
            shown.push_str(&format!(" AND has(services, {})", sql::text(service)));
        }
        shown
    }

    fn order(&self) -> &'static str {
        match self.sort {
            Sort::Newest => "start DESC, trace_id DESC",
            Sort::Slowest => "duration DESC, start DESC, trace_id DESC",
        }
    }

    fn behind(&self) -> String {
        let Some(after) = &self.after else {
            return String::new();
        };
        let (duration, start) = (after.duration.0, after.start.0);
        let trace_id = format!(
            "toFixedString({}, 16)",
            sql::bytes(after.trace_id.as_bytes())
        );
        match self.sort {
            Sort::Newest => format!(" AND (start, trace_id) < ({start}, {trace_id})"),
            Sort::Slowest => {
                format!(" AND (duration, start, trace_id) < ({duration}, {start}, {trace_id})")
            }
        }
    }
}

// === impl TraceSummary ===

impl TraceSummary {
    fn key(&self) -> TraceKey {
        TraceKey {
            duration: self.duration,
            start: self.start,
            trace_id: self.trace_id,
        }
    }

    fn window(&self) -> TraceWindow {
        TraceWindow {
            trace_id: self.trace_id,
            range: TimeRange {
                from: self.start,
                to: self.start.plus(self.duration).plus(Nanos(1)),
            },
            services: self.services.clone(),
            request_ids: Vec::new(),
        }
    }
}

// === impl TraceRecord ===

impl TraceRecord {
    fn into_summary(self) -> Option<TraceSummary> {
        let request_ids = self.request_ids.iter();
        Some(TraceSummary {
            trace_id: TraceId::from_bytes(&self.trace_id).ok()?,
            start: UnixNanos(self.start),
            duration: Nanos(self.duration),
            root_service: self.services.first().cloned().unwrap_or_default(),
            root_name: String::new(),
            services: self.services,
            spans: 0,
            errors: 0,
            request_ids: request_ids
                .filter_map(|id| RequestId::parse(id).ok())
                .collect(),
        })
    }
}
