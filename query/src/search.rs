//! The search for traces: candidates by columns, newest first, each of which is rebuilt and matched exactly.
//!
//! A trace of which platforms alone sent spans is not told where one of somebody's own that served the same request matches as well and
//! is in the range: a person asked for one journey.
//!
//! It goes back in time by stretches, each longer than the one before while little is found, until there are enough, or the
//! range or what one search may look at is used up: then the answer says how far it came.

mod matched;
mod plan;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldtrace_analysis::Trace;
use coldtrace_model::{RequestId, TimeRange, TraceId, UnixNanos};

use coldtrace_store::reader::{Candidate, CandidateFilter, Reader, RequestTrace};
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

/// What became of traces that were rebuilt.
#[derive(Default)]
struct Looked {
    /// Those that match.
    matching: Vec<Match>,
    /// Those of which platforms alone sent spans, with their requests.
    platforms: HashMap<TraceId, Vec<RequestId>>,
}

/// Whether a trace matches, of each that a search has looked at.
type Judged = HashMap<TraceId, bool>;

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
        let mut judged = Judged::new();
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
                self.keep_matching(&search, &candidates, &mut finding, &mut judged)
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
        judged: &mut Judged,
    ) -> Result<(), JourneyError> {
        let mut looked = self.look_at(search, candidates, finding, judged).await?;
        self.drop_told_twice(search, &mut looked, finding, judged)
            .await?;
        finding.traces.extend(looked.matching);
        Ok(())
    }

    /// Rebuilds these, and tells which match.
    async fn look_at(
        &self,
        search: &Search,
        candidates: &[Candidate],
        finding: &mut Finding,
        judged: &mut Judged,
    ) -> Result<Looked, JourneyError> {
        finding.looked_at += candidates.len();
        let mut looked = Looked::default();
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
            looked.platforms.extend(pieces.of_platforms());
            let (query, some) = (Arc::clone(&search.query), some.to_vec());
            let matching = tokio::task::spawn_blocking(move || {
                let mut traces: HashMap<TraceId, Trace> = pieces.rebuilt().collect();
                let matched = some.into_iter().filter_map(|candidate| {
                    let trace = traces.remove(&candidate.trace_id)?;
                    Match::of(&query, candidate, &trace)
                });
                matched.collect::<Vec<_>>()
            });
            looked.matching.extend(matching.await?);
        }
        judged.extend(candidates.iter().map(|one| (one.trace_id, false)));
        let matching = looked.matching.iter();
        judged.extend(matching.map(|one| (one.candidate.trace_id, true)));
        Ok(looked)
    }

    /// Drops what platforms told of requests that are found as well as somebody's own.
    async fn drop_told_twice(
        &self,
        search: &Search,
        looked: &mut Looked,
        finding: &mut Finding,
        judged: &mut Judged,
    ) -> Result<(), JourneyError> {
        let matching = looked.matching.iter();
        let platforms = matching.filter_map(|one| looked.platforms.get(&one.candidate.trace_id));
        let asked: BTreeSet<&RequestId> = platforms
            .flatten()
            .filter(|request_id| request_id.is_telling())
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let asked: Vec<RequestId> = asked.into_iter().cloned().collect();
        let served = self.reader.traces_of_requests(&asked).await?;
        let own = self.own_traces(search, &served).await?;
        let unknown: Vec<Candidate> = own
            .iter()
            .filter(|one| !judged.contains_key(&one.trace_id))
            .copied()
            .collect();
        for some in unknown.chunks(AT_ONCE) {
            self.look_at(search, some, finding, judged).await?;
        }
        let found: HashSet<TraceId> = own
            .into_iter()
            .map(|one| one.trace_id)
            .filter(|trace_id| judged.get(trace_id) == Some(&true))
            .collect();
        let told: HashSet<RequestId> = served
            .into_iter()
            .filter(|one| found.contains(&one.trace_id))
            .map(|one| one.request_id)
            .collect();
        let platforms = &looked.platforms;
        looked.matching.retain(|one| {
            let requests = platforms.get(&one.candidate.trace_id);
            !requests.is_some_and(|requests| requests.iter().any(|id| told.contains(id)))
        });
        Ok(())
    }

    /// Of these traces those that the search may tell and of which not platforms alone sent spans.
    async fn own_traces(
        &self,
        search: &Search,
        served: &[RequestTrace],
    ) -> Result<Vec<Candidate>, JourneyError> {
        let trace_ids: BTreeSet<TraceId> = served.iter().map(|one| one.trace_id).collect();
        let windows = self
            .reader
            .trace_windows(&Vec::from_iter(trace_ids))
            .await?;
        let mut starts: BTreeMap<TraceId, (UnixNanos, bool)> = BTreeMap::new();
        for window in windows {
            let from = window.range.from;
            let (start, has_own) = starts.entry(window.trace_id).or_insert((from, false));
            *start = from.min(*start);
            *has_own |= window.has_own;
        }
        let TimeRange { from, to } = search.range;
        let may_be_told =
            |(start, has_own): &(UnixNanos, bool)| *has_own && from <= *start && *start < to;
        let own = starts.into_iter().filter(|(_, known)| may_be_told(known));
        let own = own.map(|(trace_id, (start, _))| Candidate { start, trace_id });
        Ok(own.collect())
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
