//! `GET /api/v1/changes`: what of functions is otherwise than in as long a time before.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::{Nanos, UnixNanos};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::changes::{Changes, Told, changes};
use crate::reply::Decimal;

/// Against the day before: what is so every night is so in both.
const DEFAULT_REACH: Nanos = Nanos::from_millis(24 * 3_600 * 1_000);

/// The schema `ChangeList`.
#[derive(Serialize)]
struct ListReply<'a> {
    changes: Vec<ChangeReply<'a>>,
    before_from: Decimal,
    from: Decimal,
    to: Decimal,
}

/// The schema `Change`.
#[derive(Serialize)]
struct ChangeReply<'a> {
    kind: &'static str,
    function: &'a str,
    about: &'a str,
    is_worse: bool,
    unit: &'static str,
    before: Option<f64>,
    after: Option<f64>,
    at: Option<Decimal>,
    question: &'a str,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_changes)
}

async fn list_changes(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["from", "to", "function"])?;
    let range = params.range()?.or_last(DEFAULT_REACH, UnixNanos::now())?;
    let changes = changes(&access.reader, range, params.text("function"));
    json(changes.await?).await
}

impl Written for Changes {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            changes: self.all.iter().map(ChangeReply::from).collect(),
            before_from: self.before.from.into(),
            from: self.range.from.into(),
            to: self.range.to.into(),
        })
    }
}

impl<'a> From<&'a Told> for ChangeReply<'a> {
    fn from(told: &'a Told) -> Self {
        let change = &told.change;
        Self {
            kind: change.kind.as_str(),
            function: &change.function,
            about: &change.about,
            is_worse: change.is_worse(),
            unit: change.kind.unit().as_str(),
            before: change.before,
            after: change.after,
            at: change.at.map(Decimal::from),
            question: &told.question,
        }
    }
}
