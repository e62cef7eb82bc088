//! Keys as their holders and the operator see them: made, rotated and revoked on a running service, here and elsewhere.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use coldtrace_tests::{Backend, BackendOptions, binary, delete, eventually, get, post};
use serde_json::{Value, json};

/// A change is in force within two seconds; the rest is for a busy machine.
const FOLLOWED: Duration = Duration::from_secs(30);
/// Nothing here is about the engine: a server that does not answer starts quicker.
const NO_STORE: &str = "http://127.0.0.1:9";

fn keys(data_dir: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(binary("coldtrace"))
        .arg("keys")
        .args(arguments)
        .args(["--json", "--data-dir"])
        .arg(data_dir)
        .output()
        .expect("run it");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(key: &'a Value, field: &str) -> &'a str {
    key[field].as_str().expect("text")
}

/// The status of an empty request with this key.
fn sent(backend: &Backend, key: &str) -> u16 {
    let url = format!("{}/v1/traces", backend.http);
    let bearer = format!("Bearer {key}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    post(&url, &headers, b"{}").map_or(0, |reply| reply.status)
}

fn wait_for(backend: &Backend, key: &str, status: u16) {
    eventually("the change to be in force", FOLLOWED, || {
        (sent(backend, key) == status).then_some(())
    });
}

#[test]
fn keys_are_followed_without_a_restart_here_and_elsewhere() {
    let mut up = BackendOptions::default()
        .set("COLDTRACE_STORE__URL", NO_STORE)
        .start();
    let folder = up.data_dir().to_owned();
    assert_eq!(sent(&up, "none"), 200, "open while there never was a key");
    let admin = keys(&folder, &["create", "--scope", "admin"]);
    let first = keys(
        &folder,
        &["create", "--tenant", "acme", "--name", "checkout"],
    );
    let (id, first) = (text(&first, "id"), text(&first, "key"));
    wait_for(&up, first, 200);
    wait_for(&up, "none", 401);
    let api = get(&format!("{}/api/v1/functions", up.api)).expect("it answers");
    assert_eq!(api.status, 401, "{}", api.body);

    let elsewhere_dir = tempfile::tempdir().expect("a folder");
    let elsewhere = BackendOptions {
        command: "collector",
        ..BackendOptions::default()
    };
    let elsewhere = elsewhere
        .on(elsewhere_dir.path())
        .set("COLDTRACE_STORE__URL", NO_STORE)
        .set("COLDTRACE_CONTROL__URL", up.api.as_str())
        .set("COLDTRACE_CONTROL__API_KEY", text(&admin, "key"));
    let mut collector = elsewhere.start();
    wait_for(&collector, first, 200);
    assert_eq!(sent(&collector, "none"), 401);

    let second = keys(&folder, &["rotate", id, "--grace", "0"]);
    let second = text(&second, "key");
    for backend in [&up, &collector] {
        wait_for(backend, second, 200);
        assert_eq!(sent(backend, first), 401, "its grace is over");
    }

    up.kill();
    assert_eq!(
        sent(&collector, second),
        200,
        "without the query service too"
    );
    collector.kill();
    let elsewhere = BackendOptions {
        command: "collector",
        ..BackendOptions::default()
    };
    let collector = elsewhere
        .on(elsewhere_dir.path())
        .set("COLDTRACE_STORE__URL", NO_STORE)
        .set("COLDTRACE_CONTROL__URL", up.api.as_str())
        .set("COLDTRACE_CONTROL__API_KEY", text(&admin, "key"))
        .start();
    assert_eq!(sent(&collector, second), 200, "and after a restart");
    assert_eq!(sent(&collector, first), 401);

    // The service is stopped: the command works all the same.
    keys(&folder, &["revoke", id]);
    let listed = keys(&folder, &["list"]);
    assert!(listed[1]["revoked"].is_string(), "{listed}");
    let up = BackendOptions::default()
        .on(&folder)
        .set("COLDTRACE_STORE__URL", NO_STORE)
        .start();
    assert_eq!(sent(&up, second), 401, "revoked");
    for secret in [first, second, text(&admin, "key")] {
        for told in [up.told(), collector.told(), listed.to_string()] {
            assert!(!told.contains(secret), "a secret is told: {told}");
        }
    }
}

#[test]
fn keys_that_are_made_and_revoked_over_the_api_are_in_force_at_once() {
    let up = BackendOptions::default()
        .set("COLDTRACE_STORE__URL", NO_STORE)
        .start();
    let url = format!("{}/api/v1/keys", up.api);
    let make = |scope: &str, key: &str| {
        let body = json!({"name": "made over the API", "scope": scope}).to_string();
        let headers = [("content-type", "application/json"), ("x-api-key", key)];
        post(&url, &headers, body.as_bytes()).expect("it answers")
    };
    assert_eq!(sent(&up, "none"), 200, "open while there never was a key");
    let shut_out = make("ingest", "");
    assert_eq!(shut_out.status, 409, "{}", shut_out.body);
    let admin = make("admin", "").json();
    let admin = text(&admin, "secret");
    assert_eq!(sent(&up, "none"), 401, "the collector follows");
    let ingest = make("ingest", admin).json();
    let secret = text(&ingest, "secret");
    assert_eq!(sent(&up, secret), 200);
    let one = format!("{url}/{}", text(&ingest["key"], "id"));
    let revoked = delete(&one, &[("x-api-key", admin)]).expect("it answers");
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    assert_eq!(sent(&up, secret), 401);

    let listed = keys(up.data_dir(), &["list"]);
    assert!(listed[1]["revoked"].is_string(), "{listed}");
    for secret in [admin, secret] {
        let told = up.told();
        assert!(!told.contains(secret), "a secret is told: {told}");
    }
}

#[test]
fn an_address_beyond_this_machine_demands_tls_or_a_word_that_it_is_not_wanted() {
    let check = |settings: &[(&str, &str)]| {
        let output = Command::new(binary("coldtrace"))
            .arg("check-config")
            .envs(settings.iter().copied())
            .output()
            .expect("run it");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let open = [
        ("COLDTRACE_COLLECTOR__GRPC_LISTEN", "0.0.0.0:4317"),
        ("COLDTRACE_COLLECTOR__HTTP_LISTEN", "0.0.0.0:4318"),
        ("COLDTRACE_QUERY__LISTEN", "0.0.0.0:7070"),
    ];
    let told = check(&open);
    assert!(told.starts_with("error: 3 mistakes"), "{told}");
    assert!(told.contains("set tls_cert and tls_key"), "{told}");
    let wanted = [
        ("COLDTRACE_COLLECTOR__ALLOW_PLAINTEXT", "true"),
        ("COLDTRACE_QUERY__ALLOW_PLAINTEXT", "true"),
    ];
    assert_eq!(check(&[&open[..], &wanted].concat()), "");
}
