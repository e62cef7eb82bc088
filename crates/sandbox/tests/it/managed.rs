//! Managed instances: several invocations at once in a sandbox that is never frozen.

use std::time::Duration;

use coldtrace_model::Outcome;
use coldtrace_sandbox::{Function, FunctionConfig, Initialization};
use serde_json::{Value, json};

use super::fixture::{Fixture, event, events, reply, telemetry};

const NAP: &str = r#"{"do": "nap", "seconds": 0.5}"#;
const LOOK: &str = r#"{"do": "look"}"#;

fn managed(concurrency: usize, config: FunctionConfig) -> FunctionConfig {
    FunctionConfig {
        initialization: Initialization::ManagedInstances { concurrency },
        ..config
    }
}

fn reports(records: &[Value]) -> Vec<&Value> {
    let reports = records
        .iter()
        .filter(|record| record["type"] == "platform.report");
    reports.map(|report| &report["record"]).collect()
}

/// A function in Node beside the probe, which takes what managed instances tell.
fn probed_node(fixture: &Fixture) -> FunctionConfig {
    let node = fixture.node("index.handler");
    FunctionConfig {
        runtime: node.runtime,
        handler: node.handler,
        ..fixture.probed(&[("PROBE_SCHEMA", "2025-01-29")])
    }
}

#[tokio::test]
async fn invocations_share_a_sandbox_and_the_third_waits_for_a_seat() {
    let fixture = Fixture::new();
    let config = fixture.probed(&[("PROBE_SCHEMA", "2025-01-29")]);
    let function = Function::new(managed(2, config));
    assert_eq!(function.provision(1).await, 1);
    let (first, second, third) = tokio::join!(
        function.invoke(event(NAP)),
        function.invoke(event(NAP)),
        function.invoke(event(NAP)),
    );
    assert_ne!(reply(&first), reply(&second), "a process each");
    for one in [&first, &second, &third] {
        assert_eq!((one.report.sandbox, one.report.cold), (1, false));
        assert_eq!(one.report.billed, Duration::ZERO);
    }
    assert!(third.observed.wall > third.report.duration * 3 / 2);
    function.shutdown().await;

    let notes = fixture.notes();
    let refused: Vec<Value> = notes
        .iter()
        .filter(|note| note["step"] == "invoke" || note["step"] == "old schema")
        .map(|note| json!([note["status"], note["type"]]))
        .collect();
    let expected = [
        json!([403, "Extension.InvalidEventType"]),
        json!([400, "ValidationError"]),
    ];
    assert_eq!(refused, expected);
    let told = events(&notes);
    assert_eq!(told.len(), 1, "nothing but the end: {told:?}");
    assert_eq!(told[0]["shutdownReason"], "spindown");
    let records = telemetry(&notes);
    let kinds = |kind: &str| records.iter().filter(|one| one["type"] == kind).count();
    assert_eq!(kinds("platform.runtimeDone"), 0);
    assert_eq!((kinds("platform.start"), kinds("platform.report")), (3, 3));
    let start = records.iter().find(|one| one["type"] == "platform.start");
    let arn = &start.expect("it starts")["record"]["functionArn"];
    assert_eq!(
        *arn,
        "arn:aws:lambda:eu-central-1:123456789012:function:tea"
    );
    let report = reports(&records)[0];
    let metrics = report["metrics"].as_object().expect("it has metrics");
    assert_eq!(metrics.keys().collect::<Vec<_>>(), ["durationMs"]);
    assert_eq!(report["spans"][0]["name"], "responseLatency");
}

#[tokio::test]
async fn a_timeout_ends_its_invocation_and_nothing_else() {
    let fixture = Fixture::new();
    let config = FunctionConfig {
        timeout: Duration::from_secs(2),
        ..fixture.probed(&[("PROBE_SCHEMA", "2025-01-29")])
    };
    let function = Function::new(managed(2, config));
    function.provision(1).await;
    let before = function.sandboxes();
    let long = r#"{"do": "nap", "seconds": 2.5}"#;
    let (late, well) = tokio::join!(function.invoke(event(long)), function.invoke(event(NAP)));
    assert_eq!(late.report.status, Outcome::Timeout);
    assert_eq!(late.observed.exit, None);
    reply(&well);
    let next = function.invoke(event(LOOK)).await;
    reply(&next);
    let after = function.sandboxes();
    assert_eq!(after[0].runtime_pid, before[0].runtime_pid);
    function.shutdown().await;
    let records = telemetry(&fixture.notes());
    let reports = reports(&records);
    let report = reports.iter().find(|one| one["status"] == "timeout");
    let report = report.expect("it is reported");
    assert_eq!(report["errorType"], "Sandbox.Timedout");
}

#[tokio::test]
async fn a_runtime_that_ends_takes_its_invocations_along_and_is_started_again() {
    let fixture = Fixture::new();
    let config = probed_node(&fixture);
    let function = Function::new(managed(2, config));
    function.provision(1).await;
    let long = r#"{"do": "nap", "seconds": 30}"#;
    let (died, beside) = tokio::join!(
        function.invoke(event(r#"{"do": "die"}"#)),
        function.invoke(event(long))
    );
    assert_eq!(died.report.status, Outcome::Crash);
    assert_eq!(beside.report.status, Outcome::Crash);
    let next = function.invoke(event(LOOK)).await;
    reply(&next);
    function.shutdown().await;
    let notes = fixture.notes();
    let reasons: Vec<&Value> = events(&notes)
        .iter()
        .map(|told| &told["shutdownReason"])
        .collect();
    assert_eq!(reasons, ["failure", "spindown"]);
}

#[tokio::test]
async fn a_node_process_works_on_several_and_says_whose_line_is_whose() {
    let fixture = Fixture::new();
    let config = probed_node(&fixture);
    let function = Function::new(managed(3, config));
    function.provision(1).await;
    let nap = |seconds: &str| event(&format!(r#"{{"do": "nap", "seconds": {seconds}}}"#));
    let (long, short) = tokio::join!(function.invoke(nap("0.4")), function.invoke(nap("0.2")));
    let (told_long, told_short) = (reply(&long), reply(&short));
    assert_eq!(told_long["pid"], told_short["pid"]);
    assert_ne!(told_long["trace"], told_short["trace"]);
    function.shutdown().await;
    let records = telemetry(&fixture.notes());
    for (invoked, seconds) in [(&long, "0.4"), (&short, "0.2")] {
        let id = invoked.request_id.as_str();
        let end = format!("\t{id}\tINFO\thad a nap of {seconds}\n");
        let is_it = |one: &Value| one["record"].as_str().is_some_and(|it| it.ends_with(&end));
        assert!(records.iter().any(is_it), "{end:?}: {records:#?}");
    }
}

#[tokio::test]
async fn a_function_that_cannot_be_loaded_fails_each_of_its_invocations() {
    let fixture = Fixture::new();
    let config = FunctionConfig {
        handler: "nowhere.handler".to_owned(),
        ..fixture.python()
    };
    let function = Function::new(managed(2, config));
    assert_eq!(function.provision(1).await, 0);
    for _ in 0..2 {
        let failed = function.invoke(event(LOOK)).await;
        assert_eq!(failed.report.status, Outcome::InitError);
    }
    function.shutdown().await;
}
