//! `--stage`: an example of the collector, built for release with its door for this, times the stages of the path.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::super::load::time_of;
use super::super::workload::{Options, Workload};
use super::super::{Figures, rounded};
use super::tools::Tools;
use crate::run::{loud, quiet};
use crate::workspace;

/// Spans of one block.
const SPANS: u64 = 100_000;

/// Adds our stages and the machine's floors.
pub(super) fn run(
    root: &Path,
    tools: &Tools,
    options: Options,
    base: u64,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut build = workspace::cargo(root);
    build.args([
        "build",
        "--release",
        "--locked",
        "--package",
        "coldtrace-collector",
    ]);
    build.args(["--features", "bench", "--example", "stages"]);
    loud("cargo build --release --example stages", &mut build)?;
    let requests = tools.folder("stages")?.join("requests");
    write(&requests, options, base).with_context(|| format!("write {}", requests.display()))?;
    let mut example = Command::new(workspace::target().join("release/examples/stages"));
    let printed = quiet("stages", example.arg(requests))?;
    let told: serde_json::Value = serde_json::from_str(&printed).context("parse the figures")?;
    for (name, value) in told.as_object().into_iter().flatten() {
        figures.add(name, rounded(value.as_f64().unwrap_or_default()));
    }
    Ok(())
}

/// Each request behind its length.
fn write(path: &Path, options: Options, base: u64) -> std::io::Result<()> {
    let workload = Workload::new(options);
    let mut file = BufWriter::new(File::create(path)?);
    let mut body = Vec::new();
    for number in 0..workload.requests(SPANS) {
        workload.write(number, time_of(base, number), &mut body);
        file.write_all(&(body.len() as u64).to_le_bytes())?;
        file.write_all(&body)?;
    }
    file.flush()
}
