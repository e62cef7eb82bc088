//! The API as its clients see it, without a socket.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use coldtrace_control::{Gate, Rings};
use coldtrace_service::health::{self, About, Health};
use coldtrace_service::metrics::Registry;
use coldtrace_store::Store;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::keys::nowhere;
use crate::alerts::{Alerts, Policy, alerts_in, alerts_sending};
use crate::deployment::intake;
use crate::http::{self, Answers, Api, Cookies};
use crate::journey::Limits;
use crate::keyring::Keyring;
use crate::tail::Tails;

/// A router on some store.
pub(super) struct Served {
    router: Router,
    tails: Tails,
    alerts: Alerts,
    folder: tempfile::TempDir,
}

impl Served {
    pub(super) fn on(store: &Store) -> Self {
        // However slow the machine is, all is read.
        let patience = Duration::from_secs(600);
        let limits = Limits {
            patience,
            ..Limits::default()
        };
        Self::with(store, limits)
    }

    pub(super) fn with(store: &Store, limits: Limits) -> Self {
        Self::behind(store, limits, Rings::default())
    }

    /// For those whom the rings let in.
    pub(super) fn behind(store: &Store, limits: Limits, rings: Rings) -> Self {
        Self::with_rules(store, limits, rings, "")
    }

    /// With a file of rules.
    pub(super) fn with_rules(store: &Store, limits: Limits, rings: Rings, rules: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if !rules.is_empty() {
            std::fs::write(folder.path().join("rules.toml"), rules).expect("it is written");
        }
        let alerts = alerts_in(folder.path());
        Self::of(store, limits, rings, folder, alerts)
    }

    /// Where another service has the keys that these rings are of.
    pub(super) fn without_keys(rings: Rings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let alerts = alerts_in(folder.path());
        let keyring = Keyring::elsewhere(rings.clone());
        Self::by(
            &nowhere(),
            Limits::default(),
            rings,
            folder,
            alerts,
            keyring,
        )
    }

    /// Whose alerts go where this policy allows it.
    pub(super) fn sending(store: &Store, limits: Limits, rings: Rings, policy: Policy) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let alerts = alerts_sending(folder.path(), policy);
        Self::of(store, limits, rings, folder, alerts)
    }

    fn of(
        store: &Store,
        limits: Limits,
        rings: Rings,
        folder: tempfile::TempDir,
        alerts: Alerts,
    ) -> Self {
        let keyring = Keyring::open(rings.clone(), folder.path()).expect("a database");
        Self::by(store, limits, rings, folder, alerts, keyring)
    }

    fn by(
        store: &Store,
        limits: Limits,
        rings: Rings,
        folder: tempfile::TempDir,
        alerts: Alerts,
        keyring: Keyring,
    ) -> Self {
        let gate = Gate::new(rings, true);
        let api = Api::new(
            store.clone(),
            limits,
            gate,
            alerts.clone(),
            intake(),
            keyring,
        );
        let (registry, health) = (Registry::new(), Health::new());
        let about = health::router(&About::new(registry.clone(), health));
        let tails = api.tails().clone();
        let answers = Answers::lasting(Duration::ZERO, &registry);
        let router = http::router(api, answers, Cookies::Plain, about, &registry);
        Self {
            router,
            tails,
            alerts,
            folder,
        }
    }

    /// Where its control database is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has of alerts.
    pub(super) fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// As the service does when it ends.
    pub(super) fn end_tails(&self) {
        self.tails.end();
    }

    /// On a store that nobody answers for.
    pub(super) fn without_store() -> Self {
        Self::on(&nowhere())
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Response {
        let Ok(reply) = self.router.clone().oneshot(request).await;
        reply
    }

    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = Request::get(path).body(Body::empty());
        self.answer(request.expect("a request")).await
    }

    pub(super) async fn answer(&self, request: Request<Body>) -> (StatusCode, Value) {
        let reply = self.ask(request).await;
        let status = reply.status();
        let body = reply.into_body().collect().await.expect("a body");
        let body = serde_json::from_slice(&body.to_bytes()).expect("JSON");
        (status, body)
    }

    /// A reply that must be there.
    pub(super) async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body:#}");
        body
    }
}
