//! When a rule would have fired: the same loop over minutes of the past.
//!
//! Invariant: told the same minutes, hours and groups, it fires and ends when the live loop did.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use coldtrace_model::UnixNanos;

use crate::evaluate::{ErrorGroupReading, Judgement, Watch};
use crate::history::{FunctionCounts, History, Wants};
use crate::rule::TagFunctions;
use crate::{AlertId, Applied, Change, Comparison, Defined, Labels, Plan, Point, Reading, Tracker};

/// A rule on its way through the past. For each instant, in order: tell what it wants, then take the step.
#[derive(Debug)]
pub struct Backtest {
    plan: Plan,
    history: History,
    tracker: Tracker,
    report: Report,
    /// Of alerts that fire now, their places among the episodes.
    open: BTreeMap<AlertId, usize>,
}

/// What a rule would have done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// When it fired, the earliest first.
    pub episodes: Vec<Episode>,
    /// The worst value of any series, for each instant.
    pub values: Vec<Point>,
    /// What the values are, and the threshold; the last of the worst. `None` if there was never a value.
    pub reading: Option<Reading>,
}

/// From firing to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Of which alert.
    pub labels: Labels,
    /// When it began to fire.
    pub from: UnixNanos,
    /// When it ended; `None` if it fires at the end of the range.
    pub to: Option<UnixNanos>,
    /// The worst value while it fired.
    pub peak: Option<f64>,
    /// What was said when it fired.
    pub summary: String,
}

// === impl Backtest ===

impl Backtest {
    /// Of a rule, whether it is enabled or not. `tagged` tells who has the tags of its scope.
    pub fn new(tenant: &str, mut defined: Defined, tagged: TagFunctions) -> Self {
        defined.rule.enabled = true;
        let plan = Plan::new(tenant, vec![defined], tagged);
        Self {
            history: History::new(plan.need()),
            plan,
            tracker: Tracker::default(),
            report: Report::default(),
            open: BTreeMap::new(),
        }
    }

    /// What has to be told of the time before an instant.
    pub fn wants(&self, at: UnixNanos) -> Wants {
        self.history.wants(at)
    }

    /// A minute, by its beginning.
    pub fn minute(&mut self, start: UnixNanos, counts: Vec<FunctionCounts>) {
        self.history.minute(start, counts);
    }

    /// An hour, by its beginning.
    pub fn hour(&mut self, start: UnixNanos, counts: Vec<FunctionCounts>) {
        self.history.hour(start, counts);
    }

    /// Evaluates an instant. Groups of errors are told as they were known then.
    pub fn step(&mut self, at: UnixNanos, groups: &[ErrorGroupReading]) -> Applied {
        let judgements = self.plan.evaluate(&self.history, at, groups, Watch::All);
        let applied = self.tracker.apply(at, &self.plan, &judgements);
        self.chart(at, &judgements);
        for transition in &applied.transitions {
            match transition.change {
                Change::Firing => {
                    self.open
                        .insert(transition.alert.clone(), self.report.episodes.len());
                    self.report.episodes.push(Episode {
                        labels: transition.labels.clone(),
                        from: at,
                        to: None,
                        peak: transition.reading.value,
                        summary: transition.summary.clone(),
                    });
                }
                Change::Resolved => {
                    let place = self.open.remove(&transition.alert);
                    let episode = place.and_then(|place| self.report.episodes.get_mut(place));
                    if let Some(episode) = episode {
                        episode.to = Some(at);
                    }
                }
            }
        }
        for judgement in &judgements {
            let place = self.open.get(&judgement.alert);
            let episode = place.and_then(|&place| self.report.episodes.get_mut(place));
            if let Some(episode) = episode {
                episode.peak = worse(&judgement.reading, episode.peak);
            }
        }
        applied
    }

    /// What came out.
    pub fn report(self) -> Report {
        self.report
    }

    fn chart(&mut self, at: UnixNanos, judgements: &[Judgement]) {
        let mut worst: Option<&Reading> = None;
        for reading in judgements.iter().map(|judgement| &judgement.reading) {
            let is_worse = match worst {
                None => reading.value.is_some(),
                Some(worst) => distance(reading) > distance(worst),
            };
            if is_worse {
                worst = Some(reading);
            }
        }
        let value = worst.and_then(|reading| reading.value);
        self.report.values.push(Point { at, value });
        if let Some(worst) = worst {
            self.report.reading = Some(worst.clone());
        }
    }
}

/// The worse of a reading's value and another, by the side that is bad.
fn worse(reading: &Reading, other: Option<f64>) -> Option<f64> {
    match (reading.value, other) {
        (Some(value), Some(other)) => Some(match reading.bad {
            Comparison::Above => value.max(other),
            Comparison::Below => value.min(other),
        }),
        (value, other) => value.or(other),
    }
}

/// How far a value is on the bad side, in thresholds; readings of one rule may have different ones.
fn distance(reading: &Reading) -> f64 {
    let Some(value) = reading.value else {
        return f64::NEG_INFINITY;
    };
    let scale = reading.threshold.max(f64::MIN_POSITIVE);
    match reading.bad {
        Comparison::Above => (value - reading.threshold) / scale,
        Comparison::Below => (reading.threshold - value) / scale,
    }
}
