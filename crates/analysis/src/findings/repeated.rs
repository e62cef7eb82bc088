//! The same call again: because the first failed, or for each of many things.

use std::collections::HashMap;

use coldtrace_model::{Nanos, StatusCode};

use super::{Case, Confidence, Finding, FindingKind};
use crate::Mark;

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
    let children = case.children(parent);
    if children.len() < 2 {
        return Vec::new();
    }
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &child in children {
        if case.trace.nodes[child].marks.contains(Mark::Async) {
            continue;
        }
        if let Some(operation) = case.operations.get(child) {
            let place = *places.entry(operation).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Vec::new());
            }
            groups[place].push(child);
        }
    }
    groups.retain(|calls| calls.len() >= 2);
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
