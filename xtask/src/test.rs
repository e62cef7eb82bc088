//! `cargo xtask test` and `ci`: every check, cheap ones first, and what each took.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::run::{loud, watched};
use crate::setup::{self, DemoParts};
use crate::{demo, deploy, layers, tidy, ui, workspace};

/// Whether Cargo.lock may be brought up to date on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// At a developer's desk.
    MayChange,
    /// In continuous integration.
    Locked,
}

/// How much is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What a change may break by accident.
    Usual,
    /// Also what is long and changes with other people's tools.
    All,
}

/// What each part took, in the order in which they ran.
#[derive(Default)]
struct Parts(Vec<(&'static str, Duration)>);

/// Runs every check; stops at the first that fails.
pub(crate) fn run(root: &Path, lock: Lock, extent: Extent) -> anyhow::Result<()> {
    let mut parts = Parts::default();
    let started = Instant::now();
    let outcome = run_parts(root, lock, extent, &mut parts);
    parts.print(started.elapsed());
    outcome
}

fn run_parts(root: &Path, lock: Lock, extent: Extent, parts: &mut Parts) -> anyhow::Result<()> {
    parts.run("tidy", || tidy::run(root))?;
    parts.run("layers", || layers::run(root))?;
    parts.run("format", || {
        loud(
            "cargo fmt",
            workspace::cargo(root).args(["fmt", "--all", "--check"]),
        )
    })?;
    let demo_parts = parts.run("setup and build", || setup::for_tests(root, lock))?;
    parts.run("ui checks", || ui::check(root))?;
    parts.run("lints", || lints(root, lock))?;
    parts.run("tests", || tests(root, lock))?;
    parts.run("documentation", || documentation(root, lock))?;
    parts.run("demo", || demos(root, &demo_parts))?;
    if extent == Extent::All {
        parts.run("incident", || demo::incident(root, &demo_parts))?;
    }
    parts.run("browser", || browser(root, extent))?;
    parts.run("deploy recipes", || match extent {
        Extent::Usual => deploy::run_quick(root),
        Extent::All => deploy::run(root, &[]),
    })
}

fn lints(root: &Path, lock: Lock) -> anyhow::Result<()> {
    let mut command = workspace::cargo(root);
    command
        .args(["clippy", "--workspace", "--all-targets"])
        .args(lock.flags())
        .args(["--", "-D", "warnings"]);
    loud("cargo clippy", &mut command)
}

/// nextest where it is installed, for its speed and its time limits; else what cargo brings.
fn tests(root: &Path, lock: Lock) -> anyhow::Result<()> {
    let mut command = workspace::cargo(root);
    if setup::have("cargo-nextest", "--version") {
        command.args(["nextest", "run", "--workspace", "--all-targets"]);
    } else {
        command.args(["test", "--workspace", "--all-targets"]);
    }
    loud("cargo test", command.args(lock.flags()))
}

fn documentation(root: &Path, lock: Lock) -> anyhow::Result<()> {
    let mut command = workspace::cargo(root);
    command
        .args(["doc", "--workspace", "--no-deps", "--quiet"])
        .args(lock.flags())
        .env("RUSTDOCFLAGS", "-D warnings");
    loud("cargo doc", &mut command)
}

/// The demo judges itself: undisturbed, then with every process killed in the middle of its traffic.
fn demos(root: &Path, parts: &DemoParts) -> anyhow::Result<()> {
    demo::judged(root, parts)?;
    let mut killed = demo::command(root, parts);
    killed.args(["--once", "--json"]);
    for target in ["up", "engine", "extension", "function"] {
        killed.args(["--kill", target]);
    }
    watched(&"coldtrace demo --once --kill ...", || {
        loud("demo with kills", &mut killed)
    })
}

/// `cargo xtask browser`: the demo runs once, then the browser tests look at what it stored, and at all else they look at.
/// `arguments` are Playwright's.
pub(crate) fn run_browser(root: &Path, arguments: &[String]) -> anyhow::Result<()> {
    let parts = setup::for_demo(root)?;
    ui::install(&root.join("tests/browser"))?;
    demo::judged(root, &parts)?;
    let mut command = browser_command(root);
    command
        .arg("--")
        .args(arguments)
        .env("COLDTRACE_STORE__ENGINE_LIBRARY", &parts.engine_library);
    loud("browser", &mut command).context("tests/browser")
}

/// The browser tests start what they need themselves; what the demo stored, they look for in the target folder.
fn browser(root: &Path, extent: Extent) -> anyhow::Result<()> {
    let mut command = browser_command(root);
    if extent == Extent::All {
        command.env("COLDTRACE_ALL_LOOKS", "1");
    }
    loud("browser", &mut command).context("tests/browser")
}

fn browser_command(root: &Path) -> Command {
    let mut command = Command::new("npm");
    command
        .args(["test", "--silent"])
        .current_dir(root.join("tests/browser"));
    command
}

// === impl Lock, Extent, Parts ===

impl Lock {
    /// For cargo's command line.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::MayChange => &[],
            Self::Locked => &["--locked"],
        }
    }
}

impl Extent {
    /// By the flag `--all`.
    pub(crate) const fn of(all: bool) -> Self {
        if all { Self::All } else { Self::Usual }
    }
}

impl Parts {
    fn run<T>(
        &mut self,
        name: &'static str,
        part: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        eprintln!("== {name}");
        let started = Instant::now();
        let outcome = part();
        self.0.push((name, started.elapsed()));
        outcome.with_context(|| format!("in part `{name}`"))
    }

    fn print(&self, total: Duration) {
        eprintln!("== took");
        for (name, took) in &self.0 {
            eprintln!("{name:>18} {:>7.1} s", took.as_secs_f64());
        }
        eprintln!("{:>18} {:>7.1} s", "total", total.as_secs_f64());
    }
}
