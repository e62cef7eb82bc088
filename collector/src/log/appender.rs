//! Writes records to the end of a lane and makes them durable together.
//!
//! Not here: what the records mean. Invariant: after a failed write or sync nothing is written to that file again, since
//! what a kernel does with pages whose sync failed is its own affair; the next group goes to a new file and begins with a
//! record that voids the failed one.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;

use super::disk::{Disk, Os};
use super::group::Group;
use super::record::{HEADER, LaneId, Note, Place, Range};
use super::request::Request;
use super::segment::{Pool, Segment};

/// The end of a lane.
#[derive(Debug)]
pub(crate) struct Appender<D: Disk = Os> {
    lane: LaneId,
    folder: PathBuf,
    pool: Pool<D>,
    /// All that hold something, oldest first.
    segments: VecDeque<Arc<Segment<D>>>,
    /// Whether the last segment may be written to.
    is_open: bool,
    /// Whether the lane's folder is there.
    is_made: bool,
    /// Segments left the lane, and a power failure may bring them back.
    is_forgetting: bool,
    /// Where the next record goes.
    position: u64,
    /// The group so far, for the last segment; what belongs to earlier ones is written already.
    group: Group,
    /// Where the group begins, over all segments.
    group_from: u64,
    /// Whether some of the group may be in a file.
    is_written: bool,
    /// Written to in this group, beside the last one.
    unsynced: Vec<Arc<Segment<D>>>,
    /// Stretches that have to be voided, since their sync failed or nothing stands there; in order.
    failed: Vec<Range>,
    /// Whether this group voids them.
    is_void_staged: bool,
}

/// The part of a segment that belongs to a stretch of the lane.
#[derive(Clone, Debug)]
pub(crate) struct Piece<D: Disk = Os> {
    pub(crate) segment: Arc<Segment<D>>,
    pub(crate) range: Range,
}

/// The pieces of these segments, each up to where the next one begins.
pub(crate) fn pieces<D: Disk>(segments: &[Arc<Segment<D>>], range: Range) -> Vec<Piece<D>> {
    let nexts = segments.iter().skip(1).map(|next| next.base);
    let ends = nexts.chain([u64::MAX]);
    let clipped = segments.iter().zip(ends).map(|(segment, next)| Piece {
        segment: Arc::clone(segment),
        range: Range {
            from: segment.base.max(range.from),
            to: segment.range().to.min(next).min(range.to),
        },
    });
    clipped
        .filter(|piece| piece.range.from < piece.range.to)
        .collect()
}

// === impl Appender ===

impl<D: Disk> Appender<D> {
    /// Of a lane that holds nothing; its folder is made with its first segment.
    pub(crate) fn new(lane: LaneId, folder: PathBuf, pool: Pool<D>) -> Self {
        Self {
            lane,
            folder,
            pool,
            segments: VecDeque::new(),
            is_open: false,
            is_made: false,
            is_forgetting: false,
            position: 0,
            group: Group::default(),
            group_from: 0,
            is_written: false,
            unsynced: Vec::new(),
            failed: Vec::new(),
            is_void_staged: false,
        }
    }

    /// Goes on at `position`, in a segment yet to be made. The next group says that nothing stands in these stretches.
    pub(crate) fn behind(
        self,
        segments: Vec<Arc<Segment<D>>>,
        nothing: Vec<Range>,
        position: u64,
    ) -> Self {
        Self {
            segments: segments.into(),
            is_made: true,
            position,
            group_from: position,
            failed: nothing,
            ..self
        }
    }

    pub(crate) fn lane(&self) -> LaneId {
        self.lane
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn disk(&self) -> &D {
        self.pool.disk()
    }

    #[cfg(test)]
    pub(crate) fn put_on(&mut self, pool: Pool<D>) {
        self.pool = pool;
    }

    /// Where the next record will stand, unless a segment ends before.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// What holds this stretch.
    pub(crate) fn pieces(&mut self, range: Range) -> Vec<Piece<D>> {
        pieces(self.segments.make_contiguous(), range)
    }

    /// Adds a request to the group.
    pub(crate) fn stage_request(&mut self, request: &Request) -> io::Result<()> {
        self.stage_void(false)?;
        self.make_room(request.framed(), false)?;
        self.group.put_request(request, self.place());
        self.position += request.framed();
        Ok(())
    }

    /// Adds a note to the group.
    pub(crate) fn stage(&mut self, note: Note) -> io::Result<()> {
        self.stage_void(true)?;
        self.stage_note(note, true)
    }

    /// Writes and syncs the group; after `Ok` it is durable. Returns the stretches that it voids.
    pub(crate) fn sync(&mut self) -> io::Result<Vec<Range>> {
        self.write_group()?;
        for segment in std::mem::take(&mut self.unsynced) {
            segment.sync()?;
        }
        if let Some(last) = self.segments.back().filter(|_| self.is_written) {
            last.sync()?;
        }
        self.group_from = self.position;
        self.is_written = false;
        Ok(match std::mem::take(&mut self.is_void_staged) {
            true => std::mem::take(&mut self.failed),
            false => Vec::new(),
        })
    }

    /// Gives up the group, and the file if some of it may be there.
    pub(crate) fn abandon(&mut self) {
        let from = self.group_from;
        self.group.clear();
        self.unsynced.clear();
        self.is_void_staged = false;
        if !std::mem::take(&mut self.is_written) {
            self.position = from;
            return;
        }
        self.is_open = false;
        self.group_from = self.position;
        self.take_back(from);
        match self.failed.last_mut() {
            Some(before) if before.to == from => before.to = self.position,
            _ => self.failed.push(Range {
                from,
                to: self.position,
            }),
        }
    }

    /// Gives back every segment that ends at or before `position`, but for the one that is written to.
    pub(crate) fn release(&mut self, position: u64) -> io::Result<()> {
        while self.segments.len() > 1 && self.segments[1].base <= position {
            self.give_back_first()?;
        }
        Ok(())
    }

    /// Gives everything back and removes the folder.
    pub(crate) fn remove(mut self) -> io::Result<()> {
        if !self.is_made {
            return Ok(());
        }
        while !self.segments.is_empty() {
            self.give_back_first()?;
        }
        self.disk().remove_folder(&self.folder)
    }

    /// What says that the first is done stands in those behind it: they must not go before it is gone for good.
    fn give_back_first(&mut self) -> io::Result<()> {
        if self.is_forgetting {
            self.disk().sync_folder(&self.folder)?;
            self.is_forgetting = false;
        }
        if let Some(first) = self.segments.front() {
            self.pool.give_back(first)?;
            self.segments.pop_front();
            self.is_forgetting = true;
        }
        Ok(())
    }

    fn stage_void(&mut self, is_note: bool) -> io::Result<()> {
        if self.is_void_staged {
            return Ok(());
        }
        for number in 0..self.failed.len() {
            // Its room is a note's where a note follows: for a request that finds none it would take the last there is.
            self.stage_note(Note::Void(self.failed[number]), is_note)?;
            self.is_void_staged = true;
        }
        Ok(())
    }

    fn stage_note(&mut self, note: Note, is_note: bool) -> io::Result<()> {
        self.make_room(note.framed(), is_note)?;
        self.group.put_note(note, self.place());
        self.position += note.framed();
        Ok(())
    }

    fn place(&self) -> Place {
        Place {
            lane: self.lane,
            position: self.position,
            // What failed is not behind us before the record that voids it is synced.
            group: self
                .failed
                .first()
                .map_or(self.group_from, |failed| failed.from),
        }
    }

    fn make_room(&mut self, bytes: u64, is_note: bool) -> io::Result<()> {
        let end = self.segments.back().map_or(0, |last| last.range().to);
        if self.is_open && self.position + bytes <= end {
            return Ok(());
        }
        // First: where there is none, the file that is written to remains as it is.
        let segment = self.take_segment(bytes, is_note)?;
        if let Err(error) = self.write_group() {
            // Where it can't be removed, it goes with the lane.
            self.pool.remove(&segment).ok();
            return Err(error);
        }
        if self.is_open {
            self.unsynced.extend(self.segments.back().cloned());
        }
        self.segments.push_back(Arc::new(segment));
        self.is_open = true;
        Ok(())
    }

    fn take_segment(&mut self, bytes: u64, is_note: bool) -> io::Result<Segment<D>> {
        if !self.is_made {
            self.disk().create_folder(&self.folder)?;
            let lanes = self.folder.parent().expect("a lane is in a folder");
            self.disk().sync_folder(lanes)?;
            self.is_made = true;
        }
        let take = match is_note {
            // What is noted brings room: without it a full disk could never be emptied.
            true => Pool::take_at_need,
            false => Pool::take,
        };
        let segment = take(&self.pool, &self.folder, self.position, bytes)?;
        // It syncs the folder.
        self.is_forgetting = false;
        Ok(segment)
    }

    /// Writes what is gathered, and zeros where the next header will stand: what an earlier life of the file left there
    /// must not look like damage.
    fn write_group(&mut self) -> io::Result<()> {
        let Some(last) = self.segments.back().filter(|_| !self.group.is_empty()) else {
            return Ok(());
        };
        self.is_written = true;
        let zeros = (last.range().to - self.position).min(HEADER as u64) as usize;
        self.group.write(last, zeros)?;
        self.group.clear();
        Ok(())
    }

    /// Nobody shall find there what was not made durable, not even a process that comes after this one, to which the system
    /// would show it. Nor does it take room. What fails here a power failure could undo as well: the next group voids it.
    fn take_back(&mut self, from: u64) {
        while let Some(last) = self.segments.back().filter(|last| last.range().to > from) {
            let taken_back = match last.base < from {
                true => last.cut_short(from).map(Some),
                false => self.pool.remove(last).map(|()| None),
            };
            let taken_back = taken_back.or_else(|error| {
                last.blank(from.max(last.base))?;
                Err::<Option<Segment<D>>, _>(error)
            });
            if let Err(error) = &taken_back {
                warn!(%error, lane = %self.lane, "cannot take back what was not made durable");
            }
            match (taken_back, last.base < from) {
                (Ok(shorter), _) => {
                    self.segments.pop_back();
                    self.segments.extend(shorter.map(Arc::new));
                }
                (Err(_), false) => {
                    self.segments.pop_back();
                }
                (Err(_), true) => return,
            }
        }
    }
}
