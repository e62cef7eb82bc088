//! What `bench ingest` runs: built for release, fetched where it is not ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::super::child::Process;
use super::super::load::{Plan, Report};
use crate::run::{loud, quiet};
use crate::workspace;

/// Programs, and a folder for what they write.
pub(super) struct Tools {
    pub(super) coldtrace: PathBuf,
    /// The engine's library.
    pub(super) library: PathBuf,
    /// This tool, built for release.
    xtask: PathBuf,
    folder: tempfile::TempDir,
}

// === impl Tools ===

impl Tools {
    /// Builds what is ours.
    pub(super) fn build(root: &Path) -> anyhow::Result<()> {
        let mut build = workspace::cargo(root);
        build.args(["build", "--release", "--locked", "--package", "coldtrace"]);
        loud("cargo build --release -p coldtrace", &mut build)?;
        // Linking a tool as a whole takes minutes and makes it no faster.
        let mut build = workspace::cargo(root);
        build.args(["build", "--release", "--locked", "--package", "xtask"]);
        build.args(["--config", "profile.release.lto=\"off\""]);
        loud("cargo build --release -p xtask", &mut build)
    }

    /// What stands in the target folder.
    pub(super) fn find() -> anyhow::Result<Self> {
        let release = workspace::target().join("release");
        let coldtrace = release.join("coldtrace");
        let mut fetch = Command::new(&coldtrace);
        let library = quiet("fetch the engine", fetch.arg("fetch-engine"))?;
        // On the disk of the target folder: /tmp may be memory.
        let folder = tempfile::Builder::new()
            .prefix("bench-ingest-")
            .tempdir_in(workspace::target())
            .context("create a folder for the data")?;
        Ok(Self {
            coldtrace,
            library: library.trim().into(),
            xtask: release.join("xtask"),
            folder,
        })
    }

    /// A new folder for the data of one part of the run.
    pub(super) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(folder)
    }

    /// Sends what the plan says, in a process of its own.
    pub(super) fn load(&self, plan: &Plan) -> anyhow::Result<Report> {
        Report::from_json(&self.start_load(plan)?.finish()?)
    }

    /// The same, without waiting for its end; it prints a [`Report`].
    pub(super) fn start_load(&self, plan: &Plan) -> anyhow::Result<Process> {
        let mut command = Command::new(&self.xtask);
        command.args(["bench", "load"]).args(plan.arguments());
        Process::start("load", &mut command, self.folder.path())
    }

    /// Starts the server that does nothing. Returns it and its address.
    pub(super) fn start_floor(&self) -> anyhow::Result<(Process, String)> {
        let mut command = Command::new(&self.xtask);
        command.args(["bench", "floor"]);
        let mut process = Process::start("floor", &mut command, self.folder.path())?;
        let address = process.wait_for(|process| {
            let printed = process.printed()?;
            Ok(printed.ends_with('\n').then(|| printed.trim().to_owned()))
        })?;
        Ok((process, address))
    }
}
