//! When a rule would have fired: the same loop over minutes of the past.
//!
//! Invariant: told the same minutes, hours and groups, it fires and ends when the live loop did.

mod chart;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use coldtrace_model::{Nanos, TimeRange, UnixNanos};

use self::chart::Chart;
use crate::evaluate::{ErrorGroupReading, Watch};
use crate::history::{FunctionCounts, History, Wants};
use crate::rule::TagFunctions;
use crate::{AlertId, Applied, Change, Comparison, Defined, Labels, Need, Plan, Reading, Tracker};

/// A rule on its way through the past. For each instant, in order: tell what it wants, then take the step.
#[derive(Debug)]
pub struct Backtest {
    range: TimeRange,
    plan: Plan,
    history: History,
    tracker: Tracker,
    chart: Chart,
    episodes: Vec<Episode>,
    /// Of alerts that fire now, their places among the episodes.
    open: BTreeMap<AlertId, usize>,
    /// How long alerts fired that do not any more.
    fired: BTreeMap<AlertId, Nanos>,
}

/// What a rule would have done.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// When it fired, the earliest first.
    pub episodes: Vec<Episode>,
    /// How long at least one alert fired.
    pub firing: Nanos,
    /// How long a step of a series is.
    pub step: Nanos,
    /// What was measured: a few series, those that fired longest first, then those that came nearest.
    pub series: Vec<Series>,
}

/// What was measured of one alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Of which.
    pub labels: Labels,
    /// The worst value of each step; `None` where there was nothing to measure.
    pub values: Vec<Option<f64>>,
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
    /// Of a rule, whether it is enabled or not, in a range of whole minutes. `tagged` tells who has the tags of its scope.
    pub fn new(tenant: &str, mut defined: Defined, tagged: TagFunctions, range: TimeRange) -> Self {
        defined.rule.enabled = true;
        let plan = Plan::new(tenant, vec![defined], tagged);
        Self {
            range,
            history: History::new(plan.need()),
            plan,
            tracker: Tracker::default(),
            chart: Chart::new(range),
            episodes: Vec::new(),
            open: BTreeMap::new(),
            fired: BTreeMap::new(),
        }
    }

    /// What its rule looks at.
    pub fn need(&self) -> &Need {
        self.history.need()
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
        self.chart.take(at, &judgements);
        for transition in &applied.transitions {
            match transition.change {
                Change::Firing => {
                    self.open
                        .insert(transition.alert.clone(), self.episodes.len());
                    self.episodes.push(Episode {
                        labels: transition.labels.clone(),
                        from: at,
                        to: None,
                        peak: transition.reading.value,
                        summary: transition.summary.clone(),
                    });
                }
                Change::Resolved => {
                    let place = self.open.remove(&transition.alert);
                    let episode = place.and_then(|place| self.episodes.get_mut(place));
                    if let Some(episode) = episode {
                        episode.to = Some(at);
                        let fired = self.fired.entry(transition.alert.clone()).or_default();
                        fired.0 += at.since(episode.from).0;
                    }
                }
            }
        }
        for judgement in &judgements {
            let place = self.open.get(&judgement.alert);
            let episode = place.and_then(|&place| self.episodes.get_mut(place));
            if let Some(episode) = episode {
                episode.peak = worse(&judgement.reading, episode.peak);
            }
        }
        applied
    }

    /// What came out.
    pub fn report(mut self) -> Report {
        for (alert, &place) in &self.open {
            if let Some(episode) = self.episodes.get(place) {
                let fired = self.fired.entry(alert.clone()).or_default();
                fired.0 += self.range.to.since(episode.from).0;
            }
        }
        Report {
            firing: firing(&self.episodes, self.range.to),
            episodes: self.episodes,
            step: self.chart.step(),
            series: self.chart.shown(&self.fired),
        }
    }
}

/// How long at least one of these lasted, the earliest first; what has not ended lasts until then.
fn firing(episodes: &[Episode], until: UnixNanos) -> Nanos {
    let mut firing = Nanos::default();
    let mut told = UnixNanos(0);
    for episode in episodes {
        let to = episode.to.unwrap_or(until);
        firing.0 += to.since(episode.from.max(told)).0;
        told = told.max(to);
    }
    firing
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
