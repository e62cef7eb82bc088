//! A function's errors in the terminal: those that are alike as one, the most frequent first.

use std::fmt::Write as _;

use coldtrace_model::UnixNanos;
use serde::Deserialize;

use crate::api::{age, nanos, plain};

/// So many are told.
pub(super) const GROUPS: usize = 5;
/// In characters, of a message: a line or two.
const LONGEST: usize = 160;

/// The schema `ErrorList`, as far as it is told here.
#[derive(Deserialize)]
pub(super) struct Reply {
    errors: Vec<Group>,
    total: u64,
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "type")]
    error_type: String,
    message: String,
    state: String,
    count: String,
    share: f64,
    first_seen: String,
    first_version: String,
    last_seen: String,
    examples: Vec<String>,
}

/// What went wrong; nothing where nothing did.
pub(super) fn told(reply: &Reply, now: UnixNanos, out: &mut String) {
    if reply.errors.is_empty() {
        return;
    }
    writeln!(out, "\nErrors").ok();
    for group in &reply.errors {
        group.told(now, out);
    }
    let more = reply.total.saturating_sub(reply.errors.len() as u64);
    if more > 0 {
        writeln!(out, "  and {more} more kinds of errors").ok();
    }
}

// === impl Group ===

impl Group {
    fn told(&self, now: UnixNanos, out: &mut String) {
        let state = match self.state.as_str() {
            "new" => ", new",
            "regressed" => ", came back",
            _ => "",
        };
        let message = match self.message.is_empty() {
            true => String::new(),
            false => format!(": {}", shortened(&plain(&self.message))),
        };
        let error_type = plain(&self.error_type);
        writeln!(out, "  {error_type}{message}").ok();
        let ago = |time: &str| age(now.0.saturating_sub(nanos(time)));
        let version = match self.first_version.is_empty() {
            true => String::new(),
            false => format!(" in version {}", plain(&self.first_version)),
        };
        let example = self.examples.first();
        let example = example.map_or_else(String::new, |id| format!(", such as {}", plain(id)));
        writeln!(
            out,
            "    {} times, {:.2} % of invocations{state}; first {} ago{version}, last {} ago{example}",
            self.count,
            self.share * 100.0,
            ago(&self.first_seen),
            ago(&self.last_seen),
        )
        .ok();
    }
}

fn shortened(text: &str) -> String {
    match text.chars().nth(LONGEST) {
        None => text.to_owned(),
        Some(_) => text.chars().take(LONGEST).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::read;

    #[test]
    fn errors_are_told_with_since_when_and_how_many() {
        let reply = r#"{"total":7,"next_cursor":null,"start":"0","step":"300000000000","errors":[
            {"group":"00","function":"checkout","type":"ValueError","message":"order * is\u001b[31m gone","seen":"order 7 is gone",
             "state":"new","count":"12","share":0.0123,"first_seen":"1000000000000","first_version":"42","last_seen":"9000000000000",
             "examples":["req-1","req-2"],"series":["12"]},
            {"group":"01","function":"checkout","type":"lost","message":"","seen":"","state":"ongoing","count":"1","share":0.001,
             "first_seen":"1000000000000","first_version":"","last_seen":"9000000000000","examples":[],"series":["1"]}]}"#;
        let mut out = String::new();
        let now = UnixNanos(10_000_000_000_000);
        told(&read(reply).expect("a reply"), now, &mut out);
        insta::assert_snapshot!(out, @r"

        Errors
          ValueError: order * is [31m gone
            12 times, 1.23 % of invocations, new; first 2 h ago in version 42, last 16 min ago, such as req-1
          lost
            1 times, 0.10 % of invocations; first 2 h ago, last 16 min ago
          and 5 more kinds of errors
        ");
        let mut out = String::new();
        let none = r#"{"total":0,"errors":[]}"#;
        told(&read(none).expect("a reply"), now, &mut out);
        assert_eq!(out, "");
    }

    #[test]
    fn a_long_message_is_cut() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"ä".repeat(500)).chars().count(), LONGEST + 1);
    }
}
