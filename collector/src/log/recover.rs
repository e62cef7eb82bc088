//! A lane as an earlier process left it: what is not in the store yet, and what was acknowledged lately.
//!
//! Damage costs the records that it touches and no other: it is set aside, counted, and reading goes on behind it.
//! Invariant: a lane is never written to where it may have been written before; it goes on in a new segment.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coldtrace_model::UnixNanos;

use super::appender::{Appender, pieces};
use super::core::{Core, Divided, Open, Remembered};
use super::record::{BlockName, Found, LaneId, Range, Record, walk};
use super::request::ResendKey;
use super::segment::{Pool, Segment};

/// What a lane's folder held.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) core: Core,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Stretches that could not be read, and were set aside.
    pub(crate) damaged: u64,
    /// What its undone requests take of the log's cap.
    pub(crate) bytes: u64,
}

/// A request that was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) key: ResendKey,
    pub(crate) admitted_at: UnixNanos,
    pub(crate) rejected: u64,
}

/// Everything that stands in a lane, without the bodies.
#[derive(Default)]
struct Scanned {
    requests: Vec<Seen>,
    cuts: Vec<(Range, Range)>,
    dones: Vec<u64>,
    voids: Vec<Range>,
    generations: Vec<(Range, BlockName, u32)>,
    damage: Vec<(Range, Vec<u8>)>,
}

struct Seen {
    at: Range,
    rows: u32,
    acknowledged: Acknowledged,
}

/// Reads a lane's folder.
pub(crate) fn recover(
    lane: LaneId,
    folder: PathBuf,
    pool: Pool,
    quarantine: &Path,
) -> io::Result<Recovered> {
    let segments: Vec<Arc<Segment>> = Segment::list(&folder)?.into_iter().map(Arc::new).collect();
    let mut scanned = Scanned::default();
    let everything = Range {
        from: 0,
        to: u64::MAX,
    };
    let mut expected = segments.first().map_or(0, |first| first.base);
    for piece in pieces(&segments, everything) {
        if piece.range.from > expected {
            let missing = Range {
                from: expected,
                to: piece.range.from,
            };
            scanned.damage.push((missing, Vec::new()));
        }
        expected = piece.range.to;
        let (start, bytes) = piece.segment.read(piece.range)?;
        walk(lane, start, &bytes, |found| {
            scanned.note(found, start, &bytes);
        });
    }
    scanned.drop_void();
    for (range, bytes) in &scanned.damage {
        set_aside(quarantine, lane, *range, bytes)?;
    }
    // Beyond anything that may ever have been written, also where the last file was cut short.
    let beyond = |last: &Arc<Segment>| last.base + last.capacity.max(pool.segment_size) * 2;
    let position = segments.last().map_or(0, beyond);
    let damaged = scanned.damage.len() as u64;
    let acknowledged = scanned.requests.iter().map(|seen| seen.acknowledged);
    let acknowledged = acknowledged.collect();
    let remembered = scanned.remember();
    let cuts = remembered.cuts.iter().map(|cut| cut.bytes);
    let bytes = cuts.sum::<u64>() + remembered.open.bytes;
    let appender = Appender::new(lane, folder, pool, segments, position).behind_gap(expected);
    Ok(Recovered {
        core: Core::remembered(appender, remembered),
        acknowledged,
        damaged,
        bytes,
    })
}

fn set_aside(quarantine: &Path, lane: LaneId, range: Range, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(quarantine)?;
    let name = format!("{lane}-{:016x}.damaged", range.from);
    fs::write(quarantine.join(name), bytes)
}

// === impl Scanned ===

impl Scanned {
    fn note(&mut self, found: Found, start: u64, bytes: &[u8]) {
        match found {
            Found::Damage(at) => {
                // In a file that was cut short the last record's padding may be missing.
                let end = bytes.len().min((at.to - start) as usize);
                let bytes = &bytes[(at.from - start) as usize..end];
                self.damage.push((at, bytes.to_vec()));
            }
            Found::Record(at, Record::Request(request)) => self.requests.push(Seen {
                at,
                rows: request.rows,
                acknowledged: Acknowledged {
                    key: request.key,
                    admitted_at: request.admitted_at,
                    rejected: request.rejected,
                },
            }),
            Found::Record(at, Record::Cut(range)) => self.cuts.push((at, range)),
            Found::Record(_, Record::Done(position)) => self.dones.push(position),
            Found::Record(_, Record::Void(range)) => self.voids.push(range),
            Found::Record(at, Record::Generation(block, generation)) => {
                self.generations.push((at, block, generation));
            }
        }
    }

    /// What was voided was never acknowledged; it may have been sent again and stand here once more.
    fn drop_void(&mut self) {
        let voids = &self.voids;
        let is_kept = |at: Range| !voids.iter().any(|void| void.overlaps(at));
        self.requests.retain(|seen| is_kept(seen.at));
        self.cuts.retain(|(at, _)| is_kept(*at));
        self.generations.retain(|(at, ..)| is_kept(*at));
        self.damage.retain(|(at, _)| is_kept(*at));
    }

    fn remember(self) -> Remembered {
        let done = self.dones.iter().copied().max().unwrap_or(0);
        let end = self.cuts.iter().map(|(_, range)| range.to).max();
        let open_from = end.unwrap_or(0).max(done);
        let bytes_in = |range: Range| -> u64 {
            let first = self
                .requests
                .partition_point(|seen| seen.at.from < range.from);
            let inside = self.requests[first..].iter();
            let inside = inside.take_while(|seen| seen.at.from < range.to);
            inside.map(|seen| seen.at.to - seen.at.from).sum()
        };
        let divided = |range| Divided {
            range,
            bytes: bytes_in(range),
            is_suspect: false,
        };
        let mut cuts = Vec::new();
        let mut reached = done;
        for (_, range) in self.cuts.iter().filter(|(_, range)| range.to > done) {
            // The record of the cut before was damaged; what it said follows from its neighbours.
            let gap = divided(Range {
                from: reached,
                to: range.from,
            });
            if gap.bytes > 0 {
                cuts.push(gap);
            }
            cuts.push(divided(*range));
            reached = range.to;
        }
        // Cuts of a lane are inserted one after the other, so that no other can have been begun.
        if let Some(first) = cuts.first_mut() {
            first.is_suspect = true;
        }
        let open = self
            .requests
            .iter()
            .filter(|seen| seen.at.from >= open_from);
        let open = open.fold(
            Open {
                from: open_from,
                ..Open::default()
            },
            |open, seen| Open {
                rows: open.rows + u64::from(seen.rows),
                bytes: open.bytes + seen.at.to - seen.at.from,
                ..open
            },
        );
        let mut generations = BTreeMap::new();
        for (_, block, generation) in self.generations {
            if block.cut >= done {
                generations.insert(block, generation);
            }
        }
        Remembered {
            open,
            cuts,
            voids: self.voids,
            generations,
        }
    }
}
