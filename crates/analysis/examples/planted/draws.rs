//! Random numbers that are the same for the same purpose, whatever else is drawn: so that a function with a fault and one
//! without it are the same otherwise.

/// A source of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws(u64);

// === impl Draws ===

impl Draws {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The source for one purpose, or for one of many things.
    pub(crate) fn of(self, what: u64) -> Self {
        Self(mixed(
            self.0 ^ mixed(what.wrapping_add(0x9e37_79b9_7f4a_7c15)),
        ))
    }

    /// From 0 to 1.
    pub(crate) fn part(self) -> f64 {
        (mixed(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between two bounds.
    pub(crate) fn between(self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.part()
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn whole(self, low: u64, high: u64) -> u64 {
        low + (self.part() * (high - low + 1) as f64) as u64
    }

    /// True for such a share.
    pub(crate) fn happens(self, share: f64) -> bool {
        self.part() < share
    }

    /// A length as services have it: log-normal around a median.
    pub(crate) fn around(self, median: f64, spread: f64) -> f64 {
        let (first, second) = (self.of(1).part().max(1e-12), self.of(2).part());
        let normal = (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos();
        median * (normal * spread).exp()
    }
}

/// The finalizer of SplitMix64.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
