//! What an observer outside saw: every invocation as its caller and the emulator saw it, every call that passed by.
//!
//! Nothing in here comes from the API or from what the extension sent; that is its worth.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use coldtrace_model::{Outcome, SpanId, TraceId};

/// One invocation.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) function: &'static str,
    pub(super) request_id: String,
    /// Of X-Ray's header, where the caller sent one.
    pub(super) root: Option<TraceId>,
    /// When the request was sent.
    pub(super) sent: SystemTime,
    /// From then to the answer, on the caller's clock.
    pub(super) wall: Duration,
    /// From then until its sandbox was done with it, extensions included.
    pub(super) held: Duration,
    /// Whether the answer was an error.
    pub(super) failed: bool,
    /// How the runtime's process ended, if it did.
    pub(super) exit: Option<String>,
    /// The most memory that the sandbox's processes held, by /proc.
    pub(super) peak_memory: u64,
    /// The emulator's report.
    pub(super) report: Report,
}

/// What the emulator reported, as Lambda's REPORT line would.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) outcome: Outcome,
    pub(super) cold: bool,
    pub(super) duration: Duration,
    pub(super) billed: Duration,
    pub(super) init: Option<Duration>,
    /// In bytes.
    pub(super) max_memory: u64,
    /// Which of the function's sandboxes.
    pub(super) sandbox: u64,
}

/// A request that a function made, as it was received: there must be a client span of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The function that made it.
    pub(super) caller: &'static str,
    /// The customer's request that it belongs to.
    pub(super) root: TraceId,
    /// The trace and the span that the caller's SDK wrote into `traceparent`.
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
}

/// Everything seen so far. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Book>>);

#[derive(Clone, Default)]
pub(super) struct Book {
    pub(super) invocations: Vec<Seen>,
    pub(super) calls: Vec<Call>,
}

// === impl Seen ===

impl Seen {
    /// When its caller had the answer.
    pub(super) fn ended(&self) -> SystemTime {
        self.sent + self.wall
    }

    /// Whether the handler came to its end, and with it the SDK's flush.
    pub(super) fn completed(&self) -> bool {
        matches!(self.report.outcome, Outcome::Ok | Outcome::Error)
    }
}

// === impl Ledger ===

impl Ledger {
    pub(super) fn invocation(&self, seen: Seen) {
        self.lock().invocations.push(seen);
    }

    pub(super) fn call(&self, call: Call) {
        self.lock().calls.push(call);
    }

    pub(super) fn invocations(&self) -> usize {
        self.lock().invocations.len()
    }

    /// A copy of everything.
    pub(super) fn read(&self) -> Book {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
