//! What evaluation tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use coldtrace_model::{Nanos, Tenant};
use coldtrace_service::metrics::{Counter, Gauge, Histogram, Registry};

use super::watch::{Minute, Watch};

const SECOND: u64 = 1_000_000_000;

/// Handles, taken once.
pub(super) struct EvaluatorMetrics {
    minutes: Counter,
    transitions: Counter,
    took: Histogram,
    pub(super) failures: Counter,
    behind: Gauge,
    rules: Gauge,
    firing: Gauge,
}

// === impl EvaluatorMetrics ===

impl EvaluatorMetrics {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            minutes: registry.counter(
                "coldtrace_alerts_minutes_total",
                "Minutes of tenants that were evaluated.",
                &[],
            ),
            transitions: registry.counter(
                "coldtrace_alerts_transitions_total",
                "Alerts that began to fire or ended.",
                &[],
            ),
            took: registry.histogram(
                "coldtrace_alerts_minute_seconds",
                "How long it took to evaluate a minute of a tenant and to keep what it came to.",
                &[],
            ),
            failures: registry.counter(
                "coldtrace_alerts_failures_total",
                "Looks that were broken off because something could not be read or kept.",
                &[],
            ),
            behind: registry.gauge(
                "coldtrace_alerts_behind_seconds",
                "By how long the tenant that is furthest behind is later than the configured delay; 0 if none is.",
                &[],
            ),
            rules: registry.gauge(
                "coldtrace_alerts_rules",
                "Rules in force.",
                &[],
            ),
            firing: registry.gauge(
                "coldtrace_alerts_firing",
                "Alerts that fire.",
                &[],
            ),
        }
    }

    /// One was evaluated.
    pub(super) fn minute(&self, minute: &Minute, took: Duration) {
        self.minutes.inc();
        self.transitions.add(minute.transitions.len() as u64);
        self.took.observe_duration(took);
    }

    /// How all stand after a look. `waits`: as far behind as it is meant to be.
    pub(super) fn tell(&self, watches: &BTreeMap<Tenant, Watch>, behind: Nanos, waits: Nanos) {
        let rules = watches.values().map(|watch| watch.rules().len());
        let firing = watches.values().map(|watch| watch.firing().len());
        let late = behind.0.saturating_sub(waits.0);
        self.rules.set(rules.sum::<usize>() as i64);
        self.firing.set(firing.sum::<usize>() as i64);
        self.behind.set((late / SECOND) as i64);
    }
}
