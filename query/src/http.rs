//! The HTTP API: routes, and what holds for all of them. One resource a file below.
//!
//! Handlers are thin: parameters in, one question to the reader or the journeys, a reply out. Every error is answered in one
//! form ([`error`]); nothing is cached by browsers, since everything may grow until it is settled.

mod access;
mod alerts;
mod answers;
mod body;
mod changes;
mod cold_starts;
mod compare;
mod cursor;
mod error;
mod errors;
mod findings;
mod function;
mod functions;
mod invocations;
mod keys;
mod login;
mod logs;
mod map;
mod operations;
mod params;
mod paths;
mod sandboxes;
mod search;
mod sent;
mod settings;
mod show;
mod suggest;
mod tail;
mod traced;
mod traces;
mod ui;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use coldtrace_service::metrics::{Counter, Histogram, Registry};
use coldtrace_service::self_traces;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::Instrument as _;

pub(crate) use access::Api;
pub(crate) use answers::Answers;
use error::ApiError;
pub(crate) use login::Cookies;

/// Requests that are worked on at once: each may hold a journey of a hundred thousand spans.
const AT_ONCE: usize = 32;
/// For a request to get its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What every request passes.
#[derive(Clone)]
struct Gate {
    turns: Arc<Semaphore>,
    seconds: Histogram,
    failed: Counter,
}

/// The API, the ui, and what the process says about itself.
pub(crate) fn router(
    api: Api,
    answers: Answers,
    cookies: Cookies,
    about: Router,
    registry: &Registry,
) -> Router {
    let let_inside = middleware::from_fn_with_state(api.clone(), access::let_inside);
    let ask_for_key = middleware::from_fn_with_state(api.clone(), login::ask_for_key);
    Router::new()
        .merge(served(api.clone(), answers, registry))
        .merge(about.layer(let_inside))
        .merge(login::router(api, cookies))
        .merge(ui::router().layer(ask_for_key))
}

fn served(api: Api, answers: Answers, registry: &Registry) -> Router {
    let let_in = middleware::from_fn_with_state(api.clone(), access::let_in);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let turned = |path: &'static str, handler: MethodRouter<Api>| {
        let gate = Gate::new(Arc::clone(&turns), registry, path);
        handler.layer(middleware::from_fn_with_state(gate, pass))
    };
    // Whoever is not let in waits for no turn.
    let show = middleware::from_fn_with_state(api.clone(), show::queries);
    let route = |path: &'static str, handler: MethodRouter<Api>| {
        let shown = turned(path, handler).layer(show.clone());
        Router::new().route(path, shown.layer(let_in.clone()))
    };
    let let_admin_in = middleware::from_fn_with_state(api.clone(), access::let_admin_in);
    let administered = |path: &'static str, handler: MethodRouter<Api>| {
        let shown = turned(path, handler).layer(show.clone());
        Router::new().route(path, shown.layer(let_admin_in.clone()))
    };
    let keep = middleware::from_fn_with_state(answers, answers::keep);
    let kept = |path: &'static str, handler: MethodRouter<Api>| {
        let kept = turned(path, handler)
            .layer(keep.clone())
            .layer(show.clone());
        Router::new().route(path, kept.layer(let_in.clone()))
    };
    Router::new()
        .merge(alerts::router(route))
        .merge(kept("/api/v1/changes", changes::list()))
        .merge(kept("/api/v1/cold-starts", cold_starts::starts()))
        .merge(kept("/api/v1/compare", compare::cohorts()))
        .merge(kept("/api/v1/compare/paths", compare::paths()))
        .merge(kept("/api/v1/errors", errors::list()))
        .merge(kept("/api/v1/errors/{group}", errors::detail()))
        .merge(kept("/api/v1/findings", findings::list()))
        .merge(kept("/api/v1/functions", functions::list()))
        .merge(kept("/api/v1/functions/{function}", function::detail()))
        .merge(kept(
            "/api/v1/functions/{function}/findings",
            function::findings(),
        ))
        .merge(kept(
            "/api/v1/functions/{function}/path",
            paths::of_function(),
        ))
        .merge(kept(
            "/api/v1/functions/{function}/sandboxes",
            sandboxes::list(),
        ))
        .merge(route("/api/v1/invocations", invocations::list()))
        .merge(route(
            "/api/v1/invocations/{request_id}",
            invocations::detail(),
        ))
        .merge(administered("/api/v1/keys", keys::all()))
        .merge(administered("/api/v1/keys/{key}", keys::one()))
        .merge(administered("/api/v1/keys/{key}/rotate", keys::rotate()))
        .merge(administered("/api/v1/limits", keys::limits()))
        .merge(route("/api/v1/logs", logs::list()))
        .merge(kept("/api/v1/map", map::get_map()))
        .merge(route("/api/v1/search", search::traces()))
        .merge(kept("/api/v1/search/suggest", suggest::list()))
        .merge(route("/api/v1/settings", settings::tell()))
        .merge(route("/api/v1/tail", tail::follow()))
        .merge(route("/api/v1/traces", traces::list()))
        .merge(route("/api/v1/traces/{trace_id}", traces::detail()))
        .merge(kept(
            "/api/v1/traces/{trace_id}/operations",
            operations::of_trace(),
        ))
        .route("/api/v1/control/keys", access::ring())
        .route("/api/{*rest}", axum::routing::any(nothing_here))
        .method_not_allowed_fallback(read_only)
        .layer(middleware::map_response(uncached))
        .with_state(api)
}

/// A reply in JSON, written off the runtime's own threads: a large journey takes a while.
async fn json(reply: impl Written) -> Result<Response, ApiError> {
    let body = off_runtime(move || reply.written()).await?;
    let headers = [(header::CONTENT_TYPE, "application/json")];
    Ok((headers, body).into_response())
}

/// What takes a while.
async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| ApiError::Internal)?
}

/// What knows how it looks as JSON: it owns the data from which its borrowed reply is made.
trait Written: Send + 'static {
    fn written(&self) -> Result<Vec<u8>, ApiError>;
}

/// A reply's bytes.
fn bytes_of(reply: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(reply).map_err(|error| {
        tracing::error!(%error, "a reply can't be written");
        ApiError::Internal
    })
}

async fn nothing_here() -> ApiError {
    ApiError::NotFound("there is nothing at this path; the API is below /api/v1".to_owned())
}

async fn read_only() -> ApiError {
    ApiError::MethodNotAllowed
}

async fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Waits for a turn, measures, counts.
async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let turn = tokio::time::timeout(PATIENCE, gate.turns.acquire()).await;
    let response = match turn {
        Ok(Ok(_turn)) => {
            let span = self_traces::request("query", request.headers());
            next.run(request).instrument(span).await
        }
        // The semaphore is never closed: only the patience can end.
        _ => ApiError::busy().into_response(),
    };
    gate.seconds.observe_duration(started.elapsed());
    if response.status().is_server_error() {
        gate.failed.inc();
    }
    response
}

// === impl Gate ===

impl Gate {
    fn new(turns: Arc<Semaphore>, registry: &Registry, path: &str) -> Self {
        let labels = [("path", path)];
        Self {
            turns,
            seconds: registry.histogram(
                "coldtrace_query_request_seconds",
                "How long requests to the API took.",
                &labels,
            ),
            failed: registry.counter(
                "coldtrace_query_failures_total",
                "Requests to the API that were not answered for a reason of ours.",
                &labels,
            ),
        }
    }
}
