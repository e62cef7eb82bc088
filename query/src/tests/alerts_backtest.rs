//! Back-tests over HTTP: of every kind of rule that asks the store otherwise than live, that it tells the same as live.

use std::collections::BTreeMap;
use std::time::Duration;

use coldtrace_alerts::{AlertId, Change, Defined, Need, RuleId, parse_json};
use coldtrace_model::{Cold, Invocation, Nanos, Outcome, Tenant, TimeRange, UnixNanos};
use coldtrace_store::Store;
use coldtrace_testkit::{engine, invocation};
use serde_json::{Value, json};

use super::alerts_api::{Asked, Asker};
use super::alerts_watch::minute;
use super::compare::settle;
use super::fixture::Data;
use super::served::Served;
use crate::alerts::groups::GroupsThen;
use crate::alerts::read::{BUCKET, Reads};
use crate::alerts::watch::Watch;

const BACKTEST: &str = "POST /api/v1/alerts/backtest";
const MINUTES: u64 = 110;
const DAY: f64 = 1_440.0;

/// An invocation in a minute, counted from the epoch of the tests, that took so many milliseconds.
fn one(function: &str, minute: f64, number: u32, millis: f64, error: Option<&str>) -> Invocation {
    let started = minute * 60_000.0 + f64::from(number) * 1_000.0;
    let outcome = match error {
        Some(_) => Outcome::Error,
        None => Outcome::Ok,
    };
    let told = invocation(&format!("{function}-{minute}-{number}"));
    let told = told.function(function).started(started).cold(Cold::Warm);
    let told = told.ended(outcome, started + millis);
    told.with(|told| {
        told.error_type = error.unwrap_or_default().to_owned();
        told.version = if number.is_multiple_of(2) { "1" } else { "2" }.to_owned();
        told.region = "eu-west-1".to_owned();
    })
    .build()
}

/// What came to pass: when an alert of which labels fired and ended, and in what words.
type Told = (String, Option<String>, Value, String);

/// What a watch tells that evaluates these rules every minute, of each of them.
async fn live(store: &Store, definitions: &[Value]) -> Vec<Vec<Told>> {
    let tenant = Tenant::single();
    let rules = definitions
        .iter()
        .enumerate()
        .map(|(place, definition)| Defined {
            id: RuleId(place.to_string()),
            rule: parse_json(definition).expect("a rule"),
        });
    let reader = store.reader(tenant.clone());
    let mut watch = Watch::new(&tenant, reader, rules.collect(), Vec::new(), "");
    let mut told: Vec<Vec<Told>> = vec![Vec::new(); definitions.len()];
    let mut open: BTreeMap<AlertId, usize> = BTreeMap::new();
    for number in 1..=MINUTES {
        let looked = watch.minute(minute(number)).await.expect("a minute");
        for one in &looked.transitions {
            let of_rule = &mut told[one.rule.0.parse::<usize>().expect("a place")];
            let at = one.at.0.to_string();
            match one.change {
                Change::Firing => {
                    open.insert(one.alert.clone(), of_rule.len());
                    of_rule.push((at, None, json!(one.labels), one.summary.clone()));
                }
                Change::Resolved => of_rule[open[&one.alert]].1 = Some(at),
            }
        }
        watch.keep(looked);
    }
    for of_rule in &mut told {
        of_rule.sort_by_key(|one| (one.0.clone(), one.2.to_string()));
    }
    told
}

async fn back_tested(served: &Served, definition: &Value) -> (Vec<Told>, Value) {
    let question = json!({
        "rule": definition, "from": minute(0).0.to_string(), "to": minute(MINUTES).0.to_string(),
    });
    let asked = Asked::to(BACKTEST).with(&question);
    let answer = Asker::new().told(served, asked, 200).await;
    let episodes = answer["episodes"].as_array().expect("episodes").iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let told = episodes.map(|one| {
        let from = text(&one["from"]).expect("a time");
        let summary = text(&one["summary"]).expect("a sentence");
        (from, text(&one["to"]), one["labels"].clone(), summary)
    });
    let mut told: Vec<Told> = told.collect();
    told.sort_by_key(|one| (one.0.clone(), one.2.to_string()));
    (told, answer)
}

/// Errors: one that is new, one that came days ago and comes back, one that came yesterday and goes on.
async fn write_errors(store: &Store) {
    let mut told = Vec::new();
    let mut error = |function, minute, count, error| {
        let range = 0..count;
        told.extend(range.map(|number| one(function, minute, number, 50.0, Some(error))));
    };
    error("mailer", -3.0 * DAY, 2, "Back");
    error("mailer", -0.5 * DAY, 2, "Usual");
    error("mailer", -1.2 * DAY, 2, "Often");
    for at in [7.0, 8.0, 13.0, 44.0] {
        error("mailer", at, 3, "New");
        error("mailer", at + 20.0, 1, "Back");
        error("mailer", at + 5.0, 1, "Usual");
        error("checkout", at + 1.0, 2, "New");
    }
    error("mailer", 61.0, 5, "Often");
    // Whose errors can be news since it is not new itself.
    told.push(one("checkout", -300.0, 0, 50.0, None));
    Data::of(store).facts("errors", &told).await;
}

#[tokio::test]
async fn groups_of_errors_are_known_as_they_were_at_each_time() {
    let engine = engine::start().await;
    let store = engine.store();
    write_errors(&store).await;
    settle(&store).await;
    let reader = store.reader(Tenant::single());
    let window = Duration::from_secs(600);
    let reads = Reads::new(reader.clone(), &[], Vec::new());
    let need = Need {
        errors: Some(window),
        ..Need::default()
    };
    // From days before, so that what is news depends on what was read and let go.
    let range = TimeRange {
        from: UnixNanos(minute(0).0 - 4 * 86_400_000_000_000),
        to: minute(MINUTES),
    };
    let mut then = GroupsThen::new(&reader, &[], Nanos::from(window), range)
        .await
        .expect("read");
    // The ends of windows in which something may have changed, and a few in which nothing did.
    let hours = [-96, -72, -71, -29, -28, -12, -11, -2].map(|hour: i64| hour * 12);
    let mut seen = 0;
    for bucket in hours
        .into_iter()
        .flat_map(|hour| hour..hour + 4)
        .chain(0..23)
    {
        let end = minute(0).0.saturating_add_signed(bucket * BUCKET.0 as i64);
        let end = UnixNanos(end);
        let live = reads.groups(&need, end).await.expect("read");
        let told = then.at(end).await.expect("read");
        assert_eq!(told, live, "{bucket}");
        seen += live.len();
    }
    assert!(seen > 20, "{seen}");

    let named = vec!["checkout".to_owned()];
    let range = TimeRange {
        from: minute(0),
        ..range
    };
    let mut then = GroupsThen::new(&reader, &named, Nanos::from(window), range)
        .await
        .expect("read");
    let told = then.at(minute(15)).await.expect("read");
    let told: Vec<_> = told
        .iter()
        .map(|group| (group.function.as_str(), group.count))
        .collect();
    assert_eq!(told, [("checkout", 6)]);
}

#[tokio::test]
async fn a_rule_of_errors_is_back_tested_as_it_fires_live() {
    let engine = engine::start().await;
    let store = engine.store();
    write_errors(&store).await;
    settle(&store).await;
    let served = Served::on(&store);
    let definition = |scope: Value| {
        json!({
            "name": scope.to_string(), "keep": "1m", "scope": scope,
            "when": { "kind": "error_group", "window": "10m", "at_least": 2 },
        })
    };
    let scopes = [
        json!({}),
        json!({ "functions": ["checkout"] }),
        json!({ "versions": ["2"] }),
    ];
    let rules = scopes.map(definition);
    for (definition, live) in rules.iter().zip(live(&store, &rules).await) {
        let (told, answer) = back_tested(&served, definition).await;
        assert!(!live.is_empty(), "{definition}");
        assert_eq!(told, live, "{definition}");
        assert_eq!(answer["unit"], "count");
        assert_eq!(answer["threshold"], 1.0);
    }
    let mut odd = definition(json!({}));
    odd["when"]["window"] = json!("7m");
    let question = json!({ "rule": odd });
    let refused = Asked::to(BACKTEST).with(&question);
    let refused = Asker::new().told(&served, refused, 400).await;
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(message.contains("whole five minutes"), "{message}");
}

#[tokio::test]
async fn what_looks_at_hours_and_weeks_is_back_tested_as_it_fires_live() {
    let engine = engine::start().await;
    let store = engine.store();
    let mut told = Vec::new();
    // Two hours a week ago, and two weeks ago, and the night before.
    for week in [1.0, 2.0] {
        let minutes = (0..24).map(|step| f64::from(step) * 5.0 - week * 7.0 * DAY);
        told.extend(minutes.map(|minute| one("checkout", minute, 0, 100.0, None)));
    }
    let night = (0..6).map(|hour| f64::from(hour) * 60.0 - 400.0);
    told.extend(night.map(|minute| one("checkout", minute, 0, 100.0, Some("Night"))));
    for at in 0..MINUTES as u32 {
        let (millis, error) = match at {
            30..45 => (500.0, None),
            70..80 => (20.0, None),
            82..85 => (100.0, Some("Day")),
            _ => (100.0, None),
        };
        let calls = (0..4).map(|number| one("checkout", at.into(), number, millis, error));
        told.extend(calls);
    }
    Data::of(&store).facts("calls", &told).await;
    settle(&store).await;
    let served = Served::on(&store);
    let rules = [
        json!({
            "name": "unusual", "keep": "1m",
            "when": { "kind": "deviation", "measure": "p95", "window": "5m", "direction": "both", "weeks": 2 },
        }),
        json!({
            "name": "errors of hours", "keep": "0", "by": "all", "scope": { "functions": ["check*"] },
            "when": { "kind": "threshold", "measure": "errors", "above": 10, "window": "3h" },
        }),
        json!({
            "name": "by version", "by": "version", "scope": { "functions": ["checkout"] },
            "when": { "kind": "threshold", "measure": "error_rate", "above": "10%", "window": "10m" },
        }),
    ];
    for (definition, live) in rules.iter().zip(live(&store, &rules).await) {
        let (told, _) = back_tested(&served, definition).await;
        assert!(!live.is_empty(), "{definition}");
        assert_eq!(told, live, "{definition}");
    }
}
