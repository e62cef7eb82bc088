//! What a minute came to, as it is kept: one transaction, with what is to be sent because of it.

use std::collections::BTreeMap;

use coldtrace_alerts::{AlertId, AlertState, Defined, Inhibition, Labels, RuleId, Transition};
use coldtrace_control::{self as control, Db, DbError, Evaluation, NewTransition};
use coldtrace_model::{Tenant, UnixNanos};
use tracing::warn;

use super::muted::Muted;
use super::notices::Notices;
use super::watch::Minute;

/// A transition, and the channels that its rule names.
type Pushed = (Transition, Option<Vec<String>>);

/// All that a minute is kept with.
pub(super) struct Keeping {
    pub(super) tenant: Tenant,
    /// The minute's end; `None` where nothing was evaluated, but a group may have waited long enough or a silence be over.
    pub(super) until: Option<UnixNanos>,
    pub(super) now: UnixNanos,
    /// What fires after it.
    pub(super) firing: BTreeMap<AlertId, Labels>,
    pub(super) inhibitions: Vec<Inhibition>,
    pub(super) public_url: String,
    pub(super) told: Told,
}

/// A minute's texts, ready to be kept.
#[derive(Default)]
pub(super) struct Told {
    states: Vec<control::AlertState>,
    ended: Vec<String>,
    transitions: Vec<NewTransition>,
    pushed: Vec<Pushed>,
}

/// How a tenant's alerts stand, as it was kept. One that can't be read is left out and told of in the log.
pub(crate) fn states_of(db: &Db, tenant: &Tenant) -> Result<Vec<AlertState>, DbError> {
    let kept = db.alert_states(tenant)?;
    let states = kept.iter().filter_map(|one| {
        let state = serde_json::from_str(&one.state);
        state
            .inspect_err(|error| warn!(%error, alert = one.alert, "an alert's state can't be read"))
            .ok()
    });
    Ok(states.collect())
}

// === impl Keeping ===

impl Keeping {
    /// Keeps a minute and what is to be sent because of it; true if there is something to send. Blocks.
    pub(super) fn keep(self, db: &mut Db) -> Result<bool, DbError> {
        let mut notices = Notices::load(db, &self.tenant, &self.public_url)?;
        for (transition, channels) in &self.told.pushed {
            notices.push(transition, channels.as_deref(), self.now);
        }
        let muted = Muted::load(db, &self.tenant, self.now, &self.inhibitions, &self.firing)?;
        let (groups, outbox) = notices.step(self.now, |transition| muted.holds(transition));
        let is_more = !outbox.is_empty();
        if self.until.is_none() && groups.is_empty() && !is_more {
            return Ok(false);
        }
        db.commit(&Evaluation {
            tenant: self.tenant,
            until: self.until,
            now: self.now,
            states: self.told.states,
            ended: self.told.ended,
            transitions: self.told.transitions,
            groups,
            outbox,
        })?;
        Ok(is_more)
    }
}

// === impl Told ===

impl Told {
    pub(super) fn of(minute: &Minute, rules: &[Defined]) -> Result<Self, serde_json::Error> {
        let states = minute.changed.iter().map(|state| {
            Ok(control::AlertState {
                alert: state.alert.to_string(),
                rule: state.rule.to_string(),
                state: serde_json::to_string(state)?,
            })
        });
        let transitions = minute.transitions.iter().map(|transition| {
            Ok(NewTransition {
                id: transition.id.to_string(),
                alert: transition.alert.to_string(),
                rule: transition.rule.to_string(),
                at: transition.at,
                body: serde_json::to_string(transition)?,
            })
        });
        Ok(Self {
            states: states.collect::<Result<_, serde_json::Error>>()?,
            ended: minute.forgotten.iter().map(ToString::to_string).collect(),
            transitions: transitions.collect::<Result<_, serde_json::Error>>()?,
            pushed: pushed(minute, rules),
        })
    }
}

fn pushed(minute: &Minute, rules: &[Defined]) -> Vec<Pushed> {
    let channels = |rule: &RuleId| {
        let rule = rules.iter().find(|defined| defined.id == *rule);
        rule.and_then(|defined| defined.rule.channels.clone())
    };
    let transitions = minute.transitions.iter();
    transitions
        .map(|one| (one.clone(), channels(&one.rule)))
        .collect()
}
