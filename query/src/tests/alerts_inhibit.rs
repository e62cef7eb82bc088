//! The whole of evaluation on the real engine: what a file says is held back is not sent, and is sent once it is held no more.

use std::fs;

use coldtrace_control::{Deliveries, NewChannel, Rings};
use coldtrace_model::{Cold, Invocation, Nanos, Outcome, Tenant, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_store::Store;
use coldtrace_testkit::{at, engine, invocation};
use serde_json::{Value, json};

use super::fixture::Data;
use crate::alerts::evaluator::Evaluator;
use crate::alerts::read::MINUTE;
use crate::alerts::{Alerts, alerts_of_file};

/// Minutes, counted from the first invocation.
const MINUTES: u64 = 20;
/// Those in which `checkout` fails and is slow; it is slow until the end of the other ones.
const FAILING: std::ops::Range<u64> = 5..10;
const SLOW: std::ops::Range<u64> = 5..15;
/// Those in which `mailer` is slow, and does not fail.
const MAILER_SLOW: std::ops::Range<u64> = 5..7;

const RULES: &str = r#"
[[rule]]
name = "failing"
keep = 0
when = { kind = "threshold", measure = "errors", above = 3, window = "1m" }

[[rule]]
name = "slow"
keep = 0
when = { kind = "threshold", measure = "p95", above = "800ms", window = "1m" }

[[inhibit]]
source = ['alertname="failing"']
target = ['alertname="slow"']
equal = ["function"]
"#;

fn minute(number: u64) -> UnixNanos {
    at(number as f64 * 60_000.0)
}

/// Ten a minute of each function.
async fn write(store: &Store) {
    for function in ["checkout", "mailer"] {
        let one = |number: u64| {
            let (start, of_minute) = (number as f64 * 6_000.0, number / 10);
            let is_checkout = function == "checkout";
            let slow = if is_checkout { SLOW } else { MAILER_SLOW };
            let length = if slow.contains(&of_minute) {
                1_500.0
            } else {
                100.0
            };
            let outcome = match is_checkout && FAILING.contains(&of_minute) {
                true => Outcome::Error,
                false => Outcome::Ok,
            };
            let told = invocation(&format!("{function}-{number}")).started(start);
            let told = told.cold(Cold::Warm).ended(outcome, start + length);
            told.function(function).build()
        };
        let invocations: Vec<Invocation> = (0..MINUTES * 10).map(one).collect();
        Data::of(store).facts(function, &invocations).await;
    }
}

/// What was to be sent: in which minute, to which group, and why.
async fn sent(alerts: &Alerts) -> Vec<(u64, String, String)> {
    let sent = alerts.ask(|db| {
        let all = Deliveries {
            limit: 100,
            ..Deliveries::default()
        };
        let mut sent = Vec::new();
        for delivery in db.deliveries(&Tenant::single(), &all)?.into_iter().rev() {
            let read = db.delivery(&Tenant::single(), &delivery.id)?;
            let body = read.and_then(|(_, body, _)| body).expect("a body");
            let body: Value = serde_json::from_str(&body).expect("JSON");
            let number = delivery.created.since(minute(0)).0 / MINUTE.0 - 1;
            let kind = body["type"].as_str().expect("a type").to_owned();
            sent.push((number, delivery.key, kind));
        }
        Ok(sent)
    });
    sent.await.expect("read")
}

#[tokio::test]
async fn what_is_inhibited_is_not_sent_and_is_sent_once_what_inhibits_it_is_over() {
    let engine = engine::start().await;
    let store = engine.store();
    write(&store).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.toml");
    fs::write(&file, RULES).expect("written");
    let alerts = alerts_of_file(folder.path(), file);
    let channel = NewChannel {
        name: "team".to_owned(),
        kind: "webhook".to_owned(),
        settings: json!({}).to_string(),
        secrets: None,
        disabled_reason: None,
    };
    let created =
        alerts.ask(move |db| db.create_channel(&Tenant::single(), "team", &channel, minute(0)));
    created.await.expect("a channel");

    let (rings, registry) = (Rings::default(), Registry::new());
    let mut evaluator = Evaluator::new(store, alerts.clone(), rings, &registry);
    let delay = Nanos::from(alerts.config().delay);
    for number in 1..=MINUTES {
        let now = minute(number).plus(delay);
        evaluator.look(now).await.expect("evaluated");
    }

    let told = |number, name: &str, function: &str, kind: &str| {
        let key = format!("{{alertname=\"{name}\", function=\"{function}\"}}");
        (number, key, kind.to_owned())
    };
    let expected = [
        told(6, "failing", "checkout", "alert.firing"),
        told(6, "slow", "mailer", "alert.firing"),
        told(8, "slow", "mailer", "alert.resolved"),
        told(11, "failing", "checkout", "alert.resolved"),
        told(11, "slow", "checkout", "alert.firing"),
        told(16, "slow", "checkout", "alert.resolved"),
    ];
    assert_eq!(sent(&alerts).await, expected);
}
