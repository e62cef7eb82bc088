//! Makes the spans that the platform's facts tell of and that no extension sent: of invocations, and of their phases.
//!
//! A killed sandbox leaves no spans; what is known of it must still have its place in the picture. What is made looks like
//! what an extension would have sent, down to the parent that it names.

use std::sync::Arc;

use coldtrace_model::{
    AttributeValue, Attributes, Invocation, Nanos, Platform, Resource, Scope, Span, SpanId,
    SpanKind, SpanOrigin, Status, StatusCode, TraceId, UnixNanos,
};

use crate::draft::{Item, Role};
use crate::duplicates::Index;
use crate::requests::Requests;
use crate::{Marks, SandboxPhase};

/// The scope of every span that is made here.
const SCOPE: &str = "coldtrace";

/// Where made spans go.
pub(crate) struct Synthesis<'a> {
    pub(crate) spans: &'a mut Vec<Span>,
    /// One per span.
    pub(crate) items: &'a mut Vec<Item>,
    pub(crate) index: &'a mut Index,
    pub(crate) requests: &'a mut Requests,
    pub(crate) invocations: &'a [Invocation],
}

// === impl Synthesis ===

impl Synthesis<'_> {
    /// Makes everything that is missing.
    pub(crate) fn complete(&mut self, phases: Vec<SandboxPhase>) {
        for attempt in 0..self.requests.attempts.len() {
            self.invocation(attempt);
        }
        for phase in in_order(phases) {
            self.phase(&phase);
        }
        for attempt in 0..self.requests.attempts.len() {
            self.overheads(attempt);
        }
    }

    /// The span of an invocation of which only facts are known.
    fn invocation(&mut self, attempt: usize) {
        let Some(row) = self.requests.attempts[attempt].row else {
            return;
        };
        let row = &self.invocations[row];
        if self.requests.attempts[attempt].span.is_some() || !row.facts.is_first_hand() {
            return;
        }
        let span = invocation_span(row);
        let place = match self.index.find(span.trace_id, span.span_id) {
            Some(same) => same,
            None => self.add(span),
        };
        self.requests.attempts[attempt].span = Some(place);
    }

    /// The span of a phase before an invocation.
    fn phase(&mut self, told: &SandboxPhase) {
        let attempt = self.requests.of_phase(
            told.phase.request_id.as_ref(),
            Some(&told.sandbox_id),
            told.phase.start,
            self.invocations,
        );
        let Some((attempt, invocation)) =
            attempt.and_then(|attempt| Some((attempt, self.requests.attempts[attempt].span?)))
        else {
            return;
        };
        let name = told.phase.kind.as_str();
        let end = told.phase.start.plus(told.phase.duration);
        if self.requests.attempts[attempt].is_full()
            || self.has_phase(attempt, name, told.phase.start, end)
        {
            return;
        }
        let mut span = self.phase_span(invocation, name, told.phase.start, end);
        span.origin.sandbox_id = Some(told.sandbox_id.clone());
        span.span_id = derived_span_id(&[
            told.sandbox_id.as_str(),
            name,
            &told.phase.start.0.to_string(),
        ]);
        if told.phase.outcome.is_failure() {
            span.status = failure(&told.phase.error_type, told.phase.outcome.as_str());
        }
        if Role::of(&span) == Role::InitPart
            && let Some(init) = self.init_around(attempt, told.phase.start)
        {
            span.parent_span_id = Some(self.spans[init].span_id);
            span.trace_id = self.spans[init].trace_id;
        }
        self.add_phase(attempt, span);
    }

    /// The spans of what the platform did after the handler.
    fn overheads(&mut self, attempt: usize) {
        let (Some(row), Some(span)) = (
            self.requests.attempts[attempt].row,
            self.requests.attempts[attempt].span,
        ) else {
            return;
        };
        let row = &self.invocations[row];
        let responded = row
            .response_latency
            .map(|latency| row.start.plus(latency))
            .map(|first_byte| first_byte.plus(row.response_duration.unwrap_or_default()));
        if let (Some(responded), Some(overhead)) = (responded, row.runtime_overhead) {
            self.overhead(attempt, span, "runtime_overhead", responded, overhead);
        }
        if let (Some(duration), Some(overhead)) = (row.duration, row.extension_overhead) {
            let from = row.start.plus(duration).minus(overhead);
            self.overhead(attempt, span, "extension_overhead", from, overhead);
        }
    }

    fn overhead(
        &mut self,
        attempt: usize,
        invocation: usize,
        name: &str,
        start: UnixNanos,
        length: Nanos,
    ) {
        let was_sent = |&place: &usize| self.spans[place].origin.phase == name;
        if length == Nanos(0) || self.requests.attempts[attempt].phases.iter().any(was_sent) {
            return;
        }
        let span = self.phase_span(invocation, name, start, start.plus(length));
        self.add_phase(attempt, span);
    }

    /// A phase under the span of its invocation.
    fn phase_span(&self, invocation: usize, name: &str, start: UnixNanos, end: UnixNanos) -> Span {
        let invocation = &self.spans[invocation];
        let request_id = invocation.origin.request_id.clone();
        let request = request_id.as_ref().map_or("", |id| id.as_str());
        Span {
            trace_id: invocation.trace_id,
            span_id: derived_span_id(&[request, name, &start.0.to_string()]),
            parent_span_id: Some(invocation.span_id),
            name: name.to_owned(),
            start,
            end,
            attributes: vec![text("coldtrace.phase", name)],
            origin: SpanOrigin {
                sandbox_id: invocation.origin.sandbox_id.clone(),
                request_id,
                phase: name.to_owned(),
            },
            ..platform_span(
                invocation.trace_id,
                invocation.span_id,
                Arc::clone(&invocation.resource),
            )
        }
    }

    /// Whether the extension sent this phase itself. Its clock and the fact's are one, so that they overlap.
    fn has_phase(&self, attempt: usize, name: &str, start: UnixNanos, end: UnixNanos) -> bool {
        let phases = self.requests.attempts[attempt].phases.iter();
        phases.map(|&place| &self.spans[place]).any(|span| {
            span.origin.phase == name && span.start <= end && start <= span.end.max(span.start)
        })
    }

    /// The latest init of the attempt that had begun at this time.
    fn init_around(&self, attempt: usize, start: UnixNanos) -> Option<usize> {
        self.requests.attempts[attempt]
            .phases
            .iter()
            .copied()
            .filter(|&place| Role::of(&self.spans[place]) == Role::Init)
            .filter(|&place| self.spans[place].start <= start)
            .max_by_key(|&place| self.spans[place].start)
    }

    fn add_phase(&mut self, attempt: usize, span: Span) {
        // Derived ids repeat where the same phase was sent under the same id: then it is there already.
        if self.index.find(span.trace_id, span.span_id).is_some() {
            return;
        }
        let place = self.add(span);
        self.requests.add_phase(attempt, place, &self.spans[place]);
    }

    fn add(&mut self, span: Span) -> usize {
        let place = self.spans.len();
        let taken = self.index.add(&span);
        debug_assert_eq!(taken, None, "who adds looks first whether the ids are free");
        self.items.push(Item::new(place, &span, Marks::default()));
        self.spans.push(span);
        place
    }
}

/// Without repetition, whole inits before their parts, whatever the order of arrival.
fn in_order(mut phases: Vec<SandboxPhase>) -> Vec<SandboxPhase> {
    phases.sort_by(|a, b| {
        let order = |told: &SandboxPhase| {
            (
                told.phase.kind.number(),
                told.phase.start,
                told.sandbox_id.clone(),
                told.phase.request_id.clone(),
            )
        };
        order(a)
            .cmp(&order(b))
            .then_with(|| format!("{a:?}").cmp(&format!("{b:?}")))
    });
    phases
}

fn invocation_span(row: &Invocation) -> Span {
    let request = row.request_id.as_str();
    let trace_id = row
        .platform_trace_id
        .or(row.sdk_trace_id)
        .unwrap_or_else(|| derived_trace_id(request));
    let span_id = row
        .platform_span_id
        .unwrap_or_else(|| derived_span_id(&[request, "invocation", &row.start.0.to_string()]));
    let status = if row.outcome.is_failure() {
        failure(&row.error_type, row.outcome.as_str())
    } else {
        Status::default()
    };
    Span {
        name: row.function.clone(),
        kind: SpanKind::Server,
        start: row.start,
        end: row
            .duration
            .map_or(UnixNanos(0), |duration| row.start.plus(duration)),
        attributes: vec![
            text("coldtrace.phase", "invocation"),
            text("faas.invocation_id", request),
            text("faas.trigger", row.trigger.as_str()),
        ],
        status,
        origin: SpanOrigin {
            sandbox_id: row.sandbox_id.clone(),
            request_id: Some(row.request_id.clone()),
            phase: "invocation".to_owned(),
        },
        ..platform_span(trace_id, span_id, Arc::new(resource(row)))
    }
}

/// A span with nothing said yet.
fn platform_span(trace_id: TraceId, span_id: SpanId, resource: Arc<Resource>) -> Span {
    Span {
        trace_id,
        span_id,
        parent_span_id: None,
        trace_state: String::new(),
        flags: 0,
        name: String::new(),
        kind: SpanKind::Internal,
        start: UnixNanos(0),
        end: UnixNanos(0),
        attributes: Attributes::new(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        resource,
        scope: Arc::new(Scope {
            name: SCOPE.to_owned(),
            ..Scope::default()
        }),
        origin: SpanOrigin::default(),
    }
}

fn resource(row: &Invocation) -> Resource {
    let (provider, platform) = cloud(row.platform);
    let told = [
        ("service.name", row.function.as_str()),
        ("faas.name", &row.function),
        ("faas.version", &row.version),
        ("faas.instance", &row.instance),
        ("cloud.provider", provider),
        ("cloud.platform", platform),
        ("cloud.region", &row.region),
        ("cloud.account.id", &row.account),
    ];
    let mut attributes: Attributes = told
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| text(key, value))
        .collect();
    if let Some(memory) = row.memory {
        let bytes = i64::try_from(memory.0).unwrap_or(i64::MAX);
        attributes.push(("faas.max_memory".to_owned(), AttributeValue::Int(bytes)));
    }
    Resource {
        attributes,
        ..Resource::default()
    }
}

/// `cloud.provider` and `cloud.platform`; empty where OpenTelemetry has no name.
fn cloud(platform: Platform) -> (&'static str, &'static str) {
    match platform {
        Platform::AwsLambda => ("aws", "aws_lambda"),
        Platform::GoogleCloud => ("gcp", "gcp_cloud_functions"),
        Platform::AzureFunctions => ("azure", "azure_functions"),
        Platform::CloudflareWorkers | Platform::Vercel | Platform::DenoDeploy | Platform::Other => {
            ("", "")
        }
    }
}

fn failure(error_type: &str, outcome: &str) -> Status {
    let message = if error_type.is_empty() {
        outcome
    } else {
        error_type
    };
    Status {
        code: StatusCode::Error,
        message: message.to_owned(),
    }
}

fn text(key: &str, value: &str) -> (String, AttributeValue) {
    (key.to_owned(), AttributeValue::String(value.to_owned()))
}

fn derived_trace_id(request: &str) -> TraceId {
    let halves = [["trace", request], [request, "trace"]].map(|parts| hash(&parts).to_be_bytes());
    TraceId::from_bytes(halves.as_flattened()).expect("a hash is never 0")
}

fn derived_span_id(parts: &[&str]) -> SpanId {
    SpanId::from_bytes(&hash(parts).to_be_bytes()).expect("a hash is never 0")
}

/// FNV-1a, never 0. It must be the same for every reader, for ever: links to made spans are kept in bookmarks.
fn hash(parts: &[&str]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = parts
        .iter()
        .flat_map(|part| part.bytes().chain(std::iter::once(0xff)));
    bytes
        .fold(OFFSET, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        })
        .max(1)
}
