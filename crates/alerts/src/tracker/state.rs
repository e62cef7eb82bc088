//! An alert as it is kept.

use coldtrace_model::UnixNanos;
use serde::{Deserialize, Serialize};

use crate::evaluate::Judgement;
use crate::times;
use crate::{AlertId, Change, Labels, Reading, RuleId, Severity, Transition, TransitionId, Why};

/// An alert and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertState {
    /// Which.
    pub alert: AlertId,
    /// Of which rule.
    pub rule: RuleId,
    /// What the rule was called when it became bad, and so on.
    pub rule_name: String,
    /// With `alertname` and `severity`.
    pub labels: Labels,
    /// How bad.
    pub severity: Severity,
    /// What to do.
    pub runbook: Option<String>,
    /// Whom it is about, in words.
    pub who: String,
    /// Where it stands.
    pub phase: Phase,
    /// The number of its last transition; 0 before the first.
    pub seq: u64,
    /// The last value.
    pub reading: Reading,
    /// What was said when it became bad.
    pub says: String,
    /// When something was last told of it.
    #[serde(with = "times::unix")]
    pub heard: UnixNanos,
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Phase {
    /// It fired once, and ended.
    Inactive,
    /// It is bad, but not for long enough.
    Pending {
        /// Since when.
        #[serde(with = "times::unix")]
        since: UnixNanos,
    },
    /// It fires.
    Firing {
        /// Since when.
        #[serde(with = "times::unix")]
        since: UnixNanos,
        /// Since when it is good again, but not for long enough.
        #[serde(with = "times::maybe_unix")]
        clear_since: Option<UnixNanos>,
    },
}

// === impl AlertState ===

impl AlertState {
    /// One that nothing was told of.
    pub(super) fn new(judgement: &Judgement) -> Self {
        let defined = &judgement.defined;
        Self {
            alert: judgement.alert.clone(),
            rule: defined.id.clone(),
            rule_name: defined.rule.name.clone(),
            labels: judgement.labels.clone(),
            severity: defined.rule.severity,
            runbook: defined.rule.runbook.clone(),
            who: judgement.who.clone(),
            phase: Phase::Inactive,
            seq: 0,
            reading: judgement.reading.clone(),
            says: judgement.says.clone(),
            heard: UnixNanos(0),
        }
    }

    /// True if it waits to fire, or fires.
    pub fn is_active(&self) -> bool {
        self.phase != Phase::Inactive
    }

    /// True if it fires.
    pub fn is_firing(&self) -> bool {
        matches!(self.phase, Phase::Firing { .. })
    }

    pub(super) fn number(&self) -> Option<u64> {
        u64::from_str_radix(&self.alert.0, 16).ok()
    }

    /// Takes over what the rule says now.
    pub(super) fn describe(&mut self, judgement: &Judgement) {
        *self = Self {
            phase: self.phase,
            seq: self.seq,
            heard: self.heard,
            ..Self::new(judgement)
        };
    }

    pub(super) fn transition(
        &mut self,
        change: Change,
        at: UnixNanos,
        since: UnixNanos,
        says: &str,
    ) -> Transition {
        self.seq += 1;
        Transition {
            id: TransitionId(format!("{}-{}", self.alert, self.seq)),
            alert: self.alert.clone(),
            rule: self.rule.clone(),
            rule_name: self.rule_name.clone(),
            change,
            severity: self.severity,
            at,
            since,
            labels: self.labels.clone(),
            summary: format!("{}: {says}", self.who),
            runbook: self.runbook.clone(),
            reading: self.reading.clone(),
            why: Why::default(),
        }
    }
}
