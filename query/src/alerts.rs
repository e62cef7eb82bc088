//! Alerts as a part of the query service: what `coldtrace-alerts` decides is read for, explained, kept and delivered here.
//!
//! Not here: when a rule fires, who is told, and what a message looks like, which are pure; and SQL.

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "whoever evaluates rules asks, and is not there yet"
    )
)]
pub(crate) mod why;
