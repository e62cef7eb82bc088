//! One invocation in a sentence, and the parts that it is made of.

use coldtrace_model::{AttributeValue, Invocation, Nanos, Outcome, attribute};

use crate::draft::Role;
use crate::findings::{Operations, name};
use crate::function::{alone, below, nearest_invocation, place_of, waited};
use crate::{Finding, FindingKind, Trace, length};

/// A part that is less of the whole is not named in the sentence.
const LEAST_SHARE: f64 = 0.25;

/// What became of an invocation, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// In one sentence.
    pub text: String,
    /// What somebody waited for, the longest first. Together they are its critical path, and the wait of its message before.
    pub parts: Vec<Part>,
}

/// A part of an invocation's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it was spent on.
    pub category: Category,
    /// The call, where it was one; else empty.
    pub about: String,
    /// How much.
    pub length: Nanos,
}

/// What time is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// A message that lay in a queue.
    QueueWait,
    /// The start of a sandbox, of which no more is known.
    Init,
    /// Extensions before the runtime started.
    ExtensionInit,
    /// The runtime and the function's module.
    RuntimeInit,
    /// The restore of a snapshot.
    Restore,
    /// The function's own work.
    Handler,
    /// A call that was waited for.
    Downstream,
    /// From the response's end to the runtime's next call.
    RuntimeOverhead,
    /// From there to the last extension's.
    ExtensionOverhead,
}

/// The verdict on an invocation of a trace, whose invocations and findings these are.
pub fn verdict(
    trace: &Trace,
    invocations: &[Invocation],
    found: &[Finding],
    invocation: &Invocation,
) -> Verdict {
    let parts = parts(trace, invocations, found, invocation);
    Verdict {
        text: sentence(trace, found, invocation, &parts),
        parts,
    }
}

fn parts(
    trace: &Trace,
    invocations: &[Invocation],
    found: &[Finding],
    invocation: &Invocation,
) -> Vec<Part> {
    let Some(place) = place_of(trace, &invocation.request_id) else {
        return Vec::new();
    };
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |category, about: &str, length: Nanos| {
        let is_same = |part: &&mut Part| part.category == category && part.about == about;
        match parts.iter_mut().find(is_same) {
            _ if length == Nanos(0) => {}
            Some(part) => part.length = part.length.plus(length),
            None => parts.push(Part {
                category,
                about: about.to_owned(),
                length,
            }),
        }
    };
    for finding in found {
        let is_its = nearest_invocation(trace, finding.node) == Some(place);
        if finding.kind == FindingKind::QueueWait && is_its {
            add(Category::QueueWait, "", finding.gain);
        }
    }
    let own = alone(trace, invocations, place);
    let trace = own.as_ref().unwrap_or(trace);
    let place = place_of(trace, &invocation.request_id).unwrap_or(0);
    let operations = Operations::of(trace);
    for (at, call) in below(trace, &operations, place) {
        let critical = trace.nodes[at].critical_time;
        match call {
            Some(call) => add(Category::Downstream, &name(trace, call), critical),
            None => add(Category::of(trace, at), "", critical),
        }
    }
    parts.sort_by(|a, b| (b.length, a.category, &a.about).cmp(&(a.length, b.category, &b.about)));
    parts
}

fn sentence(trace: &Trace, found: &[Finding], invocation: &Invocation, parts: &[Part]) -> String {
    let took = invocation
        .duration
        .map(|duration| match waited(invocation) {
            Nanos(0) => length(duration),
            wait => format!("{} with its start", length(duration.plus(wait))),
        });
    let error = match failed_by(trace, invocation) {
        "" => String::new(),
        error => format!(" ({error})"),
    };
    match (invocation.outcome, took) {
        (Outcome::Running, _) => "Still running, or nobody told its end.".to_owned(),
        (Outcome::Lost, _) => "Started, and never heard of again.".to_owned(),
        (Outcome::OutOfMemory, _) => format!("Ran out of memory{}.", of_memory(invocation)),
        (Outcome::Timeout, took) => {
            let after = took.map_or_else(String::new, |took| format!(" after {took}"));
            match suspect(trace, found, invocation) {
                Some(suspect) => format!("Ran into its time limit{after}, while {suspect}."),
                None => format!("Ran into its time limit{after}{}.", mostly(parts)),
            }
        }
        (Outcome::InitError, _) => format!("Its sandbox could not be started{error}."),
        (Outcome::Crash, took) => {
            let after = took.map_or_else(String::new, |took| format!(" after {took}"));
            format!("Its process ended{after}{error}.")
        }
        (Outcome::Error, Some(took)) => format!("Failed after {took}{error}{}.", mostly(parts)),
        (Outcome::Error, None) => format!("Failed{error}."),
        (Outcome::Ok, Some(took)) => format!("Took {took}{}.", mostly(parts)),
        (Outcome::Ok, None) => "Ended well; nobody told how long it took.".to_owned(),
    }
}

/// What it failed by: where the function itself ended, the exception that its own span tells, else the platform's class of error.
fn failed_by<'a>(trace: &'a Trace, invocation: &'a Invocation) -> &'a str {
    let is_own = |place: &usize| {
        let origin = &trace.span(*place).origin;
        origin.phase.is_empty() && origin.request_id.as_ref() == Some(&invocation.request_id)
    };
    let raised = || {
        (0..trace.nodes.len())
            .filter(is_own)
            .flat_map(|place| &trace.span(place).events)
            .filter_map(|event| attribute(&event.attributes, "exception.type"))
            .find_map(AttributeValue::as_str)
    };
    let own = (invocation.outcome == Outcome::Error).then(raised);
    own.flatten().unwrap_or(&invocation.error_type)
}

fn of_memory(invocation: &Invocation) -> String {
    match (invocation.max_memory, invocation.memory) {
        (Some(used), Some(limit)) => format!(": {} of {} MB", used.as_mib(), limit.as_mib()),
        (None, Some(limit)) => format!(" of {} MB", limit.as_mib()),
        _ => String::new(),
    }
}

/// What was open when the time was up.
fn suspect(trace: &Trace, found: &[Finding], invocation: &Invocation) -> Option<String> {
    let place = place_of(trace, &invocation.request_id)?;
    let finding = found
        .iter()
        .find(|finding| finding.kind == FindingKind::TimeoutSuspect && finding.node == place)?;
    let suspect = name(trace, *finding.evidence.last()?);
    Some(format!(
        "{suspect} had not answered for {}",
        length(finding.gain)
    ))
}

/// The parts that make up most of it: `: 812 ms for its sandbox to start, 300 ms for SELECT orders`.
fn mostly(parts: &[Part]) -> String {
    let whole: Nanos = parts.iter().map(|part| part.length).sum();
    let large = parts
        .iter()
        .filter(|part| part.length.0 as f64 >= whole.0 as f64 * LEAST_SHARE);
    let large: Vec<String> = large.map(Part::words).collect();
    match large.is_empty() {
        true => String::new(),
        false => format!(": {}", large.join(", ")),
    }
}

// === impl Part, Category ===

impl Part {
    /// `812 ms for its sandbox to start`
    fn words(&self) -> String {
        let took = length(self.length);
        match self.category {
            Category::QueueWait => format!("{took} for its message to be taken"),
            Category::Init => format!("{took} for its sandbox to start"),
            Category::ExtensionInit => format!("{took} for extensions to start"),
            Category::RuntimeInit => format!("{took} for runtime and module to load"),
            Category::Restore => format!("{took} for its snapshot to be restored"),
            Category::Handler => format!("{took} for its own work"),
            Category::Downstream => format!("{took} for {}", self.about),
            Category::RuntimeOverhead => format!("{took} for the runtime to end"),
            Category::ExtensionOverhead => format!("{took} for extensions to end"),
        }
    }
}

impl Category {
    /// Of a node that is part of no call.
    pub(crate) fn of(trace: &Trace, place: usize) -> Self {
        let span = trace.span(place);
        match (Role::of(span), span.origin.phase.as_str()) {
            (_, "extension_init") => Self::ExtensionInit,
            (_, "runtime_init") => Self::RuntimeInit,
            (_, "runtime_overhead") => Self::RuntimeOverhead,
            (_, "extension_overhead") => Self::ExtensionOverhead,
            (Role::Init | Role::InitPart, _) => Self::Init,
            (Role::Restore, _) => Self::Restore,
            _ => Self::Handler,
        }
    }

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueWait => "queue_wait",
            Self::Init => "init",
            Self::ExtensionInit => "extension_init",
            Self::RuntimeInit => "runtime_init",
            Self::Restore => "restore",
            Self::Handler => "handler",
            Self::Downstream => "downstream",
            Self::RuntimeOverhead => "runtime_overhead",
            Self::ExtensionOverhead => "extension_overhead",
        }
    }
}
