//! `coldtrace status` against running services: it tells what they did, and what is not well with what to do.

use std::process::Command;
use std::time::{Duration, SystemTime};

use coldtrace_tests::{Backend, BackendOptions, binary, eventually, post};
use serde_json::{Value, json};

/// For what was acknowledged to be in the store, on a busy machine.
const STORED: Duration = Duration::from_secs(60);

/// What it said, and its exit code.
struct Told {
    code: Option<i32>,
    printed: String,
}

fn status(backend: &Backend, arguments: &[&str], settings: &[(&str, &str)]) -> Told {
    let served = [
        ("COLDTRACE_COLLECTOR__HTTP_LISTEN", &backend.http),
        ("COLDTRACE_QUERY__LISTEN", &backend.api),
    ];
    let served = served.iter().filter(|(_, url)| !url.is_empty());
    let served = served.map(|(key, url)| (key, url.trim_start_matches("http://")));
    let output = Command::new(binary("coldtrace"))
        .arg("status")
        .args(arguments)
        .envs(served)
        .envs(settings.iter().copied())
        .output()
        .expect("run it");
    Told {
        code: output.status.code(),
        printed: String::from_utf8(output.stdout).expect("text"),
    }
}

fn json(told: &Told) -> Value {
    serde_json::from_str(&told.printed).unwrap_or_else(|error| panic!("{error}: {}", told.printed))
}

/// A span of now, and one of 1970.
fn send_one_good_and_one_old(backend: &Backend) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("after 1970").as_nanos();
    let span = |id: &str, start: u128| {
        json!({
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": id, "name": "work",
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1_000).to_string(),
        })
    };
    let spans = [span("eee19b7ec3c1b174", now), span("eee19b7ec3c1b175", 1)];
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
    let url = format!("{}/v1/traces", backend.http);
    let headers = [("content-type", "application/json")];
    // The same bytes twice: the second is recognised.
    for _ in 0..2 {
        let reply = post(&url, &headers, request.as_bytes()).expect("it answers");
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

#[test]
fn status_tells_what_running_services_did_and_that_they_are_gone() {
    let mut backend = Backend::up();
    backend.wait_until_ready();
    send_one_good_and_one_old(&backend);
    let stored = eventually("the span to be stored", STORED, || {
        let told = status(&backend, &["--json"], &[]);
        let json = json(&told);
        let rows = json["collector"]["inserts"]["rows"]["spans"] == 1;
        let waits = json["collector"]["log"]["oldest_seconds"] != Value::Null;
        // Only what it settles is left to come.
        let is_done = rows && !waits && json["settle"]["is_ours"] == true;
        is_done.then_some((told.code, json))
    });
    let (code, json) = stored;
    assert_eq!(json["problems"], json!([]), "{json}");
    assert_eq!((code, &json["well"]), (Some(0), &json!(true)));
    let collector = &json["collector"];
    assert_eq!(collector["accepted"]["span"], 1);
    assert_eq!(collector["rejected"]["span"], json!({"old": 1}));
    assert_eq!(collector["requests"], json!({"200": 2}));
    assert_eq!(collector["resent_requests"], 1);
    assert_eq!(collector["log"]["held_bytes"], 0);
    assert_eq!(collector["inserts"]["dropped"], 0);
    assert!(json["store"]["parts"].as_u64() > Some(0), "{json}");
    assert!(json["store"]["disk_bytes"].as_u64() > Some(0), "{json}");
    let told = status(&backend, &[], &[]);
    let begins = format!(
        "All is well.\n\n  collector  ready at {}\n  query      ready at {}\n\nTaken in since the collector started\n  spans      1 accepted, rejected: 1 old\n",
        backend.http, backend.api
    );
    assert!(told.printed.starts_with(&begins), "{}", told.printed);

    assert!(backend.stop().success());
    let told = status(&backend, &[], &[]);
    assert_eq!(told.code, Some(1), "nobody is there");
    for name in ["collector", "query"] {
        let line = format!("  - {name} does not answer at http://127.0.0.1:");
        assert!(told.printed.contains(&line), "{}", told.printed);
    }
    assert!(told.printed.contains("refused"), "why: {}", told.printed);
}

#[test]
fn status_says_why_a_service_is_not_ready_and_which_key_it_needs() {
    let options = BackendOptions {
        command: "collector",
        ..BackendOptions::default()
    };
    let backend = options
        .set("COLDTRACE_STORE__URL", "http://127.0.0.1:9")
        .start();
    let only = ["--only", "collector"];
    let told = status(&backend, &only, &[]);
    assert_eq!(told.code, Some(1));
    let why = "store is not ready (cannot migrate the store: ClickHouse at http://127.0.0.1:9 does not answer: ";
    assert!(told.printed.contains(why), "{}", told.printed);
    assert!(!told.printed.contains("  query"), "{}", told.printed);

    let created = Command::new(binary("coldtrace"))
        .args(["keys", "create", "--scope", "admin", "--json", "--data-dir"])
        .arg(backend.data_dir())
        .output()
        .expect("run it");
    let key: Value = serde_json::from_slice(&created.stdout).expect("JSON");
    let key = key["key"].as_str().expect("a key");
    let hidden = "the numbers of collector are shown to a key of scope admin alone";
    eventually("the key to be in force", STORED, || {
        let told = status(&backend, &only, &[]);
        told.printed.contains(hidden).then_some(())
    });
    let told = status(&backend, &only, &[("COLDTRACE_CONTROL__API_KEY", key)]);
    assert!(!told.printed.contains(hidden), "{}", told.printed);
    assert!(
        told.printed.contains("0 accepted, none rejected"),
        "{}",
        told.printed
    );
}
