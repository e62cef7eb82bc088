//! Cold starts: over time, what they are made of, and what they depend on.

use coldtrace_model::{Architecture, ByteSize, Cold, Invocation, Nanos, Outcome, PhaseKind};
use coldtrace_service::metrics::Registry;
use coldtrace_testkit::{at, engine, invocation, phase};
use serde_json::{Value, json};

use super::fixture::Data;
use super::openapi::Description;
use super::served::Served;
use super::settle::settling;
use crate::settle::Step;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";
const MINUTE: f64 = 60_000.0;

/// One a minute, of which every fourth waited for an init that takes longer from one to the next.
fn each_minute(function: &str, version: &str, minutes: std::ops::Range<u32>) -> Vec<Invocation> {
    let one = |minute: u32| {
        let started = f64::from(minute) * MINUTE + 1_000.0;
        let one = invocation(&format!("{function}-{version}-{minute}")).function(function);
        let one = one.started(started).ended(Outcome::Ok, started + 100.0);
        let one = one.with(|told| {
            told.version = version.to_owned();
            told.memory = Some(ByteSize::from_mib(256));
            told.architecture = Architecture::Arm64;
        });
        match minute.is_multiple_of(4) {
            false => one.build(),
            true => one
                .cold(Cold::OnDemand)
                .with(|told| {
                    told.init = Some(Nanos::from_millis(300 + u64::from(minute)));
                })
                .build(),
        }
    };
    minutes.map(one).collect()
}

#[tokio::test]
async fn cold_starts_are_told_over_time_by_phase_and_by_what_they_depend_on() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    data.facts("old", &each_minute("shop", "7", 0..20)).await;
    data.facts("new", &each_minute("shop", "8", 20..60)).await;
    let plain = invocation("plain").function("plain").started(5_000.0);
    let plain = plain.ended(Outcome::Ok, 5_100.0).with(|told| {
        told.version = String::new();
        told.runtime = String::new();
        told.memory = None;
        told.architecture = Architecture::default();
    });
    data.facts("plain", &[plain.build()]).await;
    for (place, millis) in [(0.0, 400.0), (1.0, 500.0), (2.0, 600.0)] {
        let (from, sandbox) = (place * MINUTE, format!("shop-{place}"));
        let init = phase(PhaseKind::Init, from, from + millis);
        let runtime = phase(PhaseKind::RuntimeInit, from, from + millis / 2.0);
        data.phase("shop", &sandbox, &init).await;
        data.phase("shop", &sandbox, &runtime).await;
    }
    let others = Data::of_a_stranger(&store);
    others
        .facts("theirs", &each_minute("shop", "7", 0..60))
        .await;
    let theirs = phase(PhaseKind::Restore, 0.0, 9_000.0);
    others.phase("shop", "theirs", &theirs).await;
    let served = Served::on(&store);
    let path = format!("/api/v1/cold-starts?{RANGE}");
    let told = served.ok(&path).await;

    Description::read().check("GET /api/v1/cold-starts", 200, &told);
    assert_eq!(told["step"], "60000000000");
    let points = told["points"].as_array().expect("a list");
    assert_eq!(points.len(), 60);
    assert_eq!(
        points[0],
        json!({"start": at(0.0).0.to_string(), "invocations": "2", "cold_starts": "1",
            "init_p50": points[0]["init_p50"], "init_p95": points[0]["init_p50"]})
    );
    assert_eq!(points[1]["init_p50"], Value::Null);
    assert_eq!(
        told["phases"],
        json!([
            {"phase": "init", "seen": "3", "p50": "500000000", "p95": "600000000"},
            {"phase": "runtime_init", "seen": "3", "p50": "250000000", "p95": "300000000"},
        ])
    );
    let parts = told["parts"].as_array().expect("a list").iter();
    let parts: Vec<Value> = parts
        .map(|part| {
            json!([
                part["function"],
                part["version"],
                part["architecture"],
                part["memory_bytes"],
                part["invocations"],
                part["cold_starts"]
            ])
        })
        .collect();
    assert_eq!(
        parts,
        [
            json!(["shop", "8", "arm64", "268435456", "40", "10"]),
            json!(["shop", "7", "arm64", "268435456", "20", "5"]),
            json!(["plain", null, null, null, "1", "0"]),
        ]
    );

    let of_one = served.ok(&format!("{path}&function=plain")).await;
    assert_eq!(of_one["parts"].as_array().map(Vec::len), Some(1));
    assert_eq!(of_one["phases"], json!([]));
    let of_nobody = served.ok(&format!("{path}&function=nobody")).await;
    assert_eq!(of_nobody["points"], json!([]));

    let mut settle = settling(&store, &Registry::new());
    while settle.step(at(180.0 * MINUTE)).await.expect("a step") == Step::More {}
    assert_eq!(served.ok(&path).await, told, "settled, it is the same");
}
