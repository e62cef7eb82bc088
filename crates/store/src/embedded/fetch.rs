//! The engine's library, in a cache folder: found there or fetched from npm, where it is published.
//!
//! `npm pack` does the transfer, so that the user's own registry, proxy and certificates are used. Version and integrity
//! are pinned here; a new version is a change of this file. Not here: which folder. Invariant: a library that stands at its
//! place is whole, also when fetching was killed half-way or two processes fetched at once.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha512};

/// The server code is ClickHouse 26.7.2.
const VERSION: &str = "26.7.3-stable.1";
const LIBRARY: &str = "libchdb.so";
/// Nothing in the package is larger; a bomb ends here.
const MOST_BYTES: u64 = 2 << 30;
/// Between two looks at how far the transfer is.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// A package with the library for one platform.
struct Package {
    name: &'static str,
    /// Of the archive, hexadecimal.
    sha512: &'static str,
    /// Size of the archive, bytes.
    bytes: u64,
}

const LINUX_X64: Package = Package {
    name: "@chdb/lib-linux-x64-gnu",
    sha512: "5cff7b98caa7739b59a4a432c11f0dedc2d3b073624e61ebdf4a42e66ce8de35a6ba48ca9f62016bad1cd81fe059435cb858ce3235a8a2b408082a81563e70a7",
    bytes: 177_817_999,
};

/// The library could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no pinned package for this platform.
    #[error(
        "no engine is pinned for {}-{}; name a libchdb.so of version {VERSION} in store.engine_library",
        std::env::consts::OS,
        std::env::consts::ARCH
    )]
    Platform,
    /// npm is not installed, or can't be run.
    #[error(
        "cannot run npm, which fetches the engine; install Node.js, or name a libchdb.so in store.engine_library"
    )]
    Npm(#[source] io::Error),
    /// npm did not get it.
    #[error("npm could not fetch {package}: {said}")]
    Transfer {
        /// Name and version.
        package: String,
        /// npm's words, in one line.
        said: String,
    },
    /// What came is not what is pinned here.
    #[error("{package} is not the one that is pinned: its sha512 is {found}")]
    Integrity {
        /// Name and version.
        package: String,
        /// Hexadecimal.
        found: String,
    },
    /// The archive has no library, or is damaged.
    #[error("cannot unpack {}", path.display())]
    Unpack {
        /// The archive.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The cache folder can't be written.
    #[error("cannot write {}", path.display())]
    Cache {
        /// What was to be written.
        path: PathBuf,
        /// Why it was not.
        #[source]
        source: io::Error,
    },
}

/// The library in `cache`, fetched first where it is absent. `progress` hears bytes so far and in all.
pub fn locate_or_fetch(
    cache: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<PathBuf, FetchError> {
    let package = package().ok_or(FetchError::Platform)?;
    let folder = cache.join("engine");
    let library = folder.join(VERSION).join(LIBRARY);
    if library.is_file() {
        return Ok(library);
    }
    let cannot_write = |source| FetchError::Cache {
        path: folder.clone(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(cannot_write)?;
    // Who comes second waits here, and then finds the library.
    let lock = File::create(folder.join("lock")).map_err(cannot_write)?;
    lock.lock().map_err(cannot_write)?;
    if !library.is_file() {
        let scratch = Scratch::make(&folder).map_err(cannot_write)?;
        let archive = package.transfer(&scratch.path, progress)?;
        package.verify(&archive)?;
        let unpacked = unpack(&archive, &scratch.path)?;
        put_in_place(&unpacked, &library).map_err(|source| FetchError::Cache {
            path: library.clone(),
            source,
        })?;
    }
    Ok(library)
}

fn package() -> Option<&'static Package> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some(&LINUX_X64),
        _ => None,
    }
}

// === impl Package ===

impl Package {
    fn spec(&self) -> String {
        format!("{}@{VERSION}", self.name)
    }

    /// Has npm put the archive into `folder`.
    fn transfer(
        &self,
        folder: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<PathBuf, FetchError> {
        // A cache of its own: the user's would keep a copy that nobody needs, and its growth shows how far it is.
        let npm_cache = folder.join("npm");
        let said = folder.join("said");
        let output = File::create(&said).map_err(|source| FetchError::Cache {
            path: said.clone(),
            source,
        })?;
        let child = Command::new("npm")
            .args(["pack", "--loglevel=error", "--ignore-scripts", "--cache"])
            .args([&npm_cache, Path::new("--pack-destination"), folder])
            .arg(self.spec())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .map_err(FetchError::Npm)?;
        let done = watch(child, || {
            progress(size_of(&npm_cache).min(self.bytes), self.bytes);
        });
        let succeeded = done.map_err(FetchError::Npm)?;
        // npm names the archive after the package, differently in its versions.
        match archive_in(folder).filter(|_| succeeded) {
            Some(archive) => Ok(archive),
            None => Err(FetchError::Transfer {
                package: self.spec(),
                said: words_in(&said),
            }),
        }
    }

    fn verify(&self, archive: &Path) -> Result<(), FetchError> {
        let found = sha512(archive).map_err(|source| FetchError::Unpack {
            path: archive.to_owned(),
            source,
        })?;
        match found == self.sha512 {
            true => Ok(()),
            false => Err(FetchError::Integrity {
                package: self.spec(),
                found,
            }),
        }
    }
}

/// Waits for a process, looking up again and again. Whether it succeeded.
fn watch(mut child: Child, mut look: impl FnMut()) -> io::Result<bool> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        look();
        std::thread::sleep(LOOK_INTERVAL);
    }
}

fn archive_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
}

fn words_in(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Bytes of all files below a folder; what vanishes meanwhile counts nothing.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

fn sha512(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha512::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let digest = digest.finalize();
            return Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        digest.update(&buffer[..read]);
    }
}

/// Takes the library out of the archive into `folder`.
fn unpack(archive: &Path, folder: &Path) -> Result<PathBuf, FetchError> {
    let target = folder.join(LIBRARY);
    take_library(archive, &target).map_err(|source| FetchError::Unpack {
        path: archive.to_owned(),
        source,
    })?;
    Ok(target)
}

fn take_library(archive: &Path, target: &Path) -> io::Result<()> {
    let unzipped = MultiGzDecoder::new(File::open(archive)?).take(MOST_BYTES);
    for entry in tar::Archive::new(unzipped).entries()? {
        let mut entry = entry?;
        let is_library = entry
            .path()?
            .file_name()
            .is_some_and(|name| name == LIBRARY);
        if is_library {
            let mut file = File::create(target)?;
            io::copy(&mut entry, &mut file)?;
            return file.sync_all();
        }
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!("it has no {LIBRARY}"),
    ))
}

fn put_in_place(unpacked: &Path, library: &Path) -> io::Result<()> {
    let folder = library
        .parent()
        .expect("it stands in a folder of its version");
    std::fs::create_dir_all(folder)?;
    std::fs::rename(unpacked, library)
}

/// A folder for what is not needed afterwards.
struct Scratch {
    path: PathBuf,
}

// === impl Scratch ===

impl Scratch {
    /// In `folder`, where what fetches that were killed have left is removed. Each has a name of its own, since an npm that
    /// outlived its parent may still write to the former one.
    fn make(folder: &Path) -> io::Result<Self> {
        const PREFIX: &str = "scratch-";
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let is_scratch = entry.file_name().to_string_lossy().starts_with(PREFIX);
            if is_scratch {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        let path = folder.join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is removed by the next fetch.
        std::fs::remove_dir_all(&self.path).ok();
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tempfile::TempDir;

    use super::*;

    /// An archive as npm packs it, with these files.
    fn archive(folder: &TempDir, files: &[(&str, &[u8])]) -> PathBuf {
        let path = folder.path().join("package.tgz");
        let zipped = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        let mut tar = tar::Builder::new(zipped);
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("package/{name}"), *content)
                .unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn the_library_alone_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 2] = [("package.json", b"{}"), (LIBRARY, b"code")];
        let archive = archive(&folder, &files);
        let library = unpack(&archive, folder.path()).unwrap();
        assert_eq!(std::fs::read(library).unwrap(), b"code");
        assert!(!folder.path().join("package.json").exists());
    }

    #[test]
    fn an_archive_without_a_library_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&folder, &[("package.json", b"{}")]);
        let error = unpack(&archive, folder.path()).unwrap_err();
        let told = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(told, format!("it has no {LIBRARY}"));
    }

    #[test]
    fn another_archive_than_the_pinned_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&folder, &[(LIBRARY, b"code")]);
        let refused = LINUX_X64.verify(&archive);
        assert!(
            matches!(refused, Err(FetchError::Integrity { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn a_library_that_is_there_is_not_fetched() {
        let cache = tempfile::tempdir().unwrap();
        let library = cache.path().join("engine").join(VERSION).join(LIBRARY);
        std::fs::create_dir_all(library.parent().unwrap()).unwrap();
        std::fs::write(&library, b"code").unwrap();
        if package().is_some() {
            let mut heard = false;
            let located = locate_or_fetch(cache.path(), &mut |_, _| heard = true);
            assert_eq!(located.unwrap(), library);
            assert!(!heard);
        }
    }

    #[test]
    fn leftovers_of_a_killed_fetch_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let former = folder.path().join("scratch-1");
        std::fs::create_dir(&former).unwrap();
        std::fs::write(former.join("package.tgz"), b"half").unwrap();
        let scratch = Scratch::make(folder.path()).unwrap();
        assert!(!former.exists());
        assert!(archive_in(&scratch.path).is_none());
    }
}
