//! The extension under AWS's own emulator, with a Python function that uses OpenTelemetry.

use std::process::Command;

use coldtrace_tests::{Setup, binary, run_json};
use serde_json::Value;

use crate::warnings;

/// What the script invokes: three that succeed and one that raises.
const INVOCATIONS: usize = 4;

#[test]
fn on_demand_mode_gives_invocations_and_spans() {
    // The emulator's on-demand mode refuses the Telemetry API, so what a platform would report is not there.
    check("on-demand");
}

#[test]
fn managed_instances_mode_gives_invocations_and_spans() {
    check("managed-instances");
}

/// A script of `tests/rie` with what it needs.
pub(crate) fn command(script: &str, mode: &str) -> Command {
    assert!(
        is_root(),
        "network and mount namespaces need root: run the tests as root, or in a container"
    );
    let setup = Setup::read();
    let workspace = setup.path("workspace");
    let mut command = Command::new(setup.path("python"));
    command
        .arg(workspace.join("tests/rie").join(script))
        .args(["--mode", mode])
        .arg("--coldtrace")
        .arg(binary("coldtrace"))
        .arg("--extension")
        .arg(binary("coldtrace-extension"))
        .arg("--wrapper")
        .arg(workspace.join("crates/layer/coldtrace-wrapper"))
        .arg("--emulator")
        .arg(setup.path("emulator"))
        .arg("--packages")
        .arg(setup.path("tests_python_packages"))
        .arg("--engine-library")
        .arg(setup.path("engine_library"));
    command
}

fn check(mode: &str) {
    let outcome = run_json(&mut command("run.py", mode));
    let answers = outcome["answers"].as_array().expect("a list of answers");
    assert_eq!(answers.len(), INVOCATIONS);
    let details = outcome["details"].as_array().expect("a list of details");
    assert_eq!(
        details.len(),
        INVOCATIONS,
        "every invocation is there, once"
    );
    for detail in details {
        warnings::check(&format!("emulator {mode}"), &detail["trace"]);
    }
    for answer in answers
        .iter()
        .filter(|answer| answer["event"]["fail"] == false)
    {
        assert_eq!(answer["status"], 200, "{answer}");
        let request_id = &answer["body"]["request_id"];
        let detail = details
            .iter()
            .find(|detail| detail["invocation"]["request_id"] == *request_id);
        let detail = detail.unwrap_or_else(|| panic!("no invocation {request_id}"));
        let spans = detail["trace"]["spans"]
            .as_array()
            .expect("a list of spans");
        let user_span = spans.iter().find(|span| span["name"] == "price basket");
        let user_span = user_span.expect("the function's own span");
        let items = user_span["attributes"]
            .as_array()
            .expect("a list of attributes");
        let items = items
            .iter()
            .find(|attribute| attribute["key"] == "basket.items");
        let sent = answer["event"]["items"].to_string();
        assert_eq!(
            items.expect("the attribute")["value"]["intValue"],
            sent.as_str()
        );
        assert!(
            user_span["parent"].is_u64(),
            "it hangs under its invocation: {user_span}"
        );
        let own = spans.iter().find(|span| span["phase"] == "invocation");
        let own = own.expect("the invocation's own span");
        assert_eq!(text(own, "coldtrace.request"), answer["event"].to_string());
        assert_eq!(text(own, "coldtrace.response"), answer["body"].to_string());
    }
    let cold = details
        .iter()
        .filter(|detail| detail["invocation"]["cold"] != "warm")
        .count();
    assert_eq!(cold, 1, "one sandbox, one cold start");
}

/// JSON in an attribute, in one form.
fn text(span: &Value, key: &str) -> String {
    let attributes = span["attributes"].as_array().expect("a list");
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    let found = found.unwrap_or_else(|| panic!("no {key}: {span:#}"));
    let text = found["value"]["stringValue"].as_str().expect("a text");
    let value: Value = serde_json::from_str(text).expect("JSON");
    value.to_string()
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("run id");
    output.stdout.trim_ascii() == b"0"
}
