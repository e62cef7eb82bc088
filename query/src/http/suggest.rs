//! `GET /api/v1/search/suggest`: what may stand at a place of a half-typed query.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::UnixNanos;
use coldtrace_traceql::{MAX_TEXT, WordKind};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::params::Params;
use super::search::characters;
use super::{Written, bytes_of, json};
use crate::reply::Decimal;
use crate::suggest::{Suggestion, SuggestionKind, suggest};

/// The schema `SuggestionList`.
#[derive(Serialize)]
struct ListReply<'a> {
    from: usize,
    to: usize,
    suggestions: Vec<SuggestionReply<'a>>,
}

/// The schema `Suggestion`.
#[derive(Serialize)]
struct SuggestionReply<'a> {
    text: &'a str,
    kind: &'static str,
    count: Option<Decimal>,
}

struct Suggested {
    /// In characters.
    replaced: std::ops::Range<usize>,
    suggestions: Vec<Suggestion>,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_suggestions)
}

async fn list_suggestions(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["q", "at", "from", "to"])?;
    let range = params.range()?.or_last_hour(UnixNanos::now())?;
    let text = params.text("q").unwrap_or_default();
    if text.len() > MAX_TEXT {
        let told = format!("a query has at most {MAX_TEXT} bytes");
        return Err(ApiError::invalid("q", told));
    }
    let completion = coldtrace_traceql::complete(text, place(&params, text)?);
    let suggestions = suggest(&access.reader, &completion, range).await?;
    json(Suggested {
        replaced: characters(text, &completion.replaced),
        suggestions,
    })
    .await
}

/// Where somebody types, in bytes; at the end if it is not told.
fn place(params: &Params, text: &str) -> Result<usize, ApiError> {
    let Some(at) = params.text("at") else {
        return Ok(text.len());
    };
    let at = at.parse().ok();
    let mut places = text.char_indices().map(|(place, _)| place);
    let place = at.and_then(|at| places.by_ref().chain([text.len()]).nth(at));
    place.ok_or_else(|| ApiError::invalid("at", "must be a place in `q`, in characters from 0"))
}

fn kind(kind: SuggestionKind) -> &'static str {
    match kind {
        SuggestionKind::Attribute => "attribute",
        SuggestionKind::Value => "value",
        SuggestionKind::Word(WordKind::Step) => "step",
        SuggestionKind::Word(WordKind::Intrinsic) => "intrinsic",
        SuggestionKind::Word(WordKind::Scope) => "scope",
        SuggestionKind::Word(WordKind::Operator) => "operator",
        SuggestionKind::Word(WordKind::Constant) => "constant",
    }
}

// === impl Suggested ===

impl Written for Suggested {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let suggestions = self.suggestions.iter().map(|one| SuggestionReply {
            text: &one.text,
            kind: kind(one.kind),
            count: one.count.map(Decimal),
        });
        bytes_of(&ListReply {
            from: self.replaced.start,
            to: self.replaced.end,
            suggestions: suggestions.collect(),
        })
    }
}
