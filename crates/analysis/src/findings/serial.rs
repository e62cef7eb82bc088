//! Different calls one after the other, with nothing between them.

use coldtrace_model::{Nanos, StatusCode};

use super::{Case, Confidence, Finding, FindingKind};

/// A pause of so much of the call before is none.
const PAUSE_SHARE: f64 = 0.05;
/// Nor is one of so much: what it takes to send off the next.
const PAUSE: Nanos = Nanos(200_000);

/// Looks at the calls of one parent; those that are `told` are part of another finding.
pub(super) fn find(case: &Case<'_>, parent: usize, told: &[bool], found: &mut Vec<Finding>) {
    let mut run: Vec<usize> = Vec::new();
    for child in case.children(parent) {
        let is_call = case.is_waited_call(child) && case.critical[child] > Nanos(0) && !told[child];
        let goes_on = is_call && run.last().is_some_and(|&last| follows(case, last, child));
        if !goes_on {
            close(case, parent, &mut run, found);
        }
        if is_call {
            run.push(child);
        }
    }
    close(case, parent, &mut run, found);
}

/// Whether the second began as soon as the first had ended well.
fn follows(case: &Case<'_>, first: usize, second: usize) -> bool {
    let (before, after) = (case.trace.span(first), case.trace.span(second));
    let pause = after.start.since(before.end);
    let longest = PAUSE
        .0
        .max((case.duration(first).0 as f64 * PAUSE_SHARE) as u64);
    after.start >= before.end
        && pause.0 <= longest
        && before.status.code != StatusCode::Error
        && case.operations.get(first) != case.operations.get(second)
}

fn close(case: &Case<'_>, parent: usize, run: &mut Vec<usize>, found: &mut Vec<Finding>) {
    if run.len() < 2 {
        run.clear();
        return;
    }
    let run = std::mem::take(run);
    found.push(Finding {
        kind: FindingKind::SerialCalls,
        node: parent,
        gain: case.all_but_the_longest(&run),
        // One trace can't tell whether a call needs what the one before gave.
        confidence: Confidence::Low,
        evidence: run,
    });
}
