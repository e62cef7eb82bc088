//! What is known of a journey, as it was read back: unordered, incomplete, perhaps doubled.

use coldtrace_model::{Invocation, Phase, SandboxId, Span};

/// Everything that was found of one journey.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Its spans, clients' and platforms', as they were sent.
    pub spans: Vec<Span>,
    /// Its invocations.
    pub invocations: Vec<Invocation>,
    /// What their sandboxes did before they could serve.
    pub phases: Vec<SandboxPhase>,
}

/// A phase with the sandbox that it happened in.
#[derive(Clone, Debug, PartialEq)]
pub struct SandboxPhase {
    /// Its sandbox.
    pub sandbox_id: SandboxId,
    /// The sandbox's function.
    pub function: String,
    /// What happened.
    pub phase: Phase,
}
