//! A finding in a sentence, the same wherever it is read.

use coldtrace_model::{AttributeValue, Nanos, Span, attribute};

use super::operation::endpoint;
use super::{Finding, FindingKind};
use crate::Trace;

/// Of several names, so many are told.
const NAMES: usize = 3;
/// Where a call went, by the names that conventions have had for it.
const TARGETS: [&str; 5] = [
    "server.address",
    "peer.service",
    "net.peer.name",
    "messaging.destination.name",
    "db.namespace",
];

/// A finding for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it is.
    pub title: String,
    /// What was seen, and what its end would save.
    pub text: String,
}

// === impl Finding ===

impl Finding {
    /// This finding of that trace in words.
    pub fn words(&self, trace: &Trace) -> Words {
        let count = self.evidence.len();
        let (first, last) = (self.evidence[0], self.evidence[count - 1]);
        let (about, first, last) = (
            name(trace, self.node),
            name(trace, first),
            name(trace, last),
        );
        let gain = length(self.gain);
        let (title, text) = match self.kind {
            FindingKind::RepeatedCalls => (
                format!("The same call {count} times"),
                format!(
                    "{first}, one after the other below {about}. Asked once for all, they would take {gain} less."
                ),
            ),
            FindingKind::SerialCalls => (
                format!("{count} calls, one after the other"),
                format!(
                    "{}. If none needs the one before, made at once they take {gain} less.",
                    self.names(trace)
                ),
            ),
            FindingKind::Retries => (
                format!("Tried {count} times"),
                format!("{first} failed; {gain} passed until the last attempt began."),
            ),
            FindingKind::ColdStart => (
                "Cold start".to_owned(),
                format!("{about} waited {gain} for its sandbox."),
            ),
            FindingKind::TimeoutSuspect => (
                "Open when the time was up".to_owned(),
                format!("{last} had not answered for {gain}."),
            ),
            FindingKind::QueueWait => (
                "Lay in a queue".to_owned(),
                format!("{gain} between {first} and {last}."),
            ),
            FindingKind::Recursion => (
                "Calls itself".to_owned(),
                format!("{about} stands below itself, {count} times over."),
            ),
        };
        Words { title, text }
    }

    /// The first of those that show it.
    fn names(&self, trace: &Trace) -> String {
        let names: Vec<String> = self
            .evidence
            .iter()
            .take(NAMES)
            .map(|&place| name(trace, place))
            .collect();
        match self.evidence.len() - names.len() {
            0 => names.join(", "),
            rest => format!("{} and {rest} more", names.join(", ")),
        }
    }
}

/// A span's name, with where it went unless that says so.
pub(crate) fn name(trace: &Trace, place: usize) -> String {
    let span = trace.span(place);
    let target = target(span);
    match target.is_empty() || span.name.contains(target) {
        true => span.name.clone(),
        false => format!("{} {target}", span.name),
    }
}

/// Where a call went; empty where it doesn't say.
pub(crate) fn target(span: &Span) -> &str {
    let told = TARGETS
        .iter()
        .find_map(|key| attribute(&span.attributes, key));
    let target = told.and_then(AttributeValue::as_str);
    target.or_else(|| endpoint(span)).unwrap_or_default()
}

/// A length of time for people: three digits and a unit.
pub fn length(length: Nanos) -> String {
    let (number, unit) = match length.0 as f64 {
        nanos if nanos < 1e6 => (nanos / 1e3, "µs"),
        nanos if nanos < 1e9 => (nanos / 1e6, "ms"),
        nanos => (nanos / 1e9, "s"),
    };
    let decimals = match number {
        number if number < 9.995 => 2,
        number if number < 99.95 => 1,
        _ => 0,
    };
    let digits = format!("{number:.decimals$}");
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => &digits,
    };
    format!("{digits} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_three_digits() {
        let cases = [
            (0, "0 µs"),
            (1_500, "1.5 µs"),
            (999_999, "1000 µs"),
            (23_456_000, "23.5 ms"),
            (100_000_000, "100 ms"),
            (1_243_000_000, "1.24 s"),
            (61_000_000_000, "61 s"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(length(Nanos(nanos)), expected, "{nanos}");
        }
    }
}
