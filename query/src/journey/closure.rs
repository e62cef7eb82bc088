//! What belongs to a journey, followed step by step. Pure: it says what to ask next and takes what was found.
//!
//! Invariant: nothing is asked twice, and it ends after a bounded number of rounds with a bounded number of ids, whatever is
//! found; where it had to stop it says so.

use std::collections::{BTreeMap, BTreeSet};

use coldtrace_model::{RequestId, TraceId, UnixNanos};
use coldtrace_store::reader::TraceWindow;

/// How far a journey is followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Steps from one id to the next: a chain of functions takes two for each.
    pub(crate) rounds: u32,
    /// A queue's consumer may link to every message of a batch, and each of those traces to others.
    pub(crate) traces: usize,
    /// Requests in all of them.
    pub(crate) requests: usize,
}

/// A journey as far as it is known.
pub(super) struct Closure {
    limits: Limits,
    rounds: u32,
    /// Traces that are there, with when and where.
    windows: BTreeMap<TraceId, Vec<TraceWindow>>,
    requests: BTreeSet<RequestId>,
    /// Everything that was asked for or waits to be.
    seen_traces: BTreeSet<TraceId>,
    frontier: Frontier,
    was_cut: bool,
}

/// What to ask for next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Frontier {
    pub(super) traces: Vec<TraceId>,
    pub(super) requests: Vec<RequestId>,
}

/// What was found for a frontier.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Of its traces, those that are there.
    pub(super) windows: Vec<TraceWindow>,
    /// To which its traces and requests lead.
    pub(super) traces: Vec<TraceId>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rounds: 24,
            traces: 500,
            requests: 2_000,
        }
    }
}

// === impl Closure ===

impl Closure {
    /// Begins with a trace.
    pub(super) fn of_trace(trace_id: TraceId, limits: Limits) -> Self {
        let mut closure = Self::empty(limits);
        closure.add_trace(trace_id);
        closure
    }

    /// Begins with a request.
    pub(super) fn of_request(request_id: RequestId, limits: Limits) -> Self {
        let mut closure = Self::empty(limits);
        // The one that was asked for belongs to its journey whatever it looks like.
        closure.requests.insert(request_id.clone());
        if request_id.is_telling() {
            closure.frontier.requests.push(request_id);
        }
        closure
    }

    fn empty(limits: Limits) -> Self {
        Self {
            limits,
            rounds: 0,
            windows: BTreeMap::new(),
            requests: BTreeSet::new(),
            seen_traces: BTreeSet::new(),
            frontier: Frontier::default(),
            was_cut: false,
        }
    }

    /// What to ask for next, until there is nothing left.
    pub(super) fn next(&mut self) -> Option<Frontier> {
        let frontier = std::mem::take(&mut self.frontier);
        if frontier == Frontier::default() {
            return None;
        }
        if self.rounds == self.limits.rounds {
            self.was_cut = true;
            return None;
        }
        self.rounds += 1;
        Some(frontier)
    }

    /// Takes what was found for the last frontier.
    pub(super) fn absorb(&mut self, found: Found) {
        for window in found.windows {
            for request_id in &window.request_ids {
                self.add_request(request_id);
            }
            self.windows
                .entry(window.trace_id)
                .or_default()
                .push(window);
        }
        for trace_id in found.traces {
            self.add_trace(trace_id);
        }
    }

    /// Whether nothing is known of where it began.
    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Its traces that are there, the earliest first.
    pub(super) fn traces(&self) -> Vec<TraceId> {
        let first = |windows: &[TraceWindow]| windows.iter().map(|window| window.range.from).min();
        let mut traces: Vec<(Option<UnixNanos>, TraceId)> = self
            .windows
            .iter()
            .map(|(&trace_id, windows)| (first(windows), trace_id))
            .collect();
        traces.sort_unstable();
        traces.into_iter().map(|(_, trace_id)| trace_id).collect()
    }

    /// When and where its traces happened.
    pub(super) fn windows(&self) -> Vec<TraceWindow> {
        self.windows.values().flatten().cloned().collect()
    }

    /// Its requests.
    pub(super) fn requests(&self) -> Vec<RequestId> {
        self.requests.iter().cloned().collect()
    }

    /// Whether it was followed to its end.
    pub(super) fn warnings(&self) -> Vec<String> {
        let (traces, requests) = (self.windows.len(), self.requests.len());
        let told = || {
            format!(
                "this journey goes on: it was followed to {traces} traces and {requests} requests"
            )
        };
        self.was_cut.then(told).into_iter().collect()
    }

    fn add_trace(&mut self, trace_id: TraceId) {
        if self.seen_traces.contains(&trace_id) {
            return;
        }
        if self.seen_traces.len() >= self.limits.traces {
            self.was_cut = true;
            return;
        }
        self.seen_traces.insert(trace_id);
        self.frontier.traces.push(trace_id);
    }

    fn add_request(&mut self, request_id: &RequestId) {
        if !request_id.is_telling() || self.requests.contains(request_id) {
            return;
        }
        if self.requests.len() >= self.limits.requests {
            self.was_cut = true;
            return;
        }
        self.requests.insert(request_id.clone());
        self.frontier.requests.push(request_id.clone());
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_model::{Nanos, TimeRange};
    use coldtrace_testkit::{at, trace_id};

    use super::*;

    const LIMITS: Limits = Limits {
        rounds: 10,
        traces: 5,
        requests: 5,
    };

    fn request(name: &str) -> RequestId {
        RequestId::parse(name).expect("an id")
    }

    fn window(trace: u128, millis: f64, requests: &[&str]) -> TraceWindow {
        TraceWindow {
            trace_id: trace_id(trace),
            range: TimeRange {
                from: at(millis),
                to: at(millis).plus(Nanos(1)),
            },
            services: Vec::new(),
            request_ids: requests.iter().map(|name| request(name)).collect(),
            has_own: true,
        }
    }

    #[test]
    fn it_goes_from_a_request_over_its_traces_to_their_requests_and_asks_nothing_twice() {
        let mut closure = Closure::of_request(request("a"), LIMITS);
        let first = closure.next().expect("the request");
        assert_eq!(first.requests, [request("a")]);
        closure.absorb(Found {
            windows: Vec::new(),
            traces: vec![trace_id(2), trace_id(1)],
        });
        let second = closure.next().expect("its traces");
        assert_eq!(second.traces, [trace_id(2), trace_id(1)]);
        closure.absorb(Found {
            windows: vec![window(2, 5.0, &["a", "b"]), window(1, 1.0, &["a"])],
            traces: vec![trace_id(1), trace_id(2)],
        });
        let third = closure.next().expect("the other request");
        assert_eq!(third.requests, [request("b")]);
        assert_eq!(third.traces, []);
        closure.absorb(Found::default());
        assert_eq!(closure.next(), None);
        assert_eq!(closure.traces(), [trace_id(1), trace_id(2)], "by time");
        assert_eq!(closure.requests(), [request("a"), request("b")]);
        assert_eq!(closure.warnings(), Vec::<String>::new());
    }

    #[test]
    fn ids_that_tell_nothing_join_nothing() {
        let mut closure = Closure::of_trace(trace_id(1), LIMITS);
        closure.next();
        let zero = "00000000-0000-0000-0000-000000000000";
        closure.absorb(Found {
            windows: vec![window(1, 0.0, &[zero, "0"])],
            traces: Vec::new(),
        });
        assert_eq!(closure.next(), None);
        assert_eq!(closure.requests(), []);
    }

    #[test]
    fn a_journey_without_end_is_cut_and_says_so() {
        let endless = |limits: Limits| {
            let mut closure = Closure::of_trace(trace_id(1), limits);
            let mut number = 1;
            while let Some(frontier) = closure.next() {
                number += 1;
                closure.absorb(Found {
                    windows: frontier
                        .traces
                        .iter()
                        .map(|&trace| TraceWindow {
                            trace_id: trace,
                            ..window(1, 0.0, &[])
                        })
                        .collect(),
                    traces: vec![trace_id(number)],
                });
            }
            closure
        };
        let by_traces = endless(LIMITS);
        assert_eq!(by_traces.traces().len(), LIMITS.traces);
        assert_eq!(by_traces.warnings().len(), 1);
        let by_rounds = endless(Limits {
            rounds: 3,
            ..LIMITS
        });
        assert_eq!(by_rounds.traces().len(), 3);
        assert_eq!(
            by_rounds.warnings(),
            ["this journey goes on: it was followed to 3 traces and 0 requests"]
        );
    }

    #[test]
    fn a_trace_that_is_not_there_is_an_empty_journey() {
        let mut closure = Closure::of_trace(trace_id(1), LIMITS);
        closure.next();
        closure.absorb(Found::default());
        assert_eq!(closure.next(), None);
        assert!(closure.is_empty());
    }
}
