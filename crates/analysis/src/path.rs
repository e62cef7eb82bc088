//! The critical path: at every moment of a root, the span that everything waited for.
//!
//! Walked backwards: what ended last is what its parent waited for, and before that came what ended before its start.
//! Time that no child explains is the parent's own. So the sections of a root cover it exactly, without a gap or an
//! overlap.
//!
//! A cold invocation waited for its sandbox before it started: its stretch of the path begins with its init. Whoever calls a
//! function waits until it has answered, not until the sandbox is done. Items are in display order, marked by
//! [`crate::waiting`].

use std::cmp::Reverse;

use coldtrace_model::{Nanos, UnixNanos};

use crate::draft::{Item, Place};
use crate::order::Subtrees;
use crate::waiting::Stretch;
use crate::{Mark, Section};

/// The sections of all roots, root by root, each in order of time.
pub(crate) fn critical(items: &[Item], stretches: &[Stretch], roots: &[usize]) -> Vec<Section> {
    let mut walk = Walk {
        items,
        stretches,
        subtrees: Subtrees::of(items.iter().map(Item::parent)),
        candidates: Vec::new(),
        // Each item is walked through once: it has a section of its own, and of its parent one may end where it begins.
        sections: Vec::with_capacity(2 * items.len()),
    };
    let mut stack = Vec::with_capacity(items.len());
    for &root in roots {
        let from = walk.sections.len();
        walk.root(root, &mut stack);
        walk.sections[from..].reverse();
    }
    walk.sections.shrink_to_fit();
    walk.sections
}

/// Length of every item without the union of the children that it waited for.
pub(crate) fn self_times(items: &[Item]) -> Vec<Nanos> {
    let mut own: Vec<Nanos> = items
        .iter()
        .map(|item| item.end.since(item.start))
        .collect();
    // Siblings come by start, so that one mark per parent tells how far it is covered.
    let mut covered: Vec<UnixNanos> = items.iter().map(|item| item.start).collect();
    for item in items.iter().filter(|item| is_waited_for(item)) {
        let Some(parent) = item.parent() else {
            continue;
        };
        let from = item.start.max(covered[parent]);
        let to = item.end.min(items[parent].end);
        if from < to {
            own[parent].0 -= to.since(from).0;
            covered[parent] = to;
        }
    }
    own
}

fn is_waited_for(item: &Item) -> bool {
    !item.marks.contains(Mark::Async)
}

struct Walk<'a> {
    items: &'a [Item],
    stretches: &'a [Stretch],
    subtrees: Subtrees,
    /// Of every frame the children that it may have waited for and that were not looked at, by their answers. Those of the
    /// last frame stand last.
    candidates: Vec<Place>,
    /// Latest first while a root is walked.
    sections: Vec<Section>,
}

/// An item whose stretch from `from` to `to` is being explained, from its end backwards.
struct Frame {
    place: Place,
    /// Where its candidates begin.
    candidates: u32,
    from: UnixNanos,
    to: UnixNanos,
    /// What lies after is explained.
    until: UnixNanos,
}

// === impl Walk ===

impl Walk<'_> {
    fn root(&mut self, root: usize, stack: &mut Vec<Frame>) {
        let (from, to) = (self.stretches[root].begin, self.items[root].end);
        stack.push(self.frame(Place::new(root), from, to));
        while let Some(frame) = stack.last_mut() {
            match self.next(frame) {
                Some(child) => stack.push(child),
                None => {
                    self.candidates.truncate(frame.candidates as usize);
                    self.own(frame.place, frame.from, frame.until);
                    stack.pop();
                }
            }
        }
    }

    /// The next child on the path, going back in time.
    fn next(&mut self, frame: &mut Frame) -> Option<Frame> {
        while frame.until > frame.from && self.candidates.len() > frame.candidates as usize {
            let child = self.candidates.pop()?;
            let (from, to) = self.within(child, frame.from, frame.to);
            if to <= frame.until {
                self.own(frame.place, to, frame.until);
                frame.until = from;
                return Some(self.frame(child, from, to));
            }
        }
        None
    }

    fn frame(&mut self, place: Place, from: UnixNanos, to: UnixNanos) -> Frame {
        let begin = self.candidates.len();
        for child in self.subtrees.children(place.index()) {
            let child = Place::new(child);
            let (begins, answers) = self.within(child, from, to);
            if is_waited_for(&self.items[child.index()]) && begins < answers {
                self.candidates.push(child);
            }
        }
        // Equal ends: the later start first, so that what is shorter may stand before what is longer; then as shown.
        let key = |child: Place| {
            let stretch = &self.stretches[child.index()];
            (stretch.answer, stretch.begin, Reverse(child))
        };
        self.candidates[begin..].sort_unstable_by_key(|&child| key(child));
        Frame {
            place,
            candidates: begin as u32,
            from,
            to,
            until: to,
        }
    }

    /// What of an item's stretch lies between two moments; it ends before it begins where nothing does.
    fn within(&self, place: Place, from: UnixNanos, to: UnixNanos) -> (UnixNanos, UnixNanos) {
        let stretch = &self.stretches[place.index()];
        (stretch.begin.max(from), stretch.answer.min(to))
    }

    fn own(&mut self, place: Place, start: UnixNanos, end: UnixNanos) {
        if start < end {
            let node = place.index();
            self.sections.push(Section { node, start, end });
        }
    }
}
