//! Several traces at once: read with a handful of questions, and each rebuilt alone.

use std::collections::HashMap;

use coldtrace_analysis::{Evidence, Trace};
use coldtrace_model::{Invocation, RequestId, Span, TraceId};
use coldtrace_store::reader::{
    ReadError, Reader, ResourceRecord, SandboxPhaseRow, ScopeRecord, TraceWindow,
};

use crate::journey::{Rows, sandbox_phase};

/// What was read of some traces.
pub(super) struct Pieces {
    windows: Vec<TraceWindow>,
    rows: Rows,
    resources: Vec<ResourceRecord>,
    scopes: Vec<ScopeRecord>,
    invocations: Vec<Invocation>,
    phases: Vec<SandboxPhaseRow>,
    /// More spans than were read.
    pub(super) is_cut: bool,
}

/// What one of them is rebuilt from.
#[derive(Default)]
struct Parts {
    spans: Vec<Span>,
    requests: Vec<RequestId>,
}

impl Pieces {
    /// These traces, and at most so many spans of them.
    pub(super) async fn read(
        reader: &Reader,
        trace_ids: &[TraceId],
        limit: usize,
    ) -> Result<Self, ReadError> {
        let windows = reader.trace_windows(trace_ids).await?;
        let request_ids: Vec<RequestId> = windows
            .iter()
            .flat_map(|window| window.request_ids.iter().cloned())
            .collect();
        let (mut spans, invocations) = tokio::try_join!(
            reader.spans(&windows, limit.saturating_add(1)),
            reader.invocations_of(&request_ids)
        )?;
        let is_cut = spans.len() > limit;
        spans.truncate(limit);
        let rows = Rows::of(spans);
        let (resources, scopes, phases) = tokio::try_join!(
            reader.resources(rows.resource_ids()),
            reader.scopes(rows.scope_ids()),
            reader.phases_of(&invocations)
        )?;
        Ok(Self {
            windows,
            rows,
            resources,
            scopes,
            invocations,
            phases,
            is_cut,
        })
    }

    /// Each of them, in no order. Takes a while where there are many spans.
    pub(super) fn rebuilt(self) -> impl Iterator<Item = (TraceId, Trace)> {
        let mut parts: HashMap<TraceId, Parts> = HashMap::new();
        for window in self.windows {
            parts
                .entry(window.trace_id)
                .or_default()
                .requests
                .extend(window.request_ids);
        }
        for span in self.rows.decode(self.resources, self.scopes).spans {
            parts.entry(span.trace_id).or_default().spans.push(span);
        }
        let (invocations, phases) = (self.invocations, self.phases);
        let rebuilt = move |(trace_id, parts): (TraceId, Parts)| {
            let of_trace =
                |invocation: &&Invocation| parts.requests.contains(&invocation.request_id);
            let invocations: Vec<Invocation> =
                invocations.iter().filter(of_trace).cloned().collect();
            let is_waited_for = |phase: &&SandboxPhaseRow| {
                invocations
                    .iter()
                    .any(|one| one.sandbox_id.as_ref() == Some(&phase.sandbox_id))
            };
            let phases = phases
                .iter()
                .filter(is_waited_for)
                .cloned()
                .map(sandbox_phase)
                .collect();
            let evidence = Evidence {
                spans: parts.spans,
                invocations,
                phases,
            };
            (trace_id, coldtrace_analysis::rebuild(evidence))
        };
        parts.into_iter().map(rebuilt)
    }
}
