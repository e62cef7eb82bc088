//! What a condition measures, in which unit, and where its bad side begins.

use super::{Direction, When};
use crate::judge::Judged;
use crate::sentence;
use crate::{Comparison, Unit};

impl When {
    /// In which unit its values are.
    pub fn unit(&self) -> Unit {
        sentence::reading(self, &Judged::nothing(Comparison::Above, 0.0)).unit
    }

    /// Where the bad side begins; `None` where that is not the same throughout.
    pub fn threshold(&self) -> Option<f64> {
        match self {
            Self::Threshold { bound, .. } | Self::Ratio { bound, .. } => Some(bound.threshold),
            Self::Absence { .. } => Some(1.0),
            Self::BurnRate { windows, .. } => {
                let first = windows.first()?.factor;
                let is_same = windows.iter().all(|pair| pair.factor == first);
                is_same.then_some(first)
            }
            Self::ErrorGroup { at_least, .. } => Some(at_least.saturating_sub(1) as f64),
            Self::ColdStartBudget { share, .. } => Some(*share),
            Self::Deviation {
                direction, factor, ..
            } => match direction {
                Direction::Above => Some(*factor),
                Direction::Below => Some(1.0 / factor),
                Direction::Both => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NOON, at, calls, plan_when};
    use crate::{ErrorGroupReading, ErrorState, History, Watch};

    #[test]
    fn they_are_those_of_what_is_judged() {
        let cases = [
            "kind = 'threshold'\nmeasure = 'p95'\nabove = '1s'\nwindow = '1m'",
            "kind = 'ratio'\nof = 'errors'\nto = 'invocations'\nbelow = 0.5\nwindow = '1m'",
            "kind = 'absence'\nwindow = '1m'",
            "kind = 'burn_rate'\nobjective = '99%'\nwindows = [{ long = '5m', short = '1m', factor = 3 }]",
            "kind = 'error_group'\nat_least = 3",
            "kind = 'cold_start_budget'\ninit = '1s'\nshare = '1%'\nwindow = '1m'",
            "kind = 'deviation'\nmeasure = 'p95'\nwindow = '1m'",
            "kind = 'deviation'\nmeasure = 'p95'\nwindow = '1m'\ndirection = 'below'",
        ];
        for case in cases {
            let mut plan = plan_when(case);
            let mut history = History::new(plan.need());
            history.minute(at(NOON - 1), vec![calls("a", 9, 0, 10)]);
            let group = ErrorGroupReading {
                id: 1,
                function: "a".to_owned(),
                error_type: "E".to_owned(),
                message: String::new(),
                versions: Vec::new(),
                state: ErrorState::New,
                last_seen: at(NOON - 1),
                count: 1,
            };
            let judged = plan.evaluate(&history, at(NOON), &[group], Watch::All);
            let reading = &judged.first().expect(case).reading;
            let when = &plan.rules().next().expect("a rule").rule.when;
            assert_eq!(when.unit(), reading.unit, "{case}");
            assert_eq!(when.threshold(), Some(reading.threshold), "{case}");
        }
    }

    #[test]
    fn what_differs_is_not_told() {
        let both = "kind = 'deviation'\nmeasure = 'p95'\nwindow = '1m'\ndirection = 'both'";
        for case in [both, "kind = 'burn_rate'\nobjective = '99%'"] {
            let plan = plan_when(case);
            let when = &plan.rules().next().expect("a rule").rule.when;
            assert_eq!(when.threshold(), None, "{case}");
        }
    }
}
