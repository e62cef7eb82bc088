//! What an extension shipped, put together to what is known of each invocation.

use std::collections::{BTreeMap, HashMap, HashSet};

use coldtrace_analysis::{Evidence, SandboxPhase, Trace};
use coldtrace_model::{
    Cold, Fact, FactKind, Invocation, InvocationRef, LogRecord, RequestId, Sandbox, SandboxId,
    Span, SpanOrigin, TraceId, UnixNanos,
};
use coldtrace_proto::v1::{ExportRequest, Signal};
use coldtrace_proto::{ingest, span};

/// Everything.
#[derive(Default)]
pub(super) struct Heard {
    invocations: Vec<Invocation>,
    phases: Vec<SandboxPhase>,
    logs: Vec<LogRecord>,
    spans: Vec<Span>,
    /// Whose each trace is.
    owners: HashMap<TraceId, HashSet<RequestId>>,
}

/// What is known of one invocation.
pub(super) struct Told {
    /// Absent where its extension told nothing.
    pub(super) invocation: Option<Invocation>,
    pub(super) trace: Trace,
    pub(super) logs: Vec<LogRecord>,
}

// === impl Heard ===

impl Heard {
    pub(super) fn of(requests: Vec<ExportRequest>) -> Self {
        let mut heard = Self::default();
        let mut facts: BTreeMap<String, (InvocationRef, Sandbox, Vec<FactKind>)> = BTreeMap::new();
        for request in requests {
            let sandbox = request.sandbox.as_ref();
            let Some(Ok(sandbox)) = sandbox.map(ingest::sandbox_to_model) else {
                continue;
            };
            for Fact { invocation, kind } in request.facts.iter().flat_map(ingest::fact_to_model) {
                let key = invocation.request_id.as_str().to_owned();
                let of_it = facts.entry(key);
                let (_, known, kinds) =
                    of_it.or_insert_with(|| (invocation, sandbox.clone(), Vec::new()));
                // Later ones know more of the sandbox.
                known.clone_from(&sandbox);
                kinds.push(kind);
            }
            let phases = request.phases.iter().flat_map(ingest::phase_to_model);
            heard.phases.extend(phases.map(|phase| SandboxPhase {
                sandbox_id: sandbox.id.clone(),
                function: sandbox.function.clone(),
                phase,
            }));
            let logs = request.logs.iter().flat_map(ingest::log_to_model);
            heard.logs.extend(logs);
            let origin = SpanOrigin {
                sandbox_id: Some(sandbox.id),
                ..SpanOrigin::default()
            };
            for payload in request.payloads {
                if payload.signal() == Signal::Traces {
                    let spans = span::of_request(&payload.request, &origin, payload.platform);
                    heard.spans.extend(spans);
                }
            }
        }
        let invocations = facts.into_values();
        heard.invocations = invocations
            .map(|(invocation, sandbox, kinds)| Invocation::of_facts(&invocation, &sandbox, &kinds))
            .collect();
        heard.note_owners();
        heard
    }

    pub(super) fn of_invocation(&self, request_id: &str) -> Told {
        let mut found = self.invocations.iter();
        let invocation = found.find(|one| one.request_id.as_str() == request_id);
        let Some(invocation) = invocation else {
            return Told {
                invocation: None,
                trace: Trace::default(),
                logs: Vec::new(),
            };
        };
        let spans = self.spans_of(invocation);
        let phases = self
            .phases
            .iter()
            .filter(|phase| phase.phase.request_id.as_ref() == Some(&invocation.request_id));
        let trace = coldtrace_analysis::rebuild(Evidence {
            spans,
            invocations: vec![invocation.clone()],
            phases: phases.cloned().collect(),
        });
        let logs = self
            .logs
            .iter()
            .filter(|line| line.request_id.as_ref() == Some(&invocation.request_id));
        let mut logs: Vec<LogRecord> = logs.cloned().collect();
        logs.sort_by_key(|line| line.time);
        Told {
            invocation: Some(invocation.clone()),
            trace,
            logs,
        }
    }

    /// Those of its traces; and those that its sandbox recorded until the next one began and that belong to no other: a tracer
    /// that knows nothing of functions names no invocation.
    fn spans_of(&self, invocation: &Invocation) -> Vec<Span> {
        let sandbox_id = invocation.sandbox_id.as_ref();
        let until = self.next_start(sandbox_id, invocation.start);
        let since = match invocation.cold {
            Cold::Warm => invocation.start,
            _ => UnixNanos::default(),
        };
        let is_its = |span: &&Span| match self.owners.get(&span.trace_id) {
            Some(owners) => owners.contains(&invocation.request_id),
            None => {
                let is_here = span.origin.sandbox_id.as_ref() == sandbox_id;
                is_here && span.start >= since && until.is_none_or(|until| span.start < until)
            }
        };
        self.spans.iter().filter(is_its).cloned().collect()
    }

    /// Whose each trace is: by the platform's word, and by the requests that its spans name.
    fn note_owners(&mut self) {
        let known = self.invocations.iter();
        let known: HashSet<&RequestId> = known.map(|one| &one.request_id).collect();
        let named = self.spans.iter().filter_map(|span| {
            let request_id = span.origin.request_id.as_ref()?;
            Some((span.trace_id, request_id))
        });
        let platform = self.invocations.iter();
        let platform = platform.filter_map(|one| Some((one.platform_trace_id?, &one.request_id)));
        let owners = named.chain(platform);
        for (trace_id, request_id) in owners.filter(|(_, request_id)| known.contains(request_id)) {
            let owners = self.owners.entry(trace_id).or_default();
            owners.insert(request_id.clone());
        }
    }

    fn next_start(&self, sandbox_id: Option<&SandboxId>, after: UnixNanos) -> Option<UnixNanos> {
        let here = self.invocations.iter();
        let here = here.filter(|one| one.sandbox_id.as_ref() == sandbox_id && one.start > after);
        here.map(|one| one.start).min()
    }
}
