//! Sandboxes that are there before anybody calls: provisioned, proactive, from a snapshot.

use std::time::Duration;

use coldtrace_model::Outcome;
use coldtrace_sandbox::{Function, FunctionConfig, Initialization};
use serde_json::{Value, json};

use super::fixture::{Fixture, event, reply, telemetry};

const LOOK: &str = r#"{"do": "look"}"#;

fn types(records: &[Value]) -> Vec<&str> {
    let types = records.iter().map(|record| record["type"].as_str());
    let platform = types.map(|kind| kind.expect("a record has a type"));
    platform
        .filter(|kind| !kind.contains("xtension") && !kind.contains("Subscription"))
        .collect()
}

fn record<'a>(records: &'a [Value], kind: &str) -> &'a Value {
    let found = records.iter().find(|record| record["type"] == kind);
    &found.unwrap_or_else(|| panic!("no {kind}: {records:#?}"))["record"]
}

fn of_kind(fixture: &Fixture, initialization: Initialization) -> FunctionConfig {
    FunctionConfig {
        initialization,
        max_concurrency: 3,
        ..fixture.probed(&[])
    }
}

#[tokio::test]
async fn a_provisioned_sandbox_waits_for_its_first_invocation_and_what_finds_none_is_made_on_demand()
 {
    let fixture = Fixture::new();
    let function = Function::new(of_kind(&fixture, Initialization::Provisioned));
    assert_eq!(function.provision(1).await, 1);
    assert_eq!(function.sandboxes().len(), 1);
    let nap = r#"{"do": "nap", "seconds": 1}"#;
    let (first, beyond) = tokio::join!(function.invoke(event(nap)), function.invoke(event(LOOK)));
    assert_eq!((first.report.sandbox, first.report.cold), (1, false));
    assert_eq!((first.report.init, first.report.restore), (None, None));
    assert!(beyond.report.cold && beyond.report.init.is_some());
    let environment = &reply(&beyond)["environment"];
    assert_eq!(environment["AWS_LAMBDA_INITIALIZATION_TYPE"], "on-demand");
    let seen = function.invoke(event(LOOK)).await;
    assert!(!seen.report.cold);
    function.shutdown().await;
    let records = telemetry(&fixture.notes());
    let inits = records
        .iter()
        .filter(|record| record["type"] == "platform.initStart");
    let mut inits: Vec<&Value> = inits
        .map(|init| &init["record"]["initializationType"])
        .collect();
    inits.sort_by_key(|kind| kind.to_string());
    assert_eq!(inits, ["on-demand", "provisioned-concurrency"]);
    let report = records.iter().find(|record| {
        record["type"] == "platform.report"
            && record["record"]["requestId"] == first.request_id.as_str()
    });
    let metrics = &report.expect("it is reported")["record"]["metrics"];
    assert_eq!(metrics.get("initDurationMs"), None);
}

#[tokio::test]
async fn no_more_is_provisioned_than_is_allowed_and_an_init_that_fails_is_told() {
    let fixture = Fixture::new();
    fixture.write("broken", "");
    let mut config = of_kind(&fixture, Initialization::Provisioned);
    config.max_concurrency = 2;
    let broken = fixture.path("broken").display().to_string();
    config.environment.push(("BREAK_INIT".to_owned(), broken));
    let function = Function::new(config);
    assert_eq!(function.provision(5).await, 0);
    assert_eq!(function.sandboxes().len(), 2);
    std::fs::remove_file(fixture.path("broken")).unwrap();
    let mended = function.invoke(event(LOOK)).await;
    assert_eq!(mended.report.status, Outcome::Ok);
    assert!(mended.report.cold, "its first invocation tries again");
    function.shutdown().await;
}

#[tokio::test]
async fn a_proactive_sandbox_stands_still_until_it_is_called() {
    let fixture = Fixture::new();
    let function = Function::new(of_kind(&fixture, Initialization::OnDemand));
    assert_eq!(function.provision(1).await, 1);
    // A thread of the function counts milliseconds whenever it may run.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let first = function.invoke(event(LOOK)).await;
    let beats = reply(&first)["beats"].as_u64().unwrap();
    assert!(beats < 400, "{beats} beats while nothing may run");
    assert!(!first.report.cold && first.report.init.is_none());
    function.shutdown().await;
    let records = telemetry(&fixture.notes());
    let kind = &record(&records, "platform.initReport")["initializationType"];
    assert_eq!(kind, "on-demand");
}

#[tokio::test]
async fn a_snapshot_is_restored_before_its_first_invocation_with_hooks_and_without_an_init() {
    let fixture = Fixture::new();
    let mut config = of_kind(&fixture, Initialization::SnapStart);
    let hook = ("AFTER_RESTORE".to_owned(), "wait".to_owned());
    config.environment.push(hook);
    let function = Function::new(config);
    assert_eq!(function.provision(1).await, 1);
    let first = function.invoke(event(LOOK)).await;
    let warm = function.invoke(event(LOOK)).await;
    function.shutdown().await;
    let environment = &reply(&first)["environment"];
    assert_eq!(environment["AWS_LAMBDA_INITIALIZATION_TYPE"], "snap-start");
    assert!(first.report.cold && !warm.report.cold);
    let restore = first.report.restore.expect("it was restored");
    assert!(restore >= Duration::from_millis(50), "{restore:?}");
    assert_eq!((first.report.init, warm.report.restore), (None, None));
    let paid = first.report.duration + restore;
    assert_eq!(
        first.report.billed.as_millis(),
        paid.as_nanos().div_ceil(1_000_000)
    );

    let records = telemetry(&fixture.notes());
    let told = types(&records);
    let expected = [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.restoreStart",
        "platform.restoreRuntimeDone",
        "platform.restoreReport",
        "platform.start",
        "function",
        "platform.runtimeDone",
        "platform.report",
    ];
    assert_eq!(told[..expected.len()], expected);
    let start = record(&records, "platform.initStart");
    assert_eq!(start["phase"], "snap-start");
    assert_eq!(start["initializationType"], "snap-start");
    let millis = restore.as_micros() as f64 / 1000.0;
    let restored = record(&records, "platform.restoreReport");
    assert_eq!(
        *restored,
        json!({"status": "success", "metrics": {"durationMs": millis}})
    );
    let metrics = &record(&records, "platform.report")["metrics"];
    assert_eq!(metrics["restoreDurationMs"], millis);
    assert_eq!(metrics.get("initDurationMs"), None);
}

#[tokio::test]
async fn a_snapshot_that_nobody_took_ahead_is_taken_first() {
    let fixture = Fixture::new();
    let function = Function::new(FunctionConfig {
        initialization: Initialization::SnapStart,
        ..fixture.node("index.handler")
    });
    let first = function.invoke(event(LOOK)).await;
    reply(&first);
    assert!(first.report.cold && first.report.restore.is_some());
    function.shutdown().await;
}

#[tokio::test]
async fn a_restore_that_fails_fails_the_invocation_and_the_next_one_initialises() {
    let fixture = Fixture::new();
    let mut config = of_kind(&fixture, Initialization::SnapStart);
    let hook = ("AFTER_RESTORE".to_owned(), "fail".to_owned());
    config.environment.push(hook);
    let function = Function::new(config);
    let failed = function.invoke(event(LOOK)).await;
    assert_eq!(failed.report.status, Outcome::InitError);
    let error = failed.error.expect("it fails");
    assert_eq!(error.message, "the tea went cold");
    function.shutdown().await;
    let records = telemetry(&fixture.notes());
    let restored = record(&records, "platform.restoreReport");
    assert_eq!(restored["errorType"], "Runtime.AfterRestoreError");
    let report = record(&records, "platform.report");
    assert_eq!(report["errorType"], "Runtime.AfterRestoreError");
}
