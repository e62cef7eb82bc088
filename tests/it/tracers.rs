//! Tracers that do not speak OTLP, unchanged but for one variable: their spans hang under the invocation that they belong to.

use std::process::Command;

use coldtrace_tests::{Setup, binary, run_json};
use serde_json::Value;

use crate::warnings;

/// Takes X-Ray's segments; in the sandbox `AWS_XRAY_DAEMON_ADDRESS` names the port.
const XRAY: &[&str] = &["COLDTRACE_XRAY_PORT=2000"];
/// Takes Datadog's traces; in the sandbox `DD_TRACE_AGENT_URL` names the port.
const DATADOG: &[&str] = &["COLDTRACE_DATADOG_PORT=8126"];

/// A span as `coldtrace invoke --json` tells it, looked up by its name.
struct Tree(Value);

#[test]
fn aws_xray_sdk_for_python() {
    let tree = Tree::of("xray.handler", Language::Python, XRAY);
    tree.expect("price basket", "tracers", "unset");
    assert_eq!(tree.attribute("price basket", "basket_items"), 3);
    let metadata = tree.attribute("price basket", "aws.xray.metadata.shop");
    assert_eq!(metadata, r#"{"prices":[1,2,3]}"#);
    tree.expect("stock.example", "price basket", "unset");
    assert_eq!(tree.span("stock.example")["kind"], "client");
    tree.expect("pay", "tracers", "error");
    assert_eq!(tree.span("pay")["status_message"], "card declined");
    assert_eq!(tree.span("pay")["events"][0], "exception");
}

#[test]
fn powertools_tracer() {
    let tree = Tree::of("powertools.handler", Language::Python, XRAY);
    tree.expect("## handler", "tracers", "unset");
    assert_eq!(tree.attribute("## handler", "ColdStart"), true);
    assert_eq!(tree.attribute("## handler", "Service"), "shop");
    tree.expect("## powertools.price", "## handler", "unset");
    assert_eq!(tree.attribute("## powertools.price", "basket_items"), 3);
}

#[test]
fn aws_xray_sdk_for_node() {
    let tree = Tree::of("xray.handler", Language::Node, XRAY);
    tree.expect("price basket", "tracers", "unset");
    assert_eq!(tree.attribute("price basket", "basket_items"), 3);
    tree.expect("pay", "tracers", "error");
    assert_eq!(tree.span("pay")["status_message"], "card declined");
}

#[test]
fn ddtrace_for_python() {
    let tree = Tree::of("datadog.handler", Language::Python, DATADOG);
    check_datadog(&tree);
    assert_eq!(tree.attribute("price basket", "basket.size"), "large");
}

#[test]
fn dd_trace_for_node() {
    // Elsewhere than beside Datadog's own extension it would write to the log.
    let exporter = "DD_TRACE_EXPERIMENTAL_EXPORTER=agent";
    let tree = Tree::of("datadog.handler", Language::Node, &[DATADOG[0], exporter]);
    check_datadog(&tree);
}

/// Trace ids of their own: they find the invocation by its request id, which the extension adds.
fn check_datadog(tree: &Tree) {
    tree.expect("price basket", "tracers", "unset");
    let request_id = &tree.0["request_id"];
    assert_eq!(
        tree.attribute("price basket", "faas.invocation_id"),
        request_id
    );
    assert_eq!(tree.attribute("price basket", "basket.items"), 3);
    tree.expect("pay", "price basket", "error");
    assert_eq!(tree.span("pay")["status_message"], "card declined");
    assert_eq!(tree.span("pay")["events"][0], "exception");
}

#[derive(Clone, Copy)]
enum Language {
    Python,
    Node,
}

// === impl Tree ===

impl Tree {
    /// Invokes once and takes what became of it.
    fn of(handler: &str, language: Language, environment: &[&str]) -> Self {
        let setup = Setup::read();
        let (folder, interpreter, packages) = match language {
            Language::Python => ("python", "python", "tests_python_packages"),
            Language::Node => ("node", "node", "tests_node_modules"),
        };
        let code = setup.path("workspace").join("tests/functions").join(folder);
        let mut command = Command::new(binary("coldtrace"));
        command
            .args(["invoke", handler, "--json", "--name", "tracers"])
            .args(["--memory", "512", "--timeout", "60"])
            .arg("--code")
            .arg(code)
            .arg("--interpreter")
            .arg(setup.path(interpreter))
            .arg("--packages")
            .arg(setup.path(packages));
        for pair in environment {
            command.args(["--env", pair]);
        }
        let tree = Self(run_json(&mut command));
        assert_eq!(tree.0["outcome"], "ok", "{:#}", tree.0);
        warnings::check(handler, &tree.0);
        tree
    }

    fn span(&self, name: &str) -> &Value {
        let spans = self.0["spans"].as_array().expect("a list of spans");
        let mut named = spans.iter().filter(|span| span["name"] == name);
        let span = named
            .next()
            .unwrap_or_else(|| panic!("no {name}: {:#}", self.0));
        assert_eq!(named.next(), None, "{name} is there once");
        span
    }

    fn attribute(&self, name: &str, key: &str) -> &Value {
        &self.span(name)["attributes"][key]
    }

    fn expect(&self, name: &str, parent: &str, status: &str) {
        let span = self.span(name);
        assert_eq!(
            span["parent"],
            self.span(parent)["span_id"],
            "{name}: {:#}",
            self.0
        );
        assert_eq!(span["status"], status, "{name}");
    }
}
