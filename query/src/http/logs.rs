//! `GET /api/v1/logs`: logged lines of a range of time.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::{RequestId, UnixNanos};
use coldtrace_store::reader::{LineFilter, LineKey};
use serde::Serialize;

use super::access::{Access, Api};
use super::cursor::Place;
use super::error::ApiError;
use super::params::{Order, Params};
use super::{Written, bytes_of, json};
use crate::logs::{self, LineSearch, Lines};
use crate::reply::{Decimal, LogReply};

const PARAMETERS: [&str; 10] = [
    "from",
    "to",
    "function",
    "request_id",
    "trace_id",
    "severity",
    "text",
    "words",
    "limit",
    "cursor",
];
/// Bytes of what is looked for in a line.
const MAX_TEXT: usize = 1_000;
const MAX_WORDS: usize = 16;
/// OTLP's names, each with its least number.
const SEVERITIES: [(&str, u8); 6] = [
    ("trace", 1),
    ("debug", 5),
    ("info", 9),
    ("warn", 13),
    ("error", 17),
    ("fatal", 21),
];
const MAX_SEVERITY: u8 = 24;

/// The schema `LogList`.
#[derive(Serialize)]
struct ListReply<'a> {
    logs: Vec<LogReply<'a>>,
    next_cursor: Option<String>,
    searched_from: Decimal,
    warnings: Vec<&'static str>,
}

/// In a cursor: time, hash, number.
type CursorKey = (u64, u64, u32);

struct Listed {
    lines: Lines,
    place: Place<CursorKey>,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_logs)
}

async fn list_logs(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let place = Place::<CursorKey>::read(&params, &[Order::Newest])?;
    let search = LineSearch {
        range: place.range,
        filter: filter(&params)?,
        after: place.after.map(|(time, hash, number)| LineKey {
            time: UnixNanos(time),
            hash,
            number,
        }),
        limit: params.limit()? as usize,
    };
    let lines = logs::search(&access.reader, &search).await?;
    json(Listed { lines, place }).await
}

/// What the parameters say of a line.
pub(super) fn filter(params: &Params) -> Result<LineFilter, ApiError> {
    let request_id = params.text("request_id").map(RequestId::parse).transpose();
    let request_id =
        request_id.map_err(|error| ApiError::invalid("request_id", error.to_string()))?;
    let trace_id = params.text("trace_id").map(str::parse).transpose();
    let trace_id = trace_id
        .map_err(|_| ApiError::invalid("trace_id", "must be 32 hex digits that are not all 0"))?;
    Ok(LineFilter {
        service: params.text("function").map(str::to_owned),
        request_id,
        trace_id,
        severity: params.text("severity").map(severity).transpose()?,
        texts: texts(params)?,
    })
}

fn severity(text: &str) -> Result<u8, ApiError> {
    let named = SEVERITIES
        .iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name));
    let number = named.map(|(_, number)| *number).or(text.parse().ok());
    number
        .filter(|number| (1..=MAX_SEVERITY).contains(number))
        .ok_or_else(|| {
            let names = SEVERITIES.map(|(name, _)| name).join(", ");
            ApiError::invalid(
                "severity",
                format!("must be one of {names}, or a number from 1 to {MAX_SEVERITY}"),
            )
        })
}

/// What stands in the line: a text as it is, and words in any order.
fn texts(params: &Params) -> Result<Vec<String>, ApiError> {
    let mut texts = Vec::new();
    for name in ["text", "words"] {
        let given = params.text(name).unwrap_or_default();
        if given.len() > MAX_TEXT {
            return Err(ApiError::invalid(
                name,
                format!("must have at most {MAX_TEXT} bytes"),
            ));
        }
    }
    texts.extend(params.text("text").map(str::to_owned));
    let words = params.text("words").unwrap_or_default();
    texts.extend(words.split_whitespace().map(str::to_owned));
    if words.split_whitespace().count() > MAX_WORDS {
        return Err(ApiError::invalid(
            "words",
            format!("must be at most {MAX_WORDS}"),
        ));
    }
    Ok(texts)
}

// === impl Listed ===

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let Lines {
            lines,
            next,
            is_spent,
        } = &self.lines;
        let reached = match next {
            // A search that stopped between two lines has seen all that is later.
            Some(next) if *is_spent => UnixNanos(next.time.0.saturating_add(1)),
            Some(next) => next.time,
            None => self.place.range.from,
        };
        let warning =
            "the search took too long and stopped at `searched_from`; `next_cursor` goes on there";
        let key = |next: &LineKey| (next.time.0, next.hash, next.number);
        bytes_of(&ListReply {
            logs: lines
                .iter()
                .map(|(service, record)| LogReply::of(service, record))
                .collect(),
            next_cursor: next.as_ref().map(|next| self.place.cursor(key(next))),
            searched_from: reached.into(),
            warnings: Vec::from_iter(is_spent.then_some(warning)),
        })
    }
}
