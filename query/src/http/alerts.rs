//! `/api/v1/alerts`: rules, what fires by them, and what happened. One resource a file below.
//!
//! What is kept is the control database's, what it means is told in `coldtrace-alerts`; here both meet HTTP.

mod active;
mod backtest;
mod history;
mod rules;

use axum::Router;
use axum::routing::MethodRouter;

use super::access::Api;

/// All of these routes. `route` puts in front of a handler what all of the API's have.
pub(super) fn router(
    route: impl Fn(&'static str, MethodRouter<Api>) -> Router<Api>,
) -> Router<Api> {
    Router::new()
        .merge(route("/api/v1/alerts", active::list()))
        .merge(route("/api/v1/alerts/backtest", backtest::ask()))
        .merge(route("/api/v1/alerts/history", history::list()))
        .merge(route("/api/v1/alerts/rules", rules::all()))
        .merge(route("/api/v1/alerts/rules/check", rules::check()))
        .merge(route("/api/v1/alerts/rules/{rule}", rules::one()))
        .merge(route("/api/v1/alerts/{alert}", active::detail()))
}
