//! Removes spans that came more than once, and finds spans by their ids.
//!
//! One id is one span, with one exception: a client and a server that share an id, as Zipkin's libraries do. They are two
//! spans, the server's under the client's.

use std::cmp::Ordering;
use std::collections::HashMap;

use coldtrace_model::{Span, SpanId, SpanKind, TraceId};

use crate::{Mark, Marks};

/// Spans that differ.
#[derive(Default)]
pub(crate) struct Unique {
    pub(crate) spans: Vec<Span>,
    /// One per span.
    pub(crate) marks: Vec<Marks>,
    pub(crate) index: Index,
    /// Pairs that share an id: the server's span, the client's span.
    pub(crate) halves: Vec<(usize, usize)>,
    /// How many copies were removed.
    pub(crate) removed: usize,
}

/// Finds a span by its ids.
#[derive(Default)]
pub(crate) struct Index(HashMap<(u128, u64), usize>);

/// Keeps the most complete copy of each span.
pub(crate) fn remove(spans: Vec<Span>) -> Unique {
    let (index, copies) = Index::of(&spans);
    if copies.is_empty() {
        let marks = vec![Marks::default(); spans.len()];
        return Unique {
            spans,
            marks,
            index,
            ..Unique::default()
        };
    }
    let mut marks = vec![Some(Marks::default()); spans.len()];
    let mut shared = Vec::new();
    for group in groups(copies) {
        if let Some(pair) = judge(&spans, &group, &mut marks) {
            shared.push(pair);
        }
    }
    without_copies(spans, &marks, &shared)
}

// === impl Index ===

impl Index {
    /// The span of these ids; of a shared id the server's.
    pub(crate) fn find(&self, trace_id: TraceId, span_id: SpanId) -> Option<usize> {
        self.0.get(&key(trace_id, span_id)).copied()
    }

    /// Adds a span, unless its ids are taken.
    pub(crate) fn add(&mut self, span: &Span, place: usize) {
        self.0
            .entry(key(span.trace_id, span.span_id))
            .or_insert(place);
    }

    /// An index of the first span of each id, and the others, each beside its first.
    fn of(spans: &[Span]) -> (Self, Vec<(usize, usize)>) {
        let mut index = HashMap::with_capacity(spans.len());
        let mut copies = Vec::new();
        for (place, span) in spans.iter().enumerate() {
            let first = *index
                .entry(key(span.trace_id, span.span_id))
                .or_insert(place);
            if first != place {
                copies.push((first, place));
            }
        }
        (Self(index), copies)
    }
}

fn key(trace_id: TraceId, span_id: SpanId) -> (u128, u64) {
    (
        u128::from_be_bytes(*trace_id.as_bytes()),
        u64::from_be_bytes(*span_id.as_bytes()),
    )
}

/// All spans of each id that came more than once.
fn groups(mut copies: Vec<(usize, usize)>) -> Vec<Vec<usize>> {
    copies.sort_unstable();
    copies
        .chunk_by(|a, b| a.0 == b.0)
        .map(|chunk| {
            std::iter::once(chunk[0].0)
                .chain(chunk.iter().map(|&(_, copy)| copy))
                .collect()
        })
        .collect()
}

/// Decides which spans of one id stay; the others lose their marks. Returns the server's and the client's, where the id
/// is shared.
fn judge(spans: &[Span], group: &[usize], marks: &mut [Option<Marks>]) -> Option<(usize, usize)> {
    let most_complete = |side: Option<Side>| {
        let of_side = group
            .iter()
            .filter(|&&place| side.is_none() || Side::of(&spans[place]) == side);
        of_side
            .copied()
            .max_by(|&a, &b| completeness(&spans[a], &spans[b]))
    };
    let server = most_complete(Some(Side::Server));
    let client = most_complete(Some(Side::Client));
    for &place in group {
        marks[place] = None;
    }
    let (kept, pair) = match (server, client) {
        (Some(server), Some(client)) => (vec![server, client], Some((server, client))),
        _ => (Vec::from_iter(most_complete(None)), None),
    };
    let is_repeated = kept.len() < group.len();
    for place in kept {
        marks[place] = Some(
            is_repeated
                .then_some(Mark::DuplicateRemoved)
                .into_iter()
                .collect(),
        );
    }
    pair
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl Side {
    fn of(span: &Span) -> Option<Self> {
        match span.kind {
            SpanKind::Client | SpanKind::Producer => Some(Self::Client),
            SpanKind::Server | SpanKind::Consumer => Some(Self::Server),
            SpanKind::Unspecified | SpanKind::Internal => None,
        }
    }
}

/// The greater tells more.
fn completeness(a: &Span, b: &Span) -> Ordering {
    let told = |span: &Span| {
        (
            !span.end.is_unknown(),
            span.attributes.len() + span.events.len() + span.links.len(),
            span.end.since(span.start),
        )
    };
    told(a)
        .cmp(&told(b))
        // Nothing tells which is better; then the choice must at least not depend on the order of arrival.
        .then_with(|| format!("{a:?}").cmp(&format!("{b:?}")))
}

fn without_copies(spans: Vec<Span>, marks: &[Option<Marks>], shared: &[(usize, usize)]) -> Unique {
    let all = spans.len();
    let mut moved_to = vec![0; all];
    let mut unique = Unique::default();
    for (place, (span, mark)) in spans.into_iter().zip(marks).enumerate() {
        moved_to[place] = unique.spans.len();
        if let Some(mark) = mark {
            unique.spans.push(span);
            unique.marks.push(*mark);
        }
    }
    let moved = |&(server, client): &(usize, usize)| (moved_to[server], moved_to[client]);
    unique.halves = shared.iter().map(moved).collect();
    unique.index = Index::of(&unique.spans).0;
    for &(server, _) in &unique.halves {
        let span = &unique.spans[server];
        unique
            .index
            .0
            .insert(key(span.trace_id, span.span_id), server);
    }
    unique.removed = all - unique.spans.len();
    unique
}
