//! `/healthz`, `/readyz`, `/metrics`: what every process answers about itself.
//!
//! Healthy means the process answers; ready means that every component says so. A component that is not ready says why,
//! so that the answer to "why is it not ready" is one `curl` away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;

use crate::metrics::Registry;

/// The state of every component of the process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Held for a line at a time.
    components: Arc<Mutex<BTreeMap<String, ComponentState>>>,
}

/// One part of the process that can be ready or not.
#[derive(Clone, Debug)]
pub struct Component {
    health: Health,
    name: String,
}

/// What a component said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentState {
    /// Whether it does its work.
    pub ready: bool,
    /// Why not, or whatever helps; may be empty.
    pub detail: String,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn router(registry: Registry, health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz).with_state(health))
        .route("/metrics", get(metrics).with_state(registry))
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let components = health.lock().clone();
    let ready = components.values().all(|component| component.ready);
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let components: serde_json::Map<String, serde_json::Value> = components
        .into_iter()
        .map(|(name, state)| {
            let state = json!({"ready": state.ready, "detail": state.detail});
            (name, state)
        })
        .collect();
    (
        status,
        axum::Json(json!({"ready": ready, "components": components})),
    )
}

async fn metrics(State(registry): State<Registry>) -> impl IntoResponse {
    let text = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (text, registry.render())
}

// === impl Health ===

impl Health {
    /// No components yet: ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// The component of that name; not ready until it says so.
    pub fn component(&self, name: &str) -> Component {
        self.lock().entry(name.to_owned()).or_default();
        Component {
            health: self.clone(),
            name: name.to_owned(),
        }
    }

    /// Whether every component is ready.
    pub fn is_ready(&self) -> bool {
        self.lock().values().all(|component| component.ready)
    }

    /// What each component said last, by name.
    pub fn states(&self) -> BTreeMap<String, ComponentState> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, ComponentState>> {
        self.components
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Component ===

impl Component {
    /// Says whether the component does its work. Becoming ready clears the detail.
    pub fn set_ready(&self, ready: bool) {
        self.change(|state| {
            state.ready = ready;
            if ready {
                state.detail.clear();
            }
        });
    }

    /// Says why it is not ready, or whatever helps whoever asks.
    pub fn set_detail(&self, detail: impl Into<String>) {
        let detail = detail.into();
        self.change(|state| state.detail = detail);
    }

    fn change(&self, change: impl FnOnce(&mut ComponentState)) {
        change(self.health.lock().entry(self.name.clone()).or_default());
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(health: &Health, path: &str) -> (StatusCode, String) {
        let registry = Registry::new();
        registry.counter("seen_total", "Seen.", &[]).inc();
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let Ok(reply) = router(registry, health.clone()).oneshot(request).await;
        let status = reply.status();
        let body = reply
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn not_ready_says_which_and_why() {
        let health = Health::new();
        let engine = health.component("engine");
        health.component("log").set_ready(true);
        engine.set_detail("connection refused");
        let (status, body) = ask(&health, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            body,
            r#"{"components":{"engine":{"detail":"connection refused","ready":false},"log":{"detail":"","ready":true}},"ready":false}"#
        );
        assert_eq!(ask(&health, "/healthz").await.0, StatusCode::OK);

        engine.set_ready(true);
        assert_eq!(ask(&health, "/readyz").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn metrics_are_served_as_text() {
        let (status, body) = ask(&Health::new(), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("seen_total 1"), "{body}");
    }
}
