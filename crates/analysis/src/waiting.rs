//! Finds the spans that their parents did not wait for, and what of the others was waited for.
//!
//! Items are in display order and have their ends.

use coldtrace_model::{Invocation, Nanos, SpanKind, Trigger, UnixNanos};

use crate::Mark;
use crate::draft::{Draft, Item, Role};

/// A sandbox that was prepared this long before its first invocation was prepared ahead of it: nobody waited.
const AHEAD_OF_DEMAND: Nanos = Nanos::from_millis(10_000);

/// By how much a child may outlive a parent that waited for it: clocks are read one after the other.
const OVERHANG: Nanos = Nanos::from_millis(1);

/// What of an item its parent waited for, if it did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// Its start, or that of the sandbox's preparation before it.
    pub(crate) begin: UnixNanos,
    /// Its end, or where the platform's overheads begin: the sandbox is busy for longer, but for nobody who waits.
    pub(crate) answer: UnixNanos,
}

/// Marks every item that its parent did not wait for. Returns the stretch of each.
pub(crate) fn mark(draft: &mut Draft) -> Vec<Stretch> {
    let whole = |item: &Item| Stretch {
        begin: item.start,
        answer: item.end,
    };
    let mut stretches: Vec<Stretch> = draft.items.iter().map(whole).collect();
    without_overheads(&draft.items, &mut stretches);
    for (place, stretch) in stretches.iter().enumerate() {
        let Some(parent) = draft.items[place].parent() else {
            continue;
        };
        if !is_waited_for(draft, place, parent, stretch.answer) {
            draft.items[place].marks.insert(Mark::Async);
        }
    }
    with_preparations(&draft.items, &mut stretches);
    stretches
}

fn without_overheads(items: &[Item], stretches: &mut [Stretch]) {
    for item in items.iter().filter(|item| item.role == Role::Overhead) {
        if let Some(parent) = item.parent()
            && items[parent].role == Role::Invocation
        {
            // Some are told by a clock of whole milliseconds, which may be behind.
            let begin = item.start.max(items[parent].start);
            stretches[parent].answer = stretches[parent].answer.min(begin);
        }
    }
}

/// A sandbox's preparation may have a part of its own, so that the last come first.
fn with_preparations(items: &[Item], stretches: &mut [Stretch]) {
    for (place, item) in items.iter().enumerate().rev() {
        if let Some(parent) = item.parent()
            && item.role.precedes_invocation()
            && !item.marks.contains(Mark::Async)
        {
            stretches[parent].begin = stretches[parent].begin.min(stretches[place].begin);
        }
    }
}

fn is_waited_for(draft: &Draft, place: usize, parent: usize, answer: UnixNanos) -> bool {
    let (child, parent) = (&draft.items[place], &draft.items[parent]);
    let row = |item: &Item| item.invocation().map(|row| &draft.invocations[row]);
    match child.role {
        Role::Init | Role::InitPart | Role::Restore => is_cold_start(child, parent, row(parent)),
        Role::Overhead | Role::Phase => true,
        Role::Work | Role::Invocation => {
            let is_late = child.start > parent.end;
            !is_late
                && !is_message(child, parent)
                && !row(child).is_some_and(is_event)
                && !outlives(child, parent, answer)
        }
    }
}

/// Whether an invocation waited for a phase of its sandbox's start.
fn is_cold_start(phase: &Item, parent: &Item, row: Option<&Invocation>) -> bool {
    let was_there = row.is_some_and(|row| {
        !row.cold.is_waited_for() && row.init.is_none() && row.restore.is_none()
    });
    let is_ahead = parent.start.since(phase.end) > AHEAD_OF_DEMAND;
    !was_there && !is_ahead
}

/// Whether the child takes what the parent left for it.
fn is_message(child: &Item, parent: &Item) -> bool {
    match (parent.kind, child.kind) {
        (SpanKind::Producer, SpanKind::Consumer | SpanKind::Server)
        | (SpanKind::Client, SpanKind::Consumer) => true,
        _ => child.role == Role::Invocation && parent.kind == SpanKind::Producer,
    }
}

/// Whether it was an event that caused the invocation, for which nobody waits.
fn is_event(row: &Invocation) -> bool {
    matches!(
        row.trigger,
        Trigger::PubSub | Trigger::Datasource | Trigger::Timer
    )
}

/// Whether the child's answer came after its parent's end: fire and forget. A server's answer may have come before its
/// span's end, so that a client waited for it all the same.
fn outlives(child: &Item, parent: &Item, answer: UnixNanos) -> bool {
    let tolerance = OVERHANG.max(Nanos(parent.end.since(parent.start).0 / 100));
    let may_be_left = match child.kind {
        SpanKind::Internal | SpanKind::Producer | SpanKind::Unspecified => true,
        SpanKind::Server => child.role == Role::Invocation && parent.kind != SpanKind::Client,
        SpanKind::Client | SpanKind::Consumer => false,
    };
    may_be_left && answer.since(parent.end) > tolerance
}
