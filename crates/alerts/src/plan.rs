//! Rules made ready: which series each is about, and which numbers of them are wanted, each once.
//!
//! A function is matched with all rules once, when it comes up; an evaluation only computes and compares.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::history::History;
use crate::judge;
use crate::rule::{By, TagFunctions};
use crate::sentence;
use crate::slot::Slot;
use crate::{AlertId, Labels, Need, Rule, RuleId, When};

/// A rule under its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Defined {
    /// What it is known by.
    pub id: RuleId,
    /// What it says.
    pub rule: Rule,
}

/// The rules of a tenant, ready to be evaluated.
#[derive(Debug)]
pub struct Plan {
    tenant: String,
    tagged: TagFunctions,
    pub(crate) rules: Vec<Ready>,
    /// Rules by function, for functions that were seen.
    matched: HashMap<Arc<str>, Arc<[u32]>>,
    pub(crate) series: Vec<Series>,
    places: HashMap<Key, u32>,
    /// Of the history that the series are of.
    seen: Seen,
    /// All slots of all rules, sorted: a series has some of them.
    pub(crate) slots: Vec<Slot>,
}

/// A rule and what it asks.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) defined: Arc<Defined>,
    /// By their places among all.
    pub(crate) slots: Vec<u32>,
    /// Rules with the same have the same series.
    versions: u32,
    scope: u32,
}

/// Of whom numbers are.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) function: Option<Arc<str>>,
    pub(crate) version: Option<Arc<str>>,
    /// Their places in the history.
    pub(crate) leaves: Vec<u32>,
    /// Each with the number of the alert of both.
    pub(crate) rules: Vec<(u32, u64)>,
    /// Places among all, sorted.
    pub(crate) slots: BTreeSet<u32>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Function(Arc<str>, u32),
    Version(u32),
    All(u32),
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    generation: u64,
    leaves: usize,
}

/// What a plan has to say of an alert that it did not judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// The rule is gone, or disabled.
    Removed,
    /// The rule is there, but no longer about this.
    Elsewhere,
    /// A group of errors of which none came.
    Over,
    /// Who did nothing that is remembered.
    Nobody,
}

// === impl Plan ===

impl Plan {
    /// Those rules that are enabled. `tagged` tells who has the tags of [`Need::tags`]; if that or a rule changes, a new plan is made.
    pub fn new(tenant: &str, rules: Vec<Defined>, tagged: TagFunctions) -> Self {
        let mut asked: BTreeSet<Slot> = BTreeSet::new();
        let rules: Vec<Defined> = rules.into_iter().filter(|one| one.rule.enabled).collect();
        for defined in &rules {
            asked.extend(judge::slots(&defined.rule.when));
        }
        let slots: Vec<Slot> = asked.into_iter().collect();
        let (mut versions, mut scopes) = (Interned::default(), Interned::default());
        let rules = rules.into_iter().map(|defined| {
            let wanted = judge::slots(&defined.rule.when);
            let place = |slot| slots.binary_search(&slot).unwrap_or_default() as u32;
            Ready {
                slots: wanted.into_iter().map(place).collect(),
                versions: versions.number(defined.rule.scope.versions.clone()),
                scope: scopes.number(defined.rule.scope.clone()),
                defined: Arc::new(defined),
            }
        });
        Self {
            tenant: tenant.to_owned(),
            tagged,
            rules: rules.collect(),
            matched: HashMap::new(),
            series: Vec::new(),
            places: HashMap::new(),
            seen: Seen::default(),
            slots,
        }
    }

    /// What has to be known of the past.
    pub fn need(&self) -> Need {
        Need::of(self.rules.iter().map(|ready| &ready.defined.rule))
    }

    /// Its rules.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<Defined>> {
        self.rules.iter().map(|ready| &ready.defined)
    }

    /// The alert of a rule for some labels that its series has, such as `function`.
    pub fn alert(&self, rule: &RuleId, series: &Labels) -> AlertId {
        AlertId(format!("{:016x}", number(&self.tenant, rule, series)))
    }

    /// Takes in the functions and versions that came up since the last time.
    pub(crate) fn learn(&mut self, history: &History) {
        if self.seen.generation != history.generation() {
            self.series.clear();
            self.places.clear();
            self.seen = Seen {
                generation: history.generation(),
                leaves: 0,
            };
        }
        let leaves = history.leaves();
        for (place, leaf) in leaves.iter().enumerate().skip(self.seen.leaves) {
            for rule in self.matching(&leaf.function).iter() {
                self.join(*rule, place as u32, &leaf.function, &leaf.version);
            }
        }
        self.seen.leaves = leaves.len();
    }

    /// The rules that are about a function.
    pub(crate) fn matching(&mut self, function: &Arc<str>) -> Arc<[u32]> {
        if let Some(rules) = self.matched.get(function) {
            return Arc::clone(rules);
        }
        let is_about = |(_, ready): &(usize, &Ready)| {
            let scope = &ready.defined.rule.scope;
            scope.has_function(function, &self.tagged)
        };
        let rules = self.rules.iter().enumerate().filter(is_about);
        let rules: Arc<[u32]> = rules.map(|(place, _)| place as u32).collect();
        self.matched
            .insert(Arc::clone(function), Arc::clone(&rules));
        rules
    }

    /// Counts a version of a function to the series of a rule.
    fn join(&mut self, rule: u32, leaf: u32, function: &Arc<str>, version: &Arc<str>) {
        let Some(ready) = self.rules.get(rule as usize) else {
            return;
        };
        let Defined { id, rule: said } = &*ready.defined;
        let is_group = matches!(said.when, When::ErrorGroup { .. });
        if is_group || !said.scope.has_version(version) {
            return;
        }
        let (key, function, version) = match said.by {
            By::Function => {
                let key = Key::Function(Arc::clone(function), ready.versions);
                (key, Some(function), None)
            }
            By::Version => (Key::Version(leaf), Some(function), Some(version)),
            By::All => (Key::All(ready.scope), None, None),
        };
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                let place = self.series.len() as u32;
                self.places.insert(key, place);
                self.series.push(Series {
                    function: function.cloned(),
                    version: version.cloned(),
                    leaves: Vec::new(),
                    rules: Vec::new(),
                    slots: BTreeSet::new(),
                });
                place
            }
        };
        let Some(series) = self.series.get_mut(place as usize) else {
            return;
        };
        // Leaves come one after the other, each with its rules in order.
        if series.leaves.last() != Some(&leaf) {
            series.leaves.push(leaf);
        }
        let is_new = series
            .rules
            .binary_search_by_key(&rule, |(known, _)| *known);
        if let Err(at) = is_new {
            let alert = number(&self.tenant, id, &series.labels());
            series.rules.insert(at, (rule, alert));
            series.slots.extend(&ready.slots);
        }
    }

    /// Why an alert was not judged. `series` are labels of which those count that tell series apart.
    pub(crate) fn coverage(&self, id: &RuleId, series: &Labels) -> Coverage {
        let Some(ready) = self.ready(id) else {
            return Coverage::Removed;
        };
        let Rule {
            scope, by, when, ..
        } = &ready.defined.rule;
        let (function, version) = (series.get("function"), series.get("version"));
        let is_group = series.contains_key("error_group");
        let is_about = |function: Option<&String>| {
            function.is_some_and(|function| scope.has_function(function, &self.tagged))
        };
        let has_version = |version: &String| scope.has_version(version);
        let is_covered = match (when, by) {
            (When::ErrorGroup { .. }, _) => is_group && is_about(function),
            _ if is_group => false,
            (_, By::Function) => version.is_none() && is_about(function),
            (_, By::Version) => is_about(function) && version.is_some_and(has_version),
            (_, By::All) => function.is_none(),
        };
        match (is_covered, is_group) {
            (false, _) => Coverage::Elsewhere,
            (true, true) => Coverage::Over,
            (true, false) => Coverage::Nobody,
        }
    }

    /// How long a rule waits before an end; without the rule, not at all.
    pub(crate) fn keep_of(&self, id: &RuleId) -> Duration {
        self.ready(id)
            .map_or(Duration::ZERO, |ready| ready.defined.rule.keep)
    }

    pub(crate) fn ready(&self, id: &RuleId) -> Option<&Ready> {
        self.rules.iter().find(|ready| ready.defined.id == *id)
    }

    pub(crate) fn number(&self, rule: &RuleId, series: &Labels) -> u64 {
        number(&self.tenant, rule, series)
    }
}

// === impl Series ===

impl Series {
    /// The labels that tell it from other series.
    pub(crate) fn labels(&self) -> Labels {
        let function = self.function.as_ref().map(|name| ("function", name));
        let version = self.version.as_ref().map(|name| ("version", name));
        let labels = [function, version].into_iter().flatten();
        labels
            .map(|(key, value)| (key.to_owned(), value.to_string()))
            .collect()
    }

    /// Whom it is about, in words.
    pub(crate) fn who(&self, rule: &Rule) -> String {
        match (&self.function, &self.version) {
            (Some(function), None) => function.to_string(),
            (Some(function), Some(version)) if version.is_empty() => {
                format!("{function} (no version)")
            }
            (Some(function), Some(version)) => format!("{function} (version {version})"),
            (None, _) => sentence::everyone(rule),
        }
    }
}

/// The labels of an alert: those of its series, of its rule, and those that all have.
pub(crate) fn labels_of(rule: &Rule, series: Labels) -> Labels {
    let mut labels = rule.labels.clone();
    labels.extend(series);
    labels.insert("alertname".to_owned(), rule.name.clone());
    labels.insert("severity".to_owned(), rule.severity.as_str().to_owned());
    labels
}

/// FNV-1a of 64 bits, each part ended by a byte that no text has.
fn number(tenant: &str, rule: &RuleId, series: &Labels) -> u64 {
    let parts = [tenant, rule.0.as_str()].into_iter();
    let series = series.iter();
    let series = series.flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts.chain(series) {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

/// Numbers for values that are equal.
#[derive(Debug)]
struct Interned<T>(HashMap<T, u32>);

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + std::hash::Hash> Interned<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(value).or_insert(next)
    }
}
