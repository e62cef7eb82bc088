//! A lane as an earlier process left it: what is not in the store yet, and what was acknowledged lately.
//!
//! Damage costs the records that it touches and no other: it is set aside, counted, and reading goes on behind it.
//! Invariant: a lane is never written to where it may have been written before; it goes on in a new segment.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use coldtrace_model::UnixNanos;
use tracing::error;

use super::appender::{Appender, pieces};
use super::core::{Core, Divided, Open, Remembered};
use super::disk::{Disk, Os, set_aside};
use super::record::{BlockName, Found, LaneId, Note, Range, Record, walk};
use super::request::{Request, ResendKey};
use super::segment::{Pool, Segment};

/// What a lane's folder held.
#[derive(Debug)]
pub(crate) struct Recovered<D: Disk = Os> {
    pub(crate) core: Core<D>,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Stretches that were synced and could not be read; they were set aside.
    pub(crate) damaged: u64,
    /// Whether the last group is not whole: cut off by a power failure before it was acknowledged, or damaged since. What is
    /// there of it was set aside.
    pub(crate) is_torn: bool,
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
    damage: Vec<Damage>,
    /// Where the last group begins.
    last_group: u64,
    /// Where the last record ends.
    end: u64,
}

struct Seen {
    at: Range,
    rows: u32,
    acknowledged: Acknowledged,
}

struct Damage {
    at: Range,
    bytes: Bytes,
}

/// Reads a lane's folder.
pub(crate) fn recover<D: Disk>(
    lane: LaneId,
    folder: PathBuf,
    pool: &Pool<D>,
    quarantine: &Path,
) -> io::Result<Recovered<D>> {
    let listed = Segment::list(pool.disk(), &folder)?;
    for (path, error) in &listed.lost {
        error!(%lane, path = %path.display(), %error, "a segment of the log can't be opened");
    }
    let mut segments = without_empty(lane, listed.segments, pool)?;
    sync_what_was_killed(lane, pool.disk(), &folder, &segments);
    let mut scanned = scan(lane, &segments)?;
    scanned.drop_void();
    scanned.drop_done();
    let repeats = scanned.drop_repeats();
    for damage in &scanned.damage {
        let name = format!("{lane}-{:016x}.damaged", damage.at.from);
        let kept = set_aside(pool.disk(), quarantine, &name, &[&damage.bytes]);
        if let Err(error) = kept {
            error!(%lane, %error, "what can't be read of the log can't be set aside either");
        }
    }
    let (torn, damaged): (Vec<&Damage>, Vec<&Damage>) = scanned
        .damage
        .iter()
        .partition(|damage| damage.at.from >= scanned.last_group);
    let damaged = damaged.len() as u64;
    let torn: Vec<Range> = torn.iter().map(|damage| damage.at).collect();
    let is_torn = !torn.is_empty();
    let is_lost = u64::from(!listed.lost.is_empty());
    // Beyond anything that may ever have been written, also where the last file was cut short.
    let beyond = |last: &Arc<Segment<D>>| last.base + last.capacity.max(pool.segment_size) * 2;
    let position = segments.last().map_or(0, beyond);
    // What is torn is told once, and void for those who come next. So is the room that is given back: a group counts as torn
    // from the first that it voids.
    let first = segments.first().map_or(0, |first| first.base);
    let end = scanned.end.max(first);
    let mut nothing = torn;
    nothing.extend(repeats);
    nothing.retain(|range| range.from < end);
    nothing.push(Range {
        from: end,
        to: position,
    });
    nothing.retain(|range| range.from < range.to);
    nothing.sort_by_key(|range| range.from);
    if !is_torn {
        give_back_room(&mut segments, scanned.end);
    }
    let acknowledged = scanned.requests.iter().map(|seen| seen.acknowledged);
    let acknowledged = acknowledged.collect();
    let remembered = scanned.remember();
    let cuts = remembered.cuts.iter().map(|cut| cut.bytes);
    let bytes = cuts.sum::<u64>() + remembered.open.bytes;
    let appender =
        Appender::new(lane, folder, pool.for_notes()).behind(segments, nothing, position);
    Ok(Recovered {
        core: Core::remembered(appender, remembered),
        acknowledged,
        damaged: damaged + is_lost,
        is_torn,
        bytes,
    })
}

/// A segment that was made for a group that failed then may have come back after the one before it went on.
fn without_empty<D: Disk>(
    lane: LaneId,
    listed: Vec<Segment<D>>,
    pool: &Pool<D>,
) -> io::Result<Vec<Arc<Segment<D>>>> {
    let mut segments: Vec<Arc<Segment<D>>> = Vec::new();
    for segment in listed {
        let is_empty = match segments.last() {
            Some(before) if !segment.begins_with_record(lane)? => {
                written_end(lane, &segment)? == segment.base
                    && written_end(lane, before)? > segment.base
            }
            _ => false,
        };
        match is_empty {
            // Where it can't be removed it is found empty again.
            true => drop(pool.remove(&segment)),
            false => segments.push(Arc::new(segment)),
        }
    }
    Ok(segments)
}

/// Where the last record of a segment ends.
fn written_end<D: Disk>(lane: LaneId, segment: &Segment<D>) -> io::Result<u64> {
    let (start, bytes) = segment.read(segment.range(), BytesMut::new())?;
    let mut end = segment.base;
    walk(lane, start, &bytes, |found| {
        if let Found::Record { at, .. } = found {
            end = at.to;
        }
    });
    Ok(end)
}

/// After a kill the system shows what was written and not synced. What is read here is told to be durable.
fn sync_what_was_killed<D: Disk>(
    lane: LaneId,
    disk: &D,
    folder: &Path,
    segments: &[Arc<Segment<D>>],
) {
    let synced = segments.iter().try_for_each(|segment| segment.sync());
    if let Err(error) = synced.and_then(|()| disk.sync_folder(folder)) {
        error!(%lane, %error, "what a killed process left in the log can't be synced");
    }
}

/// The last one is not written to any more. However often a process is killed, what it leaves takes as much as it holds.
fn give_back_room<D: Disk>(segments: &mut [Arc<Segment<D>>], end: u64) {
    if let Some(last) = segments.last_mut().filter(|last| last.base < end)
        && let Ok(shorter) = last.cut_short(end)
    {
        *last = Arc::new(shorter);
    }
}

/// What stands in the segments.
fn scan<D: Disk>(lane: LaneId, segments: &[Arc<Segment<D>>]) -> io::Result<Scanned> {
    let everything = Range {
        from: 0,
        to: u64::MAX,
    };
    let mut scanned = Scanned::default();
    let mut expected = segments.first().map_or(0, |first| first.base);
    for piece in pieces(segments, everything) {
        if piece.range.from > expected {
            scanned.damage.push(Damage {
                at: Range {
                    from: expected,
                    to: piece.range.from,
                },
                bytes: Bytes::new(),
            });
        }
        expected = piece.range.to;
        let (start, bytes) = piece.segment.read(piece.range, BytesMut::new())?;
        walk(lane, start, &bytes, |found| {
            scanned.note(found, start, &bytes);
        });
    }
    Ok(scanned)
}

// === impl Acknowledged ===

impl Acknowledged {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            key: request.key,
            admitted_at: request.admitted_at,
            rejected: request.rejected,
        }
    }
}

// === impl Scanned ===

impl Scanned {
    fn note(&mut self, found: Found, start: u64, bytes: &Bytes) {
        let (at, group, record) = match found {
            Found::Damage(at) => {
                // In a file that was cut short the last record's padding may be missing.
                let end = bytes.len().min((at.to - start) as usize);
                // A copy: it would keep the whole segment in memory.
                let bytes = Bytes::copy_from_slice(&bytes[(at.from - start) as usize..end]);
                self.damage.push(Damage { at, bytes });
                return;
            }
            Found::Record { at, group, record } => (at, group, record),
        };
        self.last_group = group;
        self.end = at.to;
        match record {
            Record::Request(request) => self.requests.push(Seen {
                at,
                rows: request.rows,
                acknowledged: Acknowledged::of(&request),
            }),
            Record::Note(Note::Cut(range)) => self.cuts.push((at, range)),
            Record::Note(Note::Done(position)) => self.dones.push(position),
            Record::Note(Note::Void(range)) => self.voids.push(range),
            Record::Note(Note::Generation(block, generation)) => {
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
        self.damage.retain(|damage| is_kept(damage.at));
    }

    /// What the store has may be damaged, or be there in part.
    fn drop_done(&mut self) {
        let done = self.done();
        self.damage.retain(|damage| damage.at.to > done);
    }

    /// Where the last group is torn, its word on what it voids may be lost: then what failed may stand here as well as what
    /// was sent again in its place. Neither was acknowledged, and no cut of it was inserted: the later ones hold.
    fn drop_repeats(&mut self) -> Vec<Range> {
        let mut later = HashSet::new();
        let mut repeats = Vec::new();
        let first = self.last_group;
        for seen in self.requests.iter().rev() {
            if seen.at.from < first {
                break;
            }
            if !later.insert(seen.acknowledged.key) {
                repeats.push(seen.at);
            }
        }
        self.requests.retain(|seen| !repeats.contains(&seen.at));
        let mut cuts: Vec<(Range, Range)> = Vec::new();
        for (at, range) in self.cuts.drain(..) {
            while cuts.pop_if(|(_, before)| before.to > range.from).is_some() {}
            cuts.push((at, range));
        }
        self.cuts = cuts;
        self.voids.extend(&repeats);
        repeats
    }

    fn done(&self) -> u64 {
        self.dones.iter().copied().max().unwrap_or(0)
    }

    fn remember(self) -> Remembered {
        let done = self.done();
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
            damage: self.damage.iter().map(|damage| damage.at).collect(),
            generations,
        }
    }
}
