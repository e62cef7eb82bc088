//! One part of a run: so much was sent, acknowledged and stored, and what that took.

use std::time::{Duration, Instant};

use super::super::engine::{Engine, Usage};
use super::super::load::{Plan, Report};
use super::super::process;
use super::tools::Tools;

/// What was measured of it.
pub(super) struct Part {
    pub(super) report: Report,
    /// Acknowledged.
    pub(super) spans: u64,
    pub(super) until_stored: Duration,
    /// Processor time of the receiver.
    pub(super) receiver: Duration,
    /// Processor time of the engine.
    pub(super) engine: Usage,
}

// === impl Part ===

impl Part {
    /// Sends what the plan says to the process `receiver`, then waits for `drained`, which is told how many spans were
    /// acknowledged.
    pub(super) fn run(
        tools: &Tools,
        plan: &Plan,
        receiver: u32,
        engine: &Engine,
        drained: impl FnOnce(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let receiver_before = process::processor_time(receiver)?;
        let engine_before = engine.usage()?;
        let started = Instant::now();
        let report = tools.load(plan)?;
        if let Some(broken) = &report.broken {
            anyhow::bail!("sending broke off: {broken}");
        }
        let preparing = started.elapsed().saturating_sub(report.took);
        let spans = report.acknowledged_requests * plan.spans_per_request;
        drained(spans)?;
        Ok(Self {
            // The generator encodes its templates before it sends.
            until_stored: started.elapsed().saturating_sub(preparing),
            spans,
            report,
            receiver: process::processor_time(receiver)? - receiver_before,
            engine: engine.usage()?.since(engine_before),
        })
    }

    pub(super) fn receiver_ns(&self) -> f64 {
        ns_per_span(self.receiver, self.spans)
    }

    pub(super) fn insert_ns(&self) -> f64 {
        ns_per_span(self.engine.inserts, self.spans)
    }

    /// Stored spans a second.
    pub(super) fn rate(&self) -> f64 {
        self.spans as f64 / self.until_stored.as_secs_f64()
    }
}

pub(super) fn ns_per_span(time: Duration, spans: u64) -> f64 {
    time.as_nanos() as f64 / spans as f64
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(super) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
