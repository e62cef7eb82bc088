//! Lives of sandboxes as `coldtrace invoke` plays them: a real function, the real extension, and what is told of each
//! invocation. Orders of telemetry that no sandbox can be made to give are in `extension/tests/it/sequences.rs`.

use std::process::{Command, Stdio};

use coldtrace_tests::{Setup, binary};
use serde_json::Value;

/// The invocations of one run, in the order in which they were sent.
struct Played(Vec<Value>);

fn play(handler: &str, event: &str, arguments: &[&str]) -> Played {
    let setup = Setup::read();
    let mut command = Command::new(binary("coldtrace"));
    command.args(["invoke", handler, "--json", "--name", "life"]);
    for (option, usual) in [("--memory", "256"), ("--timeout", "20")] {
        if !arguments.contains(&option) {
            command.args([option, usual]);
        }
    }
    let output = command
        .args(["--event", event])
        .arg("--code")
        .arg(setup.path("workspace").join("tests/functions/sequences"))
        .arg("--interpreter")
        .arg(setup.path("python"))
        .arg("--packages")
        .arg(setup.path("tests_python_packages"))
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("run coldtrace");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let lines = text.lines().map(serde_json::from_str);
    Played(lines.map(|line| line.expect("a line of JSON")).collect())
}

impl Played {
    /// A field of each.
    fn all(&self, field: &str) -> Vec<&Value> {
        self.0.iter().map(|one| &one[field]).collect()
    }

    /// The names of an invocation's spans, each with the one above it.
    fn tree(&self, number: usize) -> Vec<String> {
        let spans = self.0[number]["spans"].as_array().expect("it has spans");
        let above = |span: &Value| {
            let parent = spans.iter().find(|one| one["span_id"] == span["parent"]);
            parent.map_or(String::new(), |parent| {
                format!(" < {}", parent["name"].as_str().expect("a name"))
            })
        };
        let told = spans.iter().map(|span| {
            let name = span["name"].as_str().expect("a name");
            format!("{name}{}", above(span))
        });
        let mut told: Vec<String> = told.collect();
        told.sort();
        told
    }

    fn has(&self, number: usize, span: &str) -> bool {
        self.tree(number).iter().any(|one| one == span)
    }

    fn is_marked_cold(&self, number: usize) -> &Value {
        &self.own_span(number)["attributes"]["faas.coldstart"]
    }

    fn own_span(&self, number: usize) -> &Value {
        let spans = self.0[number]["spans"].as_array().expect("it has spans");
        let own = spans.iter().find(|span| span["phase"] == "invocation");
        own.expect("its own span")
    }
}

#[test]
fn a_cold_start_is_told_with_its_phases_and_a_warm_one_without() {
    let played = play("app.handler", "{}", &["--times", "2"]);
    assert_eq!(played.all("outcome"), ["ok", "ok"]);
    assert_eq!(played.all("cold"), [true, false]);
    assert!(played.0[0]["init_ms"].is_number() && played.0[1]["init_ms"].is_null());
    for phase in ["init", "runtime_overhead"] {
        assert!(
            played.has(0, &format!("{phase} < life")),
            "{:?}",
            played.tree(0)
        );
    }
    for part in ["extension_init", "runtime_init"] {
        assert!(
            played.has(0, &format!("{part} < init")),
            "{:?}",
            played.tree(0)
        );
    }
    assert!(!played.tree(1).iter().any(|span| span.contains("init")));
    assert_eq!(played.is_marked_cold(0), true);
    assert_eq!(played.is_marked_cold(1), false);
}

#[test]
fn an_exception_fails_its_invocation_and_the_next_one_is_warm() {
    let played = play(
        "app.handler",
        r#"{"do": "fail", "once": true}"#,
        &["--times", "2"],
    );
    assert_eq!(played.all("outcome"), ["error", "ok"]);
    assert_eq!(played.all("cold"), [true, false]);
    assert_eq!(played.0[0]["error_type"], "ValueError");
}

/// What ends the processes; the next invocation pays for the init.
fn check_reset(what: &str, outcome: &str, arguments: &[&str]) {
    let event = format!(r#"{{"do": "{what}", "once": true}}"#);
    let arguments = [&["--times", "2"], arguments].concat();
    let played = play("app.handler", &event, &arguments);
    assert_eq!(played.all("outcome"), [outcome, "ok"], "{:#?}", played.0);
    assert_eq!(played.all("sandbox"), [1, 1]);
    assert_eq!(played.all("cold"), [true, true]);
    assert!(
        played.0[1]["init_ms"].is_null(),
        "it is part of the duration"
    );
    assert!(played.has(1, "init < life"), "{:?}", played.tree(1));
    assert_eq!(played.own_span(0)["status"], "error");
}

#[test]
fn a_timeout_resets_the_sandbox_and_the_next_invocation_pays_for_the_init() {
    check_reset("hang", "timeout", &["--timeout", "3"]);
}

#[test]
fn a_runtime_that_exits_resets_the_sandbox() {
    check_reset("leave", "crash", &[]);
}

#[test]
fn memory_that_runs_out_resets_the_sandbox() {
    check_reset("eat", "oom", &["--memory", "128"]);
}

#[test]
fn an_import_error_is_told_with_both_tries() {
    let played = play("broken.handler", "{}", &[]);
    assert_eq!(played.all("outcome"), ["init_error"]);
    assert_eq!(played.all("error_type"), ["Runtime.ImportModuleError"]);
    let spans = played.0[0]["spans"].as_array().expect("it has spans");
    let inits = spans.iter().filter(|span| span["name"] == "init");
    let failed = inits.filter(|init| init["status"] == "error");
    assert!(failed.count() >= 1, "{:?}", played.tree(0));
}

#[test]
fn a_provisioned_sandbox_is_no_cold_start() {
    let played = play("app.handler", "{}", &["--init", "provisioned"]);
    assert_eq!(played.all("cold"), [false]);
    assert!(played.0[0]["init_ms"].is_null());
    assert_eq!(played.is_marked_cold(0), false);
}

#[test]
fn a_snapshot_is_restored_and_its_init_is_not_told() {
    let played = play(
        "app.handler",
        "{}",
        &["--init", "snapstart", "--times", "2"],
    );
    assert_eq!(played.all("cold"), [true, false]);
    assert!(played.0[0]["restore_ms"].is_number() && played.0[0]["init_ms"].is_null());
    assert!(played.has(0, "restore < life"), "{:?}", played.tree(0));
    assert!(!played.tree(0).iter().any(|span| span.starts_with("init")));
    assert!(!played.has(1, "restore < life"));
}

#[test]
fn a_managed_instance_runs_several_and_their_lines_are_told_apart() {
    let event = r#"{"do": "say", "seconds": 0.3}"#;
    let several = ["--init", "managed", "--concurrency", "3", "--log-format"];
    let played = play("app.handler", event, &[&several[..], &["json"]].concat());
    assert_eq!(played.all("outcome"), ["ok"; 3], "{:#?}", played.0);
    assert_eq!(played.all("sandbox"), [1; 3]);
    assert_eq!(played.all("cold"), [false; 3]);
    for number in 0..3 {
        let lines = played.0[number]["logs"].as_array().expect("it has lines");
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = lines[0].as_str().expect("a line");
        assert!(line.contains("by the logger"), "{line}");
        assert!(played.tree(number).contains(&"life".to_owned()));
    }
}

#[test]
fn a_line_of_json_belongs_to_its_invocation() {
    let played = play(
        "app.handler",
        r#"{"do": "say"}"#,
        &["--log-format", "json", "--times", "2"],
    );
    for one in &played.0 {
        let lines = one["logs"].as_array().expect("it has lines");
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = lines[0].as_str().expect("a line");
        assert!(line.contains("by the logger"), "{line}");
    }
}

#[test]
fn events_come_as_their_source_shapes_them() {
    let played = play("app.handler", r#"{"order": 7}"#, &["--source", "sqs"]);
    let record = &played.0[0]["reply"]["Records"][0];
    assert_eq!(record["body"], r#"{"order": 7}"#);
    let header = record["attributes"]["AWSTraceHeader"].as_str();
    let root = &header.expect("it has the sender's trace")["Root=".len()..][..35];
    let trace_id = played.0[0]["spans"][0]["trace_id"].as_str();
    let digits: String = root.chars().filter(|letter| *letter != '-').collect();
    assert_eq!(trace_id.map(|id| format!("1{id}")), Some(digits));
}

#[test]
fn events_of_each_source_are_known_by_their_shape() {
    let sources = [
        ("http-api", "http"),
        ("sqs", "pubsub"),
        ("sns", "pubsub"),
        ("eventbridge", "pubsub"),
        ("schedule", "timer"),
        ("s3", "datasource"),
    ];
    for (source, trigger) in sources {
        let captured = ["--source", source, "--capture", "cause"];
        let played = play("app.handler", "{}", &captured);
        let attributes = &played.own_span(0)["attributes"];
        assert_eq!(attributes["faas.trigger"], trigger, "{source}");
    }
}

#[test]
fn what_stands_between_runtime_and_platform_is_restored_with_them() {
    let captured = ["--init", "snapstart", "--capture", "all"];
    let played = play("app.handler", r#"{"order": 7}"#, &captured);
    assert_eq!(played.all("outcome"), ["ok"]);
    let attributes = &played.own_span(0)["attributes"];
    assert_eq!(attributes["coldtrace.request"], r#"{"order":7}"#);
}

#[test]
fn payloads_of_invocations_at_once_are_told_apart() {
    let captured = [
        "--init",
        "managed",
        "--concurrency",
        "2",
        "--capture",
        "all",
    ];
    let played = play("app.handler", r#"{"do": "say", "seconds": 0.3}"#, &captured);
    for (number, one) in played.0.iter().enumerate() {
        let attributes = &played.own_span(number)["attributes"];
        let response = attributes["coldtrace.response"].as_str();
        assert_eq!(response, Some(one["reply"].to_string().as_str()));
    }
}

#[test]
fn a_throttled_function_takes_longer() {
    let event = r#"{"do": "work", "seconds": 0.3}"#;
    let played = play("app.handler", event, &["--memory", "442", "--throttle"]);
    assert_eq!(played.all("outcome"), ["ok"]);
    let took = played.0[0]["duration_ms"].as_f64().expect("a length");
    // A quarter of a core: 1,200 ms, where the machine gives as much.
    assert!(took > 900.0, "{took}");
}
