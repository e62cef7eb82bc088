//! The invocations of a journey as a chain: what caused each, how long that lay before it was taken, and which attempt it is.
//!
//! A platform tries an event again under the same request id; a queue delivers a message again with another one, after a
//! taker failed. Invariant: attempts are counted by time, whatever the order of the evidence.

use std::collections::HashMap;

use coldtrace_model::{Invocation, Nanos, RequestId, SpanKind, UnixNanos};

use crate::draft::Role;
use crate::function::place_of;
use crate::{Mark, Trace};

/// An invocation's place in its journey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// The node that stands for it, if any of its spans is there.
    pub node: Option<usize>,
    /// The node that sent what it took: a message, an event, a call.
    pub cause: Option<usize>,
    /// How long that lay: from its sending, or from the end of the attempt before; nothing if the sender waited for it, or is not
    /// known.
    pub waited: Option<Nanos>,
    /// From 1.
    pub attempt: u32,
    /// How many attempts there are of the same.
    pub attempts: u32,
}

/// One for each invocation of a trace, in their order.
pub fn hops(trace: &Trace, invocations: &[Invocation]) -> Vec<Hop> {
    let mut hops: Vec<Hop> = nodes(trace, invocations)
        .into_iter()
        .map(|node| Hop {
            node,
            cause: node.and_then(|node| cause(trace, node)),
            attempt: 1,
            attempts: 1,
            waited: None,
        })
        .collect();
    let befores = number(trace, invocations, &mut hops);
    for ((hop, one), before) in hops.iter_mut().zip(invocations).zip(befores) {
        let sent = hop.cause.and_then(|cause| {
            let is_async = hop
                .node
                .is_some_and(|node| trace.nodes[node].marks.contains(Mark::Async));
            is_async.then(|| trace.span(cause).end)
        });
        let since = before.and_then(|before| end(&invocations[before])).or(sent);
        hop.waited = since
            .filter(|&since| since <= one.start)
            .map(|since| one.start.since(since));
    }
    hops
}

/// The node of each invocation: of several attempts under one request id, the one that began nearest to it.
fn nodes(trace: &Trace, invocations: &[Invocation]) -> Vec<Option<usize>> {
    let mut by_request: HashMap<&RequestId, Vec<usize>> = HashMap::new();
    for place in 0..trace.nodes.len() {
        let span = trace.span(place);
        if Role::of(span) == Role::Invocation
            && let Some(request_id) = &span.origin.request_id
        {
            by_request.entry(request_id).or_default().push(place);
        }
    }
    let apart = |place: usize, start: UnixNanos| trace.span(place).start.0.abs_diff(start.0);
    let node = |one: &Invocation| match by_request.get(&one.request_id) {
        Some(places) => {
            let nearest = places.iter().min_by_key(|&&place| apart(place, one.start));
            nearest.copied()
        }
        None => place_of(trace, &one.request_id),
    };
    invocations.iter().map(node).collect()
}

/// What sent what an invocation took: the nearest above it that called or sent.
fn cause(trace: &Trace, node: usize) -> Option<usize> {
    let mut at = node;
    while let Some(parent) = trace.nodes[at].parent {
        let span = trace.span(parent);
        match span.kind {
            SpanKind::Client | SpanKind::Producer => return Some(parent),
            // Another invocation's own work: what called is not told.
            _ if Role::of(span) == Role::Invocation => return Some(parent),
            _ => at = parent,
        }
    }
    None
}

/// Numbers attempts, and tells of each invocation the one that was tried before it.
fn number(trace: &Trace, invocations: &[Invocation], hops: &mut [Hop]) -> Vec<Option<usize>> {
    let mut by_time: Vec<usize> = (0..invocations.len()).collect();
    by_time.sort_by_key(|&place| {
        let one = &invocations[place];
        (one.start, &one.request_id, &one.function)
    });
    let mut befores = vec![None; invocations.len()];
    // The latest attempt of each chain, by what it tries.
    let mut of_request: HashMap<(&RequestId, &str), usize> = HashMap::new();
    let mut of_message: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for &place in &by_time {
        let one = &invocations[place];
        let function = one.function.as_str();
        let message = hops[place]
            .cause
            .filter(|&cause| trace.span(cause).kind == SpanKind::Producer);
        let again = of_request.insert((&one.request_id, function), place);
        let chain = message.map(|cause| of_message.entry((cause, function)).or_default());
        befores[place] = again;
        if let Some(latest) = chain {
            // Of what was sent at once each is taken by another: only who failed before is tried again.
            let failed = latest.iter().position(|&before| {
                let before = &invocations[before];
                before.outcome.is_failure() && end(before).is_some_and(|end| end <= one.start)
            });
            let before = failed.map(|position| latest.swap_remove(position));
            befores[place] = again.or(before);
            latest.push(place);
        }
        if let Some(before) = befores[place] {
            hops[place].attempt = hops[before].attempt.saturating_add(1);
        }
    }
    // From the last of each chain back to its first.
    for &place in by_time.iter().rev() {
        let attempts = hops[place].attempts.max(hops[place].attempt);
        hops[place].attempts = attempts;
        if let Some(before) = befores[place] {
            hops[before].attempts = hops[before].attempts.max(attempts);
        }
    }
    befores
}

fn end(one: &Invocation) -> Option<UnixNanos> {
    one.duration.map(|duration| one.start.plus(duration))
}
