//! Derives where the time of functions went, a window of five minutes at a time, from the rebuilt traces of a sample.
//!
//! One step does one window, of which so many invocations and spans are looked at and no more: what it costs is bounded, whatever
//! was sent. Windows that were never derived come before those that are out of date, and of each the latest first; what there is no time
//! for stays underived, and readers say so. Nothing is remembered that matters, as with all that is settled. Not here: what a trace
//! tells (`coldtrace-analysis`), and SQL.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use coldtrace_analysis::{Category, Segment, SegmentSum, segments, summed};
use coldtrace_model::{Nanos, RequestId, Tenant, TimeRange, TraceId, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_store::reader::{ReadError, Reader};
use coldtrace_store::settle::{
    PathSampling, SampledFunction, SettledPath, SettledSegment, Settler, Window,
};
use coldtrace_store::{Store, StoreError};
use tracing::warn;

use super::metrics::PathMetrics;
use super::policy::{self, Sweep};
use super::{RECENT, SettleError};
use crate::journey::JourneyError;
use crate::pieces::{Pieces, Served};
use crate::sample;

/// What is looked at of a window. Of a hundred invocations a part that is a tenth of the time is told within a third of itself, in
/// an hour's twelve windows within a tenth; and four thousand take a few seconds of one core (docs/adr/0025-paths-over-time.md).
pub(crate) const SAMPLING: PathSampling = PathSampling {
    each: 100,
    all: 4_000,
};
/// Parts of a function and window that are told one by one, beside the rest of each category.
pub(crate) const MOST_SEGMENTS: usize = 20;

/// Invocations whose traces are read at once: what a question costs is mostly that it is asked, and that it looks through the
/// window's spans.
const AT_ONCE: usize = 400;
/// Spans that are read at once, some tens of megabytes. An invocation with more is not looked at.
const SPANS_AT_ONCE: usize = 25_000;
/// Spans of a window: fifty of each invocation. What lies behind them is not looked at.
const SPANS: usize = 200_000;
/// Of a window: a store that is slow must not hold up what is settled.
const PATIENCE: Duration = Duration::from_secs(20);

/// Windows that one look finds.
const FOUND: u32 = 5_000;
/// After a look that found nothing: a window's time comes every five minutes.
const NEXT_LOOK: Nanos = Nanos::from_millis(60_000);
/// A window that could not be derived is tried again after so long.
const NEXT_TRY: Nanos = Nanos::from_millis(3_600_000);

/// Derives windows of paths, of all tenants.
pub(super) struct Paths {
    store: Store,
    settler: Settler,
    grace: Duration,
    metrics: PathMetrics,
    sweep: Sweep,
    /// When a look found nothing.
    idle: Option<UnixNanos>,
    /// Windows that could not be derived, and when: what stands stays, and others are not kept waiting.
    failed: Vec<(String, UnixNanos, UnixNanos)>,
}

/// Why a window was not derived.
#[derive(Debug, thiserror::Error)]
enum PathError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Rebuild(#[from] JourneyError),
    #[error(transparent)]
    Write(#[from] StoreError),
    #[error("the tenant's name can't be read")]
    Tenant,
}

/// An invocation that is to be looked at.
struct Picked {
    /// Its function's place in the sample.
    function: usize,
    request_id: RequestId,
}

/// Reads and rebuilds, until a window's share is used up.
struct Looking {
    reader: Reader,
    spans_left: usize,
    began: Instant,
}

// === impl Paths ===

impl Paths {
    pub(super) fn new(store: &Store, grace: Duration, registry: &Registry) -> Self {
        Self {
            store: store.clone(),
            settler: store.settler(),
            grace,
            metrics: PathMetrics::new(registry),
            sweep: Sweep::default(),
            idle: None,
            failed: Vec::new(),
        }
    }

    /// Derives one window. Whether there was one.
    pub(super) async fn step(&mut self, now: UnixNanos) -> Result<bool, SettleError> {
        let is_early = |idle: UnixNanos| now >= idle && now < idle.plus(NEXT_LOOK);
        if self.idle.is_some_and(is_early) {
            return Ok(false);
        }
        let Some(window) = self.next(now).await? else {
            self.idle = Some(now);
            return Ok(false);
        };
        self.idle = None;
        match self.derive(&window, now).await {
            Ok(()) => self.metrics.settled(&window),
            Err(PathError::Read(error @ ReadError::Unavailable(_))) => return Err(error.into()),
            Err(PathError::Rebuild(JourneyError::Read(error @ ReadError::Unavailable(_)))) => {
                return Err(error.into());
            }
            Err(PathError::Write(error)) if !matches!(error, StoreError::Refused { .. }) => {
                return Err(error.into());
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let (tenant, start) = (&window.tenant, window.start.0);
                warn!(tenant, start, %error, cause, "paths of a window can't be derived; it is tried again in an hour");
                self.metrics.failures.inc();
                self.failed.push((window.tenant, window.start, now));
            }
        }
        Ok(true)
    }

    /// The window whose turn it is: of the last hours, else of one more day.
    async fn next(&mut self, now: UnixNanos) -> Result<Option<Window>, SettleError> {
        self.failed
            .retain(|&(_, _, at)| now >= at && now < at.plus(NEXT_TRY));
        let recent = policy::recent(now, RECENT);
        let mut due = self.due(recent, now).await?;
        if due.is_empty()
            && let Some(earliest) = self.settler.earliest().await?
        {
            let day = self.sweep.day(earliest, now);
            due = self.due(day, now).await?;
            if due.is_empty() {
                self.sweep.passed(day);
            }
        }
        let ends: Vec<UnixNanos> = due.iter().map(end).collect();
        self.metrics.behind(&ends, now);
        Ok(due.into_iter().min_by_key(turn))
    }

    async fn due(&self, range: TimeRange, now: UnixNanos) -> Result<Vec<Window>, SettleError> {
        let mut found = self.settler.unsettled_paths(range, now, FOUND).await?;
        let has_failed = |window: &Window| {
            let mut failed = self.failed.iter();
            failed.any(|(tenant, start, _)| *tenant == window.tenant && *start == window.start)
        };
        found.retain(|window| {
            policy::is_due_after(end(window), window, now, self.grace) && !has_failed(window)
        });
        Ok(found)
    }

    async fn derive(&self, window: &Window, now: UnixNanos) -> Result<(), PathError> {
        let tenant = Tenant::parse(&window.tenant).map_err(|_| PathError::Tenant)?;
        let sample = self.settler.path_sample(window, SAMPLING).await?;
        let mut looking = Looking {
            reader: self.store.reader(tenant).in_background(),
            spans_left: SPANS,
            began: Instant::now(),
        };
        let told = looking.told(&by_turns(&sample), sample.len()).await?;
        let looked_at: usize = told.iter().map(Vec::len).sum();
        let told = tokio::task::spawn_blocking(move || {
            let paths = sample.into_iter().zip(told);
            let paths = paths.map(|(function, paths)| settled(function, &paths));
            paths.collect::<Vec<SettledPath>>()
        });
        let paths = told.await.map_err(JourneyError::from)?;
        self.settler.settle_paths(window, &paths, now).await?;
        self.metrics.looked_at.add(looked_at as u64);
        Ok(())
    }
}

/// When a window has all that is not late.
fn end(window: &Window) -> UnixNanos {
    let end = window.start.plus(Settler::PATH_WINDOW);
    end.plus(Settler::PATH_SLACK)
}

/// By what one window comes before another. Of two tenants each is the first now and then.
fn turn(window: &Window) -> (bool, Reverse<UnixNanos>, u64) {
    let mut hasher = DefaultHasher::new();
    (&window.tenant, window.start).hash(&mut hasher);
    let is_again = window.settled.is_some();
    (is_again, Reverse(window.start), hasher.finish())
}

/// The first of each function, then the second: where not all are looked at, as many of each are.
fn by_turns(sample: &[SampledFunction]) -> Vec<Picked> {
    let mut picked: Vec<(usize, Picked)> = Vec::new();
    for (function, sampled) in sample.iter().enumerate() {
        let ids = sampled.request_ids.iter().cloned().enumerate();
        picked.extend(ids.map(|(place, request_id)| {
            let picked = Picked {
                function,
                request_id,
            };
            (place, picked)
        }));
    }
    picked.sort_by_key(|&(place, _)| place);
    picked.into_iter().map(|(_, picked)| picked).collect()
}

fn settled(function: SampledFunction, paths: &[Vec<Segment>]) -> SettledPath {
    let segments = summed(paths, MOST_SEGMENTS).into_iter();
    SettledPath {
        function: function.function,
        invocations: function.invocations,
        looked_at: paths.len() as u64,
        segments: segments.map(segment).collect(),
    }
}

fn segment(sum: SegmentSum) -> SettledSegment {
    SettledSegment {
        category: Category::as_str(sum.key.category),
        service: sum.key.service,
        name: sum.key.name,
        sender: sum.example.service,
        span: sum.example.span,
        length: sum.total,
        seen: sum.invocations,
    }
}

// === impl Looking ===

impl Looking {
    /// Of so many functions what the traces of those that were picked tell: of each that was looked at, its parts.
    async fn told(
        &mut self,
        picked: &[Picked],
        functions: usize,
    ) -> Result<Vec<Vec<Vec<Segment>>>, JourneyError> {
        let mut told: Vec<Vec<Vec<Segment>>> = vec![Vec::new(); functions];
        let (mut left, mut at_once) = (picked, AT_ONCE);
        while !left.is_empty() && self.spans_left > 0 && self.began.elapsed() < PATIENCE {
            let (some, rest) = left.split_at(at_once.min(left.len()));
            let before = self.spans_left;
            match self.look(some).await? {
                Some(paths) => {
                    for (one, path) in some.iter().zip(paths) {
                        told[one.function].extend(path);
                    }
                    left = rest;
                    if (before - self.spans_left) * 2 <= SPANS_AT_ONCE {
                        at_once = AT_ONCE.min(at_once * 2);
                    }
                }
                None if some.len() > 1 => at_once = some.len() / 2,
                // Too much by itself.
                None => left = rest,
            }
        }
        Ok(told)
    }

    /// Of each its parts, if there is any trace of it; nothing if there are more spans than may be read.
    async fn look(
        &mut self,
        some: &[Picked],
    ) -> Result<Option<Vec<Option<Vec<Segment>>>>, JourneyError> {
        let request_ids: Vec<RequestId> = some.iter().map(|one| one.request_id.clone()).collect();
        let served = self.served(&request_ids).await?;
        let trace_ids: Vec<TraceId> = served
            .iter()
            .flat_map(|one| one.trace_ids.iter().copied())
            .collect();
        let most = SPANS_AT_ONCE.min(self.spans_left);
        let pieces = Pieces::read_with(&self.reader, &trace_ids, &request_ids, most).await?;
        self.spans_left -= pieces.spans();
        if pieces.is_cut {
            return Ok(None);
        }
        let told = tokio::task::spawn_blocking(move || pieces.told(&served, segments));
        Ok(Some(told.await?))
    }

    /// Each request with its traces; of one that was tried again, those of all attempts.
    async fn served(&self, request_ids: &[RequestId]) -> Result<Vec<Served>, ReadError> {
        let invocations = self.reader.invocations_of(request_ids).await?;
        let mut traces: HashMap<RequestId, Vec<TraceId>> = HashMap::new();
        for served in sample::served(&self.reader, &invocations).await? {
            let known = traces.entry(served.request_id).or_default();
            known.extend(served.trace_ids);
            known.sort_unstable();
            known.dedup();
        }
        let served = request_ids.iter().map(|request_id| Served {
            request_id: request_id.clone(),
            trace_ids: traces.get(request_id).cloned().unwrap_or_default(),
        });
        Ok(served.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(tenant: &str, start: u64, settled: Option<u64>) -> Window {
        let mut window = Window::default();
        window.tenant = tenant.to_owned();
        window.start = UnixNanos(start);
        window.settled = settled.map(UnixNanos);
        window
    }

    #[test]
    fn what_was_never_derived_comes_first_and_of_that_the_latest() {
        let mut windows = [
            window("a", 3, Some(9)),
            window("a", 1, None),
            window("a", 4, Some(9)),
            window("a", 2, None),
        ];
        windows.sort_by_key(turn);
        assert_eq!(windows.map(|window| window.start.0), [2, 1, 4, 3]);
    }

    #[test]
    fn of_two_tenants_each_is_the_first_now_and_then() {
        let first = |start| {
            let windows = [window("a", start, None), window("b", start, None)];
            let first = windows.into_iter().min_by_key(turn);
            first.expect("there are two").tenant
        };
        let firsts: Vec<String> = (0..100).map(first).collect();
        let a = firsts.iter().filter(|tenant| *tenant == "a").count();
        assert!((30..=70).contains(&a), "{a} of a hundred");
    }

    #[test]
    fn each_function_has_its_turn_before_one_has_two() {
        let sampled = |function: &str, count: u32| SampledFunction {
            function: function.to_owned(),
            invocations: count.into(),
            request_ids: (0..count)
                .map(|number| RequestId::parse(&format!("{function}{number}")).expect("an id"))
                .collect(),
        };
        let sample = [sampled("a", 3), sampled("b", 1), sampled("c", 2)];
        let picked = by_turns(&sample);
        let told: Vec<(usize, &str)> = picked
            .iter()
            .map(|one| (one.function, one.request_id.as_str()))
            .collect();
        let expected = [
            (0, "a0"),
            (1, "b0"),
            (2, "c0"),
            (0, "a1"),
            (2, "c1"),
            (0, "a2"),
        ];
        assert_eq!(told, expected);
    }
}
