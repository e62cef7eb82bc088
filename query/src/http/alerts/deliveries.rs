//! `/api/v1/alerts/deliveries`: what was sent, what waits to be, and how it went.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use coldtrace_control::{Attempt, Db, DbError, Deliveries, Delivery, DeliveryState};
use coldtrace_model::{Tenant, UnixNanos};
use serde::{Deserialize, Serialize};

use super::super::access::{Access, Api};
use super::super::error::ApiError;
use super::super::json;
use super::super::params::Params;
use super::{Whole, id_of};
use crate::reply::Decimal;

/// The schema `DeliveryList`.
#[derive(Serialize)]
struct ListReply {
    deliveries: Vec<DeliveryReply>,
    total: usize,
    next_cursor: Option<String>,
}

/// The schema `DeliveryDetail`.
#[derive(Serialize)]
pub(super) struct DetailReply {
    delivery: DeliveryReply,
    body: Option<String>,
    attempts: Vec<AttemptReply>,
}

/// The schema `Delivery`.
#[derive(Serialize)]
struct DeliveryReply {
    delivery: String,
    channel: String,
    channel_name: String,
    state: &'static str,
    summary: String,
    transitions: Vec<String>,
    created: Decimal,
    attempts: u32,
    next_attempt: Option<Decimal>,
    last_status: Option<u16>,
    last_error: Option<String>,
}

/// The schema `DeliveryAttempt`.
#[derive(Serialize)]
struct AttemptReply {
    number: usize,
    at: Decimal,
    took: Decimal,
    status: Option<u16>,
    answer: String,
    error: Option<String>,
    headers: BTreeMap<String, String>,
}

/// Of what is kept of a request.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    headers: BTreeMap<String, String>,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_deliveries)
}

pub(super) fn detail() -> MethodRouter<Api> {
    get(get_delivery)
}

pub(super) fn replay() -> MethodRouter<Api> {
    post(replay_delivery)
}

async fn list_deliveries(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["channel", "state", "limit", "cursor"])?;
    let channel = params.text("channel").map(str::to_owned);
    let state = state(&params)?;
    let before = before(&params)?;
    let limit = params.limit()? as usize;
    let listed = access.alerts.ask(move |db, tenant| {
        let asked = Deliveries {
            channel: channel.as_deref(),
            state,
            before,
            // One more tells whether there is another page.
            limit: limit + 1,
        };
        let page = db.deliveries(tenant, &asked)?;
        Ok((page, db.count_deliveries(tenant, &asked)?))
    });
    let (mut page, total) = listed.await?;
    let has_more = page.len() > limit;
    page.truncate(limit);
    let last = page.last().filter(|_| has_more);
    let reply = ListReply {
        next_cursor: last.map(|last| last.number.to_string()),
        deliveries: page.into_iter().map(DeliveryReply::of).collect(),
        total,
    };
    json(Whole(reply)).await
}

async fn get_delivery(
    access: Access,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("delivery", path)?;
    let found = access
        .alerts
        .ask(move |db, tenant| DetailReply::read(db, tenant, &id));
    json(Whole(found.await?)).await
}

async fn replay_delivery(
    access: Access,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("delivery", path)?;
    let replayed = access.alerts.ask(move |db, tenant| {
        let (delivery, body, _) = found(db, tenant, &id)?;
        if let Some(why) = unfit(db, tenant, &delivery, body.is_some())? {
            return Ok(Err(why));
        }
        db.replay(tenant, &id, UnixNanos::now())?;
        DetailReply::read(db, tenant, &id).map(Ok)
    });
    let reply = replayed
        .await?
        .map_err(|why| ApiError::Conflict(why.to_owned()))?;
    access.alerts.shared().woken().notify_one();
    json(Whole(reply)).await
}

/// Why something can't be sent again, if so.
fn unfit(
    db: &Db,
    tenant: &Tenant,
    delivery: &Delivery,
    has_body: bool,
) -> Result<Option<&'static str>, DbError> {
    if delivery.state == DeliveryState::Waiting {
        return Ok(Some("it waits to be sent already"));
    }
    if db.channel(tenant, &delivery.channel)?.is_none() {
        return Ok(Some("its channel is not there any more"));
    }
    Ok((!has_body).then_some("what was sent is not kept any more, a week after it was delivered"))
}

type Found = (Delivery, Option<String>, Vec<Attempt>);

fn found(db: &Db, tenant: &Tenant, id: &str) -> Result<Found, DbError> {
    db.delivery(tenant, id)?.ok_or_else(|| DbError::NoSuch {
        what: "delivery",
        id: id.to_owned(),
    })
}

fn state(params: &Params) -> Result<Option<DeliveryState>, ApiError> {
    let Some(word) = params.text("state") else {
        return Ok(None);
    };
    let state = DeliveryState::of(word);
    state.map(Some).ok_or_else(|| {
        let known = DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
        ApiError::invalid("state", format!("must be one of {known}"))
    })
}

/// A cursor is the number of the last one of a page.
fn before(params: &Params) -> Result<Option<i64>, ApiError> {
    let Some(cursor) = params.text("cursor") else {
        return Ok(None);
    };
    let number = cursor.parse().ok().filter(|number| *number > 0);
    let told = "is not one that this list gave";
    number
        .map(Some)
        .ok_or_else(|| ApiError::invalid("cursor", told))
}

// === impl DetailReply ===

impl DetailReply {
    /// One of a tenant's.
    pub(super) fn read(db: &Db, tenant: &Tenant, id: &str) -> Result<Self, DbError> {
        let (delivery, body, attempts) = found(db, tenant, id)?;
        let numbered = attempts.into_iter().zip(1..);
        let attempts = numbered.map(|(attempt, number)| AttemptReply::of(attempt, number));
        let mut attempts: Vec<AttemptReply> = attempts.collect();
        attempts.reverse();
        Ok(Self {
            delivery: DeliveryReply::of(delivery),
            body,
            attempts,
        })
    }
}

// === impl DeliveryReply ===

impl DeliveryReply {
    fn of(delivery: Delivery) -> Self {
        Self {
            delivery: delivery.id,
            channel: delivery.channel,
            channel_name: delivery.channel_name,
            state: delivery.state.as_str(),
            summary: delivery.summary,
            transitions: serde_json::from_str(&delivery.transitions).unwrap_or_default(),
            created: delivery.created.into(),
            attempts: delivery.attempts,
            next_attempt: delivery.due.map(Decimal::from),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
        }
    }
}

// === impl AttemptReply ===

impl AttemptReply {
    fn of(attempt: Attempt, number: usize) -> Self {
        let request: Request = serde_json::from_str(&attempt.request).unwrap_or_default();
        Self {
            number,
            at: attempt.at.into(),
            took: Decimal(u64::try_from(attempt.took.as_nanos()).unwrap_or(u64::MAX)),
            status: attempt.status,
            answer: attempt.answer,
            error: attempt.error,
            headers: request.headers,
        }
    }
}
