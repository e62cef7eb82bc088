//! A journey: everything that belongs to one invocation or trace, found and rebuilt.
//!
//! An SDK's trace rarely has the platform's id, queues link rather than parent, and spans of one invocation may come with the
//! next one's: so traces meet by request id. [`Closure`] decides what to follow and how far; [`decode`] turns rows into
//! spans; what the spans mean is `coldtrace-analysis`'s business. A journey that is too large to be shown is read without
//! attributes, rebuilt whole, folded, and what is left of it is read again with them (decision 29).

mod closure;
mod decode;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use coldtrace_analysis::{Evidence, Finding, Fold, Folded, Hop, Room, SandboxPhase, Trace};
use coldtrace_model::{Invocation, RequestId, Span, SpanId, TraceId};
use coldtrace_store::reader::{
    ReadError, Reader, ResourceRecord, SandboxPhaseRow, ScopeRecord, SpanRecord, TraceWindow,
};
use tokio::sync::Semaphore;

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
    /// Siblings that are alike and not all shown, by node.
    pub(crate) folds: Vec<Fold>,
}

/// Journeys that are too large to be shown, at once: each takes some hundred megabytes until it is folded.
static LARGE: Semaphore = Semaphore::const_new(1);

/// How much of a journey is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How far it is followed.
    pub(crate) closure: ClosureLimits,
    /// Its spans: what a browser still draws. A journey that has more is folded.
    pub(crate) spans: usize,
    /// Of one that is folded, what is looked at: the earliest.
    pub(crate) looked_at: usize,
    /// Of one that is folded, what is left.
    pub(crate) folded: Room,
    /// Of the part below one span, what is left.
    pub(crate) below: Room,
    /// Of an answer from many traces, after which no more of them are read.
    pub(crate) patience: Duration,
    /// Rows that are looked through at once for how long its operations usually take: half a second where all come from the disk.
    pub(crate) operation_rows: u64,
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
    /// How many spans there are, where these are bare because they are so many.
    large_total: Option<u64>,
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
    folds: Vec<Fold>,
    /// Its spans were read without what they carry.
    is_bare: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            closure: ClosureLimits::default(),
            spans: 100_000,
            looked_at: 1_000_000,
            folded: Room {
                spans: 20_000,
                alike: 1,
            },
            below: Room {
                spans: 50_000,
                alike: 1_000,
            },
            patience: Duration::from_secs(2),
            operation_rows: 5_000_000,
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
        let closure = Closure::of_trace(trace_id, self.limits.closure);
        let closure = self.follow(closure).await?;
        if closure.is_empty() {
            return Ok(None);
        }
        self.all(&closure).await.map(Some)
    }

    /// What of a trace's journey stands at and below a span; `None` where nothing is known of either.
    pub(crate) async fn below(
        &self,
        trace_id: TraceId,
        span_id: SpanId,
    ) -> Result<Option<Journey>, JourneyError> {
        let closure = Closure::of_trace(trace_id, self.limits.closure);
        let closure = self.follow(closure).await?;
        let room = self.limits.below;
        let part = self.load(&closure, move |whole| whole.below(trace_id, span_id, room));
        match part.await? {
            Some(part) => Ok(Some(self.journey(&closure, part).await?)),
            None => Ok(None),
        }
    }

    /// The journey of a request that is known to have been invoked.
    pub(crate) async fn of_request(&self, request_id: &RequestId) -> Result<Journey, JourneyError> {
        let closure = Closure::of_request(request_id.clone(), self.limits.closure);
        let closure = self.follow(closure).await?;
        self.all(&closure).await
    }

    /// When and where the traces of a trace's journey happened; nothing where nothing is known of the trace.
    pub(crate) async fn windows(&self, trace_id: TraceId) -> Result<Vec<TraceWindow>, ReadError> {
        let closure = Closure::of_trace(trace_id, self.limits.closure);
        Ok(self.follow(closure).await?.windows())
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

    async fn all(&self, closure: &Closure) -> Result<Journey, JourneyError> {
        let room = self.limits.folded;
        let folded = self.load(closure, move |whole| match whole.is_bare {
            true => whole.folded(room),
            false => whole,
        });
        let folded = folded.await?;
        self.journey(closure, folded).await
    }

    /// Reads and rebuilds all, and makes something of it: of what is large, so that it is small again.
    async fn load<T: Send + 'static>(
        &self,
        closure: &Closure,
        made: impl FnOnce(Rebuilt) -> T + Send + 'static,
    ) -> Result<T, JourneyError> {
        let windows = closure.windows();
        let one_more = self.limits.spans.saturating_add(1);
        let request_ids = closure.requests();
        let (rows, invocations) = tokio::try_join!(
            self.reader.spans(&windows, one_more),
            self.reader.invocations_of(&request_ids)
        )?;
        let large = match rows.len() > self.limits.spans {
            true => Some(LARGE.acquire().await),
            false => None,
        };
        let read = match large.is_some() {
            true => {
                drop(rows);
                let total = self.reader.count_spans(&windows).await?;
                let bare = self.reader.bare_spans(&windows, self.limits.looked_at);
                self.read(bare.await?, invocations, Some(total)).await?
            }
            false => self.read(rows, invocations, None).await?,
        };
        let warnings = closure.warnings();
        let rebuilding = tokio::task::spawn_blocking(move || made(read.rebuilt(warnings)));
        Ok(rebuilding.await?)
    }

    async fn journey(&self, closure: &Closure, rebuilt: Rebuilt) -> Result<Journey, JourneyError> {
        let mut trace = rebuilt.trace;
        if rebuilt.is_bare {
            self.fill(&closure.windows(), &mut trace.spans).await?;
        }
        Ok(Journey {
            trace_ids: closure.traces(),
            request_ids: closure.requests(),
            invocations: rebuilt.invocations,
            hops: rebuilt.hops,
            trace,
            spans_total: rebuilt.spans_total,
            findings: rebuilt.findings,
            folds: rebuilt.folds,
        })
    }

    /// Gives bare spans what they carry.
    async fn fill(&self, windows: &[TraceWindow], spans: &mut [Span]) -> Result<(), JourneyError> {
        let ids: Vec<SpanId> = spans.iter().map(|span| span.span_id).collect();
        let rows = Rows::of(self.reader.spans_by_id(windows, &ids).await?);
        let decoding = tokio::task::spawn_blocking(move || {
            let whole = rows.decode(Vec::new(), Vec::new()).spans.into_iter();
            whole
                .map(|span| ((span.trace_id, span.span_id), span))
                .collect::<HashMap<_, _>>()
        });
        let mut whole = decoding.await?;
        for span in spans {
            if let Some(found) = whole.remove(&(span.trace_id, span.span_id)) {
                *span = Span {
                    start: span.start,
                    end: span.end,
                    resource: Arc::clone(&span.resource),
                    scope: Arc::clone(&span.scope),
                    ..found
                };
            }
        }
        Ok(())
    }

    async fn read(
        &self,
        spans: Vec<SpanRecord>,
        mut invocations: Vec<Invocation>,
        large_total: Option<u64>,
    ) -> Result<Read, ReadError> {
        let rows = Rows::of(spans);
        self.reader.name_errors(&mut invocations).await?;
        let (resources, scopes, phases) = tokio::try_join!(
            self.reader.resources(rows.resource_ids()),
            self.reader.scopes(rows.scope_ids()),
            self.reader.phases_of(&invocations)
        )?;
        invocations.sort_by(|a, b| (a.start, &a.request_id).cmp(&(b.start, &b.request_id)));
        Ok(Read {
            rows,
            large_total,
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
        let looked_at = trace.nodes.len() as u64;
        let total = self.large_total.unwrap_or(looked_at).max(looked_at);
        let is_cut = total > looked_at;
        let cut = is_cut.then(|| format!("the first {looked_at} of {total} spans are looked at"));
        trace.warnings.splice(0..0, cut.into_iter().chain(told));
        trace.warnings.extend(decoded.warnings);
        Rebuilt {
            findings: coldtrace_analysis::findings(&trace, &self.invocations),
            hops: coldtrace_analysis::hops(&trace, &self.invocations),
            trace,
            invocations: self.invocations,
            spans_total: total,
            folds: Vec::new(),
            is_bare: self.large_total.is_some(),
        }
    }
}

// === impl Rebuilt ===

impl Rebuilt {
    /// With room for so many spans.
    fn folded(self, room: Room) -> Self {
        let folded = coldtrace_analysis::fold(self.trace, room);
        let findings = self.findings.iter();
        let findings = findings.filter_map(|one| folded.finding(one)).collect();
        let hops = self.hops.iter().map(|&hop| folded.hop(hop)).collect();
        let Folded {
            mut trace,
            folds,
            left_out,
            ..
        } = folded;
        let shown = trace.nodes.len() as u64;
        if shown < self.spans_total {
            trace.warnings.insert(
                0,
                format!(
                    "{} spans are too many to show: of siblings that are alike the longest are shown, {shown} spans in all; \
                     findings go by names, kinds and times alone",
                    self.spans_total
                ),
            );
        }
        if left_out > 0 {
            let told = format!("{left_out} spans are not shown, the deepest");
            trace.warnings.insert(1, told);
        }
        Self {
            trace,
            folds,
            findings,
            hops,
            ..self
        }
    }

    /// What stands at and below a span, if it is there.
    fn below(self, trace_id: TraceId, span_id: SpanId, room: Room) -> Option<Self> {
        let is_it = |place: &usize| {
            let span = self.trace.span(*place);
            span.span_id == span_id && span.trace_id == trace_id
        };
        // Of a client and a server that share an id the client stands above.
        let place = (0..self.trace.nodes.len()).find(is_it)?;
        let part = coldtrace_analysis::below(self.trace, place);
        let part = Self {
            spans_total: part.nodes.len() as u64,
            trace: part,
            invocations: Vec::new(),
            hops: Vec::new(),
            findings: Vec::new(),
            ..self
        };
        Some(part.folded(room))
    }
}

pub(crate) fn sandbox_phase(row: SandboxPhaseRow) -> SandboxPhase {
    SandboxPhase {
        sandbox_id: row.sandbox_id,
        function: row.function,
        phase: row.phase,
    }
}
