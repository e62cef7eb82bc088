//! Events of PagerDuty's Events API v2: one for each alert, by whose id it tells incidents apart.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Sender, is_absolute, links, words};
use crate::group::{Message, group_key};
use crate::notice::{Change, Transition};

/// Characters of a summary, and of other fields.
const LONGEST_SUMMARY: usize = 1_024;
const LONGEST_FIELD: usize = 255;
const LONGEST_DETAIL: usize = 1_000;
/// Links of an event, and labels among its details.
const MOST_LINKS: usize = 10;
const MOST_LABELS: usize = 50;
/// Bytes of an event, with room for its key.
const LARGEST: usize = (512 << 10) - 1_024;

/// An event for each transition, without a routing key.
pub(super) fn events(message: &Message, sender: Sender<'_>) -> Vec<String> {
    let transitions = message.transitions.iter();
    transitions.map(|one| event(one, message, sender)).collect()
}

/// An event with the key that says whose it is. `None` if it is no event.
pub fn with_routing_key(event: &str, key: &str) -> Option<String> {
    let mut event: Value = serde_json::from_str(event).ok()?;
    let fields = event.as_object_mut()?;
    fields.insert("routing_key".to_owned(), key.into());
    Some(event.to_string())
}

fn event(transition: &Transition, message: &Message, sender: Sender<'_>) -> String {
    let mut event = json!({
        "event_action": action(transition.change),
        "dedup_key": words::clip(&format!("coldtrace-{}", transition.alert), LONGEST_FIELD),
        "client": "Coldtrace",
    });
    // What ends is named by its key alone.
    if transition.change == Change::Firing {
        event["payload"] = payload(transition, message);
    }
    let linked: Vec<Value> = linked(transition).take(MOST_LINKS).collect();
    let first = links(transition).next();
    let page = first.map(|link| link.href.as_str());
    let page = page.or(is_absolute(sender.url).then_some(sender.url));
    if let Some(page) = page {
        event["client_url"] = page.into();
    }
    if !linked.is_empty() {
        event["links"] = linked.into();
    }
    let whole = event.to_string();
    if whole.len() <= LARGEST {
        return whole;
    }
    if let Some(payload) = event["payload"].as_object_mut() {
        payload.remove("custom_details");
    }
    event.to_string()
}

const fn action(change: Change) -> &'static str {
    match change {
        Change::Firing => "trigger",
        Change::Resolved => "resolve",
    }
}

fn payload(transition: &Transition, message: &Message) -> Value {
    let field = |text: &str| words::clip(text, LONGEST_FIELD);
    let function = transition.labels.get("function");
    let source = function.map_or("coldtrace", String::as_str);
    json!({
        "summary": words::clip(&transition.summary, LONGEST_SUMMARY),
        "source": field(source),
        "severity": transition.severity,
        "timestamp": words::rfc3339(transition.at),
        "component": field(source),
        "group": field(&group_key(&message.group)),
        "class": field(&transition.rule_name),
        "custom_details": details(transition),
    })
}

fn details(transition: &Transition) -> Value {
    let why = &transition.why;
    let detail = |text: String| words::clip(&text, LONGEST_DETAIL);
    let labels = transition.labels.iter().take(MOST_LABELS);
    let labels: BTreeMap<String, String> = labels
        .map(|(name, value)| (words::clip(name, LONGEST_FIELD), detail(value.clone())))
        .collect();
    let reading = &transition.reading;
    let mut details = json!({
        "measure": detail(reading.name.clone()),
        "value": reading.value.map(|value| words::value(value, reading.unit)),
        "threshold": words::value(reading.threshold, reading.unit),
        "labels": labels,
    });
    let lists = [
        (
            "causes",
            why.causes
                .iter()
                .take(5)
                .map(words::cause)
                .map(detail)
                .collect::<Vec<_>>(),
        ),
        (
            "path",
            why.path
                .iter()
                .take(5)
                .map(words::shift)
                .map(detail)
                .collect(),
        ),
        (
            "examples",
            why.examples
                .iter()
                .take(3)
                .map(|one| detail(one.request_id.clone()))
                .collect(),
        ),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            details[name] = list.into();
        }
    }
    if !why.history.is_empty() {
        details["history"] = words::sparkline(&why.history).into();
    }
    details
}

/// Our pages, the runbook, the examples.
fn linked(transition: &Transition) -> impl Iterator<Item = Value> {
    let ours =
        links(transition).map(|link| (link.href.as_str(), words::clip(&link.title, LONGEST_FIELD)));
    let runbook = transition
        .runbook
        .iter()
        .map(|href| (href.as_str(), "Runbook".to_owned()));
    let examples = transition.why.examples.iter().take(3);
    let examples = examples.map(|one| {
        let title = format!("Example {}", one.request_id);
        (one.href.as_str(), words::clip(&title, LONGEST_FIELD))
    });
    let all = ours.chain(runbook).chain(examples);
    all.filter(|(href, _)| is_absolute(href))
        .map(|(href, text)| json!({ "href": href, "text": text }))
}
