//! `cargo xtask demo`: set up, then the product's own demo takes over. And what the tests have it do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::run::{loud, watched};
use crate::setup::{self, DemoParts};
use crate::workspace;

/// In the target folder: what [`judged`] stored. The browser tests look for it there (`tests/browser/src/backend.ts`).
const DATA: &str = "demo-data";

/// What [`incident`] stored, likewise.
const INCIDENT_DATA: &str = "incident-data";

/// Sets up and runs the demo; `arguments` are handed on.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<()> {
    let parts = setup::for_demo(root)?;
    let mut command = command(root, &parts);
    command.args(arguments);
    replace(command)
}

/// The demo drives its orders and judges itself; what it stored is left for the browser tests.
pub(crate) fn judged(root: &Path, parts: &DemoParts) -> anyhow::Result<()> {
    let mut once = command(root, parts);
    // So many that the findings are judged too.
    once.args(["--once", "--json", "--orders", "84"]);
    once.arg("--data-dir").arg(fresh(DATA)?);
    watched(&"coldtrace demo --once", || loud("demo", &mut once))
}

/// A bad release happens to the shop, and it judges what was told of it; what it stored is left for the browser tests.
pub(crate) fn incident(root: &Path, parts: &DemoParts) -> anyhow::Result<()> {
    let mut incident = command(root, parts);
    incident.args(["--incident", "--json"]);
    incident.arg("--data-dir").arg(fresh(INCIDENT_DATA)?);
    watched(&"coldtrace demo --incident", || loud("demo", &mut incident))
}

/// A folder in the target folder that is not there yet: what an earlier run ordered, this one would not know.
fn fresh(name: &str) -> anyhow::Result<PathBuf> {
    let data = workspace::target().join(name);
    if data.exists() {
        std::fs::remove_dir_all(&data).with_context(|| format!("remove {}", data.display()))?;
    }
    Ok(data)
}

/// `coldtrace demo` with the paths of everything that it needs.
pub(crate) fn command(root: &Path, parts: &DemoParts) -> Command {
    let mut command = Command::new(workspace::binary("coldtrace"));
    command
        .arg("demo")
        .arg("--functions")
        .arg(root.join("demo"))
        .arg("--extension")
        .arg(workspace::binary("coldtrace-extension"))
        .arg("--python")
        .arg(&parts.tools.python)
        .arg("--pythonpath")
        .arg(&parts.python_packages)
        .arg("--node")
        .arg(&parts.tools.node)
        .arg("--node-modules")
        .arg(&parts.node_modules)
        .env("COLDTRACE_STORE__ENGINE_LIBRARY", &parts.engine_library);
    command
}

/// Becomes the demo, so that Ctrl-C and its exit code are its own.
fn replace(mut command: Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(anyhow::Error::from(error).context("start coldtrace demo"))
}
