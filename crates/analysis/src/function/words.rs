//! A function's finding in a sentence, and the question that shows it.

use coldtrace_model::{Nanos, PhaseKind};

use super::{Fault, Figure, FunctionFinding, Question};
use crate::{Words, length};

// Numbers that sentences name.
pub(super) const TIMES: &str = "times";
pub(super) const TYPICAL: &str = "typical";
pub(super) const USUAL: &str = "usual";
pub(super) const MEMORY: &str = "memory";
pub(super) const BETTER: &str = "suggested_memory";
pub(super) const PEAK: &str = "most_used";
pub(super) const EACH: &str = "each_invocation";
pub(super) const UNTIL: &str = "invocations_until_the_limit";
pub(super) const NOW: &str = "failing";
pub(super) const BEFORE: &str = "failing_before";

/// All traces of a function.
pub(super) fn of_function(function: &str) -> Question {
    Question::Traces(format!(
        "{{ resource.service.name = {} }}",
        quoted(function)
    ))
}

/// Those with more spans of one name than so many.
pub(super) fn of_spans(function: &str, span: &str, more_than: u32) -> Question {
    let filter = filter(function, span);
    Question::Traces(match more_than {
        0 | 1 => format!("{{ {filter} }}"),
        _ => format!("{{ {filter} }} | count() > {more_than}"),
    })
}

/// Those with a span of one name that took longer.
pub(super) fn of_slow_spans(function: &str, span: &str, longer: Nanos) -> Question {
    let micros = longer.0 / 1_000;
    let filter = filter(function, span);
    Question::Traces(format!("{{ {filter} && duration > {micros}us }}"))
}

/// Those that took a message.
pub(super) fn of_messages(function: &str) -> Question {
    let name = quoted(function);
    Question::Traces(format!(
        "{{ resource.service.name = {name} && span.messaging.message.id != nil }}"
    ))
}

fn filter(function: &str, span: &str) -> String {
    let (service, name) = (quoted(function), quoted(span));
    format!("resource.service.name = {service} && name = {name}")
}

/// A text in TraceQL.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

// === impl FunctionFinding ===

impl FunctionFinding {
    /// In words, the same wherever it is read.
    pub fn words(&self) -> Words {
        let (about, share) = (&self.about, percent(self.share));
        let told = |name| self.told(name);
        let (title, text) = match self.fault {
            Fault::Timeouts => (
                "Runs into its time limit".to_owned(),
                format!(
                    "{share} of invocations end after {} with no answer; the others take {}.{}",
                    told(TYPICAL),
                    told(USUAL),
                    match about.is_empty() {
                        true => String::new(),
                        false => format!(" Most of them were waiting for {about}."),
                    }
                ),
            ),
            Fault::ErrorRegression => (
                format!("Version {about} fails more often"),
                format!(
                    "{} of its invocations fail; before it {} did.",
                    told(NOW),
                    told(BEFORE)
                ),
            ),
            Fault::MemoryLeak => (
                "Memory grows with every invocation".to_owned(),
                format!(
                    "{} each: a sandbox reaches its {} after some {} invocations.",
                    told(EACH),
                    told(MEMORY),
                    told(UNTIL)
                ),
            ),
            Fault::RepeatedCalls => (
                format!("The same call {} times", told(TIMES)),
                format!(
                    "{about}, one after the other in {share} of traces. Asked once for all, they would take {} less.",
                    told(TYPICAL)
                ),
            ),
            Fault::SerialCalls => (
                format!("{} calls, one after the other", told(TIMES)),
                format!(
                    "{about}, in {share} of traces. If none needs the one before, made at once they take {} less.",
                    told(TYPICAL)
                ),
            ),
            Fault::Retries => (
                format!("Tried {} times", told(TIMES)),
                format!(
                    "{about} fails in {share} of traces; {} pass until the last attempt.",
                    told(TYPICAL)
                ),
            ),
            Fault::SlowDependency => (
                format!("{about} is slow now and then"),
                format!(
                    "{share} of traces wait {} for it; the others {}.",
                    told(TYPICAL),
                    told(USUAL)
                ),
            ),
            Fault::ColdStarts => (
                "Cold starts".to_owned(),
                format!(
                    "{share} of invocations wait {} for their sandbox.",
                    told(TYPICAL)
                ),
            ),
            Fault::InitPhase if about == PhaseKind::ExtensionInit.as_str() => (
                "Extensions hold up cold starts".to_owned(),
                format!("A cold start waits {} for its extensions.", told(TYPICAL)),
            ),
            Fault::InitPhase => (
                format!("Cold starts wait for {about}"),
                format!("A cold start waits {} for it.", told(TYPICAL)),
            ),
            Fault::CpuStarved => (
                "Too little processor".to_owned(),
                format!(
                    "With {} it has a share of a processor and uses it up; with {} it has a whole one.",
                    told(MEMORY),
                    told(BETTER)
                ),
            ),
            Fault::OverProvisioned => (
                "More memory than it uses".to_owned(),
                format!(
                    "It has {} and never used more than {}; {} would do.",
                    told(MEMORY),
                    told(PEAK),
                    told(BETTER)
                ),
            ),
            Fault::QueueWait => (
                "Messages lie in a queue".to_owned(),
                format!("{share} of traces wait {} behind {about}.", told(TYPICAL)),
            ),
            Fault::Recursion => (
                "Calls itself".to_owned(),
                format!("{} times over, in {share} of traces.", told(TIMES)),
            ),
            Fault::DuplicateProcessing => (
                "Processes messages more than once".to_owned(),
                format!("{share} of what it does for messages it has done before."),
            ),
        };
        Words { title, text }
    }

    fn told(&self, name: &str) -> String {
        let figure = self.evidence.iter().find(|(known, _)| *known == name);
        figure.map_or_else(String::new, |(_, figure)| figure.text())
    }
}

// === impl Figure ===

impl Figure {
    /// For people, with its unit.
    pub fn text(self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Share(share) => percent(share),
            Self::Length(nanos) => length(nanos),
            Self::Size(size) => match size.0 {
                bytes @ ..1_024 => format!("{bytes} B"),
                bytes @ ..1_048_576 => format!("{} kB", bytes >> 10),
                bytes => format!("{} MB", bytes >> 20),
            },
        }
    }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "none".to_owned(),
        _ if percent < 0.995 => format!("{percent:.2} %"),
        _ if percent < 9.95 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}
