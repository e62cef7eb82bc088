//! Which span stands for which invocation, and which invocation a span belongs to: by its request, else by its sandbox and
//! time.
//!
//! A platform may try an event again under the same request id, so one request can have several attempts.

use coldtrace_model::{Invocation, Nanos, RequestId, SandboxId, Span, SpanKind, UnixNanos};
use foldhash::{HashMap, HashMapExt as _};

use crate::draft::{Item, Role, rank};
use crate::duplicates::Index;

/// The platform's clock and the sandbox's are read at different moments, and the platform tells whole milliseconds.
pub(crate) const CLOCK_TOLERANCE: Nanos = Nanos::from_millis(5);

/// Attempts of one request, and phases of one attempt, that are looked at. Platforms make three attempts; the bound keeps
/// the time linear, whatever was sent.
const LIMIT: usize = 32;

/// All attempts of a journey.
#[derive(Default)]
pub(crate) struct Requests {
    pub(crate) attempts: Vec<Attempt>,
    by_request: HashMap<RequestId, Vec<usize>>,
    /// In order of their starts.
    by_sandbox: HashMap<SandboxId, Vec<usize>>,
    /// The attempt that waited for the phase of this span.
    by_phase: HashMap<usize, usize>,
}

/// One run of a function for one request.
pub(crate) struct Attempt {
    pub(crate) request_id: RequestId,
    pub(crate) sandbox_id: Option<SandboxId>,
    start: UnixNanos,
    /// The end of time where not even a deadline is known.
    end: UnixNanos,
    /// Index into the draft's invocations.
    pub(crate) row: Option<usize>,
    /// The span that stands for it.
    pub(crate) span: Option<usize>,
    /// The spans of its phases, at most [`LIMIT`].
    pub(crate) phases: Vec<usize>,
    /// When its sandbox began to be prepared for it.
    prepared_since: Option<UnixNanos>,
}

// === impl Requests ===

impl Requests {
    /// Finds the attempts that the rows and the platform's spans tell of. `invocations` are one per attempt
    /// ([`distinct`]), `items` one per span.
    pub(crate) fn collect(
        spans: &[Span],
        items: &[Item],
        invocations: &[Invocation],
        index: &Index,
    ) -> Self {
        let mut requests = Self::default();
        for (row, invocation) in invocations.iter().enumerate() {
            requests.add(Attempt::of_row(row, invocation, index));
        }
        let mut platform: Vec<usize> = (0..spans.len())
            .filter(|&place| items[place].role != Role::Work)
            .collect();
        platform.sort_unstable_by_key(|&place| rank(&spans[place]));
        for &place in &platform {
            if items[place].role == Role::Invocation {
                requests.add_platform_span(place, &spans[place]);
            }
        }
        requests.add_entries(spans, items, invocations);
        requests.sort_sandboxes();
        for place in platform {
            if items[place].role != Role::Invocation
                && let Some(attempt) = requests.of_phase(
                    spans[place].origin.request_id.as_ref(),
                    spans[place].origin.sandbox_id.as_ref(),
                    spans[place].start,
                    invocations,
                )
            {
                requests.add_phase(attempt, place, &spans[place]);
            }
        }
        requests
    }

    /// Adds the span of a phase to the attempt that waited for it.
    pub(crate) fn add_phase(&mut self, attempt: usize, place: usize, span: &Span) {
        self.by_phase.insert(place, attempt);
        let attempt = &mut self.attempts[attempt];
        if attempt.phases.len() < LIMIT {
            attempt.phases.push(place);
        }
        if Role::of(span).precedes_invocation() {
            let since = attempt.prepared_since.unwrap_or(span.start);
            attempt.prepared_since = Some(since.min(span.start));
        }
    }

    /// The attempt that waited for the phase that a span stands for.
    pub(crate) fn of_phase_span(&self, place: usize) -> Option<usize> {
        self.by_phase.get(&place).copied()
    }

    /// The attempt during which a span was recorded.
    pub(crate) fn of_span(&self, span: &Span) -> Option<usize> {
        let by_request = span
            .origin
            .request_id
            .as_ref()
            .and_then(|id| self.by_request.get(id))
            .and_then(|attempts| self.choose(attempts, span));
        by_request.or_else(|| self.at(span.origin.sandbox_id.as_ref()?, span.start))
    }

    /// The attempt whose request a span names though it was recorded elsewhere: it is the call that caused it.
    pub(crate) fn caused_by(&self, span: &Span) -> Option<usize> {
        if span.kind != SpanKind::Client && span.kind != SpanKind::Producer {
            return None;
        }
        let attempts = self.by_request.get(span.origin.request_id.as_ref()?)?;
        let is_later = |attempt: &Attempt| attempt.start.plus(CLOCK_TOLERANCE) >= span.start;
        attempts.iter().copied().find(|&attempt| {
            let attempt = &self.attempts[attempt];
            // Only sandboxes that are known tell a call from work that names its own request.
            let are_known = attempt.sandbox_id.is_some() && span.origin.sandbox_id.is_some();
            are_known && is_elsewhere(attempt, span) && is_later(attempt)
        })
    }

    /// The attempt that waited for a phase: the one that it names, else the first that its sandbox served.
    pub(crate) fn of_phase(
        &self,
        request_id: Option<&RequestId>,
        sandbox_id: Option<&SandboxId>,
        start: UnixNanos,
        invocations: &[Invocation],
    ) -> Option<usize> {
        let in_sandbox = |attempt: &&usize| {
            let sandbox = self.attempts[**attempt].sandbox_id.as_ref();
            sandbox.is_none() || sandbox_id.is_none() || sandbox == sandbox_id
        };
        if let Some(request_id) = request_id {
            let attempts = self.by_request.get(request_id)?;
            return attempts.iter().find(in_sandbox).copied();
        }
        let attempts = self.by_sandbox.get(sandbox_id?)?;
        let next = attempts.partition_point(|&attempt| self.attempts[attempt].start < start);
        let next = *attempts.get(next)?;
        let is_cold = |row: usize| invocations[row].cold.is_waited_for();
        self.attempts[next].row.is_none_or(is_cold).then_some(next)
    }

    fn add(&mut self, attempt: Attempt) {
        let place = self.attempts.len();
        let known = self
            .by_request
            .entry(attempt.request_id.clone())
            .or_default();
        if known.len() < LIMIT {
            known.push(place);
        }
        self.attempts.push(attempt);
    }

    /// Gives the platform's span of an invocation to the attempt that lacks it, else it tells of another attempt.
    fn add_platform_span(&mut self, place: usize, span: &Span) {
        let Some(request_id) = &span.origin.request_id else {
            return;
        };
        let known = self
            .by_request
            .get(request_id)
            .map_or(&[][..], Vec::as_slice);
        if known
            .iter()
            .any(|&attempt| self.attempts[attempt].span == Some(place))
        {
            return;
        }
        let fits = |attempt: &usize| {
            let attempt = &self.attempts[*attempt];
            attempt.span.is_none() && !is_elsewhere(attempt, span)
        };
        match known.iter().copied().find(fits) {
            Some(attempt) => self.attempts[attempt].span = Some(place),
            None => self.add(Attempt::of_span(place, span, request_id)),
        }
    }

    /// Where no sandbox told of an invocation, the server's span of its request is the invocation.
    fn add_entries(&mut self, spans: &[Span], items: &[Item], invocations: &[Invocation]) {
        let mut entries: HashMap<&RequestId, usize> = HashMap::new();
        let serves = |&(_, item): &(usize, &Item)| {
            matches!(item.kind, SpanKind::Server | SpanKind::Consumer)
        };
        for (place, _) in items.iter().enumerate().filter(serves) {
            let span = &spans[place];
            let Some(request_id) = &span.origin.request_id else {
                continue;
            };
            let entry = entries.entry(request_id).or_insert(place);
            if rank(span) < rank(&spans[*entry]) {
                *entry = place;
            }
        }
        let mut entries: Vec<(&RequestId, usize)> = entries.into_iter().collect();
        entries.sort_unstable();
        for (request_id, place) in entries {
            let Some(known) = self.by_request.get(request_id) else {
                self.add(Attempt::of_span(place, &spans[place], request_id));
                continue;
            };
            for &attempt in known {
                let attempt = &mut self.attempts[attempt];
                let is_first_hand = |row: usize| invocations[row].facts.is_first_hand();
                if attempt.span.is_none() && !attempt.row.is_some_and(is_first_hand) {
                    attempt.span = Some(place);
                }
            }
        }
    }

    fn sort_sandboxes(&mut self) {
        for (place, attempt) in self.attempts.iter().enumerate() {
            if let Some(sandbox_id) = &attempt.sandbox_id {
                self.by_sandbox
                    .entry(sandbox_id.clone())
                    .or_default()
                    .push(place);
            }
        }
        for attempts in self.by_sandbox.values_mut() {
            attempts.sort_by_key(|&attempt| {
                let attempt = &self.attempts[attempt];
                (attempt.start, attempt.request_id.clone())
            });
        }
    }

    /// Of the attempts of one request, the one that ran when the span was recorded.
    fn choose(&self, attempts: &[usize], span: &Span) -> Option<usize> {
        let mut here = attempts
            .iter()
            .copied()
            .filter(|&attempt| !is_elsewhere(&self.attempts[attempt], span));
        let first = here.next()?;
        let started =
            |&attempt: &usize| self.attempts[attempt].start <= span.start.plus(CLOCK_TOLERANCE);
        let later = here
            .filter(started)
            .max_by_key(|&attempt| self.attempts[attempt].start);
        match later {
            Some(later) if self.attempts[later].start > self.attempts[first].start => Some(later),
            _ => Some(first),
        }
    }

    /// The attempt that a sandbox served at a time, if there was only one.
    fn at(&self, sandbox_id: &SandboxId, time: UnixNanos) -> Option<usize> {
        let attempts = self.by_sandbox.get(sandbox_id)?;
        let next = attempts.partition_point(|&attempt| self.attempts[attempt].start <= time);
        let serves = |attempt: usize, tolerance: Nanos| {
            let attempt = &self.attempts[attempt];
            attempt.start <= time.plus(tolerance) && time <= attempt.end.plus(tolerance)
        };
        let before = next.checked_sub(1).map(|place| attempts[place]);
        let earlier = next.checked_sub(2).map(|place| attempts[place]);
        if let Some(before) = before.filter(|&attempt| serves(attempt, Nanos(0))) {
            // A sandbox that serves several at once: time alone can't tell which it was.
            let is_shared = earlier.is_some_and(|attempt| serves(attempt, Nanos(0)));
            return (!is_shared).then_some(before);
        }
        [before, attempts.get(next).copied()]
            .into_iter()
            .flatten()
            .find(|&attempt| serves(attempt, CLOCK_TOLERANCE))
            .or_else(|| self.starting(*attempts.get(next)?, time))
    }

    /// The attempt, if its sandbox was being prepared for it: modules record spans while they are loaded.
    fn starting(&self, attempt: usize, time: UnixNanos) -> Option<usize> {
        let prepared_since = self.attempts[attempt].prepared_since?;
        (prepared_since <= time.plus(CLOCK_TOLERANCE)).then_some(attempt)
    }
}

// === impl Attempt ===

impl Attempt {
    /// True if no more phases of it are looked at.
    pub(crate) fn is_full(&self) -> bool {
        self.phases.len() >= LIMIT
    }

    fn of_row(row: usize, invocation: &Invocation, index: &Index) -> Self {
        let ids = invocation
            .platform_trace_id
            .zip(invocation.platform_span_id);
        let end = match (invocation.duration, invocation.deadline) {
            (Some(duration), _) => invocation.start.plus(duration),
            (None, Some(deadline)) => deadline,
            (None, None) => UnixNanos(u64::MAX),
        };
        Self {
            request_id: invocation.request_id.clone(),
            sandbox_id: invocation.sandbox_id.clone(),
            start: invocation.start,
            end,
            row: Some(row),
            span: ids.and_then(|(trace_id, span_id)| index.find(trace_id, span_id)),
            phases: Vec::new(),
            prepared_since: None,
        }
    }

    fn of_span(place: usize, span: &Span, request_id: &RequestId) -> Self {
        Self {
            request_id: request_id.clone(),
            sandbox_id: span.origin.sandbox_id.clone(),
            start: span.start,
            end: if span.end.is_unknown() {
                UnixNanos(u64::MAX)
            } else {
                span.end
            },
            row: None,
            span: Some(place),
            phases: Vec::new(),
            prepared_since: None,
        }
    }
}

/// One row per attempt, in an order that does not depend on the order of arrival. What a sandbox told itself wins over what
/// was derived from a span.
pub(crate) fn distinct(mut invocations: Vec<Invocation>) -> Vec<Invocation> {
    invocations.sort_by(|a, b| {
        let order = |row: &Invocation| {
            (
                row.request_id.clone(),
                !row.facts.is_first_hand(),
                row.sandbox_id.clone(),
                row.start,
                u8::MAX - row.facts.0,
            )
        };
        order(a)
            .cmp(&order(b))
            .then_with(|| format!("{a:?}").cmp(&format!("{b:?}")))
    });
    invocations.dedup_by(|later, kept| {
        let is_same_run = later.sandbox_id == kept.sandbox_id && later.start == kept.start;
        later.request_id == kept.request_id && (is_same_run || !later.facts.is_first_hand())
    });
    invocations
}

/// True if the span was not recorded where the attempt ran.
fn is_elsewhere(attempt: &Attempt, span: &Span) -> bool {
    match (&attempt.sandbox_id, &span.origin.sandbox_id) {
        (Some(ran_in), Some(recorded_in)) => ran_in != recorded_in,
        // Callers too name the request that they cause.
        _ => matches!(span.kind, SpanKind::Client | SpanKind::Producer),
    }
}
