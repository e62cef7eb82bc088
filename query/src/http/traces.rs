//! `GET /api/v1/traces` and `GET /api/v1/traces/{trace_id}`.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::{Nanos, RequestId, SpanId, TraceId, UnixNanos};
use coldtrace_store::reader::{Sort, TraceFilter, TraceKey, TraceSummary};
use serde::Serialize;

use super::access::{Access, Api};
use super::cursor::Place;
use super::error::ApiError;
use super::params::{Order, Params};
use super::traced::{self, Traced};
use super::{Written, bytes_of, json};
use crate::journey::Journey;
use crate::reply::{Decimal, Shape, Shown, TraceReply};

const LIST_PARAMETERS: [&str; 6] = ["from", "to", "service", "sort", "limit", "cursor"];

/// The schema `TraceList`.
#[derive(Serialize)]
struct ListReply<'a> {
    traces: Vec<SummaryReply<'a>>,
    total: u64,
    next_cursor: Option<&'a str>,
}

/// The schema `TraceSummary`.
#[derive(Serialize)]
struct SummaryReply<'a> {
    trace_id: Shown<TraceId>,
    start: Decimal,
    duration: Decimal,
    root_service: &'a str,
    root_name: &'a str,
    services: &'a [String],
    spans: Decimal,
    errors: Decimal,
    request_ids: Vec<&'a str>,
}

struct Listed {
    traces: Vec<TraceSummary>,
    total: u64,
    next_cursor: Option<String>,
}

/// In a cursor: duration, start, trace id.
type CursorKey = (u64, u64, String);

pub(super) fn list() -> MethodRouter<Api> {
    get(list_traces)
}

pub(super) fn detail() -> MethodRouter<Api> {
    get(get_trace)
}

async fn list_traces(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &LIST_PARAMETERS)?;
    let place = Place::<CursorKey>::read(&params, &[Order::Newest, Order::Slowest])?;
    let filter = TraceFilter {
        range: place.range,
        service: params.text("service").map(str::to_owned),
        sort: match place.order {
            Order::Slowest => Sort::Slowest,
            _ => Sort::Newest,
        },
        after: place.after.as_ref().map(key_from).transpose()?,
        limit: params.limit()?,
    };
    let page = access.reader.traces(&filter).await?;
    let listed = Listed {
        traces: page.items,
        total: page.total,
        next_cursor: page.next.map(|key| place.cursor(key_into(key))),
    };
    json(listed).await
}

async fn get_trace(
    access: Access,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["below", traced::PARAMETER])?;
    let shape = traced::shape(&params)?;
    let trace_id = trace_id(path)?;
    let Some(below) = params.text("below") else {
        let journey = access.journeys.of_trace(trace_id).await?;
        let missing = || ApiError::NotFound(format!("there is no trace {trace_id}"));
        return traced::told(journey.ok_or_else(missing)?, shape).await;
    };
    let span_id: SpanId = below
        .parse()
        .map_err(|_| ApiError::invalid("below", "must be 16 hex digits that are not all 0"))?;
    let part = access.journeys.below(trace_id, span_id).await?;
    let missing =
        || ApiError::NotFound(format!("there is no span {span_id} in a trace {trace_id}"));
    traced::told(part.ok_or_else(missing)?, shape).await
}

/// The trace of a path.
pub(super) fn trace_id(path: Result<Path<String>, PathRejection>) -> Result<TraceId, ApiError> {
    let Path(text) = path.map_err(|error| ApiError::invalid("trace_id", error.body_text()))?;
    text.parse()
        .map_err(|_| ApiError::invalid("trace_id", "must be 32 hex digits that are not all 0"))
}

fn key_from((duration, start, trace_id): &CursorKey) -> Result<TraceKey, ApiError> {
    let foreign = |_| ApiError::invalid("cursor", "is not one that this list gave");
    Ok(TraceKey {
        duration: Nanos(*duration),
        start: UnixNanos(*start),
        trace_id: trace_id.parse().map_err(foreign)?,
    })
}

fn key_into(key: TraceKey) -> CursorKey {
    (key.duration.0, key.start.0, key.trace_id.to_string())
}

// === impl Listed, Journey ===

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            traces: self.traces.iter().map(SummaryReply::from).collect(),
            total: self.total,
            next_cursor: self.next_cursor.as_deref(),
        })
    }
}

impl Traced for Journey {
    fn journey(&self) -> &Journey {
        self
    }

    fn written(&self, shape: Shape) -> Result<Vec<u8>, ApiError> {
        bytes_of(&TraceReply::of(self, shape))
    }
}

impl<'a> From<&'a TraceSummary> for SummaryReply<'a> {
    fn from(summary: &'a TraceSummary) -> Self {
        Self {
            trace_id: Shown(summary.trace_id),
            start: summary.start.into(),
            duration: summary.duration.into(),
            root_service: &summary.root_service,
            root_name: &summary.root_name,
            services: &summary.services,
            spans: Decimal(summary.spans),
            errors: Decimal(summary.errors),
            request_ids: summary.request_ids.iter().map(RequestId::as_str).collect(),
        }
    }
}
