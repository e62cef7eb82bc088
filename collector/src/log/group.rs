//! Records that are written together: small ones are gathered, large bodies stay where they are until the system takes them.

use std::io::{self, IoSlice};

use bytes::Bytes;

use super::disk::Disk;
use super::record::{Note, Place, padding};
use super::request::Request;
use super::segment::Segment;

/// A body of this size costs more to copy than to name.
const WORTH_NAMING: usize = 4 << 10;

/// Bytes for one stretch of a segment.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Where they go.
    from: u64,
    /// Everything but large bodies.
    gathered: Vec<u8>,
    /// Large bodies, each with how much of `gathered` goes before it.
    named: Vec<(usize, Bytes)>,
}

// === impl Group ===

impl Group {
    pub(super) fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.gathered.clear();
        self.named.clear();
    }

    pub(super) fn put_note(&mut self, note: Note, place: Place) {
        self.mark_start(place);
        note.put(place, &mut self.gathered);
    }

    pub(super) fn put_request(&mut self, request: &Request, place: Place) {
        self.mark_start(place);
        request.put_head(place, &mut self.gathered);
        let body = request.body.bytes();
        match body.len() < WORTH_NAMING {
            true => self.gathered.extend_from_slice(body),
            false => self.named.push((self.gathered.len(), body.clone())),
        }
        let padded = self.gathered.len() + padding(request.payload());
        self.gathered.resize(padded, 0);
    }

    /// Writes it with so many zeros behind it.
    pub(super) fn write<D: Disk>(&mut self, segment: &Segment<D>, zeros: usize) -> io::Result<()> {
        let end = self.gathered.len() + zeros;
        self.gathered.resize(end, 0);
        let mut pieces = Vec::with_capacity(self.named.len() * 2 + 1);
        let mut reached = 0;
        for (before, body) in &self.named {
            pieces.push(IoSlice::new(&self.gathered[reached..*before]));
            pieces.push(IoSlice::new(body));
            reached = *before;
        }
        pieces.push(IoSlice::new(&self.gathered[reached..]));
        segment.write(&mut pieces, self.from)
    }

    fn mark_start(&mut self, place: Place) {
        if self.is_empty() {
            self.from = place.position;
        }
    }
}
