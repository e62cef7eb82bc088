//! Records of a lane as bytes: a header that names its own place, then the payload.
//!
//! A header says in which lane and at which position it stands, so that what a recycled segment holds from an earlier
//! life is never taken for a record; and where its group begins, before which all was synced. Invariant: [`walk`] yields
//! only what was written, whatever happened to the bytes.

use std::fmt;

use bytes::Bytes;

use super::request::Request;

/// In front of every record.
pub(crate) const HEADER: usize = 40;
/// Records begin at multiples of this, which is also the step of the search behind damage.
const ALIGNMENT: usize = 8;
/// The last byte is the version of the format.
const MAGIC: [u8; 4] = *b"CTL\x02";

/// A lane's name, made at random when the lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneId(pub(crate) u64);

/// A stretch of a lane: `from <= position < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// Which block of a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockName {
    /// Where the cut begins.
    pub(crate) cut: u64,
    pub(crate) table: u8,
    pub(crate) day: u16,
    pub(crate) keep_days: u16,
    pub(crate) part: u32,
}

/// What a record says.
#[derive(Debug, PartialEq)]
pub(crate) enum Record {
    /// A request to be kept.
    Request(Request),
    /// What the lane notes for itself.
    Note(Note),
}

/// A record without a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// These requests are one batch.
    Cut(Range),
    /// The store has everything before this position.
    Done(u64),
    /// What stands here was never acknowledged: its sync failed.
    Void(Range),
    /// The block was found absent; from now on it is inserted under this generation.
    Generation(BlockName, u32),
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) lane: LaneId,
    pub(crate) position: u64,
    /// Where the records begin that are synced together with it.
    pub(crate) group: u64,
}

/// What stands in a stretch of a lane.
#[derive(Debug)]
pub(crate) enum Found {
    /// A record, where, and where its group begins.
    Record {
        at: Range,
        group: u64,
        record: Record,
    },
    /// Bytes that should be a record and are none.
    Damage(Range),
}

/// What a valid header says of the payload behind it.
struct Header {
    kind: u8,
    length: usize,
    checksum: u32,
    group: u64,
}

const REQUEST: u8 = 1;
const CUT: u8 = 2;
const DONE: u8 = 3;
const VOID: u8 = 4;
const GENERATION: u8 = 5;

/// Bytes that a record of this payload takes.
pub(crate) const fn framed(payload: usize) -> u64 {
    (HEADER + payload + padding(payload)) as u64
}

/// Behind a payload of this length.
pub(super) const fn padding(payload: usize) -> usize {
    (HEADER + payload).next_multiple_of(ALIGNMENT) - HEADER - payload
}

/// Calls `visit` for everything in `bytes`, which begin at `start` of the lane, in order.
pub(crate) fn walk(lane: LaneId, start: u64, bytes: &Bytes, mut visit: impl FnMut(Found)) {
    let mut offset = 0;
    loop {
        let rest = bytes.slice(offset..);
        offset += walk_front(lane, start + offset as u64, &rest, &mut visit);
        // Nearly always, and a segment is long.
        if offset + HEADER > bytes.len() || is_blank(&bytes[offset..]) {
            return;
        }
        let next = next_header(lane, start, bytes, offset);
        let end = next.unwrap_or_else(|| written_end(bytes, offset));
        if end > offset {
            let range = Range {
                from: start + offset as u64,
                to: start + end as u64,
            };
            visit(Found::Damage(range));
        }
        match next {
            Some(next) => offset = next,
            None => return,
        }
    }
}

/// As [`walk`], up to the first place where no record stands that is whole; how many bytes that is from the start.
pub(crate) fn walk_front(
    lane: LaneId,
    start: u64,
    bytes: &Bytes,
    mut visit: impl FnMut(Found),
) -> usize {
    let mut offset = 0;
    while let Some(header) = Header::read(lane, start + offset as u64, &bytes[offset..]) {
        let next = offset + (HEADER + header.length).next_multiple_of(ALIGNMENT);
        let range = Range {
            from: start + offset as u64,
            to: start + next as u64,
        };
        let payload = bytes.slice(offset + HEADER..offset + HEADER + header.length);
        visit(
            match Record::parse(header.kind, header.checksum, &payload) {
                Some(record) => Found::Record {
                    at: range,
                    group: header.group,
                    record,
                },
                None => Found::Damage(range),
            },
        );
        // What fills up the last one may be cut off.
        offset = next.min(bytes.len());
    }
    offset
}

/// Whether the header of a record of this lane stands here, as it was written.
pub(crate) fn is_header(lane: LaneId, position: u64, bytes: &[u8]) -> bool {
    let header: Option<&[u8; HEADER]> = bytes.first_chunk();
    header.is_some_and(|header| {
        header[..4] == MAGIC
            && u64_at(header, 8) == lane.0
            && u64_at(header, 16) == position
            && u32_at(header, 4) == crc32fast::hash(&header[8..])
    })
}

/// The next valid header behind `offset`.
fn next_header(lane: LaneId, start: u64, bytes: &[u8], offset: usize) -> Option<usize> {
    let candidates = (offset + ALIGNMENT..bytes.len()).step_by(ALIGNMENT);
    candidates
        .filter(|&at| bytes[at..].starts_with(&MAGIC))
        .find(|&at| Header::read(lane, start + at as u64, &bytes[at..]).is_some())
}

/// Whether nothing was ever written here; as fast as memory is compared.
fn is_blank(bytes: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    bytes
        .chunks(ZEROS.len())
        .all(|chunk| *chunk == ZEROS[..chunk.len()])
}

/// Where the last record ends, as far as can be told: a header of zeros says that nothing follows.
fn written_end(bytes: &[u8], offset: usize) -> usize {
    let ends_here = bytes[offset..offset + HEADER].iter().all(|byte| *byte == 0);
    if ends_here {
        return offset;
    }
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    (bytes.len() - zeros).max(offset)
}

// === impl LaneId ===

impl fmt::Display for LaneId {
    /// As its folder is called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

// === impl Range ===

impl Range {
    pub(crate) const fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

// === impl Header ===

impl Header {
    fn read(lane: LaneId, position: u64, bytes: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER] = bytes.first_chunk()?;
        let is_ours = is_header(lane, position, bytes);
        let length = u32_at(header, 24) as usize;
        let fits = HEADER
            .checked_add(length)
            .is_some_and(|end| end <= bytes.len());
        (is_ours && fits).then(|| Self {
            kind: header[32],
            length,
            checksum: u32_at(header, 28),
            group: position.saturating_sub(u64::from(u32_at(header, 36))),
        })
    }
}

// === impl Record ===

impl Record {
    fn parse(kind: u8, checksum: u32, payload: &Bytes) -> Option<Self> {
        match kind {
            REQUEST => Request::parse(checksum, payload).map(Self::Request),
            _ if crc32fast::hash(payload) != checksum => None,
            _ => Note::parse(kind, payload).map(Self::Note),
        }
    }
}

// === impl Place ===

impl Place {
    /// Appends the header of a request. What `checksum` covers is the request's affair.
    pub(crate) fn put_request_header(self, length: usize, checksum: u32, out: &mut Vec<u8>) {
        self.put_header(REQUEST, length, checksum, out);
    }

    fn put_header(self, kind: u8, length: usize, checksum: u32, out: &mut Vec<u8>) {
        let length = u32::try_from(length).expect("the body limit is at most 1 GiB");
        // Farther than it can say is no group: then it says of less that it was synced.
        let back = u32::try_from(self.position - self.group).unwrap_or(u32::MAX);
        let mut header = [0; HEADER];
        header[..4].copy_from_slice(&MAGIC);
        header[8..16].copy_from_slice(&self.lane.0.to_le_bytes());
        header[16..24].copy_from_slice(&self.position.to_le_bytes());
        header[24..28].copy_from_slice(&length.to_le_bytes());
        header[28..32].copy_from_slice(&checksum.to_le_bytes());
        header[32] = kind;
        header[36..40].copy_from_slice(&back.to_le_bytes());
        let own_checksum = crc32fast::hash(&header[8..]);
        header[4..8].copy_from_slice(&own_checksum.to_le_bytes());
        out.extend_from_slice(&header);
    }
}

// === impl Note ===

impl Note {
    /// How many bytes it takes in the log.
    pub(crate) const fn framed(&self) -> u64 {
        framed(match self {
            Self::Cut(_) | Self::Void(_) => 16,
            Self::Done(_) => 8,
            Self::Generation(..) => 21,
        })
    }

    /// Appends its bytes as they stand at this place.
    pub(crate) fn put(&self, place: Place, out: &mut Vec<u8>) {
        let mut payload = Vec::with_capacity(24);
        let kind = self.put_payload(&mut payload);
        place.put_header(kind, payload.len(), crc32fast::hash(&payload), out);
        out.extend_from_slice(&payload);
        out.resize(out.len() + padding(payload.len()), 0);
    }

    fn put_payload(&self, out: &mut Vec<u8>) -> u8 {
        match self {
            Self::Cut(range) => {
                put_u64s(out, &[range.from, range.to]);
                CUT
            }
            Self::Done(to) => {
                put_u64s(out, &[*to]);
                DONE
            }
            Self::Void(range) => {
                put_u64s(out, &[range.from, range.to]);
                VOID
            }
            Self::Generation(block, generation) => {
                put_u64s(out, &[block.cut]);
                out.push(block.table);
                out.extend_from_slice(&block.day.to_le_bytes());
                out.extend_from_slice(&block.keep_days.to_le_bytes());
                out.extend_from_slice(&block.part.to_le_bytes());
                out.extend_from_slice(&generation.to_le_bytes());
                GENERATION
            }
        }
    }

    fn parse(kind: u8, payload: &Bytes) -> Option<Self> {
        let range = |payload: &Bytes| {
            (payload.len() == 16).then(|| Range {
                from: u64_at(payload, 0),
                to: u64_at(payload, 8),
            })
        };
        match kind {
            CUT => range(payload).map(Self::Cut),
            VOID => range(payload).map(Self::Void),
            DONE if payload.len() == 8 => Some(Self::Done(u64_at(payload, 0))),
            GENERATION if payload.len() == 21 => {
                let block = BlockName {
                    cut: u64_at(payload, 0),
                    table: payload[8],
                    day: u16_at(payload, 9),
                    keep_days: u16_at(payload, 11),
                    part: u32_at(payload, 13),
                };
                Some(Self::Generation(block, u32_at(payload, 17)))
            }
            _ => None,
        }
    }
}

fn put_u64s(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// The callers have checked the length.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("the length was checked"))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("the length was checked"))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(*bytes[at..].first_chunk().expect("the length was checked"))
}
