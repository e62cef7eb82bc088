//! What an extension is told, in which order and when.

use coldtrace_sandbox::Function;
use serde_json::{Value, json};

use super::fixture::{Fixture, HEADER, Note, event, reply, telemetry};

fn millis(length: std::time::Duration) -> Value {
    json!(length.as_micros() as f64 / 1000.0)
}

/// Without what is different every time, which is checked to be there.
fn told(record: &Value) -> Value {
    let time = record["time"].as_str().expect("a record has a time");
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    json!([record["type"], record["record"]])
}

#[tokio::test]
async fn a_cold_and_a_warm_invocation_are_told_in_lambdas_order() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    let cold = function.invoke(event(r#"{"do": "look"}"#)).await;
    let warm = function.invoke(event(r#"{"do": "look"}"#)).await;
    function.shutdown().await;
    reply(&cold);
    reply(&warm);

    let mut records = telemetry(&fixture.notes());
    // Runtime and extension get ready side by side.
    if records[3]["type"] == "platform.initRuntimeDone" {
        records.swap(3, 4);
    }
    let types: Vec<&str> = records
        .iter()
        .map(|record| record["type"].as_str().unwrap())
        .collect();
    let expected = [
        "platform.initStart",
        "platform.extension",
        "platform.telemetrySubscription",
        "platform.extension",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "function",
        "platform.runtimeDone",
        "platform.report",
        "platform.start",
        "function",
        "platform.runtimeDone",
        "platform.report",
    ];
    assert_eq!(types, expected);

    let (id, version) = (cold.request_id.as_str(), "$LATEST");
    assert_eq!(records[0]["record"]["initializationType"], "on-demand");
    assert_eq!(records[0]["record"]["phase"], "init");
    assert_eq!(records[0]["record"]["functionName"], "tea");
    assert_eq!(records[0]["record"]["instanceMaxMemory"], 256 << 20);
    assert!(
        records[0]["record"]["runtimeVersion"]
            .as_str()
            .unwrap()
            .starts_with("python:3.")
    );
    let events = json!(["INVOKE", "SHUTDOWN"]);
    assert_eq!(
        told(&records[1]),
        json!(["platform.extension", {"name": "probe", "state": "Registered", "events": events}])
    );
    assert_eq!(
        told(&records[2]),
        json!(["platform.telemetrySubscription",
            {"name": "probe", "state": "Subscribed", "types": ["platform", "function"]}])
    );
    assert_eq!(
        told(&records[3]),
        json!(["platform.extension", {"name": "probe", "state": "Ready", "events": events}])
    );
    assert_eq!(
        told(&records[5]),
        json!(["platform.initReport", {
            "initializationType": "on-demand", "phase": "init", "status": "success",
            "metrics": {"durationMs": millis(cold.report.init.unwrap())},
        }])
    );
    let start = &records[6]["record"];
    assert_eq!(
        (&start["requestId"], &start["version"]),
        (&json!(id), &json!(version))
    );
    assert_eq!(start["tracing"]["value"], HEADER);
    let trace = reply(&cold)["trace"].as_str().unwrap().to_owned();
    let segment = start["tracing"]["spanId"].as_str().unwrap();
    assert!(
        trace.contains(&format!("Parent={segment};")),
        "the function's parent is the segment"
    );
    assert_eq!(told(&records[7]), json!(["function", "doing look\n"]));
    let runtime_done = &records[8]["record"];
    assert_eq!(runtime_done["status"], "success");
    assert_eq!(runtime_done["metrics"]["producedBytes"], cold.payload.len());
    let spans = runtime_done["spans"].as_array().unwrap();
    let names: Vec<&Value> = spans.iter().map(|span| &span["name"]).collect();
    assert_eq!(
        names,
        ["responseLatency", "responseDuration", "runtimeOverhead"]
    );
    let report = &records[9]["record"];
    assert_eq!(
        report["metrics"],
        json!({
            "durationMs": millis(cold.report.duration),
            "billedDurationMs": cold.report.billed.as_millis() as u64,
            "memorySizeMB": 256,
            "maxMemoryUsedMB": cold.report.max_memory.as_mib(),
            "initDurationMs": millis(cold.report.init.unwrap()),
        })
    );
    assert_eq!(report["spans"][0]["name"], "extensionOverhead");
    assert_eq!(records[13]["record"]["metrics"].get("initDurationMs"), None);
}

#[tokio::test]
async fn a_report_is_delivered_when_the_sandbox_thaws() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    let first = function.invoke(event(r#"{"do": "look"}"#)).await;
    // Much longer than the 25 ms that a record may wait for its batch; but no time passes for the frozen.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let is_report = |note: &Note| {
        let mut records = note["records"].as_array().into_iter().flatten();
        records.any(|record| {
            record["type"] == "platform.report"
                && record["record"]["requestId"] == first.request_id.as_str()
        })
    };
    assert!(
        !fixture.notes().iter().any(is_report),
        "not while it is frozen"
    );
    function
        .invoke(event(r#"{"do": "nap", "seconds": 1}"#))
        .await;
    assert!(
        fixture.notes().iter().any(is_report),
        "but in the course of the next invocation"
    );
    function.shutdown().await;
    assert_eq!(
        fixture
            .notes()
            .iter()
            .filter(|note| is_report(note))
            .count(),
        1
    );
}

#[tokio::test]
async fn an_exception_is_one_record_with_all_its_lines() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    function.invoke(event(r#"{"do": "fail"}"#)).await;
    function.shutdown().await;
    let records = telemetry(&fixture.notes());
    let lines: Vec<&str> = records
        .iter()
        .filter(|record| record["type"] == "function")
        .map(|record| record["record"].as_str().expect("text is a string"))
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "doing fail\n");
    let traceback = "[ERROR] ValueError: the teapot is empty\nTraceback";
    assert!(lines[1].starts_with(traceback), "{lines:?}");
    let report = records.last().expect("there are records");
    assert_eq!(report["type"], "platform.report");
    assert_eq!(report["record"]["status"], "failure");
}

#[tokio::test]
async fn what_breaks_the_rules_is_refused_with_the_platforms_words() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    reply(&function.invoke(event(r#"{"do": "look"}"#)).await);
    let notes = fixture.notes();
    let refused: Vec<Value> = notes
        .iter()
        .filter(|note| note["what"] == "refused")
        .map(|note| json!([note["step"], note["status"], note["type"]]))
        .collect();
    let expected = [
        json!(["no name", 403, "Extension.InvalidExtensionName"]),
        json!(["not the file's name", 403, "Extension.InvalidEventType"]),
        json!(["no such event", 403, "Extension.InvalidEventType"]),
        json!(["no identifier", 403, "Extension.MissingExtensionIdentifier"]),
        json!(["too eager", 400, "ValidationError"]),
    ];
    assert_eq!(refused, expected);
    let registered = notes
        .iter()
        .find(|note| note["what"] == "registered")
        .expect("it registers");
    let expected = json!({"functionName": "tea", "functionVersion": "$LATEST", "handler": "app.handler", "accountId": "123456789012"});
    assert_eq!(registered["body"], expected);
    let subscribed = notes
        .iter()
        .find(|note| note["what"] == "subscribed")
        .expect("it subscribes");
    assert_eq!(
        (&subscribed["status"], &subscribed["body"]),
        (&json!(200), &json!("OK"))
    );
}
