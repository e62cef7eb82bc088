//! Invocations, the facts from which they become known, and the sandboxes that they ran in.
//!
//! An invocation becomes known in pieces: it was started, it finished, the platform reported on it. Each piece is a
//! [`Fact`], immutable and sent once; the store merges their columns by max, min or any, never by competition, so that
//! facts may arrive late, repeated or out of order.

use crate::{Nanos, RequestId, SandboxId, SpanId, TraceId, UnixNanos};

/// A piece of knowledge about one invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Which invocation. All facts of one invocation carry the same values here, because they are the key of its row.
    pub invocation: InvocationRef,
    /// What became known.
    pub kind: FactKind,
}

/// Names one invocation, with the time by which it is filed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvocationRef {
    /// The platform's id of it.
    pub request_id: RequestId,
    /// When the sender first learned of it; kept by the sender over its own restarts. Part of the row's key.
    pub filed_at: UnixNanos,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq)]
pub enum FactKind {
    /// It began. Sent early, so that a sandbox that is killed still shows.
    Started(Started),
    /// It ended, as the runtime saw it.
    Finished(Finished),
    /// The platform billed it.
    Reported(Reported),
}

/// An invocation began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Started {
    /// When the platform started it.
    pub start: UnixNanos,
    /// When the platform will end it.
    pub deadline: UnixNanos,
    /// Kind of start of its sandbox, if it is the first invocation there.
    pub cold: Cold,
    /// The trace of the platform's own span: X-Ray's Root, else derived from the request id.
    pub platform_trace_id: Option<TraceId>,
    /// The platform's own span of it.
    pub platform_span_id: Option<SpanId>,
    /// What caused it.
    pub trigger: Trigger,
}

/// An invocation ended, as the runtime saw it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finished {
    /// When the platform started it, by the platform's own account; the started fact has only when its sender learned of it.
    pub start: Option<UnixNanos>,
    /// How it ended.
    pub outcome: Outcome,
    /// From start to the runtime's end.
    pub duration: Nanos,
    /// From start to the first byte of the response.
    pub response_latency: Option<Nanos>,
    /// From the first to the last byte of the response.
    pub response_duration: Option<Nanos>,
    /// From the response's end to the runtime's next call.
    pub runtime_overhead: Option<Nanos>,
    /// Size of the response in bytes.
    pub produced: Option<ByteSize>,
    /// The platform's class of error (`Runtime.ExitError`, ...), or the application's; empty if none.
    pub error_type: String,
    /// The trace of the function's own spans, where it differs from the platform's.
    pub sdk_trace_id: Option<TraceId>,
    /// What caused it, where its event told.
    pub trigger: Trigger,
}

/// The platform billed an invocation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reported {
    /// How it ended, as the platform's last word.
    pub outcome: Outcome,
    /// Whole duration.
    pub duration: Nanos,
    /// What is billed.
    pub billed: Option<Nanos>,
    /// Most memory used in the sandbox so far.
    pub max_memory: Option<ByteSize>,
    /// Init that this invocation waited for.
    pub init: Option<Nanos>,
    /// Restore from a snapshot that this invocation waited for.
    pub restore: Option<Nanos>,
    /// From the runtime's end to the last extension's next call.
    pub extension_overhead: Option<Nanos>,
    /// The platform's class of error; empty if none.
    pub error_type: String,
}

/// What platforms say of an error of which they know nothing but that there was one: any other type says more.
pub const UNTOLD_ERRORS: [&str; 5] = [
    "Runtime.Unknown",
    "Function.Unknown",
    "Unhandled",
    "Runtime.Unhandled",
    "Function.Unhandled",
];

/// One invocation as all of its facts together tell it: what is read back. What no fact told is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The platform's id of it.
    pub request_id: RequestId,
    /// The function's name.
    pub function: String,
    /// `InvocationRef::filed_at`: by which the store keeps it.
    pub filed_at: UnixNanos,
    /// Which facts have arrived.
    pub facts: FactSet,
    /// The platform that ran it.
    pub platform: Platform,
    /// Its sandbox.
    pub sandbox_id: Option<SandboxId>,
    /// The platform's name of the instance (Lambda: the log stream); empty if not known.
    pub instance: String,
    /// The function's version; empty if not known.
    pub version: String,
    /// Runtime and version; empty if not known.
    pub runtime: String,
    /// Instruction set.
    pub architecture: Architecture,
    /// Configured memory.
    pub memory: Option<ByteSize>,
    /// The platform's region; empty if not known.
    pub region: String,
    /// The platform's account; empty if not known.
    pub account: String,
    /// When the platform started it; `filed_at` where no fact told.
    pub start: UnixNanos,
    /// When the platform would end it.
    pub deadline: Option<UnixNanos>,
    /// How it ended: the worst that a fact told.
    pub outcome: Outcome,
    /// Whether it waited for its sandbox.
    pub cold: Cold,
    /// What caused it.
    pub trigger: Trigger,
    /// Whole duration; the runtime's own time where the platform's account never came.
    pub duration: Option<Nanos>,
    /// What is billed.
    pub billed: Option<Nanos>,
    /// Init that it waited for.
    pub init: Option<Nanos>,
    /// Restore from a snapshot that it waited for.
    pub restore: Option<Nanos>,
    /// From start to the first byte of the response.
    pub response_latency: Option<Nanos>,
    /// From the first to the last byte of the response.
    pub response_duration: Option<Nanos>,
    /// From the response's end to the runtime's next call.
    pub runtime_overhead: Option<Nanos>,
    /// From the runtime's end to the last extension's next call.
    pub extension_overhead: Option<Nanos>,
    /// Size of the response.
    pub produced: Option<ByteSize>,
    /// Most memory used in the sandbox so far.
    pub max_memory: Option<ByteSize>,
    /// Class of error; empty if none.
    pub error_type: String,
    /// Trace of the platform's own span.
    pub platform_trace_id: Option<TraceId>,
    /// The platform's own span.
    pub platform_span_id: Option<SpanId>,
    /// Trace of the function's own spans, where it differs from the platform's.
    pub sdk_trace_id: Option<TraceId>,
}

/// Which facts of an invocation have arrived, as the bits of the store's column `facts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FactSet(pub u8);

/// How an invocation ended, ordered by severity: when facts differ, the greater holds. The numbers are the store's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Not known yet: it runs, or its end was never told.
    #[default]
    Running = 0,
    /// Well.
    Ok = 1,
    /// The handler raised or returned an error.
    Error = 2,
    /// The sandbox could not be initialised.
    InitError = 3,
    /// The runtime's process ended.
    Crash = 4,
    /// The time limit was reached.
    Timeout = 5,
    /// The memory limit was reached.
    OutOfMemory = 6,
    /// Started, and of its end nothing was told until long after its deadline. No fact says so: it is what reading makes of
    /// [`Outcome::Running`] ([`Outcome::lost_before`]), and ends when a fact comes.
    Lost = 7,
}

/// Whether an invocation waited for its sandbox, and for which kind of start. The numbers are the store's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cold {
    /// The sandbox was there.
    #[default]
    Warm = 0,
    /// A new sandbox was initialised on demand.
    OnDemand = 1,
    /// The first invocation of a sandbox that was initialised ahead (provisioned, proactively, on a managed instance); it did
    /// not wait.
    Provisioned = 2,
    /// The sandbox was restored from a snapshot.
    SnapStart = 3,
    /// The sandbox was initialised again inside the invocation, after a failure (suppressed init).
    Reset = 4,
}

/// What caused an invocation, in the terms of `faas.trigger`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Not known.
    #[default]
    Unknown,
    /// A request over HTTP.
    Http,
    /// Messages of a queue or topic.
    PubSub,
    /// A change in a data store.
    Datasource,
    /// A schedule.
    Timer,
    /// Something else.
    Other,
}

/// One execution environment, and what is the same for all invocations in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sandbox {
    /// Its id.
    pub id: SandboxId,
    /// The platform that runs it.
    pub platform: Platform,
    /// The function's name.
    pub function: String,
    /// The function's version (`$LATEST`, `12`); empty if not known.
    pub version: String,
    /// Runtime and version (`python3.12`, `python:3.12.v38`); empty if not known.
    pub runtime: String,
    /// Instruction set.
    pub architecture: Architecture,
    /// Configured memory.
    pub memory: Option<ByteSize>,
    /// The platform's region; empty if not known.
    pub region: String,
    /// The platform's account; empty if not known.
    pub account: String,
    /// The platform's name of the instance (Lambda: the log stream); empty if not known.
    pub instance: String,
}

/// A function platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Not one of those below.
    #[default]
    Other,
    /// AWS Lambda.
    AwsLambda,
    /// Google Cloud Functions and Cloud Run.
    GoogleCloud,
    /// Azure Functions.
    AzureFunctions,
    /// Cloudflare Workers.
    CloudflareWorkers,
    /// Vercel.
    Vercel,
    /// Deno Deploy.
    DenoDeploy,
}

/// Instruction set of a sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// Not known.
    #[default]
    Unknown,
    /// x86-64.
    X86_64,
    /// 64-bit Arm.
    Arm64,
}

/// A stretch of a sandbox's life outside the handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Which.
    pub kind: PhaseKind,
    /// When it began.
    pub start: UnixNanos,
    /// How long it took.
    pub duration: Nanos,
    /// How it ended; `Ok` or an error class.
    pub outcome: Outcome,
    /// The platform's class of error; empty if none.
    pub error_type: String,
    /// The invocation that waited for it, once one is known.
    pub request_id: Option<RequestId>,
}

/// Kinds of phases. The numbers are the store's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PhaseKind {
    /// The whole init, from the platform's start to ready.
    Init = 1,
    /// Extensions before the runtime starts (up to the last one's registration).
    ExtensionInit = 2,
    /// The runtime and the function's module.
    RuntimeInit = 3,
    /// Restore from a snapshot.
    Restore = 4,
}

/// A line that the function, an extension or the platform logged.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// When it was written.
    pub time: UnixNanos,
    /// OTLP severity number, 1-24; 0 if not known.
    pub severity: u8,
    /// The text.
    pub body: String,
    /// The invocation during which it was written, where that is known.
    pub request_id: Option<RequestId>,
    /// The trace that it names.
    pub trace_id: Option<TraceId>,
    /// The span that it names.
    pub span_id: Option<SpanId>,
    /// Who wrote it: `function`, `extension`, `platform`, or a service's name.
    pub source: String,
    /// Further fields.
    pub attributes: crate::Attributes,
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

// === impl FactSet ===

impl FactSet {
    /// A started fact arrived.
    pub const STARTED: Self = Self(1);
    /// A finished fact arrived.
    pub const FINISHED: Self = Self(2);
    /// A reported fact arrived.
    pub const REPORTED: Self = Self(4);
    /// Derived from a span of plain OTLP; any of the other three wins over it.
    pub const FROM_SPAN: Self = Self(8);

    /// Every fact with its name in the API.
    pub const NAMED: [(Self, &'static str); 4] = [
        (Self::STARTED, "started"),
        (Self::FINISHED, "finished"),
        (Self::REPORTED, "reported"),
        (Self::FROM_SPAN, "from_span"),
    ];

    /// True if every fact of `other` is in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if a sandbox told something itself, beside what its spans say.
    pub const fn is_first_hand(self) -> bool {
        self.0 & !Self::FROM_SPAN.0 != 0
    }
}

// === impl Invocation ===

impl Invocation {
    /// One of which nothing is known yet but where it ran.
    pub fn unknown(invocation: &InvocationRef, sandbox: &Sandbox) -> Self {
        Self {
            request_id: invocation.request_id.clone(),
            function: sandbox.function.clone(),
            filed_at: invocation.filed_at,
            facts: FactSet::default(),
            platform: sandbox.platform,
            sandbox_id: Some(sandbox.id.clone()),
            instance: sandbox.instance.clone(),
            version: sandbox.version.clone(),
            runtime: sandbox.runtime.clone(),
            architecture: sandbox.architecture,
            memory: sandbox.memory,
            region: sandbox.region.clone(),
            account: sandbox.account.clone(),
            start: invocation.filed_at,
            deadline: None,
            outcome: Outcome::Running,
            cold: Cold::Warm,
            trigger: Trigger::Unknown,
            duration: None,
            billed: None,
            init: None,
            restore: None,
            response_latency: None,
            response_duration: None,
            runtime_overhead: None,
            extension_overhead: None,
            produced: None,
            max_memory: None,
            error_type: String::new(),
            platform_trace_id: None,
            platform_span_id: None,
            sdk_trace_id: None,
        }
    }

    /// Merges its facts, in any order, as the store merges their columns (docs/facts.md): the worst outcome, the greatest of
    /// everything else; where both told, the platform's account of start and duration before the sender's and the runtime's.
    pub fn of_facts<'a>(
        invocation: &InvocationRef,
        sandbox: &Sandbox,
        facts: impl IntoIterator<Item = &'a FactKind>,
    ) -> Self {
        let mut known = Self::unknown(invocation, sandbox);
        let (mut learned, mut platforms_start, mut runtimes_duration) = (None, None, None);
        for fact in facts {
            match fact {
                FactKind::Started(started) => {
                    known.facts.0 |= FactSet::STARTED.0;
                    learned = learned.max(Some(started.start));
                    let deadline = Some(started.deadline).filter(|time| !time.is_unknown());
                    known.deadline = known.deadline.max(deadline);
                    known.cold = known.cold.max(started.cold);
                    known.note_trigger(started.trigger);
                    known.platform_trace_id =
                        known.platform_trace_id.max(started.platform_trace_id);
                    known.platform_span_id = known.platform_span_id.max(started.platform_span_id);
                }
                FactKind::Finished(finished) => {
                    known.facts.0 |= FactSet::FINISHED.0;
                    platforms_start = platforms_start.max(finished.start);
                    runtimes_duration = runtimes_duration.max(Some(finished.duration));
                    known.outcome = known.outcome.max(finished.outcome);
                    known.response_latency = known.response_latency.max(finished.response_latency);
                    known.response_duration =
                        known.response_duration.max(finished.response_duration);
                    known.runtime_overhead = known.runtime_overhead.max(finished.runtime_overhead);
                    known.produced = known.produced.max(finished.produced);
                    known.note_error(&finished.error_type);
                    known.note_trigger(finished.trigger);
                    known.sdk_trace_id = known.sdk_trace_id.max(finished.sdk_trace_id);
                }
                FactKind::Reported(reported) => {
                    known.facts.0 |= FactSet::REPORTED.0;
                    known.outcome = known.outcome.max(reported.outcome);
                    known.duration = known.duration.max(Some(reported.duration));
                    known.billed = known.billed.max(reported.billed);
                    known.max_memory = known.max_memory.max(reported.max_memory);
                    known.init = known.init.max(reported.init);
                    known.restore = known.restore.max(reported.restore);
                    known.extension_overhead =
                        known.extension_overhead.max(reported.extension_overhead);
                    known.note_error(&reported.error_type);
                }
            }
        }
        // What is 0 is not known, here as in the store's columns.
        let known_time = |time: &UnixNanos| !time.is_unknown();
        known.start = platforms_start
            .filter(known_time)
            .or(learned.filter(known_time))
            .unwrap_or(known.start);
        let known_length = |length: &Nanos| length.0 != 0;
        known.duration = known
            .duration
            .filter(known_length)
            .or(runtimes_duration.filter(known_length));
        for length in [
            &mut known.billed,
            &mut known.init,
            &mut known.restore,
            &mut known.response_latency,
            &mut known.response_duration,
            &mut known.runtime_overhead,
            &mut known.extension_overhead,
        ] {
            *length = length.filter(known_length);
        }
        for size in [&mut known.produced, &mut known.max_memory] {
            *size = size.filter(|size| size.0 != 0);
        }
        known
    }

    fn note_trigger(&mut self, trigger: Trigger) {
        if trigger.number() > self.trigger.number() {
            self.trigger = trigger;
        }
    }

    fn note_error(&mut self, error_type: &str) {
        if error_type > self.error_type.as_str() {
            error_type.clone_into(&mut self.error_type);
        }
    }
}

// === impl ByteSize ===

impl ByteSize {
    /// A number of MiB, which AWS calls MB.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib.saturating_mul(1 << 20))
    }

    /// The size in whole MiB, rounded down.
    pub const fn as_mib(self) -> u64 {
        self.0 >> 20
    }
}

macro_rules! numbered {
    ($name:ident, $($variant:ident = $number:literal $text:literal),+ $(,)?) => {
        impl $name {
            /// The value with this number in the store and on the wire, if there is one.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// Its number in the store and on the wire.
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)+ }
            }

            /// The value with this name in the API and in logs, if there is one.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }

            /// Its name in the API and in logs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// All values, in order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

numbered!(Outcome, Running = 0 "running", Ok = 1 "ok", Error = 2 "error", InitError = 3 "init_error", Crash = 4 "crash",
    Timeout = 5 "timeout", OutOfMemory = 6 "oom", Lost = 7 "lost");
numbered!(Cold, Warm = 0 "warm", OnDemand = 1 "on_demand", Provisioned = 2 "provisioned", SnapStart = 3 "snapstart",
    Reset = 4 "reset");
numbered!(Trigger, Unknown = 0 "unknown", Http = 1 "http", PubSub = 2 "pubsub", Datasource = 3 "datasource", Timer = 4 "timer",
    Other = 5 "other");
numbered!(Platform, Other = 0 "other", AwsLambda = 1 "aws_lambda", GoogleCloud = 2 "google_cloud", AzureFunctions = 3 "azure_functions",
    CloudflareWorkers = 4 "cloudflare_workers", Vercel = 5 "vercel", DenoDeploy = 6 "deno_deploy");
numbered!(Architecture, Unknown = 0 "unknown", X86_64 = 1 "x86_64", Arm64 = 2 "arm64");
numbered!(PhaseKind, Init = 1 "init", ExtensionInit = 2 "extension_init", RuntimeInit = 3 "runtime_init", Restore = 4 "restore");

impl Cold {
    /// True if the invocation waited for its sandbox.
    pub const fn is_waited_for(self) -> bool {
        !matches!(self, Self::Warm | Self::Provisioned)
    }
}

impl Outcome {
    /// How long after its deadline an invocation is waited for. What a sandbox knows of its last invocation may come with its
    /// shutdown alone, and an idle one is kept for minutes; who is told too early that something is lost looks for nothing.
    pub const WAITED_FOR: Nanos = Nanos::from_millis(30 * 60 * 1_000);

    /// True if the invocation failed.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Running | Self::Ok)
    }

    /// By now those are lost whose end was not told and whose deadline lies before this; one without a known deadline never is.
    /// It is a whole minute, so that what is counted ahead needs to know no more of a deadline than its minute.
    pub const fn lost_before(now: UnixNanos) -> UnixNanos {
        const MINUTE: u64 = 60_000_000_000;
        UnixNanos(now.minus(Self::WAITED_FOR).0 / MINUTE * MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_read_back() {
        for &outcome in Outcome::ALL {
            assert_eq!(Outcome::from_number(outcome.number()), Some(outcome));
            assert_eq!(Outcome::from_name(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::from_number(200), None);
    }

    #[test]
    fn what_is_waited_for_is_lost_once_the_minute_of_its_deadline_is_long_over() {
        const MINUTE: u64 = 60_000_000_000;
        let lost_before = |now| Outcome::lost_before(UnixNanos(now)).0;
        assert_eq!(lost_before(100 * MINUTE), 70 * MINUTE);
        assert_eq!(lost_before(101 * MINUTE - 1), 70 * MINUTE);
        assert_eq!(lost_before(29 * MINUTE), 0, "nothing was before");
    }

    #[test]
    fn the_worse_outcome_is_the_greater() {
        assert!(
            Outcome::OutOfMemory > Outcome::Timeout,
            "a sandbox killed for memory also ran out of time"
        );
        assert!(Outcome::Error > Outcome::Ok && Outcome::Ok > Outcome::Running);
    }
}
