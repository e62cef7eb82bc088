//! Groups: what one channel is told together, and when.
//!
//! A [`Group`] is what is remembered of one group of one channel: whom it was told of as firing, what waits, and when it was last
//! told something. Invariant: a transition is in one message at most; an end is told exactly if its beginning was; what
//! happened to an alert is told in the order in which it happened.

use std::collections::{BTreeMap, BTreeSet};

use coldtrace_model::{Nanos, UnixNanos};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::matcher::quoted;
use crate::notice::{AlertId, Change, Labels, Transition};
use crate::times;

const MINUTE: u64 = 60_000_000_000;
/// Transitions of one message: what is more comes in the next one, at once.
const MOST: usize = 100;

/// How long a group waits. Lengths are kept in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// For others that come along, before a message of a group that was told of nothing.
    #[serde(with = "times::length")]
    pub wait: Nanos,
    /// Between two messages, at least.
    #[serde(with = "times::length")]
    pub interval: Nanos,
    /// Until it is told again of what still fires.
    #[serde(with = "times::length")]
    pub repeat: Nanos,
}

/// What is remembered of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    labels: Labels,
    /// What was told as firing, and not as ended, by its alert.
    told: BTreeMap<AlertId, Transition>,
    /// What was not told yet, in the order in which it happened.
    waiting: Vec<Waiting>,
    /// The last message was full: its rest does not wait for the interval.
    is_cut: bool,
    #[serde(with = "times::unix")]
    last: UnixNanos,
    /// How many messages there were: part of what makes a message's id its own.
    messages: u64,
}

/// What a channel is told at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Why it is sent.
    pub kind: Kind,
    /// What its alerts have in common.
    pub group: Labels,
    /// When it was made.
    #[serde(with = "times::unix")]
    pub at: UnixNanos,
    /// Which of the group's messages it is, from 1.
    pub number: u64,
    /// What it tells, in the order in which it happened; what still fires, if it repeats.
    pub transitions: Vec<Transition>,
    /// What was told earlier and still fires besides.
    pub still: Vec<Transition>,
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something began to fire and still does.
    Firing,
    /// All that it tells of has ended.
    Resolved,
    /// Nothing is new, and it still fires.
    Repeated,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Waiting {
    #[serde(with = "times::unix")]
    since: UnixNanos,
    transition: Transition,
}

// === impl Timing ===

impl Default for Timing {
    fn default() -> Self {
        Self {
            wait: Nanos(0),
            interval: Nanos(MINUTE),
            repeat: Nanos(4 * 60 * MINUTE),
        }
    }
}

// === impl Group ===

impl Group {
    /// A group that was told of nothing.
    pub fn new(labels: Labels) -> Self {
        Self {
            labels,
            told: BTreeMap::new(),
            waiting: Vec::new(),
            is_cut: false,
            last: UnixNanos(0),
            messages: 0,
        }
    }

    /// What the alerts of a group have in common.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// What the channel believes to fire.
    pub fn firing(&self) -> impl Iterator<Item = &Transition> {
        self.told.values()
    }

    /// Whether the channel believes that this alert fires, or is to be told something of it: whose end it is to be told of.
    pub fn knows(&self, alert: &AlertId) -> bool {
        let waits = |one: &Waiting| one.transition.alert == *alert;
        self.told.contains_key(alert) || self.waiting.iter().any(waits)
    }

    /// Something happened that the group is to be told of. One that waits already is not taken twice.
    pub fn push(&mut self, transition: Transition, now: UnixNanos) {
        let is_known = |known: &Transition| known.id == transition.id;
        let was_told = self.told.values().any(is_known);
        let waits = self.waiting.iter().any(|one| is_known(&one.transition));
        if !was_told && !waits {
            self.waiting.push(Waiting {
                since: now,
                transition,
            });
        }
    }

    /// What the channel is to be told now, if anything. `is_muted` says of whom nobody is to be told now: silenced or
    /// inhibited. To be asked again after a message, until there is none.
    pub fn step(
        &mut self,
        timing: Timing,
        now: UnixNanos,
        is_muted: impl Fn(&Transition) -> bool,
    ) -> Option<Message> {
        if self.is_due(timing, now) {
            let news = self.take_news(&is_muted);
            if !news.is_empty() {
                return Some(self.told_news(news, now, is_muted));
            }
        }
        self.repeated(timing, now, is_muted)
    }

    /// Whether nothing would be lost if it were forgotten.
    pub fn is_idle(&self, timing: Timing, now: UnixNanos) -> bool {
        self.told.is_empty() && self.waiting.is_empty() && now >= self.last.plus(timing.interval)
    }

    fn is_due(&self, timing: Timing, now: UnixNanos) -> bool {
        let Some(first) = self.waiting.first() else {
            return false;
        };
        let after_last = self.last.plus(timing.interval);
        if self.is_cut {
            return true;
        }
        match self.told.is_empty() {
            true => now >= after_last.max(first.since.plus(timing.wait)),
            false => now >= after_last,
        }
    }

    /// Takes what is told now. Stays what is muted and fires; goes what is muted and ended, both of it.
    fn take_news(&mut self, is_muted: &impl Fn(&Transition) -> bool) -> Vec<Transition> {
        let mut told: BTreeSet<AlertId> = self.told.keys().cloned().collect();
        let (mut news, mut left) = (Vec::new(), Vec::<Waiting>::new());
        let mut is_cut = false;
        for one in self.waiting.drain(..) {
            let alert = &one.transition.alert;
            // From here on all stays, so that the order is kept.
            is_cut |= news.len() >= MOST;
            match one.transition.change {
                _ if is_cut => left.push(one),
                Change::Firing if is_muted(&one.transition) => left.push(one),
                Change::Firing => {
                    told.insert(alert.clone());
                    news.push(one.transition);
                }
                Change::Resolved => {
                    left.retain(|other| other.transition.alert != *alert);
                    if told.remove(alert) {
                        news.push(one.transition);
                    }
                }
            }
        }
        self.waiting = left;
        self.is_cut = is_cut;
        news
    }

    fn told_news(
        &mut self,
        news: Vec<Transition>,
        now: UnixNanos,
        is_muted: impl Fn(&Transition) -> bool,
    ) -> Message {
        let mut in_message = BTreeSet::new();
        for transition in &news {
            in_message.insert(transition.alert.clone());
            match transition.change {
                Change::Firing => {
                    let alert = transition.alert.clone();
                    self.told.insert(alert, transition.clone());
                }
                Change::Resolved => {
                    self.told.remove(&transition.alert);
                }
            }
        }
        let fires = in_message.iter().any(|alert| self.told.contains_key(alert));
        let kind = if fires { Kind::Firing } else { Kind::Resolved };
        let others = self.told.values();
        let others = others.filter(|one| !in_message.contains(&one.alert) && !is_muted(one));
        let still = others.take(MOST).cloned().collect();
        self.last = now;
        self.message(kind, now, news, still)
    }

    fn repeated(
        &mut self,
        timing: Timing,
        now: UnixNanos,
        is_muted: impl Fn(&Transition) -> bool,
    ) -> Option<Message> {
        if self.told.is_empty() || now < self.last.plus(timing.repeat.max(timing.interval)) {
            return None;
        }
        let fires = self.told.values().filter(|one| !is_muted(one));
        let fires: Vec<Transition> = fires.take(MOST).cloned().collect();
        if fires.is_empty() {
            return None;
        }
        self.last = now;
        Some(self.message(Kind::Repeated, now, fires, Vec::new()))
    }

    fn message(
        &mut self,
        kind: Kind,
        at: UnixNanos,
        transitions: Vec<Transition>,
        still: Vec<Transition>,
    ) -> Message {
        self.messages += 1;
        Message {
            kind,
            group: self.labels.clone(),
            at,
            number: self.messages,
            transitions,
            still,
        }
    }
}

// === impl Message ===

impl Message {
    /// What receivers recognise a part of it by, however often it is sent: `msg_` and 32 hex digits.
    pub fn id(&self, tenant: &str, channel: &str, part: usize) -> String {
        let mut hash = Sha256::new();
        for field in [tenant, channel, &group_key(&self.group)] {
            hash.update(field.as_bytes());
            hash.update([0]);
        }
        hash.update(self.at.0.to_be_bytes());
        hash.update(self.number.to_be_bytes());
        hash.update((part as u64).to_be_bytes());
        let digest = hash.finalize();
        let hex: String = digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("msg_{hex}")
    }
}

// === impl Kind ===

impl Kind {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Repeated => "repeated",
        }
    }
}

/// The group that an alert belongs to: its labels of these names. One that it lacks is left out.
pub fn group_of(labels: &Labels, group_by: &[String]) -> Labels {
    let of_group = labels.iter().filter(|(name, _)| group_by.contains(name));
    of_group
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A group's name, as Prometheus writes labels: `{alertname="x", function="y"}`.
pub fn group_key(group: &Labels) -> String {
    let mut key = String::from("{");
    for (number, (name, value)) in group.iter().enumerate() {
        if number > 0 {
            key.push_str(", ");
        }
        key.push_str(name);
        key.push('=');
        key.push_str(&quoted(value));
    }
    key.push('}');
    key
}

#[cfg(test)]
mod tests;
