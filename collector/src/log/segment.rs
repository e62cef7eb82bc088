//! Files of a lane: preallocated, filled from front to back, and used again once the store has what they hold.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use rustix::fs::{FallocateFlags, fallocate};

use super::record::{HEADER, Range};

/// Ends the name of a segment; in front of it stand 16 hex digits of its first position.
const SUFFIX: &str = ".segment";
/// Of a segment that holds only what a lane notes for itself.
const SMALLEST: u64 = 4 << 10;
/// Used segments that wait for their next use: some, so that a burst finds them; few, so that the disk is not held.
const KEPT_FREE: usize = 4;

/// One file, open.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    path: PathBuf,
    /// The position of its first byte in the lane.
    pub(crate) base: u64,
    pub(crate) capacity: u64,
}

/// Makes segments, and takes them back. Clones share the folder of free ones.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    folder: PathBuf,
    pub(crate) segment_size: u64,
    /// For names in the folder of free ones, which say nothing.
    serial: Arc<AtomicU64>,
}

/// Makes names of a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A file with its room on the disk, or none.
fn allocate(path: &Path, capacity: u64) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    let allocated = fallocate(&file, FallocateFlags::empty(), 0, capacity);
    let synced = allocated
        .map_err(io::Error::from)
        .and_then(|()| file.sync_all());
    if synced.is_err() {
        // It may hold the last of the room. Where it can't be removed, the next attempt overwrites it.
        fs::remove_file(path).ok();
    }
    synced
}

// === impl Segment ===

impl Segment {
    /// The segments in a lane's folder, in the order of the lane.
    pub(crate) fn list(lane_folder: &Path) -> io::Result<Vec<Self>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(lane_folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let base = name.and_then(|name| name.strip_suffix(SUFFIX));
            if let Some(base) = base.and_then(|base| u64::from_str_radix(base, 16).ok()) {
                segments.push(Self::open(path, base)?);
            }
        }
        segments.sort_by_key(|segment| segment.base);
        Ok(segments)
    }

    fn open(path: PathBuf, base: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let capacity = file.metadata()?.len();
        Ok(Self {
            file,
            path,
            base,
            capacity,
        })
    }

    /// All that it may hold.
    pub(crate) const fn range(&self) -> Range {
        Range {
            from: self.base,
            to: self.base + self.capacity,
        }
    }

    /// The bytes of this stretch, as far as they are in this segment; with the position of the first.
    pub(crate) fn read(&self, range: Range) -> io::Result<(u64, Bytes)> {
        let from = range.from.max(self.base);
        let to = range.to.min(self.base + self.capacity);
        let length = usize::try_from(to.saturating_sub(from)).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, from - self.base)?;
        Ok((from, bytes.into()))
    }

    pub(crate) fn write(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, position - self.base)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

// === impl Pool ===

impl Pool {
    /// The pool over a folder, which is made if it is not there.
    pub(crate) fn open(folder: PathBuf, segment_size: u64) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let pool = Self {
            folder,
            segment_size,
            serial: Arc::default(),
        };
        // Of another size after a change of the version, or half-made.
        for path in pool.free()? {
            if fs::metadata(&path)?.len() != segment_size {
                fs::remove_file(path)?;
            }
        }
        Ok(pool)
    }

    /// A segment for a lane, in place and durable, with room for at least `room` bytes.
    pub(crate) fn take(&self, lane_folder: &Path, base: u64, room: u64) -> io::Result<Segment> {
        let path = lane_folder.join(format!("{base:016x}{SUFFIX}"));
        let capacity = room.max(self.segment_size);
        let is_recycled = capacity == self.segment_size && self.take_free(&path)?;
        if !is_recycled {
            allocate(&path, capacity)?;
        }
        sync_folder(lane_folder)?;
        Segment::open(path, base)
    }

    /// As [`Pool::take`], and a small one where the disk is full.
    pub(crate) fn take_at_need(
        &self,
        lane_folder: &Path,
        base: u64,
        room: u64,
    ) -> io::Result<Segment> {
        let small = Self {
            segment_size: SMALLEST,
            ..self.clone()
        };
        self.take(lane_folder, base, room)
            .or_else(|_| small.take(lane_folder, base, room))
    }

    /// Takes back a segment that nobody needs.
    pub(crate) fn give_back(&self, segment: &Segment) -> io::Result<()> {
        let is_worth_it = segment.capacity == self.segment_size && self.free()?.len() < KEPT_FREE;
        match is_worth_it {
            true => {
                // So that a kill before its next use is written does not make its former one look like damage.
                segment.write(&[0; HEADER], segment.base)?;
                fs::rename(&segment.path, self.fresh_path())
            }
            false => fs::remove_file(&segment.path),
        }
    }

    fn take_free(&self, path: &Path) -> io::Result<bool> {
        for free in self.free()? {
            // Another lane may have been quicker.
            match fs::rename(free, path) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn free(&self) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.folder)?;
        entries.map(|entry| Ok(entry?.path())).collect()
    }

    fn fresh_path(&self) -> PathBuf {
        loop {
            let serial = self.serial.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{serial}{SUFFIX}"));
            if !path.exists() {
                return path;
            }
        }
    }
}
