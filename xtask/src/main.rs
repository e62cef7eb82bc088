//! The workspace's own tool: `cargo xtask demo`, `cargo xtask test` and what they are made of.
//!
//! Invariant: it needs cargo, node and python3 and nothing else to be there; what it fetches goes to the user's cache
//! folder. It depends on no crate of the workspace, so that it runs while they do not compile.
#![expect(
    clippy::print_stderr,
    reason = "a tool for a terminal; standard output stays free for the demo's JSON"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod api;
mod bench;
mod cache;
mod chaos;
mod codegen;
mod debian;
mod demo;
mod deploy;
mod fuzz;
mod lambda;
mod layer;
mod layers;
mod run;
mod setup;
mod test;
mod tidy;
mod ui;
mod workspace;

/// Everything that a developer of Coldtrace runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up, start the demo shop, drive traffic, print a table and stay up until Ctrl-C.
    ///
    /// Arguments are handed to `coldtrace demo`: `--once --json` ends by itself and prints one JSON object.
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Set up and check everything: tidy, layers, format, lints, tests, docs, the ui, end to end.
    Test {
        /// The long checks too: every recipe of deploy/, not only those that take seconds.
        #[arg(long)]
        all: bool,
    },
    /// Have the demo run once, then look at what it stored, and at all else, in a browser.
    ///
    /// Arguments are handed to Playwright: `cargo xtask browser real-pages -g "a trace"`.
    Browser {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// `cargo xtask test` with a locked Cargo.lock, as continuous integration runs it.
    Ci,
    /// Fetch what demo and test need into the user's cache folder.
    Setup,
    /// Documents name what exists, generated code is fresh, files have headers.
    Tidy,
    /// Which crate may depend on which.
    Layers,
    /// Have each recipe of deploy/ taken by its own tool, and look at what the tool makes of it.
    Deploy {
        /// Only these recipes, by the names of their folders.
        recipes: Vec<String>,
    },
    /// Build the extension and pack it into zips that Lambda takes as layers.
    Layer {
        #[command(flatten)]
        arguments: layer::Arguments,
    },
    /// Build the ui into ui/dist.
    Ui,
    /// Measure, against the budgets of the design.
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Feed what comes over the wire to its readers, as libFuzzer varies it.
    Fuzz {
        /// For all targets together.
        #[arg(long, default_value_t = 10)]
        minutes: u32,
    },
    /// Ask the API whatever its description allows, and what it does not, and hold the answers to it.
    Api {
        /// For all paths together.
        #[arg(long, default_value_t = 30)]
        minutes: u32,
    },
    /// Kill, stop, slow down, fill up and overload what there is: what was acknowledged is there once.
    Chaos {
        /// 500 random kills and a minute of overload; takes half an hour.
        #[arg(long)]
        long: bool,
    },
    /// Write the code generated from proto/ again.
    Codegen,
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<()> {
    let root: PathBuf = workspace::root();
    match command {
        Command::Demo { arguments } => demo::run(&root, &arguments),
        Command::Test { all } => test::run(&root, test::Lock::MayChange, test::Extent::of(all)),
        Command::Browser { arguments } => test::run_browser(&root, &arguments),
        Command::Ci => test::run(&root, test::Lock::Locked, test::Extent::Usual),
        Command::Setup => setup::for_tests(&root, test::Lock::MayChange).map(drop),
        Command::Tidy => tidy::run(&root),
        Command::Layers => layers::run(&root),
        Command::Deploy { recipes } => deploy::run(&root, &recipes),
        Command::Layer { arguments } => layer::run(&root, &arguments),
        Command::Ui => ui::build(&root),
        Command::Bench { what } => bench::run(&root, &what),
        Command::Fuzz { minutes } => fuzz::run(&root, minutes),
        Command::Api { minutes } => api::run(&root, minutes),
        Command::Chaos { long } => chaos::run(&root, long),
        Command::Codegen => codegen::generate(&root, &root),
    }
}
