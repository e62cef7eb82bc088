//! The same call again: because the first failed, or for each of many things.

use coldtrace_model::{Nanos, StatusCode};

use super::{Case, Confidence, Finding, FindingKind};

/// So many equal calls are a loop.
const LOOP: usize = 5;
/// And so many are one beyond doubt.
const CLEAR_LOOP: usize = 10;
/// Of calls that come one after the other: at least this share.
const ONE_BY_ONE: f64 = 0.8;

/// Looks at the calls of one parent.
pub(super) fn find(case: &Case<'_>, parent: usize, found: &mut Vec<Finding>) {
    for calls in groups(case, parent) {
        found.extend(retries(case, parent, &calls).or_else(|| a_loop(case, parent, &calls)));
    }
}

/// Calls that do the same and that their parent waited for, by the first of them; of at least two.
fn groups(case: &Case<'_>, parent: usize) -> Vec<Vec<usize>> {
    let calls = case.children(parent);
    let calls: Vec<usize> = calls.filter(|&call| case.is_waited_call(call)).collect();
    // Who is alone repeats nobody: what it does need not be known.
    if calls.len() < 2 {
        return Vec::new();
    }
    let operation = |call: usize| (case.operations.get(call), call);
    let mut calls: Vec<(Option<u64>, usize)> = calls.into_iter().map(operation).collect();
    calls.sort_unstable();
    let mut groups: Vec<Vec<usize>> = calls
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|same| same.len() >= 2)
        .map(|same| same.iter().map(|&(_, call)| call).collect())
        .collect();
    groups.sort_unstable_by_key(|calls| calls[0]);
    groups
}

/// All but the last failed, one after the other: what came before the last attempt was in vain.
fn retries(case: &Case<'_>, parent: usize, calls: &[usize]) -> Option<Finding> {
    let (last, before) = calls.split_last()?;
    let has_failed = |&place: &usize| case.trace.span(place).status.code == StatusCode::Error;
    if !before.iter().all(has_failed) || one_by_one(case, calls) < 1.0 {
        return None;
    }
    let waited = case
        .trace
        .span(*last)
        .start
        .since(case.trace.span(calls[0]).start);
    // On the path stand the attempts and the pauses between them, which are the parent's own.
    let is_on_path = before.iter().any(|&place| case.critical[place] > Nanos(0));
    Some(Finding {
        kind: FindingKind::Retries,
        node: parent,
        evidence: calls.to_vec(),
        gain: if is_on_path { waited } else { Nanos(0) },
        confidence: Confidence::High,
    })
}

/// One call for each of many things: one for all of them would take as long as the longest.
fn a_loop(case: &Case<'_>, parent: usize, calls: &[usize]) -> Option<Finding> {
    if calls.len() < LOOP || one_by_one(case, calls) < ONE_BY_ONE {
        return None;
    }
    Some(Finding {
        kind: FindingKind::RepeatedCalls,
        node: parent,
        evidence: calls.to_vec(),
        gain: case.all_but_the_longest(calls),
        confidence: match calls.len() >= CLEAR_LOOP {
            true => Confidence::High,
            false => Confidence::Medium,
        },
    })
}

/// Of calls by start, which share of those after the first began when the one before had ended.
fn one_by_one(case: &Case<'_>, calls: &[usize]) -> f64 {
    let pairs = calls.windows(2);
    let count = pairs.len();
    let follows = |pair: &&[usize]| case.trace.span(pair[1]).start >= case.trace.span(pair[0]).end;
    pairs.filter(follows).count() as f64 / count.max(1) as f64
}
