//! When to hold an invocation for a flush, and when not to. Pure: what happened, and now, give a decision.
//!
//! Under steady traffic nothing is ever held: what is pending goes out beside the next invocation. Where traffic is rare the
//! sandbox may be frozen for hours after an invocation, so that one is held until its end is known and its data is out. The
//! invariant: nothing is held beyond the deadline less the margin.

use std::collections::VecDeque;
use std::time::Duration;

use coldtrace_model::{Nanos, UnixNanos};

/// Invocations that are remembered.
const REMEMBERED: usize = 20;
/// With fewer gaps than this nobody knows what the traffic is.
const ENOUGH_GAPS: usize = 9;
/// Traffic with longer gaps than this, in the mean, is rare: by then the data should have been out.
const RARE_GAP: Nanos = Nanos::from_millis(60_000);
/// Kept between the end of everything that is held and the deadline: for the call itself, and a clock that is a little off.
const LEAST_MARGIN: Nanos = Nanos::from_millis(100);
/// The same as a share of the time that the invocation has: a twentieth.
const MARGIN_SHARE: u64 = 20;

/// How long data may wait while the process runs.
const PERIOD: Duration = Duration::from_secs(1);
/// The same on managed instances once they run for a while: nothing is frozen there.
const SETTLED_PERIOD: Duration = Duration::from_secs(5);
const SETTLING: Nanos = Nanos::from_millis(60_000);

/// When the last invocations came.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    invokes: VecDeque<UnixNanos>,
}

/// What to do with an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Ask for the next at once.
    LetGo,
    /// Ask for the next when its end is known and its data is out, at this time at the latest.
    Hold { latest: UnixNanos },
}

/// What a decision rests on, beside the history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances {
    pub(crate) now: UnixNanos,
    pub(crate) deadline: UnixNanos,
    /// The end of an invocation will be told.
    pub(crate) has_telemetry: bool,
    /// The collector answered when it was last asked.
    pub(crate) is_collector_well: bool,
}

// === impl History ===

impl History {
    pub(crate) fn note(&mut self, now: UnixNanos) {
        if self.invokes.len() == REMEMBERED {
            self.invokes.pop_front();
        }
        self.invokes.push_back(now);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.invokes.is_empty()
    }

    fn is_rare(&self) -> bool {
        let gaps = self.invokes.len().saturating_sub(1);
        let (Some(first), Some(last)) = (self.invokes.front(), self.invokes.back()) else {
            return true;
        };
        gaps < ENOUGH_GAPS || last.since(*first).0 / gaps as u64 > RARE_GAP.0
    }
}

/// What to do with the invocation that just came.
pub(crate) fn decide(history: &History, about: Circumstances) -> Decision {
    let Circumstances { now, deadline, .. } = about;
    let margin = Nanos(deadline.since(now).0 / MARGIN_SHARE).max(LEAST_MARGIN);
    let latest = deadline.minus(margin);
    let is_worth_it = history.is_rare() && about.has_telemetry && about.is_collector_well;
    match is_worth_it && latest > now {
        true => Decision::Hold { latest },
        false => Decision::LetGo,
    }
}

/// Until when a flush may hold an invocation whose end is known.
pub(crate) fn flush_until(now: UnixNanos, budget: Duration, latest: UnixNanos) -> UnixNanos {
    now.plus(budget.into()).min(latest)
}

/// How long data may wait in a process that runs, after `uptime`.
pub(crate) fn period(is_never_frozen: bool, uptime: Nanos) -> Duration {
    match is_never_frozen && uptime > SETTLING {
        true => SETTLED_PERIOD,
        false => PERIOD,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Nanos = Nanos::from_millis(1_000);

    fn history(gap: Nanos, invokes: usize) -> (History, UnixNanos) {
        let (mut history, mut now) = (History::default(), UnixNanos(1_700_000_000_000_000_000));
        for _ in 0..invokes {
            now = now.plus(gap);
            history.note(now);
        }
        (history, now)
    }

    fn decide_after(gap: Nanos, invokes: usize) -> Decision {
        let (history, now) = history(gap, invokes);
        let about = Circumstances {
            now,
            deadline: now.plus(SECOND),
            has_telemetry: true,
            is_collector_well: true,
        };
        decide(&history, about)
    }

    #[test]
    fn steady_traffic_is_never_held_and_rare_traffic_is() {
        assert_eq!(decide_after(SECOND, 10), Decision::LetGo);
        assert_eq!(
            decide_after(Nanos::from_millis(60_000), 30),
            Decision::LetGo
        );
        assert_ne!(decide_after(SECOND, 9), Decision::LetGo, "too few to know");
        assert_ne!(
            decide_after(Nanos::from_millis(61_000), 30),
            Decision::LetGo
        );
    }

    #[test]
    fn nothing_is_held_where_holding_gains_nothing() {
        let (history, now) = history(SECOND, 1);
        let about = Circumstances {
            now,
            deadline: now.plus(SECOND),
            has_telemetry: true,
            is_collector_well: true,
        };
        let latest = now.plus(Nanos::from_millis(900));
        assert_eq!(decide(&history, about), Decision::Hold { latest });
        for about in [
            Circumstances {
                has_telemetry: false,
                ..about
            },
            Circumstances {
                is_collector_well: false,
                ..about
            },
            Circumstances {
                deadline: now.plus(LEAST_MARGIN),
                ..about
            },
            Circumstances {
                deadline: UnixNanos(0),
                ..about
            },
        ] {
            assert_eq!(decide(&history, about), Decision::LetGo, "{about:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_held_beyond_the_deadline_less_the_margin(
            gaps in prop::collection::vec(0u64..u64::MAX / 64, 0..40),
            time in 0u64..900_000_000_000,
            elapsed in 0u64..u64::MAX / 4,
            budget in 0u64..1_000_000,
        ) {
            let (mut history, mut now) = (History::default(), UnixNanos(0));
            for gap in gaps {
                now = now.plus(Nanos(gap));
                history.note(now);
            }
            let deadline = now.plus(Nanos(time));
            let about = Circumstances { now, deadline, has_telemetry: true, is_collector_well: true };
            if let Decision::Hold { latest } = decide(&history, about) {
                prop_assert!(latest > now);
                prop_assert!(latest.plus(LEAST_MARGIN) <= deadline);
                prop_assert!(latest.plus(Nanos(time / MARGIN_SHARE)) <= deadline);
                let later = now.plus(Nanos(elapsed));
                let until = flush_until(later, Duration::from_millis(budget), latest);
                prop_assert!(until <= latest, "a flush ends with the hold");
            }
        }
    }
}
