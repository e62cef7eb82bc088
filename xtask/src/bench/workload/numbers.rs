//! Numbers that look random and are the same in every run.

/// A source of numbers.
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of them; the first ones far more often than the last.
    pub(super) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[skewed(self.next(), from.len() as u64) as usize]
    }

    /// A length with a long tail: around `typical`, one in ten thrice that, one in a thousand thirty times.
    pub(super) fn long_tailed(&mut self, typical: u64) -> u64 {
        // Every doubling is less than half as likely as the one before. Integers, so that it is the same everywhere.
        let mut length = typical / 2 + self.below(typical);
        for _ in 0..7 {
            if self.below(100) >= 30 {
                break;
            }
            length *= 2;
        }
        length
    }
}

/// Another number for every number, with nothing in common (the end of splitmix64).
pub(super) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number below the bound, which is less than 2^32, out of a random one; a division would take longer.
pub(super) fn scaled(random: u64, bound: u64) -> u64 {
    ((random >> 32) * bound) >> 32
}

/// A number below the bound out of a random one, the small ones more often: the product of two even ones.
pub(super) fn skewed(random: u64, bound: u64) -> u64 {
    let product = (random >> 32) * (random & 0xffff_ffff);
    scaled(product, bound)
}
