//! `/api/v1/keys` and `/api/v1/limits`: who may send and read, and how much, as an admin of the tenant sees and changes it.
//!
//! A secret is in the answer to who made it, and nowhere else.

use std::error::Error as _;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post, put};
use coldtrace_alerts::Mistake;
use coldtrace_control::{DbError, Key, Limits, Scope, Secret};
use coldtrace_model::{Nanos, UnixNanos};
use serde::Serialize;
use tracing::error;

use super::access::{Access, Api};
use super::alerts::{Whole, created, id_of};
use super::body::Body;
use super::error::ApiError;
use super::json;
use super::params::Params;
use super::sent::Sent;
use super::settings::LimitsReply;
use crate::keyring::{KeyringError, Wanted};
use crate::reply::Decimal;

const LONGEST_NAME: usize = 100;
const SECOND: u64 = 1_000_000_000;

/// The schema `KeyList`.
#[derive(Serialize)]
struct ListReply {
    keys: Vec<KeyReply>,
}

/// The schema `Key`.
#[derive(Serialize)]
struct KeyReply {
    id: String,
    name: String,
    tenant: String,
    scope: &'static str,
    state: &'static str,
    created: Decimal,
    rotated: Option<Decimal>,
    expires: Option<Decimal>,
    revoked: Option<Decimal>,
}

/// The schema `CreatedKey`.
#[derive(Serialize)]
struct CreatedReply {
    key: KeyReply,
    secret: String,
}

pub(super) fn all() -> MethodRouter<Api> {
    get(list_keys).post(create_key)
}

pub(super) fn one() -> MethodRouter<Api> {
    delete(revoke_key)
}

pub(super) fn rotate() -> MethodRouter<Api> {
    post(rotate_key)
}

pub(super) fn limits() -> MethodRouter<Api> {
    put(set_limits)
}

type PathId = Result<Path<String>, PathRejection>;

async fn list_keys(State(api): State<Api>, access: Access, uri: Uri) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let now = UnixNanos::now();
    let keys = api.keyring().keys(&access.holder()).await?;
    let keys = keys.into_iter().map(|key| KeyReply::of(key, now)).collect();
    json(Whole(ListReply { keys })).await
}

async fn create_key(
    State(api): State<Api>,
    access: Access,
    uri: Uri,
    body: Body,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let wanted = wanted(Sent::read(body)?).map_err(ApiError::Mistakes)?;
    let (key, secret) = api.keyring().create(&access.holder(), wanted).await?;
    created(Whole(CreatedReply::of(key, &secret))).await
}

async fn rotate_key(
    State(api): State<Api>,
    access: Access,
    uri: Uri,
    path: PathId,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("key", path)?;
    let (key, secret) = api.keyring().rotate(&access.holder(), id).await?;
    json(Whole(CreatedReply::of(key, &secret))).await
}

async fn revoke_key(
    State(api): State<Api>,
    access: Access,
    uri: Uri,
    path: PathId,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("key", path)?;
    let key = api.keyring().revoke(&access.holder(), id).await?;
    json(Whole(KeyReply::of(key, UnixNanos::now()))).await
}

async fn set_limits(
    State(api): State<Api>,
    access: Access,
    uri: Uri,
    body: Body,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let limits = given_limits(Sent::read(body)?).map_err(ApiError::Mistakes)?;
    let limits = limits
        .checked()
        .map_err(|error| ApiError::invalid("body", error.to_string()))?;
    let limits = api.keyring().set_limits(&access.holder(), limits).await?;
    json(Whole(LimitsReply::from(limits))).await
}

/// A new key as it was sent.
fn wanted(mut sent: Sent) -> Result<Wanted, Vec<Mistake>> {
    let name = sent.needed_text("name");
    let is_named = !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME;
    if !sent.is_wrong("name") && !is_named {
        let told = format!("must be a text of 1 to {LONGEST_NAME} letters");
        sent.mistake("name", told);
    }
    let scope = sent.needed_text("scope");
    let scope = match scope.parse::<Scope>() {
        Ok(scope) => Some(scope),
        Err(error) => {
            if !sent.is_wrong("scope") {
                sent.mistake("scope", error.to_string());
            }
            None
        }
    };
    let expires_in = sent
        .number_or_null("expires_in")
        .filter(|length| {
            let is_long = *length >= SECOND;
            if !is_long {
                sent.mistake("expires_in", "must be a second or longer, in nanoseconds");
            }
            is_long
        })
        .map(Nanos);
    match (sent.end(), scope) {
        (mistakes, Some(scope)) if mistakes.is_empty() => Ok(Wanted {
            name: name.trim().to_owned(),
            scope,
            expires_in,
        }),
        (mistakes, _) => Err(mistakes),
    }
}

/// Limits as they were sent. All of them replace what was, so that none is forgotten by accident.
fn given_limits(mut sent: Sent) -> Result<Limits, Vec<Mistake>> {
    for key in [
        "keep_days",
        "bytes_per_second",
        "spans_per_second",
        "log_share",
    ] {
        if !sent.has(key) {
            sent.missing(key);
        }
    }
    let limits = Limits {
        keep_days: sent.small_or_null("keep_days"),
        bytes_per_second: sent.number_or_null("bytes_per_second"),
        spans_per_second: sent.number_or_null("spans_per_second"),
        log_share: sent.small_or_null("log_share"),
    };
    match sent.end() {
        mistakes if mistakes.is_empty() => Ok(limits),
        mistakes => Err(mistakes),
    }
}

// === impl KeyReply ===

impl KeyReply {
    fn of(key: Key, now: UnixNanos) -> Self {
        let state = match key.revoked {
            Some(_) => "revoked",
            None if key.is_valid(now) => "valid",
            None => "expired",
        };
        Self {
            id: key.id.to_string(),
            name: key.name,
            tenant: key.tenant.to_string(),
            scope: key.scope.as_str(),
            state,
            created: key.created.into(),
            rotated: key.rotated.map(Decimal::from),
            expires: key.expires.map(Decimal::from),
            revoked: key.revoked.map(Decimal::from),
        }
    }
}

// === impl CreatedReply ===

impl CreatedReply {
    fn of(key: Key, secret: &Secret) -> Self {
        Self {
            key: KeyReply::of(key, UnixNanos::now()),
            secret: secret.reveal().to_owned(),
        }
    }
}

impl From<KeyringError> for ApiError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Denied(denied) => Self::Denied(denied),
            KeyringError::NoSuchKey(_) => Self::NotFound(error.to_string()),
            KeyringError::Elsewhere
            | KeyringError::FirstNoAdmin
            | KeyringError::Own
            | KeyringError::Db(DbError::Revoked(_) | DbError::TooMany { .. }) => {
                Self::Conflict(error.to_string())
            }
            KeyringError::Db(DbError::Busy) => {
                Self::Unavailable("the control database is busy; ask again in a moment".to_owned())
            }
            KeyringError::Db(_) | KeyringError::Ended(_) => {
                let cause = error.source().map(ToString::to_string);
                error!(%error, cause, "keys can't be told or changed");
                Self::Internal
            }
        }
    }
}
