//! The critical path: at every moment of a root, the span that everything waited for.
//!
//! Walked backwards: what ended last is what its parent waited for, and before that came what ended before its start.
//! Time that no child explains is the parent's own. So the sections of a root cover it exactly, without a gap or an
//! overlap.
//!
//! A cold invocation waited for its sandbox before it started: its stretch of the path begins with its init. Whoever calls a
//! function waits until it has answered, not until the sandbox is done. Items are in display order, marked by
//! [`crate::waiting`].

use coldtrace_model::{Nanos, UnixNanos};

use crate::draft::Item;
use crate::order::Children;
use crate::waiting::answers;
use crate::{Mark, Section};

/// The sections of all roots, root by root, each in order of time.
pub(crate) fn critical(items: &[Item], roots: &[usize]) -> Vec<Section> {
    let places: Vec<usize> = (0..items.len()).collect();
    let mut walk = Walk {
        items,
        children: Children::grouped(&places, items),
        begins: begins(items),
        answers: answers(items),
        sections: Vec::new(),
    };
    for &root in roots {
        let from = walk.sections.len();
        walk.root(root);
        walk.sections[from..].reverse();
    }
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
        let Some(parent) = item.parent else {
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

/// When each item begins to be waited for: its start, or that of the sandbox's preparation before it.
fn begins(items: &[Item]) -> Vec<UnixNanos> {
    let mut begins: Vec<UnixNanos> = items.iter().map(|item| item.start).collect();
    for (place, item) in items.iter().enumerate().rev() {
        if let Some(parent) = item.parent
            && item.role.precedes_invocation()
            && is_waited_for(item)
        {
            begins[parent] = begins[parent].min(begins[place]);
        }
    }
    begins
}

struct Walk<'a> {
    items: &'a [Item],
    children: Children,
    begins: Vec<UnixNanos>,
    answers: Vec<UnixNanos>,
    /// Latest first while a root is walked.
    sections: Vec<Section>,
}

/// An item whose stretch from `from` to `to` is being explained, from its end backwards.
struct Frame {
    place: usize,
    from: UnixNanos,
    to: UnixNanos,
    /// What lies after is explained.
    until: UnixNanos,
    /// How many children, by end, have been looked at.
    looked_at: usize,
}

// === impl Walk ===

impl Walk<'_> {
    fn root(&mut self, root: usize) {
        let mut stack = vec![self.frame(root, self.begins[root], self.items[root].end)];
        while let Some(frame) = stack.last_mut() {
            match self.next(frame) {
                Some(child) => stack.push(child),
                None => {
                    self.own(frame.place, frame.from, frame.until);
                    stack.pop();
                }
            }
        }
    }

    /// The next child on the path, going back in time.
    fn next(&mut self, frame: &mut Frame) -> Option<Frame> {
        while frame.until > frame.from {
            let &child = self.children.of(frame.place).get(frame.looked_at)?;
            frame.looked_at += 1;
            if !is_waited_for(&self.items[child]) {
                continue;
            }
            let from = self.begins[child].max(frame.from);
            let to = self.answers[child].min(frame.to);
            if from < to && to <= frame.until {
                self.own(frame.place, to, frame.until);
                frame.until = from;
                return Some(self.frame(child, from, to));
            }
        }
        None
    }

    fn frame(&mut self, place: usize, from: UnixNanos, to: UnixNanos) -> Frame {
        let Self {
            children,
            begins,
            answers,
            ..
        } = self;
        // Equal ends: the later start first, so that what is shorter may stand before what is longer; then as shown.
        children.of_mut(place).sort_unstable_by(|&a, &b| {
            let key = |child: usize| (answers[child], begins[child]);
            key(b).cmp(&key(a)).then(a.cmp(&b))
        });
        Frame {
            place,
            from,
            to,
            until: to,
            looked_at: 0,
        }
    }

    fn own(&mut self, node: usize, start: UnixNanos, end: UnixNanos) {
        if start < end {
            self.sections.push(Section { node, start, end });
        }
    }
}
