//! The collector and the query service trace themselves, into themselves, and come to an end with it.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, SystemTime};

use coldtrace_tests::{Backend, BackendOptions, binary, eventually, get, get_json, post};
use serde_json::json;

/// Traces are sent every five seconds; the rest is for a busy machine.
const SENT: Duration = Duration::from_secs(60);

fn send_a_span(backend: &Backend, id: &str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("after 1970").as_nanos();
    let span = json!({
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": id, "name": "work",
        "startTimeUnixNano": now.to_string(), "endTimeUnixNano": (now + 1_000).to_string(),
    });
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string();
    let url = format!("{}/v1/traces", backend.http);
    let headers = [("content-type", "application/json")];
    let reply = post(&url, &headers, request.as_bytes()).expect("it answers");
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// Spans that were accepted, from the page of metrics, which nobody traces.
fn accepted(backend: &Backend) -> u64 {
    let metrics = get(&format!("{}/metrics", backend.http)).expect("it answers");
    let name = "coldtrace_collector_accepted_rows_total{item=\"span\"} ";
    let mut lines = metrics.body.lines();
    let accepted = lines.find_map(|line| line.strip_prefix(name)?.parse().ok());
    accepted.expect("it is counted")
}

fn wait_for_accepted(backend: &Backend, spans: u64) {
    eventually("the traces to be sent", SENT, || {
        (accepted(backend) >= spans).then_some(())
    });
    assert_eq!(accepted(backend), spans, "and none of what brought them");
}

#[test]
fn a_collector_that_traces_itself_into_itself_does_not_trace_that() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = free.local_addr().expect("it is bound").to_string();
    drop(free);
    let backend = BackendOptions::default()
        .set("COLDTRACE_COLLECTOR__HTTP_LISTEN", listen.as_str())
        .set(
            "COLDTRACE_SELF_TRACES__ENDPOINT",
            format!("http://{listen}"),
        )
        .set("COLDTRACE_SELF_TRACES__SAMPLE_RATIO", "1")
        .start();
    backend.wait_until_ready();
    // A span of ours, and three of how it was received: receive, judge, log.
    send_a_span(&backend, "eee19b7ec3c1b174");
    wait_for_accepted(&backend, 4);
    // What brought the first three would be among these, if it were traced.
    send_a_span(&backend, "eee19b7ec3c1b175");
    wait_for_accepted(&backend, 8);

    let list = format!("{}/api/v1/traces?service=coldtrace", backend.api);
    let trace = eventually("a trace of the collector", SENT, || {
        let listed = get_json(&list);
        let mut traces = listed["traces"].as_array()?.iter();
        let found = traces.find(|trace| trace["root_name"] == "receive")?;
        Some(found["trace_id"].as_str()?.to_owned())
    });
    let journey = get_json(&format!("{}/api/v1/traces/{trace}", backend.api));
    let spans = journey["spans"].as_array().expect("spans");
    let mut names: Vec<&str> = spans
        .iter()
        .filter_map(|span| span["name"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["judge", "log", "receive"], "{journey}");
    // The requests that asked are traced as well.
    eventually("a trace of the query service", SENT, || {
        let listed = get_json(&list);
        let mut traces = listed["traces"].as_array()?.iter();
        traces
            .any(|trace| trace["root_name"] == "query")
            .then_some(())
    });
}

#[test]
fn mistakes_in_how_to_trace_are_told_together() {
    let output = Command::new(binary("coldtrace"))
        .arg("check-config")
        .env("COLDTRACE_SELF_TRACES__ENDPOINT", "localhost:4318")
        .env("COLDTRACE_SELF_TRACES__SAMPLE_RATIO", "7")
        .output()
        .expect("run it");
    let expected = "\
error: 2 mistakes in the configuration
  self_traces.endpoint (COLDTRACE_SELF_TRACES__ENDPOINT): is where OTLP is taken over HTTP, such as http://127.0.0.1:4318
  self_traces.sample_ratio (COLDTRACE_SELF_TRACES__SAMPLE_RATIO): must be from 0 to 1: the share of requests
";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
}
