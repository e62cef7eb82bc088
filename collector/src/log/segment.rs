//! Files of a lane: preallocated, filled from front to back, and used again once the store has what they hold.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};

use super::disk::{Disk, DiskFile, Os};
use super::record::{HEADER, LaneId, Range, is_header};

/// Ends the name of a segment; in front of it stand 16 hex digits of its first position.
const SUFFIX: &str = ".segment";
/// Of a segment that holds only what a lane notes for itself.
const SMALLEST: u64 = 4 << 10;
/// Some, so that a burst finds them; few, so that the disk is not held.
const KEPT_FREE: usize = 4;
/// What a disk loses at once, when it can't read something.
const SECTOR: u64 = 4 << 10;
/// In place of what can't be read: neither a record nor the zeros behind the last one.
const UNREADABLE: u8 = 0xbd;

/// One file, open.
#[derive(Debug)]
pub(crate) struct Segment<D: Disk = Os> {
    file: Arc<D::File>,
    path: PathBuf,
    /// The position of its first byte in the lane.
    pub(crate) base: u64,
    pub(crate) capacity: u64,
}

/// The segments that a folder holds.
#[derive(Debug)]
pub(crate) struct Listed<D: Disk> {
    /// In the order of the lane.
    pub(crate) segments: Vec<Segment<D>>,
    /// Those that can't be opened.
    pub(crate) lost: Vec<(PathBuf, io::Error)>,
}

/// Makes segments, and takes them back. Clones share the folder of free ones.
#[derive(Clone, Debug)]
pub(crate) struct Pool<D: Disk = Os> {
    disk: D,
    folder: PathBuf,
    pub(crate) segment_size: u64,
    /// Used segments that wait for their next use.
    kept_free: usize,
    /// For names in the folder of free ones, which say nothing.
    serial: Arc<AtomicU64>,
}

// === impl Segment ===

impl<D: Disk> Segment<D> {
    /// The segments in a lane's folder.
    pub(crate) fn list(disk: &D, lane_folder: &Path) -> io::Result<Listed<D>> {
        let mut listed = Listed {
            segments: Vec::new(),
            lost: Vec::new(),
        };
        for path in disk.list(lane_folder)? {
            let name = path.file_name().and_then(|name| name.to_str());
            let base = name.and_then(|name| name.strip_suffix(SUFFIX));
            if let Some(base) = base.and_then(|base| u64::from_str_radix(base, 16).ok()) {
                let opened = disk
                    .open(&path)
                    .and_then(|file| Self::of(file, path.clone(), base));
                match opened {
                    Ok(segment) => listed.segments.push(segment),
                    Err(error) => listed.lost.push((path, error)),
                }
            }
        }
        listed.segments.sort_by_key(|segment| segment.base);
        Ok(listed)
    }

    fn of(file: D::File, path: PathBuf, base: u64) -> io::Result<Self> {
        Ok(Self {
            capacity: file.length()?,
            file: Arc::new(file),
            path,
            base,
        })
    }

    /// All that it may hold.
    pub(crate) const fn range(&self) -> Range {
        Range {
            from: self.base,
            to: self.base + self.capacity,
        }
    }

    /// The bytes of this stretch, as far as they are in this segment; with the position of the first. What the disk can't read
    /// comes as bytes that are no record. They are read into the memory of `buffer`.
    pub(crate) fn read(&self, range: Range, mut buffer: BytesMut) -> io::Result<(u64, Bytes)> {
        let from = range.from.max(self.base);
        let to = range.to.min(self.base + self.capacity);
        let length = usize::try_from(to.saturating_sub(from)).map_err(io::Error::other)?;
        buffer.resize(length, 0);
        if self.file.read(&mut buffer, from - self.base).is_err() {
            self.read_what_is_readable(&mut buffer, from - self.base);
        }
        Ok((from, buffer.freeze()))
    }

    fn read_what_is_readable(&self, bytes: &mut [u8], offset: u64) {
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done as u64;
            let to_boundary = (SECTOR - at % SECTOR) as usize;
            let end = bytes.len().min(done + to_boundary);
            let piece = &mut bytes[done..end];
            if self.file.read(piece, at).is_err() {
                piece.fill(UNREADABLE);
            }
            done = end;
        }
    }

    /// Whether a record of this lane stands at its front, judged by the header.
    pub(crate) fn begins_with_record(&self, lane: LaneId) -> io::Result<bool> {
        let header = Range {
            from: self.base,
            to: self.base + HEADER as u64,
        };
        Ok(is_header(
            lane,
            self.base,
            &self.read(header, BytesMut::new())?.1,
        ))
    }

    pub(crate) fn write(&self, pieces: &mut [IoSlice<'_>], position: u64) -> io::Result<()> {
        self.file.write(pieces, position - self.base)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    /// The segment without what stands at and behind `position`, where it gives back its room.
    pub(crate) fn cut_short(&self, position: u64) -> io::Result<Self> {
        self.file.truncate(position - self.base)?;
        Ok(Self {
            file: Arc::clone(&self.file),
            path: self.path.clone(),
            base: self.base,
            capacity: position - self.base,
        })
    }

    /// Says that nothing stands from `position` on.
    pub(crate) fn blank(&self, position: u64) -> io::Result<()> {
        let room = (self.range().to - position).min(HEADER as u64) as usize;
        self.write(&mut [IoSlice::new(&[0; HEADER][..room])], position)
    }
}

// === impl Pool ===

impl<D: Disk> Pool<D> {
    /// The pool over a folder, which is made if it is not there.
    pub(crate) fn open(disk: D, folder: PathBuf, segment_size: u64) -> io::Result<Self> {
        disk.create_folder(&folder)?;
        let pool = Self {
            disk,
            folder,
            segment_size,
            kept_free: KEPT_FREE,
            serial: Arc::default(),
        };
        // Of another size after a change of the version, or half-made.
        for path in pool.free()? {
            let is_usable = pool.disk.open(&path).and_then(|file| file.length());
            if is_usable.ok() != Some(segment_size) {
                pool.disk.remove(&path)?;
            }
        }
        Ok(pool)
    }

    pub(crate) fn disk(&self) -> &D {
        &self.disk
    }

    /// For a lane that takes no more requests: what it notes for itself takes little room, and what it had is not used again.
    pub(crate) fn for_notes(&self) -> Self {
        Self {
            segment_size: SMALLEST,
            kept_free: 0,
            ..self.clone()
        }
    }

    /// A segment for a lane, in place and durable, with room for at least `room` bytes.
    pub(crate) fn take(&self, lane_folder: &Path, base: u64, room: u64) -> io::Result<Segment<D>> {
        let path = lane_folder.join(format!("{base:016x}{SUFFIX}"));
        let capacity = room.max(self.segment_size);
        let taken = self.take_or_make(&path, capacity).and_then(|file| {
            self.disk.sync_folder(lane_folder)?;
            let segment = Segment::of(file, path.clone(), base)?;
            // What it held in its former use must not look like a torn one. Not sooner: until now a power failure could put
            // it back to where it was.
            segment.blank(base)?;
            Ok(segment)
        });
        if taken.is_err() {
            // It would hold room that nobody counts. Where it can't be removed, the next start does.
            self.disk.remove(&path).ok();
        }
        taken
    }

    fn take_or_make(&self, path: &Path, capacity: u64) -> io::Result<D::File> {
        let may_be_free = capacity == self.segment_size && self.kept_free > 0;
        if may_be_free && self.take_free(path)? {
            return self.disk.open(path);
        }
        // Its length becomes durable with the first group.
        self.disk.create(path, capacity)
    }

    /// As [`Pool::take`], and a small one where the disk is full.
    pub(crate) fn take_at_need(
        &self,
        lane_folder: &Path,
        base: u64,
        room: u64,
    ) -> io::Result<Segment<D>> {
        self.take(lane_folder, base, room)
            .or_else(|_| self.for_notes().take(lane_folder, base, room))
    }

    /// Takes back a segment that nobody needs. Its name is gone for good once the lane's folder is synced.
    pub(crate) fn give_back(&self, segment: &Segment<D>) -> io::Result<()> {
        let is_worth_it =
            segment.capacity == self.segment_size && self.free()?.len() < self.kept_free;
        match is_worth_it {
            true => self.disk.rename(&segment.path, &self.fresh_path()?),
            false => self.remove(segment),
        }
    }

    /// Removes a segment.
    pub(crate) fn remove(&self, segment: &Segment<D>) -> io::Result<()> {
        self.disk.remove(&segment.path)
    }

    fn take_free(&self, path: &Path) -> io::Result<bool> {
        for free in self.free()? {
            // Another lane may have been quicker.
            match self.disk.rename(&free, path) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn free(&self) -> io::Result<Vec<PathBuf>> {
        self.disk.list(&self.folder)
    }

    fn fresh_path(&self) -> io::Result<PathBuf> {
        let taken = self.free()?;
        loop {
            let serial = self.serial.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{serial}{SUFFIX}"));
            if !taken.contains(&path) {
                return Ok(path);
            }
        }
    }
}
