//! Removes spans that came more than once, and finds spans by their ids.
//!
//! One id is one span, with one exception: a client and a server that share an id, as Zipkin's libraries do. They are two
//! spans, the server's under the client's.

use std::cmp::Ordering;
use std::hash::BuildHasher as _;

use coldtrace_model::{Span, SpanId, SpanKind, TraceId};
use foldhash::HashMap;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

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

/// Finds a span by its ids. Strangers choose them, so that the hash has a seed that they don't know.
#[derive(Default)]
pub(crate) struct Index {
    /// A journey has few traces: their numbers keep the ids of its many spans small.
    traces: HashMap<TraceId, u32>,
    /// The trace of the last span, which is the next one's for the most part.
    latest: Option<(TraceId, u32)>,
    /// One per span.
    ids: Vec<Ids>,
    /// Of each ids a span's place.
    places: HashTable<u32>,
    seed: RandomState,
}

/// The parent that a span names.
pub(crate) enum Named {
    /// It names itself.
    Itself,
    /// Another, if it is there.
    Other(Option<usize>),
}

/// What a span says of its place: a copy, since spans are far apart in memory.
#[derive(Clone, Copy)]
struct Ids {
    /// The number of its trace.
    trace: u32,
    span: SpanId,
    parent: Option<SpanId>,
}

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

    /// The parent that the span at `place` names, if it names one.
    pub(crate) fn named_by(&self, place: usize) -> Option<Named> {
        let Ids {
            trace,
            span,
            parent,
        } = self.ids[place];
        let parent = parent?;
        if parent == span {
            return Some(Named::Itself);
        }
        Some(Named::Other(self.get(trace, parent)))
    }

    /// Adds the next span. Returns the place of another that has its ids already.
    pub(crate) fn add(&mut self, span: &Span) -> Option<usize> {
        let place = self.ids.len() as u32;
        let trace = self.number(span.trace_id);
        self.ids.push(Ids {
            trace,
            span: span.span_id,
            parent: span.parent_span_id,
        });
        let hash = |trace, span_id| hash(&self.seed, trace, span_id);
        let entry = self.places.entry(
            hash(trace, span.span_id),
            |&other| self.ids[other as usize].are(trace, span.span_id),
            |&other| {
                let ids = &self.ids[other as usize];
                hash(ids.trace, ids.span)
            },
        );
        match entry {
            Entry::Occupied(found) => Some(*found.get() as usize),
            Entry::Vacant(free) => {
                free.insert(place);
                None
            }
        }
    }

    /// An index of the first span of each id, and the others, each beside its first.
    fn of(spans: &[Span]) -> (Self, Vec<(usize, usize)>) {
        let mut index = Self {
            ids: Vec::with_capacity(spans.len()),
            places: HashTable::with_capacity(spans.len()),
            ..Self::default()
        };
        let mut copies = Vec::new();
        for (place, span) in spans.iter().enumerate() {
            if let Some(first) = index.add(span) {
                copies.push((first, place));
            }
        }
        (index, copies)
    }

    /// From now on, what finds the ids of this span finds it.
    fn prefer(&mut self, place: usize) {
        let Ids { trace, span, .. } = self.ids[place];
        let hash = hash(&self.seed, trace, span);
        let is_same = |&other: &u32| self.ids[other as usize].are(trace, span);
        if let Some(found) = self.places.find_mut(hash, is_same) {
            *found = place as u32;
        }
    }

    fn get(&self, trace: u32, span_id: SpanId) -> Option<usize> {
        let hash = hash(&self.seed, trace, span_id);
        let is_it = |&place: &u32| self.ids[place as usize].are(trace, span_id);
        self.places.find(hash, is_it).map(|&place| place as usize)
    }

    fn number(&mut self, trace_id: TraceId) -> u32 {
        if let Some((latest, number)) = self.latest
            && latest == trace_id
        {
            return number;
        }
        let next = self.traces.len() as u32;
        let number = *self.traces.entry(trace_id).or_insert(next);
        self.latest = Some((trace_id, number));
        number
    }
}

// === impl Ids ===

impl Ids {
    fn are(&self, trace: u32, span_id: SpanId) -> bool {
        self.span == span_id && self.trace == trace
    }
}

fn hash(seed: &RandomState, trace: u32, span_id: SpanId) -> u64 {
    seed.hash_one((trace, u64::from_ne_bytes(*span_id.as_bytes())))
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
        unique.index.prefer(server);
    }
    unique.removed = all - unique.spans.len();
    unique
}
