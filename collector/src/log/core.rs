//! What a lane knows of itself, and how a group of commands changes it. Synchronous; the lane's task calls it.
//!
//! A lane is a stream of requests. It is divided by cuts; a cut's requests become blocks, and once the store has them the
//! lane is done up to the cut's end. Cuts are done in their order. Invariant: memory changes only after the records that
//! say so are synced.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use super::appender::Appender;
use super::cut::Cut;
use super::disk::{Disk, Os};
use super::record::{BlockName, LaneId, Note, Range};
use super::request::Request;

/// A cut's rows: as many as a block may have.
pub(crate) const CUT_ROWS: u64 = 200_000;
/// A cut's bytes in the log: so that a cut of few large rows does not fill the memory.
pub(crate) const CUT_BYTES: u64 = 64 << 20;

/// A lane's state.
#[derive(Debug)]
pub(crate) struct Core<D: Disk = Os> {
    appender: Appender<D>,
    /// Requests behind the last cut.
    open: Open,
    /// Where the request stands that was appended last.
    last_request: u64,
    /// Cut and not done, oldest first.
    cuts: VecDeque<Divided>,
    /// How many of `cuts`, from the front, were handed out for inserting.
    handed: usize,
    voids: Vec<Range>,
    /// Set aside when the lane was opened.
    damage: Vec<Range>,
    generations: BTreeMap<BlockName, u32>,
}

/// What is not cut yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// Where it begins.
    pub(crate) from: u64,
    pub(crate) rows: u64,
    /// In the log.
    pub(crate) bytes: u64,
}

/// A cut as the lane remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Divided {
    pub(crate) range: Range,
    /// What its requests take of the log's cap.
    pub(crate) bytes: u64,
    /// An earlier process may have begun to insert it.
    pub(crate) is_suspect: bool,
}

/// What a command asks of the log.
#[derive(Debug)]
pub(crate) enum Change {
    /// Keep this.
    Request(Request),
    /// The store has all before this position.
    Done(u64),
    /// From now on the block has this generation.
    Generation(BlockName, u32),
}

/// A lane's state as it was found on disk.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    pub(crate) open: Open,
    pub(crate) cuts: Vec<Divided>,
    pub(crate) voids: Vec<Range>,
    pub(crate) damage: Vec<Range>,
    pub(crate) generations: BTreeMap<BlockName, u32>,
}

// === impl Change ===

impl Change {
    /// What it takes of the log's cap.
    pub(crate) fn held(&self) -> u64 {
        match self {
            Self::Request(request) => request.framed(),
            Self::Done(_) | Self::Generation(..) => 0,
        }
    }
}

// === impl Core ===

impl<D: Disk> Core<D> {
    /// A lane that holds nothing.
    pub(crate) fn empty(appender: Appender<D>) -> Self {
        Self::remembered(appender, Remembered::default())
    }

    /// A lane as it was found.
    pub(crate) fn remembered(appender: Appender<D>, remembered: Remembered) -> Self {
        Self {
            appender,
            open: remembered.open,
            last_request: 0,
            cuts: remembered.cuts.into(),
            handed: 0,
            voids: remembered.voids,
            damage: remembered.damage,
            generations: remembered.generations,
        }
    }

    pub(crate) fn lane(&self) -> LaneId {
        self.appender.lane()
    }

    /// What is not cut yet.
    pub(crate) fn open(&self) -> Open {
        self.open
    }

    /// Where the request stands that was appended last.
    pub(crate) fn last_request(&self) -> u64 {
        self.last_request
    }

    /// Whether a cut waits to be handed out.
    pub(crate) fn has_cut(&self) -> bool {
        self.handed < self.cuts.len()
    }

    /// Whether everything is in the store.
    pub(crate) fn is_done(&self) -> bool {
        self.cuts.is_empty() && self.open.bytes == 0
    }

    /// All that the lane's files hold.
    #[cfg(test)]
    pub(crate) fn all_pieces(&mut self) -> Vec<super::appender::Piece<D>> {
        let everything = Range {
            from: 0,
            to: u64::MAX,
        };
        self.appender.pieces(everything)
    }

    /// Its next segments come from there.
    #[cfg(test)]
    pub(crate) fn put_on(&mut self, pool: super::segment::Pool<D>) {
        self.appender.put_on(pool);
    }

    pub(crate) fn into_appender(self) -> Appender<D> {
        self.appender
    }

    /// The oldest cut that was not handed out yet.
    pub(crate) fn hand_out(&mut self) -> Option<Cut<D>> {
        let divided = *self.cuts.get(self.handed)?;
        self.handed += 1;
        let range = divided.range;
        let inside = |ranges: &[Range]| {
            let inside = ranges.iter().filter(|other| other.overlaps(range));
            inside.copied().collect()
        };
        let generations = self.generations.iter();
        Some(Cut {
            lane: self.appender.lane(),
            range,
            is_suspect: divided.is_suspect,
            disk: self.appender.disk().clone(),
            voids: inside(&self.voids),
            damage: inside(&self.damage),
            generations: generations
                .filter(|(block, _)| block.cut == range.from)
                .map(|(block, generation)| (*block, *generation))
                .collect(),
            pieces: self.appender.pieces(range),
        })
    }

    /// Makes the changes durable, all or none. With `cut`, what is open afterwards is cut. Returns the bytes of requests
    /// that are done with.
    pub(crate) fn commit(&mut self, changes: &[Change], cut: bool) -> io::Result<u64> {
        let staged = self
            .stage(changes, cut)
            .and_then(|staged| Ok((staged, self.appender.sync()?)));
        match staged {
            Ok((staged, voided)) => {
                self.voids.extend(voided);
                Ok(self.apply(changes, staged))
            }
            Err(error) => {
                self.appender.abandon();
                Err(error)
            }
        }
    }

    fn stage(&mut self, changes: &[Change], cut: bool) -> io::Result<Staged> {
        let mut staged = Staged {
            open: self.open,
            cuts: Vec::new(),
        };
        for change in changes {
            match change {
                Change::Request(request) => self.stage_request(request, &mut staged)?,
                Change::Done(position) => self.appender.stage(Note::Done(*position))?,
                Change::Generation(block, generation) => {
                    self.appender.stage(Note::Generation(*block, *generation))?;
                }
            }
        }
        if cut && staged.open.bytes > 0 {
            self.stage_cut(&mut staged)?;
        }
        Ok(staged)
    }

    fn stage_request(&mut self, request: &Request, staged: &mut Staged) -> io::Result<()> {
        let rows = u64::from(request.rows);
        let bytes = request.framed();
        let is_full = staged.open.rows + rows > CUT_ROWS || staged.open.bytes + bytes > CUT_BYTES;
        if staged.open.bytes > 0 && is_full {
            self.stage_cut(staged)?;
        }
        self.appender.stage_request(request)?;
        self.last_request = self.appender.position() - bytes;
        staged.open.rows += rows;
        staged.open.bytes += bytes;
        Ok(())
    }

    fn stage_cut(&mut self, staged: &mut Staged) -> io::Result<()> {
        let range = Range {
            from: staged.open.from,
            to: self.appender.position(),
        };
        self.appender.stage(Note::Cut(range))?;
        staged.cuts.push(Divided {
            range,
            bytes: staged.open.bytes,
            is_suspect: false,
        });
        staged.open = Open {
            from: range.to,
            ..Open::default()
        };
        Ok(())
    }

    fn apply(&mut self, changes: &[Change], staged: Staged) -> u64 {
        self.open = staged.open;
        self.cuts.extend(staged.cuts);
        let mut freed = 0;
        for change in changes {
            match change {
                Change::Request(_) => {}
                Change::Generation(block, generation) => {
                    self.generations.insert(*block, *generation);
                }
                Change::Done(position) => freed += self.forget(*position),
            }
        }
        freed
    }

    fn forget(&mut self, done: u64) -> u64 {
        let mut freed = 0;
        while let Some(cut) = self.cuts.front().filter(|cut| cut.range.to <= done) {
            freed += cut.bytes;
            self.cuts.pop_front();
            self.handed = self.handed.saturating_sub(1);
        }
        self.voids.retain(|void| void.to > done);
        self.damage.retain(|damage| damage.to > done);
        self.generations.retain(|block, _| block.cut >= done);
        if let Err(error) = self.appender.release(done) {
            // It stays until the next that is done.
            tracing::warn!(%error, lane = %self.appender.folder().display(), "cannot recycle a segment of the log");
        }
        freed
    }
}

/// What will be so once the group is synced.
struct Staged {
    open: Open,
    cuts: Vec<Divided>,
}
