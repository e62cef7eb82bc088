//! Rows of `attribute_index`: in which five minutes an attribute stands, gathered from the spans of a batch.
//!
//! Most values of a span have stood in the span before or in one not far before it. Those are forgotten here at once; what
//! slips through is written twice and merges in the engine.

use coldtrace_model::joined;

use super::column::Dictionary;
use super::{Block, Partition, Partitions, tables};
use crate::attribute_index::Name;
use crate::rows::{AttributeIndexRow, SpanRow};

/// Remembered of each partition: fits into the processor's second cache, with room for what else a batch touches.
const REMEMBERED: usize = 8_192;
/// No number is this large.
const NONE: u64 = u64::MAX;

/// The attributes of a batch.
#[derive(Default)]
pub(super) struct Attributes {
    /// Sets of names, joined, each with its tenant in front.
    sets: Dictionary,
    /// The names of each.
    names: Vec<Vec<Name>>,
    partitions: Vec<(Partition, Places)>,
    /// Which took the last span: it mostly takes the next.
    last: usize,
    scratch: Vec<u8>,
}

/// The numbers of a partition.
struct Places {
    all: Vec<u64>,
    /// By a hash of the number, the last that was written.
    written: Box<[u64; REMEMBERED]>,
}

// === impl Attributes ===

impl Attributes {
    pub(super) fn add(&mut self, partition: Partition, span: &SpanRow<'_>) {
        if span.attr_keys.is_empty() {
            return;
        }
        let set = self.set(span.owner.tenant, span.attr_keys);
        let places = places(&mut self.partitions, &mut self.last, partition);
        let values = joined::parts(span.attr_values);
        for (name, value) in self.names[set].iter().zip(values) {
            places.add(name.at(value, span.ts));
        }
    }

    pub(super) fn finish(self, blocks: &mut Vec<Block>) {
        let mut rows = Partitions::<tables::AttributeIndex>::default();
        for (partition, places) in self.partitions {
            for place in places.all {
                rows.push(partition, &AttributeIndexRow { partition, place });
            }
        }
        rows.finish(blocks);
    }

    fn set(&mut self, tenant: &str, keys: &[u8]) -> usize {
        self.scratch.clear();
        self.scratch.extend_from_slice(tenant.as_bytes());
        self.scratch.extend_from_slice(keys);
        let set = self.sets.number(&self.scratch) as usize;
        if set == self.names.len() {
            let names = joined::parts(keys).map(|key| Name::new(tenant, key));
            self.names.push(names.collect());
        }
        set
    }
}

fn places<'a>(
    partitions: &'a mut Vec<(Partition, Places)>,
    last: &mut usize,
    partition: Partition,
) -> &'a mut Places {
    let is_it = |(known, _): &(Partition, Places)| *known == partition;
    if !partitions.get(*last).is_some_and(is_it) {
        *last = partitions
            .iter()
            .position(is_it)
            .unwrap_or(partitions.len());
        if *last == partitions.len() {
            partitions.push((partition, Places::default()));
        }
    }
    &mut partitions[*last].1
}

// === impl Places ===

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            written: Box::new([NONE; REMEMBERED]),
        }
    }
}

impl Places {
    #[inline]
    fn add(&mut self, place: u64) {
        /// Fibonacci hashing: the upper bits depend on all.
        const SHIFT: u32 = u64::BITS - REMEMBERED.ilog2();
        let slot = (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> SHIFT) as usize;
        let written = &mut self.written[slot];
        if *written != place {
            *written = place;
            self.all.push(place);
        }
    }
}
