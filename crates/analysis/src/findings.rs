//! What about one trace costs time that it need not cost: each finding says which spans show it and what its end would save.
//!
//! A gain is time of the critical path, so that gains of one trace compare: what nobody waited for gains nothing. It is an
//! estimate for this trace alone; whether it happens often is for those who see many traces. Nothing takes more than
//! O(n log n).

mod operation;
mod repeated;
mod serial;
mod single;
mod words;

use coldtrace_model::{Invocation, Nanos};

use crate::order::Subtrees;
use crate::{Mark, Trace};
pub(crate) use operation::{Operations, without_literals};
pub(crate) use single::message_wait;
pub(crate) use words::{name, target};

pub use words::{Words, length};

/// What is not worth a word: less than this, or less than this share of its root.
const LEAST: Nanos = Nanos::from_millis(1);
const LEAST_SHARE: f64 = 0.02;

/// Something that costs time.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// Index of the node below which it happens, or which it is about.
    pub node: usize,
    /// Indexes of the nodes that show it, in display order.
    pub evidence: Vec<usize>,
    /// How much sooner the root would end without it; for a wait nobody stood in, how much sooner the work would begin.
    pub gain: Nanos,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Which kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// The same call over and over, one after the other: N+1.
    RepeatedCalls,
    /// Different calls one after the other, of which none may need the one before.
    SerialCalls,
    /// A call that failed and was tried again.
    Retries,
    /// An invocation that waited for its sandbox.
    ColdStart,
    /// What an invocation was waiting for when its time limit came.
    TimeoutSuspect,
    /// A message that lay in a queue.
    QueueWait,
    /// A function that calls itself, again and again.
    Recursion,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It may be so.
    Low,
    /// It looks so, and what would speak against it is not seen.
    Medium,
    /// It is so.
    High,
}

/// A trace with what detectors share.
struct Case<'a> {
    trace: &'a Trace,
    /// Sections of a node and of all below it, together.
    critical: Vec<Nanos>,
    subtrees: Subtrees,
    operations: Operations<'a>,
}

/// All findings of a trace, the greatest gain first. The invocations are those that its spans stand for, as their facts tell them.
pub fn findings(trace: &Trace, invocations: &[Invocation]) -> Vec<Finding> {
    let case = Case::of(trace);
    let mut found = Vec::new();
    let mut told = vec![false; trace.nodes.len()];
    for parent in 0..trace.nodes.len() {
        let before = found.len();
        repeated::find(&case, parent, &mut found);
        let evidence = found[before..].iter().flat_map(|finding| &finding.evidence);
        evidence.for_each(|&place| told[place] = true);
        serial::find(&case, parent, &told, &mut found);
    }
    single::find(&case, invocations, &mut found);
    found.retain(|finding| case.is_worth_a_word(finding));
    found.sort_by(|a, b| {
        let key = |finding: &Finding| (std::cmp::Reverse(finding.gain), finding.kind, finding.node);
        key(a).cmp(&key(b))
    });
    found
}

// === impl Case ===

impl<'a> Case<'a> {
    fn of(trace: &'a Trace) -> Self {
        let mut critical: Vec<Nanos> = trace.nodes.iter().map(|node| node.critical_time).collect();
        for (place, node) in trace.nodes.iter().enumerate().rev() {
            if let Some(parent) = node.parent {
                critical[parent].0 += critical[place].0;
            }
        }
        Self {
            trace,
            critical,
            subtrees: Subtrees::of(trace.nodes.iter().map(|node| node.parent)),
            operations: Operations::of(trace),
        }
    }

    /// In the order of time.
    fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        self.subtrees.children(parent)
    }

    /// The root above a node: the last that stands before it.
    fn root(&self, place: usize) -> usize {
        let roots = &self.trace.roots;
        let after = roots.partition_point(|&root| root <= place);
        roots[after - 1]
    }

    /// Whether it is a call that its parent waited for.
    fn is_waited_call(&self, place: usize) -> bool {
        self.operations.is_call(place) && !self.trace.nodes[place].marks.contains(Mark::Async)
    }

    fn duration(&self, place: usize) -> Nanos {
        let span = self.trace.span(place);
        span.end.since(span.start)
    }

    /// What would be saved if of these only the longest were waited for.
    fn all_but_the_longest(&self, places: &[usize]) -> Nanos {
        let times = || places.iter().map(|&place| self.critical[place].0);
        Nanos(times().sum::<u64>() - times().max().unwrap_or(0))
    }

    fn is_worth_a_word(&self, finding: &Finding) -> bool {
        let root = self.duration(self.root(finding.node)).0 as f64;
        match finding.kind {
            FindingKind::TimeoutSuspect | FindingKind::Recursion => true,
            _ => finding.gain >= LEAST && finding.gain.0 as f64 >= root * LEAST_SHARE,
        }
    }
}

// === impl FindingKind, Confidence ===

impl FindingKind {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RepeatedCalls => "repeated_calls",
            Self::SerialCalls => "serial_calls",
            Self::Retries => "retries",
            Self::ColdStart => "cold_start",
            Self::TimeoutSuspect => "timeout_suspect",
            Self::QueueWait => "queue_wait",
            Self::Recursion => "recursion",
        }
    }
}

impl Confidence {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
