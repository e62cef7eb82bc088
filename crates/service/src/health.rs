//! `/healthz`, `/readyz`, `/metrics`: what every process answers about itself.
//!
//! Healthy means the process answers; ready means that every component says so. A component that is not ready says why,
//! so that the answer to "why is it not ready" is one `curl` away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
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

/// What a process answers about itself, for whichever HTTP server it has. Clones share the state.
#[derive(Clone, Debug)]
pub struct About {
    registry: Registry,
    health: Health,
}

/// An answer of [`About`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// 200, or 503 where something is not ready.
    pub status: StatusCode,
    /// For the header `content-type`.
    pub content_type: &'static str,
    /// The whole body.
    pub body: String,
}

/// `/healthz`, `/readyz` and `/metrics` as a router.
pub fn router(about: &About) -> Router {
    let serve = |router: Router, path: &'static str| {
        let about = about.clone();
        let page = move || async move { about.page(path).ok_or(StatusCode::NOT_FOUND) };
        router.route(path, get(page))
    };
    PATHS.into_iter().fold(Router::new(), serve)
}

const PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

// === impl About, Page ===

impl About {
    /// Of these metrics and components, also of those that are added later.
    pub fn new(registry: Registry, health: Health) -> Self {
        Self { registry, health }
    }

    /// The page at this path, if it is one of ours.
    pub fn page(&self, path: &str) -> Option<Page> {
        match path {
            "/healthz" => Some(Page {
                status: StatusCode::OK,
                content_type: "text/plain; charset=utf-8",
                body: "ok\n".to_owned(),
            }),
            "/readyz" => Some(self.health.page()),
            "/metrics" => Some(Page {
                status: StatusCode::OK,
                content_type: "text/plain; version=0.0.4; charset=utf-8",
                body: self.registry.render(),
            }),
            _ => None,
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, self.content_type)];
        (self.status, headers, self.body).into_response()
    }
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

    fn page(&self) -> Page {
        let states = self.states();
        let ready = states.values().all(|component| component.ready);
        let components: serde_json::Map<String, serde_json::Value> = states
            .into_iter()
            .map(|(name, state)| {
                let state = json!({"ready": state.ready, "detail": state.detail});
                (name, state)
            })
            .collect();
        Page {
            status: match ready {
                true => StatusCode::OK,
                false => StatusCode::SERVICE_UNAVAILABLE,
            },
            content_type: "application/json",
            body: json!({"ready": ready, "components": components}).to_string(),
        }
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
        let Ok(reply) = router(&About::new(registry, health.clone()))
            .oneshot(request)
            .await;
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
