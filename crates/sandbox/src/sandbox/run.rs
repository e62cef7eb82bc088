//! One invocation in a sandbox: its times, and the records that telemetry tells of it. No I/O.

use std::time::{Duration, SystemTime};

use coldtrace_model::{ByteSize, Outcome, RequestId};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fault::Fault;
use crate::api::Answer;
use crate::invocation::Report;
use crate::timestamp::{millis, rfc3339};
use crate::trace_header::Tracing;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) wall: SystemTime,
    pub(super) at: Instant,
}

/// An invocation in its course.
pub(super) struct Run {
    pub(super) request_id: RequestId,
    pub(super) tracing: Tracing,
    pub(super) begin: Moment,
    limit: Duration,
    pub(super) cold: bool,
    /// The init that it waited for.
    pub(super) init: Option<Duration>,
    /// The restore that it waited for.
    pub(super) restore: Option<Duration>,
    /// `platform.start` was told.
    pub(super) is_started: bool,
    /// When the runtime got it.
    pub(super) dispatched: Option<Instant>,
    answered: Option<Answered>,
    runtime_done: Option<Instant>,
}

struct Answered {
    /// The platform's word for the error, if it was one.
    error_type: Option<String>,
    produced: usize,
    first_byte: Instant,
    last_byte: Instant,
}

/// How an invocation ended, beside its times.
pub(super) struct Ending<'a> {
    pub(super) fault: Option<&'a Fault>,
    /// When everybody was done with it.
    pub(super) done: Instant,
    /// In bytes.
    pub(super) peak_memory: u64,
    pub(super) memory: ByteSize,
    pub(super) has_followers: bool,
    pub(super) sandbox: u64,
}

// === impl Moment ===

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            wall: SystemTime::now(),
            at: Instant::now(),
        }
    }

    /// A later instant on the wall's clock.
    fn wall_at(self, later: Instant) -> SystemTime {
        self.wall + later.duration_since(self.at)
    }
}

// === impl Run ===

impl Run {
    pub(super) fn begin(
        request_id: RequestId,
        trace_header: Option<&str>,
        limit: Duration,
    ) -> Self {
        Self {
            request_id,
            tracing: Tracing::begin(trace_header),
            begin: Moment::now(),
            limit,
            cold: false,
            init: None,
            restore: None,
            is_started: false,
            dispatched: None,
            answered: None,
            runtime_done: None,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.begin.at + self.limit
    }

    /// The deadline as runtime and extensions are told.
    pub(super) fn wall_deadline(&self) -> SystemTime {
        self.begin.wall + self.limit
    }

    pub(super) fn note_answer(&mut self, answer: &Answer) {
        let (error_type, produced) = match &answer.outcome {
            Ok(payload) => (None, payload.len()),
            Err(failure) => (Some(failure.platform_type.clone()), failure.payload.len()),
        };
        self.answered = Some(Answered {
            error_type,
            produced,
            first_byte: answer.first_byte,
            last_byte: answer.last_byte,
        });
    }

    pub(super) fn note_runtime_done(&mut self) {
        self.runtime_done = Some(Instant::now());
    }

    pub(super) fn is_runtime_done(&self) -> bool {
        self.runtime_done.is_some()
    }

    /// `platform.start`.
    pub(super) fn start_record(&self, version: &str) -> Value {
        self.traced(json!({"requestId": self.request_id.as_str(), "version": version}))
    }

    /// `platform.runtimeDone`: the runtime asked for the next invocation, or will not any more.
    pub(super) fn runtime_done_record(&self, fault: Option<&Fault>) -> Value {
        let end = self.runtime_done.unwrap_or_else(Instant::now);
        let produced = self
            .answered
            .as_ref()
            .map_or(0, |answered| answered.produced);
        let mut record = json!({
            "requestId": self.request_id.as_str(),
            "metrics": {
                "durationMs": millis(end.duration_since(self.begin.at)),
                "producedBytes": produced,
            },
        });
        self.set_status(&mut record, fault);
        if let (None, Some(dispatched), Some(answered)) = (fault, self.dispatched, &self.answered) {
            record["spans"] = json!([
                self.span("responseLatency", dispatched, answered.first_byte),
                self.span("responseDuration", answered.first_byte, answered.last_byte),
                self.span("runtimeOverhead", answered.last_byte, end),
            ]);
        }
        self.traced(record)
    }

    /// The report.
    pub(super) fn report(&self, ending: &Ending<'_>) -> Report {
        let status = self.outcome(ending.fault);
        let duration = match status {
            Outcome::Timeout => self.limit,
            _ => whole_micros(ending.done.duration_since(self.begin.at)),
        };
        let paid = duration + self.init.unwrap_or_default() + self.restore.unwrap_or_default();
        let billed = u64::try_from(paid.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let max_memory = match status {
            Outcome::OutOfMemory => ending.memory,
            _ => ByteSize::from_mib(ByteSize(ending.peak_memory).as_mib()),
        };
        Report {
            status,
            cold: self.cold,
            duration,
            billed: Duration::from_millis(billed),
            init: self.init,
            restore: self.restore,
            max_memory,
            sandbox: ending.sandbox,
        }
    }

    /// `platform.report`, with the numbers of the report.
    pub(super) fn report_record(&self, report: &Report, ending: &Ending<'_>) -> Value {
        let billed = u64::try_from(report.billed.as_millis()).unwrap_or(u64::MAX);
        let mut record = json!({
            "requestId": self.request_id.as_str(),
            "metrics": {
                "durationMs": millis(report.duration),
                "billedDurationMs": billed,
                "memorySizeMB": ending.memory.as_mib(),
                "maxMemoryUsedMB": report.max_memory.as_mib(),
            },
        });
        if let Some(init) = report.init {
            record["metrics"]["initDurationMs"] = json!(millis(init));
        }
        if let Some(restore) = report.restore {
            record["metrics"]["restoreDurationMs"] = json!(millis(restore));
            let billed = restore.as_nanos().div_ceil(1_000_000) as u64;
            record["metrics"]["billedRestoreDurationMs"] = json!(billed);
        }
        self.set_status(&mut record, ending.fault);
        if let (true, Some(runtime_done)) = (ending.has_followers, self.runtime_done) {
            record["spans"] = json!([self.span("extensionOverhead", runtime_done, ending.done)]);
        }
        self.traced(record)
    }

    /// The same on managed instances, where an invocation ends with its answer and nothing is billed by invocation.
    pub(super) fn managed_report(&self, ending: &Ending<'_>) -> Report {
        Report {
            billed: Duration::ZERO,
            ..self.report(ending)
        }
    }

    /// `platform.report` on managed instances: it tells of the runtime's end, too.
    pub(super) fn managed_report_record(&self, report: &Report, fault: Option<&Fault>) -> Value {
        let mut record = json!({
            "requestId": self.request_id.as_str(),
            "metrics": {"durationMs": millis(report.duration)},
        });
        self.set_status(&mut record, fault);
        if record["status"] == "failure" {
            record["status"] = json!("error");
        }
        if fault.is_some_and(Fault::is_timeout) {
            record["errorType"] = json!("Sandbox.Timedout");
        }
        if let (None, Some(dispatched), Some(answered)) = (fault, self.dispatched, &self.answered) {
            record["spans"] = json!([
                self.span("responseLatency", dispatched, answered.first_byte),
                self.span("responseDuration", answered.first_byte, answered.last_byte),
            ]);
        }
        self.traced(record)
    }

    fn outcome(&self, fault: Option<&Fault>) -> Outcome {
        match (fault, &self.answered) {
            (Some(fault), _) => fault.outcome(),
            (None, Some(answered)) if answered.error_type.is_some() => Outcome::Error,
            (None, _) => Outcome::Ok,
        }
    }

    fn set_status(&self, record: &mut Value, fault: Option<&Fault>) {
        let told = self
            .answered
            .as_ref()
            .and_then(|answered| answered.error_type.as_deref());
        let (status, error_type) = match (fault, told) {
            (Some(fault), _) => (fault.status(), fault.error_type()),
            (None, Some(error_type)) => ("failure", Some(error_type)),
            (None, None) => ("success", None),
        };
        record["status"] = json!(status);
        if let Some(error_type) = error_type {
            record["errorType"] = json!(error_type);
        }
    }

    fn span(&self, name: &str, from: Instant, to: Instant) -> Value {
        json!({
            "name": name,
            "start": rfc3339(self.begin.wall_at(from)),
            "durationMs": millis(to.duration_since(from)),
        })
    }

    fn traced(&self, mut record: Value) -> Value {
        if let Some(tracing) = self.tracing.telemetry() {
            record["tracing"] = tracing;
        }
        record
    }
}

/// As precise as telemetry is, so that everybody has the same number.
pub(super) fn whole_micros(length: Duration) -> Duration {
    Duration::from_micros(u64::try_from(length.as_micros()).unwrap_or(u64::MAX))
}
