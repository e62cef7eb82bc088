//! Inhibitions out of files.

use super::node::{Node, Value};
use super::read::{Fields, MOST, Told, tenant, text};
use crate::matcher::is_label_name;
use crate::{Inhibition, Matcher};

const KEYS: [&str; 4] = ["source", "target", "equal", "tenant"];

/// `None` with at least one mistake.
pub(super) fn read(node: &Node, told: &mut Told<'_>) -> Option<Inhibition> {
    let Value::Table(fields) = &node.value else {
        let message = format!("an inhibition is a table, not {}", node.described());
        told.say(node.line, "", message);
        return None;
    };
    let before = told.count();
    let fields = Fields::new("", node.line, fields);
    fields.only(&KEYS, told);
    let source = matchers(&fields, told, "source");
    let target = matchers(&fields, told, "target");
    let equal = equal(&fields, told);
    let tenant = tenant(&fields, told);
    if told.count() > before {
        return None;
    }
    Some(Inhibition {
        source,
        target,
        equal,
        tenant,
    })
}

fn matchers(fields: &Fields<'_>, told: &mut Told<'_>, key: &str) -> Vec<Matcher> {
    let allowed = format!("a list of 1 to {MOST} matchers such as 'severity=\"critical\"'");
    let nodes = fields.required(told, key, &allowed, |node| match &node.value {
        Value::List(nodes) if (1..=MOST).contains(&nodes.len()) => Some(nodes),
        _ => None,
    });
    let mut matchers = Vec::new();
    for (place, node) in nodes.into_iter().flatten().enumerate() {
        let path = format!("{}[{place}]", fields.path(key));
        match text(node).map(|text| text.parse::<Matcher>()) {
            Some(Ok(matcher)) => matchers.push(matcher),
            Some(Err(error)) => told.say(node.line, &path, error.to_string()),
            None => told.wrong(node, &path, "a matcher such as 'severity=\"critical\"'"),
        }
    }
    matchers
}

fn equal(fields: &Fields<'_>, told: &mut Told<'_>) -> Vec<String> {
    let allowed = format!("a list of at most {MOST} names of labels such as \"function\"");
    let nodes = fields.optional(told, "equal", &allowed, |node| match &node.value {
        Value::List(nodes) if nodes.len() <= MOST => Some(nodes),
        _ => None,
    });
    let mut names = Vec::new();
    for (place, node) in nodes.into_iter().flatten().enumerate() {
        match text(node).filter(|name| is_label_name(name)) {
            Some(name) => names.push(name),
            None => {
                let path = format!("{}[{place}]", fields.path("equal"));
                told.wrong(node, &path, "letters, digits and _, no digit first");
            }
        }
    }
    names
}
