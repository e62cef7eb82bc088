//! Pure functions on the model: from whatever arrived of a journey to a tree that is repaired, marked and explained.
//!
//! Not here: I/O, clocks, wire formats. Invariant: nothing in here fails or panics, whatever the evidence, and the order
//! of the evidence does not matter. Nothing recurses, so that a deep trace costs no stack; nothing takes more than
//! O(n log n).
#![warn(missing_docs)]

pub mod changes;
mod clocks;
pub mod compare;
mod draft;
mod duplicates;
mod ends;
mod evidence;
mod findings;
mod flame;
mod fold;
mod function;
mod hops;
mod order;
mod parents;
mod path;
mod prices;
mod requests;
mod rings;
mod segments;
mod synthesis;
mod trace;
mod verdict;
mod waiting;

use draft::{Draft, Item};
use duplicates::Unique;
use requests::Requests;
use synthesis::Synthesis;

pub use evidence::{Evidence, SandboxPhase};
pub use findings::{Confidence, Finding, FindingKind, Words, findings, length};
pub use flame::{Flame, Frame, FrameSide, PathTree, flame, path_tree};
pub use fold::{Fold, Folded, Room, below, fold};
pub use function::{
    Fault, Figure, FunctionFinding, Gain, Messages, Observed, Profile, Question, SandboxLife,
    VersionCount, explain, profile,
};
pub use hops::{Hop, hops};
pub use prices::{NanoDollars, PRICES_OF, Price, cost};
pub use segments::{Example, Segment, SegmentKey, SegmentSum, segments, summed};
pub use trace::{Mark, Marks, Node, Section, Trace};
pub use verdict::{Category, Part, Verdict, verdict};

/// Rebuilds a journey: every span once, in its place, with what was repaired and where the time went.
pub fn rebuild(evidence: Evidence) -> Trace {
    let mut draft = joined(evidence);
    rings::open(&mut draft);
    clocks::align(&mut draft);
    order::arrange(&mut draft);
    ends::estimate(&mut draft);
    let stretches = waiting::mark(&mut draft);
    Trace::of(draft, &stretches)
}

/// Every span once, with its parent. Nothing that finds spans is needed further on, and others can have its memory.
fn joined(evidence: Evidence) -> Draft {
    let Unique {
        mut spans,
        marks,
        mut index,
        halves,
        removed,
    } = duplicates::remove(evidence.spans);
    let invocations = requests::distinct(evidence.invocations);
    let mut items: Vec<Item> = spans
        .iter()
        .zip(marks)
        .enumerate()
        .map(|(place, (span, marks))| Item::new(place, span, marks))
        .collect();
    let mut requests = Requests::collect(&spans, &items, &invocations, &index);
    Synthesis {
        spans: &mut spans,
        items: &mut items,
        index: &mut index,
        requests: &mut requests,
        invocations: &invocations,
    }
    .complete(evidence.phases);
    let mut draft = Draft {
        spans,
        items,
        invocations,
        warnings: Vec::new(),
    };
    draft.warn(
        removed,
        "was a copy of another and is not shown",
        "were copies of others and are not shown",
    );
    parents::assign(&mut draft, &index, &requests, &halves);
    draft
}
