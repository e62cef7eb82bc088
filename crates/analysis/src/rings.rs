//! Opens rings of parents.

use crate::Mark;
use crate::draft::{Draft, rank};

/// Makes a forest of the items: in each ring the span that started first loses its parent, which started later.
pub(crate) fn open(draft: &mut Draft) {
    // The number of the walk that saw each, from 1 on.
    let mut seen_by = vec![0_u32; draft.items.len()];
    let mut walk = 0;
    let mut rings = 0;
    for from in 0..draft.items.len() {
        // In every ring some parent starts no earlier than its child. Walks begin there, and most traces need none.
        let item = &draft.items[from];
        if item
            .parent()
            .is_none_or(|parent| draft.items[parent].start < item.start)
        {
            continue;
        }
        walk += 1;
        let mut place = from;
        while seen_by[place] == 0 {
            seen_by[place] = walk;
            match draft.items[place].parent() {
                Some(parent) => place = parent,
                None => break,
            }
        }
        // Back on the way of this very walk: a ring. A span without a parent was the end of it.
        if seen_by[place] == walk && draft.items[place].parent().is_some() {
            cut(draft, place);
            rings += 1;
        }
    }
    match rings {
        0 => {}
        1 => draft
            .warnings
            .push("1 ring of parents was opened".to_owned()),
        _ => draft
            .warnings
            .push(format!("{rings} rings of parents were opened")),
    }
}

/// Opens the ring that `inside` is part of.
fn cut(draft: &mut Draft, inside: usize) {
    let ring = std::iter::successors(Some(inside), |&place| {
        draft.items[place]
            .parent()
            .filter(|&parent| parent != inside)
    });
    let first = ring.min_by_key(|&place| rank(&draft.spans[place]));
    if let Some(first) = first {
        draft.items[first].set_parent(None);
        draft.items[first].marks.insert(Mark::CycleCut);
    }
}
