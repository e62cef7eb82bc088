//! What the tests of this crate build their worlds from.

use std::collections::HashMap;

use coldtrace_model::{Nanos, UnixNanos};

use crate::history::MINUTE;
use crate::{
    Aggregate, Defined, FunctionCounts, Histogram, History, Judgement, Plan, Watch, parse_file,
};

/// A Thursday at noon, some weeks after the epoch.
pub(crate) const NOON: u64 = 28 * 24 * 60 + 12 * 60;

pub(crate) fn at(minute: u64) -> UnixNanos {
    UnixNanos(minute * MINUTE)
}

/// The rules of a file, under their ids.
pub(crate) fn rules(toml: &str) -> Vec<Defined> {
    let file = parse_file("test.toml", toml).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let defined = file.rules.into_iter().map(|rule| Defined {
        id: rule.file_id(),
        rule,
    });
    defined.collect()
}

pub(crate) fn plan(toml: &str) -> Plan {
    Plan::new("default", rules(toml), HashMap::new())
}

/// A rule on what stands in its `when`.
pub(crate) fn plan_when(when: &str) -> Plan {
    plan(&format!("[[rule]]\nname = \"r\"\n[rule.when]\n{when}"))
}

/// A function that was invoked so often, each so many milliseconds long.
pub(crate) fn calls(function: &str, invocations: u32, errors: u64, millis: u64) -> FunctionCounts {
    let length = Nanos::from_millis(millis);
    FunctionCounts {
        function: function.to_owned(),
        version: "1".to_owned(),
        aggregate: Aggregate {
            invocations: invocations.into(),
            errors,
            duration: Nanos(length.0 * u64::from(invocations)),
            max: length,
            durations: Histogram::of(&[(length, invocations)]),
            ..Aggregate::default()
        },
    }
}

pub(crate) fn of_version(version: &str, counts: FunctionCounts) -> FunctionCounts {
    FunctionCounts {
        version: version.to_owned(),
        ..counts
    }
}

/// A history for a plan, of which minutes before noon are told.
pub(crate) fn history(plan: &Plan, minutes: Vec<Vec<FunctionCounts>>) -> History {
    let mut history = History::new(plan.need());
    let first = NOON - minutes.len() as u64;
    for (minute, counts) in (first..).zip(minutes) {
        history.minute(at(minute), counts);
    }
    history
}

/// All that a plan says at noon.
pub(crate) fn noon(plan: &mut Plan, history: &History) -> Vec<Judgement> {
    let mut told = plan.evaluate(history, at(NOON), &[], Watch::All);
    told.sort_by(|one, other| one.labels.cmp(&other.labels));
    told
}

/// A line for each judgement.
pub(crate) fn lines(judgements: &[Judgement]) -> String {
    let line = |judgement: &Judgement| {
        format!(
            "{:?}: {}: {} [{} {:?} {:?} {:?} {}]\n",
            judgement.verdict,
            judgement.who,
            judgement.says,
            judgement.reading.name,
            judgement.reading.unit,
            judgement.reading.value,
            judgement.reading.bad,
            judgement.reading.threshold
        )
    };
    judgements.iter().map(line).collect()
}
