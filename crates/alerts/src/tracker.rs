//! What becomes of alerts: bad for long enough they fire, good for long enough they end. Nothing is told twice.
//!
//! Invariant: firing and end of an alert alternate, their numbers have no gaps, and what comes next depends on the state alone,
//! which can be kept and taken up again.

mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coldtrace_model::{Nanos, UnixNanos};

pub use state::{AlertState, Phase};

use crate::evaluate::{Judgement, Watched};
use crate::judge::Verdict;
use crate::plan::{Coverage, Plan};
use crate::sentence;
use crate::{AlertId, Change, Transition};

/// What fires ends when nothing was counted for so long: nobody knows any more whether it is still so.
pub const SILENCE: Duration = Duration::from_secs(3_600);

/// The alerts of a tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracker {
    states: BTreeMap<AlertId, AlertState>,
    /// Those that wait or fire, as numbers.
    watched: Watched,
}

/// What an instant changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Alerts that began to fire or ended, by rule and labels.
    pub transitions: Vec<Transition>,
    /// Alerts whose state is another. One that the tracker no longer has is to be forgotten.
    pub changed: BTreeSet<AlertId>,
}

// === impl Tracker ===

impl Tracker {
    /// One that goes on from what was kept.
    pub fn new(states: impl IntoIterator<Item = AlertState>) -> Self {
        let states = states.into_iter().map(|state| (state.alert.clone(), state));
        let states: BTreeMap<AlertId, AlertState> = states.collect();
        let active = states.values().filter(|state| state.is_active());
        Self {
            watched: Watched(active.filter_map(AlertState::number).collect()),
            states,
        }
    }

    /// All alerts that it knows: those that wait or fire, and those that once did, for their numbers.
    pub fn states(&self) -> impl Iterator<Item = &AlertState> {
        self.states.values()
    }

    /// One of them.
    pub fn get(&self, alert: &AlertId) -> Option<&AlertState> {
        self.states.get(alert)
    }

    /// The alerts that an evaluation must tell of, be they good or bad.
    pub fn watched(&self) -> &Watched {
        &self.watched
    }

    /// Takes in what was judged of an instant with the plan: all that is bad, and all that is watched. Instants come in order, each once.
    pub fn apply(&mut self, at: UnixNanos, plan: &Plan, judgements: &[Judgement]) -> Applied {
        let mut applied = Applied::default();
        let mut heard: BTreeMap<&AlertId, &Judgement> = BTreeMap::new();
        for judgement in judgements {
            let known = heard.entry(&judgement.alert).or_insert(judgement);
            // There is one for each alert; were there two, the worse one counts.
            if judgement.verdict < known.verdict {
                *known = judgement;
            }
        }
        for judgement in heard.values() {
            self.hear(at, judgement, &mut applied);
        }
        let is_left = |state: &&AlertState| state.is_active() && !heard.contains_key(&state.alert);
        let left = self.states.values().filter(is_left);
        let left: Vec<AlertId> = left.map(|state| state.alert.clone()).collect();
        for alert in left {
            self.miss(at, &alert, plan, &mut applied);
        }
        let order = |transition: &Transition| {
            let alert = transition.alert.clone();
            (
                transition.rule_name.clone(),
                transition.labels.clone(),
                alert,
            )
        };
        applied.transitions.sort_by_cached_key(order);
        applied
    }

    /// What was judged of one alert.
    fn hear(&mut self, at: UnixNanos, judgement: &Judgement, applied: &mut Applied) {
        let known = self.states.get(&judgement.alert);
        let is_active = known.is_some_and(AlertState::is_active);
        if judgement.verdict != Verdict::Bad && !is_active {
            return;
        }
        let mut state = match known {
            Some(known) => known.clone(),
            None => AlertState::new(judgement),
        };
        let transition = state.hear(at, judgement);
        applied.transitions.extend(transition);
        self.put(state, applied);
    }

    /// An active alert of which nothing was judged.
    fn miss(&mut self, at: UnixNanos, alert: &AlertId, plan: &Plan, applied: &mut Applied) {
        let Some(mut state) = self.states.get(alert).cloned() else {
            return;
        };
        let transition = match plan.coverage(&state.rule, &state.labels) {
            Coverage::Removed => state.end(at, sentence::REMOVED),
            Coverage::Elsewhere => state.end(at, sentence::ELSEWHERE),
            Coverage::Over => {
                let keep = plan.keep_of(&state.rule);
                state.reading.value = Some(0.0);
                state.good(at, keep, "the error does not come any more")
            }
            Coverage::Nobody => match plan.judge_nobody(&state, at) {
                Some(judgement) => state.hear(at, &judgement),
                None => state.end(at, sentence::REMOVED),
            },
        };
        applied.transitions.extend(transition);
        self.put(state, applied);
    }

    fn put(&mut self, state: AlertState, applied: &mut Applied) {
        let is_known = self.states.get(&state.alert) == Some(&state);
        if is_known {
            return;
        }
        applied.changed.insert(state.alert.clone());
        let number = state.number();
        match state.is_active() {
            true => self.watched.0.extend(number),
            false => _ = number.is_some_and(|number| self.watched.0.remove(&number)),
        }
        // What never fired has no number to go on from.
        match state.is_active() || state.seq > 0 {
            true => _ = self.states.insert(state.alert.clone(), state),
            false => _ = self.states.remove(&state.alert),
        }
    }
}

// === impl AlertState ===

impl AlertState {
    fn hear(&mut self, at: UnixNanos, judgement: &Judgement) -> Option<Transition> {
        let rule = &judgement.defined.rule;
        if judgement.verdict == Verdict::Nothing {
            return self.silent(at);
        }
        self.heard = at;
        self.reading = judgement.reading.clone();
        match judgement.verdict {
            Verdict::Bad => self.bad(at, judgement),
            Verdict::Good => self.good(at, rule.keep, &judgement.says),
            // It does not fire anew, and what fires goes on.
            Verdict::Between | Verdict::Nothing => {
                self.phase = match self.phase {
                    Phase::Firing { since, .. } => Phase::Firing {
                        since,
                        clear_since: None,
                    },
                    Phase::Pending { .. } | Phase::Inactive => Phase::Inactive,
                };
                None
            }
        }
    }

    fn bad(&mut self, at: UnixNanos, judgement: &Judgement) -> Option<Transition> {
        let since = match self.phase {
            Phase::Firing { since, .. } => {
                self.phase = Phase::Firing {
                    since,
                    clear_since: None,
                };
                return None;
            }
            Phase::Pending { since } => since,
            Phase::Inactive => at,
        };
        // As the rule is now; what fires keeps the labels under which it was told.
        self.describe(judgement);
        let rule = &judgement.defined.rule;
        if at.since(since) < Nanos::from(rule.pending) {
            self.phase = Phase::Pending { since };
            return None;
        }
        self.phase = Phase::Firing {
            since: at,
            clear_since: None,
        };
        Some(self.transition(Change::Firing, at, at, &judgement.says))
    }

    fn good(&mut self, at: UnixNanos, keep: Duration, says: &str) -> Option<Transition> {
        let Phase::Firing { since, clear_since } = self.phase else {
            self.phase = Phase::Inactive;
            return None;
        };
        let clear = clear_since.unwrap_or(at);
        if at.since(clear) < Nanos::from(keep) {
            self.phase = Phase::Firing {
                since,
                clear_since: Some(clear),
            };
            return None;
        }
        self.end(at, says)
    }

    /// All stays as it was, but not for ever.
    fn silent(&mut self, at: UnixNanos) -> Option<Transition> {
        if at.since(self.heard) < Nanos::from(SILENCE) {
            return None;
        }
        let says = sentence::unheard(&self.reading, SILENCE);
        self.end(at, &says)
    }

    /// Ends what fires, and what waits without a word.
    fn end(&mut self, at: UnixNanos, says: &str) -> Option<Transition> {
        let phase = std::mem::replace(&mut self.phase, Phase::Inactive);
        match phase {
            Phase::Firing { since, .. } => Some(self.transition(Change::Resolved, at, since, says)),
            Phase::Pending { .. } | Phase::Inactive => None,
        }
    }
}
