//! What is otherwise than before: each kind of change, planted, beside what is as it was.

use coldtrace_model::{ByteSize, Cold, Invocation, Nanos, Outcome};
use coldtrace_service::metrics::Registry;
use coldtrace_store::Store;
use coldtrace_testkit::{at, engine, invocation};
use serde_json::{Value, json};

use super::fixture::Data;
use super::openapi::Description;
use super::served::Served;
use super::settle::settling;
use crate::settle::Step;

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;
/// Of each function, so many a minute.
const EACH: u32 = 6;

/// What one invocation of a function is like.
#[derive(Clone, Copy)]
struct Nature {
    version: &'static str,
    millis: u32,
    /// One of so many fails; 0 for none.
    fails: u32,
    /// One of so many waits for a start.
    waits: u32,
}

const USUAL: Nature = Nature {
    version: "7",
    millis: 1_000,
    fails: 50,
    waits: 20,
};

fn during(function: &str, minutes: std::ops::Range<u32>, nature: Nature) -> Vec<Invocation> {
    let one = |number: u32| {
        let started = f64::from(number) * MINUTE / f64::from(EACH);
        let is = |one_of: u32| one_of != 0 && number.is_multiple_of(one_of);
        let outcome = match is(nature.fails) {
            true => Outcome::Error,
            false => Outcome::Ok,
        };
        let one = invocation(&format!("{function}-{number}")).function(function);
        let one = one
            .started(started)
            .ended(outcome, started + f64::from(nature.millis));
        let one = match is(nature.waits) {
            true => one.cold(Cold::OnDemand),
            false => one,
        };
        let one = one.with(|told| {
            told.version = nature.version.to_owned();
            told.region = "eu-central-1".to_owned();
            told.memory = Some(ByteSize::from_mib(2_048));
            told.billed = Some(Nanos::from_millis(nature.millis.into()));
            if outcome == Outcome::Error {
                told.error_type = "ValueError".to_owned();
            }
        });
        one.build()
    };
    (minutes.start * EACH..minutes.end * EACH)
        .map(one)
        .collect()
}

/// An hour as usual, and one like this.
async fn then(data: &Data<'_>, function: &str, nature: Nature) {
    let mut told = during(function, 60..120, USUAL);
    told.extend(during(function, 120..180, nature));
    data.facts(function, &told).await;
}

async fn fill(store: &Store) {
    let data = Data::of(store);
    then(&data, "steady", USUAL).await;
    then(&data, "failing", Nature { fails: 3, ..USUAL }).await;
    let calm = Nature { fails: 0, ..USUAL };
    let mut told = during("broken", 60..150, calm);
    told.extend(during("broken", 150..180, Nature { fails: 10, ..USUAL }));
    data.facts("broken", &told).await;
    then(
        &data,
        "slow",
        Nature {
            millis: 3_000,
            ..USUAL
        },
    )
    .await;
    then(
        &data,
        "quick",
        Nature {
            millis: 900,
            ..USUAL
        },
    )
    .await;
    then(&data, "cold", Nature { waits: 2, ..USUAL }).await;
    let mut told = during("deployed", 60..150, USUAL);
    told.extend(during(
        "deployed",
        150..180,
        Nature {
            version: "8",
            ..USUAL
        },
    ));
    data.facts("deployed", &told).await;
    let fresh = during("fresh", 170..175, calm);
    data.facts("fresh", &fresh).await;
    let gone = during("gone", 60..110, calm);
    data.facts("gone", &gone).await;
    // Invoked now and then, it may pause; and what is back is not new.
    let nightly = during("nightly", 60..61, calm);
    data.facts("nightly", &nightly).await;
    let mut back = during("back", 10..11, calm);
    back.extend(during("back", 130..131, calm));
    data.facts("back", &back).await;
    let theirs = Data::of_a_stranger(store);
    then(&theirs, "steady", Nature { fails: 1, ..USUAL }).await;
}

fn path(more: &str) -> String {
    let (from, to) = (at(2.0 * HOUR).0, at(3.0 * HOUR).0);
    format!("/api/v1/changes?from={from}&to={to}{more}")
}

fn kinds(list: &Value) -> Vec<Value> {
    let changes = list["changes"].as_array().expect("a list").iter();
    let kinds =
        changes.map(|one| json!([one["kind"], one["function"], one["about"], one["is_worse"]]));
    kinds.collect()
}

fn one<'a>(list: &'a Value, kind: &str) -> &'a Value {
    let mut changes = list["changes"].as_array().expect("a list").iter();
    let found = changes.find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("{kind} in {list:#}"))
}

#[tokio::test]
async fn what_is_otherwise_is_told_and_leads_to_what_it_is_about() {
    let engine = engine::start().await;
    let store = engine.store();
    fill(&store).await;
    let served = Served::on(&store);

    let list = served.ok(&path("")).await;
    Description::read().check("GET /api/v1/changes", 200, &list);
    assert_eq!(list["before_from"], at(HOUR).0.to_string());
    assert_eq!(
        kinds(&list),
        [
            json!(["error_rate", "failing", "", true]),
            json!(["new_error", "broken", "ValueError", true]),
            json!(["error_rate", "broken", "", true]),
            json!(["silent", "gone", "", true]),
            json!(["new_version", "deployed", "8", false]),
            json!(["new_function", "fresh", "", false]),
            json!(["cold_rate", "cold", "", true]),
            json!(["slower", "slow", "", true]),
            json!(["cost", "slow", "", true]),
        ],
        "{list:#}"
    );
    let failing = one(&list, "error_rate");
    assert_eq!(failing["before"], 7.0 / 360.0);
    assert_eq!(failing["after"], 120.0 / 360.0);
    let version = one(&list, "new_version");
    assert_eq!(version["before"], Value::Null);
    assert_eq!(version["after"], 180.0);
    assert_eq!(version["at"], at(150.0 * MINUTE).0.to_string());
    let function = one(&list, "new_function");
    assert_eq!(function["at"], at(170.0 * MINUTE).0.to_string());
    let silent = one(&list, "silent");
    assert_eq!(
        (&silent["before"], &silent["after"]),
        (&json!(300.0), &json!(0.0))
    );
    assert_eq!(silent["at"], at(110.0 * MINUTE - 10_000.0).0.to_string());
    assert_eq!(one(&list, "new_error")["after"], 18.0);
    let slower = one(&list, "slower");
    assert_eq!(slower["unit"], "nanos");
    let cost = one(&list, "cost");
    let ratio = |one: &Value| {
        let value = |name: &str| one[name].as_f64().expect("a number");
        value("after") / value("before")
    };
    assert!((2.9..3.1).contains(&ratio(slower)), "{slower}");
    assert!((2.9..3.1).contains(&ratio(cost)), "{cost}");
    for change in list["changes"].as_array().expect("a list") {
        let question = change["question"].as_str().expect("a path");
        let answer = served.ok(question).await;
        let text = answer.to_string();
        assert!(
            text.contains(change["function"].as_str().expect("a name")),
            "{question}: {text}"
        );
    }

    let of_one = served.ok(&path("&function=deployed")).await;
    assert_eq!(
        kinds(&of_one),
        [json!(["new_version", "deployed", "8", false])]
    );
    assert_eq!(
        kinds(&served.ok(&path("&function=nobody")).await),
        [json!(null); 0]
    );

    let mut settle = settling(&store, &Registry::new());
    while settle.step(at(6.0 * HOUR)).await.expect("a step") == Step::More {}
    assert_eq!(served.ok(&path("")).await, list, "settled, it is the same");
}

#[tokio::test]
async fn a_day_is_compared_with_the_day_before_by_default() {
    let engine = engine::start().await;
    let served = Served::on(&engine.store());
    let to = at(72.0 * HOUR).0;
    let list = served.ok(&format!("/api/v1/changes?to={to}")).await;
    assert_eq!(list["before_from"], at(24.0 * HOUR).0.to_string());
    assert_eq!(list["from"], at(48.0 * HOUR).0.to_string());
    assert_eq!(list["changes"], json!([]));
    let nothing = served.ok("/api/v1/changes?from=0&to=0").await;
    assert_eq!(nothing["changes"], json!([]));
}
