//! `cargo xtask bench ui`: how long somebody waits for the ui, in a real browser on a real backend with stored traces.
//!
//! Measured is by `tests/browser/bench/ui.bench.ts`, which says how, in the Chromium of the tests; here are the budgets. `--debug` takes
//! the binary that tests are built with: what the backend answers takes longer then, what the page does with it does not.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Map, Value};

use super::{Figures, rounded};
use crate::run::{loud, quiet};
use crate::{ui, workspace};

// DESIGN 10, and the ui's.
const FIRST_SCRIPT_KIB: f64 = 170.0;
const FIRST_PAINT_MS: f64 = 1_000.0;
const TRACE_MS: f64 = 1_500.0;
const FRAME_MS: f64 = 16.7;

const BUDGETS: &[(&str, f64)] = &[
    ("first_route_script_gzip_kib", FIRST_SCRIPT_KIB),
    ("overview_first_paint_ms", FIRST_PAINT_MS),
    ("trace_drawn_ms", TRACE_MS),
    ("frame_p95_ms", FRAME_MS),
];

/// How much.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How often each page is opened; told is what is in the middle.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Of the trace that is drawn, scrolled and zoomed.
    #[arg(long, default_value_t = 100_000)]
    spans: u32,
    /// Of the one that is only opened.
    #[arg(long, default_value_t = 1_000_000)]
    many_spans: u32,
    /// Measure a debug build.
    #[arg(long)]
    debug: bool,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Figures> {
    ui::build(root)?;
    let tests = root.join("tests/browser");
    ui::install(&tests)?;
    let coldtrace = build(root, arguments.debug)?;
    let mut fetch = Command::new(&coldtrace);
    let library = quiet("fetch the engine", fetch.arg("fetch-engine"))?;
    let folder = tempfile::tempdir().context("create a folder for the outcome")?;
    let outcome = folder.path().join("outcome.json");
    let mut figures = Figures::of_this_machine(root);
    figures.add("profile", profile(arguments.debug));
    figures.add("rounds", arguments.rounds);
    figures.add("spans", arguments.spans);
    figures.add("many_spans", arguments.many_spans);
    let mut bench = Command::new("npx");
    bench
        .args(["playwright", "test", "--config", "bench.config.ts"])
        .current_dir(&tests)
        .env("COLDTRACE_BINARY", &coldtrace)
        .env("COLDTRACE_STORE__ENGINE_LIBRARY", library.trim())
        .env("COLDTRACE_BENCH_ROUNDS", arguments.rounds.to_string())
        .env("COLDTRACE_BENCH_SPANS", arguments.spans.to_string())
        .env(
            "COLDTRACE_BENCH_MANY_SPANS",
            arguments.many_spans.to_string(),
        )
        .env("COLDTRACE_BENCH_OUTCOME", &outcome);
    loud("the browser", &mut bench)?;
    let told = std::fs::read_to_string(&outcome).context("read what the browser measured")?;
    let told: Map<String, Value> = serde_json::from_str(&told).context("read its figures")?;
    for (name, value) in &told {
        let value = value
            .as_f64()
            .with_context(|| format!("{name} is no number"))?;
        match BUDGETS.iter().find(|(budgeted, _)| budgeted == name) {
            Some(&(_, budget)) => figures.at_most(name, value, budget),
            None => figures.add(name, rounded(value)),
        }
    }
    for (name, _) in BUDGETS {
        if !told.contains_key(*name) {
            figures.miss(name, "was not measured");
        }
    }
    Ok(figures)
}

const fn profile(is_debug: bool) -> &'static str {
    if is_debug { "debug" } else { "release" }
}

fn build(root: &Path, is_debug: bool) -> anyhow::Result<PathBuf> {
    let mut build = workspace::cargo(root);
    build.args(["build", "--package", "coldtrace", "--bin", "coldtrace"]);
    if !is_debug {
        build.arg("--release");
    }
    loud("cargo build", &mut build)?;
    Ok(workspace::target()
        .join(profile(is_debug))
        .join("coldtrace"))
}
