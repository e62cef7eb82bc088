//! What a function did in a stretch of time, in few numbers that add up.
//!
//! Two forms: at rest (`Aggregate`), as little memory as its buckets need, and being added up (`Sum`), where a merge is an
//! addition for each bucket. Invariant: sums are the same in whatever order and grouping they are added.

use coldtrace_model::{LogHistogram, Nanos};

/// What was counted of a function and version in a minute or an hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aggregate {
    /// How many invocations.
    pub invocations: u64,
    /// How many failed, timeouts, out-of-memory and lost ones included.
    pub errors: u64,
    /// How many timed out.
    pub timeouts: u64,
    /// How many ran out of memory.
    pub ooms: u64,
    /// How many were never heard of again.
    pub lost: u64,
    /// How many were refused by the platform.
    pub throttles: u64,
    /// How many waited for a start of their sandbox.
    pub cold_starts: u64,
    /// All their durations together.
    pub duration: Nanos,
    /// All that was billed.
    pub billed: Nanos,
    /// What it cost, in nano-dollars.
    pub cost: u64,
    /// The longest duration.
    pub max: Nanos,
    /// The most memory that one used, of what it was given: 0 to 1.
    pub memory_share: f64,
    /// Their durations, where known.
    pub durations: Histogram,
    /// The starts that were waited for.
    pub inits: Histogram,
}

/// Counts by the buckets of [`LogHistogram`], the shortest first, none of them empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(Box<[Bucket]>);

/// A bucket and its count in six bytes: a number of 32 bits beside one of 16 would take eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    index: i16,
    count: [u16; 2],
}

/// Many aggregates together.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) invocations: u64,
    pub(crate) errors: u64,
    pub(crate) timeouts: u64,
    pub(crate) ooms: u64,
    pub(crate) lost: u64,
    pub(crate) throttles: u64,
    pub(crate) cold_starts: u64,
    pub(crate) duration: u64,
    pub(crate) billed: u64,
    pub(crate) cost: u64,
    pub(crate) max: u64,
    pub(crate) memory_share: f64,
    pub(crate) durations: Counts,
    pub(crate) inits: Counts,
}

/// What of aggregates is added up: what nobody asks for costs the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) durations: bool,
    pub(crate) inits: bool,
}

/// Counts of all buckets that there can be, and which of them are in use.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    buckets: Box<[u64]>,
    /// The first in use, and behind the last.
    used: (usize, usize),
    total: u64,
}

/// The bucket of the shortest length: `LogHistogram::index_of(Nanos(1))`.
const FIRST: i16 = -318;
/// That of the longest, `LogHistogram::index_of(Nanos(u64::MAX))`.
const LAST: i16 = 1_730;
const BUCKETS: usize = (LAST - FIRST) as usize + 1;

// === impl Aggregate ===

impl Aggregate {
    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let plus = u64::saturating_add;
        self.invocations = plus(self.invocations, other.invocations);
        self.errors = plus(self.errors, other.errors);
        self.timeouts = plus(self.timeouts, other.timeouts);
        self.ooms = plus(self.ooms, other.ooms);
        self.lost = plus(self.lost, other.lost);
        self.throttles = plus(self.throttles, other.throttles);
        self.cold_starts = plus(self.cold_starts, other.cold_starts);
        self.duration = self.duration.plus(other.duration);
        self.billed = self.billed.plus(other.billed);
        self.cost = plus(self.cost, other.cost);
        self.max = self.max.max(other.max);
        self.memory_share = self.memory_share.max(other.memory_share);
        self.durations.add(&other.durations);
        self.inits.add(&other.inits);
    }

    /// True if nothing happened.
    pub fn is_empty(&self) -> bool {
        self.invocations == 0 && self.throttles == 0 && self.billed.0 == 0 && self.cost == 0
    }

    /// How many bytes it takes, with what it points to.
    pub(crate) fn bytes(&self) -> usize {
        let buckets = self.durations.0.len() + self.inits.0.len();
        size_of::<Self>() + buckets * size_of::<Bucket>()
    }
}

// === impl Histogram ===

impl Histogram {
    /// Buckets and their counts, the shortest first.
    pub fn buckets(&self) -> impl Iterator<Item = (i16, u32)> + '_ {
        self.0.iter().map(|bucket| (bucket.index, bucket.count()))
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        if !other.0.is_empty() {
            let both = self.buckets().chain(other.buckets());
            *self = both
                .map(|(index, count)| (index, u64::from(count)))
                .collect();
        }
    }

    /// Of a length that was counted so many times, for one that has nothing else.
    pub fn of(lengths: &[(Nanos, u32)]) -> Self {
        lengths
            .iter()
            .map(|&(length, count)| (LogHistogram::index_of(length), u64::from(count)))
            .collect()
    }
}

impl FromIterator<(i16, u64)> for Histogram {
    /// Counts of the same bucket add up. Buckets beyond the scale count to its ends, counts beyond 32 bits are cut.
    fn from_iter<I: IntoIterator<Item = (i16, u64)>>(counts: I) -> Self {
        let mut buckets: Vec<(i16, u64)> = counts
            .into_iter()
            .filter(|&(_, count)| count != 0)
            .map(|(index, count)| (index.clamp(FIRST, LAST), count))
            .collect();
        buckets.sort_unstable_by_key(|&(index, _)| index);
        buckets.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            is_same
        });
        let buckets = buckets.into_iter();
        Self(
            buckets
                .map(|(index, count)| Bucket::new(index, count))
                .collect(),
        )
    }
}

impl From<&LogHistogram> for Histogram {
    fn from(histogram: &LogHistogram) -> Self {
        histogram.buckets().collect()
    }
}

// === impl Bucket ===

impl Bucket {
    fn new(index: i16, count: u64) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            index,
            count: [(count >> 16) as u16, count as u16],
        }
    }

    fn count(self) -> u32 {
        let [high, low] = self.count;
        u32::from(high) << 16 | u32::from(low)
    }
}

// === impl Parts ===

impl Parts {
    pub(crate) const ALL: Self = Self {
        durations: true,
        inits: true,
    };

    pub(crate) const fn or(self, other: Self) -> Self {
        Self {
            durations: self.durations || other.durations,
            inits: self.inits || other.inits,
        }
    }
}

// === impl Sum ===

impl Sum {
    pub(crate) fn add(&mut self, other: &Aggregate, parts: Parts) {
        let plus = |ours: &mut u64, theirs: u64| *ours = ours.saturating_add(theirs);
        plus(&mut self.invocations, other.invocations);
        plus(&mut self.errors, other.errors);
        plus(&mut self.timeouts, other.timeouts);
        plus(&mut self.ooms, other.ooms);
        plus(&mut self.lost, other.lost);
        plus(&mut self.throttles, other.throttles);
        plus(&mut self.cold_starts, other.cold_starts);
        plus(&mut self.duration, other.duration.0);
        plus(&mut self.billed, other.billed.0);
        plus(&mut self.cost, other.cost);
        self.max = self.max.max(other.max.0);
        self.memory_share = self.memory_share.max(other.memory_share);
        if parts.durations {
            self.durations.add(&other.durations);
        }
        if parts.inits {
            self.inits.add(&other.inits);
        }
    }

    /// Forgets everything, and keeps its room.
    pub(crate) fn clear(&mut self) {
        let mut durations = std::mem::take(&mut self.durations);
        let mut inits = std::mem::take(&mut self.inits);
        durations.clear();
        inits.clear();
        *self = Self {
            durations,
            inits,
            ..Self::default()
        };
    }

    pub(crate) fn at_rest(&self) -> Aggregate {
        Aggregate {
            invocations: self.invocations,
            errors: self.errors,
            timeouts: self.timeouts,
            ooms: self.ooms,
            lost: self.lost,
            throttles: self.throttles,
            cold_starts: self.cold_starts,
            duration: Nanos(self.duration),
            billed: Nanos(self.billed),
            cost: self.cost,
            max: Nanos(self.max),
            memory_share: self.memory_share,
            durations: self.durations.at_rest(),
            inits: self.inits.at_rest(),
        }
    }
}

// === impl Counts ===

impl Counts {
    fn add(&mut self, other: &Histogram) {
        let (Some(first), Some(last)) = (other.0.first(), other.0.last()) else {
            return;
        };
        let place = |index: i16| usize::try_from(i32::from(index) - i32::from(FIRST)).unwrap_or(0);
        if self.buckets.is_empty() {
            // Most series have no cold starts: who counts nothing takes no room.
            self.buckets = vec![0; BUCKETS].into_boxed_slice();
        }
        self.used = match self.total {
            0 => (place(first.index), place(last.index) + 1),
            _ => (
                self.used.0.min(place(first.index)),
                self.used.1.max(place(last.index) + 1),
            ),
        };
        for bucket in &other.0 {
            let count = u64::from(bucket.count());
            if let Some(ours) = self.buckets.get_mut(place(bucket.index)) {
                *ours = ours.saturating_add(count);
                self.total = self.total.saturating_add(count);
            }
        }
    }

    fn clear(&mut self) {
        let (from, to) = self.used;
        if let Some(used) = self.buckets.get_mut(from..to) {
            used.fill(0);
        }
        self.used = (0, 0);
        self.total = 0;
    }

    fn used(&self) -> impl Iterator<Item = (i16, u64)> + '_ {
        let (from, to) = self.used;
        let counts = self.buckets.get(from..to).unwrap_or_default();
        let index = move |place: usize| FIRST + (from + place) as i16;
        let counts = counts.iter().enumerate();
        counts.map(move |(place, &count)| (index(place), count))
    }

    fn at_rest(&self) -> Histogram {
        self.used().collect()
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How many are longer than the bucket of a length ends.
    pub(crate) fn longer_than(&self, limit: Nanos) -> u64 {
        let limit = LogHistogram::index_of(limit);
        let longer = self.used().filter(|&(index, _)| index > limit);
        longer.map(|(_, count)| count).sum()
    }

    /// The same as [`LogHistogram::quantile`].
    pub(crate) fn quantile(&self, share: f64) -> Option<Nanos> {
        let last = self.total.checked_sub(1)?;
        let mut left = ((share * self.total as f64) as u64).min(last);
        for (index, count) in self.used() {
            if left < count {
                // Of one bucket alone, so that there is one rule of where in a bucket a length is.
                return LogHistogram::from_iter([(index, 1)]).quantile(0.0);
            }
            left -= count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lengths() -> impl Strategy<Value = Vec<u64>> {
        let length = (0_u32..64, any::<u64>()).prop_map(|(bits, noise)| noise >> bits);
        prop::collection::vec(length, 0..60)
    }

    fn recorded(lengths: &[u64]) -> LogHistogram {
        let mut histogram = LogHistogram::default();
        for &length in lengths {
            histogram.record(Nanos(length));
        }
        histogram
    }

    fn aggregate(lengths: &[u64]) -> Aggregate {
        Aggregate {
            invocations: lengths.len() as u64,
            max: Nanos(lengths.iter().copied().max().unwrap_or_default()),
            durations: Histogram::from(&recorded(lengths)),
            ..Aggregate::default()
        }
    }

    proptest! {
        #[test]
        fn sums_say_what_one_histogram_of_all_says(
            first in lengths(), second in lengths(), share in 0.0..=1.0_f64, limit in any::<u64>(),
        ) {
            let mut sum = Sum::default();
            // What was there before leaves nothing behind.
            sum.add(&aggregate(&second), Parts::ALL);
            sum.clear();
            sum.add(&aggregate(&first), Parts::ALL);
            sum.add(&aggregate(&second), Parts::ALL);
            let all = recorded(&[first.clone(), second.clone()].concat());
            prop_assert_eq!(sum.durations.quantile(share), all.quantile(share));
            let limit = Nanos(limit);
            let longer = all.buckets().filter(|&(index, _)| index > LogHistogram::index_of(limit));
            prop_assert_eq!(sum.durations.longer_than(limit), longer.map(|(_, count)| count).sum::<u64>());
            let mut added = aggregate(&first);
            added.add(&aggregate(&second));
            prop_assert_eq!(&added, &sum.at_rest());
            prop_assert_eq!(added.durations, Histogram::from(&all));
        }
    }

    #[test]
    fn buckets_of_a_stranger_stay_on_the_scale() {
        let histogram: Histogram = [(i16::MIN, 1), (i16::MAX, u64::MAX), (3, 0), (i16::MAX, 7)]
            .into_iter()
            .collect();
        let told: Vec<_> = histogram.buckets().collect();
        assert_eq!(told, [(FIRST, 1), (LAST, u32::MAX)]);
        assert_eq!(LogHistogram::index_of(Nanos(0)), FIRST);
        assert_eq!(LogHistogram::index_of(Nanos(u64::MAX)), LAST);
        let mut sum = Sum::default();
        sum.durations.add(&histogram);
        assert!(sum.durations.quantile(0.5).is_some());
    }

    #[test]
    fn a_bucket_takes_six_bytes() {
        assert_eq!(size_of::<Bucket>(), 6);
    }
}
