//! When the requests of a workload happen: spread over a range, but not evenly.

use std::ops::Range;

/// Bursts in a range.
const BURSTS: u64 = 24;
/// Of a burst's requests, a half come in so small a part of its time.
const BURST_SHARE: u64 = 8;

/// Gives every request a time.
#[derive(Clone)]
pub(in crate::bench) struct Timeline {
    /// Unix nanoseconds.
    range: Range<u64>,
    requests: u64,
}

// === impl Timeline ===

impl Timeline {
    /// So many requests in this range of Unix nanoseconds.
    pub(in crate::bench) fn new(range: Range<u64>, requests: u64) -> Self {
        Self { range, requests }
    }

    /// When the request of this number starts. Later ones are not earlier.
    pub(in crate::bench) fn at(&self, request: u64) -> u64 {
        // In parts of a burst, thousandths of a millionth: exact, and the same everywhere.
        const WHOLE: u128 = 1_000_000_000;
        let place =
            u128::from(request) * u128::from(BURSTS) * WHOLE / u128::from(self.requests.max(1));
        let (burst, within) = (place / WHOLE, place % WHOLE);
        let share = u128::from(BURST_SHARE);
        let within = match within < WHOLE / 2 {
            true => within * 2 / share,
            false => WHOLE / share + (within - WHOLE / 2) * 2 * (share - 1) / share,
        };
        let length = u128::from(self.range.end - self.range.start);
        let after = (burst * WHOLE + within) * length / (u128::from(BURSTS) * WHOLE);
        self.range.start + after as u64
    }
}
