//! Section `settle` of the configuration.

use std::time::Duration;

use coldtrace_service::config::{HumanDuration, Section};

/// How settling goes about.
#[derive(Clone, Debug)]
pub struct SettleConfig {
    /// Whether this process settles at all. Where none does, every number is computed from base tables.
    pub enabled: bool,
    /// Between two looks for what is to be done.
    pub every: Duration,
    /// How long after its end a window is computed for the first time: what comes within it is not late.
    pub grace: Duration,
    /// How long the lease lasts without being prolonged: after a kill of its holder, nobody settles for so long.
    pub lease: Duration,
    /// Of one core, on average; more than 0, at most 1.
    pub cpu_share: f64,
}

impl SettleConfig {
    /// Reads the section.
    pub fn read(section: &mut Section<'_>) -> Self {
        let mut duration = |key, default| section.value(key, HumanDuration(default)).0;
        let every = duration("every", Duration::from_secs(10));
        let grace = duration("grace", Duration::from_secs(30));
        let lease = duration("lease", Duration::from_secs(60));
        let config = Self {
            enabled: section.value("enabled", true),
            every,
            grace,
            lease,
            cpu_share: section.value("cpu_share", 0.25),
        };
        if config.every < Duration::from_secs(1) {
            section.problem("every", "must be at least 1s: each look reads the store");
        }
        if config.lease < config.every * 3 {
            section.problem(
                "lease",
                "must be at least three times settle.every, or it expires between two steps",
            );
        }
        if !(config.cpu_share > 0.0 && config.cpu_share <= 1.0) {
            section.problem(
                "cpu_share",
                "must be more than 0 and at most 1: the share of one core",
            );
        }
        config
    }
}
