use axum::http::StatusCode;
use coldtrace_model::{Cold, Invocation, Nanos, Outcome, Span, SpanKind, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_testkit::{at, engine, invocation, span, trace_id};
use serde_json::Value;

use super::fixture::Data;
use super::served::Served;
use super::settle::settling;
use crate::settle::Step;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";
const MINUTE: f64 = 60_000.0;

fn failed(number: usize, outcome: Outcome, error_type: &str) -> Invocation {
    let started = number as f64 * MINUTE;
    invocation(&format!("request-{number}"))
        .function("checkout")
        .started(started)
        .ended(outcome, started + 200.0)
        .with(|told| {
            told.error_type = error_type.to_owned();
            told.version = if number < 3 { "7" } else { "8" }.to_owned();
            told.cold = if number == 0 {
                Cold::OnDemand
            } else {
                Cold::Warm
            };
        })
        .build()
}

fn answer(number: usize, message: &str) -> Span {
    let started = number as f64 * MINUTE;
    span("handle")
        .trace(0x9000 + number as u128)
        .id(0x90 + number as u64)
        .service("checkout")
        .request(&format!("request-{number}"))
        .kind(SpanKind::Server)
        .at(started + 1.0, started + 190.0)
        .failed(message)
        .build()
}

async fn data(data: &Data<'_>) {
    let mut told: Vec<Invocation> = (0..5)
        .map(|number| failed(number, Outcome::Error, ""))
        .collect();
    told.push(failed(5, Outcome::Timeout, ""));
    told.extend((6..10).map(|number| failed(number, Outcome::Ok, "")));
    data.facts("invocations", &told).await;
    let answers = (0..5).map(|number| answer(number, &format!("ValueError: no order {number}")));
    data.spans("answers", &answers.collect::<Vec<Span>>()).await;
}

#[tokio::test]
async fn errors_that_are_alike_are_told_as_one_with_the_list_that_shows_them() {
    let engine = engine::start().await;
    let store = engine.store();
    data(&Data::of(&store)).await;
    data(&Data::of_a_stranger(&store)).await;
    let served = Served::on(&store);
    let before = served.ok(&format!("/api/v1/errors?{RANGE}")).await;
    let mut settle = settling(&store, &Registry::new());
    while settle.step(at(120.0 * MINUTE)).await.expect("a step") == Step::More {}
    let list = served.ok(&format!("/api/v1/errors?{RANGE}")).await;
    assert_eq!(list, before, "settled or not");
    assert_eq!(list["total"], 2);
    let [value_error, timeout] = [&list["errors"][0], &list["errors"][1]];
    let expected = [
        ("function", Value::from("checkout")),
        ("type", "ValueError".into()),
        ("message", "no order *".into()),
        ("outcome", "error".into()),
        ("state", "new".into()),
        ("count", "5".into()),
        ("share", 0.5.into()),
        ("cold", "1".into()),
        ("cold_share", 0.2.into()),
        ("first_seen", at(0.0).0.to_string().into()),
        ("first_version", "7".into()),
        ("last_seen", at(4.0 * MINUTE).0.to_string().into()),
    ];
    for (name, value) in expected {
        assert_eq!(value_error[name], value, "{name}: {value_error:#}");
    }
    assert_eq!(value_error["versions"][0]["version"], "7");
    assert_eq!(value_error["versions"][1]["count"], "2");
    assert_eq!(timeout["type"], "timeout");
    for group in [value_error, timeout] {
        let path = group["path"].as_str().expect("a path");
        let shown = served.ok(path).await;
        assert_eq!(
            shown["total"].to_string(),
            group["count"].as_str().expect("a count")
        );
        let examples = group["examples"].as_array().expect("a list");
        assert!(!examples.is_empty() && examples.len() <= 3);
        for example in examples {
            let example = example.as_str().expect("an id");
            served.ok(&format!("/api/v1/invocations/{example}")).await;
        }
        let id = group["group"].as_str().expect("an id");
        let detail = served.ok(&format!("/api/v1/errors/{id}?{RANGE}")).await;
        assert_eq!(detail["error"]["examples"], group["examples"]);
        assert_eq!(detail["error"]["count"], group["count"]);
    }
    // Page by page it is the same.
    let first = served.ok(&format!("/api/v1/errors?{RANGE}&limit=1")).await;
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let second = served
        .ok(&format!("/api/v1/errors?limit=1&cursor={cursor}"))
        .await;
    assert_eq!(
        [&first["errors"][0], &second["errors"][0]],
        [value_error, timeout]
    );
    assert_eq!(second["next_cursor"], Value::Null);
    let latest = served
        .ok(&format!("/api/v1/errors?{RANGE}&sort=last_seen"))
        .await;
    assert_eq!(&latest["errors"][0], timeout);
    let of_nobody = served
        .ok(&format!("/api/v1/errors?{RANGE}&function=nobody"))
        .await;
    assert_eq!(of_nobody["total"], 0);
}

#[tokio::test]
async fn a_failed_invocation_shows_what_its_function_called_the_error_in_lists_and_on_its_page() {
    let engine = engine::start().await;
    let store = engine.store();
    let told = [
        failed(0, Outcome::Error, "Runtime.Unknown"),
        failed(1, Outcome::Error, "Runtime.Unknown"),
        failed(2, Outcome::Timeout, "Sandbox.Timedout"),
    ];
    Data::of(&store).facts("invocations", &told).await;
    // As the extension draws them, in a trace of the platform.
    let drawn = (0..2).map(|number| {
        let mut drawn = answer(number, "Runtime.Unknown");
        drawn.trace_id = trace_id(0x8000 + number as u128);
        drawn.start = drawn.start.minus(Nanos::from_millis(1));
        drawn.origin.phase = "invocation".to_owned();
        drawn
    });
    let mut spans: Vec<Span> = drawn.collect();
    spans.push(answer(0, "ValueError: no order 0"));
    spans.push(answer(2, "ValueError: no order 2"));
    Data::of(&store).spans("answers", &spans).await;
    let served = Served::on(&store);
    let list = served.ok(&format!("/api/v1/invocations?{RANGE}")).await;
    let expected = ["Sandbox.Timedout", "Runtime.Unknown", "ValueError"];
    for (row, error_type) in list["invocations"]
        .as_array()
        .expect("a list")
        .iter()
        .zip(expected)
    {
        assert_eq!(row["error_type"], error_type, "{row:#}");
        let id = row["request_id"].as_str().expect("an id");
        let page = served.ok(&format!("/api/v1/invocations/{id}")).await;
        assert_eq!(page["invocation"]["error_type"], error_type);
        assert_eq!(page["trace"]["invocations"][0]["error_type"], error_type);
        let verdict = page["verdict"]["text"].as_str().expect("a sentence");
        let is_named = error_type != "Sandbox.Timedout";
        assert_eq!(verdict.contains(error_type), is_named, "{verdict}");
        let found = served
            .ok(&format!(
                "/api/v1/invocations?{RANGE}&error_type={error_type}"
            ))
            .await;
        let first = &found["invocations"][0]["request_id"];
        assert_eq!(first, id);
    }
}

#[tokio::test]
async fn a_group_that_is_not_there_or_no_group_is_told_so() {
    let engine = engine::start().await;
    let served = Served::on(&engine.store());
    let unknown = format!("/api/v1/errors/00000000000000ff?{RANGE}");
    let (status, body) = served.get(&unknown).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    for wrong in [
        "ff",
        "00000000000000fg",
        "+0000000000000ff",
        "%F0%9F%92%A5%F0%9F%92%A5%F0%9F%92%A5%F0%9F%92%A5",
    ] {
        let (status, body) = served.get(&format!("/api/v1/errors/{wrong}?{RANGE}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {body}");
        assert_eq!(body["error"]["parameter"], "group");
    }
}

#[tokio::test]
async fn a_lost_invocation_is_lost_in_its_list_on_its_page_and_in_the_figures() {
    let engine = engine::start().await;
    let store = engine.store();
    // The service goes by the clock: what is lost was to end hours ago, and what runs may go on for hours.
    let now = UnixNanos::now();
    let hour = Nanos::from_millis(3_600_000);
    let started = |request_id: &str, deadline: UnixNanos| {
        invocation(request_id)
            .function("checkout")
            .with(|told| {
                told.filed_at = now.minus(hour).minus(hour);
                told.start = told.filed_at;
                told.deadline = Some(deadline);
            })
            .build()
    };
    let told = [
        started("gone", now.minus(hour)),
        started("running", now.plus(hour)),
    ];
    Data::of(&store).facts("started", &told).await;
    let served = Served::on(&store);
    let range = format!("from={}&to={}", now.minus(Nanos(hour.0 * 3)).0, now.0);
    let lost = served
        .ok(&format!("/api/v1/invocations?outcome=lost&{range}"))
        .await;
    assert_eq!(lost["total"], 1);
    assert_eq!(lost["invocations"][0]["request_id"], "gone");
    let page = served.ok("/api/v1/invocations/gone").await;
    assert_eq!(page["invocation"]["outcome"], "lost");
    assert_eq!(
        page["verdict"]["text"],
        "Started, and never heard of again."
    );
    let functions = served.ok(&format!("/api/v1/functions?{range}")).await;
    assert_eq!(functions["functions"][0]["lost"], "1");
    assert_eq!(functions["functions"][0]["errors"], "1");
    let errors = served.ok(&format!("/api/v1/errors?{range}")).await;
    assert_eq!(errors["total"], 1);
    assert_eq!(errors["errors"][0]["type"], "lost");
    assert_eq!(errors["errors"][0]["examples"][0], "gone");
}
