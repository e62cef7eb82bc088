//! Pure functions on the model: from whatever arrived of a journey to a tree that is repaired, marked and explained.
//!
//! Not here: I/O, clocks, wire formats. Invariant: nothing in here fails or panics, whatever the evidence, and the order
//! of the evidence does not matter. Nothing recurses, so that a deep trace costs no stack.
#![warn(missing_docs)]

mod evidence;
mod trace;

pub use evidence::{Evidence, SandboxPhase};
pub use trace::{Mark, Marks, Node, Section, Trace};

/// Rebuilds a journey.
pub fn rebuild(evidence: Evidence) -> Trace {
    drop(evidence);
    unimplemented!("follows in the next commit")
}
