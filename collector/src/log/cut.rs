//! A range of one lane whose requests become one batch: the same requests in the same order, however often it is read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::appender::Piece;
use super::record::{BlockName, Found, LaneId, Range, Record, walk};
use super::request::Request;
use super::segment::sync_folder;

/// A batch that is to be inserted.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    pub(crate) lane: LaneId,
    pub(crate) range: Range,
    /// Whether an earlier process may have inserted some of it.
    pub(crate) is_suspect: bool,
    /// Blocks that were found absent after an insert that was said to be done, and how often.
    pub(crate) generations: BTreeMap<BlockName, u32>,
    pub(super) voids: Vec<Range>,
    pub(super) pieces: Vec<Piece>,
}

/// What a cut holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) requests: Vec<Request>,
    /// Stretches that can't be read any more; told and set aside when the lane was opened.
    pub(crate) damaged: usize,
}

// === impl Cut ===

impl Cut {
    /// Reads its requests, in order.
    pub(crate) fn read(&self) -> io::Result<Contents> {
        let mut contents = Contents::default();
        for piece in &self.pieces {
            let (start, bytes) = piece.segment.read(piece.range)?;
            walk(self.lane, start, &bytes, |found| match found {
                Found::Record(at, _) if self.is_void(at) => {}
                Found::Damage(at) if self.is_void(at) => {}
                Found::Record(_, Record::Request(request)) => contents.requests.push(request),
                Found::Record(..) => {}
                Found::Damage(_) => contents.damaged += 1,
            });
        }
        Ok(contents)
    }

    /// Copies its bytes, as they stand in the log, to a file in this folder, durably.
    pub(crate) fn save(&self, folder: &Path, name: &str) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = File::create(folder.join(name))?;
        for piece in &self.pieces {
            file.write_all(&piece.segment.read(piece.range)?.1)?;
        }
        file.sync_all()?;
        // The folder may be new as well.
        folder.ancestors().take(2).try_for_each(sync_folder)
    }

    fn is_void(&self, range: Range) -> bool {
        self.voids.iter().any(|void| void.overlaps(range))
    }
}
