//! The data folder: where it is, that only its owner may look inside, that only one process uses it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A data folder that this process holds until it drops it, or dies.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder where it is absent, for its owner alone, and takes it. `role` is who uses it: a collector and a
    /// query service may share one.
    pub(crate) fn take(path: Option<&Path>, role: &str) -> Result<Self, Failure> {
        let path = Self::locate(path)?;
        let lock = take_lock(&path, role)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where the folder is, made where it is absent: for what does not mind who else uses it.
    pub(crate) fn locate(path: Option<&Path>) -> Result<PathBuf, Failure> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => default_path()?,
        };
        make_private(&path).map_err(|error| {
            let doing = format!(
                "cannot use {} as the data folder (--data-dir)",
                path.display()
            );
            Failure::failed(doing, error)
        })?;
        Ok(path)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn make_private(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        // Somebody made it; data in it is nobody else's all the same.
        return std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn take_lock(folder: &Path, role: &str) -> Result<File, Failure> {
    let path = folder.join(format!("{role}.lock"));
    let failed = |error| Failure::failed(format!("cannot use {}", path.display()), error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Without the number the message is still right.
            file.read_to_string(&mut pid).ok();
            return Err(Failure::DataDirInUse {
                path: folder.to_owned(),
                pid: pid.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(file)
}

/// `$XDG_DATA_HOME/coldtrace` or `~/.local/share/coldtrace`.
fn default_path() -> Result<PathBuf, Failure> {
    base("XDG_DATA_HOME", ".local/share")
        .map(|base| base.join("coldtrace"))
        .ok_or_else(|| {
            Failure::Told("no home folder is known; name a folder with --data-dir".to_owned())
        })
}

/// `$XDG_CACHE_HOME/coldtrace` or `~/.cache/coldtrace`: what can be fetched again.
pub(crate) fn cache_dir() -> Result<PathBuf, Failure> {
    base("XDG_CACHE_HOME", ".cache")
        .map(|base| base.join("coldtrace"))
        .ok_or_else(|| Failure::Told("no home folder is known; set XDG_CACHE_HOME".to_owned()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "where a user's folders are is told by the environment alone"
)]
fn base(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|path| !path.is_empty());
    match set(variable) {
        Some(path) => Some(PathBuf::from(path)),
        None => Some(PathBuf::from(set("HOME")?).join(below_home)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::chain_of;

    #[test]
    fn a_data_folder_is_its_owners_alone() {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let path = scratch.path().join("deep/data");
        let taken = DataDir::take(Some(&path), "up").expect("take it");
        let mode = std::fs::metadata(taken.path())
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_second_holder_is_told_who_has_it() {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let taken = DataDir::take(Some(scratch.path()), "up").expect("take it");
        let refused = DataDir::take(Some(scratch.path()), "up").expect_err("it is taken");
        let expected = format!(
            "{} is in use by another coldtrace (process {}); stop it, or choose another folder with --data-dir",
            scratch.path().display(),
            std::process::id()
        );
        assert_eq!(chain_of(&refused), expected);
        drop(taken);
        DataDir::take(Some(scratch.path()), "up").expect("it is free again");
    }
}
