//! Lost invocations, as SQL: those whose end was not told and whose deadline is long over (`Outcome::lost_before`).
//!
//! Time passes without a row that changes. So nothing that is stored says that an invocation is lost: rows say that it has no end, and
//! rollups count such by the minute of their deadline. Who reads decides, by the time of reading; and a fact that comes late
//! is a row like any other.

use coldtrace_model::{Outcome, UnixNanos};

/// In nanoseconds.
const MINUTE: u64 = 60_000_000_000;

/// Of merged rows, those without an end that may be lost one day.
pub(crate) const OPEN: &str = "outcome = 0 AND deadline_unix_ns != 0";

/// The outcome by now of an invocation with these columns.
pub(crate) fn outcome(outcome: &str, deadline: &str, now: UnixNanos) -> String {
    let (before, lost) = (Outcome::lost_before(now).0, Outcome::Lost.number());
    format!(
        "if({outcome} = 0 AND {deadline} != 0 AND {deadline} < {before}, toUInt8({lost}), {outcome})"
    )
}

/// The minute of a deadline, as a number.
pub(crate) fn minute_of(deadline: &str) -> String {
    format!("toUInt32(intDiv({deadline}, {MINUTE}))")
}

/// Of deadlines by the minute, those that make an invocation lost by now.
pub(crate) fn is_past(minute: &str, now: UnixNanos) -> String {
    format!("{minute} < {}", Outcome::lost_before(now).0 / MINUTE)
}

/// How many of those that are counted by the minute of their deadline are lost by now.
pub(crate) fn count(by_minute: &str, now: UnixNanos) -> String {
    let is_past = is_past("deadline", now);
    format!(
        "arraySum((deadline, open) -> if({is_past}, open, 0), mapKeys({by_minute}), mapValues({by_minute}))"
    )
}
