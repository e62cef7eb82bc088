//! What the critical paths of a function's invocations are made of: parts that are the same in all of its traces, so that those
//! of many invocations add up.
//!
//! A call is one part with all that stands below it, and so is an invocation of another function. Not here: which invocations are
//! looked at. Invariant: the parts of an invocation are its critical path and, before it, the wait of its message; added up
//! they are still that, whatever was left out.

use std::collections::{BTreeMap, HashMap, HashSet};

use coldtrace_model::{Invocation, Nanos, RequestId, Span, SpanKind};

use crate::Trace;
use crate::draft::Role;
use crate::findings::{message_wait, target, without_literals};
use crate::function::{alone, place_of};
use crate::verdict::Category;

/// In bytes: what a client sends may be of any length.
const LONGEST: usize = 200;

/// What tells a part from others, in every trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentKey {
    /// What the time was spent on.
    pub category: Category,
    /// Of a call, whom it called: the service that answered, else the address. Of other work, whose it was; empty for what the
    /// platform did.
    pub service: String,
    /// What a span of it is called, numbers and texts in it aside. Empty, as is `service`, for the rest of a category.
    pub name: String,
}

/// A span that shows a part, as it was sent. Empty where only the platform tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// Who sent it.
    pub service: String,
    /// How it is called.
    pub span: String,
}

/// A part of one invocation's critical path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which.
    pub key: SegmentKey,
    /// A span that shows it.
    pub example: Example,
    /// How long it was waited for; not 0.
    pub length: Nanos,
}

/// A part of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSum {
    /// Which.
    pub key: SegmentKey,
    /// A span that shows it.
    pub example: Example,
    /// How long it was waited for, in all of them.
    pub total: Nanos,
    /// How many waited for it.
    pub invocations: u64,
}

/// What an invocation of a trace waited for, each part once; nothing if the trace has no span of it. The invocations are those of
/// the trace.
pub fn segments(
    trace: &Trace,
    invocations: &[Invocation],
    request_id: &RequestId,
) -> Option<Vec<Segment>> {
    let place = place_of(trace, request_id)?;
    let mut parts = Parts::default();
    // How long a message lay is told by its sender, who stands above.
    parts.message(trace, place);
    // On whose path it lies must not matter.
    match alone(trace, invocations, place) {
        None => parts.path(trace, place),
        Some(own) => parts.path(&own, place_of(&own, request_id)?),
    }
    Some(parts.0.into_values().collect())
}

/// The parts of many invocations, the longest first: so many, and of each category the rest as one.
pub fn summed(paths: &[Vec<Segment>], most: usize) -> Vec<SegmentSum> {
    let mut totals: HashMap<&SegmentKey, Nanos> = HashMap::new();
    for segment in paths.iter().flatten() {
        let total = totals.entry(&segment.key).or_default();
        *total = total.plus(segment.length);
    }
    let mut longest: Vec<(&SegmentKey, Nanos)> = totals.into_iter().collect();
    longest.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
    longest.truncate(most);
    let kept: HashSet<&SegmentKey> = longest.into_iter().map(|(key, _)| key).collect();
    let mut sums: BTreeMap<SegmentKey, SegmentSum> = BTreeMap::new();
    for path in paths {
        // Several parts of one invocation may be of one rest, which it waited for once.
        let mut seen: HashSet<SegmentKey> = HashSet::new();
        for segment in path {
            let is_kept = kept.contains(&segment.key);
            let (key, example) = match is_kept {
                true => (segment.key.clone(), segment.example.clone()),
                false => (
                    SegmentKey::rest_of(segment.key.category),
                    Example::default(),
                ),
            };
            let sum = sums.entry(key.clone()).or_insert_with(|| SegmentSum {
                key: key.clone(),
                example: example.clone(),
                total: Nanos(0),
                invocations: 0,
            });
            sum.total = sum.total.plus(segment.length);
            sum.invocations += u64::from(seen.insert(key));
            sum.example.or_earlier(example);
        }
    }
    let mut sums: Vec<SegmentSum> = sums.into_values().collect();
    sums.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.key.cmp(&b.key)));
    sums
}

/// The parts of one invocation.
#[derive(Default)]
struct Parts(BTreeMap<SegmentKey, Segment>);

/// A call while what is part of it is added up.
#[derive(Default)]
struct Call<'a> {
    length: Nanos,
    /// The first service that stands below it and is another.
    answered_by: Option<&'a str>,
}

// === impl Parts ===

impl Parts {
    /// The longest that a message of the invocation lay: those of a batch lay at the same time.
    fn message(&mut self, trace: &Trace, place: usize) {
        let mut is_ours = vec![false; trace.nodes.len()];
        let mut longest: Option<(usize, Nanos)> = None;
        for at in place..trace.nodes.len() {
            let parent = trace.nodes[at].parent;
            let is_others = Role::of(trace.span(at)) == Role::Invocation;
            is_ours[at] = at == place || (!is_others && parent.is_some_and(|above| is_ours[above]));
            let waited = message_wait(trace, at).filter(|_| is_ours[at]);
            if let Some(waited) = waited
                && longest.is_none_or(|(_, wait)| wait < waited.1)
            {
                longest = Some(waited);
            }
        }
        if let Some((sender, wait)) = longest {
            let sender = trace.span(sender);
            let name = without_literals(&sender.name);
            let key = SegmentKey::of(Category::QueueWait, target(sender), &name);
            self.add(key, Example::of(sender), wait);
        }
    }

    fn path(&mut self, trace: &Trace, place: usize) {
        // Of each node from the invocation down, the call that it is part of.
        let mut part_of: Vec<Option<Option<usize>>> = vec![None; trace.nodes.len()];
        let mut calls: BTreeMap<usize, Call<'_>> = BTreeMap::new();
        for at in place..trace.nodes.len() {
            let node = &trace.nodes[at];
            let above = match node.parent {
                _ if at == place => Some(None),
                Some(parent) => part_of[parent],
                None => None,
            };
            let Some(above) = above else {
                continue;
            };
            let is_call = at != place && is_call(trace.span(at));
            let call = above.or_else(|| is_call.then_some(at));
            part_of[at] = Some(call);
            match call {
                Some(call) => {
                    let sender = trace.span(call).resource.service();
                    let told = calls.entry(call).or_default();
                    told.length = told.length.plus(node.critical_time);
                    let service = trace.span(at).resource.service();
                    let answers = node.parent == Some(call) && !service.is_empty();
                    if answers && service != sender && told.answered_by.is_none() {
                        told.answered_by = Some(service);
                    }
                }
                None => self.own(trace, at, node.critical_time),
            }
        }
        for (call, told) in calls {
            let span = trace.span(call);
            let (service, name) = match Role::of(span) {
                Role::Invocation => (span.resource.service(), span.name.clone()),
                _ => {
                    let service = told.answered_by.unwrap_or_else(|| target(span));
                    (service, without_literals(&span.name))
                }
            };
            let key = SegmentKey::of(Category::Downstream, service, &name);
            self.add(key, Example::of(span), told.length);
        }
    }

    /// What is part of no call.
    fn own(&mut self, trace: &Trace, at: usize, length: Nanos) {
        if length == Nanos(0) {
            return;
        }
        let span = trace.span(at);
        let category = Category::of(trace, at);
        let key = match Role::of(span) {
            Role::Work => {
                let name = without_literals(&span.name);
                SegmentKey::of(category, span.resource.service(), &name)
            }
            Role::Invocation => SegmentKey::of(category, span.resource.service(), &span.name),
            _ => SegmentKey::of(category, "", &span.name),
        };
        self.add(key, Example::of(span), length);
    }

    fn add(&mut self, key: SegmentKey, example: Example, length: Nanos) {
        if length == Nanos(0) {
            return;
        }
        let part = self.0.entry(key.clone()).or_insert_with(|| Segment {
            key,
            example: example.clone(),
            length: Nanos(0),
        });
        part.length = part.length.plus(length);
        part.example.or_earlier(example);
    }
}

/// Whether it stands for somebody else's work.
fn is_call(span: &Span) -> bool {
    matches!(span.kind, SpanKind::Client | SpanKind::Producer) || Role::of(span) == Role::Invocation
}

// === impl SegmentKey, Example ===

impl SegmentKey {
    /// What is not told one by one.
    fn rest_of(category: Category) -> Self {
        Self::of(category, "", "")
    }

    fn of(category: Category, service: &str, name: &str) -> Self {
        Self {
            category,
            service: cut(service),
            name: cut(name),
        }
    }
}

impl Example {
    fn of(span: &Span) -> Self {
        let (service, name) = (span.resource.service(), &span.name);
        // By a part of its name it is not found.
        let is_short = service.len() <= LONGEST && name.len() <= LONGEST;
        match Role::of(span) {
            Role::Work if is_short => Self {
                service: service.to_owned(),
                span: name.clone(),
            },
            _ => Self::default(),
        }
    }

    /// Of two the first by name, whatever came first; one that is empty is none.
    fn or_earlier(&mut self, other: Self) {
        if self.span.is_empty() || (!other.span.is_empty() && other < *self) {
            *self = other;
        }
    }
}

/// The beginning of a text.
fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST);
    text[..end].to_owned()
}
