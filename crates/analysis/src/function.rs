//! What about a function costs time, money or answers that it need not cost, as many of its invocations show it together.
//!
//! Everything is told from an even sample of invocations, from the traces of these, and from what is counted over all. A gain
//! compares how long the sample took with how long it would have taken: each invocation less what the fault cost it. So the
//! gain at the 95th percentile is of that percentile, not a mean. Nothing takes more than O(n log n).

mod calls;
mod cold;
mod dependency;
mod failures;
mod gain;
mod memory;
mod profile;
mod words;

use coldtrace_model::{ByteSize, Invocation, Nanos, RequestId, SandboxId, TimeRange, UnixNanos};

use crate::{Confidence, SandboxPhase};
use gain::Case;

pub use gain::Gain;
pub(crate) use gain::waited;
pub use profile::{Profile, profile};
pub(crate) use profile::{alone, below, nearest_invocation, place_of};

/// Request ids that are named as examples.
const EXAMPLES: usize = 5;

/// All from which the findings of a function are told.
#[derive(Clone, Debug)]
pub struct Observed {
    /// When.
    pub range: TimeRange,
    /// How many invocations there were.
    pub total: u64,
    /// Some of them, evenly drawn, or all.
    pub invocations: Vec<Invocation>,
    /// Of each of these what its trace shows, where it was looked at.
    pub profiles: Vec<Option<Profile>>,
    /// What the sandboxes of these did before they could serve.
    pub phases: Vec<SandboxPhase>,
    /// How the memory of sandboxes grew.
    pub lives: Vec<SandboxLife>,
    /// What each version did, over all invocations.
    pub versions: Vec<VersionCount>,
    /// Messages, over all invocations.
    pub messages: Messages,
}

/// A sandbox, by the most memory that it had used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxLife {
    /// Which.
    pub sandbox_id: SandboxId,
    /// Invocations that told of its memory.
    pub invocations: u64,
    /// After the first, after half, after three quarters, and after all of them.
    pub used: [ByteSize; 4],
    /// What it may use.
    pub limit: ByteSize,
}

/// What a version did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionCount {
    /// Which.
    pub version: String,
    /// Its invocations.
    pub invocations: u64,
    /// Those that failed.
    pub errors: u64,
    /// When it was first invoked, to the minute.
    pub first_seen: UnixNanos,
}

/// Messages that a function took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// How often one was processed.
    pub processed: u64,
    /// How many different ones these were.
    pub distinct: u64,
    /// Invocations that processed one again.
    pub examples: Vec<RequestId>,
}

/// Something about a function that costs.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionFinding {
    /// What.
    pub fault: Fault,
    /// The call, the phase or the version that it is about; empty where it is the function itself.
    pub about: String,
    /// How many invocations of the range show it; an estimate where a sample was looked at.
    pub seen: u64,
    /// The same as a share of those that were looked at, from 0 to 1.
    pub share: f64,
    /// What its end would save.
    pub gain: Gain,
    /// How sure it is.
    pub confidence: Confidence,
    /// The numbers behind it, the most telling first.
    pub evidence: Vec<(&'static str, Figure)>,
    /// Invocations that show it, those that it cost most first.
    pub examples: Vec<RequestId>,
    /// How to see them oneself.
    pub question: Question,
}

/// Kinds of what costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Invocations that run into their time limit.
    Timeouts,
    /// A version that fails more often than the one before.
    ErrorRegression,
    /// Memory that grows until the sandbox ends.
    MemoryLeak,
    /// The same call over and over, one after the other.
    RepeatedCalls,
    /// Different calls one after the other.
    SerialCalls,
    /// Calls that fail and are tried again.
    Retries,
    /// A dependency that is slow now and then.
    SlowDependency,
    /// Invocations that wait for their sandbox.
    ColdStarts,
    /// A part of init that is longer than it should be.
    InitPhase,
    /// So little memory that its share of a processor is what is waited for.
    CpuStarved,
    /// More memory than is used.
    OverProvisioned,
    /// Messages that lie in a queue.
    QueueWait,
    /// A function that calls itself.
    Recursion,
    /// Messages that are processed more than once.
    DuplicateProcessing,
}

/// A number of a finding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// How many.
    Count(u64),
    /// A part of a whole, from 0 to 1.
    Share(f64),
    /// A length of time.
    Length(Nanos),
    /// A number of bytes.
    Size(ByteSize),
}

/// Which list shows what a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Invocations of the function that waited for a start.
    Cold,
    /// Invocations of the function that ended so.
    Ended(&'static str),
    /// All invocations of the function, the longest first.
    Slowest,
    /// Traces that match a query in TraceQL.
    Traces(String),
}

/// All findings of a function: what ends failures first, then the greatest gain.
pub fn explain(function: &str, observed: &Observed) -> Vec<FunctionFinding> {
    let case = Case::of(function, observed);
    let mut found = Vec::new();
    cold::find(&case, &mut found);
    calls::find(&case, &mut found);
    dependency::find(&case, &mut found);
    memory::find(&case, &mut found);
    failures::find(&case, &mut found);
    found.sort_by(|a, b| {
        let by = |finding: &FunctionFinding| {
            let gain = &finding.gain;
            let dollars = gain.monthly.unwrap_or_default();
            (gain.p95.max(gain.mean), dollars)
        };
        let (first, second) = (b.gain.failures, a.gain.failures);
        first
            .total_cmp(&second)
            .then_with(|| by(b).cmp(&by(a)))
            .then_with(|| (a.fault, &a.about).cmp(&(b.fault, &b.about)))
    });
    found
}

// === impl Question ===

impl Question {
    /// Traces with a span of this name that this service sent.
    pub fn of_spans(service: &str, span: &str) -> Self {
        words::of_spans(service, span, 0)
    }
}

// === impl Fault ===

impl Fault {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Timeouts,
        Self::ErrorRegression,
        Self::MemoryLeak,
        Self::RepeatedCalls,
        Self::SerialCalls,
        Self::Retries,
        Self::SlowDependency,
        Self::ColdStarts,
        Self::InitPhase,
        Self::CpuStarved,
        Self::OverProvisioned,
        Self::QueueWait,
        Self::Recursion,
        Self::DuplicateProcessing,
    ];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeouts => "timeouts",
            Self::ErrorRegression => "error_regression",
            Self::MemoryLeak => "memory_leak",
            Self::RepeatedCalls => "repeated_calls",
            Self::SerialCalls => "serial_calls",
            Self::Retries => "retries",
            Self::SlowDependency => "slow_dependency",
            Self::ColdStarts => "cold_starts",
            Self::InitPhase => "init_phase",
            Self::CpuStarved => "cpu_starved",
            Self::OverProvisioned => "over_provisioned",
            Self::QueueWait => "queue_wait",
            Self::Recursion => "recursion",
            Self::DuplicateProcessing => "duplicate_processing",
        }
    }
}
