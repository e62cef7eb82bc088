//! A journey: everything that belongs to one invocation or trace, found and rebuilt.
//!
//! An SDK's trace rarely has the platform's id, queues link rather than parent, and spans of one invocation may come with the
//! next one's: so traces meet by request id. [`Closure`] decides what to follow and how far; [`decode`] turns rows into
//! spans; what the spans mean is `coldtrace-analysis`'s business.

mod closure;
mod decode;

use coldtrace_analysis::{Evidence, SandboxPhase, Trace};
use coldtrace_model::{Invocation, Nanos, RequestId, TraceId};
use coldtrace_store::reader::{ReadError, Reader, SandboxPhaseRow};

use closure::{Closure, Found, Frontier};
use decode::Rows;

pub(crate) use closure::Limits as ClosureLimits;
pub(crate) use decode::line;

/// Everything that belongs together, as far as it arrived.
#[derive(Debug)]
pub(crate) struct Journey {
    /// Its traces, the earliest first.
    pub(crate) trace_ids: Vec<TraceId>,
    /// The requests that it served.
    pub(crate) request_ids: Vec<RequestId>,
    /// Their invocations by start.
    pub(crate) invocations: Vec<Invocation>,
    /// Its spans in their places.
    pub(crate) trace: Trace,
    /// How many spans it has, of which `trace` may hold fewer.
    pub(crate) spans_total: u64,
}

/// How much of a journey is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How far it is followed.
    pub(crate) closure: ClosureLimits,
    /// Its spans: what a browser still draws.
    pub(crate) spans: usize,
}

/// Finds and rebuilds journeys.
#[derive(Clone)]
pub(crate) struct Journeys {
    reader: Reader,
    limits: Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            closure: ClosureLimits::default(),
            spans: 100_000,
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
        let windows = closure.windows();
        let request_ids = closure.requests();
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
        let warnings = closure.warnings();
        let rebuilding = tokio::task::spawn_blocking(move || {
            let decoded = rows.decode(resources, scopes);
            let mut trace = coldtrace_analysis::rebuild(Evidence {
                spans: decoded.spans,
                invocations: invocations.clone(),
                phases: phases.into_iter().map(sandbox_phase).collect(),
            });
            trace.warnings.splice(0..0, warnings);
            trace.warnings.extend(decoded.warnings);
            (trace, invocations)
        });
        let (trace, invocations) = rebuilding.await?;
        let mut journey = Journey {
            trace_ids: closure.traces(),
            request_ids,
            invocations,
            trace,
            spans_total: 0,
        };
        journey.count(cut_total);
        journey.span_invocations();
        Ok(journey)
    }
}

// === impl Journey ===

impl Journey {
    /// Takes note of how many spans there are, and says so where not all are there.
    fn count(&mut self, cut_total: Option<u64>) {
        let shown = self.trace.nodes.len() as u64;
        self.spans_total = cut_total.unwrap_or(shown).max(shown);
        if cut_total.is_some() {
            let total = self.spans_total;
            let told = format!("the first {shown} of {total} spans are shown");
            self.trace.warnings.insert(0, told);
        }
    }

    /// Where no span came, the journey is as long as its invocations.
    fn span_invocations(&mut self) {
        if !self.trace.nodes.is_empty() {
            return;
        }
        let end = |one: &Invocation| one.start.plus(one.duration.unwrap_or(Nanos(0)));
        let starts = self.invocations.iter().map(|one| one.start);
        self.trace.start = starts.min().unwrap_or_default();
        self.trace.end = self.invocations.iter().map(end).max().unwrap_or_default();
    }
}

fn sandbox_phase(row: SandboxPhaseRow) -> SandboxPhase {
    SandboxPhase {
        sandbox_id: row.sandbox_id,
        function: row.function,
        phase: row.phase,
    }
}
