//! Rules out of files and bodies: the keys that every rule has. What is bad is read in `when.rs`, inhibitions in
//! `inhibitions.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coldtrace_model::Tenant;

use super::mistake::{Mistake, Mistakes};
use super::node::{Node, Value, shortened};
use super::when;
use super::{By, Rule, RuleSet, Scope, When, inhibitions};
use crate::matcher::is_label_name;
use crate::nearest::instead_of;
use crate::quantity::{Given, read_minutes};
use crate::{Labels, Severity};

const KEYS: [&str; 12] = [
    "name", "enabled", "severity", "for", "keep", "runbook", "labels", "channels", "scope", "by",
    "tenant", "when",
];
/// Labels that say something of every alert.
const RESERVED: [&str; 6] = [
    "alertname",
    "severity",
    "function",
    "version",
    "error_group",
    "error_type",
];
const SEVERITIES: [Severity; 4] = [
    Severity::Critical,
    Severity::Error,
    Severity::Warning,
    Severity::Info,
];
const KEEP: Duration = Duration::from_secs(120);
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);
const LONGEST_NAME: usize = 100;
/// Of patterns, labels, channels. More are no rule of a person any more, and would be matched for each function.
pub(super) const MOST: usize = 100;
const LONGEST_TEXT: usize = 500;

/// What a file of TOML says, by the name under which it is told of.
pub fn parse_file(name: &str, text: &str) -> Result<RuleSet, Mistakes> {
    let (root, syntax) = Node::of_toml(text);
    let mut told = Told::new(Some(name));
    if !syntax.is_empty() {
        // What was understood of the rest is a guess: its mistakes might be none.
        for (line, message) in syntax {
            told.say(line, "", message);
        }
        return told.end(RuleSet::default());
    }
    let Value::Table(fields) = &root.value else {
        return Ok(RuleSet::default());
    };
    let file = Fields::new("", root.line, fields);
    file.only(&["rule", "inhibit"], &mut told);
    let rules = rules(file.tables(&mut told, "rule"), &mut told);
    let nodes = file.tables(&mut told, "inhibit").iter().enumerate();
    let inhibitions = nodes.filter_map(|(place, node)| {
        told.of = Some(format!("inhibit {}", place + 1));
        inhibitions::read(node, &mut told)
    });
    let inhibitions = inhibitions.collect();
    told.end(RuleSet { rules, inhibitions })
}

fn rules(nodes: &[Node], told: &mut Told<'_>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut names = BTreeSet::new();
    for (place, node) in nodes.iter().enumerate() {
        let name = name_of(node);
        told.of = Some(match &name {
            Some(name) => format!("rule \"{}\"", shortened(name)),
            None => format!("rule {}", place + 1),
        });
        if let Some(name) = name
            && !names.insert(name)
        {
            told.say(node.line, "name", "another rule of this file has this name");
        }
        rules.extend(rule(node, told));
    }
    told.of = None;
    rules
}

/// A rule as the API takes it.
pub fn parse_json(value: &serde_json::Value) -> Result<Rule, Mistakes> {
    let mut told = Told::new(None);
    let rule = rule(&Node::of_json(value), &mut told);
    match (rule, told.end(())) {
        (_, Err(mistakes)) => Err(mistakes),
        (Some(rule), Ok(())) => Ok(rule),
        // Without a rule there is a mistake; this is for a fault of ours.
        (None, Ok(())) => Err(Mistakes(vec![Mistake {
            place: String::new(),
            message: "is no rule".to_owned(),
        }])),
    }
}

fn name_of(node: &Node) -> Option<String> {
    let Value::Table(fields) = &node.value else {
        return None;
    };
    match Fields::new("", node.line, fields)
        .get("name")?
        .value
        .clone()
    {
        Value::Text(name) => Some(name),
        _ => None,
    }
}

/// `None` with at least one mistake.
fn rule(node: &Node, told: &mut Told<'_>) -> Option<Rule> {
    let Value::Table(fields) = &node.value else {
        told.say(
            node.line,
            "",
            format!("a rule is a table, not {}", node.described()),
        );
        return None;
    };
    let before = told.count();
    let fields = Fields::new("", node.line, fields);
    fields.only(&KEYS, told);
    let name = fields.required(told, "name", "1 to 100 characters", |node| {
        text(node).filter(|name| is_name(name))
    });
    let is_on = fields.optional(told, "enabled", "true or false", flag);
    let severity = fields.word(told, "severity", &SEVERITIES, Severity::as_str);
    let waits = "whole minutes up to \"1d\", such as \"2m\"";
    let wait = |node: &Node| minutes(node).filter(|wait| *wait <= LONGEST_WAIT);
    let pending = fields.optional(told, "for", waits, wait);
    let keep = fields.optional(told, "keep", waits, wait);
    let runbook = fields.optional(told, "runbook", "an http or https address", |node| {
        text(node).filter(|link| is_link(link))
    });
    let labels = labels(&fields, told);
    // Nobody writes a rule to tell nobody: no names are none given.
    let channels = texts(&fields, told, "channels", "names of channels");
    let channels = channels.filter(|names| !names.is_empty());
    let scope = scope(&fields, told);
    let by = fields.word(told, "by", &By::ALL, By::as_str);
    let tenant = tenant(&fields, told);
    let when = fields.table(told, "when", true);
    let when = when.and_then(|fields| when::read(&fields, told));
    if let (Some(when), Some(by)) = (&when, by) {
        check_by(&fields, when, by, told);
    }
    if told.count() > before {
        return None;
    }
    Some(Rule {
        name: name?,
        enabled: is_on.unwrap_or(true),
        severity: severity.unwrap_or_default(),
        pending: pending.unwrap_or_default(),
        keep: keep.unwrap_or(KEEP),
        runbook,
        labels,
        channels,
        scope,
        by: by.unwrap_or_default(),
        tenant,
        when: when?,
    })
}

fn check_by(fields: &Fields<'_>, when: &When, by: By, told: &mut Told<'_>) {
    let line = fields.get("by").and_then(|node| node.line);
    match (when, by) {
        // What is so anyway may be said.
        (When::ErrorGroup { .. }, By::Function) => {}
        (When::ErrorGroup { .. }, _) => {
            let message = "is not for error_group, which makes an alert of each group";
            told.say(line, "by", message);
        }
        (When::Absence { .. }, By::Version) => {
            let message = "is not \"version\" for absence: each deploy ends a version; allowed are function, all";
            told.say(line, "by", message);
        }
        _ => {}
    }
}

fn labels(fields: &Fields<'_>, told: &mut Told<'_>) -> Labels {
    let mut labels = Labels::new();
    let Some(table) = fields.table(told, "labels", false) else {
        return labels;
    };
    if table.fields.len() > MOST {
        told.say(table.line, "labels", format!("are more than {MOST}"));
    }
    for (key, node) in table.fields {
        let path = format!("labels.{}", shortened(key));
        if RESERVED.contains(&key.as_str()) {
            told.say(
                node.line,
                &path,
                "is set by every alert itself; call it otherwise",
            );
        } else if !is_label_name(key) {
            let message =
                "is no name of a label: letters, digits and _ are allowed, no digit first";
            told.say(node.line, &path, message);
        }
        match text(node).filter(|text| !text.is_empty()) {
            Some(value) => _ = labels.insert(key.clone(), value),
            None => told.wrong(node, &path, "a text"),
        }
    }
    labels
}

fn scope(fields: &Fields<'_>, told: &mut Told<'_>) -> Scope {
    let Some(table) = fields.table(told, "scope", false) else {
        return Scope::default();
    };
    table.only(&["functions", "versions", "tags", "except"], told);
    let mut list = |key, of| texts(&table, told, key, of).unwrap_or_default();
    let functions = list("functions", "names of functions, with * for any letters");
    let versions = list("versions", "versions, with * for any letters");
    let except = list("except", "names of functions, with * for any letters");
    let mut tags = BTreeMap::new();
    if let Some(pairs) = table.table(told, "tags", false) {
        if pairs.fields.len() > MOST {
            told.say(pairs.line, "scope.tags", format!("are more than {MOST}"));
        }
        for (key, node) in pairs.fields {
            match text(node) {
                Some(value) => _ = tags.insert(key.clone(), value),
                None => told.wrong(node, &format!("scope.tags.{}", shortened(key)), "a text"),
            }
        }
    }
    Scope {
        functions,
        versions,
        tags,
        except,
    }
}

pub(super) fn tenant(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<String> {
    let node = fields.get("tenant")?;
    if told.file.is_none() {
        let message = "is for files: here it is the tenant of the key";
        told.say(node.line, "tenant", message);
        return None;
    }
    let is_tenant = |name: &String| name.parse::<Tenant>().is_ok();
    fields.optional(told, "tenant", "the name of a tenant", |node| {
        text(node).filter(is_tenant)
    })
}

/// A list of texts that are not empty.
fn texts(fields: &Fields<'_>, told: &mut Told<'_>, key: &str, of: &str) -> Option<Vec<String>> {
    let allowed = format!("a list of at most {MOST} {of}");
    fields.optional(told, key, &allowed, |node| {
        let Value::List(items) = &node.value else {
            return None;
        };
        if items.len() > MOST {
            return None;
        }
        let item = |item| text(item).filter(|text| !text.is_empty());
        items.iter().map(item).collect()
    })
}

pub(super) fn flag(node: &Node) -> Option<bool> {
    match node.value {
        Value::Bool(bool) => Some(bool),
        _ => None,
    }
}

pub(super) fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) if text.chars().count() <= LONGEST_TEXT => Some(text.clone()),
        _ => None,
    }
}

/// A number, or a text that may have a unit.
pub(super) fn given(node: &Node) -> Option<Given<'_>> {
    match &node.value {
        Value::Number(number) => Some(Given::Number(*number)),
        Value::Text(text) => Some(Given::Text(text)),
        _ => None,
    }
}

fn minutes(node: &Node) -> Option<Duration> {
    match &node.value {
        Value::Text(text) => read_minutes(text),
        Value::Number(0.0) => Some(Duration::ZERO),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=LONGEST_NAME).contains(&length)
        && name.trim() == name
        && !name.chars().any(char::is_control)
}

/// An address that can be a link: no `javascript:`.
fn is_link(link: &str) -> bool {
    let rest = link
        .strip_prefix("https://")
        .or_else(|| link.strip_prefix("http://"));
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control();
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(is_odd))
}

/// The mistakes so far, and where the reader is.
pub(super) struct Told<'a> {
    file: Option<&'a str>,
    /// Of which rule or inhibition.
    of: Option<String>,
    /// With their lines.
    found: Vec<(Option<usize>, Mistake)>,
}

/// A table that is read key by key.
pub(super) struct Fields<'n> {
    prefix: String,
    line: Option<usize>,
    fields: &'n [(String, Node)],
}

// === impl Told ===

impl<'a> Told<'a> {
    fn new(file: Option<&'a str>) -> Self {
        Self {
            file,
            of: None,
            found: Vec::new(),
        }
    }

    pub(super) fn say(&mut self, line: Option<usize>, key: &str, message: impl Into<String>) {
        let file = self.file.map(|file| match line {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        });
        let key = (!key.is_empty()).then(|| key.to_owned());
        let parts: Vec<String> = [file, self.of.clone(), key].into_iter().flatten().collect();
        let mistake = Mistake {
            place: parts.join(", "),
            message: message.into(),
        };
        self.found.push((line, mistake));
    }

    pub(super) fn wrong(&mut self, node: &Node, key: &str, allowed: &str) {
        self.say(
            node.line,
            key,
            format!("{} is not allowed; allowed: {allowed}", node.described()),
        );
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    fn end<T>(mut self, result: T) -> Result<T, Mistakes> {
        self.found.sort_by_key(|(line, _)| *line);
        let found: Vec<Mistake> = self.found.into_iter().map(|(_, mistake)| mistake).collect();
        match found.is_empty() {
            true => Ok(result),
            false => Err(Mistakes(found)),
        }
    }
}

// === impl Fields ===

impl<'n> Fields<'n> {
    pub(super) fn new(prefix: &str, line: Option<usize>, fields: &'n [(String, Node)]) -> Self {
        Self {
            prefix: prefix.to_owned(),
            line,
            fields,
        }
    }

    /// What stands under a key; null is nothing.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        let field = self.fields.iter().find(|(name, _)| name == key);
        field
            .map(|(_, node)| node)
            .filter(|node| !matches!(node.value, Value::Null))
    }

    /// Where a key is, in words.
    pub(super) fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Says which keys are none of these.
    pub(super) fn only(&self, known: &[&str], told: &mut Told<'_>) {
        for (key, node) in self.fields {
            if !known.contains(&key.as_str()) {
                let message = format!("unknown key; {}", instead_of(key, known));
                told.say(node.line, &self.path(&shortened(key)), message);
            }
        }
    }

    pub(super) fn optional<T>(
        &self,
        told: &mut Told<'_>,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'n Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.get(key)?;
        let value = read(node);
        if value.is_none() {
            told.wrong(node, &self.path(key), allowed);
        }
        value
    }

    pub(super) fn required<T>(
        &self,
        told: &mut Told<'_>,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&'n Node) -> Option<T>,
    ) -> Option<T> {
        if self.get(key).is_none() {
            told.say(self.line, &self.path(key), format!("is missing: {allowed}"));
        }
        self.optional(told, key, allowed, read)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &self,
        told: &mut Told<'_>,
        key: &str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let node = self.get(key)?;
        let words: Vec<&str> = all.iter().map(|&one| word(one)).collect();
        let Value::Text(text) = &node.value else {
            told.wrong(node, &self.path(key), &words.join(", "));
            return None;
        };
        let found = all.iter().find(|&&one| word(one) == text);
        if found.is_none() {
            let message = format!("unknown {}; {}", node.described(), instead_of(text, &words));
            told.say(node.line, &self.path(key), message);
        }
        found.copied()
    }

    pub(super) fn table(&self, told: &mut Told<'_>, key: &str, must: bool) -> Option<Self> {
        let read = |node: &'n Node| match &node.value {
            Value::Table(fields) => Some(Self::new(
                &format!("{}.", self.path(key)),
                node.line,
                fields,
            )),
            _ => None,
        };
        match must {
            true => self.required(told, key, "a table", read),
            false => self.optional(told, key, "a table", read),
        }
    }

    /// Tables under one name, each of which begins with the name in double brackets.
    fn tables(&self, told: &mut Told<'_>, key: &str) -> &'n [Node] {
        match self.get(key) {
            None => &[],
            Some(Node {
                value: Value::List(nodes),
                ..
            }) => nodes,
            Some(node) => {
                let message = format!("each {key} begins with [[{key}]], in double brackets");
                told.say(node.line, key, message);
                &[]
            }
        }
    }

    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        self.get(key).map_or(self.line, |node| node.line)
    }
}
