//! A rebuilt journey.

use std::fmt;

use coldtrace_model::{Nanos, Span, SpanKind, UnixNanos};

use crate::draft::{Draft, Role};
use crate::path;
use crate::waiting::Stretch;

/// A journey as a forest, with what had to be repaired and where its time went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The earliest start of a node.
    pub start: UnixNanos,
    /// The latest end of a node.
    pub end: UnixNanos,
    /// Every span once. Times are repaired where the marks of its node say so; ids and parent are as the client sent them.
    /// Spans are large, so they stay in the order in which they came, and [`Node::span`] finds them.
    pub spans: Vec<Span>,
    /// A node per span, in display order: a parent before its children, siblings by start.
    pub nodes: Vec<Node>,
    /// Indexes of the nodes without a parent, in display order.
    pub roots: Vec<usize>,
    /// Root by root, disjoint sections in order of time: together they cover the root exactly, from its start to its end.
    /// The stretch of an invocation that waited for its sandbox begins with its init, before its own start.
    pub critical_path: Vec<Section>,
    /// What was repaired, in words for people.
    pub warnings: Vec<String>,
}

/// The place of one span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Index into `Trace::spans`.
    pub span: usize,
    /// Index of the node under which it stands after repair; always smaller than its own.
    pub parent: Option<usize>,
    /// Steps up to its root.
    pub depth: u32,
    /// Its time without the union of the children that it waited for.
    pub self_time: Nanos,
    /// Sum of its sections of the critical path.
    pub critical_time: Nanos,
    /// What was repaired about it.
    pub marks: Marks,
    /// Its span's. Who looks at every node looks here: a span is far away, and most are of no interest.
    pub(crate) kind: SpanKind,
    /// Its span's, too.
    pub(crate) role: Role,
}

/// A stretch of the critical path, which `node` itself is to blame for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Index into `Trace::nodes`.
    pub node: usize,
    /// First moment inside.
    pub start: UnixNanos,
    /// First moment after; always later than `start`.
    pub end: UnixNanos,
}

/// Something that was repaired about a span, or that explains its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mark {
    /// It names a parent that never arrived, and nothing tells where it belongs: it stands as a root.
    Orphan,
    /// Its place was derived from its request, not from the parent that it names.
    Adopted,
    /// Its ancestors formed a ring, which was cut above it.
    CycleCut,
    /// It came more than once; the most complete copy was kept.
    DuplicateRemoved,
    /// Nobody told its end; the end is an estimate.
    Unfinished,
    /// It ended before it started; it was given no length.
    EndsBeforeStart,
    /// Its parent did not wait for it.
    Async,
    /// Its times were shifted by the difference of two clocks.
    SkewCorrected,
}

/// A set of marks.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Marks(u8);

// === impl Trace ===

impl Trace {
    /// The span of the node at `place`.
    pub fn span(&self, place: usize) -> &Span {
        &self.spans[self.nodes[place].span]
    }

    /// The trace of a draft whose items are in display order, with everything repaired.
    pub(crate) fn of(draft: Draft, stretches: &[Stretch]) -> Self {
        let items = &draft.items;
        let roots: Vec<usize> = (0..items.len())
            .filter(|&place| items[place].parent().is_none())
            .collect();
        let critical_path = path::critical(items, stretches, &roots);
        let mut nodes: Vec<Node> = Vec::with_capacity(items.len());
        for (item, self_time) in items.iter().zip(path::self_times(items)) {
            let parent = item.parent();
            nodes.push(Node {
                span: item.span.index(),
                parent,
                depth: parent.map_or(0, |parent| nodes[parent].depth + 1),
                self_time,
                critical_time: Nanos(0),
                marks: item.marks,
                kind: item.kind,
                role: item.role,
            });
        }
        for section in &critical_path {
            nodes[section.node].critical_time.0 += section.end.since(section.start).0;
        }
        let start = items.iter().map(|item| item.start).min();
        let end = items.iter().map(|item| item.end).max();
        let mut spans = draft.spans;
        // Only what was repaired: to look at every span would take longer than all the rest.
        for item in items.iter().filter(|item| item.is_of_other_times()) {
            let span = &mut spans[item.span.index()];
            (span.start, span.end) = (item.start, item.end);
        }
        Self {
            start: start.unwrap_or_default(),
            end: end.unwrap_or_default(),
            spans,
            nodes,
            roots,
            critical_path,
            warnings: draft.warnings,
        }
    }
}

// === impl Mark ===

impl Mark {
    /// All marks.
    pub const ALL: [Self; 8] = [
        Self::Orphan,
        Self::Adopted,
        Self::CycleCut,
        Self::DuplicateRemoved,
        Self::Unfinished,
        Self::EndsBeforeStart,
        Self::Async,
        Self::SkewCorrected,
    ];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orphan => "orphan",
            Self::Adopted => "adopted",
            Self::CycleCut => "cycle_cut",
            Self::DuplicateRemoved => "duplicate_removed",
            Self::Unfinished => "unfinished",
            Self::EndsBeforeStart => "ends_before_start",
            Self::Async => "async",
            Self::SkewCorrected => "skew_corrected",
        }
    }
}

// === impl Marks ===

impl Marks {
    /// Adds a mark.
    pub fn insert(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u8;
    }

    /// True if the mark is set.
    pub const fn contains(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u8) != 0
    }

    /// True if nothing is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The marks that are set, in the order of [`Mark::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL
            .into_iter()
            .filter(move |&mark| self.contains(mark))
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let mut set = Self::default();
        marks.into_iter().for_each(|mark| set.insert(mark));
        set
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Mark::as_str))
            .finish()
    }
}
