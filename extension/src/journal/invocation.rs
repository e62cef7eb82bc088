//! One invocation, as far as it is known.

use coldtrace_model::{
    ByteSize, Cold, Finished, Nanos, Outcome, Phase, Reported, RequestId, SpanId, Started, TraceId,
    Trigger, UnixNanos,
};

use super::{RESOLUTION, Remembered, outcome};
use crate::config::{Capture, CaptureMode};
use crate::payload::Cause;
use crate::proxy::{Passed, Payload};
use crate::runtime_api::{Invoke, Mode};
use crate::telemetry_api::event::{Report, RuntimeDone, Start, Stretch, Tracing};
use crate::trace_header::{TraceHeader, derived_span_id, derived_trace_id};
use crate::usage::{Sample, Usage};

/// What is known of it, and what has been told.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) request_id: RequestId,
    /// Since when it exists for the collector.
    pub(super) filed_at: Option<UnixNanos>,
    pub(super) start: UnixNanos,
    /// `start` is the platform's own account.
    is_start_told: bool,
    /// Not known where its call never came.
    pub(super) deadline: UnixNanos,
    pub(super) arn: String,
    pub(super) cold: Cold,
    pub(super) outcome: Outcome,
    pub(super) error_type: String,
    /// Nothing while it runs.
    pub(super) end: Option<UnixNanos>,
    pub(super) runtime_overhead: Option<Stretch>,
    pub(super) extension_overhead: Option<Stretch>,
    pub(super) phases: Vec<Phase>,
    /// As far as its event told.
    pub(super) cause: Cause,
    /// What may be shown of its payloads; empty where nothing may.
    pub(super) request: String,
    pub(super) response: String,
    /// Only if it fails.
    shows_failures_only: bool,
    /// When it was called.
    begin: Option<Sample>,
    pub(super) usage: Option<Usage>,
    /// The runtime is done with it.
    pub(super) is_finished: bool,
    /// Its spans were told.
    pub(super) is_drawn: bool,
    /// The platform called with it.
    pub(super) was_called: bool,
    /// It was open when the process before this one ended.
    pub(super) is_recalled: bool,
    trace_header: String,
    header: TraceHeader,
    segment: Option<SpanId>,
}

/// What decides how an invocation ended, beside what the platform says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    /// The error of the last init, if it failed.
    pub(super) init_failure: Option<&'a str>,
    pub(super) memory: Option<ByteSize>,
    pub(super) mode: Mode,
}

// === impl Invocation ===

impl Invocation {
    pub(super) fn new(request_id: RequestId, start: UnixNanos) -> Self {
        Self {
            request_id,
            filed_at: None,
            start,
            is_start_told: false,
            deadline: UnixNanos::default(),
            arn: String::new(),
            cold: Cold::Warm,
            outcome: Outcome::Running,
            error_type: String::new(),
            end: None,
            runtime_overhead: None,
            extension_overhead: None,
            phases: Vec::new(),
            cause: Cause::default(),
            request: String::new(),
            response: String::new(),
            shows_failures_only: false,
            begin: None,
            usage: None,
            is_finished: false,
            is_drawn: false,
            was_called: false,
            is_recalled: false,
            trace_header: String::new(),
            header: TraceHeader::default(),
            segment: None,
        }
    }

    /// One that the process before this one left open.
    pub(super) fn recall(remembered: Remembered) -> Self {
        Self {
            filed_at: Some(remembered.filed_at),
            deadline: remembered.deadline,
            arn: remembered.arn,
            cold: remembered.cold,
            is_drawn: remembered.is_drawn,
            was_called: true,
            is_recalled: true,
            header: TraceHeader::parse(&remembered.trace_header),
            trace_header: remembered.trace_header,
            ..Self::new(remembered.request_id, remembered.start)
        }
    }

    /// What the next process must know of it; nothing if the collector does not know it either.
    pub(super) fn remember(&self) -> Option<Remembered> {
        Some(Remembered {
            request_id: self.request_id.clone(),
            filed_at: self.filed_at?,
            start: self.start,
            deadline: self.deadline,
            cold: self.cold,
            arn: self.arn.clone(),
            trace_header: self.trace_header.clone(),
            is_drawn: self.is_drawn,
        })
    }

    pub(super) fn on_invoke(&mut self, invoke: &Invoke, sample: Option<Sample>) {
        self.begin = sample;
        self.deadline = invoke.deadline;
        self.arn.clone_from(&invoke.arn);
        self.was_called = true;
        self.is_recalled = false;
        // Telemetry, where it came first, tells more of the trace.
        if self.trace_header.is_empty() {
            self.trace_header.clone_from(&invoke.trace_header);
            self.header = TraceHeader::parse(&invoke.trace_header);
        }
    }

    pub(super) fn on_start(&mut self, start: &Start, began: UnixNanos) {
        self.start = began;
        self.is_start_told = true;
        if self.arn.is_empty() {
            self.arn.clone_from(&start.arn);
        }
        self.trace(start.tracing);
    }

    /// Takes what the platform's telemetry says of the trace. The trace itself was told with the start and stays.
    pub(super) fn trace(&mut self, tracing: Option<Tracing>) {
        let Some(Tracing { header, span_id }) = tracing else {
            return;
        };
        self.segment = self.segment.or(span_id);
        let root = match self.filed_at {
            Some(_) => self.header.root,
            None => header.root.or(self.header.root),
        };
        self.header = TraceHeader { root, ..header };
    }

    /// From here on it exists for the collector.
    pub(super) fn file(&mut self, now: UnixNanos, cold: Cold) -> Started {
        self.filed_at = Some(now);
        self.cold = cold;
        Started {
            start: self.start,
            deadline: self.deadline,
            cold,
            platform_trace_id: Some(self.trace_id()),
            platform_span_id: self.known_span_id(),
            trigger: Trigger::Unknown,
        }
    }

    /// The runtime is done with it, at `time`.
    pub(super) fn finish(
        &mut self,
        done: &RuntimeDone,
        time: UnixNanos,
        about: Circumstances<'_>,
    ) -> Finished {
        let ended = outcome::of_end(done.status, &done.error_type, about);
        // The time is cut to milliseconds, and the duration may leave out an init inside the invocation.
        let exact = self.start.plus(done.duration.unwrap_or_default());
        self.note_end(ended, &done.error_type, exact.max(time));
        self.is_finished = true;
        let stretch = |name: &str| done.spans.iter().find(|stretch| stretch.name == name);
        let length = |name: &str| stretch(name).map(|stretch| stretch.duration);
        self.runtime_overhead = stretch("runtimeOverhead").cloned();
        Finished {
            start: self.is_start_told.then_some(self.start),
            outcome: ended,
            duration: done.duration.unwrap_or_default(),
            response_latency: length("responseLatency"),
            response_duration: length("responseDuration"),
            runtime_overhead: length("runtimeOverhead"),
            produced: done.produced,
            trigger: self.cause.trigger,
            error_type: done.error_type.clone(),
            sdk_trace_id: None,
        }
    }

    /// Takes what a payload of it tells, and what may be shown of it.
    pub(super) fn on_passed(&mut self, passed: &Passed, capture: &Capture) {
        if passed.what == Payload::Event && passed.is_whole {
            self.cause = Cause::of(&passed.body);
        }
        if matches!(capture.mode, CaptureMode::Off | CaptureMode::Cause) {
            return;
        }
        self.shows_failures_only = capture.mode == CaptureMode::Errors;
        let shown = capture.redaction.shown(&passed.body, capture.limit);
        match passed.what {
            Payload::Event => self.request = shown,
            Payload::Response | Payload::Error => self.response = shown,
        }
    }

    /// Whether its payloads are to be told.
    pub(super) fn shows_payloads(&self) -> bool {
        !self.shows_failures_only || self.outcome.is_failure()
    }

    /// Whether the platform told of it, to this process or the one before.
    pub(super) fn was_told(&self) -> bool {
        self.was_called || self.is_recalled
    }

    /// What it used, by a sample of just now.
    pub(super) fn note_usage(&mut self, sample: Option<Sample>) {
        if let (Some(begin), Some(end)) = (self.begin, sample) {
            self.usage = Some(Usage::between(begin, end));
        }
    }

    /// The platform's account of it, made at `time`.
    pub(super) fn report(
        &mut self,
        report: &Report,
        time: UnixNanos,
        about: Circumstances<'_>,
    ) -> Reported {
        let ended = outcome::of_report(report, about);
        // It may have begun before anything that was told of it, but has ended by now.
        let exact = report.duration.map(|duration| self.start.plus(duration));
        let end = exact.map_or(time, |exact| exact.min(time.plus(Nanos(RESOLUTION))));
        let end = end.max(self.start);
        self.note_end(ended, &report.error_type, end);
        self.is_finished = true;
        let overhead = report
            .spans
            .iter()
            .find(|stretch| stretch.name == "extensionOverhead");
        self.extension_overhead = overhead.cloned();
        Reported {
            outcome: ended,
            duration: report.duration.unwrap_or_default(),
            billed: report.billed,
            max_memory: report.max_memory,
            init: report.init,
            restore: report.restore,
            extension_overhead: overhead.map(|stretch| stretch.duration),
            error_type: report.error_type.clone(),
        }
    }

    /// The end of one of which nothing more will be told.
    pub(super) fn infer_end(&mut self, outcome: Outcome, now: UnixNanos) -> Finished {
        let end = self.latest_end(now).max(self.start);
        self.note_end(outcome, "", end);
        self.is_finished = true;
        Finished {
            start: self.is_start_told.then_some(self.start),
            outcome,
            duration: end.since(self.start),
            trigger: self.cause.trigger,
            ..Finished::default()
        }
    }

    /// The platform ends it at its deadline.
    pub(super) fn latest_end(&self, now: UnixNanos) -> UnixNanos {
        match self.deadline.is_unknown() {
            true => now,
            false => now.min(self.deadline),
        }
    }

    /// X-Ray's trace, else one derived from the request.
    pub(super) fn trace_id(&self) -> TraceId {
        self.header
            .root
            .unwrap_or_else(|| derived_trace_id(&self.request_id))
    }

    /// The platform's own segment, else one derived from the request.
    pub(super) fn span_id(&self) -> SpanId {
        self.segment
            .unwrap_or_else(|| derived_span_id(&self.request_id, "invocation"))
    }

    /// The span that X-Ray's header names as the caller.
    pub(super) fn parent_span_id(&self) -> Option<SpanId> {
        self.header
            .parent
            .filter(|parent| *parent != self.span_id())
    }

    /// Nothing as long as telemetry may still tell another id, which it does for sampled requests alone.
    fn known_span_id(&self) -> Option<SpanId> {
        (self.segment.is_some() || !self.header.is_sampled).then(|| self.span_id())
    }

    /// As the store merges facts: the worse outcome holds.
    fn note_end(&mut self, outcome: Outcome, error_type: &str, end: UnixNanos) {
        self.outcome = self.outcome.max(outcome);
        if !error_type.is_empty() {
            error_type.clone_into(&mut self.error_type);
        }
        self.end = Some(end);
    }
}
