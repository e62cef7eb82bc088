//! The order in which spans are shown: a parent before its children, siblings by start.

use coldtrace_model::UnixNanos;

use crate::draft::{Draft, Item, rank};

/// Children by parent, in one allocation.
pub(crate) struct Children {
    /// Where the children of each parent begin in `places`; one more than there are parents.
    starts: Vec<usize>,
    places: Vec<usize>,
}

/// Puts the items into display order; afterwards every parent has a smaller index than its children.
pub(crate) fn arrange(draft: &mut Draft) {
    let by_start = by_start(draft);
    let children = Children::grouped(&by_start, &draft.items);
    let mut order = Vec::with_capacity(draft.items.len());
    let mut stack: Vec<usize> = by_start
        .into_iter()
        .rev()
        .filter(|&place| draft.items[place].parent.is_none())
        .collect();
    while let Some(place) = stack.pop() {
        order.push(place);
        stack.extend(children.of(place).iter().rev());
    }
    let mut moved_to = vec![0; order.len()];
    for (place, &from) in order.iter().enumerate() {
        moved_to[from] = place;
    }
    draft.items = order
        .iter()
        .map(|&from| {
            let item = draft.items[from].clone();
            Item {
                parent: item.parent.map(|parent| moved_to[parent]),
                ..item
            }
        })
        .collect();
}

/// All items by start, those of one moment by their ids.
fn by_start(draft: &Draft) -> Vec<usize> {
    let mut keyed: Vec<(UnixNanos, usize)> = draft
        .items
        .iter()
        .enumerate()
        .map(|(place, item)| (item.start, place))
        .collect();
    keyed.sort_unstable();
    for same_moment in keyed.chunk_by_mut(|a, b| a.0 == b.0) {
        same_moment.sort_unstable_by_key(|&(_, place)| rank(draft.span(place)));
    }
    keyed.into_iter().map(|(_, place)| place).collect()
}

// === impl Children ===

impl Children {
    /// The children of every item, in the order of `order`, which names each item once.
    pub(crate) fn grouped(order: &[usize], items: &[Item]) -> Self {
        let mut starts = vec![0; items.len() + 1];
        for parent in items.iter().filter_map(|item| item.parent) {
            starts[parent + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut next = starts.clone();
        let mut places = vec![0; starts[items.len()]];
        for &place in order {
            if let Some(parent) = items[place].parent {
                places[next[parent]] = place;
                next[parent] += 1;
            }
        }
        Self { starts, places }
    }

    /// The children of one item.
    pub(crate) fn of(&self, parent: usize) -> &[usize] {
        &self.places[self.starts[parent]..self.starts[parent + 1]]
    }

    /// The same, to be put into another order.
    pub(crate) fn of_mut(&mut self, parent: usize) -> &mut [usize] {
        &mut self.places[self.starts[parent]..self.starts[parent + 1]]
    }
}
