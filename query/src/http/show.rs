//! `show=queries` on any GET of the API: the queries to the store by which it would have been answered, in place of the answer.
//!
//! The handler does what it does always, with a reader that notes what it asks; so what is shown is what is asked, and a request that
//! fails fails as always. What would go on until its reader leaves is left once it has begun: shown is its first look. Invariant: such a request is neither answered from what was kept nor kept.

use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use coldtrace_store::reader::{NotedQuery, Notes};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::{Written, bytes_of, json};
use crate::reply::Decimal;

const PARAMETER: &str = "show";

/// The schema `QueryList`.
#[derive(Serialize)]
struct ListReply {
    queries: Vec<QueryReply>,
}

/// The schema `ShownQuery`.
#[derive(Serialize)]
struct QueryReply {
    sql: String,
    took: Decimal,
    rows: Decimal,
    bytes: Decimal,
}

/// Stands in a request whose queries are shown.
#[derive(Clone, Copy)]
pub(super) struct Shown;

/// Answers with the queries where that is asked.
pub(super) async fn queries(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    match asked(&mut request) {
        Ok(false) => next.run(request).await,
        Ok(true) => shown(&api, request, next)
            .await
            .unwrap_or_else(|error| error.into_response()),
        Err(error) => error.into_response(),
    }
}

async fn shown(api: &Api, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let access = request.extensions().get::<Access>();
    let access = access.ok_or(ApiError::Internal)?;
    let notes = Notes::default();
    let access = api.noted_access(access.holder(), notes.clone());
    request.extensions_mut().insert(access);
    request.extensions_mut().insert(Shown);
    let answer = next.run(request).await;
    if answer.status() != StatusCode::OK {
        return Ok(answer);
    }
    drop(answer);
    let queries = notes.take().map_err(|many| {
        let told = format!("{many}; ask for less, such as a shorter range of time");
        ApiError::invalid(PARAMETER, told)
    })?;
    let queries = queries.into_iter().map(QueryReply::from).collect();
    json(ListReply { queries }).await
}

/// Whether a request asks for its queries. What is behind it does not see that.
fn asked(request: &mut Request) -> Result<bool, ApiError> {
    if request.method() != Method::GET {
        return Ok(false);
    }
    let query = request.uri().query().unwrap_or_default();
    let (shows, others): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .partition(|pair| pair.split('=').next() == Some(PARAMETER));
    let values: Vec<&str> = shows
        .iter()
        .map(|pair| pair.split_once('=').map_or("", |(_, value)| value))
        .collect();
    let is_asked = match values[..] {
        // An empty parameter counts as absent.
        [] | [""] => false,
        ["queries"] => true,
        [_] => return Err(ApiError::invalid(PARAMETER, "must be queries, or left out")),
        _ => return Err(ApiError::invalid(PARAMETER, "is given more than once")),
    };
    if !shows.is_empty() {
        let rest = others.join("&");
        *request.uri_mut() = with_query(request.uri(), &rest)?;
    }
    Ok(is_asked)
}

fn with_query(uri: &Uri, query: &str) -> Result<Uri, ApiError> {
    let path = uri.path();
    let whole = match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    let whole = whole.parse::<PathAndQuery>();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(whole.map_err(|_| ApiError::Internal)?);
    Uri::from_parts(parts).map_err(|_| ApiError::Internal)
}

impl Written for ListReply {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(self)
    }
}

impl From<NotedQuery> for QueryReply {
    fn from(query: NotedQuery) -> Self {
        Self {
            sql: query.sql,
            took: query.took.into(),
            rows: Decimal(query.rows),
            bytes: Decimal(query.bytes),
        }
    }
}
