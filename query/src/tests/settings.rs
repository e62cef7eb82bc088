//! How the service is set up, and whether anything was received.

use coldtrace_control::{Limits, Scope};
use coldtrace_testkit::{engine, invocation, span};
use serde_json::{Value, json};

use super::fixture::Data;
use super::keys::{Keys, get, nowhere};
use super::openapi::Description;
use super::served::Served;

const OPERATION: &str = "GET /api/v1/settings";
const PATH: &str = "/api/v1/settings";

/// Milliseconds from the tests' epoch, as the API tells them.
fn told(millis: u64) -> Value {
    (1_767_225_600_000_000_000 + millis * 1_000_000)
        .to_string()
        .into()
}

#[tokio::test]
async fn what_was_received_is_told_from_the_first_span_on() {
    const DAY: f64 = 86_400_000.0;
    let engine = engine::start().await;
    let store = &engine.store();
    let served = Served::on(store);
    let received = async || {
        let reply = served.ok(PATH).await;
        Description::read().check(OPERATION, 200, &reply);
        reply["received"].clone()
    };
    let theirs = span("theirs").trace(1).id(1).at(0.0, 1.0);
    let strangers = Data::of_a_stranger(store);
    strangers.spans("theirs", &[theirs.build()]).await;
    assert_eq!(received().await, Value::Null, "others' is theirs");

    // It is no end of a call, and of no invocation.
    let data = Data::of(store);
    let first = span("first").trace(2).id(2).at(400_123.0, 400_500.0);
    data.spans("first", &[first.build()]).await;
    let once = json!({"first": told(400_123), "last": told(400_123)});
    assert_eq!(received().await, once);

    let later = [3.0, 1.0, 2.0].map(|days| {
        let later = span("later").trace(3).id(days as u64);
        later.at(days * DAY, days * DAY + 1.0).build()
    });
    data.spans("later", &later).await;
    let told_of = |millis| invocation("request").started(millis).build();
    data.fact("between", &told_of(2.5 * DAY)).await;
    let four_days = json!({"first": told(400_123), "last": told(3 * 86_400_000)});
    assert_eq!(received().await, four_days);

    data.fact("before", &told_of(61_007.0)).await;
    data.fact("after", &told_of(3.0 * DAY + 2_007.0)).await;
    let invocations = json!({"first": told(61_007), "last": told(3 * 86_400_000 + 2_007)});
    assert_eq!(received().await, invocations);
    engine.stop().await;
}

#[tokio::test]
async fn who_asks_is_told_its_tenant_its_scope_and_its_limits() {
    let engine = engine::start().await;
    let store = &engine.store();
    let open = Served::on(store).ok(PATH).await;
    assert_eq!(
        open,
        json!({
            "version": env!("CARGO_PKG_VERSION"), "tenant": "default", "scope": null, "demands_keys": false,
            "otlp_grpc": null, "otlp_http": null, "keep_days": 14, "received": null,
            "limits": {"keep_days": null, "bytes_per_second": null, "spans_per_second": null, "log_share": null},
        })
    );

    let mut keys = Keys::new();
    let read = keys.make("acme", Scope::Read, None);
    let admin = keys.make("default", Scope::Admin, None);
    let limits = Limits {
        keep_days: Some(30),
        spans_per_second: Some(20_000),
        log_share: Some(25),
        ..Limits::default()
    };
    keys.limit("acme", limits);
    let served = keys.serve(store);
    let ask = async |key: &str| {
        let request = get(PATH, &[("x-api-key", key)]);
        let (status, reply) = served.answer(request).await;
        assert_eq!(status, 200, "{reply:#}");
        Description::read().check(OPERATION, 200, &reply);
        reply
    };
    let told = ask(&read).await;
    assert_eq!(told["tenant"], "acme");
    assert_eq!(told["scope"], "read");
    assert_eq!(told["demands_keys"], true);
    let limits = json!({"keep_days": 30, "bytes_per_second": null, "spans_per_second": "20000", "log_share": 25});
    assert_eq!(told["limits"], limits);
    let told = ask(&admin).await;
    assert_eq!(told["scope"], "admin");
    assert_eq!(told["limits"]["keep_days"], Value::Null);
    engine.stop().await;
}

#[tokio::test]
async fn what_can_not_be_told_is_not_guessed() {
    let served = Served::on(&nowhere());
    let (status, reply) = served.get(PATH).await;
    assert_eq!(status, 503);
    Description::read().check(OPERATION, 503, &reply);
    let (status, reply) = served.get("/api/v1/settings?range=1h").await;
    assert_eq!(status, 400);
    Description::read().check(OPERATION, 400, &reply);
}
