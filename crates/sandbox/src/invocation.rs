//! One invocation: what goes in, what comes out, and what an observer outside saw of it.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use coldtrace_model::{ByteSize, Outcome, RequestId};
use serde_json::json;

/// What a function is invoked with.
#[derive(Clone, Debug)]
pub struct Event {
    /// The event, JSON.
    pub payload: Bytes,
    /// X-Ray's header as the caller sent it.
    pub trace_header: Option<String>,
}

/// The answer, as the caller has it as soon as the function is done.
#[derive(Clone, Debug)]
pub struct Response {
    /// The platform's id of the invocation.
    pub request_id: RequestId,
    /// The function's reply; where it failed, the error as JSON.
    pub payload: Bytes,
    /// Set where it failed.
    pub error: Option<InvocationError>,
}

/// A whole invocation, known when its sandbox is done with it, extensions included.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// The platform's id of it.
    pub request_id: RequestId,
    /// The function's reply; where it failed, the error as JSON.
    pub payload: Bytes,
    /// Set where it failed.
    pub error: Option<InvocationError>,
    /// What the sandbox reported of it: the numbers of `platform.report`.
    pub report: Report,
    /// What was seen of it from outside.
    pub observed: Observed,
}

/// Why an invocation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationError {
    /// `Runtime.ExitError`, or the class of the exception.
    pub error_type: String,
    /// The text that the caller gets.
    pub message: String,
}

/// As Lambda's REPORT line.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub status: Outcome,
    /// Whether it waited for an init or a restore: of a new sandbox, or of one that was reset.
    pub cold: bool,
    /// From its arrival in the sandbox until runtime and extensions were done, in whole microseconds. An init that failed
    /// before and is tried again (suppressed init) is part of it.
    pub duration: Duration,
    /// `duration` and the `init` or `restore` that it waited for, rounded up to milliseconds: since August 2025 Lambda bills
    /// every init. Zero on managed instances, where it is the instance that is paid for.
    pub billed: Duration,
    /// The init before the first invocation of a sandbox, if it was made on demand.
    pub init: Option<Duration>,
    /// The restore before the first invocation of a sandbox, if it was made from a snapshot.
    pub restore: Option<Duration>,
    /// The most memory that the sandbox used since its last (re)start, in whole MiB.
    pub max_memory: ByteSize,
    /// Which of the function's sandboxes.
    pub sandbox: u64,
}

/// What was seen from outside.
#[derive(Clone, Debug)]
pub struct Observed {
    /// When the invocation was requested.
    pub sent: SystemTime,
    /// From then until the answer was there.
    pub wall: Duration,
    /// From then until the sandbox was done with it: later than the answer where an extension worked on.
    pub held: Duration,
    /// How the runtime's process ended, where it ended in the course of the invocation.
    pub exit: Option<String>,
    /// The most resident memory of the sandbox's processes together, in bytes, by /proc.
    pub peak_memory: u64,
}

// === impl Response ===

impl Response {
    pub(crate) fn failed(request_id: RequestId, error: InvocationError) -> Self {
        let payload =
            json!({"errorType": error.error_type, "errorMessage": error.message}).to_string();
        Self {
            request_id,
            payload: payload.into(),
            error: Some(error),
        }
    }
}

// === impl InvocationError ===

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.message)
    }
}
