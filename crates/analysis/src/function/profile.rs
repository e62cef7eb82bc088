//! What one invocation's trace tells, in few numbers: so that a thousand of them are compared without their spans.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use coldtrace_model::{AttributeValue, Invocation, Nanos, RequestId, StatusCode, attribute};

use crate::draft::Role;
use crate::findings::{Operations, findings, name};
use crate::{Evidence, Finding, FindingKind, Trace, rebuild};

/// Seconds of a processor that an invocation used, as OpenTelemetry names it.
const CPU: &str = "faas.cpu_usage";
/// Of several calls, so many are named.
const NAMES: usize = 3;

/// An invocation by what it waited for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// On its own critical path: what no call explains.
    pub own: Nanos,
    /// What it used of a processor, where its sandbox told.
    pub cpu: Option<Nanos>,
    /// What it called, each operation once.
    pub(super) calls: Vec<Call>,
    /// What about this one could be better.
    pub(super) seen: Vec<Seen>,
}

/// All calls of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The same in every trace.
    pub(super) operation: u64,
    pub(super) name: String,
    /// The name of its spans.
    pub(super) span: String,
    /// On the critical path.
    pub(super) critical: Nanos,
    pub(super) count: u32,
    pub(super) failed: u32,
}

/// A finding of this trace, by what tells it from others of its kind in every trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: FindingKind,
    pub(super) key: u64,
    pub(super) about: String,
    /// The name of the span that shows it.
    pub(super) span: String,
    pub(super) gain: Nanos,
    /// How many spans show it.
    pub(super) count: u32,
}

/// What a trace tells of one of its invocations; nothing if it has no span of it. The invocations are those of the trace.
pub fn profile(
    trace: &Trace,
    invocations: &[Invocation],
    request_id: &RequestId,
) -> Option<Profile> {
    let place = place_of(trace, request_id)?;
    let found = findings(trace, invocations);
    // On whose path it lies must not matter: what it waited for is told from its own start.
    let mut profile = match alone(trace, invocations, place) {
        None => Profile::told(trace, &found, place),
        Some(own) => {
            let found = findings(&own, invocations);
            Profile::told(&own, &found, place_of(&own, request_id)?)
        }
    };
    // How long a message lay is told by its sender, who stands above.
    let waits = seen(trace, &found, place, |kind| kind == FindingKind::QueueWait);
    profile.seen.extend(waits);
    Some(profile)
}

/// The findings of an invocation itself, of some kinds.
fn seen(
    trace: &Trace,
    found: &[Finding],
    place: usize,
    is_wanted: fn(FindingKind) -> bool,
) -> Vec<Seen> {
    let operations = Operations::of(trace);
    let ours = found.iter().filter(|finding| {
        is_wanted(finding.kind) && nearest_invocation(trace, finding.node) == Some(place)
    });
    ours.map(|finding| Seen::of(trace, &operations, finding))
        .collect()
}

/// The span that stands for the invocation, else the first that names it.
pub(crate) fn place_of(trace: &Trace, request_id: &RequestId) -> Option<usize> {
    let names_it =
        |&place: &usize| trace.span(place).origin.request_id.as_ref() == Some(request_id);
    let places = 0..trace.nodes.len();
    let stands_for_it = |&place: &usize| Role::of(trace.span(place)) == Role::Invocation;
    let mut named = places.filter(names_it);
    let first = named.next()?;
    let whole = std::iter::once(first).chain(named).find(stands_for_it);
    whole.or(Some(first))
}

/// The invocation that a node belongs to: itself or the nearest above; the root where there is none.
pub(crate) fn nearest_invocation(trace: &Trace, mut place: usize) -> Option<usize> {
    loop {
        if Role::of(trace.span(place)) == Role::Invocation {
            return Some(place);
        }
        match trace.nodes[place].parent {
            Some(parent) => place = parent,
            None => return Some(place),
        }
    }
}

/// The part of a trace below a node, rebuilt as a trace of its own; nothing if that is all of it.
pub(crate) fn alone(trace: &Trace, invocations: &[Invocation], place: usize) -> Option<Trace> {
    trace.nodes[place].parent?;
    let mut is_below = vec![false; trace.nodes.len()];
    let mut spans = Vec::new();
    for at in place..trace.nodes.len() {
        let parent = trace.nodes[at].parent;
        is_below[at] = at == place || parent.is_some_and(|parent| is_below[parent]);
        if is_below[at] {
            spans.push(trace.span(at).clone());
        }
    }
    let named: HashSet<RequestId> = spans
        .iter()
        .filter_map(|span| span.origin.request_id.clone())
        .collect();
    let invocations = invocations
        .iter()
        .filter(|one| named.contains(&one.request_id))
        .cloned()
        .collect();
    Some(rebuild(Evidence {
        spans,
        invocations,
        phases: Vec::new(),
    }))
}

// === impl Profile ===

impl Profile {
    /// Of the invocation that a trace begins with, but for the wait of its message.
    fn told(trace: &Trace, found: &[Finding], place: usize) -> Self {
        Self {
            seen: seen(trace, found, place, |kind| kind != FindingKind::QueueWait),
            ..Self::of(trace, place)
        }
    }

    fn of(trace: &Trace, place: usize) -> Self {
        let operations = Operations::of(trace);
        let mut profile = Self {
            cpu: cpu(trace, place),
            ..Self::default()
        };
        for (at, call) in below(trace, &operations, place) {
            let critical = trace.nodes[at].critical_time;
            let operation = call.and_then(|call| operations.get(call));
            match (call, operation) {
                (Some(call), Some(operation)) => {
                    let call = profile.call(trace, at, call, operation);
                    call.critical = call.critical.plus(critical);
                }
                _ if matches!(Role::of(trace.span(at)), Role::Work | Role::Invocation) => {
                    profile.own = profile.own.plus(critical);
                }
                _ => {}
            }
        }
        profile
    }

    /// The calls of an operation, with this one counted where the node is the call itself.
    fn call(&mut self, trace: &Trace, at: usize, call: usize, operation: u64) -> &mut Call {
        let known = self
            .calls
            .iter()
            .position(|call| call.operation == operation);
        let place = known.unwrap_or_else(|| {
            self.calls.push(Call {
                operation,
                name: name(trace, call),
                span: trace.span(call).name.clone(),
                critical: Nanos(0),
                count: 0,
                failed: 0,
            });
            self.calls.len() - 1
        });
        let known = &mut self.calls[place];
        if at == call {
            known.count += 1;
            known.failed += u32::from(trace.span(at).status.code == StatusCode::Error);
        }
        known
    }
}

/// The nodes from one down, and of each the call that it is part of: the first on the way down.
pub(crate) fn below(
    trace: &Trace,
    operations: &Operations<'_>,
    place: usize,
) -> impl Iterator<Item = (usize, Option<usize>)> {
    let mut part_of: Vec<Option<Option<usize>>> = vec![None; trace.nodes.len()];
    (place..trace.nodes.len()).filter_map(move |at| {
        let above = match trace.nodes[at].parent {
            _ if at == place => Some(None),
            Some(parent) => part_of[parent],
            None => None,
        };
        let call = above?.or_else(|| operations.is_call(at).then_some(at));
        part_of[at] = Some(call);
        Some((at, call))
    })
}

fn cpu(trace: &Trace, place: usize) -> Option<Nanos> {
    match attribute(&trace.span(place).attributes, CPU)? {
        AttributeValue::Double(seconds) if *seconds >= 0.0 => Some(Nanos((seconds * 1e9) as u64)),
        _ => None,
    }
}

// === impl Seen ===

impl Seen {
    fn of(trace: &Trace, operations: &Operations<'_>, finding: &Finding) -> Self {
        let shown: Vec<usize> = match finding.kind {
            FindingKind::SerialCalls => finding.evidence.clone(),
            // Deepest is whom everybody waited for.
            FindingKind::TimeoutSuspect => finding.evidence.last().copied().into_iter().collect(),
            _ => finding.evidence.first().copied().into_iter().collect(),
        };
        let mut hasher = DefaultHasher::new();
        let mut names = Vec::new();
        for &place in &shown {
            match operations.get(place) {
                Some(operation) => operation.hash(&mut hasher),
                None => trace.span(place).name.hash(&mut hasher),
            }
            if names.len() < NAMES {
                names.push(name(trace, place));
            }
        }
        let more = match shown.len() - names.len() {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        let first = shown.first().copied().unwrap_or(finding.node);
        Self {
            kind: finding.kind,
            key: hasher.finish(),
            about: format!("{}{more}", names.join(", ")),
            span: trace.span(first).name.clone(),
            gain: finding.gain,
            count: u32::try_from(finding.evidence.len()).unwrap_or(u32::MAX),
        }
    }
}
