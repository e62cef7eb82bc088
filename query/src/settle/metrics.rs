//! What settling tells of itself.

use coldtrace_model::UnixNanos;
use coldtrace_service::metrics::{Counter, Gauge, Histogram, Registry};
use coldtrace_store::settle::{Rollup, Settler, Window};

// Of each table.
const SETTLED: (&str, &str) = (
    "coldtrace_settle_windows_total",
    "Windows that were computed for the first time.",
);
const RESETTLED: (&str, &str) = (
    "coldtrace_settle_again_total",
    "Windows that were computed again, because rows had come late.",
);

/// Handles, taken once.
#[derive(Clone)]
pub(super) struct SettleMetrics {
    settled: [Counter; Rollup::ALL.len()],
    resettled: [Counter; Rollup::ALL.len()],
    behind: Gauge,
    waiting: Gauge,
    pub(super) took: Histogram,
    pub(super) failures: Counter,
    pub(super) holds_lease: Gauge,
}

/// The same of paths, which are derived where there is time for it.
#[derive(Clone)]
pub(super) struct PathMetrics {
    settled: Counter,
    resettled: Counter,
    pub(super) looked_at: Counter,
    behind: Gauge,
    waiting: Gauge,
    pub(super) failures: Counter,
}

// === impl SettleMetrics ===

impl SettleMetrics {
    pub(super) fn new(registry: &Registry) -> Self {
        let each = |(name, help): (&str, &str)| {
            Rollup::ALL.map(|rollup| registry.counter(name, help, &[("table", rollup.table())]))
        };
        Self {
            settled: each(SETTLED),
            resettled: each(RESETTLED),
            behind: registry.gauge(
                "coldtrace_settle_behind_seconds",
                "How long ago the earliest window ended that is due and not settled; 0 if none is.",
                &[],
            ),
            waiting: registry.gauge(
                "coldtrace_settle_waiting_windows",
                "Windows that are due and were left by the last step.",
                &[],
            ),
            took: registry.histogram(
                "coldtrace_settle_statement_seconds",
                "How long statements that settle took; each runs in one thread of the store.",
                &[],
            ),
            failures: failures(registry),
            holds_lease: registry.gauge(
                "coldtrace_settle_lease",
                "1 while this process is the one that settles.",
                &[],
            ),
        }
    }

    pub(super) fn settled(&self, rollup: Rollup, windows: &[Window]) {
        let again = windows
            .iter()
            .filter(|window| window.settled.is_some())
            .count();
        let index = Rollup::ALL.iter().position(|&other| other == rollup);
        let index = index.expect("all tables are listed");
        self.resettled[index].add(again as u64);
        self.settled[index].add((windows.len() - again) as u64);
    }

    /// Takes the ends of windows that are left.
    pub(super) fn behind(&self, left: &[UnixNanos], now: UnixNanos) {
        set(&self.behind, &self.waiting, left, now);
    }
}

// === impl PathMetrics ===

impl PathMetrics {
    pub(super) fn new(registry: &Registry) -> Self {
        let of_paths = |(name, help): (&str, &str)| {
            registry.counter(name, help, &[("table", Settler::PATH_TABLE)])
        };
        Self {
            settled: of_paths(SETTLED),
            resettled: of_paths(RESETTLED),
            looked_at: registry.counter(
                "coldtrace_settle_paths_invocations_total",
                "Invocations whose traces were rebuilt to tell where the time of functions went.",
                &[],
            ),
            behind: registry.gauge(
                "coldtrace_settle_paths_behind_seconds",
                "How long ago the earliest window of paths ended that is due and not derived, of those that were looked for; 0 if none is. \
                 The latest are derived first.",
                &[],
            ),
            waiting: registry.gauge(
                "coldtrace_settle_paths_waiting_windows",
                "Windows of paths that are due and not derived, of those that were looked for.",
                &[],
            ),
            failures: failures(registry),
        }
    }

    pub(super) fn settled(&self, window: &Window) {
        match window.settled {
            None => self.settled.inc(),
            Some(_) => self.resettled.inc(),
        }
    }

    /// Takes the ends of windows that are left.
    pub(super) fn behind(&self, left: &[UnixNanos], now: UnixNanos) {
        set(&self.behind, &self.waiting, left, now);
    }
}

fn failures(registry: &Registry) -> Counter {
    let help = "Steps that were broken off, and windows that could not be settled.";
    registry.counter("coldtrace_settle_failures_total", help, &[])
}

fn set(behind: &Gauge, waiting: &Gauge, left: &[UnixNanos], now: UnixNanos) {
    let earliest = left.iter().min().copied();
    let seconds = earliest.map_or(0, |end| now.since(end).0 / 1_000_000_000);
    behind.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    waiting.set(i64::try_from(left.len()).unwrap_or(i64::MAX));
}
