//! Estimates the ends that nobody told: of spans that were open when their process was killed.
//!
//! Items are in display order.

use coldtrace_model::{Outcome, SpanKind, UnixNanos};

use crate::Mark;
use crate::draft::{Draft, Role};

/// Gives every unfinished item an end.
pub(crate) fn estimate(draft: &mut Draft) {
    let unfinished = draft
        .items
        .iter()
        .filter(|item| item.marks.contains(Mark::Unfinished))
        .count();
    if unfinished == 0 {
        return;
    }
    draft.warn(
        unfinished,
        "has no end; an estimate is shown",
        "have no end; estimates are shown",
    );
    let latest = latest_below(draft);
    for (place, latest) in latest.into_iter().enumerate() {
        if draft.items[place].marks.contains(Mark::Unfinished) {
            let end = match draft.items[place].role {
                Role::Invocation => end_of_invocation(draft, place, latest),
                _ => end_of_work(draft, place, latest),
            };
            draft.items[place].end = end.max(draft.items[place].start);
        }
    }
}

/// The latest end that is known below each item; 0 where none is.
fn latest_below(draft: &Draft) -> Vec<UnixNanos> {
    let mut latest = vec![UnixNanos(0); draft.items.len()];
    for (place, item) in draft.items.iter().enumerate().rev() {
        if let Some(parent) = item.parent() {
            let end = item.end.max(latest[place]);
            latest[parent] = latest[parent].max(end);
        }
    }
    latest
}

/// It was killed at its deadline, or after the last thing that it is known to have done; by then a caller that waited had
/// its answer.
fn end_of_invocation(draft: &Draft, place: usize, latest: UnixNanos) -> UnixNanos {
    let item = &draft.items[place];
    let row = item.invocation().map(|row| &draft.invocations[row]);
    // Deadlines are told by the sandbox's clock, which may have been corrected.
    let deadline = row
        .and_then(|row| row.deadline)
        .map(|deadline| item.start.plus(deadline.since(draft.span(place).start)));
    let is_overdue = row.is_some_and(|row| matches!(row.outcome, Outcome::Timeout | Outcome::Lost));
    let end = match deadline {
        Some(deadline) if is_overdue || latest.is_unknown() => deadline,
        _ => latest,
    };
    match item.parent().map(|parent| &draft.items[parent]) {
        Some(caller) if caller.kind == SpanKind::Client => end.min(caller.end.max(latest)),
        _ => end,
    }
}

/// It was open until its invocation ended.
fn end_of_work(draft: &Draft, place: usize, latest: UnixNanos) -> UnixNanos {
    let item = &draft.items[place];
    match item.parent().map(|parent| draft.items[parent].end) {
        Some(end) if end > item.start => end,
        _ => latest,
    }
}
