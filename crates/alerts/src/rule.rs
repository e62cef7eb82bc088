//! Rules: of whom, what is bad for how long, and what to say of it. As TOML in files, as the same fields in JSON.
//!
//! Invariant: a rule is valid by construction; what is wrong with one that is not is told all at once, each mistake with
//! its place.

mod inhibitions;
mod json;
mod measured;
mod mistake;
mod node;
mod read;
mod scope;
#[cfg(test)]
mod tests;
mod when;

use std::time::Duration;

use coldtrace_model::Nanos;

pub use mistake::{Mistake, Mistakes};
pub use read::{parse_file, parse_json};
pub use scope::{Scope, TagFunctions};

use crate::{Comparison, Inhibition, Labels, Measure, RuleId, Severity, Window};

/// How many weeks back a deviation looks at most: more make it slower to learn what is usual now.
pub(crate) const MOST_WEEKS: u8 = 8;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSet {
    /// What is to be alerted.
    pub rules: Vec<Rule>,
    /// Of what nobody is told while something else fires.
    pub inhibitions: Vec<Inhibition>,
}

/// What is to be alerted.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is called; in a file no other is called so.
    pub name: String,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// How bad it is.
    pub severity: Severity,
    /// Bad for so long before it fires (`for`); whole minutes.
    pub pending: Duration,
    /// Good for so long before it ends; whole minutes.
    pub keep: Duration,
    /// What to do.
    pub runbook: Option<String>,
    /// Beside those that every alert has.
    pub labels: Labels,
    /// Who is told, by name; `None` for all channels that are default.
    pub channels: Option<Vec<String>>,
    /// Whose invocations count.
    pub scope: Scope,
    /// What has an alert of its own.
    pub by: By,
    /// Whose data, of a rule in a file; `None` for the default tenant.
    pub tenant: Option<String>,
    /// What is bad.
    pub when: When,
}

/// What has an alert of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum By {
    /// Each function.
    #[default]
    Function,
    /// Each version of each function.
    Version,
    /// All of the scope together.
    All,
}

/// What is bad.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// A measure is on the bad side of a value.
    Threshold {
        /// Which.
        measure: Measure,
        /// From where on.
        bound: Bound,
        /// Over how long.
        window: Window,
        /// With fewer invocations nothing is said.
        at_least: u64,
    },
    /// A measure divided by another is on the bad side of a value.
    Ratio {
        /// The one.
        of: Measure,
        /// The other.
        to: Measure,
        /// From where on.
        bound: Bound,
        /// Over how long.
        window: Window,
        /// With fewer invocations nothing is said.
        at_least: u64,
    },
    /// What was invoked before is not any more.
    Absence {
        /// For how long.
        window: Window,
        /// Before that long ago it is not missed.
        seen_within: Window,
    },
    /// The error budget of an objective is used up so much faster than it may.
    BurnRate {
        /// The share of invocations that is to be good.
        objective: f64,
        /// Which those are.
        good: Good,
        /// Any of these.
        windows: Vec<BurnWindow>,
        /// With fewer invocations in the long window nothing is said.
        at_least: u64,
    },
    /// Errors that are alike came up, or came back.
    ErrorGroup {
        /// Those that were never seen.
        new: bool,
        /// Those that had gone.
        regressed: bool,
        /// With fewer of them nothing is said.
        at_least: u64,
        /// Over when none comes for so long.
        window: Window,
    },
    /// Too many invocations waited too long for a start.
    ColdStartBudget {
        /// So long is too long.
        init: Nanos,
        /// Of all invocations, this share is too many.
        share: f64,
        /// Over how long.
        window: Window,
        /// With fewer invocations nothing is said.
        at_least: u64,
    },
    /// A measure is far from what it was at this hour in earlier weeks.
    Deviation {
        /// Which.
        measure: Measure,
        /// Over how long.
        window: Window,
        /// So many times as much, or as little.
        factor: f64,
        /// Which side is bad.
        direction: Direction,
        /// How many weeks back.
        weeks: u8,
        /// With fewer invocations nothing is said; of an amount, with fewer than that now and usually.
        at_least: u64,
    },
}

/// Where the bad side begins, and where the good side does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Which side is bad.
    pub bad: Comparison,
    /// Where it begins.
    pub threshold: f64,
    /// What fires ends when the value is back here; `None` for the threshold itself.
    pub clear: Option<f64>,
}

/// Which invocations an objective counts as good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    /// Those without an error.
    Success,
    /// Of those whose duration is known, those that took no longer, give or take 2.2 %.
    FasterThan(Nanos),
}

/// Two windows that must burn both: the long one for certainty, the short one to end soon after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnWindow {
    /// The long one.
    pub long: Window,
    /// The short one.
    pub short: Window,
    /// So many times as fast as the budget lasts.
    pub factor: f64,
}

/// Which deviation is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// More than usual.
    #[default]
    Above,
    /// Less.
    Below,
    /// Either.
    Both,
}

// === impl Rule ===

impl Rule {
    /// What a rule of a file is known by.
    pub fn file_id(&self) -> RuleId {
        RuleId(format!("file:{}", self.name))
    }
}

// === impl By ===

impl By {
    const ALL: [Self; 3] = [Self::Function, Self::Version, Self::All];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Version => "version",
            Self::All => "all",
        }
    }
}

// === impl Bound ===

impl Bound {
    /// True on the bad side. The threshold itself is not.
    pub fn is_bad(&self, value: f64) -> bool {
        match self.bad {
            Comparison::Above => value > self.threshold,
            Comparison::Below => value < self.threshold,
        }
    }

    /// True where what fires may end.
    pub fn is_clear(&self, value: f64) -> bool {
        match (self.bad, self.clear) {
            (_, None) => !self.is_bad(value),
            (Comparison::Above, Some(clear)) => value <= clear,
            (Comparison::Below, Some(clear)) => value >= clear,
        }
    }
}

// === impl Direction ===

impl Direction {
    const ALL: [Self; 3] = [Self::Above, Self::Below, Self::Both];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Both => "both",
        }
    }
}

// === impl BurnWindow ===

impl BurnWindow {
    /// What is usual: a fiftieth of a month's budget in an hour, or a twentieth in six.
    pub const USUAL: [Self; 2] = [
        Self {
            long: Window::Minutes(60),
            short: Window::Minutes(5),
            factor: 14.4,
        },
        Self {
            long: Window::Hours(6),
            short: Window::Minutes(30),
            factor: 6.0,
        },
    ];
}
