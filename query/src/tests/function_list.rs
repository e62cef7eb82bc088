//! The list of functions: how each did over time and before, and what about it costs most.

use coldtrace_model::{Cold, Invocation, Nanos, Outcome, Tenant, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_store::Store;
use coldtrace_store::settle::{DueFunction, ToldFinding};
use coldtrace_testkit::{at, engine, invocation};
use serde_json::{Value, json};

use super::fixture::Data;
use super::openapi::Description;
use super::served::Served;
use super::settle::settling;
use crate::settle::Step;

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;

/// One a minute, of which every tenth fails after a cold start.
fn each_minute(function: &str, minutes: std::ops::Range<u32>, millis: f64) -> Vec<Invocation> {
    let one = |minute: u32| {
        let started = f64::from(minute) * MINUTE + 1_000.0;
        let is_tenth = minute.is_multiple_of(10);
        let outcome = match is_tenth {
            true => Outcome::Error,
            false => Outcome::Ok,
        };
        let one = invocation(&format!("{function}-{minute}")).function(function);
        let one = one.started(started).ended(outcome, started + millis);
        match is_tenth {
            true => one.cold(Cold::OnDemand).build(),
            false => one.build(),
        }
    };
    minutes.map(one).collect()
}

async fn settle(store: &Store) {
    let mut settle = settling(store, &Registry::new());
    while settle.step(at(96.0 * HOUR)).await.expect("a step") == Step::More {}
}

fn path(from: f64, to: f64, more: &str) -> String {
    let (from, to) = (at(from).0, at(to).0);
    format!("/api/v1/functions?from={from}&to={to}{more}")
}

fn named<'a>(list: &'a Value, function: &str) -> &'a Value {
    let functions = list["functions"].as_array().expect("a list");
    let found = functions.iter().find(|one| one["function"] == function);
    found.unwrap_or_else(|| panic!("{function} in {list:#}"))
}

/// The sum of a field over the points of a trend.
fn sum(one: &Value, field: &str) -> u64 {
    let points = one["trend"].as_array().expect("a list").iter();
    points.map(|point| number(&point[field])).sum()
}

fn number(value: &Value) -> u64 {
    let number = value.as_str().and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test]
async fn functions_are_told_over_time_and_with_what_they_did_before() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    data.facts("before", &each_minute("steady", 0..60, 100.0))
        .await;
    data.facts("steady", &each_minute("steady", 60..120, 200.0))
        .await;
    data.facts("fresh", &each_minute("fresh", 71..73, 50.0))
        .await;
    data.facts("gone", &each_minute("gone", 10..20, 50.0)).await;
    let others = Data::of_a_stranger(&store);
    others
        .facts("theirs", &each_minute("steady", 0..120, 9_000.0))
        .await;
    let served = Served::on(&store);

    let list = served.ok(&path(HOUR, 2.0 * HOUR, "")).await;
    Description::read().check("GET /api/v1/functions", 200, &list);
    assert_eq!(list["total"], 2, "what was invoked before only is not told");
    assert_eq!(list["step"], (2 * 60 * 1_000_000_000_u64).to_string());
    let steady = named(&list, "steady");
    let trend = steady["trend"].as_array().expect("a list");
    assert_eq!(trend.len(), 30);
    assert_eq!(
        (
            number(&trend[0]["start"]),
            number(&trend[0]["errors"]),
            number(&trend[0]["cold_starts"])
        ),
        (at(HOUR).0, 1, 1)
    );
    for field in ["invocations", "errors", "cold_starts"] {
        assert_eq!(
            sum(steady, field),
            number(&steady[field]),
            "{field} of steps"
        );
    }
    assert_eq!(trend[7]["p95"], steady["p95"]);
    let previous = &steady["previous"];
    assert_eq!(number(&previous["invocations"]), 60);
    assert_eq!(number(&previous["errors"]), 6);
    assert_eq!(number(&previous["cold_starts"]), 6);
    assert!(number(&previous["p95"]) < number(&steady["p95"]));
    let fresh = named(&list, "fresh");
    assert_eq!(fresh["previous"], Value::Null, "it was not invoked before");
    let starts: Vec<u64> = fresh["trend"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|point| number(&point["start"]))
        .collect();
    assert_eq!(starts, [at(70.0 * MINUTE).0, at(72.0 * MINUTE).0]);

    let page = served
        .ok(&path(HOUR, 2.0 * HOUR, "&sort=slowest&limit=1"))
        .await;
    assert_eq!(page["functions"], json!([steady]));
    let cursor = page["next_cursor"].as_str().expect("there is another");
    let next = format!("&sort=slowest&limit=1&cursor={cursor}");
    let next = served.ok(&path(HOUR, 2.0 * HOUR, &next)).await;
    assert_eq!(next["functions"], json!([fresh]));
}

#[tokio::test]
async fn what_is_told_over_time_is_the_same_before_and_after_it_is_settled() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    data.facts("steady", &each_minute("steady", 0..180, 100.0))
        .await;
    let served = Served::on(&store);
    let paths = [
        path(0.5 * HOUR, 2.5 * HOUR, ""),
        path(71.3 * MINUTE, 133.7 * MINUTE, ""),
        // Read from hours, neither of whose ends is one.
        path(1.4 * HOUR, 49.7 * HOUR, ""),
        path(-30.3 * HOUR, 1.6 * HOUR, ""),
    ];
    let mut before = Vec::new();
    for path in &paths {
        let list = served.ok(path).await;
        let steady = named(&list, "steady");
        assert_eq!(sum(steady, "invocations"), number(&steady["invocations"]));
        let trend = steady["trend"].as_array().expect("a list");
        assert!(trend.len() <= 48, "{path}");
        before.push(list);
    }
    settle(&store).await;
    for (path, before) in paths.iter().zip(&before) {
        assert_eq!(&served.ok(path).await, before, "{path}");
    }
}

#[tokio::test]
async fn the_finding_beside_a_function_is_there_still_and_ends_failures_first() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    for function in ["faulty", "mended", "unseen"] {
        data.facts(function, &each_minute(function, 0..5, 100.0))
            .await;
    }
    let now = UnixNanos::now();
    let hours_ago = |hours: u64| now.minus(Nanos(hours * 3_600_000_000_000));
    let finding = |kind: &str, failures: f64, mean: u64| ToldFinding {
        kind: kind.to_owned(),
        title: format!("{kind} of it"),
        failures,
        gains: [mean, 0, 0, 0],
        ..ToldFinding::default()
    };
    let slow = finding("cold_starts", 0.0, 900);
    let failing = finding("memory_leak", 0.25, 1);
    let tell = async |function: &str, hours: u64, told: &[ToldFinding]| {
        let due = DueFunction {
            tenant: Tenant::parse("default").expect("a tenant"),
            function: function.to_owned(),
            keep_days: 7_300,
        };
        let told = store.settler().tell(&due, hours_ago(hours), told).await;
        told.expect("the engine takes it");
    };
    tell("faulty", 1, &[slow.clone(), failing]).await;
    tell("mended", 2, std::slice::from_ref(&slow)).await;
    tell("mended", 1, &[]).await;
    tell("unseen", 25, &[slow]).await;

    let served = Served::on(&store);
    let list = served.ok(&path(0.0, HOUR, "")).await;
    Description::read().check("GET /api/v1/functions", 200, &list);
    let top = &named(&list, "faulty")["top_finding"];
    assert_eq!(top["kind"], "memory_leak");
    assert_eq!(top["title"], "memory_leak of it");
    assert_eq!(top["gain"]["failures"], 0.25);
    for function in ["mended", "unseen"] {
        assert_eq!(named(&list, function)["top_finding"], Value::Null);
    }
}
