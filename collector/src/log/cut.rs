//! A range of one lane whose requests become one batch: the same requests in the same order, however often it is read.

use std::collections::BTreeMap;
use std::path::Path;
use std::{io, mem};

use bytes::BytesMut;

use super::appender::Piece;
use super::disk::{Disk, Os, set_aside};
use super::record::{BlockName, Found, LaneId, Range, Record, walk, walk_front};
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

/// So much of a cut is in memory while it is read, unless a record is longer: what was just read is still near the processor
/// when it is used.
const WINDOW: u64 = 512 << 10;

// === impl Cut ===

impl<D: Disk> Cut<D> {
    /// Reads its requests, in order. Tells how many stretches can't be read any more, and could when the lane was opened.
    pub(crate) fn read(&self, mut visit: impl FnMut(Request)) -> io::Result<u64> {
        let mut damaged = 0;
        let mut buffer = BytesMut::new();
        for piece in &self.pieces {
            self.read_piece(piece, &mut buffer, |found| match found {
                Found::Record { at, .. } if overlaps(&self.voids, at) => {}
                Found::Record {
                    record: Record::Request(request),
                    ..
                } => visit(request),
                Found::Record { .. } => {}
                Found::Damage(at) if overlaps(&self.voids, at) => {}
                Found::Damage(at) if overlaps(&self.damage, at) => {}
                Found::Damage(_) => damaged += 1,
            })?;
        }
        Ok(damaged)
    }

    /// Window by window. Where no record is whole in one it is made larger, in the end to all that is left.
    fn read_piece(
        &self,
        piece: &Piece<D>,
        buffer: &mut BytesMut,
        mut visit: impl FnMut(Found),
    ) -> io::Result<()> {
        let Range { mut from, to } = piece.range;
        let mut length = WINDOW;
        while from < to {
            let window = Range {
                from,
                to: to.min(from.saturating_add(length)),
            };
            let (start, bytes) = piece.segment.read(window, mem::take(buffer))?;
            if window.to == to {
                walk(self.lane, start, &bytes, &mut visit);
                from = to;
            } else {
                let walked = walk_front(self.lane, start, &bytes, &mut visit);
                from = start + walked as u64;
                length = match walked {
                    0 => length.saturating_mul(2),
                    _ => WINDOW,
                };
            }
            // Its memory is used again, unless somebody keeps a request.
            *buffer = bytes.try_into_mut().unwrap_or_default();
        }
        Ok(())
    }

    /// Copies its bytes, as they stand in the log, to a file in this folder, durably.
    pub(crate) fn save(&self, folder: &Path, name: &str) -> io::Result<()> {
        let pieces = self.pieces.iter();
        let pieces = pieces.map(|piece| Ok(piece.segment.read(piece.range, BytesMut::new())?.1));
        let pieces = pieces.collect::<io::Result<Vec<_>>>()?;
        set_aside(&self.disk, folder, name, &pieces)
    }
}

fn overlaps(ranges: &[Range], at: Range) -> bool {
    ranges.iter().any(|range| range.overlaps(at))
}
