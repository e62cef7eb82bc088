//! The order in which spans are shown: a parent before its children, siblings by start.
//!
//! So all that is below a span follows it, and children are found without a list of them.

use coldtrace_model::UnixNanos;

use crate::draft::{Draft, Item, Place, rank};

/// A forest as chains of siblings.
struct Chains {
    first_root: Option<Place>,
    links: Vec<Links>,
}

#[derive(Clone, Copy, Default)]
struct Links {
    first_child: Option<Place>,
    next_sibling: Option<Place>,
}

/// How far what is below each reaches, of what is in display order.
pub(crate) struct Subtrees {
    /// One more than the last index below.
    ends: Vec<u32>,
}

/// Puts the items into display order; afterwards every parent has a smaller index than its children.
pub(crate) fn arrange(draft: &mut Draft) {
    let by_start = by_start(draft);
    let parents = parents(&by_start, &draft.items);
    let order = Chains::linked(&parents).walked();
    let mut moved_to = vec![Place::new(0); order.len()];
    for (to, from) in order.iter().enumerate() {
        moved_to[from.index()] = Place::new(to);
    }
    let moved = |from: &Place| {
        let mut item = draft.items[by_start[from.index()].index()];
        let parent = parents[from.index()];
        item.set_parent(parent.map(|parent| moved_to[parent.index()].index()));
        item
    };
    draft.items = order.iter().map(moved).collect();
}

/// All items by start, those of one moment by their ids.
fn by_start(draft: &Draft) -> Vec<Place> {
    let mut keyed: Vec<(UnixNanos, Place)> = draft
        .items
        .iter()
        .enumerate()
        .map(|(place, item)| (item.start, Place::new(place)))
        .collect();
    keyed.sort_unstable_by_key(|&(start, _)| start);
    for same_moment in keyed.chunk_by_mut(|a, b| a.0 == b.0) {
        if same_moment.len() > 1 {
            same_moment.sort_unstable_by_key(|&(_, place)| rank(draft.span(place.index())));
        }
    }
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// The parent of each, in the order of starts. A trace grows by time, so that from here on a walk through it is one
/// through memory, for the most part.
fn parents(by_start: &[Place], items: &[Item]) -> Vec<Option<Place>> {
    let mut moved_to = vec![Place::new(0); by_start.len()];
    for (to, from) in by_start.iter().enumerate() {
        moved_to[from.index()] = Place::new(to);
    }
    let parent = |place: &Place| items[place.index()].parent();
    by_start
        .iter()
        .map(|place| parent(place).map(|parent| moved_to[parent]))
        .collect()
}

// === impl Chains ===

impl Chains {
    /// Of these parents; siblings are in the order in which they stand here.
    fn linked(parents: &[Option<Place>]) -> Self {
        let mut first_root = None;
        let mut links = vec![Links::default(); parents.len()];
        for (place, parent) in parents.iter().enumerate().rev() {
            let first = match parent {
                Some(parent) => &mut links[parent.index()].first_child,
                None => &mut first_root,
            };
            links[place].next_sibling = first.replace(Place::new(place));
        }
        Self { first_root, links }
    }

    /// All of it, a parent before its children.
    fn walked(&self) -> Vec<Place> {
        let mut order = Vec::with_capacity(self.links.len());
        let mut ahead = Vec::from_iter(self.first_root);
        while let Some(place) = ahead.pop() {
            order.push(place);
            let links = self.links[place.index()];
            ahead.extend(links.next_sibling);
            ahead.extend(links.first_child);
        }
        order
    }
}

// === impl Subtrees ===

impl Subtrees {
    /// Of these parents, in display order.
    pub(crate) fn of<P>(parents: P) -> Self
    where
        P: DoubleEndedIterator<Item = Option<usize>> + ExactSizeIterator,
    {
        let mut ends: Vec<u32> = (1..=parents.len() as u32).collect();
        for (place, parent) in parents.enumerate().rev() {
            if let Some(parent) = parent {
                ends[parent] = ends[parent].max(ends[place]);
            }
        }
        Self { ends }
    }

    /// One more than the last index below.
    pub(crate) fn end(&self, place: usize) -> usize {
        self.ends[place] as usize
    }

    /// In display order.
    pub(crate) fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        let end = self.end(parent);
        let next = move |place: usize| (place < end).then_some(place);
        std::iter::successors(next(parent + 1), move |&child| next(self.end(child)))
    }
}
