//! What one span shows: a sandbox that was waited for, a message that lay in a queue, a time limit, a function in itself.

use std::collections::{HashMap, HashSet};

use coldtrace_model::{Invocation, Nanos, Outcome, RequestId, SpanKind};

use super::{Case, Confidence, Finding, FindingKind};
use crate::draft::Role;
use crate::{Mark, Trace};

/// A message that lay shorter than this was taken at once.
const LEAST_WAIT: Nanos = Nanos::from_millis(50);
/// So many invocations of one function, each below the one before, are a loop.
const LOOP: usize = 3;

pub(super) fn find(case: &Case<'_>, invocations: &[Invocation], found: &mut Vec<Finding>) {
    let timed_out = invocations
        .iter()
        .filter(|one| one.outcome == Outcome::Timeout);
    let timed_out: HashSet<&RequestId> = timed_out.map(|one| &one.request_id).collect();
    let mut functions = Above::default();
    for place in 0..case.trace.nodes.len() {
        match case.trace.nodes[place].role {
            Role::Init | Role::Restore => found.extend(cold_start(case, place)),
            Role::Invocation => {
                let request_id = case.trace.span(place).origin.request_id.as_ref();
                if request_id.is_some_and(|id| timed_out.contains(id)) {
                    found.extend(timeout_suspect(case, place));
                }
                found.extend(functions.recursion(case, place));
            }
            _ => {}
        }
        found.extend(queue_wait(case, place));
    }
}

fn cold_start(case: &Case<'_>, place: usize) -> Option<Finding> {
    let gain = case.critical[place];
    (gain > Nanos(0)).then(|| Finding {
        kind: FindingKind::ColdStart,
        node: case.trace.nodes[place].parent.unwrap_or(place),
        evidence: vec![place],
        gain,
        confidence: Confidence::High,
    })
}

fn queue_wait(case: &Case<'_>, place: usize) -> Option<Finding> {
    let (sender, wait) = message_wait(case.trace, place)?;
    Some(Finding {
        kind: FindingKind::QueueWait,
        node: place,
        evidence: vec![sender, place],
        gain: wait,
        confidence: Confidence::High,
    })
}

/// Of a node that takes a message that lay in a queue, who sent it and how long it lay: between the sender's end and the taker's
/// begin.
pub(crate) fn message_wait(trace: &Trace, place: usize) -> Option<(usize, Nanos)> {
    let node = &trace.nodes[place];
    let parent = node.parent.filter(|_| node.marks.contains(Mark::Async))?;
    let (sender, taker) = (trace.span(parent), trace.span(place));
    let is_message = matches!(sender.kind, SpanKind::Producer | SpanKind::Client)
        && matches!(taker.kind, SpanKind::Consumer | SpanKind::Server);
    let wait = taker.start.since(sender.end);
    (is_message && taker.start > sender.end && wait >= LEAST_WAIT).then_some((parent, wait))
}

/// Of an invocation that ran into its time limit: what was open when it came, as deep as anything is told.
fn timeout_suspect(case: &Case<'_>, invocation: usize) -> Option<Finding> {
    let is_open = |&place: &usize| case.trace.nodes[place].marks.contains(Mark::Unfinished);
    let mut open = Vec::new();
    let mut at = invocation;
    // The one that began last: who was waited for by all above it.
    while let Some(next) = case.children(at).filter(is_open).last() {
        open.push(next);
        at = next;
    }
    let suspect = *open.last()?;
    Some(Finding {
        kind: FindingKind::TimeoutSuspect,
        node: invocation,
        evidence: open,
        gain: case.duration(suspect),
        confidence: Confidence::Medium,
    })
}

/// Invocations above the one that is looked at, by their function.
#[derive(Default)]
struct Above<'a> {
    /// Of each invocation: how many of its function stand above it, itself included, and the last of them.
    depths: HashMap<usize, (usize, Option<usize>)>,
    /// The nearest invocation of each function on the way down, with the node behind which it counts no more.
    latest: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Above<'a> {
    fn recursion(&mut self, case: &Case<'a>, place: usize) -> Option<Finding> {
        let function = case.trace.span(place).resource.service();
        let above = self.latest.entry(function).or_default();
        // Nodes come in the order of a walk: what is not above this one is done.
        while above
            .last()
            .is_some_and(|&last| case.subtrees.end(last) <= place)
        {
            above.pop();
        }
        let last = above.last().copied();
        above.push(place);
        let depth = last
            .and_then(|last| self.depths.get(&last))
            .map_or(0, |(depth, _)| *depth)
            + 1;
        self.depths.insert(place, (depth, last));
        (depth == LOOP).then(|| {
            let mut evidence = vec![place];
            let mut at = place;
            while let Some(&(_, Some(last))) = self.depths.get(&at) {
                evidence.push(last);
                at = last;
            }
            evidence.reverse();
            Finding {
                kind: FindingKind::Recursion,
                node: evidence[0],
                gain: case.critical[evidence[1]],
                evidence,
                confidence: Confidence::Medium,
            }
        })
    }
}
