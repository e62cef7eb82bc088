//! Several traces at once: read with a handful of questions, and each rebuilt alone, or with the others of its request.

use std::collections::{HashMap, HashSet};

use coldtrace_analysis::{Evidence, Trace};
use coldtrace_model::{Invocation, RequestId, Span, TraceId};
use coldtrace_store::reader::{
    ReadError, Reader, ResourceRecord, SandboxPhaseRow, ScopeRecord, TraceWindow,
};

use crate::journey::{Rows, sandbox_phase};
use crate::sample::Telling;

/// What was read of some traces.
pub(crate) struct Pieces {
    windows: Vec<TraceWindow>,
    rows: Rows,
    resources: Vec<ResourceRecord>,
    scopes: Vec<ScopeRecord>,
    invocations: Vec<Invocation>,
    phases: Vec<SandboxPhaseRow>,
    /// More spans than were read.
    pub(crate) is_cut: bool,
}

/// What one of them is rebuilt from.
#[derive(Clone, Default)]
struct Parts {
    spans: Vec<Span>,
    requests: Vec<RequestId>,
}

/// A request with the traces in which it was served.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) request_id: RequestId,
    pub(crate) trace_ids: Vec<TraceId>,
}

/// What is known of invocations beside their spans.
struct Told {
    invocations: Vec<Invocation>,
    phases: Vec<SandboxPhaseRow>,
}

impl Pieces {
    /// These traces, and at most so many spans of them.
    pub(crate) async fn read(
        reader: &Reader,
        trace_ids: &[TraceId],
        limit: usize,
    ) -> Result<Self, ReadError> {
        Self::read_with(reader, trace_ids, &[], limit).await
    }

    /// The same, with the facts of these requests even where no trace names them.
    pub(crate) async fn read_with(
        reader: &Reader,
        trace_ids: &[TraceId],
        request_ids: &[RequestId],
        limit: usize,
    ) -> Result<Self, ReadError> {
        let windows = reader.trace_windows(trace_ids).await?;
        let named = windows.iter().flat_map(|window| &window.request_ids);
        let request_ids: Vec<RequestId> = named.chain(request_ids).cloned().collect();
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

    /// How many spans were read.
    pub(crate) fn spans(&self) -> usize {
        self.rows.len()
    }

    /// Those of which platforms alone sent spans, with the requests that they served.
    pub(crate) fn of_platforms(&self) -> HashMap<TraceId, Vec<RequestId>> {
        let mut own: HashSet<TraceId> = HashSet::new();
        let mut requests: HashMap<TraceId, Vec<RequestId>> = HashMap::new();
        for window in &self.windows {
            if window.has_own {
                own.insert(window.trace_id);
            }
            let served = requests.entry(window.trace_id).or_default();
            served.extend(window.request_ids.iter().cloned());
        }
        requests.retain(|trace_id, _| !own.contains(trace_id));
        requests
    }

    /// Each of them, in no order. Takes a while where there are many spans.
    pub(crate) fn rebuilt(self) -> impl Iterator<Item = (TraceId, Trace)> {
        let (parts, told) = self.parts();
        let rebuilt = move |(trace_id, parts): (TraceId, Parts)| {
            let evidence = told.evidence(parts);
            (trace_id, coldtrace_analysis::rebuild(evidence))
        };
        parts.into_iter().map(rebuilt)
    }

    /// What the traces of each request tell of it, together. Takes a while where there are many spans.
    pub(crate) fn told<T>(self, served: &[Served], telling: Telling<T>) -> Vec<Option<T>> {
        let (mut parts, told) = self.parts();
        let mut uses: HashMap<TraceId, usize> = HashMap::new();
        for trace_id in served.iter().flat_map(|one| &one.trace_ids) {
            *uses.entry(*trace_id).or_default() += 1;
        }
        let each = served.iter().map(|one| {
            let mut joined = Parts::default();
            for trace_id in &one.trace_ids {
                // Few traces serve more than one of these requests: only their spans are copied.
                let uses = uses.entry(*trace_id).or_default();
                *uses = uses.saturating_sub(1);
                let part = match *uses {
                    0 => parts.remove(trace_id),
                    _ => parts.get(trace_id).cloned(),
                };
                if let Some(part) = part {
                    joined.spans.extend(part.spans);
                    joined.requests.extend(part.requests);
                }
            }
            joined.requests.push(one.request_id.clone());
            let evidence = told.evidence(joined);
            let invocations = evidence.invocations.clone();
            let trace = coldtrace_analysis::rebuild(evidence);
            telling(&trace, &invocations, &one.request_id)
        });
        each.collect()
    }

    fn parts(self) -> (HashMap<TraceId, Parts>, Told) {
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
        let told = Told {
            invocations: self.invocations,
            phases: self.phases,
        };
        (parts, told)
    }
}

impl Told {
    fn evidence(&self, parts: Parts) -> Evidence {
        let named: HashSet<&RequestId> = parts.requests.iter().collect();
        let invocations: Vec<Invocation> = self
            .invocations
            .iter()
            .filter(|invocation| named.contains(&invocation.request_id))
            .cloned()
            .collect();
        let is_waited_for = |phase: &&SandboxPhaseRow| {
            invocations
                .iter()
                .any(|one| one.sandbox_id.as_ref() == Some(&phase.sandbox_id))
        };
        let phases = self.phases.iter().filter(is_waited_for);
        Evidence {
            phases: phases.cloned().map(sandbox_phase).collect(),
            spans: parts.spans,
            invocations,
        }
    }
}
