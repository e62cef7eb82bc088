//! An alert as it stands.

use coldtrace_alerts::{AlertState, Labels, Phase, Reading, Severity, Transition};
use coldtrace_model::UnixNanos;
use serde::Serialize;

use super::number::Decimal;

/// The schema `Alert`. Labels, severity and reading are kept in the form in which they are told.
#[derive(Serialize)]
pub(crate) struct AlertReply<'a> {
    alert: &'a str,
    rule: &'a str,
    rule_name: &'a str,
    phase: &'static str,
    severity: Severity,
    labels: &'a Labels,
    since: Decimal,
    fired: Option<Decimal>,
    summary: String,
    reading: &'a Reading,
    #[serde(flatten)]
    muting: Muting,
}

/// Why nobody is told of it, if so.
#[derive(Serialize)]
pub(crate) struct Muting {
    pub(crate) silenced_by: Vec<String>,
    pub(crate) is_inhibited: bool,
}

impl<'a> AlertReply<'a> {
    /// One that is pending, or fires. `latest` tells when one that is pending again fired before.
    pub(crate) fn of(state: &'a AlertState, latest: Option<&Transition>, muting: Muting) -> Self {
        let (phase, since, fired): (_, _, Option<UnixNanos>) = match state.phase {
            Phase::Firing { since, .. } => ("firing", since, Some(since)),
            Phase::Pending { since } => ("pending", since, latest.map(|latest| latest.since)),
            Phase::Inactive => ("resolved", state.heard, latest.map(|latest| latest.since)),
        };
        Self {
            alert: &state.alert.0,
            rule: &state.rule.0,
            rule_name: &state.rule_name,
            phase,
            severity: state.severity,
            labels: &state.labels,
            since: since.into(),
            fired: fired.map(Decimal::from),
            summary: format!("{}: {}", state.who, state.says),
            reading: &state.reading,
            muting,
        }
    }

    /// One that ended by this transition.
    pub(crate) fn over(latest: &'a Transition, muting: Muting) -> Self {
        Self {
            alert: &latest.alert.0,
            rule: &latest.rule.0,
            rule_name: &latest.rule_name,
            phase: latest.change.as_str(),
            severity: latest.severity,
            labels: &latest.labels,
            since: latest.at.into(),
            fired: Some(latest.since.into()),
            summary: latest.summary.clone(),
            reading: &latest.reading,
            muting,
        }
    }
}
