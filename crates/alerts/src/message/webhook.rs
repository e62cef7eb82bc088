//! The body of a Standard Webhook: everything that there is.

use serde_json::{Value, json};

use super::words;
use crate::group::{Message, group_key};
use crate::notice::{Labels, Link, Reading, Transition, Why};

/// In bytes: what is larger is sent without its reasons, which the links open, and then with its texts cut.
const LARGEST: usize = 1 << 20;
/// To how many characters texts are cut, one after the other until it is small enough.
const CUTS: [usize; 3] = [2_000, 200, 40];
/// Labels of an alert that was cut: what tells alerts apart is far less.
const LABELS: usize = 32;

pub(super) fn body(message: &Message) -> Value {
    let whole = written(message, &message.transitions);
    let mut cuts = CUTS.iter();
    let mut body = whole;
    while body.to_string().len() > LARGEST
        && let Some(most) = cuts.next()
    {
        let message = shortened(message, *most);
        body = written(&message, &message.transitions);
        body["data"]["is_shortened"] = Value::Bool(true);
    }
    body
}

/// With texts of so many characters at most, and without reasons.
fn shortened(message: &Message, most: usize) -> Message {
    let clip = |text: &String| words::clip(text, most);
    let labels = |labels: &Labels| -> Labels {
        let first = labels.iter().take(LABELS);
        first
            .map(|(name, value)| (clip(name), clip(value)))
            .collect()
    };
    let transition = |one: &Transition| {
        let links = super::links(one).take(3);
        let links = links.map(|link| Link {
            title: clip(&link.title),
            href: link.href.clone(),
        });
        let links = links.filter(|link| link.href.len() <= most);
        Transition {
            rule_name: clip(&one.rule_name),
            labels: labels(&one.labels),
            summary: clip(&one.summary),
            runbook: one.runbook.as_ref().map(clip),
            reading: Reading {
                name: clip(&one.reading.name),
                ..one.reading.clone()
            },
            why: Why {
                links: links.collect(),
                ..Why::default()
            },
            ..one.clone()
        }
    };
    Message {
        group: labels(&message.group),
        transitions: message.transitions.iter().map(transition).collect(),
        ..message.clone()
    }
}

fn written(message: &Message, alerts: &[Transition]) -> Value {
    json!({
        "type": format!("alert.{}", message.kind.as_str()),
        "timestamp": words::rfc3339(message.at),
        "data": {
            "group": message.group,
            "group_key": group_key(&message.group),
            "alerts": alerts,
            "still_firing": message.still.iter().map(|one| &one.alert).collect::<Vec<_>>(),
        },
    })
}
