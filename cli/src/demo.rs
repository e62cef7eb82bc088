//! `coldtrace demo`: a small shop in emulated sandboxes, traffic for it, and a judge who stands outside.
//!
//! What lives here: the command line and the order of things. The shop's functions are the folder `demo/`; what a
//! sandbox is, is `coldtrace-sandbox`. Invariant: standard output carries the table and the address, or with `--json` one
//! JSON object and nothing else; everything else goes to standard error.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use coldtrace_service::logging::{self, LogFormat};
use coldtrace_service::shutdown;
use serde::Serialize;

use crate::failure::Failure;
use crate::settings::say;

mod api;
mod backend;
mod chaos;
mod incident;
mod ledger;
mod once;
mod orders;
mod pager;
mod shop;
mod stage;
mod stay;
mod table;
mod town;
mod verdict;

use backend::Ports;
use stage::Stage;

/// For blocked requests of customers, once everything else has ended.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// Where the demo's parts are, and what it should do.
#[derive(clap::Args)]
pub(crate) struct DemoArguments {
    /// End by itself: drive a fixed amount of traffic, compare what was seen with what the API tells.
    #[arg(long)]
    once: bool,
    /// End by itself: after some quiet minutes release a slow inventory, wait for the alert, roll back, wait for its end; about
    /// seven minutes.
    #[arg(long, conflicts_with = "once")]
    incident: bool,
    /// Print the outcome of --once or --incident as one JSON object.
    #[arg(long)]
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
    /// Keep the temporary folder, and say where it is.
    #[arg(long)]
    keep: bool,
    /// Decides what is ordered and what goes wrong.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders of --once; with three times as many as usual the findings are judged, too.
    #[arg(long, default_value_t = orders::FIXED_ORDERS, requires = "once")]
    orders: usize,
    /// kill -9 in the middle of the traffic of --once; may be given several times.
    #[arg(long, value_name = "TARGET", requires = "once")]
    kill: Vec<chaos::Target>,
}

/// Runs the demo.
pub(crate) fn run(mut arguments: DemoArguments) -> Result<(), Failure> {
    arguments
        .make_absolute()
        .map_err(|error| Failure::failed("cannot tell the current folder", error))?;
    arguments.check()?;
    let filter = "warn".parse().expect("it is a filter");
    logging::init(LogFormat::Text, &filter)
        .map_err(|error| Failure::failed("cannot start logging", error))?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::failed("cannot start the runtime", error))?;
    let outcome = runtime.block_on(Box::pin(run_until_signal(&arguments)));
    runtime.shutdown_timeout(LEFTOVERS);
    outcome.map_err(|error| Failure::Told(format!("{error:#}")))
}

// === impl DemoArguments ===

impl DemoArguments {
    /// The functions run in folders of their own, so their parts are named from the root.
    fn make_absolute(&mut self) -> std::io::Result<()> {
        let parts = [
            &mut self.functions,
            &mut self.extension,
            &mut self.pythonpath,
            &mut self.node_modules,
        ];
        for path in parts {
            *path = std::path::absolute(&*path)?;
        }
        Ok(())
    }

    /// Tells every part that is not there: a sandbox without one would only ever answer with errors.
    fn check(&self) -> Result<(), Failure> {
        let parts = [
            ("functions", &self.functions, true),
            ("extension", &self.extension, false),
            ("python", &self.python, false),
            ("pythonpath", &self.pythonpath, true),
            ("node", &self.node, false),
            ("node-modules", &self.node_modules, true),
        ];
        let mistakes: Vec<String> = parts
            .into_iter()
            // A bare name is looked up in PATH when it is run.
            .filter(|(_, path, _)| path.components().count() > 1)
            .filter_map(|(name, path, is_folder)| match is_folder {
                true if !path.is_dir() => Some((name, path, "folder")),
                false if !path.is_file() => Some((name, path, "file")),
                _ => None,
            })
            .map(|(name, path, kind)| format!("--{name}: {} is not a {kind}", path.display()))
            .collect();
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(Failure::Told(format!(
                "the demo lacks parts; `cargo xtask demo` brings them\n  {}",
                mistakes.join("\n  ")
            ))),
        }
    }
}

async fn run_until_signal(arguments: &DemoArguments) -> anyhow::Result<()> {
    let scratch = tempfile::Builder::new()
        .prefix("coldtrace-demo-")
        .tempdir()
        .context("make a temporary folder")?;
    let data_dir = match &arguments.data_dir {
        Some(data_dir) => {
            std::fs::create_dir_all(data_dir)
                .with_context(|| format!("make {}", data_dir.display()))?;
            data_dir.clone()
        }
        None => scratch.path().to_owned(),
    };
    let outcome = match (arguments.once, arguments.incident) {
        (true, _) => once(arguments, &data_dir).await,
        (_, true) => incident(arguments, &data_dir).await,
        _ => stay(arguments, &data_dir).await,
    };
    if arguments.keep && arguments.data_dir.is_none() {
        tell(&format!("kept {}", scratch.keep().display()));
    }
    outcome
}

async fn once(arguments: &DemoArguments, data_dir: &Path) -> anyhow::Result<()> {
    let outcome = staged(arguments, data_dir, async |stage| {
        once::run(arguments, stage).await
    });
    let outcome = outcome.await?;
    print(arguments, &outcome)?;
    match outcome.holds() {
        true => Ok(()),
        false => bail!("what the API tells is not what was seen; the outcome says where"),
    }
}

async fn incident(arguments: &DemoArguments, data_dir: &Path) -> anyhow::Result<()> {
    let outcome = staged(arguments, data_dir, async |stage| {
        incident::run(arguments.seed, stage).await
    });
    let outcome = outcome.await?;
    print(arguments, &outcome)?;
    match outcome.holds() {
        true => Ok(()),
        false => bail!("the pager did not say what it had to; the outcome says what"),
    }
}

/// Opens a stage of its own for what is judged, and closes it.
async fn staged<T>(
    arguments: &DemoArguments,
    data_dir: &Path,
    judge: impl AsyncFnOnce(&Stage) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let judged = async {
        tell("starting coldtrace");
        let stage = Stage::open(arguments, data_dir, Ports::Free).await?;
        let outcome = judge(&stage).await?;
        stage.close().await?;
        anyhow::Ok(outcome)
    };
    tokio::select! {
        outcome = judged => outcome,
        _ = shutdown::signal() => bail!("interrupted"),
    }
}

fn print(arguments: &DemoArguments, outcome: &impl Serialize) -> anyhow::Result<()> {
    let printed = match arguments.json {
        true => serde_json::to_string(outcome)?,
        false => serde_json::to_string_pretty(outcome)?,
    };
    Ok(say(&format!("{printed}\n"))?)
}

async fn stay(arguments: &DemoArguments, data_dir: &Path) -> anyhow::Result<()> {
    tell("starting coldtrace");
    let stage = Stage::open(arguments, data_dir, Ports::Configured).await?;
    let ended = tokio::select! {
        ended = stay::run(arguments.seed, &stage) => ended,
        signal = shutdown::signal() => signal.map(drop).context("listen to signals"),
    };
    tell("closing the shop");
    stage.close_shop().await;
    stage.close().await?;
    ended
}

/// Progress, for a person, on standard error.
fn tell(text: &str) {
    // A closed standard error leaves nobody to tell.
    writeln!(std::io::stderr(), "{text}").ok();
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::DemoArguments;

    #[test]
    fn every_part_that_is_not_there_is_told_before_anything_starts() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let folder = env!("CARGO_MANIFEST_DIR");
        let line = [
            "demo",
            "--functions",
            folder,
            "--extension",
            "/nowhere/extension",
            "--python",
            "python3",
            "--pythonpath",
            here,
            "--node",
            here,
            "--node-modules",
            folder,
        ];
        let command = DemoArguments::augment_args(clap::Command::new("demo"));
        let matches = command.try_get_matches_from(line).expect("it parses");
        let arguments = DemoArguments::from_arg_matches(&matches).expect("it is complete");
        let told = arguments.check().expect_err("two are missing").to_string();
        assert_eq!(
            told,
            format!(
                "the demo lacks parts; `cargo xtask demo` brings them\n  \
                 --extension: /nowhere/extension is not a file\n  \
                 --pythonpath: {here} is not a folder"
            )
        );
    }
}
