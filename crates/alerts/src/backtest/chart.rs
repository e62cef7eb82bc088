//! The picture of a back-test: what was measured of each series, step by step.

use std::collections::BTreeMap;

use coldtrace_model::{Nanos, TimeRange, UnixNanos};

use super::{Series, distance, worse};
use crate::evaluate::Judgement;
use crate::history::MINUTE;
use crate::{AlertId, Labels};

/// A picture is no wider.
const MOST_STEPS: u64 = 720;
/// Remembered: twelve kilobytes each. Of more, those that came up last have no line; their episodes are told all the same.
const MOST_LINES: usize = 2_000;
/// Told: more lines are a thicket.
const SHOWN: usize = 10;

/// The values of every series.
#[derive(Debug)]
pub(super) struct Chart {
    range: TimeRange,
    step: Nanos,
    lines: BTreeMap<AlertId, Line>,
}

/// The values of one.
#[derive(Debug)]
struct Line {
    labels: Labels,
    /// How far on the bad side it ever was.
    nearest: f64,
    /// The worst of each step.
    values: Vec<Option<f64>>,
}

// === impl Chart ===

impl Chart {
    /// Of the minutes of a range.
    pub(super) fn new(range: TimeRange) -> Self {
        let minutes = range.to.since(range.from).0 / MINUTE;
        Self {
            step: Nanos(minutes.div_ceil(MOST_STEPS).max(1) * MINUTE),
            range,
            lines: BTreeMap::new(),
        }
    }

    pub(super) fn step(&self) -> Nanos {
        self.step
    }

    /// Takes in what was judged of an instant, the end of a minute.
    pub(super) fn take(&mut self, at: UnixNanos, judgements: &[Judgement]) {
        let begun = at.since(self.range.from).0.saturating_sub(MINUTE);
        let place = (begun / self.step.0) as usize;
        let length = self.range.to.since(self.range.from).0;
        let steps = length.div_ceil(self.step.0) as usize;
        for Judgement {
            alert,
            labels,
            reading,
            ..
        } in judgements
        {
            if !self.lines.contains_key(alert) && self.lines.len() < MOST_LINES {
                let line = Line {
                    labels: labels.clone(),
                    nearest: f64::NEG_INFINITY,
                    values: vec![None; steps],
                };
                self.lines.insert(alert.clone(), line);
            }
            let Some(line) = self.lines.get_mut(alert) else {
                continue;
            };
            line.nearest = line.nearest.max(distance(reading));
            if let Some(value) = line.values.get_mut(place) {
                *value = worse(reading, *value);
            }
        }
    }

    /// Those that fired longest first, then those that came nearest.
    pub(super) fn shown(self, fired: &BTreeMap<AlertId, Nanos>) -> Vec<Series> {
        let lines = self.lines.into_iter().map(|(alert, line)| {
            let fired = fired.get(&alert).copied().unwrap_or_default();
            (fired, line)
        });
        let mut lines: Vec<(Nanos, Line)> = lines.collect();
        lines.sort_by(|(fired, line), (other_fired, other)| {
            let nearer = other.nearest.total_cmp(&line.nearest);
            other_fired.cmp(fired).then(nearer)
        });
        lines.truncate(SHOWN);
        let series = lines.into_iter().map(|(_, line)| Series {
            labels: line.labels,
            values: line.values,
        });
        series.collect()
    }
}
