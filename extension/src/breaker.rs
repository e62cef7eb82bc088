//! Whether it is worth while to try the collector again. Pure.

use coldtrace_model::{Nanos, UnixNanos};

/// A single failure is a stale connection or a restart; this many in a row are an outage.
const OUTAGE: u32 = 3;
const FIRST_PAUSE: Nanos = Nanos::from_millis(5_000);
/// Also the longest that an outage outlives itself here.
const LONGEST_PAUSE: Nanos = Nanos::from_millis(60_000);
/// Between single failures, so that a loop of refusals costs nothing.
const SHORT_PAUSE: Nanos = Nanos::from_millis(200);

/// Counts failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    retry_at: UnixNanos,
}

// === impl Breaker ===

impl Breaker {
    /// Whether nothing speaks against waiting for the collector.
    pub(crate) const fn is_closed(&self) -> bool {
        self.failures < OUTAGE
    }

    /// Whether it may be tried now.
    pub(crate) fn allows(&self, now: UnixNanos) -> bool {
        now >= self.retry_at
    }

    /// From when on it may be tried.
    pub(crate) const fn retry_at(&self) -> UnixNanos {
        self.retry_at
    }

    /// True if that ended an outage.
    pub(crate) fn note_success(&mut self) -> bool {
        let was_open = !self.is_closed();
        *self = Self::default();
        was_open
    }

    /// True if that began an outage.
    pub(crate) fn note_failure(&mut self, now: UnixNanos) -> bool {
        self.failures = self.failures.saturating_add(1);
        let pause = match self.failures.checked_sub(OUTAGE) {
            None => SHORT_PAUSE,
            Some(repeated) => {
                Nanos(FIRST_PAUSE.0.saturating_mul(1 << repeated.min(10))).min(LONGEST_PAUSE)
            }
        };
        self.retry_at = now.plus(pause);
        self.failures == OUTAGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_opens_it_for_longer_and_longer_and_a_success_closes_it() {
        let mut breaker = Breaker::default();
        let now = UnixNanos(0);
        let mut pause = || {
            let began = breaker.note_failure(now);
            (
                breaker.retry_at().since(now).0 / 1_000_000,
                began,
                breaker.is_closed(),
            )
        };
        let pauses: Vec<_> = (0..8).map(|_| pause()).collect();
        assert_eq!(
            pauses[..3],
            [(200, false, true), (200, false, true), (5_000, true, false)]
        );
        let millis: Vec<u64> = pauses[3..].iter().map(|pause| pause.0).collect();
        assert_eq!(millis, [10_000, 20_000, 40_000, 60_000, 60_000]);
        assert!(breaker.note_success(), "the outage is over");
        assert!(breaker.allows(now) && breaker.is_closed());
    }
}
