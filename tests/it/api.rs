//! The API is what `query/openapi.yaml` says: schemathesis asks whatever the description allows, and what it does not, and holds every
//! answer to it. `cargo xtask api --minutes 30` does it for longer, with other chances each time.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coldtrace_tests::{Backend, Setup, eventually, get, post};
use serde_json::{Value, json};

/// What each path is asked by chance in the short run, beside the borders of its parameters.
const FEW: &str = "2";
/// What an answer is held to. That what the description allows is taken is not among it: ranges that end before they begin, cursors
/// that no list gave and texts that are no queries are refused.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,negative_data_rejection,unsupported_method";
const TRACES: u64 = 40;

#[test]
fn every_answer_is_as_the_description_says() {
    let backend = Backend::up();
    fill(&backend);
    let admin = first_key(&backend);
    let setup = Setup::read();
    let workspace = setup.path("workspace");
    let mut command = Command::new(setup.path("python"));
    command
        .args(["-m", "schemathesis.cli", "run"])
        .arg(workspace.join("query/openapi.yaml"))
        .args(["--url", &backend.api, "--checks", CHECKS])
        .args(["--header", &format!("authorization: Bearer {admin}")])
        .args(["--no-color", "--generation-database", "none"])
        .args(["--continue-on-failure", "--suppress-health-check", "all"])
        .env("PYTHONPATH", setup.path("api_python_packages"))
        .env("SCHEMATHESIS_HOOKS", workspace.join("tests/api/hooks.py"))
        .current_dir(backend.data_dir());
    match told_seconds() {
        Some(seconds) => command.args(["--max-time", &seconds]),
        None => command
            .args(["--max-examples", FEW, "--seed", "1"])
            .args(["--phases", "coverage,fuzzing"]),
    };
    let output = command.output().expect("run schemathesis");
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    assert!(told.contains("Tested: "), "it asked for something: {told}");
}

/// The key that everything is asked with: the first that is made by chance would shut out what comes after it.
fn first_key(backend: &Backend) -> String {
    let url = format!("{}/api/v1/keys", backend.api);
    let key = json!({"name": "asks", "scope": "admin"}).to_string();
    let json = [("content-type", "application/json")];
    let reply = post(&url, &json, key.as_bytes()).expect("it answers");
    assert_eq!(reply.status, 201, "{}", reply.body);
    let secret = reply.json()["secret"].as_str().map(str::to_owned);
    secret.expect("a secret")
}

#[expect(clippy::disallowed_methods, reason = "a test's own knob")]
fn told_seconds() -> Option<String> {
    std::env::var("API_SECONDS").ok()
}

/// Something of everything that can be shown, of the last minutes.
fn fill(backend: &Backend) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("the clock is past 1970").as_nanos() as u64;
    let spans: Vec<Value> = (1..=TRACES).flat_map(|number| trace(now, number)).collect();
    let resource = [
        attribute("service.name", &json!({"stringValue": "shop"})),
        attribute("faas.name", &json!({"stringValue": "checkout"})),
        attribute("cloud.platform", &json!({"stringValue": "aws_lambda"})),
    ];
    let request = json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "shop"}, "spans": spans}],
    }]});
    let lines: Vec<Value> = (1..=TRACES)
        .map(|number| {
            json!({
                "timeUnixNano": (now - number * 1_000_000_000).to_string(),
                "severityNumber": 9,
                "body": {"stringValue": format!("order {number}")},
                "traceId": format!("{number:032x}"),
                "attributes": [attribute("faas.invocation_id", &json!({"stringValue": request_id(number)}))],
            })
        })
        .collect();
    let logs = json!({"resourceLogs": [{
        "resource": {"attributes": resource},
        "scopeLogs": [{"logRecords": lines}],
    }]});
    for (path, body) in [("traces", request), ("logs", logs)] {
        let url = format!("{}/v1/{path}", backend.http);
        let json = [("content-type", "application/json")];
        let reply = post(&url, &json, body.to_string().as_bytes()).expect("it answers");
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    backend.wait_until_drained(Duration::from_secs(30));
    let last = format!("{}/api/v1/invocations/{}", backend.api, request_id(TRACES));
    eventually("the last invocation", Duration::from_secs(30), || {
        get(&last).filter(|reply| reply.status == 200)
    });
}

fn request_id(number: u64) -> String {
    format!("order-{number}")
}

/// An invocation that waited for six calls; every fifth took long and failed.
fn trace(now: u64, number: u64) -> Vec<Value> {
    let is_slow = number.is_multiple_of(5);
    let begin = now - number * 1_000_000_000;
    let one = |id: u64, parent: Option<u64>, name: &str, kind: u32, stretch: [u64; 2]| {
        json!({
            "traceId": format!("{number:032x}"),
            "spanId": format!("{id:016x}"),
            "parentSpanId": parent.map_or(String::new(), |parent| format!("{parent:016x}")),
            "name": name,
            "kind": kind,
            "startTimeUnixNano": (begin + stretch[0] * 1_000_000).to_string(),
            "endTimeUnixNano": (begin + stretch[1] * 1_000_000).to_string(),
        })
    };
    let mut handler = one(1, None, "checkout", 2, [0, if is_slow { 900 } else { 300 }]);
    handler["attributes"] = json!([
        attribute(
            "faas.invocation_id",
            &json!({"stringValue": request_id(number)})
        ),
        attribute(
            "faas.coldstart",
            &json!({"boolValue": number.is_multiple_of(10)})
        ),
        attribute(
            "plan",
            &json!({"stringValue": if is_slow { "gold" } else { "free" }})
        ),
        attribute("odd", &json!({"doubleValue": "NaN"})),
        attribute("empty", &json!({})),
        attribute("bytes", &json!({"bytesValue": "/wA="})),
        attribute(
            "list",
            &json!({"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "x"}]}})
        ),
    ]);
    handler["events"] = json!([{"timeUnixNano": begin.to_string(), "name": "charged"}]);
    handler["links"] = json!([{"traceId": format!("{:032x}", number / 2 * 2 + 1), "spanId": format!("{:016x}", 1)}]);
    if is_slow {
        handler["status"] = json!({"code": 2, "message": "no"});
    }
    let calls = (0..6).map(|call| {
        one(
            10 + call,
            Some(1),
            "SELECT item",
            3,
            [10 + call * 20, 28 + call * 20],
        )
    });
    std::iter::once(handler).chain(calls).collect()
}

fn attribute(key: &str, value: &Value) -> Value {
    json!({"key": key, "value": value})
}
