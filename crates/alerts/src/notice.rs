//! What an alert says: one transition of one alert, with its reasons. What rules give and messages are made of.

use std::collections::BTreeMap;
use std::fmt;

use coldtrace_model::{Nanos, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::times;

/// Names and values that tell an alert from others, and that silences, groups and receivers go by. Names are those of
/// Prometheus labels: `[a-zA-Z_][a-zA-Z0-9_]*`. What varies while an alert fires is no label.
pub type Labels = BTreeMap<String, String>;

/// A rule: `file:NAME` for one from a file, else what it was given when it was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleId(pub String);

/// An alert: one rule for one set of labels, the same whenever it fires. 16 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertId(pub String);

/// A transition: `ALERT-NUMBER`, counted from 1 for each alert. The same however often it is delivered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransitionId(pub String);

/// How bad it is: the words of PagerDuty's Events API, the worst first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody is woken.
    Critical,
    /// Somebody looks today.
    Error,
    /// Somebody looks this week.
    #[default]
    Warning,
    /// To know.
    Info,
}

/// What happened to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It began to fire.
    Firing,
    /// It ended.
    Resolved,
}

/// In what a value is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// How many.
    Count,
    /// How many in a minute.
    PerMinute,
    /// A part of a whole, from 0 to 1; told in percent.
    Share,
    /// Nanoseconds; told in what suits them.
    Nanos,
    /// Bytes.
    Bytes,
    /// Nano-dollars in an hour; told in dollars.
    NanoDollarsPerHour,
    /// So many times another value.
    Times,
}

/// Which side of the threshold is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// Values above it.
    Above,
    /// Values below it.
    Below,
}

/// What was measured, and against what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What it is, such as `p95 duration over 5 min`.
    pub name: String,
    /// In which unit both are.
    pub unit: Unit,
    /// The value; `None` where there is none, as when a function is absent.
    pub value: Option<f64>,
    /// Which side is bad.
    pub bad: Comparison,
    /// Where the bad side begins.
    pub threshold: f64,
}

/// An alert that began to fire or ended, with everything that a receiver is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Stable: what receivers recognise it by.
    pub id: TransitionId,
    /// Of which alert.
    pub alert: AlertId,
    /// Of which rule.
    pub rule: RuleId,
    /// What the rule is called.
    pub rule_name: String,
    /// What happened.
    pub change: Change,
    /// How bad.
    pub severity: Severity,
    /// The end of the window that decided it.
    #[serde(with = "times::unix")]
    pub at: UnixNanos,
    /// When this alert began to fire, for an end as well.
    #[serde(with = "times::unix")]
    pub since: UnixNanos,
    /// With `alertname` and `severity`.
    pub labels: Labels,
    /// One sentence: what is wrong with whom, value and threshold in it.
    pub summary: String,
    /// What to do: the rule's runbook.
    pub runbook: Option<String>,
    /// The value when it happened.
    pub reading: Reading,
    /// Why. Empty of an end, and where the reasons could not be found in time.
    pub why: Why,
}

/// Why an alert fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The value before and until it fired, the earliest first.
    pub history: Vec<Point>,
    /// What sets the bad invocations apart, the most telling first.
    pub causes: Vec<Cause>,
    /// Where the time went otherwise than before, the largest difference first.
    pub path: Vec<PathShift>,
    /// Up to three bad invocations.
    pub examples: Vec<Example>,
    /// What opens exactly that, the alert itself first.
    pub links: Vec<Link>,
}

/// A value at the end of a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The end of the window.
    #[serde(with = "times::unix")]
    pub at: UnixNanos,
    /// `None` where there was nothing to measure.
    pub value: Option<f64>,
}

/// What bad invocations have more often than others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The attribute.
    pub key: String,
    /// Its value; `None` if it is that they lack it.
    pub value: Option<String>,
    /// The share of the bad ones that have it, from 0 to 1.
    pub of_bad: f64,
    /// The share of the others.
    pub of_rest: f64,
}

/// Time on the critical path that is spent otherwise than before, in the mean of an invocation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathShift {
    /// On what: an operation and whom it called.
    pub what: String,
    /// Before.
    #[serde(with = "times::length")]
    pub before: Nanos,
    /// Now.
    #[serde(with = "times::length")]
    pub now: Nanos,
}

/// A bad invocation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its request.
    pub request_id: String,
    /// How long it took, if that is known.
    #[serde(with = "times::maybe_length")]
    pub duration: Option<Nanos>,
    /// How it ended.
    pub outcome: String,
    /// The page that shows it.
    pub href: String,
}

/// A page of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it shows.
    pub title: String,
    /// Absolute, if the public address is configured; else a path.
    pub href: String,
}

// === impl Severity ===

impl Severity {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

// === impl Change ===

impl Change {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl fmt::Display for TransitionId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}
