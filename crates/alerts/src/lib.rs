//! Alerts as pure functions: what rules say, when they fire, who is told, and how a message looks.
//!
//! Not here: reading the store, keeping state, sending. Whoever evaluates brings what was counted and the time, and keeps what comes out.
//! Invariant: the same rules, counts and times give the same transitions, so that a back-test tells what would have been.
#![warn(missing_docs)]

mod notice;
mod times;

pub use notice::{
    AlertId, Cause, Change, Comparison, Example, Labels, Link, PathShift, Point, Reading, RuleId,
    Severity, Transition, TransitionId, Unit, Why,
};
