//! How lengths of time spread, in few numbers that add up over any range.

use std::collections::BTreeMap;

use crate::Nanos;

/// Counts of lengths by the logarithm of their microseconds: each bucket ends 2.2 % above where it begins. A length
/// stands in bucket `ceil(log2(microseconds) * 32)`; the store computes the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogHistogram(BTreeMap<i16, u64>);

/// Buckets for each doubling.
const PER_OCTAVE: f64 = 32.0;

// === impl LogHistogram ===

impl LogHistogram {
    /// The bucket of a length; lengths below a nanosecond are not told apart.
    pub fn index_of(length: Nanos) -> i16 {
        let micros = length.0.max(1) as f64 / 1_000.0;
        // From -318 to 1,730: the type holds all that 64 bits of nanoseconds can give.
        (micros.log2() * PER_OCTAVE).ceil() as i16
    }

    /// The longest length that stands in a bucket.
    pub fn end_of(index: i16) -> Nanos {
        let micros = (f64::from(index) / PER_OCTAVE).exp2();
        Nanos((micros * 1_000.0) as u64)
    }

    /// Counts a length once more.
    pub fn record(&mut self, length: Nanos) {
        self.add(Self::index_of(length), 1);
    }

    /// Counts so many more in a bucket.
    pub fn add(&mut self, index: i16, count: u64) {
        *self.0.entry(index).or_default() += count;
    }

    /// Counts what another counted, too.
    pub fn merge(&mut self, other: &Self) {
        for (&index, &count) in &other.0 {
            self.add(index, count);
        }
    }

    /// How many were counted.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The length at this share of all, from 0 to 1, at most 1.1 % from the true one: half a bucket. `None` if there are
    /// none.
    pub fn quantile(&self, share: f64) -> Option<Nanos> {
        let last = self.total().checked_sub(1)?;
        let rank = (share * (last + 1) as f64) as u64;
        let mut left = rank.min(last);
        for (&index, &count) in &self.0 {
            if left < count {
                return Some(middle(index));
            }
            left -= count;
        }
        None
    }

    /// Buckets and their counts, shortest first.
    pub fn buckets(&self) -> impl Iterator<Item = (i16, u64)> + '_ {
        self.0.iter().map(|(&index, &count)| (index, count))
    }
}

impl FromIterator<(i16, u64)> for LogHistogram {
    fn from_iter<I: IntoIterator<Item = (i16, u64)>>(counts: I) -> Self {
        let mut histogram = Self::default();
        for (index, count) in counts {
            histogram.add(index, count);
        }
        histogram
    }
}

/// Of a bucket, as far from its beginning as from its end, by ratio.
fn middle(index: i16) -> Nanos {
    let micros = ((f64::from(index) - 0.5) / PER_OCTAVE).exp2();
    Nanos((micros * 1_000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(lengths: &[u64]) -> LogHistogram {
        let mut histogram = LogHistogram::default();
        for &length in lengths {
            histogram.record(Nanos(length));
        }
        histogram
    }

    /// A length of any order of magnitude, up to some days.
    fn any_length() -> impl Strategy<Value = u64> {
        (0_u32..50, any::<u64>()).prop_map(|(bits, noise)| (1 << bits) | (noise % (1 << bits)))
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_its_bound(
            mut lengths in prop::collection::vec(any_length(), 1..200),
            share in 0.0..=1.0_f64,
        ) {
            let told = of(&lengths).quantile(share).expect("there are some").0 as f64;
            lengths.sort_unstable();
            let rank = (share * lengths.len() as f64) as usize;
            let exact = lengths[rank.min(lengths.len() - 1)] as f64;
            let error = (told - exact).abs();
            // The nanosecond is for rounding.
            prop_assert!(error <= exact * 0.011 + 1.0, "{told} for {exact}");
        }

        #[test]
        fn halves_add_up_to_the_whole(
            first in prop::collection::vec(any_length(), 0..50),
            second in prop::collection::vec(any_length(), 0..50),
        ) {
            let mut merged = of(&first);
            merged.merge(&of(&second));
            let whole = [first, second].concat();
            prop_assert_eq!(merged.total(), whole.len() as u64);
            prop_assert_eq!(merged, of(&whole));
        }
    }

    #[test]
    fn the_ends_of_the_scale_have_buckets() {
        let index = |nanos| LogHistogram::index_of(Nanos(nanos));
        assert_eq!(index(0), index(1));
        assert_eq!(index(1_000), 0);
        assert_eq!(index(1_001), 1);
        assert_eq!(index(1_024_000), 320);
        assert_eq!(index(u64::MAX), 1_730);
        assert_eq!(LogHistogram::default().quantile(0.5), None);
    }
}
