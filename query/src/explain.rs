//! What about a function costs: gathered from the store, told by `coldtrace-analysis`.
//!
//! What can be counted is counted over all invocations; the rest is told from an even sample of them and from the traces of
//! these ([`sample`]). Invariant: every trace that is looked at is looked at whole.

use coldtrace_analysis::{FunctionFinding, Messages, Observed, SandboxLife, VersionCount, profile};
use coldtrace_model::{Invocation, TimeRange};
use coldtrace_store::reader::{FunctionPart, MemoryLife, MessageCount, Reader};

use crate::journey::{JourneyError, Limits, sandbox_phase};
use crate::sample;

/// Invocations of a sample: a share that is one in twenty is told within a seventh of itself.
const SAMPLE: u32 = 1_000;
/// Sandboxes that served fewer tell nothing of their memory.
const LEAST_LIFE: u64 = 20;

/// Finds what costs in the functions of one tenant.
#[derive(Clone)]
pub(crate) struct Explainer {
    reader: Reader,
    limits: Limits,
}

/// What was found, and in what.
#[derive(Debug)]
pub(crate) struct Explained {
    /// What ends failures first, then the greatest gain.
    pub(crate) findings: Vec<FunctionFinding>,
    /// How many invocations there were.
    pub(crate) total: u64,
    /// Of these, those of the sample.
    pub(crate) invocations: usize,
    /// Of these, those whose traces were looked at.
    pub(crate) traces: usize,
}

// === impl Explainer ===

impl Explainer {
    pub(crate) fn new(reader: Reader, limits: Limits) -> Self {
        Self { reader, limits }
    }

    /// The findings of a function; `None` where it was not invoked in the range.
    pub(crate) async fn explain(
        &self,
        function: &str,
        range: TimeRange,
    ) -> Result<Option<Explained>, JourneyError> {
        let parts = self.reader.function_parts(function, range).await?;
        let total = parts.iter().map(|part| part.invocations).sum();
        if total == 0 {
            return Ok(None);
        }
        let (invocations, lives, messages) = tokio::try_join!(
            self.reader.sample(function, range, total, SAMPLE),
            self.reader.memory_lives(function, range, LEAST_LIFE),
            self.reader.messages(function, range)
        )?;
        let waited = |one: &&Invocation| one.cold.is_waited_for();
        let cold: Vec<Invocation> = invocations.iter().filter(waited).cloned().collect();
        let phases = self.reader.phases_of(&cold).await?;
        let profiles = sample::told(&self.reader, self.limits, &invocations, profile).await?;
        let observed = Observed {
            range,
            total,
            invocations,
            profiles,
            phases: phases.into_iter().map(sandbox_phase).collect(),
            lives: lives.into_iter().map(life).collect(),
            versions: versions(&parts),
            messages: counted(messages),
        };
        let function = function.to_owned();
        let explained = tokio::task::spawn_blocking(move || Explained {
            findings: coldtrace_analysis::explain(&function, &observed),
            total,
            invocations: observed.invocations.len(),
            traces: observed.profiles.iter().flatten().count(),
        });
        Ok(Some(explained.await?))
    }
}

fn life(told: MemoryLife) -> SandboxLife {
    SandboxLife {
        sandbox_id: told.sandbox_id,
        invocations: told.invocations,
        used: told.used,
        limit: told.limit,
    }
}

/// Parts by version alone.
fn versions(parts: &[FunctionPart]) -> Vec<VersionCount> {
    let mut versions: Vec<VersionCount> = Vec::new();
    for part in parts {
        let known = versions.iter_mut().find(|one| one.version == part.version);
        match known {
            Some(version) => {
                version.invocations += part.invocations;
                version.errors += part.errors;
                version.first_seen = version.first_seen.min(part.first_seen);
            }
            None => versions.push(VersionCount {
                version: part.version.clone(),
                invocations: part.invocations,
                errors: part.errors,
                first_seen: part.first_seen,
            }),
        }
    }
    versions
}

fn counted(told: MessageCount) -> Messages {
    Messages {
        processed: told.processed,
        distinct: told.distinct,
        examples: told.examples,
    }
}
