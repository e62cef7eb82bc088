//! Signatures of messages that arrived, verified by the libraries of Standard Webhooks.

use std::process::Command;

use coldtrace_tests::{Setup, run_json};
use serde_json::{Value, json};

use super::inbox::Message;
use super::{Inbox, Scene};

const SHARED: &str = "/shared";
const PUBLIC: &str = "/public";
/// Of nobody.
const FOREIGN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn libraries_verify_what_arrives_before_and_after_a_key_is_followed_by_another() {
    let inbox = Inbox::open();
    let scene = Scene::start();
    let shared = scene.channel(&json!({
        "name": "shared", "kind": "webhook", "url": inbox.url(SHARED),
    }));
    let public = scene.channel(&json!({
        "name": "public", "kind": "webhook", "url": inbox.url(PUBLIC), "signing": "ed25519",
    }));
    let (secret, key) = (signing_key(&shared), public_key(&public));

    scene.fire();
    let firing = inbox.message(SHARED, 1);
    assert_eq!(firing.json()["type"], "alert.firing");
    assert_eq!(signatures(&firing, "v1,"), 1);
    let keys = [secret.as_str(), FOREIGN];
    for verified in [by_python(&firing, &keys), by_node(&firing, &keys)] {
        assert_eq!(verified["taken"], json!([true, false]));
        assert_eq!(verified["forged"], json!([false, false]));
    }
    let firing = inbox.message(PUBLIC, 1);
    assert_eq!(signatures(&firing, "v1a,"), 1);
    let verified = by_node(&firing, &[&key]);
    assert_eq!(verified, json!({ "taken": [true], "forged": [false] }));

    let (new_secret, new_key) = (
        signing_key(&rotated(&scene, &shared)),
        public_key(&rotated(&scene, &public)),
    );
    scene.end();
    let resolved = inbox.message(SHARED, 2);
    assert_eq!(resolved.json()["type"], "alert.resolved");
    assert_eq!(signatures(&resolved, "v1,"), 2);
    let keys = [&*secret, &*new_secret, FOREIGN];
    for verified in [by_python(&resolved, &keys), by_node(&resolved, &keys)] {
        assert_eq!(verified["taken"], json!([true, true, false]));
        assert_eq!(verified["forged"], json!([false, false, false]));
    }
    let resolved = inbox.message(PUBLIC, 2);
    assert_eq!(signatures(&resolved, "v1a,"), 2);
    let verified = by_node(&resolved, &[&key, &new_key]);
    assert_eq!(verified["taken"], json!([true, true]));
    assert_eq!(verified["forged"], json!([false, false]));
    let noted = scene.delivered(&shared, 2);
    assert_eq!(noted[0]["body"], inbox.message(SHARED, 2).body.as_str());
    scene.delivered(&public, 2);
}

fn signing_key(created: &Value) -> String {
    shown(created, "signing_key", "whsec_")
}

fn public_key(created: &Value) -> String {
    shown(created, "public_key", "whpk_")
}

fn shown(created: &Value, name: &str, prefix: &str) -> String {
    let key = created["shown_once"][name].as_str();
    let key = key.unwrap_or_else(|| panic!("no {name}: {created:#}"));
    assert!(key.starts_with(prefix), "{key}");
    key.to_owned()
}

fn rotated(scene: &Scene, created: &Value) -> Value {
    let channel = created["channel"]["channel"].as_str().expect("an id");
    let path = format!("/api/v1/alerts/channels/{channel}/rotate");
    let rotated = scene.post(&path, &json!({}));
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    rotated.json()
}

/// How many of this version a message has, and that it has no others.
fn signatures(message: &Message, version: &str) -> usize {
    let all = message.headers["webhook-signature"].as_str();
    let all: Vec<&str> = all.expect("text").split(' ').collect();
    assert!(all.iter().all(|one| one.starts_with(version)), "{all:?}");
    all.len()
}

fn by_python(message: &Message, keys: &[&str]) -> Value {
    let setup = Setup::read();
    let mut command = Command::new(setup.path("python"));
    command
        .arg(setup.path("workspace").join("tests/receivers/verify.py"))
        .env("PYTHONPATH", setup.path("receivers_python_packages"));
    verified(command, message, keys, &[])
}

fn by_node(message: &Message, keys: &[&str]) -> Value {
    let setup = Setup::read();
    let mut command = Command::new(setup.path("node"));
    command.arg(setup.path("workspace").join("tests/receivers/verify.mjs"));
    let packages = setup.path("receivers_node_modules");
    let packages = packages.to_string_lossy();
    verified(command, message, keys, &["--packages", &packages])
}

fn verified(mut command: Command, message: &Message, keys: &[&str], arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("message.json");
    let message = json!({ "headers": message.headers, "body": message.body, "keys": keys });
    std::fs::write(&path, message.to_string()).expect("write a file");
    run_json(command.arg(&path).args(arguments))
}
