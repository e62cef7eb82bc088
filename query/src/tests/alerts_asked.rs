//! The API of alerts, asked by somebody who may change it, by others who may not, and by another tenant; each answer is held to
//! the description, and all are remembered.

use std::collections::BTreeSet;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::Request;
use coldtrace_control::{Ring, Rings, Scope};
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::keys::{Keys, nowhere};
use super::openapi::Description;
use super::served::Served;
use crate::alerts::Policy;
use crate::journey::Limits;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    /// May change what is of `acme`.
    Writer,
    /// May read it.
    Reader,
    /// May change what is of somebody else.
    Stranger,
    /// May send traces alone.
    Sender,
    /// Has no key.
    Nobody,
}

pub(super) struct Asked {
    served: Served,
    /// One that knows of no keys yet.
    sealed: Served,
    keys: [String; 4],
    description: Description,
    answered: Mutex<BTreeSet<(String, u16)>>,
    told: Mutex<String>,
    _keys: Keys,
}

// === impl Asked ===

impl Asked {
    /// Whose channels may be of this machine.
    pub(super) fn of_this_machine() -> Self {
        Self::sending(Policy {
            is_private_allowed: true,
            ..Policy::default()
        })
    }

    pub(super) fn sending(policy: Policy) -> Self {
        let mut keys = Keys::new();
        let made = [
            keys.make("acme", Scope::Write, None),
            keys.make("acme", Scope::Read, None),
            keys.make("other", Scope::Write, None),
            keys.make("acme", Scope::Ingest, None),
        ];
        let limits = Limits::default();
        let sealed = Rings::new(Ring::sealed());
        Self {
            served: Served::sending(&nowhere(), limits, keys.rings(), policy),
            sealed: Served::behind(&nowhere(), limits, sealed),
            keys: made,
            description: Description::read(),
            answered: Mutex::default(),
            told: Mutex::default(),
            _keys: keys,
        }
    }

    pub(super) fn served(&self) -> &Served {
        &self.served
    }

    /// What a request of this operation is answered. `place` stands for what is in braces, or follows the path.
    pub(super) async fn by(
        &self,
        who: Who,
        operation: &str,
        place: &str,
        body: &str,
    ) -> (u16, Value) {
        let key = match who {
            Who::Writer => Some(&self.keys[0]),
            Who::Reader => Some(&self.keys[1]),
            Who::Stranger => Some(&self.keys[2]),
            Who::Sender => Some(&self.keys[3]),
            Who::Nobody => None,
        };
        let request = request(operation, place, body, key.map(String::as_str));
        self.answer(&self.served, operation, request).await
    }

    /// The same for who may change it, with a body of JSON or none.
    pub(super) async fn ask(&self, operation: &str, place: &str, body: &Value) -> (u16, Value) {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        self.by(Who::Writer, operation, place, &body).await
    }

    /// An answer that must have this status.
    pub(super) async fn told(
        &self,
        status: u16,
        operation: &str,
        place: &str,
        body: &Value,
    ) -> Value {
        let (answered, told) = self.ask(operation, place, body).await;
        assert_eq!(answered, status, "{operation} {place}: {told:#}");
        told
    }

    async fn answer(
        &self,
        served: &Served,
        operation: &str,
        request: Request<Body>,
    ) -> (u16, Value) {
        let reply = served.ask(request).await;
        let status = reply.status().as_u16();
        let bytes = reply.into_body().collect().await.expect("a body");
        let text = String::from_utf8(bytes.to_bytes().to_vec()).expect("text");
        let body = serde_json::from_str(&text).expect("JSON");
        self.description.check(operation, status, &body);
        let seen = (operation.to_owned(), status);
        self.answered.lock().expect("nobody panicked").insert(seen);
        self.told.lock().expect("nobody panicked").push_str(&text);
        (status, body)
    }

    /// Whoever may not is refused, whatever is asked of these paths; so is a parameter that nobody knows.
    pub(super) async fn refuses(&self, paths: &[&str]) {
        for (operation, _) in self.described(paths) {
            let is_change = !operation.starts_with("GET ");
            for (who, expected) in [
                (Who::Nobody, 401),
                (Who::Sender, 403),
                (Who::Reader, if is_change { 403 } else { 0 }),
            ] {
                if expected > 0 {
                    let place = if operation.contains('{') { "x" } else { "" };
                    let (status, _) = self.by(who, &operation, place, "{}").await;
                    assert_eq!(status, expected, "{operation} by {who:?}");
                }
            }
            let (status, _) = self.by(Who::Writer, &operation, "?x=1", "{}").await;
            assert_eq!(status, 400, "{operation}");
            let early = request(&operation, "", "{}", Some(&self.keys[0]));
            let (status, _) = self.answer(&self.sealed, &operation, early).await;
            assert_eq!(status, 503, "{operation}");
        }
    }

    /// Every answer that is described of these paths was seen, but for mistakes of our own.
    pub(super) fn saw_all(&self, paths: &[&str]) {
        let answered = self.answered.lock().expect("nobody panicked").clone();
        let described = self.described(paths);
        let unseen: Vec<_> = described.difference(&answered).collect();
        assert!(unseen.is_empty(), "{unseen:#?}");
    }

    fn described(&self, paths: &[&str]) -> BTreeSet<(String, u16)> {
        let mut described = self.description.answers();
        described.retain(|(operation, status)| {
            let is_meant = |path: &&str| operation.contains(&format!(" /api/v1/alerts/{path}"));
            *status != 500 && paths.iter().any(is_meant)
        });
        described
    }

    /// Whether any answer had this in it.
    pub(super) fn has_told(&self, secret: &str) -> bool {
        self.told.lock().expect("nobody panicked").contains(secret)
    }
}

fn request(operation: &str, place: &str, body: &str, key: Option<&str>) -> Request<Body> {
    let (method, path) = operation.split_once(' ').expect("a method and a path");
    let path = match (path.split_once('{'), place.starts_with('?')) {
        (None, _) => format!("{path}{place}"),
        (Some((before, after)), is_query) => {
            let (_, after) = after.split_once('}').expect("a closing brace");
            match is_query {
                true => format!("{before}x{after}{place}"),
                false => format!(
                    "{before}{}{after}",
                    if place.is_empty() { "x" } else { place }
                ),
            }
        }
    };
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json");
    let request = match key {
        Some(key) => request.header("x-api-key", key),
        None => request,
    };
    request
        .body(Body::from(body.to_owned()))
        .expect("a request")
}
