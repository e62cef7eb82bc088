//! Whether rules hold at an instant: all of them, on what was counted before it.
//!
//! Each number of a series is computed once, however many rules ask for it. What is good and was not told to be bad before costs
//! a comparison, nothing more: only what may change an alert gets words.

use std::collections::HashSet;
use std::sync::Arc;

use coldtrace_model::UnixNanos;

use crate::aggregate::Sum;
use crate::history::{History, MINUTE};
use crate::judge::{self, Beside, Judged, Verdict};
use crate::plan::{Defined, Plan, Series, labels_of};
use crate::sentence;
use crate::slot::{Slot, values};
use crate::tracker::AlertState;
use crate::{AlertId, Comparison, Labels, Reading, When};

/// What a rule says of a series at an instant, with words.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Of which alert.
    pub alert: AlertId,
    /// By which rule.
    pub defined: Arc<Defined>,
    /// All labels of the alert.
    pub labels: Labels,
    /// What it says.
    pub verdict: Verdict,
    /// On what.
    pub reading: Reading,
    /// Whom it is about, in words.
    pub who: String,
    /// What is so, in words: that it is bad, or that it no longer is.
    pub says: String,
}

/// Errors that are alike, at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroupReading {
    /// Tells it from others.
    pub id: u64,
    /// Whose.
    pub function: String,
    /// What they are.
    pub error_type: String,
    /// What their messages have in common.
    pub message: String,
    /// In which versions they were seen.
    pub versions: Vec<String>,
    /// Since when it is known, as seen from the window before the instant.
    pub state: ErrorState,
    /// When the latest came.
    pub last_seen: UnixNanos,
    /// How many in the window.
    pub count: u64,
}

/// Whether a group of errors is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorState {
    /// The first of it came in the window.
    New,
    /// It had gone, and came back in the window.
    Regressed,
    /// It was there before.
    Ongoing,
}

/// Which alerts are told that are not bad.
#[derive(Clone, Copy, Debug)]
pub enum Watch<'a> {
    /// All.
    All,
    /// Those that wait to fire, or fire: what [`crate::Tracker::watched`] tells.
    Only(&'a Watched),
}

/// Alerts that wait to fire, or fire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched(pub(crate) HashSet<u64, foldhash::fast::RandomState>);

// === impl Plan ===

impl Plan {
    /// What all rules say at an instant, the end of a minute: what is bad, and of the rest what is watched. In no order that
    /// matters. `groups` are those seen in [`crate::Need::errors`] before it.
    pub fn evaluate(
        &mut self,
        history: &History,
        at: UnixNanos,
        groups: &[ErrorGroupReading],
        watch: Watch<'_>,
    ) -> Vec<Judgement> {
        self.learn(history);
        let mut told = Vec::new();
        let mut row = vec![None; self.slots.len()];
        let mut sum = Sum::default();
        let mut wanted: Vec<Slot> = Vec::new();
        let mut places: Vec<usize> = Vec::new();
        for series in &self.series {
            let slots = series.slots.iter().map(|&place| place as usize);
            places.clear();
            places.extend(slots);
            wanted.clear();
            wanted.extend(places.iter().filter_map(|&place| self.slots.get(place)));
            let leaves = history.leaves();
            let leaves = series
                .leaves
                .iter()
                .filter_map(|&leaf| leaves.get(leaf as usize));
            values(&wanted, &leaves, at.0 / MINUTE, &mut sum, |place, value| {
                let cell = places.get(place).and_then(|&place| row.get_mut(place));
                if let Some(cell) = cell {
                    *cell = value;
                }
            });
            self.judge_series(series, &row, watch, &mut told);
        }
        self.judge_groups(history, groups, at, watch, &mut told);
        told
    }

    fn judge_series(
        &self,
        series: &Series,
        row: &[Option<f64>],
        watch: Watch<'_>,
        told: &mut Vec<Judgement>,
    ) {
        for &(rule, number) in &series.rules {
            let Some(ready) = self.rules.get(rule as usize) else {
                continue;
            };
            let value = |slot: usize| {
                let place = ready.slots.get(slot);
                place.and_then(|&place| row.get(place as usize).copied().flatten())
            };
            let said = &ready.defined.rule;
            let judged = judge::judge(&said.when, value);
            if !watch.wants(judged.verdict, number) {
                continue;
            }
            told.push(Judgement {
                alert: id_of(number),
                defined: Arc::clone(&ready.defined),
                labels: labels_of(said, series.labels()),
                verdict: judged.verdict,
                reading: sentence::reading(&said.when, &judged),
                who: series.who(said),
                says: sentence::says(&said.when, &judged),
            });
        }
    }

    /// What a rule says of who did nothing, as it would if the history knew of them.
    pub(crate) fn judge_nobody(&self, state: &AlertState, at: UnixNanos) -> Option<Judgement> {
        let ready = self.ready(&state.rule)?;
        let said = &ready.defined.rule;
        let mut row = vec![None; self.slots.len()];
        let nobody = std::iter::empty();
        let end = at.0 / MINUTE;
        values(
            &self.slots,
            &nobody,
            end,
            &mut Sum::default(),
            |place, value| row[place] = value,
        );
        let value = |slot: usize| {
            let place = ready.slots.get(slot);
            place.and_then(|&place| row.get(place as usize).copied().flatten())
        };
        let judged = judge::judge(&said.when, value);
        Some(Judgement {
            alert: state.alert.clone(),
            defined: Arc::clone(&ready.defined),
            labels: state.labels.clone(),
            verdict: judged.verdict,
            reading: sentence::reading(&said.when, &judged),
            who: state.who.clone(),
            says: sentence::says(&said.when, &judged),
        })
    }

    fn judge_groups(
        &mut self,
        history: &History,
        groups: &[ErrorGroupReading],
        at: UnixNanos,
        watch: Watch<'_>,
        told: &mut Vec<Judgement>,
    ) {
        for group in groups {
            let function: Arc<str> = group.function.as_str().into();
            for &rule in self.matching(&function).iter() {
                let Some(ready) = self.rules.get(rule as usize) else {
                    continue;
                };
                let said = &ready.defined.rule;
                let scope = &said.scope;
                let mut versions = group.versions.iter();
                let is_about =
                    scope.versions.is_empty() || versions.any(|version| scope.has_version(version));
                let Some(judged) = is_about
                    .then(|| judge_group(&said.when, group, history, at))
                    .flatten()
                else {
                    continue;
                };
                let series = group.labels();
                let number = self.number(&ready.defined.id, &series);
                if !watch.wants(judged.verdict, number) {
                    continue;
                }
                told.push(Judgement {
                    alert: id_of(number),
                    defined: Arc::clone(&ready.defined),
                    labels: labels_of(said, series),
                    verdict: judged.verdict,
                    reading: sentence::reading(&said.when, &judged),
                    who: group.function.clone(),
                    says: match judged.verdict {
                        Verdict::Bad | Verdict::Between => sentence::group_says(group),
                        _ => sentence::says(&said.when, &judged),
                    },
                });
            }
        }
    }
}

/// `None` of a rule of something else.
fn judge_group(
    when: &When,
    group: &ErrorGroupReading,
    history: &History,
    at: UnixNanos,
) -> Option<Judged> {
    let When::ErrorGroup {
        new,
        regressed,
        at_least,
        window,
    } = when
    else {
        return None;
    };
    let is_wanted = match group.state {
        // All errors of a new function are new, as are those of all functions on the first day: that is no news.
        ErrorState::New => *new && history.is_known(&group.function, *window, at.0 / MINUTE),
        ErrorState::Regressed => *regressed,
        ErrorState::Ongoing => false,
    };
    let is_over = at.since(group.last_seen) > window.length().into();
    let verdict = match (is_over, is_wanted && group.count >= *at_least) {
        (true, _) => Verdict::Good,
        (false, true) => Verdict::Bad,
        // What was news fires until none comes any more.
        (false, false) => Verdict::Between,
    };
    Some(Judged {
        verdict,
        value: Some(group.count as f64),
        bad: Comparison::Above,
        // Bad is one more than is allowed.
        threshold: at_least.saturating_sub(1) as f64,
        beside: Beside::Nothing,
    })
}

fn id_of(number: u64) -> AlertId {
    AlertId(format!("{number:016x}"))
}

// === impl ErrorGroupReading ===

impl ErrorGroupReading {
    fn labels(&self) -> Labels {
        let labels = [
            ("function", self.function.clone()),
            ("error_group", format!("{:016x}", self.id)),
            ("error_type", self.error_type.clone()),
        ];
        labels
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }
}

// === impl Watch ===

impl Watch<'_> {
    fn wants(self, verdict: Verdict, alert: u64) -> bool {
        match self {
            _ if verdict == Verdict::Bad => true,
            Self::All => true,
            Self::Only(Watched(alerts)) => alerts.contains(&alert),
        }
    }
}

#[cfg(test)]
mod tests;
