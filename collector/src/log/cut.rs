//! A range of one lane whose requests become one batch: the same requests in the same order, however often it is read.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::appender::Piece;
use super::disk::{Disk, Os, set_aside};
use super::record::{BlockName, Found, LaneId, Range, Record, walk};
use super::request::Request;

/// A batch that is to be inserted.
#[derive(Clone, Debug)]
pub(crate) struct Cut<D: Disk = Os> {
    pub(crate) lane: LaneId,
    pub(crate) range: Range,
    /// Whether an earlier process may have inserted some of it.
    pub(crate) is_suspect: bool,
    /// Blocks that were found absent after an insert that was said to be done, and how often.
    pub(crate) generations: BTreeMap<BlockName, u32>,
    pub(super) disk: D,
    pub(super) voids: Vec<Range>,
    /// Told and set aside when the lane was opened.
    pub(super) damage: Vec<Range>,
    pub(super) pieces: Vec<Piece<D>>,
}

/// What a cut holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) requests: Vec<Request>,
    /// Stretches that can't be read any more, and could when the lane was opened.
    pub(crate) damaged: u64,
}

// === impl Cut ===

impl<D: Disk> Cut<D> {
    /// Reads its requests, in order.
    pub(crate) fn read(&self) -> io::Result<Contents> {
        let mut contents = Contents::default();
        for piece in &self.pieces {
            let (start, bytes) = piece.segment.read(piece.range)?;
            walk(self.lane, start, &bytes, |found| match found {
                Found::Record { at, .. } if overlaps(&self.voids, at) => {}
                Found::Record {
                    record: Record::Request(request),
                    ..
                } => contents.requests.push(request),
                Found::Record { .. } => {}
                Found::Damage(at) if overlaps(&self.voids, at) => {}
                Found::Damage(at) if overlaps(&self.damage, at) => {}
                Found::Damage(_) => contents.damaged += 1,
            });
        }
        Ok(contents)
    }

    /// Copies its bytes, as they stand in the log, to a file in this folder, durably.
    pub(crate) fn save(&self, folder: &Path, name: &str) -> io::Result<()> {
        let pieces = self.pieces.iter();
        let pieces = pieces.map(|piece| Ok(piece.segment.read(piece.range)?.1));
        let pieces = pieces.collect::<io::Result<Vec<_>>>()?;
        set_aside(&self.disk, folder, name, &pieces)
    }
}

fn overlaps(ranges: &[Range], at: Range) -> bool {
    ranges.iter().any(|range| range.overlaps(at))
}
