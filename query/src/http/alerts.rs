//! `/api/v1/alerts`: rules, what fires by them, what happened, and what is sent of it to whom. One resource a file below.
//!
//! What is kept is the control database's, what it means is told in `coldtrace-alerts`; here both meet HTTP.

mod active;
mod backtest;
mod channels;
mod deliveries;
mod history;
mod rules;
mod silences;

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::MethodRouter;
use serde::Serialize;

use super::access::Api;
use super::error::ApiError;
use super::{Written, bytes_of, json};

/// All of these routes. `route` puts in front of a handler what all of the API's have.
pub(super) fn router(
    route: impl Fn(&'static str, MethodRouter<Api>) -> Router<Api>,
) -> Router<Api> {
    Router::new()
        .merge(route("/api/v1/alerts", active::list()))
        .merge(route("/api/v1/alerts/backtest", backtest::ask()))
        .merge(route("/api/v1/alerts/channels", channels::all()))
        .merge(route("/api/v1/alerts/channels/{channel}", channels::one()))
        .merge(route(
            "/api/v1/alerts/channels/{channel}/rotate",
            channels::rotate(),
        ))
        .merge(route(
            "/api/v1/alerts/channels/{channel}/test",
            channels::test(),
        ))
        .merge(route("/api/v1/alerts/deliveries", deliveries::list()))
        .merge(route(
            "/api/v1/alerts/deliveries/{delivery}",
            deliveries::detail(),
        ))
        .merge(route(
            "/api/v1/alerts/deliveries/{delivery}/replay",
            deliveries::replay(),
        ))
        .merge(route("/api/v1/alerts/history", history::list()))
        .merge(route("/api/v1/alerts/rules", rules::all()))
        .merge(route("/api/v1/alerts/rules/check", rules::check()))
        .merge(route("/api/v1/alerts/rules/{rule}", rules::one()))
        .merge(route("/api/v1/alerts/silences", silences::all()))
        .merge(route("/api/v1/alerts/silences/{silence}", silences::one()))
        .merge(route("/api/v1/alerts/{alert}", active::detail()))
}

/// A reply that owns what it tells.
pub(super) struct Whole<T>(pub(super) T);

/// The answer to who made something.
pub(super) async fn created(reply: impl Written) -> Result<Response, ApiError> {
    let mut response = json(reply).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// The id in a path.
pub(super) fn id_of(
    name: &str,
    path: Result<Path<String>, PathRejection>,
) -> Result<String, ApiError> {
    let Path(id) = path.map_err(|error| ApiError::invalid(name, error.body_text()))?;
    Ok(id)
}

// === impl Whole ===

impl<T: Serialize + Send + 'static> Written for Whole<T> {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&self.0)
    }
}
