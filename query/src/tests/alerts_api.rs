//! What the tests of the API of alerts ask with: each answer is held to the description, and remembered.

use std::cell::RefCell;
use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::Value;

use super::openapi::Description;
use super::served::Served;

/// Asks, and holds every answer to the description.
pub(super) struct Asker {
    description: Description,
    answered: RefCell<BTreeSet<(String, u16)>>,
}

/// What is sent, with the operation as the description names it, such as `PUT /api/v1/alerts/rules/{rule}`.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) operation: &'a str,
    /// What stands in the place of what is in braces.
    pub(super) id: &'a str,
    pub(super) query: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) body: Option<&'a Value>,
}

// === impl Asker ===

impl Asker {
    pub(super) fn new() -> Self {
        Self {
            description: Description::read(),
            answered: RefCell::default(),
        }
    }

    pub(super) async fn ask(&self, served: &Served, asked: Asked<'_>) -> (u16, Value) {
        let (status, body) = served.answer(asked.request()).await;
        let status = status.as_u16();
        self.description.check(asked.operation, status, &body);
        let answer = (asked.operation.to_owned(), status);
        self.answered.borrow_mut().insert(answer);
        (status, body)
    }

    /// The answer of this status.
    pub(super) async fn told(&self, served: &Served, asked: Asked<'_>, expected: u16) -> Value {
        let (status, body) = self.ask(served, asked).await;
        assert_eq!(status, expected, "{}: {body:#}", asked.operation);
        body
    }

    /// Every answer that was seen and every one that is described, of these operations; but for mistakes of our own, which can't be
    /// had on demand.
    pub(super) fn seen_and_described(&self, operations: &[&str]) -> [BTreeSet<(String, u16)>; 2] {
        let is_one = |(operation, status): &(String, u16)| {
            operations.contains(&operation.as_str()) && *status != 500
        };
        let mut all = [self.answered.borrow().clone(), self.description.answers()];
        for some in &mut all {
            some.retain(is_one);
        }
        all
    }
}

// === impl Asked ===

impl<'a> Asked<'a> {
    pub(super) fn to(operation: &'a str) -> Self {
        Self {
            operation,
            id: "",
            query: "",
            key: None,
            body: None,
        }
    }

    pub(super) fn of(self, id: &'a str) -> Self {
        Self { id, ..self }
    }

    pub(super) fn with(self, body: &'a Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    pub(super) fn by(self, key: &'a str) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    pub(super) fn query(self, query: &'a str) -> Self {
        Self { query, ..self }
    }

    fn request(self) -> Request<Body> {
        let (method, path) = self.operation.split_once(' ').expect("a method and a path");
        let path = match path.split_once('{') {
            Some((folder, rest)) => {
                let rest = rest.split_once('}').map_or("", |(_, rest)| rest);
                format!("{folder}{}{rest}", self.id)
            }
            None => path.to_owned(),
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}?{}", self.query))
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json");
        let request = match self.key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        };
        let body = self.body.map(Value::to_string).unwrap_or_default();
        request.body(Body::from(body)).expect("a request")
    }
}
