//! What the log asks of a file system, and the operating system's answer.
//!
//! Everything that the log reads or writes goes through here, so that tests put a disk of their own under it, which forgets
//! what was not synced. It is a type parameter: the compiler makes the real one disappear. Not here: what the files mean.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};

#[cfg(test)]
pub(crate) mod simulated;

/// A file system. Clones are the same one.
pub(crate) trait Disk: Clone + fmt::Debug + Send + Sync + 'static {
    type File: DiskFile;

    /// Makes a folder; one that is there already is fine, its parent must be.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// The paths in a folder, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// A file of zeros that has its room on the disk, in place of one that may be there; or none.
    fn create(&self, path: &Path, length: u64) -> io::Result<Self::File>;

    fn open(&self, path: &Path) -> io::Result<Self::File>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Of an empty folder.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// An open file.
pub(crate) trait DiskFile: fmt::Debug + Send + Sync + 'static {
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from this offset on.
    fn read(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes the pieces one behind the other.
    fn write(&self, pieces: &mut [IoSlice<'_>], offset: u64) -> io::Result<()>;

    /// Forgets what stands at and behind this offset.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes its bytes and its length durable.
    fn sync(&self) -> io::Result<()>;
}

/// The operating system's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Os;

/// Puts bytes into a file of a folder of its own, durably; for somebody to look into.
pub(crate) fn set_aside<D: Disk>(
    disk: &D,
    folder: &Path,
    name: &str,
    pieces: &[impl AsRef<[u8]>],
) -> io::Result<()> {
    disk.create_folder(folder)?;
    let length = pieces.iter().map(|piece| piece.as_ref().len() as u64).sum();
    let file = disk.create(&folder.join(name), length)?;
    let mut slices: Vec<IoSlice<'_>> = pieces
        .iter()
        .map(|piece| IoSlice::new(piece.as_ref()))
        .collect();
    file.write(&mut slices, 0)?;
    file.sync()?;
    // The folder may be new as well.
    folder
        .ancestors()
        .take(2)
        .try_for_each(|folder| disk.sync_folder(folder))
}

// === impl Disk for Os ===

impl Disk for Os {
    type File = File;

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            created => created,
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder)?;
        entries.map(|entry| Ok(entry?.path())).collect()
    }

    fn create(&self, path: &Path, length: u64) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        let allocated = match length {
            0 => Ok(()),
            length => fallocate(&file, FallocateFlags::empty(), 0, length),
        };
        if let Err(error) = allocated {
            // It may hold the last of the room. Where it can't be removed, the next attempt overwrites it.
            fs::remove_file(path).ok();
            return Err(error.into());
        }
        Ok(file)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

// === impl DiskFile for File ===

impl DiskFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(bytes, offset)
    }

    fn write(&self, mut pieces: &mut [IoSlice<'_>], mut offset: u64) -> io::Result<()> {
        /// What one call takes (`IOV_MAX`).
        const MOST_PIECES: usize = 1024;
        IoSlice::advance_slices(&mut pieces, 0);
        while !pieces.is_empty() {
            let some = &pieces[..pieces.len().min(MOST_PIECES)];
            match rustix::io::pwritev(self, some, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    IoSlice::advance_slices(&mut pieces, written);
                    offset += written as u64;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
