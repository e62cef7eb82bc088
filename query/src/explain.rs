//! What about a function costs: gathered from the store, told by `coldtrace-analysis`.
//!
//! What can be counted is counted over all invocations; the rest is told from an even sample of them and from the traces of
//! these, until the spans or the time of one answer are used up. Invariant: every trace that is looked at is looked at whole.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use coldtrace_analysis::{FunctionFinding, Messages, Observed, Profile, SandboxLife, VersionCount};
use coldtrace_model::{Invocation, RequestId, TimeRange, TraceId};
use coldtrace_store::reader::{FunctionPart, MemoryLife, MessageCount, ReadError, Reader};

use crate::journey::{JourneyError, Limits, sandbox_phase};
use crate::pieces::{Pieces, Served};

/// Invocations of a sample: a share that is one in twenty is told within a seventh of itself.
const SAMPLE: u32 = 1_000;
/// Traces that are read at once.
const AT_ONCE: usize = 200;
/// Spans of one answer.
const SPANS: usize = 100_000;
/// After which no more traces are read.
const PATIENCE: Duration = Duration::from_secs(2);
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
        let profiles = self.profiles(&invocations).await?;
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

    /// What the traces of these tell, as far as the answer may look at them.
    async fn profiles(
        &self,
        invocations: &[Invocation],
    ) -> Result<Vec<Option<Profile>>, JourneyError> {
        let began = Instant::now();
        let served = self.served(invocations).await?;
        let mut profiles: Vec<Option<Profile>> = Vec::with_capacity(served.len());
        let mut spans_left = SPANS.min(self.limits.spans);
        for some in served.chunks(AT_ONCE) {
            if spans_left == 0 || began.elapsed() >= PATIENCE {
                break;
            }
            let trace_ids: Vec<TraceId> = some
                .iter()
                .flat_map(|one| one.trace_ids.iter().copied())
                .collect();
            let pieces = Pieces::read(&self.reader, &trace_ids, spans_left).await?;
            if pieces.is_cut {
                break;
            }
            spans_left -= pieces.spans();
            let some = some.to_vec();
            let profiled = tokio::task::spawn_blocking(move || pieces.profiles(&some));
            profiles.extend(profiled.await?);
        }
        profiles.resize(invocations.len(), None);
        Ok(profiles)
    }

    /// Each invocation with its traces: the platform's, the function's own, and those that name its request.
    async fn served(&self, invocations: &[Invocation]) -> Result<Vec<Served>, ReadError> {
        let request_ids: Vec<RequestId> = invocations
            .iter()
            .map(|one| one.request_id.clone())
            .collect();
        let mut named: HashMap<RequestId, Vec<TraceId>> = HashMap::new();
        for served in self.reader.traces_of_requests(&request_ids).await? {
            let traces = named.entry(served.request_id).or_default();
            traces.push(served.trace_id);
        }
        let served = invocations.iter().map(|one| {
            let mut trace_ids = named.remove(&one.request_id).unwrap_or_default();
            let told = [one.platform_trace_id, one.sdk_trace_id];
            trace_ids.extend(told.into_iter().flatten());
            trace_ids.sort_unstable();
            trace_ids.dedup();
            Served {
                request_id: one.request_id.clone(),
                trace_ids,
            }
        });
        Ok(served.collect())
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
