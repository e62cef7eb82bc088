//! `cargo xtask bench explain`: two examples of `crates/analysis`, built for release. One times the rebuild of a large trace; the
//! other plants faults of a known cost into functions and tells which were found, and how far the estimates are from the truth.

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Figures, rounded};
use crate::run::{loud, quiet};
use crate::workspace;

/// For a trace of 100,000 spans, however it is shaped: the rebuild, and the rebuild with its findings.
const BUDGET_MS: f64 = 50.0;
const BUDGET_WITH_FINDINGS_MS: f64 = 150.0;
/// An odd number, so that there is a middle one.
const ROUNDS: u64 = 21;
/// Of planted faults, those that are found, and of these, those whose gain is estimated within 15 %.
const RECALL: f64 = 0.95;
/// Of functions without a fault, findings for each.
const FALSE_FINDINGS: f64 = 0.01;

/// What is explained.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Spans of the trace.
    #[arg(long, default_value_t = 100_000)]
    spans: u64,
    /// Functions with a fault, for each kind.
    #[arg(long, default_value_t = 30)]
    sets: u64,
    /// Functions without one.
    #[arg(long, default_value_t = 200)]
    clean: u64,
    /// From which everything is drawn; another one each time unless it is given.
    #[arg(long)]
    seed: Option<u64>,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Figures> {
    let mut figures = Figures::of_this_machine(root);
    let mut build = workspace::cargo(root);
    build.args(["build", "--release", "--package", "coldtrace-analysis"]);
    build.args(["--example", "rebuild", "--example", "planted"]);
    loud("cargo build --release", &mut build)?;
    rebuild(arguments, &mut figures)?;
    planted(arguments, &mut figures)?;
    Ok(figures)
}

fn rebuild(arguments: &Arguments, figures: &mut Figures) -> anyhow::Result<()> {
    let printed = example("rebuild", &[arguments.spans, ROUNDS])?;
    figures.add("spans", arguments.spans);
    figures.add("rounds", ROUNDS);
    for line in printed.lines() {
        let (shape, [median, greatest, median_of_all, greatest_of_all]) = numbers(line)?;
        let what = format!("rebuild_{shape}");
        figures.at_most(&format!("{what}_cpu_ms_median"), median / 1e6, BUDGET_MS);
        figures.add(&format!("{what}_cpu_ms_max"), rounded(greatest / 1e6));
        let what = format!("{what}_with_findings");
        let (median, greatest) = (median_of_all / 1e6, greatest_of_all / 1e6);
        figures.at_most(
            &format!("{what}_cpu_ms_median"),
            median,
            BUDGET_WITH_FINDINGS_MS,
        );
        figures.add(&format!("{what}_cpu_ms_max"), rounded(greatest));
    }
    Ok(())
}

fn planted(arguments: &Arguments, figures: &mut Figures) -> anyhow::Result<()> {
    let (sets, clean) = (arguments.sets.max(1), arguments.clean.max(1));
    let drawn = || RandomState::new().hash_one(0) >> 32;
    let seed = arguments.seed.unwrap_or_else(drawn);
    figures.add("seed", seed);
    figures.add("functions_of_each_kind", sets);
    figures.add("clean_functions", clean);
    let printed = example("planted", &[seed, sets, clean])?;
    for line in printed.lines() {
        if let Ok((_, [told])) = numbers(line) {
            let each = told / clean as f64;
            figures.at_most("findings_for_each_clean_function", each, FALSE_FINDINGS);
            continue;
        }
        let (kind, [found, near, worst]) = numbers(line)?;
        figures.at_least(&format!("{kind}_found"), found / sets as f64, RECALL);
        let near = near / f64::max(found, 1.0);
        figures.at_least(&format!("{kind}_gain_within_15_percent"), near, RECALL);
        figures.add(&format!("{kind}_gain_worst_error"), rounded(worst));
    }
    Ok(())
}

/// Runs one, and returns what it printed.
fn example(name: &str, arguments: &[u64]) -> anyhow::Result<String> {
    let example = workspace::target().join("release/examples").join(name);
    let mut command = Command::new(example);
    command.args(arguments.iter().map(u64::to_string));
    quiet(name, &mut command)
}

/// A line of a name and so many numbers.
fn numbers<const N: usize>(line: &str) -> anyhow::Result<(&str, [f64; N])> {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default();
    let numbers: Result<Vec<f64>, _> = words.map(str::parse).collect();
    let numbers = numbers.with_context(|| format!("the example printed `{line}`"))?;
    match numbers.try_into() {
        Ok(numbers) => Ok((name, numbers)),
        Err(_) => bail!("the example printed `{line}`"),
    }
}
