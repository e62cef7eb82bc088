//! `coldtrace demo`: a small shop in emulated sandboxes, traffic for it, and a judge who stands outside.
//!
//! What lives here: the command line and the order of things. The shop's functions are the folder `demo/`; what a
//! sandbox is, is `coldtrace-sandbox`. Invariant: standard output carries the addresses and the table, or with `--json`
//! one JSON object and nothing else; everything else goes to standard error.

use std::path::PathBuf;

use crate::failure::Failure;

/// Where the demo's parts are, and what it should do.
#[derive(clap::Args)]
pub(crate) struct DemoArguments {
    /// End by itself: drive a fixed amount of traffic, compare what was seen with what the API tells.
    #[arg(long)]
    once: bool,
    /// Print the outcome of --once as one JSON object.
    #[arg(long, requires = "once")]
    json: bool,
    /// The folder of the shop's functions.
    #[arg(long, value_name = "DIR")]
    functions: PathBuf,
    /// The extension's executable.
    #[arg(long, value_name = "FILE")]
    extension: PathBuf,
    /// A Python interpreter.
    #[arg(long, value_name = "FILE")]
    python: PathBuf,
    /// The folder with the packages of the shop's requirements.txt.
    #[arg(long, value_name = "DIR")]
    pythonpath: PathBuf,
    /// A Node interpreter.
    #[arg(long, value_name = "FILE")]
    node: PathBuf,
    /// The folder with the packages of the shop's package.json.
    #[arg(long, value_name = "DIR")]
    node_modules: PathBuf,
    /// Where data is kept; default a temporary folder that is removed at the end.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Keep the temporary folder.
    #[arg(long)]
    keep: bool,
}

/// Runs the demo.
pub(crate) fn run(_arguments: DemoArguments) -> Result<(), Failure> {
    Err(Failure::Told("the demo is not there yet".to_owned()))
}
