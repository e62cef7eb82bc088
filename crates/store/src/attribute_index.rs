//! In which five minutes an attribute is found: the numbers that `attribute_index` is made of.
//!
//! A number has the hash of tenant, name and value above the five minutes of its day. Two attributes that share a hash
//! cost a look into five minutes too many: the reader compares exactly. What is written here is stored: hash and layout
//! stay as they are. Not here: gathering (`native`) and reading (`reader`).

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::native::NANOS_A_DAY;
use crate::reader::sql::BUCKET_SECONDS;

/// Of the hash: with a hundred million different attributes a day, one look in forty goes astray; a bit more is an eighth of a
/// byte more for each.
const HASH_BITS: u32 = 32;
/// There are 288 times five minutes in a day.
pub(crate) const SLOT_BITS: u32 = 9;
const SLOT_NANOS: u64 = BUCKET_SECONDS * 1_000_000_000;

/// A tenant's attributes of one name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name(u64);

// === impl Name ===

impl Name {
    pub(crate) fn new(tenant: &str, key: &[u8]) -> Self {
        Self(xxh3_64_with_seed(key, xxh3_64(tenant.as_bytes())))
    }

    /// The number of this value at this time, Unix nanoseconds.
    #[inline]
    pub(crate) fn at(self, value: &[u8], ts: u64) -> u64 {
        self.slots_of(value).start + ts % NANOS_A_DAY / SLOT_NANOS
    }

    /// The numbers that this value may have.
    #[inline]
    pub(crate) fn slots_of(self, value: &[u8]) -> std::ops::Range<u64> {
        let hash = xxh3_64_with_seed(value, self.0) >> (u64::BITS - HASH_BITS);
        hash << SLOT_BITS..(hash + 1) << SLOT_BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is stored is found by later versions.
    #[test]
    fn a_number_stays_what_it_is() {
        let name = Name::new("default", b"order.id");
        let last_slot = NANOS_A_DAY - 1;
        assert_eq!(name.at(b"o-1", 0), name.slots_of(b"o-1").start);
        assert_eq!(name.at(b"o-1", last_slot) - name.at(b"o-1", 0), 287);
        assert_eq!(name.at(b"o-1", 0), 1_212_081_617_920);
    }
}
