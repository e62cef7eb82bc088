//! What was fetched, in the user's cache folder, under a name that says what it was made from.
//!
//! Invariant: a folder that stands there is whole. It is made beside its place and renamed; a lock keeps two runs from
//! making the same one.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// `$XDG_CACHE_HOME/coldtrace` or `~/.cache/coldtrace`.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this tool that reads the environment"
)]
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()) {
        Some(cache) => PathBuf::from(cache),
        None => {
            let home =
                std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?;
            PathBuf::from(home).join(".cache")
        }
    };
    let folder = base.join("coldtrace");
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

/// Where cargo keeps the sources of dependencies.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this tool that reads the environment"
)]
pub(crate) fn cargo_home() -> anyhow::Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(home));
    }
    let home = std::env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cargo"))
}

/// The folder `name`-`key`, made by `make` unless it is there. `make` gets an empty folder to fill.
pub(crate) fn made(
    name: &str,
    key: &Key,
    make: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let cache = folder()?;
    let place = cache.join(format!("{name}-{}", key.0));
    if place.is_dir() {
        return Ok(place);
    }
    let _lock = lock(&cache.join(format!("{name}.lock")))?;
    if place.is_dir() {
        return Ok(place);
    }
    let scratch = tempfile::Builder::new()
        .prefix(&format!("{name}-making-"))
        .tempdir_in(&cache)
        .context("create a scratch folder")?;
    make(scratch.path())?;
    // A temporary folder is its maker's alone; under AWS's emulator functions run as another user.
    std::fs::set_permissions(scratch.path(), Permissions::from_mode(0o755))
        .context("open a folder of the cache for reading")?;
    let made = scratch.keep();
    std::fs::rename(&made, &place)
        .with_context(|| format!("rename {} to {}", made.display(), place.display()))?;
    Ok(place)
}

/// Held until dropped; waits for another run that holds it.
pub(crate) fn lock(path: &Path) -> anyhow::Result<File> {
    let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
    crate::run::watched(&format!("waiting for {}", path.display()), || file.lock())
        .with_context(|| format!("lock {}", path.display()))?;
    Ok(file)
}

/// What a folder was made from, as sixteen hex digits.
pub(crate) struct Key(String);

impl Key {
    /// From the contents of files and whatever else decides the result.
    pub(crate) fn of(files: &[&Path], more: &[&str]) -> anyhow::Result<Self> {
        let mut digest = Sha256::new();
        for path in files {
            let content =
                std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
            digest.update(content.len().to_le_bytes());
            digest.update(content);
        }
        for text in more {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
        let hex: String = digest.finalize()[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self(hex))
    }

    /// The digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
