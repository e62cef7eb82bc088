//! The engine's library from npm.

use std::path::{Path, PathBuf};

/// The library could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {}

/// The library in `cache`, fetched first where it is absent. `progress` hears bytes so far and in all (0 if unknown).
pub fn locate_or_fetch(
    cache: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<PathBuf, FetchError> {
    let _ = (cache, progress);
    unimplemented!()
}
