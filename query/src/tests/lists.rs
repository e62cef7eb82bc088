use std::collections::BTreeSet;

use coldtrace_model::{Architecture, ByteSize, FactSet, Invocation, Nanos, Outcome};
use coldtrace_testkit::{engine, invocation};
use insta::assert_json_snapshot;
use serde_json::Value;

use super::fixture::{Data, an_order, many};
use super::served::Served;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";

#[tokio::test]
async fn lists_tell_each_thing_once_newest_first() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let served = Served::on(&engine.store());
    assert_json_snapshot!(
        "functions",
        served.ok(&format!("/api/v1/functions?{RANGE}")).await
    );
    assert_json_snapshot!(
        "invocations",
        served.ok(&format!("/api/v1/invocations?{RANGE}")).await
    );
    assert_json_snapshot!(
        "traces",
        served.ok(&format!("/api/v1/traces?{RANGE}")).await
    );
}

#[tokio::test]
async fn filters_choose_and_the_total_counts_what_they_chose() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let served = Served::on(&engine.store());
    let check = async |list: &str, filter: &str, expected: &[&str]| {
        let path = format!("/api/v1/{list}?{RANGE}&{filter}");
        let reply = served.ok(&path).await;
        let name = if list == "traces" {
            "trace_id"
        } else {
            "request_id"
        };
        assert_eq!(ids(&reply[list], name), expected, "{filter}");
        assert_eq!(reply["total"], expected.len(), "{filter}");
    };
    check("invocations", "function=inventory", &["stock-1"]).await;
    check(
        "invocations",
        "outcome=timeout,error",
        &["mail-1", "stock-1"],
    )
    .await;
    check("invocations", "cold=true", &["order-1"]).await;
    check("invocations", "cold=false", &["mail-1", "stock-1"]).await;
    check(
        "invocations",
        "sort=slowest",
        &["mail-1", "order-1", "stock-1"],
    )
    .await;
    check("invocations", "function=nobody", &[]).await;
    check("invocations", "function=checkout-service", &[]).await;
    check(
        "traces",
        "service=reports&sort=slowest",
        &[
            "00000000000000000000000000000030",
            "00000000000000000000000000000040",
        ],
    )
    .await;
    // The platform's trace has them as well, and is listed where the function's own has not what was asked for.
    check(
        "traces",
        "service=inventory",
        &["00000000000000000000000000000020"],
    )
    .await;
    check(
        "traces",
        "service=mailer",
        &["00000000000000000000000000000010"],
    )
    .await;
}

#[tokio::test]
async fn invocations_are_chosen_by_length_version_and_error() {
    let engine = engine::start().await;
    let store = engine.store();
    let told: Vec<Invocation> = (0..30)
        .map(|number| {
            let start = number as f64 * 1_000.0;
            let outcome = match number % 5 {
                0 => Outcome::Error,
                _ => Outcome::Ok,
            };
            let told = invocation(&format!("some-{number:02}")).started(start);
            let told = told.ended(outcome, start + 10.0 * (number + 1) as f64);
            let told = told.with(|told| {
                told.version = (number / 10).to_string();
                if number % 5 == 0 {
                    let kinds = ["ValueError", "KeyError"];
                    told.error_type = kinds[number % 2].to_owned();
                }
            });
            told.build()
        })
        .collect();
    let data = Data::of(&store);
    data.facts("some", &told).await;
    // Whose length is not known yet.
    let running = invocation("running").started(40_000.0);
    data.facts("running", &[running.build()]).await;
    let others = Data::of_a_stranger(&store);
    others.facts("theirs", &told).await;
    let served = Served::on(&store);
    let millis = |millis: u64| millis * 1_000_000;
    let checks = [
        (format!("min_duration={}", millis(290)), vec![29, 28]),
        (
            format!("min_duration=1&max_duration={}&outcome=ok", millis(30)),
            vec![2, 1],
        ),
        (
            format!("min_duration={0}&max_duration={0}", millis(150)),
            vec![14],
        ),
        ("version=1&error_type=ValueError".to_owned(), vec![10]),
        ("error_type=KeyError".to_owned(), vec![25, 15, 5]),
        (
            format!("version=2&outcome=ok&max_duration={}", millis(230)),
            vec![22, 21],
        ),
        ("error_type=ValueErr".to_owned(), vec![]),
    ];
    for (filter, expected) in checks {
        let expected: Vec<String> = expected
            .iter()
            .map(|number| format!("some-{number:02}"))
            .collect();
        for sort in ["newest", "slowest", "errors"] {
            let path = format!("/api/v1/invocations?{RANGE}&sort={sort}&{filter}");
            let reply = served.ok(&path).await;
            assert_eq!(ids(&reply["invocations"], "request_id"), expected, "{path}");
            assert_eq!(reply["total"], expected.len(), "{path}");
        }
    }
    // Page by page as well, however few a page holds.
    let filter = format!("max_duration={}&sort=slowest&limit=2", millis(100));
    let mut path = format!("/api/v1/invocations?{RANGE}&{filter}");
    let mut walked = Vec::new();
    loop {
        let reply = served.ok(&path).await;
        assert_eq!(reply["total"], 10, "on every page");
        walked.extend(ids(&reply["invocations"], "request_id"));
        let Some(cursor) = reply["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/invocations?{filter}&cursor={cursor}");
    }
    let expected: Vec<String> = (0..10).rev().map(|one| format!("some-{one:02}")).collect();
    assert_eq!(walked, expected);
}

#[tokio::test]
async fn what_failed_or_cost_most_comes_first() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    // Of two functions, each costs and fails in its own way, a page holds few.
    let told: Vec<Invocation> = (0..40).map(dear).collect();
    data.facts("dear", &told).await;
    let strangers = Data::of_a_stranger(&store);
    strangers.facts("theirs", &[dear(3)]).await;
    let served = Served::on(&store);
    for (sort, rank) in [("errors", failed as fn(&Value) -> i64), ("cost", cost)] {
        let rows = walked(&served, "invocations", sort, 7).await;
        let places: Vec<(i64, i64)> = rows.iter().map(|row| (rank(row), start(row))).collect();
        assert!(
            places.windows(2).all(|two| two[0] > two[1]),
            "{sort}: {places:?}"
        );
        assert_eq!(places.len(), 40, "{sort}");
        let some: BTreeSet<i64> = places.iter().map(|(rank, _)| *rank).collect();
        assert!(some.len() > 1, "{sort}");
        let path = format!("/api/v1/invocations?{RANGE}&sort={sort}&outcome=ok,error&limit=1000");
        let filtered = served.ok(&path).await;
        assert_eq!(filtered["total"], 35, "timeouts are left out");
    }
    let expected = [
        ("newest", ["dear-1", "dear-0"]),
        ("slowest", ["dear-0", "dear-1"]),
        ("errors", ["dear-1", "dear-0"]),
        ("cost", ["dear-0", "dear-1"]),
    ];
    for (sort, functions) in expected {
        let rows = walked(&served, "functions", sort, 1).await;
        let names: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["function"].as_str())
            .collect();
        assert_eq!(names, functions, "{sort}");
    }
    let list = served.ok(&format!("/api/v1/functions?{RANGE}")).await;
    let costs = list["functions"].as_array().expect("a list").iter();
    let rows = walked(&served, "invocations", "newest", 1_000).await;
    let of_functions: i64 = costs.map(cost).sum();
    let of_invocations: i64 = rows.iter().map(cost).sum();
    // Each is rounded to a billionth of a dollar; and eight that are not billed yet are requests, of 200 each.
    let difference = of_functions - of_invocations - 8 * 200;
    assert!(difference.abs() <= 42, "{of_functions} {of_invocations}");
}

/// Some on Arm or in a dear region, some not billed, some failed.
fn dear(number: usize) -> Invocation {
    let is_first = number < 20;
    let function = if is_first { "dear-0" } else { "dear-1" };
    let outcome = match number % 4 {
        0 => Outcome::Error,
        1 if !is_first => Outcome::Timeout,
        _ => Outcome::Ok,
    };
    let start = number as f64 * 1_000.0;
    let length = if is_first { 400.0 } else { 20.0 };
    let told = invocation(&format!("dear-{number}")).function(function);
    let told = told.started(start).ended(outcome, start + length);
    let told = told.with(|told| {
        told.region = "eu-central-1".to_owned();
        told.memory = Some(ByteSize::from_mib(128 << (number % 3)));
        told.architecture = Architecture::ALL[number % 3];
        told.billed = (!number.is_multiple_of(5))
            .then(|| Nanos::from_millis(if is_first { 400 } else { 20 }));
    });
    told.build()
}

fn failed(row: &Value) -> i64 {
    (row["outcome"] != "ok").into()
}

fn cost(row: &Value) -> i64 {
    row["cost"]
        .as_str()
        .map_or(0, |cost| cost.parse().expect("a number"))
}

fn start(row: &Value) -> i64 {
    row["start"]
        .as_str()
        .and_then(|start| start.parse().ok())
        .expect("a time")
}

/// Every row of a list, page by page.
async fn walked(served: &Served, list: &str, sort: &str, limit: usize) -> Vec<Value> {
    let mut path = format!("/api/v1/{list}?{RANGE}&sort={sort}&limit={limit}");
    let mut rows = Vec::new();
    loop {
        let reply = served.ok(&path).await;
        rows.extend(reply[list].as_array().expect("a list").iter().cloned());
        let Some(cursor) = reply["next_cursor"].as_str() else {
            return rows;
        };
        path = format!("/api/v1/{list}?sort={sort}&limit={limit}&cursor={cursor}");
    }
}

#[tokio::test]
async fn an_invocation_whose_report_never_came_is_as_long_as_its_runtime_took() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    an_order(&store).await;
    let finished = invocation("finished").function("checkout").started(0.0);
    let finished = finished.ended(Outcome::Ok, 400.0);
    let finished = finished.with(|told| told.facts = FactSet::FINISHED);
    data.fact("alone", &finished.build()).await;
    let served = Served::on(&engine.store());
    let of_checkout = format!("{RANGE}&function=checkout&sort=slowest");
    let list = served
        .ok(&format!("/api/v1/invocations?{of_checkout}"))
        .await;
    assert_eq!(
        ids(&list["invocations"], "request_id"),
        ["finished", "order-1"]
    );
    assert_eq!(list["invocations"][0]["duration"], "400000000");
    let reported = &list["invocations"][1]["duration"];
    assert_eq!(reported, "250000000", "the platform's account wins");
}

#[tokio::test]
async fn pages_show_every_row_once_in_order_whatever_their_size() {
    let engine = engine::start().await;
    Data::of(&engine.store()).facts("many", &many(50)).await;
    let served = Served::on(&engine.store());
    for sort in ["newest", "slowest"] {
        let whole = format!("/api/v1/invocations?{RANGE}&sort={sort}&limit=1000");
        let whole = served.ok(&whole).await;
        let whole = ids(&whole["invocations"], "request_id");
        let distinct: BTreeSet<&String> = whole.iter().collect();
        assert_eq!(distinct.len(), 50);
        for limit in [1, 7, 49, 50, 51] {
            let first = format!("/api/v1/invocations?{RANGE}&sort={sort}&limit={limit}");
            let mut reply = served.ok(&first).await;
            let mut walked = ids(&reply["invocations"], "request_id");
            while let Some(cursor) = reply["next_cursor"].as_str() {
                assert_eq!(reply["total"], 50, "on every page");
                // A cursor alone knows the rest.
                let next = format!("/api/v1/invocations?sort={sort}&limit={limit}&cursor={cursor}");
                reply = served.ok(&next).await;
                walked.extend(ids(&reply["invocations"], "request_id"));
            }
            assert_eq!(walked, whole, "{sort}, {limit} a page");
        }
    }
}

fn ids(list: &Value, name: &str) -> Vec<String> {
    let list = list.as_array().expect("a list");
    let id = |row: &Value| row[name].as_str().expect("an id").to_owned();
    list.iter().map(id).collect()
}
