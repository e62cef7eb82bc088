//! `GET /api/v1/search`: traces by a query in TraceQL.

use std::ops::Range;
use std::sync::Arc;

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::{Attributes, SpanId, TraceId, UnixNanos};
use coldtrace_store::reader::Candidate;
use serde::Serialize;

use super::access::{Access, Api};
use super::cursor::Place;
use super::error::ApiError;
use super::params::{Order, Params};
use super::{Written, bytes_of, json};
use crate::reply::{AttributesReply, Decimal, Shown};
use crate::search::{Finding, Match, MatchedSpan, MatchedSpans, Search};

const PARAMETERS: [&str; 5] = ["q", "from", "to", "limit", "cursor"];

/// The schema `SearchResult`.
#[derive(Serialize)]
struct SearchReply<'a> {
    traces: Vec<MatchReply<'a>>,
    next_cursor: Option<String>,
    looked_at: u64,
    searched_from: Decimal,
    warnings: Vec<&'static str>,
}

/// The schema `TraceMatch`.
#[derive(Serialize)]
struct MatchReply<'a> {
    trace_id: Shown<TraceId>,
    start: Decimal,
    duration: Decimal,
    root_service: &'a str,
    root_name: &'a str,
    spans: Decimal,
    errors: Decimal,
    spansets: Vec<SpansetReply<'a>>,
}

/// The schema `Spanset`.
#[derive(Serialize)]
struct SpansetReply<'a> {
    matched: Decimal,
    values: AttributesReply<'a>,
    spans: Vec<SpanReply<'a>>,
}

/// The schema `MatchedSpan`.
#[derive(Serialize)]
struct SpanReply<'a> {
    span_id: Shown<SpanId>,
    service: &'a str,
    name: &'a str,
    start: Decimal,
    duration: Decimal,
    status: &'static str,
    values: AttributesReply<'a>,
}

/// In a cursor: start, trace id.
type CursorKey = (u64, String);

struct Answer {
    finding: Finding,
    place: Place<CursorKey>,
}

pub(super) fn traces() -> MethodRouter<Api> {
    get(search)
}

async fn search(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let place = Place::<CursorKey>::read(&params, &[Order::Newest])?;
    let text = params.text("q").unwrap_or_default();
    let query = coldtrace_traceql::parse(text).map_err(|error| ApiError::Syntax {
        at: characters(text, &error.at),
        message: format!("at character {}: {error}", error.character(text)),
    })?;
    let search = Search {
        query: Arc::new(query),
        range: place.range,
        after: place.after.as_ref().map(candidate).transpose()?,
        limit: params.limit()? as usize,
    };
    let finding = access.searcher.search(search).await?;
    json(Answer { finding, place }).await
}

/// The same stretch in characters, from 0.
pub(super) fn characters(text: &str, bytes: &Range<usize>) -> Range<usize> {
    let until = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
    until(bytes.start)..until(bytes.end)
}

fn candidate((start, trace_id): &CursorKey) -> Result<Candidate, ApiError> {
    let foreign = |_| ApiError::invalid("cursor", "is not one that this list gave");
    Ok(Candidate {
        start: UnixNanos(*start),
        trace_id: trace_id.parse().map_err(foreign)?,
    })
}

// === impl Answer ===

impl Written for Answer {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let finding = &self.finding;
        let next = finding.next;
        let key = |next: Candidate| (next.start.0, next.trace_id.to_string());
        let searched_from = next.map_or(self.place.range.from, |next| next.start);
        let mut warnings = Vec::new();
        if finding.is_spent {
            warnings.push("the search took too long and stopped at `searched_from`; `next_cursor` goes on there");
        }
        if finding.is_cut {
            warnings.push("of traces with very many spans only the first were looked at");
        }
        bytes_of(&SearchReply {
            traces: finding.traces.iter().map(MatchReply::from).collect(),
            next_cursor: next.map(|next| self.place.cursor(key(next))),
            looked_at: finding.looked_at as u64,
            searched_from: searched_from.into(),
            warnings,
        })
    }
}

impl<'a> From<&'a Match> for MatchReply<'a> {
    fn from(found: &'a Match) -> Self {
        Self {
            trace_id: Shown(found.candidate.trace_id),
            start: found.start.into(),
            duration: found.duration.into(),
            root_service: &found.root_service,
            root_name: &found.root_name,
            spans: Decimal(found.spans),
            errors: Decimal(found.errors),
            spansets: found.spansets.iter().map(SpansetReply::from).collect(),
        }
    }
}

impl<'a> From<&'a MatchedSpans> for SpansetReply<'a> {
    fn from(spanset: &'a MatchedSpans) -> Self {
        Self {
            matched: Decimal(spanset.matched),
            values: AttributesReply(&spanset.values),
            spans: spanset.spans.iter().map(SpanReply::from).collect(),
        }
    }
}

impl<'a> From<&'a MatchedSpan> for SpanReply<'a> {
    fn from(span: &'a MatchedSpan) -> Self {
        let values: &'a Attributes = &span.values;
        Self {
            span_id: Shown(span.span_id),
            service: &span.service,
            name: &span.name,
            start: span.start.into(),
            duration: span.duration.into(),
            status: span.status.as_str(),
            values: AttributesReply(values),
        }
    }
}
