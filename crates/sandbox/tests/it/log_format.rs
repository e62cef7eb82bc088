//! A function that logs JSON.

use coldtrace_sandbox::{Function, FunctionConfig, LogFormat, Runtime};
use serde_json::Value;

use super::fixture::{Fixture, event, telemetry};

const SAY: &str = r#"{"do": "say", "what": "too hot"}"#;

/// The function's records.
async fn lines(fixture: &Fixture, config: FunctionConfig) -> (String, Vec<Value>) {
    let function = Function::new(FunctionConfig {
        log_format: LogFormat::Json,
        ..config
    });
    let invoked = function.invoke(event(SAY)).await;
    assert_eq!(invoked.error, None);
    function.shutdown().await;
    let records = telemetry(&fixture.notes());
    let lines = records
        .into_iter()
        .filter(|record| record["type"] == "function");
    let lines = lines.map(|line| line["record"].clone()).collect();
    (invoked.request_id.to_string(), lines)
}

fn check_objects(request_id: &str, lines: &[Value]) {
    let said = lines.iter().find(|line| line["message"] == "too hot");
    let said = said.unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(said["level"], "WARNING");
    assert_eq!(said["requestId"], request_id);
    assert!(lines.contains(&"plain\n".into()), "{lines:#?}");
}

#[tokio::test]
async fn records_are_objects_and_what_is_no_object_is_text() {
    let fixture = Fixture::new();
    let (request_id, lines) = lines(&fixture, fixture.probed(&[])).await;
    check_objects(&request_id, &lines);
}

#[tokio::test]
async fn the_bootstrap_that_comes_along_writes_objects_too() {
    let fixture = Fixture::new();
    let mut config = fixture.probed(&[]);
    let Runtime::Python { path, .. } = &mut config.runtime else {
        panic!("it is Python");
    };
    path.clear();
    let (request_id, lines) = lines(&fixture, config).await;
    check_objects(&request_id, &lines);
}

#[tokio::test]
async fn who_asked_for_the_first_schema_gets_text() {
    let fixture = Fixture::new();
    let config = fixture.probed(&[("PROBE_SCHEMA", "2022-07-01")]);
    let (_, lines) = lines(&fixture, config).await;
    assert!(lines.iter().all(Value::is_string), "{lines:#?}");
    assert!(lines.iter().any(|line| {
        line.as_str()
            .is_some_and(|text| text.contains(r#""message": "too hot""#))
    }));
}
