//! Writes records to the end of a lane and makes them durable together.
//!
//! Not here: what the records mean. Invariant: after a failed write or sync nothing is written to that file again, since
//! what a kernel does with pages whose sync failed is its own affair; the next group goes to a new file and begins with a
//! record that voids the failed one.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{HEADER, LaneId, Range, Record};
use super::segment::{Pool, Segment};

/// The end of a lane.
#[derive(Debug)]
pub(crate) struct Appender {
    lane: LaneId,
    folder: PathBuf,
    pool: Pool,
    /// All that hold something, oldest first.
    segments: VecDeque<Arc<Segment>>,
    /// Whether the last segment may be written to.
    is_open: bool,
    /// Where the next record goes.
    position: u64,
    /// The group so far, for the last segment; what belongs to earlier ones is written already.
    buffer: Vec<u8>,
    /// Where `buffer` begins.
    buffer_position: u64,
    /// Written to in this group, beside the last one.
    unsynced: Vec<Arc<Segment>>,
    /// A stretch that has to be voided, since its sync failed or nothing stands there.
    failed: Option<Range>,
    /// Whether this group voids it.
    is_void_staged: bool,
}

/// The part of a segment that belongs to a stretch of the lane.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) segment: Arc<Segment>,
    pub(crate) range: Range,
}

/// The pieces of these segments, each up to where the next one begins.
pub(crate) fn pieces(segments: &[Arc<Segment>], range: Range) -> Vec<Piece> {
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

impl Appender {
    /// Goes on at `position`, in a segment yet to be made.
    pub(crate) fn new(
        lane: LaneId,
        folder: PathBuf,
        pool: Pool,
        segments: Vec<Arc<Segment>>,
        position: u64,
    ) -> Self {
        Self {
            lane,
            folder,
            pool,
            segments: segments.into(),
            is_open: false,
            position,
            buffer: Vec::new(),
            buffer_position: position,
            unsynced: Vec::new(),
            failed: None,
            is_void_staged: false,
        }
    }

    /// Says with the next group that nothing stands from here to where the lane goes on.
    pub(crate) fn behind_gap(self, from: u64) -> Self {
        let gap = Range {
            from,
            to: self.position,
        };
        Self {
            failed: (from < self.position).then_some(gap),
            ..self
        }
    }

    pub(crate) fn lane(&self) -> LaneId {
        self.lane
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the next record will stand, unless a segment ends before.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// What holds this stretch.
    pub(crate) fn pieces(&mut self, range: Range) -> Vec<Piece> {
        pieces(self.segments.make_contiguous(), range)
    }

    /// Adds a record to the group and tells where it stands.
    pub(crate) fn stage(&mut self, record: &Record) -> io::Result<Range> {
        // Also of the void that goes before: for a request that finds no room it would take the last there is.
        let is_note = !matches!(record, Record::Request(_));
        if let Some(failed) = self.failed.filter(|_| !self.is_void_staged) {
            let void = Record::Void(failed);
            self.make_room(void.framed(), is_note)?;
            self.put(&void);
            self.is_void_staged = true;
        }
        self.make_room(record.framed(), is_note)?;
        Ok(self.put(record))
    }

    /// Writes and syncs the group; after `Ok` it is durable. Returns the stretch that it voids, if it voids one.
    pub(crate) fn sync(&mut self) -> io::Result<Option<Range>> {
        self.write_buffer()?;
        for segment in std::mem::take(&mut self.unsynced) {
            segment.sync()?;
        }
        if let Some(last) = self.segments.back().filter(|_| self.is_open) {
            last.sync()?;
        }
        let is_voided = std::mem::take(&mut self.is_void_staged);
        Ok(if is_voided { self.failed.take() } else { None })
    }

    /// Gives up the group that began at `from`, and the file.
    pub(crate) fn abandon(&mut self, from: u64) {
        let from = self.failed.map_or(from, |failed| failed.from.min(from));
        self.buffer.clear();
        self.unsynced.clear();
        self.is_open = false;
        self.is_void_staged = false;
        self.buffer_position = self.position;
        if self.position > from {
            self.failed = Some(Range {
                from,
                to: self.position,
            });
        }
    }

    /// Gives back every segment that ends at or before `position`, but for the one that is written to.
    pub(crate) fn release(&mut self, position: u64) -> io::Result<()> {
        while self.segments.len() > 1 {
            let next_begins = self.segments[1].base;
            if next_begins > position {
                break;
            }
            let segment = self.segments.pop_front().expect("there are two");
            self.pool.give_back(&segment)?;
        }
        Ok(())
    }

    /// Gives everything back and removes the folder.
    pub(crate) fn remove(mut self) -> io::Result<()> {
        for segment in self.segments.drain(..) {
            self.pool.give_back(&segment)?;
        }
        std::fs::remove_dir(&self.folder)
    }

    fn make_room(&mut self, bytes: u64, is_note: bool) -> io::Result<()> {
        let end = self.segments.back().map_or(0, |last| last.range().to);
        if self.is_open && self.position + bytes <= end {
            return Ok(());
        }
        self.write_buffer()?;
        if self.is_open {
            self.unsynced.extend(self.segments.back().cloned());
        }
        let take = match is_note {
            // What is noted brings room: without it a full disk could never be emptied.
            true => Pool::take_at_need,
            false => Pool::take,
        };
        let segment = take(&self.pool, &self.folder, self.position, bytes)?;
        self.segments.push_back(Arc::new(segment));
        self.is_open = true;
        self.buffer_position = self.position;
        Ok(())
    }

    fn put(&mut self, record: &Record) -> Range {
        let from = self.position;
        record.put(self.lane, from, &mut self.buffer);
        self.position = self.buffer_position + self.buffer.len() as u64;
        Range {
            from,
            to: self.position,
        }
    }

    /// Writes what is gathered, and zeros where the next header will stand: what an earlier life of the file left there
    /// must not look like damage.
    fn write_buffer(&mut self) -> io::Result<()> {
        let Some(last) = self.segments.back().filter(|_| !self.buffer.is_empty()) else {
            return Ok(());
        };
        let end = last.range().to;
        let zeros = (end - self.position).min(HEADER as u64) as usize;
        self.buffer.resize(self.buffer.len() + zeros, 0);
        last.write(&self.buffer, self.buffer_position)?;
        self.buffer.clear();
        self.buffer_position = self.position;
        Ok(())
    }
}
