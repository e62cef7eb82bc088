//! `cargo xtask bench explain`: an example of `crates/analysis`, built for release, times itself.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::Figures;
use crate::run::{loud, quiet};
use crate::workspace;

/// For a trace of 100,000 spans, however it is shaped.
const BUDGET_MS: f64 = 50.0;
/// An odd number, so that there is a middle one.
const ROUNDS: u64 = 21;

pub(super) fn run(root: &Path, spans: u64) -> anyhow::Result<Figures> {
    let mut figures = Figures::of_this_machine(root);
    let mut build = workspace::cargo(root);
    build.args(["build", "--release", "--package", "coldtrace-analysis"]);
    build.args(["--example", "rebuild"]);
    loud("cargo build --release", &mut build)?;
    let example = workspace::target().join("release/examples/rebuild");
    let mut command = Command::new(example);
    command.arg(spans.to_string()).arg(ROUNDS.to_string());
    let printed = quiet("rebuild", &mut command)?;
    figures.add("spans", spans);
    figures.add("rounds", ROUNDS);
    for line in printed.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [shape, median, greatest] = words[..] else {
            anyhow::bail!("the example printed `{line}`");
        };
        let millis = |nanos: &str| -> anyhow::Result<f64> {
            let nanos: f64 = nanos
                .parse()
                .with_context(|| format!("the example printed `{line}`"))?;
            Ok(nanos / 1e6)
        };
        let name = format!("rebuild_{shape}_cpu_ms_median");
        figures.at_most(&name, millis(median)?, BUDGET_MS);
        let name = format!("rebuild_{shape}_cpu_ms_max");
        figures.add(&name, super::rounded(millis(greatest)?));
    }
    Ok(figures)
}
