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
pub(crate) struct Index {
    /// A journey has few traces: their numbers keep the keys of its many spans small.
    traces: HashMap<TraceId, u32>,
    places: HashMap<Key, u32>,
    /// The number of each span's trace.
    trace_of: Vec<u32>,
}

/// A trace's number and a span's id in halves, so that an entry fills 16 bytes.
type Key = (u32, u32, u32);

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
        self.get(*self.traces.get(&trace_id)?, span_id)
    }

    /// The span of this id in the trace of the span at `place`.
    pub(crate) fn find_beside(&self, place: usize, span_id: SpanId) -> Option<usize> {
        self.get(self.trace_of[place], span_id)
    }

    /// Adds the next span. Returns the place of another that has its ids already.
    pub(crate) fn add(&mut self, span: &Span) -> Option<usize> {
        let place = self.trace_of.len() as u32;
        let trace = self.number(span.trace_id);
        self.trace_of.push(trace);
        let found = *self.places.entry(key(trace, span.span_id)).or_insert(place);
        (found != place).then_some(found as usize)
    }

    /// An index of the first span of each id, and the others, each beside its first.
    fn of(spans: &[Span]) -> (Self, Vec<(usize, usize)>) {
        let mut index = Self {
            places: HashMap::with_capacity(spans.len()),
            trace_of: Vec::with_capacity(spans.len()),
            traces: HashMap::new(),
        };
        let mut copies = Vec::new();
        for (place, span) in spans.iter().enumerate() {
            if let Some(first) = index.add(span) {
                copies.push((first, place));
            }
        }
        (index, copies)
    }

    fn get(&self, trace: u32, span_id: SpanId) -> Option<usize> {
        self.places
            .get(&key(trace, span_id))
            .map(|&place| place as usize)
    }

    fn number(&mut self, trace_id: TraceId) -> u32 {
        let next = self.traces.len() as u32;
        *self.traces.entry(trace_id).or_insert(next)
    }
}

fn key(trace: u32, span_id: SpanId) -> Key {
    let id = u64::from_be_bytes(*span_id.as_bytes());
    (trace, (id >> 32) as u32, id as u32)
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
        let key = key(unique.index.trace_of[server], unique.spans[server].span_id);
        unique.index.places.insert(key, server as u32);
    }
    unique.removed = all - unique.spans.len();
    unique
}
