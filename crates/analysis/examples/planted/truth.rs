//! What a function takes less without its fault: counted, not estimated.

use coldtrace_analysis::{Fault, Gain};

use crate::world::{Outcome, World};

/// The difference of two functions.
#[derive(Debug)]
pub(crate) struct Truth {
    /// In milliseconds.
    mean: f64,
    p95: f64,
    /// The 95th percentile with the fault.
    p95_with: f64,
    /// Share of invocations that do not fail.
    failures: f64,
    /// Dollars in 30 days.
    monthly: f64,
}

// === impl Truth ===

impl Truth {
    pub(crate) fn between(with: &World, without: &World) -> Self {
        let (before, after) = (with.outcomes(), without.outcomes());
        let mean = |outcomes: &[Outcome]| {
            outcomes.iter().map(|one| one.latency).sum::<f64>() / outcomes.len() as f64
        };
        let failures = |outcomes: &[Outcome]| {
            outcomes.iter().filter(|one| one.failed).count() as f64 / outcomes.len() as f64
        };
        Self {
            mean: mean(&before) - mean(&after),
            p95: p95(&before) - p95(&after),
            p95_with: p95(&before),
            failures: failures(&before) - failures(&after),
            monthly: with.monthly() - without.monthly(),
        }
    }
}

fn p95(outcomes: &[Outcome]) -> f64 {
    let mut latencies: Vec<f64> = outcomes.iter().map(|one| one.latency).collect();
    latencies.sort_by(f64::total_cmp);
    latencies[(latencies.len() as f64 * 0.95) as usize]
}

/// The greatest error of what a fault is about, as a share of the truth: time, failures or money.
pub(crate) fn error(fault: Fault, gain: &Gain, truth: &Truth) -> f64 {
    let off = |estimate: f64, truth: f64| (estimate - truth).abs() / truth.abs().max(1e-12);
    match fault {
        Fault::Timeouts | Fault::ErrorRegression | Fault::MemoryLeak => {
            off(gain.failures, truth.failures)
        }
        Fault::OverProvisioned | Fault::DuplicateProcessing => {
            let dollars = gain.monthly.unwrap_or_default().0 as f64 / 1e9;
            off(dollars, truth.monthly)
        }
        _ => {
            let mean = off(gain.mean.0 as f64 / 1e6, truth.mean);
            // Where few invocations have the fault, the percentile hardly moves, and what is left of it is noise.
            match truth.p95 >= truth.p95_with * 0.1 {
                true => mean.max(off(gain.p95.0 as f64 / 1e6, truth.p95)),
                false => mean,
            }
        }
    }
}
