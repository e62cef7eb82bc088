//! What goes wrong, and how the sandbox goes on after it.

use std::time::Duration;

use coldtrace_model::{ByteSize, Outcome};
use coldtrace_sandbox::{Function, FunctionConfig, Invoked};
use serde_json::Value;

use super::fixture::{Fixture, event, events, reply, telemetry};

fn error_type(invoked: &Invoked) -> &str {
    &invoked.error.as_ref().expect("it fails").error_type
}

fn reasons(fixture: &Fixture) -> Vec<String> {
    let notes = fixture.notes();
    let reasons = events(&notes)
        .into_iter()
        .filter_map(|event| event["shutdownReason"].as_str());
    reasons.map(str::to_owned).collect()
}

/// The records of a type that the probe got, without what is different every time.
fn told(fixture: &Fixture, kind: &str) -> Vec<Value> {
    let records = telemetry(&fixture.notes());
    let records = records.into_iter().filter(|record| record["type"] == kind);
    records.map(|record| record["record"].clone()).collect()
}

#[tokio::test]
async fn an_exception_fails_the_invocation_and_nothing_else() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.python());
    let failed = function.invoke(event(r#"{"do": "fail"}"#)).await;
    assert_eq!(failed.report.status, Outcome::Error);
    assert_eq!(failed.observed.exit, None);
    assert_eq!(error_type(&failed), "ValueError");
    let payload: Value = serde_json::from_slice(&failed.payload).unwrap();
    assert_eq!(payload["errorMessage"], "the teapot is empty");
    let next = function.invoke(event(r#"{"do": "look"}"#)).await;
    assert!(!next.report.cold);
}

#[tokio::test]
async fn after_a_timeout_the_sandbox_is_initialised_again_inside_the_next_invocation() {
    let fixture = Fixture::new();
    let function = Function::new(FunctionConfig {
        // Time enough for the init inside the next invocation, on a busy machine.
        timeout: Duration::from_secs(5),
        ..fixture.probed(&[])
    });
    let late = function.invoke(event(r#"{"do": "forget"}"#)).await;
    assert_eq!(late.report.status, Outcome::Timeout);
    assert_eq!(late.report.duration, Duration::from_secs(5));
    assert_eq!(error_type(&late), "Sandbox.Timedout");
    assert!(
        late.observed
            .exit
            .as_ref()
            .is_some_and(|exit| exit.contains("signal: 9")),
        "{late:?}"
    );

    let next = function.invoke(event(r#"{"do": "remember"}"#)).await;
    assert_eq!(reply(&next), 1, "/tmp outlives the processes");
    assert_eq!(next.report.sandbox, late.report.sandbox);
    assert!(next.report.cold);
    assert_eq!(next.report.init, None, "the init is part of the duration");
    function.shutdown().await;

    assert_eq!(reasons(&fixture), ["timeout", "spindown"]);
    let pids: Vec<Value> = fixture
        .notes()
        .iter()
        .filter(|note| note["what"] == "registered")
        .map(|note| note["pid"].clone())
        .collect();
    assert_eq!(pids.len(), 2);
    assert_ne!(pids[0], pids[1], "the extension is another process");
    let reports = told(&fixture, "platform.report");
    let statuses: Vec<&Value> = reports.iter().map(|report| &report["status"]).collect();
    assert_eq!(statuses, ["timeout", "success"]);
    assert_eq!(reports[0]["metrics"]["durationMs"], 5000.0);
    let phases: Vec<Value> = told(&fixture, "platform.initStart")
        .iter()
        .map(|init| init["phase"].clone())
        .collect();
    assert_eq!(phases, ["init", "invoke"]);
    let subscriptions = told(&fixture, "platform.telemetrySubscription");
    assert_eq!(subscriptions[1]["state"], "Already subscribed");
}

#[tokio::test]
async fn a_tree_of_processes_beyond_the_memory_limit_is_killed() {
    let fixture = Fixture::new();
    let function = Function::new(FunctionConfig {
        memory: ByteSize::from_mib(128),
        ..fixture.probed(&[])
    });
    let killed = function.invoke(event(r#"{"do": "eat"}"#)).await;
    assert_eq!(killed.report.status, Outcome::OutOfMemory);
    assert_eq!(error_type(&killed), "Runtime.OutOfMemory");
    assert_eq!(killed.report.max_memory, ByteSize::from_mib(128));
    assert!(killed.observed.peak_memory > 128 << 20);
    assert!(
        killed.observed.peak_memory < 256 << 20,
        "in time: {:?}",
        killed.observed
    );
    assert!(killed.observed.exit.is_some());
    let next = function.invoke(event(r#"{"do": "look"}"#)).await;
    assert_eq!(next.report.status, Outcome::Ok);
    assert!(
        next.report.max_memory < ByteSize::from_mib(128),
        "it is counted anew"
    );
    function.shutdown().await;
    assert_eq!(reasons(&fixture), ["failure", "spindown"]);
    let report = &told(&fixture, "platform.report")[0];
    assert_eq!(report["status"], "error");
    assert_eq!(report["errorType"], "Runtime.OutOfMemory");
    assert_eq!(report["metrics"]["maxMemoryUsedMB"], 128);
}

#[tokio::test]
async fn a_runtime_that_ends_fails_the_invocation_and_resets_the_sandbox() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    let crashed = function.invoke(event(r#"{"do": "die"}"#)).await;
    assert_eq!(crashed.report.status, Outcome::Crash);
    assert_eq!(crashed.observed.exit.as_deref(), Some("exit status: 7"));
    assert_eq!(error_type(&crashed), "Runtime.ExitError");
    let next = function.invoke(event(r#"{"do": "look"}"#)).await;
    assert_eq!(
        (next.report.status, next.report.sandbox),
        (Outcome::Ok, crashed.report.sandbox)
    );
    function.shutdown().await;
    assert_eq!(reasons(&fixture), ["failure", "spindown"]);
}

#[tokio::test]
async fn an_extension_that_ends_fails_the_invocation() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[("PROBE_CRASH", "1"), ("PROBE_HOLD", "0.1")]));
    let crashed = function.invoke(event(r#"{"do": "hang"}"#)).await;
    assert_eq!(crashed.report.status, Outcome::Crash);
    assert_eq!(error_type(&crashed), "Extension.Crash");
    assert!(crashed.observed.exit.is_some(), "the runtime goes with it");
}

#[tokio::test]
async fn a_function_that_cannot_be_loaded_is_tried_twice() {
    let fixture = Fixture::new();
    fixture.write("broken", "");
    let mut config = fixture.probed(&[]);
    let broken = fixture.path("broken").display().to_string();
    config.environment.push(("BREAK_INIT".to_owned(), broken));
    let function = Function::new(config);
    let failed = function.invoke(event(r#"{"do": "look"}"#)).await;
    assert_eq!(failed.report.status, Outcome::InitError);
    assert_eq!(failed.observed.exit, None);
    assert_eq!(failed.report.init, None);
    let payload: Value = serde_json::from_slice(&failed.payload).unwrap();
    assert_eq!(payload["errorMessage"], "the module cannot be loaded");

    std::fs::remove_file(fixture.path("broken")).unwrap();
    let mended = function.invoke(event(r#"{"do": "look"}"#)).await;
    assert_eq!(
        (mended.report.status, mended.report.cold),
        (Outcome::Ok, true)
    );
    function.shutdown().await;
    let inits: Vec<(Value, Value)> = told(&fixture, "platform.initReport")
        .iter()
        .map(|init| (init["phase"].clone(), init["status"].clone()))
        .collect();
    let expected = [
        ("init", "error"),
        ("invoke", "error"),
        ("invoke", "success"),
    ];
    assert_eq!(
        inits,
        expected.map(|(phase, status)| (phase.into(), status.into()))
    );
    let report = &told(&fixture, "platform.report")[0];
    assert_eq!(
        (&report["status"], &report["requestId"]),
        (&"error".into(), &failed.request_id.as_str().into())
    );
}

#[tokio::test]
async fn a_runtime_that_ends_in_its_init_is_an_init_error() {
    let fixture = Fixture::new();
    fixture.write("broken", "");
    let mut config = fixture.python();
    let broken = fixture.path("broken").display().to_string();
    config.environment.push(("EXIT_IN_INIT".to_owned(), broken));
    let failed = Function::new(config)
        .invoke(event(r#"{"do": "look"}"#))
        .await;
    assert_eq!(failed.report.status, Outcome::InitError);
    assert_eq!(error_type(&failed), "Runtime.ExitError");
}

#[tokio::test]
async fn an_init_that_takes_too_long_is_tried_again_inside_the_invocation() {
    let fixture = Fixture::new();
    fixture.write("slow", "");
    let mut config = fixture.probed(&[]);
    let slow = fixture.path("slow").display().to_string();
    config
        .environment
        .push(("HANG_IN_FIRST_INIT".to_owned(), slow));
    let function = Function::new(config);
    let invoked = function.invoke(event(r#"{"do": "look"}"#)).await;
    reply(&invoked);
    assert!(
        invoked.report.cold && invoked.report.init.is_none(),
        "{:?}",
        invoked.report
    );
    assert!(
        invoked.report.duration < Duration::from_secs(10),
        "the first try is not part of it"
    );
    assert!(
        invoked.observed.wall > Duration::from_secs(10),
        "but the caller waited for it"
    );
    function.shutdown().await;
    let inits: Vec<(Value, Value)> = told(&fixture, "platform.initReport")
        .iter()
        .map(|init| (init["phase"].clone(), init["status"].clone()))
        .collect();
    let expected = [("init", "timeout"), ("invoke", "success")];
    assert_eq!(
        inits,
        expected.map(|(phase, status)| (phase.into(), status.into()))
    );
}

#[tokio::test]
async fn an_extension_that_does_not_ask_for_shutdown_gets_none() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[("PROBE_NO_SHUTDOWN", "1")]));
    reply(&function.invoke(event(r#"{"do": "look"}"#)).await);
    function.shutdown().await;
    assert_eq!(reasons(&fixture), Vec::<String>::new());
}

#[tokio::test]
async fn a_runtime_that_does_not_exist_is_told_to_the_caller() {
    let fixture = Fixture::new();
    let function = Function::new(FunctionConfig {
        runtime: coldtrace_sandbox::Runtime::Python {
            interpreter: "/nowhere/python".into(),
            path: Vec::new(),
        },
        ..fixture.python()
    });
    let failed = function.invoke(event("{}")).await;
    assert_eq!(error_type(&failed), "Runtime.InvalidEntrypoint");
    assert_eq!(failed.report.status, Outcome::InitError);
}
