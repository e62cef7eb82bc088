//! Cold, warm, frozen, shut down.

use std::time::Duration;

use coldtrace_model::Outcome;
use coldtrace_sandbox::{Function, FunctionConfig};

use super::fixture::{Fixture, HEADER, ROOT, event, events, reply};

const LOOK: &str = r#"{"do": "look"}"#;

#[tokio::test]
async fn a_cold_start_is_followed_by_warm_invocations_in_the_same_process() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.python());
    let cold = function.invoke(event(LOOK)).await;
    let warm = function.invoke(event(LOOK)).await;

    assert!(cold.report.cold && !warm.report.cold);
    let init = cold.report.init.expect("a cold start reports its init");
    assert_eq!(warm.report.init, None);
    assert!(cold.observed.wall > init, "the caller waited for the init");
    let paid = cold.report.duration + init;
    assert_eq!(
        cold.report.billed.as_millis(),
        paid.as_nanos().div_ceil(1_000_000)
    );
    assert!(
        warm.report.duration <= warm.observed.held,
        "{:?}",
        warm.observed
    );

    let (first, second) = (reply(&cold), reply(&warm));
    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(first["request_id"], cold.request_id.as_str());
    assert_eq!(
        first["arn"],
        "arn:aws:lambda:eu-central-1:123456789012:function:tea"
    );
    assert_eq!(first["event"]["do"], "look");
    let trace = first["trace"]
        .as_str()
        .expect("the function gets a trace header");
    assert!(
        trace.starts_with(&format!("Root={ROOT};Parent=")) && trace != HEADER,
        "{trace}"
    );
    let remaining = first["remaining"].as_u64().expect("it is a number");
    assert!((15_000..=20_000).contains(&remaining), "{remaining}");
    let environment = first["environment"].as_object().expect("it is an object");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_eq!(environment["_HANDLER"], "app.handler");
    assert!(
        environment["AWS_EXECUTION_ENV"]
            .as_str()
            .unwrap()
            .starts_with("AWS_Lambda_python3.")
    );
    assert!(
        !environment.contains_key("CARGO_MANIFEST_DIR"),
        "nothing is inherited by accident"
    );

    let held = cold.observed.peak_memory.abs_diff(cold.report.max_memory.0);
    assert!(
        held < 1 << 20 && cold.observed.peak_memory > 5 << 20,
        "{cold:?}"
    );
    function.shutdown().await;
    assert!(function.sandboxes().is_empty());
}

#[tokio::test]
async fn processes_stand_still_between_invocations() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.python());
    let before = reply(&function.invoke(event(LOOK)).await)["beats"].as_u64();
    // Time has to pass: a thread of the function counts milliseconds whenever it may run.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let after = reply(&function.invoke(event(LOOK)).await)["beats"].as_u64();
    let beats = after.unwrap() - before.unwrap();
    assert!(beats < 200, "{beats} beats while nothing may run");
    let working = function
        .invoke(event(r#"{"do": "nap", "seconds": 0.3}"#))
        .await;
    reply(&working);
    let woken = reply(&function.invoke(event(LOOK)).await)["beats"].as_u64();
    assert!(
        woken.unwrap() > after.unwrap() + 10,
        "and goes on when thawed"
    );
}

#[tokio::test]
async fn the_caller_has_the_answer_while_an_extension_works_on() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[("PROBE_HOLD", "0.5")]));
    let invoked = function.invoke(event(LOOK)).await;
    let (report, observed) = (&invoked.report, &invoked.observed);
    assert!(
        report.duration >= Duration::from_millis(500),
        "its time is the function's: {report:?}"
    );
    assert!(
        observed.held >= observed.wall + Duration::from_millis(400),
        "{observed:?}"
    );
    function.shutdown().await;
}

#[tokio::test]
async fn a_sandbox_that_nobody_calls_is_shut_down_with_a_word_to_its_extension() {
    let fixture = Fixture::new();
    let function = Function::new(FunctionConfig {
        idle_timeout: Duration::from_millis(50),
        ..fixture.probed(&[])
    });
    let invoked = function.invoke(event(LOOK)).await;
    assert_eq!(invoked.report.status, Outcome::Ok);
    // It leaves by itself; `shutdown` only waits for it.
    let left = async {
        while !function.sandboxes().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), left)
        .await
        .expect("it ends");
    let notes = fixture.notes();
    let events = events(&notes);
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[0]["eventType"], "INVOKE");
    assert_eq!(events[0]["requestId"], invoked.request_id.as_str());
    assert_eq!(events[0]["tracing"]["value"], HEADER);
    assert_eq!(events[1]["eventType"], "SHUTDOWN");
    assert_eq!(events[1]["shutdownReason"], "spindown");
    let told = notes
        .iter()
        .rfind(|note| note["what"] == "event")
        .expect("it was told");
    let left = events[1]["deadlineMs"].as_f64().unwrap() / 1000.0 - told["at"].as_f64().unwrap();
    assert!(
        (1.0..=2.0).contains(&left),
        "{left} s are left when it is told"
    );
    assert_eq!(notes.last().expect("there are notes")["what"], "bye");
}
