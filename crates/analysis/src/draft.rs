//! A journey in the making: the spans beside what the steps need of each, so that no step walks through whole spans.
//!
//! Invariant: every item stands for one span, each span has one item; a parent is an index into the items. Items are put
//! into the order of display once, and the spans stay where they are: they are large.

use std::num::NonZeroU32;

use coldtrace_model::{Invocation, Span, SpanId, SpanKind, TraceId, UnixNanos};

use crate::{Mark, Marks};

/// Spans and rows on their way to a trace.
pub(crate) struct Draft {
    pub(crate) spans: Vec<Span>,
    pub(crate) items: Vec<Item>,
    pub(crate) invocations: Vec<Invocation>,
    pub(crate) warnings: Vec<String>,
}

/// What the steps need of a span, in half a cache line: they wait for memory more than for anything else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// Into `Draft::spans`.
    pub(crate) span: Place,
    pub(crate) start: UnixNanos,
    /// Not before `start`; 0 until it is estimated, where nobody told it.
    pub(crate) end: UnixNanos,
    parent: Option<Place>,
    /// Into `Draft::invocations`, for the span that stands for an invocation.
    invocation: Option<Place>,
    pub(crate) kind: SpanKind,
    pub(crate) role: Role,
    pub(crate) marks: Marks,
}

/// An index into what a journey has. It takes half the room of a `usize`, also where there may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(NonZeroU32);

/// What a span stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Work that the function's or another service's SDK recorded.
    Work,
    /// A whole invocation, as the platform saw it.
    Invocation,
    /// A sandbox's init.
    Init,
    /// A part of init.
    InitPart,
    /// A restore from a snapshot.
    Restore,
    /// What the platform did after the answer was sent.
    Overhead,
    /// Any other phase of an invocation.
    Phase,
}

/// By which spans are put in order wherever nothing else decides. No two spans of a draft have the same.
pub(crate) type Rank = (UnixNanos, TraceId, SpanId, u8);

/// The rank of a span.
pub(crate) fn rank(span: &Span) -> Rank {
    (span.start, span.trace_id, span.span_id, span.kind as u8)
}

// === impl Draft ===

impl Draft {
    /// The span of an item.
    pub(crate) fn span(&self, place: usize) -> &Span {
        &self.spans[self.items[place].span.index()]
    }

    /// Tells people of spans that were repaired, in the singular or the plural; of none it tells nothing.
    pub(crate) fn warn(&mut self, spans: usize, one: &str, many: &str) {
        match spans {
            0 => {}
            1 => self.warnings.push(format!("1 span {one}")),
            _ => self.warnings.push(format!("{spans} spans {many}")),
        }
    }
}

// === impl Item ===

impl Item {
    /// What is known of a span before its neighbours are looked at.
    pub(crate) fn new(place: usize, span: &Span, marks: Marks) -> Self {
        let mut item = Self {
            span: Place::new(place),
            start: span.start,
            end: span.end,
            parent: None,
            invocation: None,
            kind: span.kind,
            role: Role::of(span),
            marks,
        };
        if span.end.is_unknown() {
            item.marks.insert(Mark::Unfinished);
        } else if span.end < span.start {
            item.marks.insert(Mark::EndsBeforeStart);
            item.end = span.start;
        }
        item
    }

    /// Index of the item under which it stands.
    pub(crate) fn parent(&self) -> Option<usize> {
        self.parent.map(Place::index)
    }

    pub(crate) fn set_parent(&mut self, parent: Option<usize>) {
        self.parent = parent.map(Place::new);
    }

    /// Index into `Draft::invocations`, for the span that stands for an invocation.
    pub(crate) fn invocation(&self) -> Option<usize> {
        self.invocation.map(Place::index)
    }

    pub(crate) fn set_invocation(&mut self, row: Option<usize>) {
        self.invocation = row.map(Place::new);
    }

    /// True if start and end are as somebody measured them.
    pub(crate) fn is_measured(&self) -> bool {
        !self.marks.contains(Mark::Unfinished) && !self.marks.contains(Mark::EndsBeforeStart)
    }

    /// True if start and end may differ from those of its span.
    pub(crate) fn is_of_other_times(&self) -> bool {
        !self.is_measured() || self.marks.contains(Mark::SkewCorrected)
    }
}

// === impl Place ===

impl Place {
    /// Of an index that is less than 2 to the 32nd: a journey with more spans would fill a terabyte.
    pub(crate) fn new(index: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index as u32))
    }

    pub(crate) fn index(self) -> usize {
        (self.0.get() - 1) as usize
    }
}

// === impl Role ===

impl Role {
    /// The role of a span, by the phase that it was sent for.
    pub(crate) fn of(span: &Span) -> Self {
        match span.origin.phase.as_str() {
            "" => Self::Work,
            "invocation" => Self::Invocation,
            "init" => Self::Init,
            "extension_init" | "runtime_init" => Self::InitPart,
            "restore" => Self::Restore,
            "runtime_overhead" | "extension_overhead" => Self::Overhead,
            _ => Self::Phase,
        }
    }

    /// True for what a sandbox does before it can serve.
    pub(crate) fn precedes_invocation(self) -> bool {
        matches!(self, Self::Init | Self::InitPart | Self::Restore)
    }
}
