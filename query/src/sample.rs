//! What the traces of some invocations tell: read in handfuls, each invocation with all of its traces, until the spans or the
//! time of one answer are used up. Which invocations these are is the caller's choice.

use std::collections::HashMap;
use std::time::Instant;

use coldtrace_analysis::Trace;
use coldtrace_model::{Invocation, RequestId, TraceId};
use coldtrace_store::reader::{ReadError, Reader};

use crate::journey::{JourneyError, Limits};
use crate::pieces::{Pieces, Served};

/// Invocations whose traces are read at once: a question looks through all spans of the minutes in which they lie, however few
/// it is about.
const AT_ONCE: usize = 1_000;
/// Where these have more spans than may be read, half of them is tried, down to so many.
const FEWEST: usize = 100;
/// Spans of one answer.
const SPANS: usize = 100_000;

/// What of a trace is told of an invocation in it: pure, and run where it may take a while.
pub(crate) type Telling<T> = fn(&Trace, &[Invocation], &RequestId) -> Option<T>;

/// What each tells, in their order; nothing of those that were not looked at.
pub(crate) async fn told<T: Clone + Send + 'static>(
    reader: &Reader,
    limits: Limits,
    invocations: &[Invocation],
    telling: Telling<T>,
) -> Result<Vec<Option<T>>, JourneyError> {
    let began = Instant::now();
    let served = served(reader, invocations).await?;
    let mut told: Vec<Option<T>> = Vec::with_capacity(served.len());
    let mut spans_left = SPANS.min(limits.spans);
    let mut waiting: Vec<&[Served]> = served.chunks(AT_ONCE).rev().collect();
    while let Some(some) = waiting.pop() {
        if spans_left == 0 || began.elapsed() >= limits.patience {
            break;
        }
        let trace_ids: Vec<TraceId> = some
            .iter()
            .flat_map(|one| one.trace_ids.iter().copied())
            .collect();
        let pieces = Pieces::read(reader, &trace_ids, spans_left).await?;
        if pieces.is_cut && some.len() > FEWEST {
            let (first, second) = some.split_at(some.len() / 2);
            waiting.extend([second, first]);
            continue;
        }
        if pieces.is_cut {
            break;
        }
        spans_left -= pieces.spans();
        let some = some.to_vec();
        let of_some = tokio::task::spawn_blocking(move || pieces.told(&some, telling));
        told.extend(of_some.await?);
    }
    told.resize(invocations.len(), None);
    Ok(told)
}

/// Each invocation with its traces: the platform's, the function's own, and those that name its request.
pub(crate) async fn served(
    reader: &Reader,
    invocations: &[Invocation],
) -> Result<Vec<Served>, ReadError> {
    let request_ids: Vec<RequestId> = invocations
        .iter()
        .map(|one| one.request_id.clone())
        .collect();
    let mut named: HashMap<RequestId, Vec<TraceId>> = HashMap::new();
    for served in reader.traces_of_requests(&request_ids).await? {
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
