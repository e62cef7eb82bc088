//! The judge: what was seen from outside against what the API tells, request id by request id.
//!
//! Pure. Lost is what was seen and is not told; duplicated is what is told more than once; a mismatch is what is told
//! differently. An invocation whose extension was killed under it is excused from being complete, never from being told
//! once only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coldtrace_model::Outcome;
use serde::Serialize;

use super::api::{ApiInvocation, ApiSpan, Journey, Number};
use super::ledger::{Book, Seen};

/// Between the caller's clock and the sandbox's own steps before and after an invocation.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(5);
/// The platform tells milliseconds with three decimals.
const REPORT_RESOLUTION: Duration = Duration::from_micros(1);
/// The platform tells whole MiB.
const MEMORY_TOLERANCE: u64 = 1 << 20;

/// What the judge found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Request ids and spans that were seen and are not told.
    pub(super) lost: Vec<String>,
    /// Those that are told more than once.
    pub(super) duplicated: Vec<String>,
    pub(super) mismatches: Vec<Mismatch>,
    /// Invocations that may be incomplete, because their extension was killed.
    pub(super) excused: Vec<String>,
}

/// A field that is told differently from what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Mismatch {
    pub(super) request_id: String,
    pub(super) field: &'static str,
    pub(super) observed: String,
    pub(super) api: String,
}

impl Verdict {
    pub(super) fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.duplicated.is_empty() && self.mismatches.is_empty()
    }

    /// Judges the list of invocations.
    pub(super) fn on_list(
        &mut self,
        book: &Book,
        listed: &[ApiInvocation],
        excused: &BTreeSet<String>,
    ) {
        let mut told: BTreeMap<&str, Vec<&ApiInvocation>> = BTreeMap::new();
        for invocation in listed {
            told.entry(&invocation.request_id)
                .or_default()
                .push(invocation);
        }
        for seen in &book.invocations {
            let is_excused = excused.contains(&seen.request_id);
            if is_excused {
                self.excused.push(seen.request_id.clone());
            }
            match told.remove(seen.request_id.as_str()).as_deref() {
                None if is_excused => {}
                None => self.lost.push(seen.request_id.clone()),
                Some([_]) if is_excused => {}
                Some([one]) => self.compare(seen, one),
                Some(_) => self.duplicated.push(seen.request_id.clone()),
            }
        }
        for request_id in told.into_keys() {
            self.mismatch(request_id, "request_id", &"never invoked", &"listed");
        }
    }

    /// Judges the journey of a customer's request: every invocation that it caused, the spans of every call that passed
    /// by, and the handler's own span.
    pub(super) fn on_journey(
        &mut self,
        book: &Book,
        seen: &Seen,
        journey: &Journey,
        excused: &BTreeSet<String>,
    ) {
        self.spans_once(journey);
        let caused: Vec<&Seen> = book
            .invocations
            .iter()
            .filter(|other| other.root.is_some() && other.root == seen.root)
            .filter(|other| !excused.contains(&other.request_id))
            .collect();
        for other in &caused {
            let is_there = |told: &ApiInvocation| told.request_id == other.request_id;
            if !journey.invocations.iter().any(is_there) {
                self.lost.push(format!(
                    "{} of {}, in the journey of {}",
                    other.request_id, other.function, seen.request_id
                ));
            }
        }
        let flushed = |caller: &str| {
            let mut ran = caused
                .iter()
                .filter(|other| other.function == caller)
                .peekable();
            ran.peek().is_some() && ran.all(|other| other.completed())
        };
        let told: BTreeSet<(&str, &str)> = journey.spans.iter().map(ids).collect();
        for call in book
            .calls
            .iter()
            .filter(|call| Some(call.root) == seen.root)
        {
            let (trace_id, span_id) = (call.trace_id.to_string(), call.span_id.to_string());
            if flushed(call.caller) && !told.contains(&(&trace_id, &span_id)) {
                self.lost.push(format!(
                    "span {trace_id}/{span_id} of {}, in the journey of {}",
                    call.caller, seen.request_id
                ));
            }
        }
        let is_handler = |span: &&ApiSpan| {
            span.service == seen.function && span.kind == "server" && span.phase.is_empty()
        };
        let handlers = journey.spans.iter().filter(is_handler).count();
        if flushed(seen.function) && handlers != 1 {
            self.mismatch(&seen.request_id, "handler spans", &1, &handlers);
        }
    }

    /// A span that was stored twice is marked on reading, or stands there twice.
    fn spans_once(&mut self, journey: &Journey) {
        let mut told = BTreeSet::new();
        for span in &journey.spans {
            let was_removed = span.marks.iter().any(|mark| mark == "duplicate_removed");
            if !told.insert(ids(span)) || was_removed {
                let (trace_id, span_id) = ids(span);
                self.duplicated.push(format!("span {trace_id}/{span_id}"));
            }
        }
    }

    fn compare(&mut self, seen: &Seen, told: &ApiInvocation) {
        let id = &seen.request_id;
        let report = &seen.report;
        self.same(id, "function", seen.function, &told.function);
        self.same(id, "outcome", report.outcome.as_str(), &told.outcome);
        let failed = told.outcome != Outcome::Ok.as_str();
        self.same(id, "failed", &seen.failed.to_string(), &failed.to_string());
        let cold = (told.cold != "warm").to_string();
        self.same(id, "cold", &report.cold.to_string(), &cold);
        if let Some(root) = seen.root {
            let told = told.platform_trace_id.as_deref().unwrap_or("absent");
            self.same(id, "platform_trace_id", &root.to_string(), told);
        }
        self.same_length(id, "duration", Some(report.duration), told.duration);
        self.same_length(id, "billed", Some(report.billed), told.billed);
        self.same_length(id, "init", report.init, told.init);
        let max_memory = told.max_memory_bytes.map(|bytes| bytes.0);
        if max_memory != Some(report.max_memory) {
            self.mismatch(
                id,
                "max_memory_bytes",
                &report.max_memory,
                &told_or_absent(max_memory),
            );
        }
        self.fits(seen, told);
        self.exited(seen, told);
        self.remembers(seen, told);
    }

    /// A process that ended was killed for time or memory, or crashed; one that goes on did not.
    fn exited(&mut self, seen: &Seen, told: &ApiInvocation) {
        let deadly = [Outcome::Crash, Outcome::Timeout, Outcome::OutOfMemory].map(Outcome::as_str);
        if seen.exit.is_some() != deadly.contains(&told.outcome.as_str()) {
            let observed = seen.exit.as_deref().unwrap_or("the process goes on");
            self.mismatch(&seen.request_id, "exit", &observed, &told.outcome);
        }
    }

    /// The memory that is told is what /proc showed, up to the limit at which the sandbox was killed.
    fn remembers(&mut self, seen: &Seen, told: &ApiInvocation) {
        let Some(Number(max_memory)) = told.max_memory_bytes else {
            return;
        };
        let within = match told.outcome == Outcome::OutOfMemory.as_str() {
            true => seen.peak_memory + MEMORY_TOLERANCE >= max_memory,
            false => seen.peak_memory.abs_diff(max_memory) <= MEMORY_TOLERANCE,
        };
        if !within {
            self.mismatch(
                &seen.request_id,
                "peak memory",
                &seen.peak_memory,
                &max_memory,
            );
        }
    }

    /// What the platform tells must lie within what was seen: the start before the answer, the end before its sandbox was
    /// free again.
    fn fits(&mut self, seen: &Seen, told: &ApiInvocation) {
        let Some(Number(duration)) = told.duration else {
            return;
        };
        let duration = Duration::from_nanos(duration);
        if duration > seen.held + CLOCK_TOLERANCE {
            let observed = format!("at most {:?}", seen.held);
            self.mismatch(
                &seen.request_id,
                "duration",
                &observed,
                &format!("{duration:?}"),
            );
        }
        let start = UNIX_EPOCH + Duration::from_nanos(told.start.0);
        if start + CLOCK_TOLERANCE < seen.sent || start > seen.ended() + CLOCK_TOLERANCE {
            let observed = format!("{} and {:?} on", since_epoch(seen.sent), seen.wall);
            self.mismatch(&seen.request_id, "start", &observed, &since_epoch(start));
        }
    }

    fn same(&mut self, request_id: &str, field: &'static str, observed: &str, api: &str) {
        if observed != api {
            self.mismatch(request_id, field, &observed, &api);
        }
    }

    fn same_length(
        &mut self,
        request_id: &str,
        field: &'static str,
        observed: Option<Duration>,
        api: Option<Number>,
    ) {
        let api = api.map(|Number(nanos)| Duration::from_nanos(nanos));
        let equal = match (observed, api) {
            (Some(observed), Some(api)) => observed.abs_diff(api) < REPORT_RESOLUTION,
            (None, None) => true,
            _ => false,
        };
        if !equal {
            let text =
                |length: Option<Duration>| length.map_or("absent".to_owned(), |l| format!("{l:?}"));
            self.mismatch(request_id, field, &text(observed), &text(api));
        }
    }

    fn mismatch(
        &mut self,
        request_id: &str,
        field: &'static str,
        observed: &dyn Display,
        api: &dyn Display,
    ) {
        self.mismatches.push(Mismatch {
            request_id: request_id.to_owned(),
            field,
            observed: observed.to_string(),
            api: api.to_string(),
        });
    }
}

fn ids(span: &ApiSpan) -> (&str, &str) {
    (&span.trace_id, &span.span_id)
}

fn told_or_absent(number: Option<u64>) -> String {
    number.map_or("absent".to_owned(), |number| number.to_string())
}

fn since_epoch(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:.6}", since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{Call, Report};
    use super::*;

    const ROOT: &str = "5759e988bd862e3fe1be46a994272793";
    const SENT_SECONDS: u64 = 1_700_000_000;

    fn seen(request_id: &str) -> Seen {
        Seen {
            function: "checkout",
            request_id: request_id.to_owned(),
            root: ROOT.parse().ok(),
            sent: UNIX_EPOCH + Duration::from_secs(SENT_SECONDS),
            wall: Duration::from_millis(90),
            held: Duration::from_millis(120),
            failed: false,
            exit: None,
            peak_memory: 70 << 20,
            report: Report {
                outcome: Outcome::Ok,
                cold: false,
                duration: Duration::from_micros(95_123),
                billed: Duration::from_millis(96),
                init: None,
                max_memory: 70 << 20,
                sandbox: 1,
            },
        }
    }

    fn told(request_id: &str) -> ApiInvocation {
        ApiInvocation {
            request_id: request_id.to_owned(),
            function: "checkout".to_owned(),
            start: Number(SENT_SECONDS * 1_000_000_000 + 3_000_000),
            outcome: "ok".to_owned(),
            cold: "warm".to_owned(),
            runtime: "python3.11".to_owned(),
            duration: Some(Number(95_123_000)),
            billed: Some(Number(96_000_000)),
            init: None,
            max_memory_bytes: Some(Number(70 << 20)),
            platform_trace_id: Some(ROOT.to_owned()),
        }
    }

    fn span(span_id: &str, kind: &str, marks: &[&str]) -> ApiSpan {
        ApiSpan {
            trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
            span_id: span_id.to_owned(),
            service: "checkout".to_owned(),
            kind: kind.to_owned(),
            phase: String::new(),
            marks: marks.iter().map(|&mark| mark.to_owned()).collect(),
        }
    }

    fn judged(seen: &[Seen], told: &[ApiInvocation], excused: &[&str]) -> Verdict {
        let book = Book {
            invocations: seen.to_vec(),
            calls: Vec::new(),
        };
        let excused = excused.iter().map(|&id| id.to_owned()).collect();
        let mut verdict = Verdict::default();
        verdict.on_list(&book, told, &excused);
        verdict
    }

    #[test]
    fn what_is_told_as_it_was_seen_is_clean() {
        let verdict = judged(&[seen("a"), seen("b")], &[told("b"), told("a")], &[]);
        assert_eq!(verdict, Verdict::default());
    }

    #[test]
    fn what_is_not_told_is_lost_and_what_is_told_twice_is_duplicated() {
        let verdict = judged(&[seen("a"), seen("b")], &[told("b"), told("b")], &[]);
        assert_eq!(verdict.lost, ["a"]);
        assert_eq!(verdict.duplicated, ["b"]);
    }

    #[test]
    fn an_invocation_that_nobody_made_is_a_mismatch() {
        let verdict = judged(&[seen("a")], &[told("a"), told("ghost")], &[]);
        assert_eq!(verdict.mismatches.len(), 1);
        assert_eq!(verdict.mismatches[0].request_id, "ghost");
    }

    #[test]
    fn every_field_that_differs_is_named() {
        type Change = fn(&mut ApiInvocation);
        let cases: [(&str, Change); 9] = [
            ("function", |told| told.function = "mailer".to_owned()),
            ("outcome", |told| told.outcome = "timeout".to_owned()),
            ("cold", |told| told.cold = "on_demand".to_owned()),
            ("platform_trace_id", |told| told.platform_trace_id = None),
            ("duration", |told| told.duration = Some(Number(95_125_000))),
            ("billed", |told| told.billed = None),
            ("init", |told| told.init = Some(Number(1))),
            ("max_memory_bytes", |told| {
                told.max_memory_bytes = Some(Number(71 << 20))
            }),
            ("start", |told| told.start.0 += 1_000_000_000),
        ];
        for (field, change) in cases {
            let mut changed = told("a");
            change(&mut changed);
            let verdict = judged(&[seen("a")], &[changed], &[]);
            let fields: Vec<&str> = verdict.mismatches.iter().map(|found| found.field).collect();
            assert!(fields.contains(&field), "{field} is among {fields:?}");
        }
    }

    #[test]
    fn a_duration_beyond_what_its_sandbox_was_held_is_a_mismatch_whoever_reported_it() {
        let mut slow = seen("a");
        slow.report.duration = Duration::from_millis(200);
        let mut told = told("a");
        told.duration = Some(Number(200_000_000));
        assert_eq!(judged(&[slow], &[told], &[]).mismatches.len(), 1);
    }

    #[test]
    fn the_excused_may_be_absent_or_incomplete_but_not_doubled() {
        let mut partial = told("b");
        partial.outcome = "running".to_owned();
        let all = [seen("a"), seen("b"), seen("c")];
        let verdict = judged(&all, &[partial, told("c"), told("c")], &["a", "b", "c"]);
        assert_eq!((verdict.lost.len(), verdict.mismatches.len()), (0, 0));
        assert_eq!(verdict.duplicated, ["c"]);
        assert_eq!(verdict.excused, ["a", "b", "c"]);
    }

    #[test]
    fn each_call_that_passed_by_has_its_span_once_unless_its_caller_could_not_flush() {
        let call = |span_id: &str| Call {
            caller: "checkout",
            root: ROOT.parse().expect("an id"),
            trace_id: "0af7651916cd43dd8448eb211c80319c".parse().expect("an id"),
            span_id: span_id.parse().expect("an id"),
        };
        let journey = Journey {
            trace_ids: Vec::new(),
            invocations: vec![told("a")],
            spans: vec![
                span("00000000000000aa", "server", &[]),
                span("00000000000000bb", "client", &["duplicate_removed"]),
            ],
        };
        let judged = |outcome| {
            let mut seen = seen("a");
            seen.report.outcome = outcome;
            let book = Book {
                invocations: vec![seen.clone()],
                calls: vec![call("00000000000000bb"), call("00000000000000cc")],
            };
            let mut verdict = Verdict::default();
            verdict.on_journey(&book, &seen, &journey, &BTreeSet::new());
            verdict
        };
        let flushed = judged(Outcome::Ok);
        assert_eq!(flushed.lost.len(), 1, "{flushed:?}");
        assert_eq!(flushed.duplicated.len(), 1, "{flushed:?}");
        let killed = judged(Outcome::Timeout);
        assert_eq!(killed.lost.len(), 0, "{killed:?}");
    }
}
