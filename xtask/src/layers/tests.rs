use serde_json::{Value, json};

use super::{RULES, check, check_extension};

/// A workspace that keeps to the table: every allowed edge is there.
fn lawful() -> Value {
    let names = RULES.map(|(name, _)| name);
    let foreign = ["clickhouse", "serde"];
    let packages: Vec<Value> = names
        .iter()
        .chain(&foreign)
        .map(|name| json!({"id": format!("id of {name}"), "name": name}))
        .collect();
    let nodes: Vec<Value> = RULES
        .iter()
        .map(|(name, allowed)| {
            let mut edges: Vec<Value> = allowed.iter().map(|on| edge(on, &Value::Null)).collect();
            edges.push(edge("serde", &Value::Null));
            if *name == "coldtrace-store" {
                edges.push(edge("clickhouse", &Value::Null));
            }
            json!({"id": format!("id of {name}"), "deps": edges})
        })
        .collect();
    let members: Vec<String> = names.iter().map(|name| format!("id of {name}")).collect();
    json!({"workspace_members": members, "packages": packages, "resolve": {"nodes": nodes}})
}

fn edge(on: &str, kind: &Value) -> Value {
    json!({"name": on, "pkg": format!("id of {on}"), "dep_kinds": [{"kind": kind}]})
}

fn add_edge(metadata: &mut Value, from: &str, edge: Value) {
    let nodes = metadata["resolve"]["nodes"].as_array_mut().expect("nodes");
    let node = nodes
        .iter_mut()
        .find(|node| node["id"] == format!("id of {from}"))
        .expect("the crate is there");
    node["deps"].as_array_mut().expect("deps").push(edge);
}

fn breaches(metadata: &Value) -> Vec<String> {
    check(metadata).expect("well-formed metadata")
}

#[test]
fn every_allowed_edge_passes() {
    assert_eq!(breaches(&lawful()), Vec::<String>::new());
}

#[test]
fn a_forbidden_edge_fails_and_is_named() {
    let cases = [
        ("coldtrace-model", "coldtrace-service"),
        ("coldtrace-analysis", "coldtrace-store"),
        ("coldtrace-extension", "coldtrace-store"),
        ("coldtrace-collector", "coldtrace-query"),
        ("coldtrace-query", "coldtrace-collector"),
        ("coldtrace", "coldtrace-testkit"),
        ("coldtrace-store", "xtask"),
    ];
    for (from, on) in cases {
        for kind in [Value::Null, json!("build")] {
            let mut metadata = lawful();
            add_edge(&mut metadata, from, edge(on, &kind));
            let told = format!("{from} must not depend on {on}");
            assert_eq!(breaches(&metadata), [told]);
        }
    }
}

#[test]
fn an_edge_for_tests_passes() {
    let mut metadata = lawful();
    let for_tests = edge("coldtrace-testkit", &json!("dev"));
    add_edge(&mut metadata, "coldtrace-collector", for_tests);
    assert_eq!(breaches(&metadata), Vec::<String>::new());
}

#[test]
fn only_the_store_names_the_database() {
    let mut metadata = lawful();
    add_edge(
        &mut metadata,
        "coldtrace-query",
        edge("clickhouse", &Value::Null),
    );
    assert_eq!(
        breaches(&metadata),
        ["coldtrace-query must not depend on clickhouse: only coldtrace-store may"]
    );
}

#[test]
fn a_crate_without_a_rule_and_a_rule_without_a_crate_fail() {
    let mut metadata = lawful();
    for package in metadata["packages"].as_array_mut().expect("packages") {
        if package["name"] == "coldtrace-sandbox" {
            package["name"] = json!("coldtrace-novelty");
        }
    }
    let told = breaches(&metadata);
    assert!(
        told.contains(&"coldtrace-novelty is not named in the table".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(
            &"coldtrace-sandbox is named in the table but is no crate of the workspace".to_owned()
        ),
        "{told:?}"
    );
}

#[test]
fn the_extension_contains_no_server_at_any_depth() {
    let lean = "coldtrace-extension v0.1.0 (extension)\nhyper v1.12.0\nprost v0.14.6\n";
    assert_eq!(check_extension(lean), Vec::<String>::new());
    let heavy = format!("{lean}tonic v0.14.9 (*)\n");
    assert_eq!(check_extension(&heavy).len(), 1);
}
