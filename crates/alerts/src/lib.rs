//! Alerts as pure functions: what rules say, when they fire, who is told, and how a message looks.
//!
//! Not here: reading the store, keeping state, sending. Whoever evaluates brings what was counted and the time, and keeps what comes out.
//! Invariant: the same rules, counts and times give the same transitions, so that a back-test tells what would have been.
#![warn(missing_docs)]

mod aggregate;
mod backtest;
mod evaluate;
#[cfg(test)]
mod example;
mod group;
mod history;
mod inhibit;
mod judge;
mod matcher;
mod measure;
mod message;
mod nearest;
mod notice;
mod plan;
mod quantity;
mod rule;
mod sentence;
mod sign;
mod silence;
mod slot;
mod starter;
#[cfg(test)]
mod testing;
mod times;
mod tracker;

pub use aggregate::{Aggregate, Histogram};
pub use backtest::{Backtest, Episode, Report, Series};
pub use evaluate::{ErrorGroupReading, ErrorState, Judgement, Watch, Watched};
pub use group::{Group, Kind, Message, Timing, group_key, group_of};
pub use history::{FunctionCounts, History, Need, Wants};
pub use inhibit::{Inhibition, inhibited};
pub use judge::Verdict;
pub use matcher::{Matcher, MatcherError, Op};
pub use measure::Measure;
pub use message::{Format, Sender, bodies, firing_until, trial, with_routing_key};
pub use notice::{
    AlertId, Cause, Change, Comparison, Example, Labels, Link, PathShift, Point, Reading, RuleId,
    Severity, Transition, TransitionId, Unit, Why,
};
pub use plan::{Defined, Plan};
pub use quantity::{Window, figure, read_length, write_length};
pub use rule::{
    Bound, BurnWindow, By, Direction, Good, Mistake, Mistakes, Rule, RuleSet, Scope, TagFunctions,
    When, parse_file, parse_json,
};
pub use sign::{KeyError, KeyKind, SignatureError, Signer, WEBHOOK_HEADERS};
pub use silence::Silence;
pub use starter::{STARTER, starter};
pub use tracker::{AlertState, Applied, Phase, SILENCE, Tracker};
