//! What a page that says how to begin needs: where functions send to, and whether something came.

use std::time::{Duration, SystemTime};

use coldtrace_tests::{Backend, BackendOptions, eventually, get, post};
use serde_json::{Value, json};

/// For what was acknowledged to be in the store, on a busy machine.
const STORED: Duration = Duration::from_secs(60);

fn settings(backend: &Backend) -> Value {
    let reply = get(&format!("{}/api/v1/settings", backend.api)).expect("it answers");
    assert_eq!(reply.status, 200, "{}", reply.body);
    serde_json::from_str(&reply.body).expect("JSON")
}

#[test]
fn functions_are_told_where_to_send_and_the_first_span_is_seen() {
    let backend = Backend::up();
    let told = settings(&backend);
    assert_eq!(
        told["otlp_grpc"], backend.grpc,
        "the port that it was given"
    );
    assert_eq!(told["otlp_http"], backend.http);
    assert_eq!(told["received"], Value::Null);

    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("after 1970").as_nanos().to_string();
    let span = json!({
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "hello",
        "startTimeUnixNano": now, "endTimeUnixNano": now,
    });
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string();
    let url = format!("{}/v1/traces", told["otlp_http"].as_str().expect("a URL"));
    let headers = [("content-type", "application/json")];
    let reply = post(&url, &headers, request.as_bytes()).expect("it answers");
    assert_eq!(reply.status, 200, "{}", reply.body);
    let received = eventually("the first span", STORED, || {
        Some(settings(&backend)["received"].clone()).filter(|received| !received.is_null())
    });
    assert_eq!(received, json!({"first": now, "last": now}));
}

#[test]
fn functions_are_told_the_address_that_they_reach() {
    let public = BackendOptions::default()
        .set(
            "COLDTRACE_QUERY__OTLP_GRPC_URL",
            "https://otlp.example.com:4317",
        )
        .set("COLDTRACE_COLLECTOR__HTTP_LISTEN", "0.0.0.0:0")
        .set("COLDTRACE_COLLECTOR__ALLOW_PLAINTEXT", "true")
        .set("COLDTRACE_COLLECTOR__KEEP_DAYS", "30")
        .start();
    let told = settings(&public);
    assert_eq!(told["otlp_grpc"], "https://otlp.example.com:4317");
    assert_eq!(
        told["otlp_http"].as_str(),
        Some(public.http.replace("0.0.0.0", "127.0.0.1").as_str()),
        "by the name by which the service was asked"
    );
    assert_eq!(told["keep_days"], 30);
}
