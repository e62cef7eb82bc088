//! The one binary, `coldtrace`: reads the command line, hands over to the command, turns its error into an exit code.
//!
//! Exit codes: 0 ended as asked, 1 failed, 2 the command line or the configuration is wrong, 3 an address or the data
//! folder is in use.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

mod api;
mod client;
mod compare;
mod control_watch;
mod damage_watch;
mod data_dir;
mod demo;
mod engine;
mod explain;
mod failure;
mod invoke;
mod keys;
mod layer;
mod search;
mod serve;
mod settings;
mod status;
mod store_watch;
mod up;

use failure::{Failure, chain_of};

/// Tracing for cloud functions: where the time of every invocation went.
#[derive(Parser)]
#[command(name = "coldtrace", version = env!("COLDTRACE_VERSION"), after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 ended as asked, 1 failed, 2 the command line or the configuration is wrong, \
    3 an address or the data folder is in use.\n\
    Settings: defaults < the file of --config < variables COLDTRACE_SECTION__KEY (`coldtrace print-config` lists them).";

#[derive(Subcommand)]
enum Command {
    /// Everything in one process tree: engine, collector, query and ui, on this machine only.
    Up(Place),
    /// The collector alone, writing to the server of store.url.
    Collector(Place),
    /// The query service and ui alone, reading from the server of store.url.
    Query(Place),
    /// Run the demo shop in emulated sandboxes and look at it.
    Demo(demo::DemoArguments),
    /// Run a function of yours in an emulated sandbox and show where its time went.
    Invoke(invoke::InvokeArguments),
    /// Make, show, rotate and revoke keys: who may send and read.
    Keys(keys::KeysArguments),
    /// Show and set how much each tenant may send and keep.
    Limits(keys::LimitsArguments),
    /// Ask the running services how they are: what came in, what waits, what failed, and what to do about it.
    Status(status::StatusArguments),
    /// Find traces by a query in TraceQL, such as '{ status = error }'.
    Search(search::SearchArguments),
    /// Say where the time of an invocation or a trace went, and what would make it faster.
    Explain(explain::ExplainArguments),
    /// Say what tells some invocations from the rest: the slowest, those that failed, those of ten minutes.
    Compare(compare::CompareArguments),
    /// Pack the extension into a zip that Lambda takes as a layer, and say how to publish it.
    Layer(layer::LayerArguments),
    /// Check the configuration and tell every mistake.
    CheckConfig(ConfigFile),
    /// Print every setting in force and where it was set.
    PrintConfig(ConfigFile),
    /// Fetch the engine's library into the cache folder, unless it is there, and print its path.
    FetchEngine(ConfigFile),
    /// The engine's process; started by `up`.
    #[command(hide = true)]
    Engine {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[derive(Args)]
struct ConfigFile {
    /// Settings in TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct Place {
    #[command(flatten)]
    file: ConfigFile,
    /// Where data is kept; default $XDG_DATA_HOME/coldtrace or ~/.local/share/coldtrace.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A closed standard error leaves nobody to tell.
            writeln!(std::io::stderr(), "error: {}", chain_of(&failure)).ok();
            failure.exit_code()
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(place) => up::run(&place),
        Command::Collector(place) => serve::collector(&place),
        Command::Query(place) => serve::query(&place),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Invoke(arguments) => invoke::run(&arguments),
        Command::Keys(arguments) => keys::keys(arguments),
        Command::Limits(arguments) => keys::limits(arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Search(arguments) => search::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Layer(arguments) => layer::run(&arguments),
        Command::CheckConfig(file) => settings::check(&file),
        Command::PrintConfig(file) => settings::print(&file),
        Command::FetchEngine(file) => engine::fetch(&file),
        Command::Engine { arguments } => engine::run_child(arguments),
    }
}
