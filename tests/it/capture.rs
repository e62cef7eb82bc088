//! Requests and responses, where they are asked for: through the wrapper script of the layer, redacted in the sandbox.

use std::process::Command;

use coldtrace_tests::{Setup, binary};
use serde_json::Value;

const EVENT: &str = r#"{
    "version": "2.0", "routeKey": "POST /orders/{id}", "rawPath": "/orders/7",
    "requestContext": {"http": {"method": "POST"}},
    "headers": {"authorization": "Bearer hunter2", "traceparent": "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"},
    "body": "{\"card\":\"4111111111111111\",\"items\":3}"
}"#;

/// What `coldtrace invoke` tells of the invocation's span, by the language and what is captured.
fn invoke(handler: &str, capture: Option<&str>, event: &str) -> Value {
    let setup = Setup::read();
    let code = setup.path("workspace").join("tests/functions/plain");
    let mut command = Command::new(binary("coldtrace"));
    command
        .args(["invoke", handler, "--json", "--timeout", "60"])
        .args(["--memory", "512", "--event", event])
        .arg("--code")
        .arg(code);
    if let Some(capture) = capture {
        command.args(["--capture", capture]);
    }
    let output = command.output().expect("it runs");
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert!(
        !told.to_string().contains("hunter2"),
        "the secret went nowhere: {told:#}"
    );
    told
}

fn attributes(told: &Value) -> &Value {
    let spans = told["spans"].as_array().expect("a list of spans");
    let own = spans.iter().find(|span| span["phase"] == "invocation");
    &own.expect("the invocation's span")["attributes"]
}

fn check_all(handler: &str) {
    let told = invoke(handler, Some("all"), EVENT);
    assert_eq!(told["outcome"], "ok", "{told:#}");
    let attributes = attributes(&told);
    assert_eq!(attributes["faas.trigger"], "http");
    assert_eq!(attributes["http.route"], "/orders/{id}");
    let request = attributes["coldtrace.request"].as_str().expect("a request");
    assert!(
        request.contains("[redacted]") && request.contains("items"),
        "{request}"
    );
    assert!(!request.contains("4111"), "{request}");
    assert_eq!(attributes["coldtrace.response"], r#"{"paid":true}"#);
}

#[test]
fn a_python_functions_request_and_response_are_told_redacted() {
    check_all("app.handler");
}

#[test]
fn a_node_functions_request_and_response_are_told_redacted() {
    check_all("index.handler");
}

#[test]
fn of_failures_alone_the_payloads_are_told_where_that_is_asked() {
    let well = invoke("app.handler", Some("errors"), EVENT);
    assert_eq!(attributes(&well)["coldtrace.request"], Value::Null);
    assert_eq!(attributes(&well)["faas.trigger"], "http");
    let failed = invoke("app.handler", Some("errors"), r#"{"fail": true}"#);
    let attributes = attributes(&failed);
    assert_eq!(attributes["coldtrace.request"], r#"{"fail":true}"#);
    let response = attributes["coldtrace.response"].as_str().expect("an error");
    assert!(response.contains("the teapot is empty"), "{response}");
}

#[test]
fn nothing_of_payloads_is_told_unless_it_is_asked() {
    let told = invoke("app.handler", None, EVENT);
    assert_eq!(told["outcome"], "ok");
    for key in ["coldtrace.request", "coldtrace.response", "faas.trigger"] {
        assert_eq!(attributes(&told)[key], Value::Null, "{key}");
    }
}
