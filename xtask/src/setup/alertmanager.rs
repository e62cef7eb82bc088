//! Prometheus' Alertmanager with its amtool, which the tests deliver alerts to.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{have, make_executable};
use crate::cache::{self, Key};
use crate::debian::{self, Apt};
use crate::run::quiet;

/// How Debian calls the package and the server, and how everybody else does.
const DEBIAN: &str = "prometheus-alertmanager";
const UPSTREAM: &str = "alertmanager";
const TOOL: &str = "amtool";
/// In the package.
const PROGRAMS: &str = "usr/bin";
/// Runs the server from where it was unpacked.
const LAUNCHER: &str = include_str!("alertmanager.sh");

/// Where both are.
pub(super) struct Alertmanager {
    pub(super) server: PathBuf,
    pub(super) tool: PathBuf,
}

// === impl Alertmanager ===

impl Alertmanager {
    /// Whether it is installed, or can be fetched.
    pub(super) fn can_be_had() -> bool {
        debian::is_here() || Self::installed().is_some()
    }

    /// The installed one where there is one; else Debian's, unpacked.
    pub(super) fn fetch() -> anyhow::Result<Self> {
        if let Some(installed) = Self::installed() {
            return Ok(installed);
        }
        let key = Key::of(&[], &[DEBIAN, std::env::consts::ARCH, LAUNCHER])?;
        let folder = cache::made(UPSTREAM, &key, unpack)?;
        Ok(Self {
            server: folder.join(UPSTREAM),
            tool: folder.join(PROGRAMS).join(TOOL),
        })
    }

    fn installed() -> Option<Self> {
        let mut names = [UPSTREAM, DEBIAN].into_iter();
        let server = names.find(|name| have(name, "--version"))?;
        have(TOOL, "--version").then(|| Self {
            server: PathBuf::from(server),
            tool: PathBuf::from(TOOL),
        })
    }
}

/// Debian's, with what runs it.
fn unpack(folder: &Path) -> anyhow::Result<()> {
    let apt = Apt::updated(folder, &[])?;
    let mut download = apt.get();
    download.args(["download", "--quiet", DEBIAN]);
    quiet("fetch Debian's Alertmanager", &mut download)?;
    let package = apt.fetched()?.pop();
    let package = package.context("apt-get download fetched no package")?;
    debian::unpack(&package, folder)?;
    for program in [DEBIAN, TOOL] {
        if !folder.join(PROGRAMS).join(program).is_file() {
            bail!("Debian's {DEBIAN} has no {program}");
        }
    }
    let launcher = folder.join(UPSTREAM);
    std::fs::write(&launcher, LAUNCHER).with_context(|| format!("write {}", launcher.display()))?;
    make_executable(&launcher)
}
