//! Which crate may depend on which, checked on the resolved graph.
//!
//! The table is the rule (ARCHITECTURE.md explains it). Edges for tests only are free, except that nothing ships what
//! exists for tests. What the extension may contain of other people's crates is checked on the features that it itself
//! enables, since the workspace's graph has the features of all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::run::quiet;
use crate::workspace;

#[cfg(test)]
mod tests;

/// A crate of ours and the crates of ours that it may depend on.
const RULES: [(&str, &[&str]); 18] = [
    ("coldtrace-model", &[]),
    ("coldtrace-layer", &[]),
    ("coldtrace-service", &[]),
    ("coldtrace-faults", &[]),
    ("coldtrace-alerts", &["coldtrace-model"]),
    ("coldtrace-analysis", &["coldtrace-model"]),
    (
        "coldtrace-traceql",
        &["coldtrace-analysis", "coldtrace-model"],
    ),
    ("coldtrace-proto", &["coldtrace-model"]),
    ("coldtrace-store", &["coldtrace-model"]),
    ("coldtrace-control", &["coldtrace-model"]),
    ("coldtrace-sandbox", &["coldtrace-model"]),
    (
        "coldtrace-extension",
        &["coldtrace-model", "coldtrace-proto"],
    ),
    (
        "coldtrace-collector",
        &[
            "coldtrace-control",
            "coldtrace-model",
            "coldtrace-proto",
            "coldtrace-service",
            "coldtrace-store",
        ],
    ),
    (
        "coldtrace-query",
        &[
            "coldtrace-alerts",
            "coldtrace-analysis",
            "coldtrace-control",
            "coldtrace-model",
            "coldtrace-proto",
            "coldtrace-service",
            "coldtrace-store",
            "coldtrace-traceql",
        ],
    ),
    (
        "coldtrace",
        &[
            "coldtrace-alerts",
            "coldtrace-analysis",
            "coldtrace-collector",
            "coldtrace-control",
            "coldtrace-layer",
            "coldtrace-model",
            "coldtrace-proto",
            "coldtrace-query",
            "coldtrace-sandbox",
            "coldtrace-service",
            "coldtrace-store",
            "coldtrace-traceql",
        ],
    ),
    (
        "coldtrace-testkit",
        &[
            "coldtrace-model",
            "coldtrace-proto",
            "coldtrace-sandbox",
            "coldtrace-service",
            "coldtrace-store",
        ],
    ),
    (
        "coldtrace-tests",
        &[
            "coldtrace-faults",
            "coldtrace-model",
            "coldtrace-proto",
            "coldtrace-service",
            "coldtrace-testkit",
        ],
    ),
    ("xtask", &[]),
];

/// What only one crate may name directly: everything that knows a database is in one place.
const OWNED: [(&str, &str); 2] = [
    ("clickhouse", "coldtrace-store"),
    ("rusqlite", "coldtrace-control"),
];

/// What must not be in the extension, at any depth: servers, TLS by the megabyte, what start-up pays for.
const NOT_IN_THE_EXTENSION: [&str; 8] = [
    "axum",
    "clap",
    "clickhouse",
    "coldtrace-control",
    "coldtrace-service",
    "coldtrace-store",
    "reqwest",
    "tonic",
];

const EXTENSION: &str = "coldtrace-extension";

/// Fails with every forbidden edge.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut command = workspace::cargo(root);
    let metadata = quiet(
        "cargo metadata",
        command.args(["metadata", "--format-version", "1"]),
    )?;
    let metadata = serde_json::from_str(&metadata).context("parse cargo's metadata")?;
    let mut wrong = check(&metadata)?;
    let mut command = workspace::cargo(root);
    command.args([
        "tree",
        "--package",
        EXTENSION,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    wrong.extend(check_extension(&quiet("cargo tree", &mut command)?));
    if !wrong.is_empty() {
        bail!("layers:\n  {}", wrong.join("\n  "));
    }
    eprintln!("layers: {} crates keep to their edges", RULES.len());
    Ok(())
}

/// A crate's direct dependencies that ship with it.
struct Crate<'a> {
    name: &'a str,
    ours: bool,
    depends_on: Vec<&'a str>,
}

/// Every breach of `RULES` and `OWNED` in the output of `cargo metadata`.
fn check(metadata: &Value) -> anyhow::Result<Vec<String>> {
    let crates = graph(metadata)?;
    let ours: BTreeSet<&str> = crates
        .values()
        .filter(|one| one.ours)
        .map(|one| one.name)
        .collect();
    let rules = BTreeMap::from(RULES);
    let mut wrong = Vec::new();
    for name in rules.keys().filter(|name| !ours.contains(**name)) {
        wrong.push(format!(
            "{name} is named in the table but is no crate of the workspace"
        ));
    }
    for one in crates.values().filter(|one| one.ours) {
        let Some(allowed) = rules.get(one.name) else {
            wrong.push(format!("{} is not named in the table", one.name));
            continue;
        };
        let edges = one.depends_on.iter().filter(|on| ours.contains(**on));
        for on in edges.filter(|on| !allowed.contains(on)) {
            wrong.push(format!("{} must not depend on {on}", one.name));
        }
        for (owned, owner) in OWNED {
            if one.depends_on.contains(&owned) && one.name != owner {
                wrong.push(format!(
                    "{} must not depend on {owned}: only {owner} may",
                    one.name
                ));
            }
        }
    }
    Ok(wrong)
}

/// Every crate of the resolved graph, by its id.
fn graph(metadata: &Value) -> anyhow::Result<BTreeMap<&str, Crate<'_>>> {
    let members: BTreeSet<&str> = metadata["workspace_members"]
        .as_array()
        .context("cargo's metadata has no `workspace_members`")?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let packages = metadata["packages"]
        .as_array()
        .context("cargo's metadata has no `packages`")?;
    let names: BTreeMap<&str, &str> = packages
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let nodes = metadata["resolve"]["nodes"]
        .as_array()
        .context("cargo's metadata has no `resolve.nodes`")?;
    let mut crates = BTreeMap::new();
    for node in nodes {
        let id = node["id"].as_str().context("a node has no id")?;
        let name = *names.get(id).with_context(|| format!("no package {id}"))?;
        let edges = node["deps"].as_array().context("a node has no deps")?;
        let depends_on = edges
            .iter()
            .filter(|edge| ships(edge))
            .filter_map(|edge| names.get(edge["pkg"].as_str()?).copied())
            .collect();
        let ours = members.contains(id);
        crates.insert(
            id,
            Crate {
                name,
                ours,
                depends_on,
            },
        );
    }
    Ok(crates)
}

/// Whether the edge is for more than tests.
fn ships(edge: &Value) -> bool {
    let kinds = edge["dep_kinds"].as_array();
    kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
}

/// What is in the extension and must not be, from the output of `cargo tree`.
fn check_extension(tree: &str) -> Vec<String> {
    let inside: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    NOT_IN_THE_EXTENSION
        .iter()
        .filter(|name| inside.contains(**name))
        .map(|name| {
            format!(
                "{EXTENSION} must not contain {name} (see `cargo tree -p {EXTENSION} -i {name}`)"
            )
        })
        .collect()
}
