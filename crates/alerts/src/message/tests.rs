use coldtrace_model::UnixNanos;
use proptest::prelude::*;

use super::*;
use crate::example::{self, MIDNIGHT};
use crate::group::Kind;
use crate::notice::{Cause, Example, PathShift, Point, Severity, Transition, Unit};

const SENDER: Sender<'static> = Sender {
    channel: "oncall",
    url: "https://traces.example",
};
const FORMATS: [Format; 5] = [
    Format::Webhook,
    Format::Slack,
    Format::Pagerduty,
    Format::Alertmanager,
    Format::AlertmanagerWebhook,
];

fn message(kind: Kind, transition: Transition) -> Message {
    Message {
        kind,
        group: example::group(),
        at: MIDNIGHT,
        number: 1,
        transitions: vec![transition],
        still: Vec::new(),
    }
}

fn pretty(bodies: &[String]) -> String {
    let pretty = |body: &String| {
        let body: Value = serde_json::from_str(body).expect("JSON");
        serde_json::to_string_pretty(&body).expect("JSON")
    };
    bodies.iter().map(pretty).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_kind_of_receiver_is_told_in_its_own_way() {
    let [fires, ended] = example::pair();
    for format in FORMATS {
        for (kind, one) in [(Kind::Firing, &fires), (Kind::Resolved, &ended)] {
            let told = bodies(format, &message(kind, one.clone()), SENDER);
            let name = format!("{}_{}", format.as_str(), kind.as_str());
            insta::assert_snapshot!(name, pretty(&told));
        }
    }
}

#[test]
fn what_fires_is_told_again_with_an_end_that_moves() {
    let [fires, _] = example::pair();
    let told = firing_until(
        [&fires].into_iter(),
        UnixNanos(MIDNIGHT.0 + 300_000_000_000),
    );
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told[0]["endsAt"], "2026-11-27T00:05:00Z");
    assert_eq!(told[0]["labels"]["function"], "checkout");
}

#[test]
fn an_alertmanagers_webhook_tells_each_alert_as_it_is_now() {
    let [fires, ended] = example::pair();
    let other = example::transition("00000000000000bb", 1, crate::Change::Firing);
    let mut both = message(Kind::Resolved, fires);
    both.transitions.push(ended);
    both.still.push(other);
    let told = bodies(Format::AlertmanagerWebhook, &both, SENDER);
    let told: Value = serde_json::from_str(&told[0]).expect("JSON");
    assert_eq!(told["status"], "firing", "one of the group fires");
    let statuses = [0, 1].map(|place| told["alerts"][place]["status"].clone());
    assert_eq!(statuses, ["resolved", "firing"]);
}

#[test]
fn a_trial_leaves_nothing_open_at_any_receiver() {
    let [begins, ends] = crate::trial("oncall", MIDNIGHT);
    let told = |message| -> Value {
        serde_json::from_str(&bodies(Format::Pagerduty, message, SENDER)[0]).expect("JSON")
    };
    let (begun, ended) = (told(&begins), told(&ends));
    let actions = [&begun, &ended].map(|event| event["event_action"].clone());
    assert_eq!(actions, ["trigger", "resolve"]);
    assert_eq!(begun["dedup_key"], ended["dedup_key"]);
    assert_ne!(begins.id("acme", "c", 0), ends.id("acme", "c", 0));
    assert_eq!(begun["payload"]["severity"], "info");
}

#[test]
fn a_routing_key_is_put_into_an_event_when_it_is_sent() {
    let [fires, _] = example::pair();
    let told = bodies(Format::Pagerduty, &message(Kind::Firing, fires), SENDER);
    assert!(!told[0].contains("routing_key"));
    let sent = with_routing_key(&told[0], "R0UTE").expect("an event");
    let sent: Value = serde_json::from_str(&sent).expect("JSON");
    assert_eq!(sent["routing_key"], "R0UTE");
    assert_eq!(with_routing_key("[]", "R0UTE"), None);
}

/// Texts that strangers might choose: long, of any script, with what our receivers have a meaning for.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<!channel>".to_owned()),
        Just("&|>".to_owned()),
        Just("🦀".to_owned()),
        Just("\u{0}\n\"\\".to_owned()),
        Just("https://x.example/a|b<c>&d".to_owned()),
        "\\PC{0,20}",
    ];
    (prop::collection::vec(piece, 0..6), 0..800_usize)
        .prop_map(|(pieces, times)| pieces.concat().repeat(times + 1))
        .prop_map(|text| text.chars().take(20_000).collect())
}

fn hostile_transition() -> impl Strategy<Value = Transition> {
    let texts = prop::collection::vec(hostile(), 12);
    (texts, any::<bool>(), 0..8_usize, prop::num::f64::ANY).prop_map(
        |(texts, fires, many, value)| {
            let change = if fires {
                crate::Change::Firing
            } else {
                crate::Change::Resolved
            };
            let mut one = example::transition(&texts[0], 1, change);
            one.summary.clone_from(&texts[1]);
            one.rule_name.clone_from(&texts[2]);
            one.runbook = Some(texts[3].clone());
            one.severity = Severity::Error;
            one.labels.insert(texts[4].clone(), texts[5].clone());
            one.labels.insert("function".to_owned(), texts[6].clone());
            one.reading.name.clone_from(&texts[7]);
            one.reading.value = Some(value);
            one.reading.unit = Unit::Share;
            let why = &mut one.why;
            for _ in 0..many {
                why.history.push(Point {
                    at: MIDNIGHT,
                    value: Some(value),
                });
                why.causes.push(Cause {
                    key: texts[8].clone(),
                    value: Some(texts[9].clone()),
                    of_bad: value,
                    of_rest: 0.0,
                });
                why.path.push(PathShift {
                    what: texts[9].clone(),
                    before: coldtrace_model::Nanos(1),
                    now: coldtrace_model::Nanos(u64::MAX),
                });
                why.examples.push(Example {
                    request_id: texts[10].clone(),
                    duration: None,
                    outcome: texts[8].clone(),
                    href: texts[11].clone(),
                });
                why.links.push(Link {
                    title: texts[10].clone(),
                    href: format!("https://x.example/{}", texts[11]),
                });
            }
            one
        },
    )
}

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn check_block(block: &Value) {
    match block["type"].as_str() {
        Some("header") => assert!(length(&block["text"]["text"]) <= 150),
        Some("section") => {
            let fields = block["fields"].as_array().cloned().unwrap_or_default();
            let longest = fields.iter().map(|field| length(&field["text"])).max();
            assert!(fields.len() <= 10 && longest.unwrap_or(0) <= 2_000);
            assert!(length(&block["text"]["text"]) <= 3_000);
            let shown = block.to_string();
            assert!(!shown.contains("<!"), "nobody is called: {shown}");
        }
        Some("context") => assert!(length(&block["elements"][0]["text"]) <= 3_000),
        Some("actions") => {
            let buttons = block["elements"].as_array().expect("a list");
            assert!(!buttons.is_empty() && buttons.len() <= 25);
            for button in buttons {
                let text = length(&button["text"]["text"]);
                assert!((1..=75).contains(&text) && length(&button["url"]) <= 3_000);
            }
        }
        other => panic!("no such block: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_stands_in_it_a_message_keeps_to_slacks_limits(one in hostile_transition(), times in 1..20_usize) {
        let mut message = message(Kind::Firing, one.clone());
        message.transitions = vec![one; times];
        message.group.insert("function".to_owned(), message.transitions[0].summary.clone());
        let told: Value = serde_json::from_str(&bodies(Format::Slack, &message, SENDER)[0]).expect("JSON");
        let blocks = told["blocks"].as_array().expect("a list").iter();
        let attachments = told["attachments"].as_array().expect("a list");
        let in_them = attachments.iter().flat_map(|one| one["blocks"].as_array().expect("a list"));
        let all: Vec<&Value> = blocks.chain(in_them).collect();
        prop_assert!(all.len() <= 50);
        prop_assert!(length(&told["text"]) <= 3_000);
        all.into_iter().for_each(check_block);
    }

    #[test]
    fn whatever_stands_in_it_an_event_keeps_to_pagerdutys_limits(one in hostile_transition()) {
        let told = &bodies(Format::Pagerduty, &message(Kind::Firing, one), SENDER)[0];
        prop_assert!(told.len() + 200 <= 512 << 10);
        let told: Value = serde_json::from_str(told).expect("JSON");
        prop_assert!(length(&told["payload"]["summary"]) <= 1_024);
        prop_assert!(length(&told["dedup_key"]) <= 255);
    }

    #[test]
    fn whatever_stands_in_it_alertmanager_takes_the_labels(one in hostile_transition()) {
        let message = message(Kind::Firing, one);
        for format in [Format::Alertmanager, Format::AlertmanagerWebhook] {
            let told: Value = serde_json::from_str(&bodies(format, &message, SENDER)[0]).expect("JSON");
            let alert = if told.is_array() { &told[0] } else { &told["alerts"][0] };
            for (name, value) in alert["labels"].as_object().expect("labels") {
                prop_assert!(crate::matcher::is_label_name(name), "{}", name);
                prop_assert!(length(value) > 0 && length(value) <= 2_000);
            }
        }
    }

    #[test]
    fn a_webhooks_body_is_bounded(mut one in hostile_transition()) {
        // This one we choose: it is never longer.
        one.alert = example::transition("00000000000000aa", 1, one.change).alert;
        let mut message = message(Kind::Firing, one.clone());
        message.transitions = vec![one; 20];
        let told = &bodies(Format::Webhook, &message, SENDER)[0];
        prop_assert!(told.len() <= 1 << 20, "{}", told.len());
    }
}
