//! What Slack and PagerDuty are sent, against what their own packages and their documents say that they take.

use std::path::Path;
use std::process::Command;

use coldtrace_tests::{Setup, run_json};
use serde_json::{Value, json};

use super::inbox::{Message, PAGERDUTY, SLACK};
use super::{ALERT, FUNCTION, Inbox, Scene};

const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";
/// Bytes of an event, and characters of its fields.
const LARGEST_EVENT: usize = 512 << 10;
const LONGEST_SUMMARY: usize = 1_024;
const LONGEST_KEY: usize = 255;
/// Characters of a field of a section in Slack, which its SDK does not look at.
const LONGEST_FIELD: usize = 2_000;

#[test]
fn slack_and_pagerduty_are_told_of_an_alert_and_its_end_as_they_document_it() {
    let inbox = Inbox::open();
    let scene = Scene::start();
    let slack = scene.channel(&json!({
        "name": "slack", "kind": "slack", "url": inbox.url(SLACK),
    }));
    let pagerduty = scene.channel(&json!({
        "name": "pagerduty", "kind": "pagerduty", "url": inbox.url(PAGERDUTY),
        "routing_key": ROUTING_KEY,
    }));

    scene.fire();
    let (firing, trigger) = (inbox.message(SLACK, 1), inbox.message(PAGERDUTY, 1));
    scene.end();
    let (resolved, resolve) = (inbox.message(SLACK, 2), inbox.message(PAGERDUTY, 2));

    let noted = [scene.delivered(&slack, 2), scene.delivered(&pagerduty, 2)].concat();
    for told in [
        json!([slack, pagerduty, noted]).to_string(),
        scene.backend.told(),
    ] {
        for secret in [SLACK, ROUTING_KEY] {
            assert!(!told.contains(secret), "a secret is told: {told}");
        }
    }
    check_slack(&firing, &resolved);
    check_pagerduty(&trigger, &resolve);
    assert_compiles(&[
        ("SlackMessage", &firing),
        ("SlackMessage", &resolved),
        ("PagerDutyTrigger", &trigger),
        ("PagerDutyResolve", &resolve),
    ]);
}

fn check_slack(firing: &Message, resolved: &Message) {
    for (message, word) in [(firing, "Firing"), (resolved, "Resolved")] {
        assert_eq!(message.headers["content-type"], "application/json");
        let body = message.json();
        let title = format!("{word}: {ALERT} · {FUNCTION}");
        assert_eq!(body["blocks"][0]["text"]["text"], title.as_str());
        let texts = texts(&body);
        // What stands in a name calls nobody.
        assert!(texts.iter().all(|text| !text.contains("<!")), "{body:#}");
        let escaped = "checkout &lt;!here&gt; &amp; co";
        assert!(texts.iter().any(|text| text.contains(escaped)), "{body:#}");
        let fields = texts_of_fields(&body);
        let fit = |text: &&str| text.chars().count() <= LONGEST_FIELD;
        assert!(fields.iter().all(fit), "{body:#}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let setup = Setup::read();
    let mut command = Command::new(setup.path("python"));
    command
        .arg(setup.path("workspace").join("tests/receivers/slack.py"))
        .env("PYTHONPATH", setup.path("receivers_python_packages"));
    for (name, message) in [("firing", firing), ("resolved", resolved)] {
        let path = folder.path().join(name);
        std::fs::write(&path, &message.body).expect("write a file");
        command.arg(path);
    }
    assert_eq!(run_json(&mut command), json!({ "mistakes": [] }));
}

/// What Slack looks for its own syntax in.
fn texts(of: &Value) -> Vec<&str> {
    match of {
        Value::Object(fields) if fields.get("type") == Some(&json!("mrkdwn")) => {
            fields["text"].as_str().into_iter().collect()
        }
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name == "text" && !fields.contains_key("type") => {
                    vec![&**text]
                }
                _ => texts(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn texts_of_fields(body: &Value) -> Vec<&str> {
    let attachments = body["attachments"].as_array().expect("a list");
    let blocks = attachments
        .iter()
        .filter_map(|one| one["blocks"].as_array());
    let fields = blocks
        .flatten()
        .filter_map(|block| block["fields"].as_array());
    let texts = fields.flatten().filter_map(|field| field["text"].as_str());
    texts.collect()
}

fn check_pagerduty(trigger: &Message, resolve: &Message) {
    let (began, ended) = (trigger.json(), resolve.json());
    for (message, event, action) in [(trigger, &began, "trigger"), (resolve, &ended, "resolve")] {
        assert_eq!(message.headers["content-type"], "application/json");
        assert!(message.body.len() <= LARGEST_EVENT);
        assert_eq!(event["event_action"], action);
        assert_eq!(event["routing_key"], ROUTING_KEY);
        let key = event["dedup_key"].as_str().expect("a key");
        assert!(key.len() <= LONGEST_KEY, "{key}");
        let links = event["links"].as_array().into_iter().flatten();
        let all_open = links
            .filter_map(|link| link["href"].as_str())
            .all(|href| href.starts_with("https://"));
        assert!(all_open, "{event:#}");
    }
    assert_eq!(began["dedup_key"], ended["dedup_key"]);
    let payload = &began["payload"];
    assert_eq!(payload["source"], FUNCTION);
    assert_eq!(payload["severity"], "critical");
    let summary = payload["summary"].as_str().expect("a summary");
    assert!(summary.contains(FUNCTION) && summary.chars().count() <= LONGEST_SUMMARY);
}

/// Bodies are of these types of `tests/receivers/shapes.ts`.
fn assert_compiles(bodies: &[(&str, &Message)]) {
    let setup = Setup::read();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shapes = setup.path("workspace").join("tests/receivers/shapes.ts");
    std::fs::copy(shapes, folder.path().join("shapes.ts")).expect("copy a file");
    let packages = setup.path("receivers_node_modules");
    let link = folder.path().join("node_modules");
    std::os::unix::fs::symlink(&packages, link).expect("make a link");
    let mut values = "import type * as shapes from \"./shapes.js\";\n".to_owned();
    for (number, (shape, message)) in bodies.iter().enumerate() {
        let body = &message.body;
        values.push_str(&format!(
            "export const body{number}: shapes.{shape} = {body};\n"
        ));
    }
    std::fs::write(folder.path().join("bodies.ts"), values).expect("write a file");
    compile(&packages, folder.path());
}

fn compile(packages: &Path, folder: &Path) {
    let output = Command::new(Setup::read().path("node"))
        .arg(packages.join("typescript/bin/tsc"))
        .args(["--noEmit", "--strict", "--skipLibCheck"])
        .args(["--module", "nodenext", "--preserveSymlinks"])
        .arg("bodies.ts")
        .current_dir(folder)
        .output()
        .expect("run tsc");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
}
