//! Rows of `attribute_index`: in which five minutes an attribute stands, gathered from the spans of a batch.
//!
//! Most values of a span have stood in the span before or in one not far before it. Those are forgotten here at once; what
//! slips through is written twice, and nobody minds.

use coldtrace_model::joined;

use super::column::Dictionary;
use super::{Block, Partition, Partitions, tables};
use crate::attribute_index::Name;
use crate::rows::{AttributeIndexRow, SpanRow};

/// Remembered of each partition: fits into the processor's second cache, with room for what else a batch touches.
const REMEMBERED: usize = 8_192;
const FRESH: usize = 64;
/// Guesses of a span's set, by a class of its name.
const CLASSES: usize = 256;
/// No number is this large.
const NONE: u64 = u64::MAX;

/// The attributes of a batch.
#[derive(Default)]
pub(super) struct Attributes {
    tenants: Vec<Sets>,
    /// Whose the last span was: the next is mostly as well.
    tenant: usize,
    partitions: Vec<(Partition, Places)>,
    /// Which took the last span.
    partition: usize,
}

/// The sets of names that a tenant's spans have.
struct Sets {
    tenant: String,
    /// Joined.
    numbers: Dictionary,
    /// By the set's number.
    names: Vec<Vec<Name>>,
    /// Spans of one name mostly have one set.
    guesses: [u32; CLASSES],
}

/// The numbers of a partition.
struct Places {
    all: Vec<u64>,
    /// The next of them.
    fresh: [u64; FRESH],
    count: usize,
    /// By a hash of the number, the last that was written.
    written: Box<[u64; REMEMBERED]>,
}

// === impl Attributes ===

impl Attributes {
    pub(super) fn add(&mut self, partition: Partition, span: &SpanRow<'_>) {
        if span.attr_keys.is_empty() {
            return;
        }
        let sets = of(
            &mut self.tenants,
            &mut self.tenant,
            |sets| sets.tenant == span.owner.tenant,
            || Sets::new(span.owner.tenant),
        );
        let (_, places) = of(
            &mut self.partitions,
            &mut self.partition,
            |(known, _)| *known == partition,
            || (partition, Places::default()),
        );
        let names = sets.names(span);
        for (name, value) in names.iter().zip(joined::parts(span.attr_values)) {
            places.add(name.at(value, span.ts));
        }
    }

    pub(super) fn finish(self, blocks: &mut Vec<Block>) {
        let mut rows = Partitions::<tables::AttributeIndex>::default();
        for (partition, places) in self.partitions {
            for place in places.finish() {
                rows.push(partition, &AttributeIndexRow { partition, place });
            }
        }
        rows.finish(blocks);
    }
}

/// The one that is meant, made where it is absent; `last` is where the last one was.
fn of<'a, T>(
    all: &'a mut Vec<T>,
    last: &mut usize,
    is_it: impl Fn(&T) -> bool,
    make: impl FnOnce() -> T,
) -> &'a mut T {
    if !all.get(*last).is_some_and(&is_it) {
        *last = all.iter().position(is_it).unwrap_or(all.len());
        if *last == all.len() {
            all.push(make());
        }
    }
    &mut all[*last]
}

// === impl Sets ===

impl Sets {
    fn new(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            numbers: Dictionary::default(),
            names: Vec::new(),
            guesses: [0; CLASSES],
        }
    }

    fn names(&mut self, span: &SpanRow<'_>) -> &[Name] {
        let keys = span.attr_keys;
        let guess = &mut self.guesses[class(span.name)];
        *guess = self.numbers.number_guessed(keys, *guess);
        let number = *guess as usize;
        if number == self.names.len() {
            let names = joined::parts(keys).map(|key| Name::new(&self.tenant, key));
            self.names.push(names.collect());
        }
        &self.names[number]
    }
}

fn class(name: &[u8]) -> usize {
    let ends = [name.first(), name.get(name.len() / 2), name.last()];
    let mixed = ends.into_iter().flatten().fold(name.len(), |mixed, byte| {
        mixed.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    mixed % CLASSES
}

// === impl Places ===

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            fresh: [NONE; FRESH],
            count: 0,
            written: Box::new([NONE; REMEMBERED]),
        }
    }
}

impl Places {
    /// Which numbers are new is chance, and a branch on chance costs more than everything else here: so each is written down,
    /// and the next takes its place unless it was new.
    #[inline]
    fn add(&mut self, place: u64) {
        /// Fibonacci hashing: the upper bits depend on all.
        const SHIFT: u32 = u64::BITS - REMEMBERED.ilog2();
        let slot = (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> SHIFT) as usize;
        let written = std::mem::replace(&mut self.written[slot], place);
        self.fresh[self.count] = place;
        self.count += usize::from(written != place);
        if self.count == FRESH {
            self.all.extend_from_slice(&self.fresh);
            self.count = 0;
        }
    }

    fn finish(self) -> impl Iterator<Item = u64> {
        let last = self.fresh.into_iter().take(self.count);
        self.all.into_iter().chain(last)
    }
}
