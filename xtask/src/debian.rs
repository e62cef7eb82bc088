//! Debian's packages, unpacked into a folder: nothing is installed, and nobody needs to be root.
//!
//! They are not pinned, other than what comes from elsewhere: Debian has one version of each in a release and takes the one before away.
//! What is fetched is what Debian signed, which apt checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::run::quiet;
use crate::setup::have;

/// apt with lists and an archive of its own: the system's may be old, or lack the packages of another machine.
pub(crate) struct Apt {
    scratch: tempfile::TempDir,
}

/// Whether packages can be fetched and unpacked here.
pub(crate) fn is_here() -> bool {
    have("apt-get", "--version") && have("dpkg-deb", "--version")
}

/// What a package has, into a folder.
pub(crate) fn unpack(package: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("dpkg-deb");
    command.arg("--extract").arg(package).arg(folder);
    quiet(format!("unpack {}", package.display()), &mut command).map(drop)
}

// === impl Apt ===

impl Apt {
    /// Knows what there is today for these architectures, the machine's own first; for that alone if none is named. Has a folder
    /// of its own in `folder` until it is dropped.
    pub(crate) fn updated(folder: &Path, architectures: &[&str]) -> anyhow::Result<Self> {
        let scratch = tempfile::tempdir_in(folder).context("create a temporary folder")?;
        for place in ["lists/partial", "archives/partial"] {
            std::fs::create_dir_all(scratch.path().join(place))
                .context("create a temporary folder")?;
        }
        let mut settings = format!(
            "Dir::State::Lists \"{0}/lists\";\nDir::Cache \"{0}\";\nDir::Cache::Archives \"{0}/archives\";\n\
             APT::Sandbox::User \"\";\nDebug::NoLocking \"true\";\n",
            scratch.path().display(),
        );
        if let Some(own) = architectures.first() {
            let all = architectures.join("\"; \"");
            settings.push_str(&format!(
                "APT::Architecture \"{own}\";\nAPT::Architectures {{ \"{all}\"; }};\n"
            ));
        }
        let apt = Self { scratch };
        std::fs::write(apt.config(), settings).context("write apt's settings")?;
        quiet("apt-get update", apt.get().args(["update", "--quiet"]))?;
        Ok(apt)
    }

    /// `apt-get`, to which its arguments are to be added.
    pub(crate) fn get(&self) -> Command {
        let mut command = Command::new("apt-get");
        command
            .env("APT_CONFIG", self.config())
            .current_dir(self.archives());
        command
    }

    /// What was fetched.
    pub(crate) fn fetched(&self) -> anyhow::Result<Vec<PathBuf>> {
        let listed = std::fs::read_dir(self.archives()).context("list what was fetched")?;
        let paths = listed.map(|entry| Ok(entry.context("list what was fetched")?.path()));
        let paths: Vec<PathBuf> = paths.collect::<anyhow::Result<_>>()?;
        let is_package = |path: &PathBuf| path.extension().is_some_and(|found| found == "deb");
        Ok(paths.into_iter().filter(is_package).collect())
    }

    fn archives(&self) -> PathBuf {
        self.scratch.path().join("archives")
    }

    fn config(&self) -> PathBuf {
        self.scratch.path().join("apt.conf")
    }
}
