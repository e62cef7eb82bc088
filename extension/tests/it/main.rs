//! The real binary between a platform and a collector that are made for the purpose.
//!
//! What the platform tells is dated far ahead: what lies before the extension's start it does not take for its own.

mod authority;
mod backend;
mod collector;
mod otlp;
mod outages;
mod panics;
mod platform;
mod scene;
mod sequences;

use std::time::{Duration, Instant};

use coldtrace_model::{Cold, Outcome};
use coldtrace_proto::v1::fact::Kind;
use coldtrace_proto::v1::{ExportRequest, Fact};

use crate::collector::Behaviour;
use crate::platform::Offer;
use crate::scene::{Scene, Setting};

/// Longer than the extension may take for anything that it does not wait for, also on a busy machine.
const PROMPT: Duration = Duration::from_millis(400);

fn facts(requests: &[ExportRequest]) -> Vec<&Fact> {
    requests.iter().flat_map(|request| &request.facts).collect()
}

fn started(requests: &[ExportRequest], request_id: &str) -> bool {
    let is_it =
        |fact: &&Fact| fact.request_id == request_id && matches!(fact.kind, Some(Kind::Started(_)));
    facts(requests).iter().any(is_it)
}

fn outcomes(requests: &[ExportRequest], request_id: &str) -> Vec<Outcome> {
    let outcome = |fact: &&Fact| {
        let number = match fact.kind.as_ref()? {
            Kind::Started(_) => return None,
            Kind::Finished(finished) => finished.outcome,
            Kind::Reported(reported) => reported.outcome,
        };
        Outcome::from_number(u8::try_from(number).ok()?)
    };
    let all = facts(requests);
    let its = all.iter().filter(|fact| fact.request_id == request_id);
    its.copied().filter_map(|fact| outcome(&fact)).collect()
}

fn bodies(requests: &[ExportRequest]) -> Vec<&[u8]> {
    let payloads = requests.iter().flat_map(|request| &request.payloads);
    let clients = payloads.filter(|payload| !payload.platform);
    clients.map(|payload| payload.request.as_ref()).collect()
}

#[tokio::test]
async fn an_invocation_is_told_from_its_start_to_its_report() {
    let mut scene = Scene::open(Setting::default()).await;
    let registration = scene.platform.registration().await;
    assert_eq!(registration.name, "coldtrace-extension");
    assert_eq!(registration.body["events"][0], "INVOKE");
    scene.platform.asked(1).await;
    let subscription = scene.platform.subscription();
    assert_eq!(subscription["schemaVersion"], "2022-12-13");

    scene.platform.invoke("R1", Duration::from_secs(5));
    let told = scene.collector.wait_for(|told| started(told, "R1")).await;
    assert_eq!(told.len(), 1, "while the function runs");

    otlp::post_protobuf(scene.ports.otlp_http, b"protobuf").await;
    otlp::post_json(scene.ports.otlp_http, r#"{"resourceSpans":[]}"#).await;
    otlp::export_grpc(scene.ports.otlp_grpc, b"grpc").await;
    scene
        .telemetry(
            r#"[
            {"time":"2099-01-01T00:00:00Z","type":"platform.initStart","record":{"phase":"init","runtimeVersion":"python:3.12"}},
            {"time":"2099-01-01T00:00:01Z","type":"platform.initReport","record":{"phase":"init","status":"success","metrics":{"durationMs":170}}},
            {"time":"2099-01-01T00:00:01Z","type":"platform.start","record":{"requestId":"R1"}},
            {"time":"2099-01-01T00:00:01Z","type":"function","record":"hello\n"},
            {"time":"2099-01-01T00:00:01Z","type":"platform.runtimeDone","record":{"requestId":"R1","status":"failure","errorType":"ValueError"}}]"#,
        )
        .await;
    let told = scene
        .collector
        .wait_for(|told| !outcomes(told, "R1").is_empty())
        .await;
    scene.platform.asked(2).await;
    assert_eq!(outcomes(&told, "R1"), [Outcome::Error]);
    assert_eq!(bodies(&told), [&b"protobuf"[..], b"grpc"], "as they came");
    let last = told.last().expect("two requests");
    assert_eq!(last.logs[0].body, "hello");
    assert_eq!(last.logs[0].request_id, "R1");
    assert_eq!(last.phases[0].request_id, "R1");
    assert_eq!(
        last.sandbox.as_ref().expect("a sandbox").runtime,
        "python:3.12"
    );

    scene.platform.invoke("R2", Duration::from_secs(5));
    scene
        .telemetry(
            r#"[{"time":"2099-01-01T00:00:01Z","type":"platform.report","record":{"requestId":"R1","status":"failure","metrics":{"durationMs":10,"billedDurationMs":11}}},
            {"time":"2099-01-01T00:00:02Z","type":"platform.runtimeDone","record":{"requestId":"R2","status":"success"}}]"#,
        )
        .await;
    scene.platform.asked(3).await;
    scene.platform.shutdown("spindown");
    scene
        .telemetry(r#"[{"time":"2099-01-01T00:00:02Z","type":"platform.report","record":{"requestId":"R2","status":"success","metrics":{"durationMs":9}}}]"#)
        .await;
    let took = scene.ended().await;
    assert!(took < PROMPT, "everything was known: {took:?}");
    let told = scene.collector.told();
    assert_eq!(outcomes(&told, "R1"), [Outcome::Error; 2]);
    assert_eq!(outcomes(&told, "R2"), [Outcome::Ok; 2]);
    for request_id in ["R1", "R2"] {
        let mut filed: Vec<u64> = facts(&told)
            .iter()
            .filter(|fact| fact.request_id == request_id)
            .map(|fact| fact.filed_at_unix_nano)
            .collect();
        filed.dedup();
        assert_eq!(filed.len(), 1, "{request_id} is filed under one time");
    }
    assert!(scene.scratch_is_empty(), "the sandbox ended for good");
}

#[tokio::test]
async fn without_the_telemetry_api_invocations_are_known_from_the_calls() {
    let mut scene = Scene::open(Setting {
        offer: Offer::WithoutTelemetry,
        ..Setting::default()
    })
    .await;
    for number in 1..=3 {
        scene.platform.asked(number).await;
        scene
            .platform
            .invoke(&format!("R{number}"), Duration::from_secs(5));
    }
    scene.platform.asked(4).await;
    otlp::post_protobuf(scene.ports.otlp_http, b"late").await;
    let told = scene
        .collector
        .wait_for(|told| !bodies(told).is_empty())
        .await;
    assert!(started(&told, "R3"), "though nothing calls any more");
    scene.platform.shutdown("SandboxTerminated");
    scene.ended().await;
    let told = scene.collector.told();
    for request_id in ["R1", "R2", "R3"] {
        assert_eq!(outcomes(&told, request_id), [Outcome::Ok], "{request_id}");
    }
}

#[tokio::test]
async fn managed_instances_refuse_invoke_and_are_told_from_telemetry() {
    let mut scene = Scene::open(Setting {
        offer: Offer::ManagedInstances,
        ..Setting::default()
    })
    .await;
    scene.platform.asked(1).await;
    let registration = scene.platform.registration().await;
    assert_eq!(registration.body["events"], serde_json::json!(["SHUTDOWN"]));
    assert_eq!(scene.platform.subscription()["schemaVersion"], "2025-01-29");
    scene
        .telemetry(
            r#"[{"time":"2099-01-01T00:00:01Z","type":"platform.start","record":{"requestId":"R1"}},
            {"time":"2099-01-01T00:00:02Z","type":"platform.report","record":{"requestId":"R1","status":"success","metrics":{"durationMs":9}}}]"#,
        )
        .await;
    let told = scene
        .collector
        .wait_for(|told| outcomes(told, "R1").len() == 2)
        .await;
    assert_eq!(outcomes(&told, "R1"), [Outcome::Ok; 2]);
    scene.platform.shutdown("spindown");
    scene.ended().await;
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_nothing_and_the_next_process_delivers() {
    let mut scene = Scene::open(Setting {
        behaviour: Behaviour::Absent,
        ..Setting::default()
    })
    .await;
    for number in 1..=5 {
        scene.platform.asked(number).await;
        let request_id = format!("R{number}");
        scene.platform.invoke(&request_id, Duration::from_secs(5));
        let done = format!(
            r#"[{{"time":"2099-01-01T00:00:01Z","type":"platform.runtimeDone","record":{{"requestId":"{request_id}","status":"success"}}}},
            {{"time":"2099-01-01T00:00:01Z","type":"platform.report","record":{{"requestId":"{request_id}","status":"success"}}}}]"#
        );
        scene.telemetry(&done).await;
        let done_at = Instant::now();
        let asked = scene.platform.asked(number + 1).await;
        let held = asked.saturating_duration_since(done_at);
        assert!(held < PROMPT, "{request_id} was held for {held:?}");
    }
    scene.platform.shutdown("timeout");
    let took = scene.ended().await;
    assert!(
        took < Duration::from_millis(2_000),
        "within its time: {took:?}"
    );

    let scene = scene.reset(Behaviour::Answers).await;
    scene.platform.asked(1).await;
    scene.platform.invoke("R6", Duration::from_secs(5));
    let told = scene.collector.wait_for(|told| started(told, "R6")).await;
    let colds: Vec<Cold> = facts(&told)
        .iter()
        .filter_map(|fact| match fact.kind.as_ref()? {
            Kind::Started(started) => Cold::from_number(u8::try_from(started.cold).ok()?),
            _ => None,
        })
        .collect();
    let warm = [Cold::Warm; 4];
    assert_eq!(
        (colds[0], &colds[1..5], colds[5]),
        (Cold::OnDemand, &warm[..], Cold::Reset)
    );
    let ids: Vec<&str> = told
        .iter()
        .map(|request| request.sandbox.as_ref().expect("a sandbox").id.as_str())
        .collect();
    assert!(
        ids.iter().all(|id| *id == ids[0]),
        "it is one sandbox: {ids:?}"
    );
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_an_invocation_for_the_budget_at_most() {
    let budget = Duration::from_millis(300);
    let mut scene = Scene::open(Setting {
        behaviour: Behaviour::Silent,
        flush_budget: budget,
        ..Setting::default()
    })
    .await;
    scene.platform.asked(1).await;
    scene.platform.invoke("R1", Duration::from_secs(5));
    let done = r#"[{"time":"2099-01-01T00:00:01Z","type":"platform.runtimeDone","record":{"requestId":"R1","status":"success"}}]"#;
    scene.telemetry(done).await;
    let done_at = Instant::now();
    let asked = scene.platform.asked(2).await;
    let held = asked.saturating_duration_since(done_at);
    assert!(held < budget + PROMPT, "held for {held:?}");
    scene.platform.shutdown("failure");
    let took = scene.ended().await;
    assert!(
        took < Duration::from_millis(2_000),
        "within its time: {took:?}"
    );
}

#[tokio::test]
async fn an_invocation_whose_end_is_not_told_is_let_go_before_its_deadline() {
    let mut scene = Scene::open(Setting::default()).await;
    scene.platform.asked(1).await;
    let called = Instant::now();
    scene.platform.invoke("R1", Duration::from_millis(600));
    let asked = scene.platform.asked(2).await;
    let held = asked.saturating_duration_since(called);
    assert!(held < Duration::from_millis(600), "{held:?}");
    scene.platform.shutdown("timeout");
    scene.ended().await;
    let told = scene.collector.told();
    assert_eq!(outcomes(&told, "R1"), [Outcome::Timeout]);
}

#[tokio::test]
async fn garbage_is_answered_and_survived() {
    let mut scene = Scene::open(Setting::default()).await;
    scene.platform.asked(1).await;
    scene.telemetry("{").await;
    scene
        .telemetry(r#"[7, {"type":"platform.report","record":null}]"#)
        .await;
    let http = scene.ports.otlp_http;
    let garbage = "POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n{,}";
    assert!(otlp::raw(http, garbage).await.starts_with("HTTP/1.1 400"));
    assert!(
        otlp::raw(http, "GET /v1/traces HTTP/1.1\r\nconnection: close\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 405")
    );
    assert!(
        otlp::raw(http, "nonsense\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
    otlp::raw(scene.ports.otlp_grpc, "nonsense\r\n\r\n").await;
    scene.platform.invoke("R1", Duration::from_millis(300));
    scene.collector.wait_for(|told| started(told, "R1")).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;
}

#[tokio::test]
async fn without_an_endpoint_it_keeps_the_platform_company() {
    let mut scene = Scene::open(Setting {
        behaviour: Behaviour::NotConfigured,
        ..Setting::default()
    })
    .await;
    for number in 1..=3 {
        scene.platform.asked(number).await;
        scene.platform.invoke("R", Duration::from_secs(5));
    }
    scene.platform.asked(4).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;
}
