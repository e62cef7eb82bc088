//! A journey: everything that belongs to one invocation or trace, found and rebuilt.
//!
//! An SDK's trace rarely has the platform's id, queues link rather than parent, and spans of one invocation may come with the
//! next one's: so traces meet by request id. [`Closure`] decides what to follow and how far; [`decode`] turns rows into
//! spans; what the spans mean is `coldtrace-analysis`'s business.

mod closure;
mod decode;

use std::time::Duration;

use coldtrace_analysis::{Evidence, Finding, Hop, SandboxPhase, Trace};
use coldtrace_model::{Invocation, RequestId, TraceId};
use coldtrace_store::reader::{ReadError, Reader, ResourceRecord, SandboxPhaseRow, ScopeRecord};

use closure::{Closure, Found, Frontier};

pub(crate) use closure::Limits as ClosureLimits;
pub(crate) use decode::{Rows, line};

/// Everything that belongs together, as far as it arrived.
#[derive(Debug)]
pub(crate) struct Journey {
    /// Its traces, the earliest first.
    pub(crate) trace_ids: Vec<TraceId>,
    /// The requests that it served.
    pub(crate) request_ids: Vec<RequestId>,
    /// Their invocations by start.
    pub(crate) invocations: Vec<Invocation>,
    /// Of each invocation, what caused it and which attempt it is.
    pub(crate) hops: Vec<Hop>,
    /// Its spans in their places.
    pub(crate) trace: Trace,
    /// How many spans it has, of which `trace` may hold fewer.
    pub(crate) spans_total: u64,
    /// What in it costs time that it need not cost.
    pub(crate) findings: Vec<Finding>,
}

/// How much of a journey is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How far it is followed.
    pub(crate) closure: ClosureLimits,
    /// Its spans: what a browser still draws.
    pub(crate) spans: usize,
    /// Of an answer from many traces, after which no more of them are read.
    pub(crate) patience: Duration,
}

/// Finds and rebuilds journeys.
#[derive(Clone)]
pub(crate) struct Journeys {
    reader: Reader,
    limits: Limits,
}

/// What was read of a journey.
struct Read {
    rows: Rows,
    /// How many spans there are, where there are more than were read.
    cut_total: Option<u64>,
    resources: Vec<ResourceRecord>,
    scopes: Vec<ScopeRecord>,
    invocations: Vec<Invocation>,
    phases: Vec<SandboxPhaseRow>,
}

/// What that became.
struct Rebuilt {
    trace: Trace,
    invocations: Vec<Invocation>,
    hops: Vec<Hop>,
    spans_total: u64,
    findings: Vec<Finding>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            closure: ClosureLimits::default(),
            spans: 100_000,
            patience: Duration::from_secs(2),
        }
    }
}

/// Why there is no journey.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JourneyError {
    /// Its parts can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its parts can't be put together: a mistake in the analysis, which never gives up by itself.
    #[error("rebuilding the journey panicked")]
    Rebuild(#[from] tokio::task::JoinError),
}

// === impl Journeys ===

impl Journeys {
    pub(crate) fn new(reader: Reader, limits: Limits) -> Self {
        Self { reader, limits }
    }

    /// The journey of a trace; `None` where nothing is known of the trace.
    pub(crate) async fn of_trace(
        &self,
        trace_id: TraceId,
    ) -> Result<Option<Journey>, JourneyError> {
        let closure = self
            .follow(Closure::of_trace(trace_id, self.limits.closure))
            .await?;
        if closure.is_empty() {
            return Ok(None);
        }
        self.load(closure).await.map(Some)
    }

    /// The journey of a request that is known to have been invoked.
    pub(crate) async fn of_request(&self, request_id: &RequestId) -> Result<Journey, JourneyError> {
        let closure = Closure::of_request(request_id.clone(), self.limits.closure);
        let closure = self.follow(closure).await?;
        self.load(closure).await
    }

    async fn follow(&self, mut closure: Closure) -> Result<Closure, ReadError> {
        while let Some(frontier) = closure.next() {
            let found = self.found(&frontier).await?;
            closure.absorb(found);
        }
        Ok(closure)
    }

    async fn found(&self, frontier: &Frontier) -> Result<Found, ReadError> {
        let (windows, served) = tokio::try_join!(
            self.reader.trace_windows(&frontier.traces),
            self.reader.traces_of_requests(&frontier.requests)
        )?;
        // Links lead only to and from traces that are there: that two traces name the same unknown one joins nothing.
        let present: Vec<TraceId> = windows.iter().map(|window| window.trace_id).collect();
        let (linked_by, linked_from) = tokio::try_join!(
            self.reader.traces_that_link_to(&present),
            self.reader.traces_linked_from(&windows)
        )?;
        let served = served.into_iter().map(|served| served.trace_id);
        Ok(Found {
            windows,
            traces: served.chain(linked_by).chain(linked_from).collect(),
        })
    }

    async fn load(&self, closure: Closure) -> Result<Journey, JourneyError> {
        let read = self.read(&closure).await?;
        let warnings = closure.warnings();
        let rebuilding = tokio::task::spawn_blocking(move || read.rebuilt(warnings));
        let rebuilt = rebuilding.await?;
        Ok(Journey {
            trace_ids: closure.traces(),
            request_ids: closure.requests(),
            invocations: rebuilt.invocations,
            hops: rebuilt.hops,
            trace: rebuilt.trace,
            spans_total: rebuilt.spans_total,
            findings: rebuilt.findings,
        })
    }

    async fn read(&self, closure: &Closure) -> Result<Read, ReadError> {
        let (windows, request_ids) = (closure.windows(), closure.requests());
        let one_more = self.limits.spans.saturating_add(1);
        let (mut spans, mut invocations) = tokio::try_join!(
            self.reader.spans(&windows, one_more),
            self.reader.invocations_of(&request_ids)
        )?;
        let cut_total = match spans.len() > self.limits.spans {
            true => Some(self.reader.count_spans(&windows).await?),
            false => None,
        };
        spans.truncate(self.limits.spans);
        let rows = Rows::of(spans);
        let (resources, scopes, phases) = tokio::try_join!(
            self.reader.resources(rows.resource_ids()),
            self.reader.scopes(rows.scope_ids()),
            self.reader.phases_of(&invocations)
        )?;
        invocations.sort_by(|a, b| (a.start, &a.request_id).cmp(&(b.start, &b.request_id)));
        Ok(Read {
            rows,
            cut_total,
            resources,
            scopes,
            invocations,
            phases,
        })
    }
}

// === impl Read ===

impl Read {
    /// Takes a while where there are many spans.
    fn rebuilt(self, told: Vec<String>) -> Rebuilt {
        let decoded = self.rows.decode(self.resources, self.scopes);
        let mut trace = coldtrace_analysis::rebuild(Evidence {
            spans: decoded.spans,
            invocations: self.invocations.clone(),
            phases: self.phases.into_iter().map(sandbox_phase).collect(),
        });
        let shown = trace.nodes.len() as u64;
        let total = self.cut_total.unwrap_or(shown).max(shown);
        let cut = self.cut_total.is_some();
        let cut = cut.then(|| format!("the first {shown} of {total} spans are shown"));
        trace.warnings.splice(0..0, cut.into_iter().chain(told));
        trace.warnings.extend(decoded.warnings);
        Rebuilt {
            findings: coldtrace_analysis::findings(&trace, &self.invocations),
            hops: coldtrace_analysis::hops(&trace, &self.invocations),
            trace,
            invocations: self.invocations,
            spans_total: total,
        }
    }
}

pub(crate) fn sandbox_phase(row: SandboxPhaseRow) -> SandboxPhase {
    SandboxPhase {
        sandbox_id: row.sandbox_id,
        function: row.function,
        phase: row.phase,
    }
}
