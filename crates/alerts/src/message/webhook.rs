//! The body of a Standard Webhook: everything that there is.

use serde_json::{Value, json};

use super::words;
use crate::group::{Message, group_key};
use crate::notice::{Transition, Why};

/// In bytes: what is larger is sent without its reasons, which the links open.
const LARGEST: usize = 1 << 20;

pub(super) fn body(message: &Message) -> Value {
    let whole = written(message, &message.transitions);
    if whole.to_string().len() <= LARGEST {
        return whole;
    }
    let short = |transition: &Transition| {
        let links = super::links(transition).take(3).cloned().collect();
        let why = Why {
            links,
            ..Why::default()
        };
        Transition {
            why,
            summary: words::clip(&transition.summary, 2_000),
            ..transition.clone()
        }
    };
    let short: Vec<Transition> = message.transitions.iter().map(short).collect();
    let mut body = written(message, &short);
    body["data"]["is_shortened"] = Value::Bool(true);
    body
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
