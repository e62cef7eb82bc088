//! Builds invocations and phases.

use coldtrace_model::{
    Architecture, ByteSize, Cold, FactSet, Invocation, InvocationRef, Nanos, Outcome, Phase,
    PhaseKind, Platform, RequestId, Sandbox, SandboxId, Trigger,
};

use crate::{at, span_id, trace_id};

/// Begins an invocation with this request id: of `checkout` on AWS Lambda, started at 0 ms, of which nothing else is known.
pub fn invocation(request_id: &str) -> InvocationBuilder {
    let sandbox = Sandbox {
        id: SandboxId::parse("unknown").expect("a valid id"),
        platform: Platform::AwsLambda,
        function: "checkout".to_owned(),
        version: "$LATEST".to_owned(),
        runtime: "python3.12".to_owned(),
        architecture: Architecture::X86_64,
        memory: Some(ByteSize::from_mib(256)),
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        instance: String::new(),
    };
    let invocation = InvocationRef {
        request_id: RequestId::parse(request_id).expect("a test's id is valid"),
        filed_at: at(0.0),
    };
    InvocationBuilder(Invocation {
        facts: FactSet::STARTED,
        sandbox_id: None,
        trigger: Trigger::Http,
        ..Invocation::unknown(&invocation, &sandbox)
    })
}

/// A phase from and to these milliseconds after the epoch, that no invocation is known to have waited for.
pub fn phase(kind: PhaseKind, start: f64, end: f64) -> Phase {
    Phase {
        kind,
        start: at(start),
        duration: at(end).since(at(start)),
        outcome: Outcome::Ok,
        error_type: String::new(),
        request_id: None,
    }
}

/// An invocation in the making.
#[derive(Clone, Debug)]
pub struct InvocationBuilder(Invocation);

// === impl InvocationBuilder ===

impl InvocationBuilder {
    /// Of this function.
    #[must_use]
    pub fn function(mut self, name: &str) -> Self {
        self.0.function = name.to_owned();
        self
    }

    /// In this sandbox.
    #[must_use]
    pub fn sandbox(mut self, id: &str) -> Self {
        self.0.sandbox_id = Some(SandboxId::parse(id).expect("a test's id is valid"));
        self
    }

    /// Started at this many milliseconds after the epoch.
    #[must_use]
    pub fn started(mut self, millis: f64) -> Self {
        self.0.start = at(millis);
        self.0.filed_at = at(millis);
        self
    }

    /// To be ended at this many milliseconds after the epoch.
    #[must_use]
    pub fn deadline(mut self, millis: f64) -> Self {
        self.0.deadline = Some(at(millis));
        self
    }

    /// Ended like this at so many milliseconds after the epoch, and reported.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome, millis: f64) -> Self {
        self.0.facts.0 |= FactSet::FINISHED.0 | FactSet::REPORTED.0;
        self.0.outcome = outcome;
        let duration = at(millis).since(self.0.start);
        self.0.duration = Some(duration);
        // Billed are whole milliseconds, begun ones too.
        self.0.billed = Some(Nanos::from_millis(duration.0.div_ceil(1_000_000)));
        self
    }

    /// After a start of this kind.
    #[must_use]
    pub fn cold(mut self, cold: Cold) -> Self {
        self.0.cold = cold;
        self
    }

    /// Known only from a span.
    #[must_use]
    pub fn from_span(mut self) -> Self {
        self.0.facts = FactSet::FROM_SPAN;
        self
    }

    /// With the platform's own span of this number in the trace of that.
    #[must_use]
    pub fn platform_span(mut self, trace: u128, span: u64) -> Self {
        self.0.platform_trace_id = Some(trace_id(trace));
        self.0.platform_span_id = Some(span_id(span));
        self
    }

    /// With the function's own spans in the trace of this number.
    #[must_use]
    pub fn sdk_trace(mut self, number: u128) -> Self {
        self.0.sdk_trace_id = Some(trace_id(number));
        self
    }

    /// Changed in a way that has no words here.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Invocation)) -> Self {
        change(&mut self.0);
        self
    }

    /// The invocation.
    pub fn build(self) -> Invocation {
        self.0
    }
}
