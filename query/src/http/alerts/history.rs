//! `GET /api/v1/alerts/history`: alerts that began to fire or ended.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_alerts::Transition;
use coldtrace_control::{KeptTransition, Transitions};
use serde::Serialize;
use tracing::warn;

use crate::http::access::{Access, Api};
use crate::http::cursor::Place;
use crate::http::error::ApiError;
use crate::http::params::{Order, Params};
use crate::http::{Written, bytes_of, json};

/// The schema `TransitionList`. A transition is kept in the form in which it is told.
#[derive(Serialize)]
struct ListReply<'a> {
    transitions: &'a [Transition],
    total: u64,
    next_cursor: Option<&'a str>,
}

/// In a cursor: the number of the last one.
type CursorKey = i64;

struct Listed {
    transitions: Vec<Transition>,
    total: u64,
    next_cursor: Option<String>,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_transitions)
}

async fn list_transitions(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["alert", "rule", "limit", "cursor"])?;
    // The list has no range; that of its cursors means nothing.
    let place = Place::<CursorKey>::read(&params, &[Order::Newest])?;
    let limit = params.limit()? as usize;
    let [alert, rule] = ["alert", "rule"].map(|name| params.text(name).map(str::to_owned));
    let before = place.after;
    let asked = access.alerts.ask(move |db, tenant| {
        let asked = Transitions {
            alert: alert.as_deref(),
            rule: rule.as_deref(),
            before,
            limit: limit + 1,
        };
        let kept = db.transitions(tenant, &asked)?;
        Ok((kept, db.transition_count(tenant, &asked)?))
    });
    let (mut kept, total) = asked.await?;
    let is_more = kept.len() > limit;
    kept.truncate(limit);
    let last = kept.last().filter(|_| is_more);
    let next_cursor = last.map(|last| place.cursor(last.number));
    json(Listed {
        transitions: kept.iter().filter_map(transition_of).collect(),
        total,
        next_cursor,
    })
    .await
}

/// As it was kept; `None` if it can't be read, which the log tells.
pub(super) fn transition_of(kept: &KeptTransition) -> Option<Transition> {
    let transition = serde_json::from_str(&kept.body);
    transition
        .inspect_err(|error| warn!(%error, id = kept.id, "a transition can't be read"))
        .ok()
}

// === impl Listed ===

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            transitions: &self.transitions,
            total: self.total,
            next_cursor: self.next_cursor.as_deref(),
        })
    }
}
