//! The phases before the first invocation, from the platform's events about them.
//!
//! What a restored sandbox is told of the init of its snapshot, hours ago and shared by all its clones, is passed over.

use coldtrace_model::{Nanos, Outcome, Phase, PhaseKind, UnixNanos};

use crate::telemetry_api::event::{Done, InitPhase, InitStart, Status};

/// What is known of the init or restore that is going on, and the phases that are complete.
#[derive(Debug)]
pub(super) struct Init {
    /// When this extension had registered: the last one did not do so before.
    registered: UnixNanos,
    start: Option<UnixNanos>,
    /// When the invocation began that the last init is a part of, until that invocation is told of.
    invocation_start: Option<UnixNanos>,
    runtime_start: Option<UnixNanos>,
    runtime_end: Option<UnixNanos>,
    restore_start: Option<UnixNanos>,
    /// The error of the last init or restore, if it failed.
    failure: Option<String>,
    phases: Vec<Phase>,
}

// === impl Init ===

impl Init {
    pub(super) const fn new(registered: UnixNanos) -> Self {
        Self {
            registered,
            start: None,
            invocation_start: None,
            runtime_start: None,
            runtime_end: None,
            restore_start: None,
            failure: None,
            phases: Vec::new(),
        }
    }

    /// The phases that became complete since the last call.
    pub(super) fn take_phases(&mut self) -> Vec<Phase> {
        std::mem::take(&mut self.phases)
    }

    /// When an invocation began whose start the platform tells now: of one with an init inside it tells after the init.
    pub(super) fn take_invocation_start(&mut self, told: UnixNanos) -> UnixNanos {
        let start = self.invocation_start.take().unwrap_or(told);
        start.min(told)
    }

    /// The error of the last init or restore, if it failed.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    pub(super) fn on_start(&mut self, start: &InitStart, time: UnixNanos) {
        if start.phase != InitPhase::Snapshot {
            self.start = Some(time);
            self.invocation_start = (start.phase == InitPhase::Invocation).then_some(time);
            self.runtime_end = None;
        }
    }

    /// The runtime starts when the last extension has registered.
    pub(super) fn on_registered(&mut self, time: UnixNanos) {
        self.runtime_start = self.runtime_start.max(Some(time));
    }

    pub(super) fn on_runtime_done(&mut self, done: &Done, time: UnixNanos) {
        if done.phase != InitPhase::Snapshot {
            self.runtime_end = Some(time);
            self.note_end(done);
        }
    }

    pub(super) fn on_report(&mut self, done: &Done, time: UnixNanos) {
        if done.phase == InitPhase::Snapshot {
            return;
        }
        self.note_end(done);
        let duration = done.duration.unwrap_or_default();
        let start = self.start.take().unwrap_or_else(|| time.minus(duration));
        self.phases
            .push(phase(PhaseKind::Init, start, duration, done));
        let runtime_start = self.runtime_start.take().unwrap_or(self.registered);
        let runtime_end = self.runtime_end.take();
        if let Some(runtime_end) = runtime_end.filter(|end| *end >= runtime_start)
            && runtime_start >= start
        {
            let well = Done {
                status: Status::Success,
                ..Done::default()
            };
            let lengths = (runtime_start.since(start), runtime_end.since(runtime_start));
            self.phases
                .push(phase(PhaseKind::ExtensionInit, start, lengths.0, &well));
            self.phases.push(phase(
                PhaseKind::RuntimeInit,
                runtime_start,
                lengths.1,
                done,
            ));
        }
    }

    pub(super) fn on_restore_start(&mut self, time: UnixNanos) {
        self.restore_start = Some(time);
    }

    pub(super) fn on_restore_report(&mut self, done: &Done, time: UnixNanos) {
        let told = done.duration;
        let start = self.restore_start.take();
        let start = start.unwrap_or_else(|| time.minus(told.unwrap_or_default()));
        let duration = told.unwrap_or_else(|| time.since(start));
        self.note_end(done);
        self.phases
            .push(phase(PhaseKind::Restore, start, duration, done));
    }

    fn note_end(&mut self, done: &Done) {
        let is_failure = done.status != Status::Success;
        self.failure = is_failure.then(|| done.error_type.clone());
    }
}

fn phase(kind: PhaseKind, start: UnixNanos, duration: Nanos, done: &Done) -> Phase {
    Phase {
        kind,
        start,
        duration,
        outcome: match done.status {
            Status::Success => Outcome::Ok,
            Status::Timeout => Outcome::Timeout,
            Status::Failure | Status::Error => Outcome::InitError,
        },
        error_type: done.error_type.clone(),
        request_id: None,
    }
}
