//! `/api/v1/alerts/rules`: what is alerted. Rules of the API are made, changed and ended here; those of files, and those to start
//! with, are only told.
//!
//! Invariant: no two rules of a tenant are called the same, as far as this can say: a file may take a name later.

mod definition;
mod told;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use coldtrace_control::{Db, DbError, new_id};
use coldtrace_model::{Tenant, UnixNanos};
use serde_json::Value;

pub(super) use self::definition::read;
use self::told::{Told, ToldRule, ToldRules};
use crate::alerts::Alerts;
use crate::http::access::{Access, Api};
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::http::params::Params;
use crate::http::{Written, bytes_of, json};

/// Why a rule is not changed.
enum Refused {
    Asked(ApiError),
    Db(DbError),
}

/// A definition with everything that was left out.
struct Checked(Value);

pub(super) fn all() -> MethodRouter<Api> {
    get(list_rules).post(create_rule)
}

pub(super) fn check() -> MethodRouter<Api> {
    post(check_rule)
}

pub(super) fn one() -> MethodRouter<Api> {
    get(get_rule).put(replace_rule).delete(delete_rule)
}

async fn list_rules(
    State(api): State<Api>,
    access: Access,
    uri: Uri,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let alerts = access.alerts.shared().clone();
    let told = access
        .alerts
        .ask(move |db, tenant| Told::load(&alerts, db, tenant));
    let told = told.await?;
    json(ToldRules::new(told, api.is_open())).await
}

async fn create_rule(
    access: Access,
    uri: Uri,
    Body(definition): Body,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let made = changed(&access, move |alerts, db, tenant| {
        let rule = read(&definition, Some(&channels(db, tenant)?))?;
        let all = Told::load(alerts, db, tenant)?;
        all.check_name(&rule.name, None)?;
        let id = new_id()?;
        let definition = rule.to_json().to_string();
        db.create_rule(tenant, &id, &definition, rule.enabled, UnixNanos::now())?;
        Told::load(alerts, db, tenant)?.into_rule(&id)
    });
    let made = json(made.await?).await?;
    Ok((StatusCode::CREATED, made).into_response())
}

async fn check_rule(
    access: Access,
    uri: Uri,
    Body(definition): Body,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let channels = access.alerts.ask(|db, tenant| channels(db, tenant)).await?;
    let rule = read(&definition, Some(&channels))?;
    json(Checked(rule.to_json())).await
}

async fn get_rule(
    access: Access,
    uri: Uri,
    rule: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let id = asked(&uri, rule)?;
    let found = changed(&access, move |alerts, db, tenant| {
        Told::load(alerts, db, tenant)?.into_rule(&id)
    });
    json(found.await?).await
}

async fn replace_rule(
    access: Access,
    uri: Uri,
    rule: Result<Path<String>, PathRejection>,
    Body(definition): Body,
) -> Result<Response, ApiError> {
    let id = asked(&uri, rule)?;
    let replaced = changed(&access, move |alerts, db, tenant| {
        let all = Told::load(alerts, db, tenant)?;
        all.check_own(&id)?;
        let rule = read(&definition, Some(&channels(db, tenant)?))?;
        all.check_name(&rule.name, Some(&id))?;
        let definition = rule.to_json().to_string();
        db.update_rule(tenant, &id, &definition, rule.enabled, UnixNanos::now())?;
        Told::load(alerts, db, tenant)?.into_rule(&id)
    });
    json(replaced.await?).await
}

async fn delete_rule(
    access: Access,
    uri: Uri,
    rule: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let id = asked(&uri, rule)?;
    let deleted = changed(&access, move |alerts, db, tenant| {
        let all = Told::load(alerts, db, tenant)?;
        all.check_own(&id)?;
        db.delete_rule(tenant, &id)?;
        all.into_rule(&id)
    });
    json(deleted.await?).await
}

/// The id of a rule in a path.
fn asked(uri: &Uri, rule: Result<Path<String>, PathRejection>) -> Result<String, ApiError> {
    Params::read(uri, &[])?;
    let Path(rule) = rule.map_err(|error| ApiError::invalid("rule", error.body_text()))?;
    Ok(rule)
}

/// Asks for, or changes, one rule. Nobody else changes anything meanwhile.
async fn changed(
    access: &Access,
    change: impl FnOnce(&Alerts, &mut Db, &Tenant) -> Result<ToldRule, Refused> + Send + 'static,
) -> Result<ToldRule, ApiError> {
    let alerts = access.alerts.shared().clone();
    let asked = access
        .alerts
        .ask(move |db, tenant| match change(&alerts, db, tenant) {
            Ok(rule) => Ok(Ok(rule)),
            Err(Refused::Asked(error)) => Ok(Err(error)),
            Err(Refused::Db(error)) => Err(error),
        });
    asked.await?
}

/// What a tenant's channels are called.
fn channels(db: &Db, tenant: &Tenant) -> Result<Vec<String>, DbError> {
    let channels = db.channels(tenant)?.into_iter();
    Ok(channels.map(|channel| channel.name).collect())
}

// === impl Refused ===

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Asked(error)
    }
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

// === impl Checked ===

impl Written for Checked {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&self.0)
    }
}
