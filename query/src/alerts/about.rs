//! What to ask about an alert: which invocations are bad for its rule, and in which window.

use coldtrace_alerts::{Good, Labels, Measure, Rule, Transition, When, Window};
use coldtrace_model::{Nanos, TimeRange};

use super::why::{Bad, Question};

/// What is looked at of longer windows: their end, which is why it fires now.
const LONGEST: Nanos = Nanos::from_millis(3_600_000);

/// What to ask, so that the answer says why this fires.
pub(crate) fn question(rule: &Rule, transition: &Transition) -> Question {
    let label = |labels: &Labels, name: &str| labels.get(name).cloned();
    let threshold = transition.reading.threshold;
    let window = Nanos::from(window_of(&rule.when).length()).min(LONGEST);
    Question {
        function: label(&transition.labels, "function"),
        version: label(&transition.labels, "version"),
        window: TimeRange {
            from: transition.at.minus(window),
            to: transition.at,
        },
        bad: bad_of(&rule.when, threshold),
    }
}

fn window_of(when: &When) -> Window {
    match when {
        When::Threshold { window, .. }
        | When::Ratio { window, .. }
        | When::Absence { window, .. }
        | When::ErrorGroup { window, .. }
        | When::ColdStartBudget { window, .. }
        | When::Deviation { window, .. } => *window,
        When::BurnRate { windows, .. } => windows
            .first()
            .map_or(Window::Minutes(60), |pair| pair.short),
    }
}

fn bad_of(when: &When, threshold: f64) -> Bad {
    match when {
        When::Threshold { measure, .. } | When::Deviation { measure, .. } => {
            bad_by(*measure, threshold)
        }
        // The threshold of a ratio is no length.
        When::Ratio { of, .. } => match bad_by(*of, threshold) {
            Bad::Slower(_) => Bad::Everything,
            bad => bad,
        },
        When::BurnRate {
            good: Good::Success,
            ..
        }
        | When::ErrorGroup { .. } => Bad::Errors,
        When::BurnRate {
            good: Good::FasterThan(length),
            ..
        } => Bad::Slower(*length),
        When::ColdStartBudget { .. } => Bad::Cold,
        When::Absence { .. } => Bad::Everything,
    }
}

fn bad_by(measure: Measure, threshold: f64) -> Bad {
    use Measure as M;
    match measure {
        M::Errors | M::ErrorRate | M::Throttles => Bad::Errors,
        M::Timeouts | M::TimeoutRate => Bad::Timeouts,
        M::Ooms | M::OomRate | M::MemoryShare => Bad::OutOfMemory,
        M::Lost | M::LostRate => Bad::Lost,
        M::ColdStarts | M::ColdStartRate | M::InitP50 | M::InitP90 | M::InitP95 | M::InitP99 => {
            Bad::Cold
        }
        M::P50 | M::P75 | M::P90 | M::P95 | M::P99 | M::Max | M::Mean => {
            Bad::Slower(Nanos(threshold.max(0.0) as u64))
        }
        M::Invocations | M::Billed | M::Cost => Bad::Everything,
    }
}
