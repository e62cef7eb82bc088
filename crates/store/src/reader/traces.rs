//! The list of traces.
//!
//! A platform has a trace of its own of each invocation, beside the one in which the function tells of it. Somebody who looks at
//! the list sees one journey, so that a trace of which platforms alone sent spans is not listed where one of its requests was served in
//! a listed trace of somebody's own; that one tells of both.

use std::collections::{BTreeSet, HashMap};

use clickhouse::Row;
use coldtrace_model::{Nanos, RequestId, TimeRange, TraceId, UnixNanos};
use serde::Deserialize;

use super::spans::Windows;
use super::{Page, ReadError, Reader, Sort, TraceWindow, sql};

const DAY: Nanos = Nanos::from_millis(24 * 60 * 60 * 1_000);
/// By so much clocks may differ that tell of one request.
const CLOCKS: Nanos = Nanos::from_millis(20 * 60 * 1_000);
/// Of a row of the index, the requests whose ids tell them apart (`RequestId::is_telling`).
const TELLING: &str = "arrayFilter(request -> match(request, '[^0-]'), i.request_ids)";

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

/// A trace in the list, with what platforms told of its requests in traces that are not listed.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// Its first start.
    pub start: UnixNanos,
    /// From its first start to its last end, by its own spans.
    pub duration: Nanos,
    /// Who sent its root, else its first span, of the platform's phases none but the invocation; where no span came, the first of its
    /// services.
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
    /// Whether somebody else than a platform sent spans of it.
    pub has_own: bool,
}

#[derive(Row, Deserialize)]
struct KeyRecord {
    trace_id: [u8; 16],
    start: u64,
    duration: u64,
}

#[derive(Row, Deserialize)]
struct TraceRecord {
    trace_id: [u8; 16],
    start: u64,
    duration: u64,
    services: Vec<String>,
    request_ids: Vec<String>,
    has_own: u8,
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
        let owned = self.owned();
        let (traces, shown) = (filter.begun(&owned), filter.shown(&owned));
        let (order, behind) = (filter.order(), filter.behind());
        let limit = filter.limit.saturating_add(1);
        let page = format!(
            "SELECT trace_id, start, duration FROM ({traces}) WHERE {shown}{behind} ORDER BY {order} LIMIT {limit}"
        );
        let count = format!("SELECT count() AS count FROM ({traces}) WHERE {shown}");
        let (keys, count) =
            tokio::try_join!(self.rows::<KeyRecord>(&page), self.row::<Count>(&count))?;
        let keys = keys.into_iter().filter_map(KeyRecord::into_key).collect();
        let page = Page::cut(keys, filter.limit, count.count, |key: &TraceKey| *key);
        let mut page = Page {
            items: self.summaries_of(filter, &page.items).await?,
            total: page.total,
            next: page.next,
        };
        let mut told_elsewhere = self.told_elsewhere(&page.items).await?;
        let listed = page.items.iter_mut();
        self.describe(listed.chain(&mut told_elsewhere).collect())
            .await?;
        take_in(&mut page.items, &told_elsewhere);
        Ok(page)
    }

    /// What the index has of these traces, in their order.
    async fn summaries_of(
        &self,
        filter: &TraceFilter,
        keys: &[TraceKey],
    ) -> Result<Vec<TraceSummary>, ReadError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ids = sql::ids(keys.iter().map(|key| key.trace_id.as_bytes()));
        let rows = format!(
            "{} AND {} AND trace_id IN {ids}",
            self.owned(),
            filter.days()
        );
        let records: Vec<TraceRecord> = self.rows(&merged(&rows)).await?;
        let summaries = records.into_iter().filter_map(TraceRecord::into_summary);
        let mut found: HashMap<TraceId, TraceSummary> =
            summaries.map(|one| (one.trace_id, one)).collect();
        let summary = |key: &TraceKey| {
            // More may have come since it was chosen.
            Some(TraceSummary {
                start: key.start,
                duration: key.duration,
                ..found.remove(&key.trace_id)?
            })
        };
        Ok(keys.iter().filter_map(summary).collect())
    }

    /// The traces of which platforms alone sent spans, of requests that these traces of somebody's own served.
    async fn told_elsewhere(
        &self,
        summaries: &[TraceSummary],
    ) -> Result<Vec<TraceSummary>, ReadError> {
        let own = summaries.iter().filter(|summary| summary.has_own);
        let own: Vec<&[u8; 16]> = own.map(|summary| summary.trace_id.as_bytes()).collect();
        if own.is_empty() {
            return Ok(Vec::new());
        }
        let (owned, own) = (self.owned(), sql::ids(own));
        let among = format!(
            "trace_id IN (
                SELECT trace_id FROM request_traces WHERE {owned} AND request_id IN (
                    SELECT arrayJoin({TELLING}) FROM trace_index AS i WHERE {owned} AND trace_id IN {own}))"
        );
        let merged = merged(&format!("{owned} AND {among}"));
        let records: Vec<TraceRecord> = self
            .rows(&format!(
                "SELECT * FROM ({merged}) WHERE has_own = 0 ORDER BY trace_id"
            ))
            .await?;
        Ok(records
            .into_iter()
            .filter_map(TraceRecord::into_summary)
            .collect())
    }

    /// Adds what only the spans tell.
    async fn describe(&self, summaries: Vec<&mut TraceSummary>) -> Result<(), ReadError> {
        let windows: Vec<TraceWindow> = summaries.iter().map(|one| one.window()).collect();
        let Some(windows) = Windows::of(&windows) else {
            return Ok(());
        };
        // Roots before others, then by time: false is less than true. What a sandbox does before an invocation comes first, and says
        // nothing of what the trace is.
        let first = "(phase NOT IN ('', 'invocation'), parent_span_id != toFixedString('', 8), ts, span_id)";
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

/// Adds to traces what was told of their requests elsewhere.
fn take_in(summaries: &mut [TraceSummary], told_elsewhere: &[TraceSummary]) {
    let mut served: HashMap<RequestId, Vec<usize>> = HashMap::new();
    for (place, summary) in summaries.iter().enumerate() {
        let telling = summary.request_ids.iter().filter(|id| id.is_telling());
        for request_id in telling.filter(|_| summary.has_own) {
            served.entry(request_id.clone()).or_default().push(place);
        }
    }
    for told in told_elsewhere {
        let places = told.request_ids.iter().filter_map(|id| served.get(id));
        for place in BTreeSet::from_iter(places.flatten()) {
            summaries[*place].add(told);
        }
    }
}

/// One row a trace, of these rows of the index.
fn merged(rows: &str) -> String {
    format!(
        "SELECT trace_id, toUInt64(toUnixTimestamp64Nano(min(min_ts))) AS start,
            toUInt64(greatest(toUnixTimestamp64Nano(max(max_end)) - toUnixTimestamp64Nano(min(min_ts)), 0)) AS duration,
            arraySort(groupUniqArrayArray(i.services)) AS services,
            arraySort(groupUniqArrayArray(i.request_ids)) AS request_ids, max(i.has_own) AS has_own
        FROM trace_index AS i WHERE {rows} GROUP BY trace_id"
    )
}

// === impl TraceFilter ===

impl TraceFilter {
    /// One row a trace that may have begun in the range, with what it is chosen by: texts of many are dear.
    fn begun(&self, owned: &str) -> String {
        let days = self.days();
        let has_service = self.service.as_ref().map_or_else(
            || "1".to_owned(),
            |service| format!("max(has(i.services, {}))", sql::text(service)),
        );
        format!(
            "SELECT trace_id, toUInt64(toUnixTimestamp64Nano(min(min_ts))) AS start,
                toUInt64(greatest(toUnixTimestamp64Nano(max(max_end)) - toUnixTimestamp64Nano(min(min_ts)), 0)) AS duration,
                max(i.has_own) AS has_own, {has_service} AS has_service
            FROM trace_index AS i WHERE {owned} AND {days} AND trace_id IN (
                SELECT trace_id FROM trace_index WHERE {owned} AND {} AND min_ts >= {} AND min_ts < {})
            GROUP BY trace_id",
            sql::within_days(self.range),
            sql::moment(self.range.from),
            sql::moment(self.range.to)
        )
    }

    /// A day more on both sides: the index has a row for each day of a trace, and its first start and last end may stand in another
    /// than those of the range.
    fn days(&self) -> String {
        sql::within_days(TimeRange {
            from: self.range.from.minus(DAY),
            to: self.range.to.plus(DAY),
        })
    }

    fn shown(&self, owned: &str) -> String {
        let (from, to) = (self.range.from.0, self.range.to.0);
        let told_twice = self.told_twice(owned);
        format!(
            "start >= {from} AND start < {to} AND has_service = 1 AND (has_own = 1 OR trace_id NOT IN ({told_twice}))"
        )
    }

    /// Traces of which one of the requests was served in a trace of somebody's own that the list may show; of those alone that began in
    /// the range, since what began in it was served no earlier. Requests are compared by hashes, which take a fifth of the room.
    fn told_twice(&self, owned: &str) -> String {
        let days = self.days();
        let from = sql::moment(self.range.from);
        let since = sql::moment(self.range.from.minus(CLOCKS));
        let of_service = self.service.as_ref().map_or_else(String::new, |service| {
            format!(
                " AND i.trace_id IN (
                    SELECT trace_id FROM trace_index AS s WHERE {owned} AND {days} AND has(s.services, {}))",
                sql::text(service)
            )
        });
        format!(
            "SELECT trace_id FROM trace_index AS p
            WHERE {owned} AND {days} AND p.has_own = 0 AND p.min_ts >= {from}
                AND arrayExists(request -> cityHash64(request) IN (
                    SELECT cityHash64(arrayJoin({TELLING})) FROM trace_index AS i
                    WHERE {owned} AND {days} AND i.has_own = 1 AND i.max_end >= {since}{of_service}), p.request_ids)"
        )
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
    fn window(&self) -> TraceWindow {
        TraceWindow {
            trace_id: self.trace_id,
            range: TimeRange {
                from: self.start,
                to: self.start.plus(self.duration).plus(Nanos(1)),
            },
            services: self.services.clone(),
            request_ids: Vec::new(),
            has_own: self.has_own,
        }
    }

    /// Takes what was told elsewhere; when it began and how long it took stays, by which it has its place in the list.
    fn add(&mut self, told: &Self) {
        self.services.extend_from_slice(&told.services);
        self.services.sort_unstable();
        self.services.dedup();
        self.request_ids.extend_from_slice(&told.request_ids);
        self.request_ids.sort_unstable();
        self.request_ids.dedup();
        self.spans += told.spans;
        self.errors += told.errors;
    }
}

// === impl KeyRecord ===

impl KeyRecord {
    fn into_key(self) -> Option<TraceKey> {
        Some(TraceKey {
            duration: Nanos(self.duration),
            start: UnixNanos(self.start),
            trace_id: TraceId::from_bytes(&self.trace_id).ok()?,
        })
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
            has_own: self.has_own != 0,
        })
    }
}
