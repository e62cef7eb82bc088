//! `cargo xtask bench`: what the budgets of the design are held against.
//!
//! Every benchmark ends by itself, bounded in count and time. Figures are times on the processor, so that they mean the
//! same on a busy machine, though not as much: the load is told beside them. `--json` prints one object with the units in
//! its keys; `--check` fails naming the budgets that were missed.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::workspace;

mod alerts;
mod child;
mod compare;
mod engine;
mod explain;
mod extension;
mod generator;
mod http;
mod ingest;
mod load;
mod process;
mod query;
mod store;
mod ui;
mod workload;

pub(crate) use child::free_port;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Rebuild a synthetic trace and find its critical path; plant faults into functions and find them.
    Explain {
        #[command(flatten)]
        arguments: explain::Arguments,
        #[command(flatten)]
        output: Output,
    },
    /// Plant what makes invocations slow among much that does not, over and over, and ask which it is.
    Compare {
        #[command(flatten)]
        arguments: compare::Arguments,
        #[command(flatten)]
        output: Output,
    },
    /// Evaluate a thousand rules over five hundred functions, minute by minute: what it takes of a processor.
    Alerts {
        #[command(flatten)]
        arguments: alerts::Arguments,
        #[command(flatten)]
        output: Output,
    },
    /// Make the spans that are sent, and tell how many different values each key has.
    Workload {
        #[arg(long, default_value_t = 1_000_000)]
        spans: u64,
        #[arg(long, default_value_t = 500)]
        spans_per_request: u64,
        #[arg(long, default_value_t = 7)]
        seed: u64,
        /// As an extension sends them, with facts.
        #[arg(long)]
        facts: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Load spans into our schema and into OpenTelemetry's, and ask both the same questions.
    Store {
        /// How many, such as 2m or 50m.
        #[arg(long, default_value = "2m", value_parser = store::parse_spans)]
        spans: u64,
        /// Several numbers instead, such as 5m,20m,50m: what is read should not grow with them.
        #[arg(long, value_delimiter = ',', value_parser = store::parse_spans)]
        steps: Vec<u64>,
        #[command(flatten)]
        output: Output,
    },
    /// Load spans, and ask the HTTP API everything that it answers.
    Query {
        #[command(flatten)]
        arguments: query::Arguments,
        #[command(flatten)]
        output: Output,
    },
    /// Send spans to a server that only receives, to the collector and to a peer, and tell what a span costs each.
    Ingest {
        #[command(flatten)]
        arguments: ingest::Arguments,
        #[command(flatten)]
        output: Output,
    },
    /// Start the extension beside a function, over and over: what it takes of memory, of time, and of the bill.
    Extension {
        #[command(flatten)]
        arguments: extension::Arguments,
        #[command(flatten)]
        output: Output,
    },
    /// Open the first page and traces of very many spans in a browser: how long it takes, and the work of a frame.
    Ui {
        #[command(flatten)]
        arguments: ui::Arguments,
        #[command(flatten)]
        output: Output,
    },
    /// The load generator's process; started by `ingest`.
    #[command(hide = true)]
    Load {
        #[command(flatten)]
        plan: load::Plan,
    },
    /// The process of the server that only receives; started by `ingest` and `extension`.
    #[command(hide = true)]
    Floor,
}

/// How the outcome is told.
#[derive(Args, Clone, Copy)]
pub(crate) struct Output {
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
    /// Fail if a budget is missed, and say which.
    #[arg(long)]
    check: bool,
}

/// What was measured, by name.
#[derive(Default)]
struct Figures {
    values: Map<String, Value>,
    missed: Vec<String>,
}

/// Runs one benchmark.
pub(crate) fn run(root: &Path, bench: &Bench) -> anyhow::Result<()> {
    // Their spans are made in this process, which without optimization takes longer than all else.
    let is_slow = matches!(
        bench,
        Bench::Store { .. } | Bench::Query { .. } | Bench::Workload { .. }
    );
    if cfg!(debug_assertions) && is_slow {
        return again_in_release(root);
    }
    let (figures, output) = match bench {
        Bench::Explain { arguments, output } => (explain::run(root, arguments)?, output),
        Bench::Compare { arguments, output } => (compare::run(root, arguments)?, output),
        Bench::Alerts { arguments, output } => (alerts::run(root, arguments)?, output),
        Bench::Workload {
            spans,
            spans_per_request,
            seed,
            facts,
            output,
        } => {
            let options = workload::Options {
                seed: *seed,
                spans_per_request: *spans_per_request,
                facts: *facts,
            };
            let figures = Figures::of_this_machine(root);
            (generator::run(figures, options, *spans)?, output)
        }
        Bench::Store {
            spans,
            steps,
            output,
        } => {
            let one = [*spans];
            let steps = if steps.is_empty() { &one } else { &steps[..] };
            (store::run(root, steps)?, output)
        }
        Bench::Query { arguments, output } => (query::run(root, arguments)?, output),
        Bench::Ingest { arguments, output } => (ingest::run(root, arguments)?, output),
        Bench::Extension { arguments, output } => (extension::run(root, arguments)?, output),
        Bench::Ui { arguments, output } => (ui::run(root, arguments)?, output),
        Bench::Load { plan } => return load::run(plan.clone()),
        Bench::Floor => return ingest::floor::run(),
    };
    figures.tell(*output)
}

/// Runs this very command as it is built for release.
fn again_in_release(root: &Path) -> anyhow::Result<()> {
    let mut again = workspace::cargo(root);
    again.args(["run", "--release", "--quiet", "--package", "xtask", "--"]);
    let status = again.args(std::env::args_os().skip(1)).status();
    let status = status.context("run cargo")?;
    ensure!(status.success(), "the benchmark failed ({status})");
    Ok(())
}

// === impl Figures ===

impl Figures {
    /// What tells one run from another.
    fn of_this_machine(root: &Path) -> Self {
        let mut figures = Self::default();
        figures.add("version", revision(root));
        figures.add("processor", process::processor_name());
        figures.add(
            "processors",
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        );
        figures.add("load_average_at_start", process::load_average());
        figures
    }

    fn add(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Adds a figure that should not exceed its budget.
    fn at_most(&mut self, name: &str, value: f64, budget: f64) {
        self.add(name, rounded(value));
        if value > budget {
            self.miss(name, &format!("is {}, budget {budget}", rounded(value)));
        }
    }

    /// Adds a figure that should reach its budget.
    fn at_least(&mut self, name: &str, value: f64, budget: f64) {
        self.add(name, rounded(value));
        if value < budget {
            self.miss(name, &format!("is {}, budget {budget}", rounded(value)));
        }
    }

    /// Notes a budget that was missed.
    fn miss(&mut self, name: &str, how: &str) {
        self.missed.push(format!("{name} {how}"));
    }

    fn tell(self, output: Output) -> anyhow::Result<()> {
        if output.json {
            let text = serde_json::to_string_pretty(&self.values).context("print as JSON")?;
            writeln!(std::io::stdout(), "{text}").context("write to standard output")?;
        } else {
            for (name, value) in &self.values {
                let value = value.as_str().map_or(value.to_string(), str::to_owned);
                eprintln!("{name:<44} {value}");
            }
            for missed in &self.missed {
                eprintln!("missed: {missed}");
            }
        }
        if output.check && !self.missed.is_empty() {
            bail!("budgets missed:\n  {}", self.missed.join("\n  "));
        }
        Ok(())
    }
}

/// To a tenth, and what is small to three digits; nobody compares further.
fn rounded(value: f64) -> f64 {
    let steps = if value.abs() < 10.0 { 1e3 } else { 10.0 };
    (value * steps).round() / steps
}

/// Of ascending values; 0 of none.
fn percentile(ascending: &[f64], percent: usize) -> f64 {
    let place = (ascending.len() * percent / 100).min(ascending.len().saturating_sub(1));
    ascending.get(place).copied().unwrap_or_default()
}

/// The commit, with a mark where files differ from it; empty outside of a repository.
fn revision(root: &Path) -> String {
    std::process::Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(root)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
