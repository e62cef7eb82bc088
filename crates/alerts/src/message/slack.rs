//! Blocks of a Slack message: a header, and an attachment for each alert, which alone have colours.

use serde_json::{Value, json};

use super::{is_absolute, links, words};
use crate::group::{Kind, Message};
use crate::notice::{Change, Example, Severity, Transition};

/// What Slack takes: blocks of a message, characters of a header, a section, a field and a button.
const MOST_BLOCKS: usize = 50;
const LONGEST_HEADER: usize = 150;
const LONGEST_SECTION: usize = 3_000;
const LONGEST_FIELD: usize = 2_000;
const LONGEST_BUTTON: usize = 75;
/// Alerts that are told in full: more is no message that anyone reads.
const MOST_ALERTS: usize = 6;
const MOST_BUTTONS: usize = 5;
/// Of one item of a list, so that the list has room for the others.
const LONGEST_ITEM: usize = 400;

pub(super) fn body(message: &Message) -> Value {
    let title = title(message);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": words::clip(&title, LONGEST_HEADER) },
    })];
    let mut left = MOST_BLOCKS - 2;
    let mut attachments = Vec::new();
    for transition in message.transitions.iter().take(MOST_ALERTS) {
        let alert = alert(transition);
        if alert.len() > left {
            break;
        }
        left -= alert.len();
        attachments.push(json!({ "color": color(transition), "blocks": alert }));
    }
    let untold = message.transitions.len() - attachments.len();
    if let Some(rest) = rest(untold, message.still.len()) {
        blocks.push(context(&rest));
    }
    json!({
        // What a notification shows.
        "text": escaped(&title, LONGEST_FIELD),
        "blocks": blocks,
        "attachments": attachments,
    })
}

fn title(message: &Message) -> String {
    let word = match message.kind {
        Kind::Firing => "Firing",
        Kind::Resolved => "Resolved",
        Kind::Repeated => "Still firing",
    };
    let named = match message.transitions.as_slice() {
        [only] => only.rule_name.clone(),
        several => {
            let first = several.first().map_or("", |one| one.rule_name.as_str());
            format!("{first} ({} changes)", several.len())
        }
    };
    let function = message.group.get("function");
    let of = function
        .map(|name| format!(" · {name}"))
        .unwrap_or_default();
    format!("{word}: {named}{of}")
}

fn rest(untold: usize, still: usize) -> Option<String> {
    match (untold, still) {
        (0, 0) => None,
        (0, still) => Some(format!("{still} more of this group still fire")),
        (untold, 0) => Some(format!("and {untold} more")),
        (untold, still) => Some(format!("and {untold} more; {still} others still fire")),
    }
}

const fn color(transition: &Transition) -> &'static str {
    match (transition.change, transition.severity) {
        (Change::Resolved, _) => "#2e7d32",
        (Change::Firing, Severity::Critical) => "#b71c1c",
        (Change::Firing, Severity::Error) => "#d84315",
        (Change::Firing, Severity::Warning) => "#f9a825",
        (Change::Firing, Severity::Info) => "#1565c0",
    }
}

/// At most seven blocks.
fn alert(transition: &Transition) -> Vec<Value> {
    let why = &transition.why;
    let summary = escaped(&transition.summary, 2_000);
    let when = match transition.change {
        Change::Firing => format!("since {}", words::moment(transition.since)),
        Change::Resolved => format!(
            "from {} to {}",
            words::moment(transition.since),
            words::moment(transition.at)
        ),
    };
    let lead = format!("*{summary}*\n{} {when}", transition.severity.as_str());
    let mut blocks = vec![section(&lead), reading(transition)];
    let causes = why.causes.iter().take(5);
    blocks.extend(list(
        "What sets the bad ones apart",
        causes.map(words::cause),
    ));
    let path = why.path.iter().take(5);
    blocks.extend(list("Where the time went", path.map(words::shift)));
    let examples = why.examples.iter().take(3).map(example).collect::<Vec<_>>();
    if !examples.is_empty() {
        blocks.push(section(&format!("*Examples*\n{}", examples.join("\n"))));
    }
    let buttons: Vec<Value> = links(transition).take(MOST_BUTTONS).map(|link| {
        json!({
            "type": "button",
            "text": { "type": "plain_text", "text": words::clip(filled(&link.title), LONGEST_BUTTON) },
            "url": link.href,
        })
    }).collect();
    if !buttons.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    let runbook = transition.runbook.iter().filter(|href| is_absolute(href));
    blocks.extend(runbook.map(|href| context(&link(href, "Runbook"))));
    blocks
}

fn reading(transition: &Transition) -> Value {
    let name = escaped(&transition.reading.name, 300);
    let told = escaped(&words::reading(&transition.reading), 1_000);
    let mut fields = vec![mrkdwn(&format!("*{name}*\n{told}"))];
    let history = &transition.why.history;
    if !history.is_empty() {
        fields.push(mrkdwn(&format!("*History*\n{}", words::sparkline(history))));
    }
    json!({ "type": "section", "fields": fields })
}

fn list(title: &str, items: impl Iterator<Item = String>) -> Option<Value> {
    let lines: Vec<String> = items
        .map(|item| format!("• {}", escaped(&item, LONGEST_ITEM)))
        .collect();
    let is_any = !lines.is_empty();
    is_any.then(|| section(&format!("*{title}*\n{}", lines.join("\n"))))
}

fn example(example: &Example) -> String {
    let id = words::clip(&example.request_id, 100);
    let shown = match is_absolute(&example.href) && example.href.len() < 600 {
        true => link(&example.href, &id),
        false => escaped(&id, 200),
    };
    let took = example.duration.map(words::length).unwrap_or_default();
    let outcome = escaped(&example.outcome, 100);
    format!("• {shown} {took} {outcome}").trim_end().to_owned()
}

/// A link: what would end its address is written otherwise.
fn link(href: &str, text: &str) -> String {
    let href = href
        .replace('|', "%7C")
        .replace('<', "%3C")
        .replace('>', "%3E");
    let href = href.replace('&', "&amp;");
    format!("<{href}|{}>", escaped(&text.replace('|', "/"), 300))
}

fn section(text: &str) -> Value {
    debug_assert!(text.encode_utf16().count() <= LONGEST_SECTION);
    json!({ "type": "section", "text": mrkdwn(text) })
}

fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [mrkdwn(text)] })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

/// Slack takes no empty text.
fn filled(text: &str) -> &str {
    match text.trim().is_empty() {
        true => "Open",
        false => text,
    }
}

/// Text that Slack takes for text, at most so long as it is written. Without `<` nobody is called by `<!channel>`.
fn escaped(text: &str, most: usize) -> String {
    let mut escaped = String::new();
    let mut left = most.saturating_sub(1);
    for letter in text.chars() {
        let mut own = [0; 4];
        let written = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => letter.encode_utf8(&mut own),
        };
        let length = written.encode_utf16().count();
        if length > left {
            escaped.push('…');
            break;
        }
        left -= length;
        escaped.push_str(written);
    }
    escaped
}
