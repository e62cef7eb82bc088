//! `/api/v1/alerts/silences`.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get};
use coldtrace_alerts::{Matcher, Mistake, Op, Silence};
use coldtrace_control::{DbError, KeptSilence};
use coldtrace_model::{Nanos, UnixNanos};
use serde::Serialize;

use super::super::access::{Access, Api};
use super::super::body::Body;
use super::super::error::ApiError;
use super::super::json;
use super::super::params::Params;
use super::super::sent::Sent;
use super::{Whole, created, id_of};
use crate::alerts::muted::silence_of;
use crate::alerts::random;
use crate::reply::Decimal;

/// For so long after its end a silence is told of.
const TOLD: Nanos = Nanos(7 * 24 * 3_600 * 1_000_000_000);

/// The schema `SilenceList`.
#[derive(Serialize)]
struct ListReply {
    silences: Vec<SilenceReply>,
}

/// The schema `Silence`.
#[derive(Serialize)]
struct SilenceReply {
    silence: String,
    matchers: Vec<Matcher>,
    starts: Decimal,
    ends: Decimal,
    comment: String,
    created_by: String,
    created: Decimal,
    state: &'static str,
}

pub(super) fn all() -> MethodRouter<Api> {
    get(list_silences).post(create_silence)
}

pub(super) fn one() -> MethodRouter<Api> {
    delete(end_silence)
}

async fn list_silences(access: Access, uri: Uri) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let now = UnixNanos::now();
    let kept = access.alerts.ask(|db, tenant| db.silences(tenant)).await?;
    let told = kept.into_iter().filter(|one| one.ends.plus(TOLD) > now);
    let silences = told.filter_map(|kept| SilenceReply::of(kept, now));
    json(Whole(ListReply {
        silences: silences.collect(),
    }))
    .await
}

async fn create_silence(access: Access, uri: Uri, body: Body) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let now = UnixNanos::now();
    let silence = read(Sent::read(body)?, now).map_err(ApiError::Mistakes)?;
    let definition = serde_json::to_string(&silence).map_err(|_| ApiError::Internal)?;
    let made = access.alerts.ask(move |db, tenant| {
        let kept = KeptSilence {
            id: random::id()?,
            definition,
            starts: silence.starts,
            ends: silence.ends,
            created: now,
        };
        db.create_silence(tenant, &kept)?;
        Ok(kept)
    });
    let reply = SilenceReply::of(made.await?, now).ok_or(ApiError::Internal)?;
    created(Whole(reply)).await
}

/// One that has ended stays as it is.
async fn end_silence(
    access: Access,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("silence", path)?;
    let now = UnixNanos::now();
    let ended = access.alerts.ask(move |db, tenant| {
        db.expire_silence(tenant, &id, now)?;
        let kept = db.silences(tenant)?.into_iter().find(|one| one.id == id);
        kept.ok_or(DbError::NoSuch {
            what: "silence",
            id,
        })
    });
    let reply = SilenceReply::of(ended.await?, now).ok_or(ApiError::Internal)?;
    json(Whole(reply)).await
}

/// A silence as it was sent. Its id is told later.
fn read(mut sent: Sent, now: UnixNanos) -> Result<Silence, Vec<Mistake>> {
    let mut matchers = Vec::new();
    let are_given = sent.has("matchers");
    for mut one in sent.objects("matchers") {
        matchers.extend(matcher(&mut one));
        sent.absorb(one);
    }
    let starts = sent.time("starts").unwrap_or(now);
    let ends = sent.time("ends");
    let silence = Silence {
        id: String::new(),
        matchers,
        // What is past can't be silenced any more.
        starts: starts.max(now),
        ends: ends.unwrap_or(UnixNanos(0)),
        comment: sent.text("comment").unwrap_or_default(),
        created_by: sent.text("created_by").unwrap_or_default(),
    };
    for (key, is_given) in [("matchers", are_given), ("ends", ends.is_some())] {
        if !is_given && !sent.is_wrong(key) {
            sent.missing(key);
        }
    }
    // Of what could not be read the rest says nothing.
    for Mistake { place, message } in silence.mistakes(now) {
        if !sent.is_wrong(&place) {
            sent.mistake(&place, message);
        }
    }
    let mistakes = sent.end();
    match mistakes.is_empty() {
        true => Ok(silence),
        false => Err(mistakes),
    }
}

fn matcher(sent: &mut Sent) -> Option<Matcher> {
    let name = sent.needed_text("name");
    let op = sent.needed_text("op");
    let value = sent.needed_text("value");
    if sent.is_wrong("") {
        return None;
    }
    let Some(op) = Op::ALL.into_iter().find(|known| known.as_str() == op) else {
        sent.mistake("op", "must be one of =, !=, =~, !~");
        return None;
    };
    match Matcher::new(&name, op, &value) {
        Ok(matcher) => Some(matcher),
        Err(error) => {
            let key = match error {
                coldtrace_alerts::MatcherError::Name(_) => "name",
                _ => "value",
            };
            sent.mistake(key, error.to_string());
            None
        }
    }
}

// === impl SilenceReply ===

impl SilenceReply {
    fn of(kept: KeptSilence, now: UnixNanos) -> Option<Self> {
        let created = kept.created;
        let silence = silence_of(kept)?;
        let state = match (silence.is_active(now), silence.starts > now) {
            (true, _) => "active",
            (false, true) => "pending",
            (false, false) => "expired",
        };
        Some(Self {
            silence: silence.id,
            matchers: silence.matchers,
            starts: silence.starts.into(),
            ends: silence.ends.into(),
            comment: silence.comment,
            created_by: silence.created_by,
            created: created.into(),
            state,
        })
    }
}
