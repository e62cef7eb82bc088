//! How long what a trace's spans did usually takes.

use coldtrace_model::{Span, SpanKind};
use coldtrace_testkit::{engine, span};
use serde_json::{Value, json};

use super::fixture::Data;
use super::openapi::Description;
use super::served::Served;
use super::shown::Stranger;
use crate::journey::Limits;

const OPERATION: &str = "GET /api/v1/traces/{trace_id}/operations";
const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60.0 * SECOND;
const EPOCH: u64 = 1_767_225_600_000_000_000;

/// The trace that is asked about begins a day after the tests' epoch.
const BEGIN: f64 = 24.0 * 60.0 * MINUTE;

fn path(trace: u128) -> String {
    format!("/api/v1/traces/{trace:032x}/operations")
}

/// A call to the provider that began so long after the trace that is asked about, and took so long, in milliseconds.
fn charge(trace: u128, after: f64, length: f64) -> coldtrace_testkit::SpanBuilder {
    let start = BEGIN + after;
    let call = span("charge").service("checkout").kind(SpanKind::Client);
    call.trace(trace).id(1).at(start, start + length)
}

/// So many calls, each in a trace of its own, which took 1, 2, ... milliseconds.
fn charges(first: u128, count: u32, after: f64) -> Vec<Span> {
    let one = |number: u32| charge(first + u128::from(number), after, f64::from(number + 1));
    (0..count).map(|number| one(number).build()).collect()
}

/// What is told of the trace's operations: name, how many, and how far it was looked in minutes.
fn told(reply: &Value) -> Vec<(String, String, u64)> {
    let operations = reply["operations"].as_array().expect("a list").iter();
    operations
        .map(|one| {
            let name = one["name"].as_str().expect("a name");
            let count = one["count"].as_str().expect("a count");
            let moment = |name: &str| one[name].as_str().expect("a time").parse::<u64>();
            let (from, to) = (moment("from").unwrap(), moment("to").unwrap());
            let begin = EPOCH + (BEGIN * 1e6) as u64;
            assert_eq!(begin - from, to - begin, "as far before as after: {one:#}");
            (
                name.to_owned(),
                count.to_owned(),
                (to - begin) / 60_000_000_000,
            )
        })
        .collect()
}

fn told_as(name: &str, count: &str, minutes: u64) -> (String, String, u64) {
    (name.to_owned(), count.to_owned(), minutes)
}

#[tokio::test]
async fn what_is_usual_is_told_from_others_that_are_alike() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    let asked = charge(1, 0.0, 312.0).request("order-1");
    let same_trace = charge(1, 10.0, 900.0).id(2);
    // Another trace of the same journey.
    let same_journey = charge(2, 20.0, 901.0).request("order-1");
    let own = [asked, same_trace, same_journey].map(|one| one.build());
    data.spans("own", &own).await;
    data.spans("others", &charges(100, 100, 2.0 * SECOND)).await;
    let unlike = |number: u128, after: f64| charge(number, after, 5_000.0);
    let unlike = [
        unlike(3, 30.0).kind(SpanKind::Server),
        unlike(4, 40.0).service("mailer"),
        // It ends before it begins, and took no time at all.
        charge(6, 60.0, -5.0),
        span("refund")
            .service("checkout")
            .kind(SpanKind::Client)
            .trace(5)
            .id(1)
            .at(BEGIN, BEGIN + 7_000.0),
    ];
    data.spans("unlike", &unlike.map(|one| one.build())).await;
    let theirs: Vec<Span> = (0..50_u128)
        .map(|number| charge(1_000 + number, 50.0, 9_000.0).build())
        .collect();
    Data::of_a_stranger(&store).spans("theirs", &theirs).await;

    let reply = Served::on(&store).ok(&path(1)).await;
    Description::read().check(OPERATION, 200, &reply);
    assert_eq!(reply["total"], 1);
    // Fewer than a thousand: it was looked as far as it is looked at all.
    assert_eq!(told(&reply), [told_as("charge", "100", 720)]);
    let one = &reply["operations"][0];
    assert_eq!(
        (&one["service"], &one["kind"], &one["is_part"]),
        (&json!("checkout"), &json!("client"), &json!(false))
    );
    let percentiles = one["percentiles"].as_array().expect("a list");
    assert_eq!(percentiles.len(), 100);
    let shown = [1, 50, 95, 99, 100].map(|percent: usize| &percentiles[percent - 1]);
    assert_eq!(
        shown.map(|nanos| nanos.as_str().expect("a number")),
        ["2000000", "51000000", "96000000", "100000000", "100000000"]
    );
    engine.stop().await;
}

#[tokio::test]
async fn of_fewer_than_twenty_nothing_is_told_but_how_many() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    data.spans("own", &[charge(1, 0.0, 312.0).build()]).await;
    data.spans("others", &charges(100, 19, 1.0)).await;
    let served = Served::on(&store);
    let few = served.ok(&path(1)).await;
    assert_eq!(told(&few), [told_as("charge", "19", 720)]);
    assert_eq!(few["operations"][0]["percentiles"], json!([]));
    data.spans("one more", &charges(200, 1, 1.0)).await;
    let enough = served.ok(&path(1)).await;
    assert_eq!(told(&enough), [told_as("charge", "20", 720)]);
    let percentiles = enough["operations"][0]["percentiles"].as_array();
    assert_eq!(percentiles.map(Vec::len), Some(100));
    engine.stop().await;
}

#[tokio::test]
async fn what_is_rare_is_looked_for_further_away() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    let handler = span("handle").service("shop").trace(1).id(7);
    let own = [
        handler.at(BEGIN, BEGIN + 400.0).build(),
        charge(1, 0.0, 312.0).build(),
    ];
    data.spans("own", &own).await;
    data.spans("often", &charges(10_000, 1_000, 1.0)).await;
    // Further away they are slower: what is usual is told by those nearby alone.
    let before: Vec<Span> = (0..30_u128)
        .map(|number| charge(20_000 + number, -20.0 * MINUTE, 9_000.0).build())
        .collect();
    data.spans("before", &before).await;
    let rarely: Vec<Span> = (0..25_u128)
        .map(|number| {
            let start = BEGIN - 120.0 * MINUTE;
            let one = span("handle").service("shop").trace(30_000 + number).id(1);
            one.at(start, start + 40.0).build()
        })
        .collect();
    data.spans("rarely", &rarely).await;
    let reply = Served::on(&store).ok(&path(1)).await;
    // The longest first.
    assert_eq!(
        told(&reply),
        [told_as("handle", "25", 720), told_as("charge", "1000", 5)]
    );
    assert_eq!(reply["operations"][1]["percentiles"][99], "1000000000");
    // Nobody waits for what is far away.
    let hurried = Limits {
        patience: std::time::Duration::ZERO,
        ..Limits::default()
    };
    let reply = Served::with(&store, hurried).ok(&path(1)).await;
    assert_eq!(
        told(&reply),
        [told_as("handle", "0", 5), told_as("charge", "1000", 5)]
    );
    engine.stop().await;
}

#[tokio::test]
async fn however_many_there_are_a_bounded_number_is_looked_at() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    data.spans("own", &[charge(1, 0.0, 312.0).build()]).await;
    data.spans("nearby", &charges(100, 25, 1.0)).await;
    let stranger = Stranger(engine.store_config());
    // Two hours before, and in the same minute: of the same service.
    let many = |name: &str, after: f64| {
        let from = EPOCH + ((BEGIN + after) * 1e6) as u64;
        format!(
            "INSERT INTO coldtrace.spans (tenant, keep_days, ts, trace_id, service, name, kind, duration_ns)
            SELECT 'default', 7300, fromUnixTimestamp64Nano({from} + toInt64(number), 'UTC'),
                toFixedString(leftPad(toString(number + 1000), 16, 'x'), 16), 'checkout', '{name}', 3, 5000000000
            FROM numbers(500000)"
        )
    };
    let limits = Limits {
        operation_rows: 100_000,
        ..Limits::default()
    };
    let served = Served::with(&store, limits);
    stranger.run(&many("charge", -120.0 * MINUTE)).await;
    // What is further away is too much; it is told what is known from nearby, which is all of that.
    let reply = served.ok(&path(1)).await;
    assert_eq!(told(&reply), [told_as("charge", "25", 30)]);
    assert_eq!(reply["operations"][0]["is_part"], false);
    stranger.run(&many("charge", 100.0)).await;
    let reply = served.ok(&path(1)).await;
    let one = &reply["operations"][0];
    assert_eq!(one["is_part"], true, "{one:#}");
    let count: u64 = one["count"].as_str().expect("a count").parse().unwrap();
    assert!((20..500_000).contains(&count), "{count}");
    engine.stop().await;
}
