//! How much a tenant may send per second: a bucket that fills at the tenant's rate and may go into debt.
//!
//! What a request weighs is known when it was read. So it is let in while there is no debt, and those that follow wait until
//! it is made up for; how long that takes is known exactly. No clock here: time is passed in.

use std::time::Duration;

use coldtrace_control::Limits;
use tokio::time::Instant;

/// What was not used of the last seconds may be used at once.
const BURST_SECONDS: f64 = 2.0;

/// The buckets of one tenant.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    bytes: Bucket,
    rows: Bucket,
}

/// Which quota is used up, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    Bytes(Duration),
    Rows(Duration),
}

#[derive(Debug, Default)]
struct Bucket {
    /// Per second; `None` for no quota.
    rate: Option<u64>,
    /// May be negative.
    level: f64,
    filled_at: Option<Instant>,
}

// === impl Quotas ===

impl Quotas {
    /// Whether a request may come in now, under the limits that are in force now.
    pub(super) fn check(&mut self, limits: &Limits, now: Instant) -> Result<(), Exceeded> {
        self.bytes.fill(limits.bytes_per_second, now);
        self.rows.fill(limits.spans_per_second, now);
        self.bytes.check().map_err(Exceeded::Bytes)?;
        self.rows.check().map_err(Exceeded::Rows)
    }

    /// Counts one that came in.
    pub(super) fn charge(&mut self, bytes: u64, rows: u64) {
        self.bytes.charge(bytes);
        self.rows.charge(rows);
    }
}

// === impl Bucket ===

impl Bucket {
    fn fill(&mut self, rate: Option<u64>, now: Instant) {
        let full = rate.unwrap_or(0) as f64 * BURST_SECONDS;
        let since = self
            .filled_at
            .replace(now)
            .map(|then| now.duration_since(then));
        match (self.rate, since) {
            (Some(rate), Some(since)) => self.level += rate as f64 * since.as_secs_f64(),
            // A quota begins with a full bucket.
            _ => self.level = full,
        }
        self.level = self.level.min(full);
        self.rate = rate;
    }

    fn check(&self) -> Result<(), Duration> {
        match self.rate {
            Some(rate) if self.level < 0.0 => {
                Err(Duration::from_secs_f64(-self.level / rate as f64))
            }
            _ => Ok(()),
        }
    }

    fn charge(&mut self, amount: u64) {
        if self.rate.is_some() {
            self.level -= amount as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(bytes: Option<u64>, spans: Option<u64>) -> Limits {
        Limits {
            bytes_per_second: bytes,
            spans_per_second: spans,
            ..Limits::default()
        }
    }

    #[test]
    fn a_debt_is_waited_for_exactly() {
        let (mut quotas, start) = (Quotas::default(), Instant::now());
        let limits = limits(Some(100), None);
        assert_eq!(quotas.check(&limits, start), Ok(()));
        quotas.charge(500, 1_000_000);
        let wait = Duration::from_secs(3);
        assert_eq!(quotas.check(&limits, start), Err(Exceeded::Bytes(wait)));
        let almost = start + Duration::from_millis(2_999);
        assert!(quotas.check(&limits, almost).is_err());
        assert_eq!(quotas.check(&limits, start + wait), Ok(()));
    }

    #[test]
    fn a_quota_that_is_lifted_or_changed_holds_at_once() {
        let (mut quotas, start) = (Quotas::default(), Instant::now());
        quotas
            .check(&limits(None, Some(10)), start)
            .expect("a full bucket");
        quotas.charge(0, 120);
        let wait = Duration::from_secs(10);
        assert_eq!(
            quotas.check(&limits(None, Some(10)), start),
            Err(Exceeded::Rows(wait))
        );
        assert_eq!(
            quotas.check(&limits(None, Some(100)), start),
            Err(Exceeded::Rows(wait / 10))
        );
        assert_eq!(quotas.check(&limits(None, None), start), Ok(()));
    }

    proptest! {
        #[test]
        fn over_any_time_no_more_comes_in_than_rate_burst_and_one_request(
            steps in prop::collection::vec((0_u64..2_000, 0_u64..5_000), 1..200),
        ) {
            const RATE: u64 = 1_000;
            let (mut quotas, start) = (Quotas::default(), Instant::now());
            let limits = limits(Some(RATE), None);
            let (mut now, mut taken, mut largest) = (start, 0, 0);
            for (pause, size) in steps {
                now += Duration::from_millis(pause);
                if quotas.check(&limits, now).is_ok() {
                    quotas.charge(size, 0);
                    taken += size;
                    largest = largest.max(size);
                }
                let seconds = (now - start).as_secs_f64() + BURST_SECONDS;
                let most = RATE as f64 * seconds + largest as f64;
                prop_assert!(taken as f64 <= most + 1.0, "{taken} in {seconds} s");
            }
        }
    }
}
