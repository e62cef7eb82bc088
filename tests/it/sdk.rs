//! The official SDKs export, and what comes back from the API is what they sent.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use coldtrace_tests::{Backend, Setup, eventually, get, run_json};
use serde_json::{Value, json};

use crate::warnings;

/// Of one span, what must come back as it was sent.
const FIELDS: [&str; 16] = [
    "attributes",
    "dropped_attributes",
    "dropped_events",
    "dropped_links",
    "end",
    "events",
    "kind",
    "links",
    "name",
    "parent_span_id",
    "resource",
    "scope",
    "start",
    "status",
    "status_message",
    "trace_state",
];

#[test]
fn python_sdk_over_grpc_comes_back_as_sent() {
    let backend = Backend::up();
    let mut client = python_client();
    client.args(["--protocol", "grpc", "--endpoint", &backend.grpc]);
    check("python sdk", &backend, &run_json(&mut client));
}

#[test]
fn python_sdk_over_http_protobuf_comes_back_as_sent() {
    let backend = Backend::up();
    let mut client = python_client();
    client.args(["--protocol", "http", "--endpoint", &backend.http]);
    check("python sdk", &backend, &run_json(&mut client));
}

#[test]
fn node_sdk_over_http_json_comes_back_as_sent() {
    let backend = Backend::up();
    let mut client = node_client();
    client.args(["--endpoint", &backend.http]);
    check("node sdk", &backend, &run_json(&mut client));
}

pub(crate) fn node_client() -> Command {
    let setup = Setup::read();
    let mut client = Command::new(setup.path("node"));
    client
        .arg(setup.path("workspace").join("tests/sdk/client.mjs"))
        .arg("--packages")
        .arg(setup.path("tests_node_modules"));
    client
}

pub(crate) fn python_client() -> Command {
    let setup = Setup::read();
    let mut client = Command::new(setup.path("python"));
    client
        .arg(setup.path("workspace").join("tests/sdk/client.py"))
        .env("PYTHONPATH", setup.path("tests_python_packages"));
    client
}

fn check(sender: &str, backend: &Backend, sent: &Value) {
    let sent = sent["spans"].as_array().expect("a list of spans");
    assert_eq!(sent.len(), 1_000, "the client makes a thousand spans");
    let mut traces: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for span in sent {
        traces.entry(id(span, "trace_id")).or_default().push(span);
    }
    for (trace_id, sent) in traces {
        let trace = stored_trace(backend, trace_id, sent.len());
        warnings::check(sender, &trace);
        let stored: BTreeMap<&str, &Value> = trace["spans"]
            .as_array()
            .expect("a list of spans")
            .iter()
            .map(|span| (id(span, "span_id"), span))
            .collect();
        for span in sent {
            let stored = stored.get(id(span, "span_id")).expect("the span is there");
            assert_eq!(comparable(stored, &trace), comparable(span, &trace));
        }
    }
}

/// The trace, once all its spans are in the API: they are durable when acknowledged, but shown after the next insert.
fn stored_trace(backend: &Backend, trace_id: &str, spans: usize) -> Value {
    let url = format!("{}/api/v1/traces/{trace_id}", backend.api);
    let trace = eventually("the trace to be whole", Duration::from_secs(20), || {
        let reply = get(&url).filter(|reply| reply.status == 200)?;
        let trace = reply.json();
        (trace["spans"].as_array()?.len() >= spans).then_some(trace)
    });
    let stored = trace["spans"].as_array().expect("a list of spans");
    assert_eq!(stored.len(), spans, "no span is there twice");
    trace
}

/// What must be equal, with attributes in the order of their names and resource and scope in place of their index.
fn comparable(span: &Value, trace: &Value) -> Value {
    let fields = FIELDS.iter().map(|field| {
        let value = match (*field, &span[*field]) {
            ("resource", index @ Value::Number(_)) => &trace["resources"][usize_of(index)],
            ("scope", index @ Value::Number(_)) => &trace["scopes"][usize_of(index)],
            (_, value) => value,
        };
        ((*field).to_owned(), normal(value))
    });
    Value::Object(fields.collect())
}

fn normal(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            // The client's description leaves out a link's flags: SDKs differ in what they tell of them.
            .filter(|(name, _)| *name != "flags")
            .map(|(name, value)| match (name.as_str(), value) {
                ("attributes", Value::Array(attributes)) => (name.clone(), sorted(attributes)),
                // One number, whether it was written 3 or 3.0.
                ("doubleValue", Value::Number(number)) => (name.clone(), json!(number.as_f64())),
                _ => (name.clone(), normal(value)),
            })
            .collect(),
        Value::Array(values) => values.iter().map(normal).collect(),
        other => other.clone(),
    }
}

fn sorted(attributes: &[Value]) -> Value {
    let by_name: BTreeMap<&str, Value> = attributes
        .iter()
        .map(|attribute| (id(attribute, "key"), normal(&attribute["value"])))
        .collect();
    assert_eq!(
        by_name.len(),
        attributes.len(),
        "no name twice: {attributes:?}"
    );
    json!(by_name)
}

fn id<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field]
        .as_str()
        .unwrap_or_else(|| panic!("no `{field}` in {of}"))
}

fn usize_of(index: &Value) -> usize {
    let index = index.as_u64().and_then(|index| index.try_into().ok());
    index.expect("an index")
}
