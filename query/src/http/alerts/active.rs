//! `GET /api/v1/alerts` and `GET /api/v1/alerts/{alert}`: how alerts stand.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_alerts::{AlertState, Change, Phase, Transition};
use coldtrace_control::{Db, DbError, Transitions};
use coldtrace_model::{Tenant, UnixNanos};
use serde::Serialize;

use super::history::transition_of;
use crate::alerts::{Alerts, InForce, Muted, states_of};
use crate::http::access::{Access, Api};
use crate::http::error::ApiError;
use crate::http::params::Params;
use crate::http::{Written, bytes_of, json};
use crate::reply::{AlertReply, Decimal, Muting};

/// The schema `AlertList`.
#[derive(Serialize)]
struct ListReply<'a> {
    alerts: Vec<AlertReply<'a>>,
    evaluated: Option<Decimal>,
}

/// The schema `AlertDetail`.
#[derive(Serialize)]
struct DetailReply<'a> {
    alert: AlertReply<'a>,
    transition: Option<&'a Transition>,
}

/// What is pending or fires.
struct Listed {
    standing: Vec<Standing>,
    muted: Muted,
    evaluated: Option<UnixNanos>,
}

struct Detail {
    standing: Standing,
    /// When it began to fire, the last time: who comes after its end wants to know why.
    fired: Option<Transition>,
    muted: Muted,
}

/// How an alert stands.
enum Standing {
    /// It is pending, or fires; with what happened last, where that is told.
    Active(Box<AlertState>, Option<Transition>),
    /// It ended by this.
    Over(Transition),
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_alerts)
}

pub(super) fn detail() -> MethodRouter<Api> {
    get(get_alert)
}

async fn list_alerts(access: Access, uri: Uri) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let alerts = access.alerts.shared().clone();
    let listed = access.alerts.ask(move |db, tenant| {
        let states = states_of(db, tenant)?;
        let muted = muted(&alerts, db, tenant, &states)?;
        let mut active: Vec<AlertState> = states;
        active.retain(AlertState::is_active);
        active.sort_by(|one, other| {
            let later = since(other).cmp(&since(one));
            let named = one.alert.cmp(&other.alert);
            one.severity.cmp(&other.severity).then(later).then(named)
        });
        let standing = active.into_iter().map(|state| {
            // What fires says itself since when; what never did has no last time.
            let is_again = !state.is_firing() && state.seq > 0;
            let latest = match is_again {
                true => latest(db, tenant, &state.alert.0)?,
                false => None,
            };
            Ok(Standing::Active(Box::new(state), latest))
        });
        Ok(Listed {
            standing: standing.collect::<Result<_, DbError>>()?,
            muted,
            evaluated: db.evaluated(tenant)?,
        })
    });
    json(listed.await?).await
}

async fn get_alert(
    access: Access,
    uri: Uri,
    alert: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let Path(alert) = alert.map_err(|error| ApiError::invalid("alert", error.body_text()))?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if alert.len() != 16 || !alert.bytes().all(is_digit) {
        let told = "must be the 16 hex digits of an alert, in lower case";
        return Err(ApiError::invalid("alert", told));
    }
    let alerts = access.alerts.shared().clone();
    let id = alert.clone();
    let asked = access.alerts.ask(move |db, tenant| {
        let states = states_of(db, tenant)?;
        let muted = muted(&alerts, db, tenant, &states)?;
        let mut active = states.into_iter().filter(AlertState::is_active);
        let state = active.find(|state| state.alert.0 == id);
        let mut happened = last_two(db, tenant, &id)?;
        let fired = happened.iter().find(|one| one.change == Change::Firing);
        let fired = fired.cloned();
        happened.truncate(1);
        Ok((state, happened.pop(), fired, muted))
    });
    let (state, latest, fired, muted) = asked.await?;
    let standing = match (state, latest) {
        (Some(state), latest) => Standing::Active(Box::new(state), latest),
        (None, Some(latest)) => Standing::Over(latest),
        (None, None) => {
            let told = format!("there is no alert {alert}, and none ended lately");
            return Err(ApiError::NotFound(told));
        }
    };
    json(Detail {
        standing,
        fired,
        muted,
    })
    .await
}

fn since(state: &AlertState) -> UnixNanos {
    match state.phase {
        Phase::Pending { since } | Phase::Firing { since, .. } => since,
        Phase::Inactive => state.heard,
    }
}

fn muted(
    alerts: &Alerts,
    db: &Db,
    tenant: &Tenant,
    states: &[AlertState],
) -> Result<Muted, DbError> {
    let firing = states.iter().filter(|state| state.is_firing());
    let firing: BTreeMap<_, _> = firing
        .map(|state| (state.alert.clone(), state.labels.clone()))
        .collect();
    // No rule of the API holds others back.
    let is_starting = alerts.config().starter_rules;
    let in_force = InForce::of(tenant, Vec::new(), &alerts.files(), is_starting);
    Muted::load(db, tenant, UnixNanos::now(), &in_force.inhibitions, &firing)
}

/// What happened last to an alert.
fn latest(db: &Db, tenant: &Tenant, alert: &str) -> Result<Option<Transition>, DbError> {
    let mut happened = last_two(db, tenant, alert)?;
    happened.truncate(1);
    Ok(happened.pop())
}

/// The same, and what was before it: one of them is that it began to fire.
fn last_two(db: &Db, tenant: &Tenant, alert: &str) -> Result<Vec<Transition>, DbError> {
    let asked = Transitions {
        alert: Some(alert),
        limit: 2,
        ..Transitions::default()
    };
    let kept = db.transitions(tenant, &asked)?;
    Ok(kept.iter().filter_map(transition_of).collect())
}

// === impl Standing ===

impl Standing {
    fn reply(&self, muted: &Muted) -> AlertReply<'_> {
        let (alert, labels) = match self {
            Self::Active(state, _) => (&state.alert, &state.labels),
            Self::Over(latest) => (&latest.alert, &latest.labels),
        };
        let muting = Muting {
            silenced_by: muted.silencing(labels).map(|one| one.id.clone()).collect(),
            is_inhibited: muted.is_inhibited(alert),
        };
        match self {
            Self::Active(state, latest) => AlertReply::of(state, latest.as_ref(), muting),
            Self::Over(latest) => AlertReply::over(latest, muting),
        }
    }
}

// === impl Listed, Detail ===

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let standing = self.standing.iter();
        bytes_of(&ListReply {
            alerts: standing.map(|one| one.reply(&self.muted)).collect(),
            evaluated: self.evaluated.map(Decimal::from),
        })
    }
}

impl Written for Detail {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&DetailReply {
            alert: self.standing.reply(&self.muted),
            transition: self.fired.as_ref(),
        })
    }
}
