//! The search for traces: candidates by columns, newest first, each of which is rebuilt and matched exactly.
//!
//! It goes back in time by stretches, each longer than the one before while little is found, until there are enough, or the
//! range or what one search may look at is used up: then the answer says how far it came.

mod matched;
mod plan;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldtrace_analysis::Trace;
use coldtrace_model::{TimeRange, TraceId};

use coldtrace_store::reader::{Candidate, CandidateFilter, Reader};
use coldtrace_traceql::Query;
pub(crate) use matched::{Match, MatchedSpan, MatchedSpans};

use crate::journey::{JourneyError, Limits};
use crate::pieces::Pieces;
use crate::stretches::Stretches;

/// Traces that are read at once.
const AT_ONCE: usize = 64;

/// How much one search looks at, before it says how far it came.
#[derive(Clone, Copy, Debug)]
struct Budget {
    /// Traces that are rebuilt.
    traces: usize,
    /// Time.
    time: Duration,
}

/// What to look for, and where.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(crate) query: Arc<Query>,
    /// Traces that began in it.
    pub(crate) range: TimeRange,
    /// Behind this one.
    pub(crate) after: Option<Candidate>,
    /// At most so many.
    pub(crate) limit: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Finding {
    /// The latest first.
    pub(crate) traces: Vec<Match>,
    /// Behind which trace the search goes on; nothing if it has seen the whole range.
    pub(crate) next: Option<Candidate>,
    /// Traces that were rebuilt.
    pub(crate) looked_at: usize,
    /// It ended before there were enough: its budget was used up.
    pub(crate) is_spent: bool,
    /// Of a trace with too many spans only the first were looked at.
    pub(crate) is_cut: bool,
}

/// Finds traces of one tenant.
#[derive(Clone)]
pub(crate) struct Searcher {
    reader: Reader,
    limits: Limits,
    budget: Budget,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            traces: 5_000,
            time: Duration::from_secs(5),
        }
    }
}

// === impl Searcher ===

impl Searcher {
    pub(crate) fn new(reader: Reader, limits: Limits) -> Self {
        Self {
            reader,
            limits,
            budget: Budget::default(),
        }
    }

    /// Looks for traces, until there are enough of them or the budget is used up.
    pub(crate) async fn search(&self, search: Search) -> Result<Finding, JourneyError> {
        let began = Instant::now();
        let needed = plan::needed(&search.query);
        let mut finding = Finding::default();
        let mut after = search.after;
        let mut stretches = Stretches::of(search.range, after.map(|after| after.start));
        if let Some(rest) = stretches.rest() {
            // What is rare is looked for at once.
            let since = self.reader.enough_since(&needed, rest, AT_ONCE).await?;
            stretches.reach(since);
        }
        while let Some(range) = stretches.next() {
            loop {
                let filter = CandidateFilter {
                    range,
                    after,
                    spans: &needed,
                    limit: AT_ONCE,
                };
                let candidates = self.reader.candidates(&filter).await?;
                finding.looked_at += candidates.len();
                self.keep_matching(&search, &candidates, &mut finding)
                    .await?;
                let has_more = candidates.len() == AT_ONCE;
                after = match candidates.last() {
                    Some(last) if has_more => Some(*last),
                    _ => Some(end_of(range)),
                };
                let is_at_end = !has_more && range.from <= search.range.from;
                finding.next = after.filter(|_| !is_at_end);
                if finding.traces.len() >= search.limit {
                    finding.cut(search.limit);
                    return Ok(finding);
                }
                let is_spent =
                    finding.looked_at >= self.budget.traces || began.elapsed() >= self.budget.time;
                if is_spent && !is_at_end {
                    finding.is_spent = true;
                    return Ok(finding);
                }
                if !has_more {
                    if candidates.len() < AT_ONCE / 2 {
                        stretches.grow();
                    }
                    break;
                }
            }
        }
        Ok(finding)
    }

    /// Rebuilds these, and keeps those that match.
    async fn keep_matching(
        &self,
        search: &Search,
        candidates: &[Candidate],
        finding: &mut Finding,
    ) -> Result<(), JourneyError> {
        let mut waiting = vec![candidates];
        while let Some(some) = waiting.pop() {
            let trace_ids: Vec<TraceId> = some.iter().map(|one| one.trace_id).collect();
            let pieces = Pieces::read(&self.reader, &trace_ids, self.limits.spans).await?;
            if pieces.is_cut && some.len() > 1 {
                let (first, second) = some.split_at(some.len() / 2);
                waiting.extend([second, first]);
                continue;
            }
            finding.is_cut |= pieces.is_cut;
            let (query, some) = (Arc::clone(&search.query), some.to_vec());
            let matching = tokio::task::spawn_blocking(move || {
                let mut traces: HashMap<TraceId, Trace> = pieces.rebuilt().collect();
                let matched = some.into_iter().filter_map(|candidate| {
                    let trace = traces.remove(&candidate.trace_id)?;
                    Match::of(&query, candidate, &trace)
                });
                matched.collect::<Vec<_>>()
            });
            finding.traces.extend(matching.await?);
        }
        Ok(())
    }
}

/// Behind all that began in a range: the next page begins with what began before.
fn end_of(range: TimeRange) -> Candidate {
    let first = TraceId::from_bytes(&1_u128.to_be_bytes());
    Candidate {
        start: range.from,
        trace_id: first.expect("it is not 0"),
    }
}

// === impl Finding ===

impl Finding {
    /// Keeps so many; the next page goes on behind the last of them, if there are more.
    fn cut(&mut self, limit: usize) {
        if self.traces.len() > limit {
            self.traces.truncate(limit);
            self.next = self.traces.last().map(|last| last.candidate);
        }
    }
}
