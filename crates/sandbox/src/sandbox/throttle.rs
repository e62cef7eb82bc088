//! The processor's share of a sandbox: what Lambda gives by memory, a whole core at 1,769 MB.
//!
//! A duty cycle: whoever has used more than the share so far stands still until it is due again. What the sandbox used is
//! measured on every pulse, so that a process runs for a few milliseconds at a time, and the mean is right over tenths of a
//! second. An init is not throttled: Lambda is known to give it more than the share, but not how much.

use std::collections::BTreeMap;

use coldtrace_model::ByteSize;
use tokio::time::Instant;

/// Memory for a whole core, in MiB.
const WHOLE_CORE: f64 = 1769.0;
/// What is not used can be saved up for so long, in seconds: Lambda's scheduler counts in periods of this length.
const PERIOD: f64 = 0.02;

/// Processor time by thread, in nanoseconds.
pub(super) type Used = BTreeMap<i32, u64>;

/// What has been used, and what may be.
pub(super) struct Throttle {
    /// Of one core; beyond 1 of several.
    share: f64,
    judged: Instant,
    used: Used,
    /// What may still be used, in seconds of a core. Negative where too much was.
    credit: f64,
}

impl Throttle {
    /// From `now` on, with nothing saved up.
    pub(super) fn new(memory: ByteSize, now: Instant, used: Used) -> Self {
        Self {
            share: memory.as_mib() as f64 / WHOLE_CORE,
            judged: now,
            used,
            credit: 0.0,
        }
    }

    /// Whether the processes may run now. `used` is what they have used since they were started.
    pub(super) fn allows(&mut self, now: Instant, used: Used) -> bool {
        // A thread that has ended takes its last stretch along.
        let nanos: u64 = used
            .iter()
            .map(|(thread, nanos)| {
                nanos.saturating_sub(self.used.get(thread).copied().unwrap_or_default())
            })
            .sum();
        let elapsed = now.duration_since(self.judged).as_secs_f64();
        self.judged = now;
        self.used = used;
        self.credit += elapsed * self.share - nanos as f64 / 1e9;
        self.credit = self.credit.min(PERIOD * self.share);
        self.credit >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_always_wants_to_run_runs_for_the_share_of_the_time() {
        let begin = Instant::now();
        let mut throttle = Throttle::new(ByteSize::from_mib(442), begin, Used::new());
        let (mut used, mut runs) = (0, true);
        let pulse = Duration::from_millis(4);
        for number in 1..=1_000 {
            // One thread goes on, one is another every time.
            used += if runs { 2_000_000 } else { 0 };
            let other = if runs { 2_000_000 } else { 0 };
            let threads = Used::from([(1, used), (1_000 + number, other)]);
            runs = throttle.allows(begin + pulse * number as u32, threads);
        }
        let share = (2 * used) as f64 / 4e9;
        assert!((0.24..0.26).contains(&share), "{share}");
    }

    #[test]
    fn what_is_not_used_is_not_saved_up_for_ever() {
        let begin = Instant::now();
        let mut throttle = Throttle::new(ByteSize::from_mib(1_769), begin, Used::new());
        let later = begin + Duration::from_secs(60);
        assert!(throttle.allows(later, Used::new()));
        let used = Used::from([(1, 30_000_000)]);
        assert!(!throttle.allows(later, used), "30 of 20 ms");
    }
}
