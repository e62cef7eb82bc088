//! What an Alertmanager takes (`POST /api/v2/alerts`), and what it would send to a webhook (version 4).
//!
//! An alert is recognised by its labels there, so that a beginning and its end have the same.

use std::collections::BTreeMap;

use coldtrace_model::UnixNanos;
use serde_json::{Value, json};

use super::{Sender, is_absolute, links, words};
use crate::group::{Kind, Message, group_key};
use crate::matcher::is_label_name;
use crate::notice::{Change, Labels, Transition};

/// Of an annotation, in characters.
const LONGEST: usize = 4_000;
/// Of a label's value: an alert's identity is cut nowhere that it varies.
const LONGEST_LABEL: usize = 2_000;
/// An end that is not there, as Go writes it.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// A message as alerts. One that fires has no end: Alertmanager gives it one, from when it came, however late.
pub(super) fn push(message: &Message) -> Value {
    let transitions = message.transitions.iter();
    transitions.map(|one| pushed(one, ended(one))).collect()
}

/// What fires, as alerts that end at this time unless they are told again. JSON.
pub fn firing_until<'a>(firing: impl Iterator<Item = &'a Transition>, end: UnixNanos) -> String {
    let alerts: Value = firing.map(|one| pushed(one, Some(end))).collect();
    alerts.to_string()
}

/// A message as an Alertmanager sends it: the whole group, what is new and what fires still.
pub(super) fn webhook(message: &Message, sender: Sender<'_>) -> Value {
    // Each alert as it is now: the last that happened to it.
    let mut alerts: BTreeMap<&str, &Transition> = BTreeMap::new();
    for one in message.still.iter().chain(&message.transitions) {
        alerts.insert(&one.alert.0, one);
    }
    let fires = message.kind != Kind::Resolved || !message.still.is_empty();
    let all = |of: fn(&Transition) -> Labels| -> Labels {
        let mut each = alerts.values().map(|one| of(one));
        let first = each.next().unwrap_or_default();
        each.fold(first, |mut common, other| {
            common.retain(|name, value| other.get(name) == Some(value));
            common
        })
    };
    let status = |fires| if fires { "firing" } else { "resolved" };
    let alert = |one: &&Transition| {
        json!({
            "status": status(one.change == Change::Firing),
            "labels": labels(&one.labels),
            "annotations": annotations(one),
            "startsAt": words::rfc3339(one.since),
            "endsAt": ended(one).map_or_else(|| NEVER.to_owned(), words::rfc3339),
            "generatorURL": generator(one),
            "fingerprint": one.alert,
        })
    };
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{}", group_key(&message.group)),
        "truncatedAlerts": 0,
        "status": status(fires),
        "receiver": sender.channel,
        "groupLabels": labels(&message.group),
        "commonLabels": all(|one| labels(&one.labels)),
        "commonAnnotations": all(annotations),
        "externalURL": sender.url,
        "alerts": alerts.values().map(alert).collect::<Vec<_>>(),
    })
}

fn pushed(transition: &Transition, end: Option<UnixNanos>) -> Value {
    let mut alert = json!({
        "labels": labels(&transition.labels),
        "annotations": annotations(transition),
        "startsAt": words::rfc3339(transition.since),
        "generatorURL": generator(transition),
    });
    if let Some(end) = end {
        alert["endsAt"] = words::rfc3339(end).into();
    }
    alert
}

fn ended(transition: &Transition) -> Option<UnixNanos> {
    match transition.change {
        Change::Firing => None,
        Change::Resolved => Some(transition.at),
    }
}

/// Labels that Prometheus would take: with names of its form, and without empty values.
fn labels(labels: &Labels) -> Labels {
    let mut fit = Labels::new();
    let whole = labels.iter().filter(|(_, value)| !value.is_empty());
    for (name, value) in whole {
        let name = match is_label_name(name) {
            true => name.clone(),
            false => fit_name(name),
        };
        let value = words::clip(value, LONGEST_LABEL);
        fit.entry(name).or_insert(value);
    }
    fit
}

fn fit_name(name: &str) -> String {
    let fit = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter,
        false => '_',
    };
    format!("_{}", name.chars().take(100).map(fit).collect::<String>())
}

fn annotations(transition: &Transition) -> Labels {
    let reasons = words::reasons(transition).join("\n");
    let mut annotations = Labels::from([
        (
            "summary".to_owned(),
            words::clip(&transition.summary, LONGEST),
        ),
        ("description".to_owned(), words::clip(&reasons, LONGEST)),
    ]);
    let runbook = transition.runbook.iter().filter(|href| is_absolute(href));
    annotations.extend(runbook.map(|href| ("runbook_url".to_owned(), href.clone())));
    annotations
}

fn generator(transition: &Transition) -> String {
    let first = links(transition).next();
    first.map(|link| link.href.clone()).unwrap_or_default()
}
