//! A sandbox's own files: `/tmp` of its processes, and what has to be written down to be run.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::config::ExternalExtension;

const NODE_BOOTSTRAP: &str = include_str!("bootstrap.js");
const PYTHON_BOOTSTRAP: &str = include_str!("bootstrap.py");

/// Removed when it is dropped.
pub(super) struct Folder {
    root: TempDir,
    tmp: PathBuf,
}

impl Folder {
    pub(super) fn create() -> io::Result<Self> {
        let root = tempfile::Builder::new().prefix("sandbox-").tempdir()?;
        let tmp = root.path().join("tmp");
        std::fs::create_dir(&tmp)?;
        Ok(Self { root, tmp })
    }

    /// What is `/tmp` on Lambda: it survives resets of the processes, not the sandbox.
    pub(super) fn tmp(&self) -> &Path {
        &self.tmp
    }

    /// The bootstrap that node runs.
    pub(super) fn node_bootstrap(&self) -> io::Result<PathBuf> {
        let path = self.root.path().join("bootstrap.js");
        std::fs::write(&path, NODE_BOOTSTRAP)?;
        Ok(path)
    }

    /// The bootstrap that Python runs where AWS's client is not there.
    pub(super) fn python_bootstrap(&self) -> io::Result<PathBuf> {
        let path = self.root.path().join("bootstrap.py");
        std::fs::write(&path, PYTHON_BOOTSTRAP)?;
        Ok(path)
    }

    /// An executable that has the extension's name as its file name, as the extension relies on.
    pub(super) fn executable(&self, extension: &ExternalExtension) -> io::Result<PathBuf> {
        let is_named = extension
            .path
            .file_name()
            .is_some_and(|name| *name == *extension.name);
        if is_named {
            return Ok(extension.path.clone());
        }
        let extensions = self.root.path().join("extensions");
        std::fs::create_dir_all(&extensions)?;
        let copy = extensions.join(&extension.name);
        std::fs::copy(&extension.path, &copy)?;
        Ok(copy)
    }
}
