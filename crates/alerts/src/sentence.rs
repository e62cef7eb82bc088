//! One sentence of what is wrong, or that it no longer is, and the reading behind it.

use crate::judge::{Beside, Judged, Verdict, limit};
use crate::quantity::{figure, words};
use crate::{Comparison, ErrorGroupReading, ErrorState, Good, Measure, Reading, Rule, Unit, When};

/// What was measured.
pub(crate) fn reading(when: &When, judged: &Judged) -> Reading {
    let (name, unit) = match when {
        When::Threshold {
            measure, window, ..
        } => (
            format!("{} over {}", measure.words(), window.words()),
            measure.unit(),
        ),
        When::Ratio { of, to, window, .. } => {
            let name = format!("{} by {} over {}", of.words(), to.words(), window.words());
            (name, Unit::Times)
        }
        When::Absence { window, .. } => {
            (format!("invocations over {}", window.words()), Unit::Count)
        }
        When::BurnRate { objective, .. } => {
            let objective = percent(*objective);
            let name = match judged.beside {
                Beside::Pair(pair) => {
                    format!(
                        "burn rate of {objective} over {} and {}",
                        pair.long.words(),
                        pair.short.words()
                    )
                }
                _ => format!("burn rate of {objective}"),
            };
            (name, Unit::Times)
        }
        When::ErrorGroup { window, .. } => (format!("errors over {}", window.words()), Unit::Count),
        When::ColdStartBudget { init, window, .. } => {
            let init = figure(Unit::Nanos, init.0 as f64);
            let name = format!(
                "invocations that waited longer than {init} over {}",
                window.words()
            );
            (name, Unit::Share)
        }
        When::Deviation {
            measure, window, ..
        } => {
            let name = format!(
                "{} over {} against earlier weeks",
                measure.words(),
                window.words()
            );
            (name, Unit::Times)
        }
    };
    Reading {
        name,
        unit,
        value: judged.value,
        bad: judged.bad,
        threshold: judged.threshold,
    }
}

/// The sentence behind the name of whom it is about: of what is bad that it is, of everything else that it is over.
pub(crate) fn says(when: &When, judged: &Judged) -> String {
    let Some(value) = judged.value else {
        return without_value(when, judged);
    };
    let is_bad = judged.verdict == Verdict::Bad;
    let side = side(judged.bad);
    match when {
        When::Threshold {
            measure, window, ..
        } => {
            let limit = figure(measure.unit(), judged.threshold);
            match is_bad {
                true => {
                    let told = told(*measure, value);
                    format!("{told} over {}, {side} {limit}", window.words())
                }
                false => back_of(*measure, &figure(measure.unit(), value), &limit),
            }
        }
        When::Ratio { of, to, window, .. } => {
            let limit = figure(Unit::Times, judged.threshold);
            let (value, of, to) = (figure(Unit::Times, value), of.words(), to.words());
            match is_bad {
                true => {
                    let over = window.words();
                    format!("{of} {value} the {to} over {over}, {side} {limit}")
                }
                false => back(&format!("{of} by {to}"), &value, &limit),
            }
        }
        When::Absence { .. } => "is invoked again".to_owned(),
        When::BurnRate {
            objective, good, ..
        } => {
            let objective = objective_of(*objective, *good);
            let (value, limit) = (
                figure(Unit::Times, value),
                figure(Unit::Times, judged.threshold),
            );
            match (is_bad, judged.beside) {
                (true, Beside::Pair(pair)) => format!(
                    "the error budget of {objective} burns {value} as fast as it lasts over {} and {}, above {limit}",
                    pair.long.words(),
                    pair.short.words()
                ),
                _ => back(&format!("the burn rate of {objective}"), &value, &limit),
            }
        }
        When::ErrorGroup { window, .. } => over(window.length()),
        When::ColdStartBudget { init, window, .. } => {
            let init = figure(Unit::Nanos, init.0 as f64);
            let limit = figure(Unit::Share, judged.threshold);
            let value = figure(Unit::Share, value);
            match is_bad {
                true => format!(
                    "{value} of invocations waited longer than {init} for a start over {}, above {limit}",
                    window.words()
                ),
                false => {
                    let what = format!("the share that waits longer than {init} for a start");
                    back(&what, &value, &limit)
                }
            }
        }
        When::Deviation {
            measure, window, ..
        } => {
            let (times, limit) = (
                figure(Unit::Times, value),
                figure(Unit::Times, judged.threshold),
            );
            let Beside::Usual { now, usual } = judged.beside else {
                return back(measure.words(), &times, &limit);
            };
            let usual = figure(measure.unit(), usual);
            match is_bad {
                true => format!(
                    "{} over {}, {times} what is usual at this hour ({usual}), {side} {limit}",
                    told(*measure, now),
                    window.words()
                ),
                false => format!(
                    "{} is back at {}, {times} what is usual at this hour ({usual})",
                    measure.words(),
                    figure(measure.unit(), now)
                ),
            }
        }
    }
}

/// Of an alert of which nothing was heard for so long.
pub(crate) fn unheard(reading: &Reading, length: std::time::Duration) -> String {
    let last = match reading.value {
        Some(value) => format!(
            "; {} was last {}",
            reading.name,
            figure(reading.unit, value)
        ),
        None => String::new(),
    };
    format!(
        "ended, since nothing was measured for {}{last}",
        words(length)
    )
}

/// Of an alert whose rule is gone, or is about others now.
pub(crate) const REMOVED: &str = "ended, since the rule was removed or disabled";
pub(crate) const ELSEWHERE: &str = "ended, since the rule is no longer about it";

/// Of a group of errors that came up, or came back.
pub(crate) fn group_says(group: &ErrorGroupReading) -> String {
    let what = match group.state {
        ErrorState::New => "new error",
        ErrorState::Regressed => "error that came back",
        ErrorState::Ongoing => "error",
    };
    let times = match group.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    // A message may be a page long.
    let message: String = group.message.chars().take(200).collect();
    let message = match message.trim() {
        "" => String::new(),
        message => format!(": {message}"),
    };
    format!("{what} {}{message} ({times})", group.error_type)
}

/// Of a group of errors of which none came for so long.
pub(crate) fn over(window: std::time::Duration) -> String {
    format!("the error did not come for {}", words(window))
}

/// Whom an alert of all together is about.
pub(crate) fn everyone(rule: &Rule) -> String {
    match rule.scope.functions.as_slice() {
        [] => "all functions".to_owned(),
        patterns => patterns.join(", "),
    }
}

fn without_value(when: &When, judged: &Judged) -> String {
    match when {
        When::Absence {
            window,
            seen_within,
        } if judged.verdict == Verdict::Bad => format!(
            "no invocation for {}, but some within {}",
            window.words(),
            seen_within.words()
        ),
        _ => "nothing is measured".to_owned(),
    }
}

fn objective_of(objective: f64, good: Good) -> String {
    let share = percent(objective);
    match limit(good) {
        None => format!("{share} success"),
        Some(limit) => format!(
            "{share} faster than {}",
            figure(Unit::Nanos, limit.0 as f64)
        ),
    }
}

/// All the nines of an objective.
fn percent(share: f64) -> String {
    let text = format!("{:.6}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn told(measure: Measure, value: f64) -> String {
    let value = figure(measure.unit(), value);
    match measure.unit() {
        Unit::Count => format!("{value} {}", measure.words()),
        Unit::PerMinute | Unit::NanoDollarsPerHour => format!("{} at {value}", measure.words()),
        _ => format!("{} {value}", measure.words()),
    }
}

fn back(what: &str, value: &str, limit: &str) -> String {
    format!("{what} is back at {value} (threshold {limit})")
}

fn back_of(measure: Measure, value: &str, limit: &str) -> String {
    let is_plural = matches!(measure.unit(), Unit::Count | Unit::PerMinute);
    match is_plural {
        true => format!(
            "{} are back at {value} (threshold {limit})",
            measure.words()
        ),
        false => back(measure.words(), value, limit),
    }
}

const fn side(bad: Comparison) -> &'static str {
    match bad {
        Comparison::Above => "above",
        Comparison::Below => "below",
    }
}
