//! Functions in Node.

use coldtrace_model::Outcome;
use coldtrace_sandbox::Function;
use serde_json::Value;

use super::fixture::{Fixture, ROOT, event, reply};

#[tokio::test]
async fn an_asynchronous_handler_replies_raises_and_dies() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.node("index.handler"));
    let cold = function.invoke(event(r#"{"do": "look"}"#)).await;
    let seen = reply(&cold);
    assert!(cold.report.cold);
    assert_eq!(seen["requestId"], cold.request_id.as_str());
    assert!(
        seen["trace"]
            .as_str()
            .unwrap()
            .starts_with(&format!("Root={ROOT};Parent="))
    );
    assert!(seen["remaining"].as_u64().unwrap() > 15_000);

    let failed = function.invoke(event(r#"{"do": "fail"}"#)).await;
    assert_eq!(failed.report.status, Outcome::Error);
    let error: Value = serde_json::from_slice(&failed.payload).unwrap();
    assert_eq!(error["errorType"], "TypeError");
    assert_eq!(error["errorMessage"], "the teapot is empty");
    assert!(
        error["stackTrace"][1]
            .as_str()
            .unwrap()
            .contains("index.js"),
        "{error}"
    );

    let crashed = function.invoke(event(r#"{"do": "die"}"#)).await;
    assert_eq!(crashed.report.status, Outcome::Crash);
    let next = function.invoke(event(r#"{"do": "look"}"#)).await;
    assert_ne!(reply(&next)["pid"], seen["pid"]);
    function.shutdown().await;
}

#[tokio::test]
async fn a_handler_with_a_callback_replies_and_fails_through_it() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.node("index.callback"));
    let said = function.invoke(event(r#"{"say": "tea"}"#)).await;
    assert_eq!(reply(&said)["said"], "tea");
    let failed = function.invoke(event(r#"{"do": "fail"}"#)).await;
    assert_eq!(failed.error.unwrap().error_type, "RangeError");
}

#[tokio::test]
async fn a_handler_that_is_not_there_is_an_init_error() {
    let fixture = Fixture::new();
    let cases = [
        ("index.nobody", "Runtime.HandlerNotFound"),
        ("nowhere.handler", "Runtime.ImportModuleError"),
        ("handler", "Runtime.MalformedHandlerName"),
    ];
    for (handler, expected) in cases {
        let failed = Function::new(fixture.node(handler))
            .invoke(event("{}"))
            .await;
        assert_eq!(failed.report.status, Outcome::InitError, "{handler}");
        assert_eq!(failed.error.unwrap().error_type, expected, "{handler}");
    }
}
