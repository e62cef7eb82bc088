//! What is known of this sandbox and its invocations, and what of it has been told: events in, [`Entry`]s out.
//!
//! Pure: no I/O, no clock. Nothing is assumed about the order of events, since the platform's telemetry comes late, in pieces,
//! sometimes again, and sometimes only to the next process. Invariants: all facts of an invocation carry one `filed_at`; its
//! spans are told once.

use std::collections::VecDeque;

use coldtrace_model::{
    Cold, Fact, FactKind, InvocationRef, LogRecord, Nanos, Outcome, Phase, RequestId, Sandbox,
    Span, UnixNanos,
};

use self::init::Init;
use self::invocation::{Circumstances, Invocation};
pub(crate) use self::spans::resource;
use crate::config::Capture;
use crate::proxy::Passed;
use crate::runtime_api::{Invoke, Mode, ShutdownReason};
use crate::telemetry_api::PlatformEvent;
use crate::telemetry_api::event::line::Line;
use crate::telemetry_api::event::{Record, Report, RuntimeDone, Start};
use crate::usage::Sample;

mod init;
mod invocation;
mod outcome;
mod spans;
#[cfg(test)]
mod tests;

/// On demand one invocation is open and one waits for its report; managed instances run dozens.
const MAX_OPEN: usize = 1024;
/// Invocations that are over and may be told of once more.
const MAX_CLOSED: usize = 256;
/// As many of them as the next process must know: what the platform had not delivered when this one ended.
const MAX_REMEMBERED: usize = 32;
/// From the registration to the end of an init on demand, which is ended after ten seconds; and as much again until the call is
/// heard, where the processor is short. A sandbox that is called later was initialised before anybody needed it.
const LONGEST_INIT: Nanos = Nanos::from_millis(20_000);
/// The platform tells milliseconds, cut: nanoseconds.
const RESOLUTION: u64 = 1_000_000;

/// Something to be told to the collector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    Fact(Fact),
    Phase(Phase),
    Log(LogRecord),
    /// The platform's spans of one invocation.
    Spans(Vec<Span>),
}

/// What a restart of the process must not forget.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    pub(crate) open: Vec<Remembered>,
    /// Of these all was told.
    pub(crate) over: Vec<RequestId>,
}

/// An invocation that is open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Remembered {
    pub(crate) request_id: RequestId,
    pub(crate) filed_at: UnixNanos,
    pub(crate) start: UnixNanos,
    pub(crate) deadline: UnixNanos,
    pub(crate) cold: Cold,
    pub(crate) arn: String,
    pub(crate) trace_header: String,
    /// Its spans were told.
    pub(crate) is_drawn: bool,
}

/// An invocation that is over.
#[derive(Debug)]
struct Closed {
    request_id: RequestId,
    /// Its call came. It may come after everything else, where the processor is short.
    was_called: bool,
    start: UnixNanos,
    end: UnixNanos,
}

/// The owner of all that is known.
#[derive(Debug)]
pub(crate) struct Journal {
    sandbox: Sandbox,
    mode: Mode,
    registered: UnixNanos,
    /// What was told to the process before this one is known.
    has_memory: bool,
    /// The memory changed since it was last taken.
    is_memory_stale: bool,
    /// What the next invocation is, if it is the first.
    next_cold: Cold,
    /// The first invocation of this process: it waited for the phases before it.
    first: Option<RequestId>,
    has_telemetry: bool,
    capture: Option<Capture>,
    init: Init,
    /// In order of their start.
    open: VecDeque<Invocation>,
    closed: VecDeque<Closed>,
    /// What the sandbox used, when something last began or ended.
    sample: Option<Sample>,
    /// Which invocation the telemetry is at, for lines that name none.
    current: Option<RequestId>,
    entries: Vec<Entry>,
    /// Lines that the platform dropped.
    dropped_lines: u64,
}

// === impl Journal ===

impl Journal {
    /// Nothing has happened yet in this process. `first` is what its first invocation is; `memory` is of the process before it,
    /// if there was one.
    pub(crate) fn new(
        sandbox: Sandbox,
        mode: Mode,
        first: Cold,
        registered: UnixNanos,
        memory: Option<Memory>,
    ) -> Self {
        let has_memory = memory.is_some();
        let Memory { open, over } = memory.unwrap_or_default();
        Self {
            sandbox,
            mode,
            registered,
            has_memory,
            is_memory_stale: false,
            next_cold: first,
            first: None,
            has_telemetry: true,
            capture: None,
            init: Init::new(registered),
            open: open.into_iter().map(Invocation::recall).collect(),
            closed: over.into_iter().map(Closed::recall).collect(),
            sample: None,
            current: None,
            entries: Vec::new(),
            dropped_lines: 0,
        }
    }

    /// Also tells causes and payloads.
    pub(crate) fn capturing(mut self, capture: Capture) -> Self {
        self.capture = Some(capture);
        self
    }

    pub(crate) const fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(crate) const fn dropped_lines(&self) -> u64 {
        self.dropped_lines
    }

    /// Everything to be told since the last call.
    pub(crate) fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// The platform refused the subscription: what it would tell is inferred from its calls.
    pub(crate) fn on_telemetry_refused(&mut self) {
        self.has_telemetry = false;
    }

    /// What the sandbox uses now.
    pub(crate) fn on_sample(&mut self, sample: Sample) {
        self.sample = Some(sample);
    }

    /// The platform calls with an invocation.
    pub(crate) fn on_invoke(&mut self, invoke: &Invoke) {
        let closed = self
            .closed
            .iter()
            .position(|one| one.request_id == invoke.request_id);
        if let Some(closed) = closed {
            // Its end came before its call. Were it forgotten now, a report that comes again would count again.
            if !std::mem::replace(&mut self.closed[closed].was_called, true) {
                return;
            }
            // The platform tries the request again.
            self.closed.remove(closed);
        }
        self.end_those_before(invoke.received);
        if self.sandbox.account.is_empty() {
            self.sandbox.account = account_of(&invoke.arn).to_owned();
        }
        let has_waited = invoke.received.since(self.registered) > LONGEST_INIT;
        if self.next_cold == Cold::OnDemand && has_waited {
            self.next_cold = Cold::Provisioned;
        }
        let cold = self.cold_of(&invoke.request_id);
        let position = self.position(&invoke.request_id);
        let position = position.unwrap_or_else(|| self.enter(&invoke.request_id, invoke.received));
        self.open[position].on_invoke(invoke, self.sample);
        self.file(&invoke.request_id, invoke.received, cold);
    }

    /// A payload passed between runtime and platform. One whose invocation is over comes too late.
    pub(crate) fn on_passed(&mut self, passed: &Passed) {
        let Some(position) = self.known(&passed.request_id, passed.at) else {
            return;
        };
        if let Some(capture) = &self.capture {
            self.open[position].on_passed(passed, capture);
        }
    }

    /// The platform tells what happened.
    pub(crate) fn on_event(&mut self, event: PlatformEvent, now: UnixNanos) {
        let PlatformEvent { time, record } = event;
        match record {
            Record::InitStart(start) => {
                self.describe(&start.runtime, &start.instance);
                self.init.on_start(&start, time);
            }
            Record::RestoreStart(start) => {
                self.describe(&start.runtime, &start.instance);
                self.init.on_restore_start(time);
            }
            Record::ExtensionRegistered => self.init.on_registered(time),
            Record::InitRuntimeDone(done) => self.init.on_runtime_done(&done, time),
            Record::InitReport(done) => {
                self.init.on_report(&done, time);
                self.assign_phases();
            }
            Record::RestoreReport(done) => {
                self.init.on_restore_report(&done, time);
                self.assign_phases();
            }
            Record::Start(start) => self.on_start(&start, time, now),
            Record::RuntimeDone(done) => self.on_runtime_done(&done, time, now),
            Record::Report(report) => self.on_report(&report, time, now),
            Record::LogsDropped(lines) => self.dropped_lines += lines,
            Record::Line(line) => self.on_line(line, time),
        }
    }

    /// Whether the runtime is done with this invocation, as far as is known.
    pub(crate) fn is_finished(&self, request_id: &RequestId) -> bool {
        let invocation = self.open.iter().find(|one| one.request_id == *request_id);
        invocation.is_none_or(|invocation| invocation.is_finished)
    }

    /// The invocation that a span which began then belongs to, if that can be told: on demand there is one at a time, and the
    /// first has what was done before it.
    pub(crate) fn invocation_at(&self, start: UnixNanos) -> Option<RequestId> {
        if self.mode == Mode::ManagedInstances {
            return self.only_one_at(start);
        }
        let open = self.open.iter().map(|one| (one.start, &one.request_id));
        // Of those that the process before this one knew, the start is not remembered.
        let closed = self.closed.iter().filter(|one| !one.start.is_unknown());
        let closed = closed.map(|one| (one.start, &one.request_id));
        let known = || open.clone().chain(closed.clone());
        let began = known().filter(|(began, _)| *began < start.plus(Nanos(RESOLUTION)));
        let last = began.max_by_key(|(began, _)| *began);
        let first = || known().min_by_key(|(began, _)| *began);
        last.or_else(first)
            .map(|(_, request_id)| request_id.clone())
    }

    /// Whether the platform still has something to tell.
    pub(crate) fn awaits_reports(&self) -> bool {
        self.has_telemetry && self.open.iter().any(|one| !one.is_recalled)
    }

    /// The sandbox's processes end, and what will be told of them has been told: the rest is inferred.
    pub(crate) fn on_shutdown(&mut self, reason: ShutdownReason, now: UnixNanos) {
        let unfiled: Vec<RequestId> = self
            .open
            .iter()
            .filter(|one| one.filed_at.is_none())
            .map(|one| one.request_id.clone())
            .collect();
        for request_id in unfiled {
            let cold = self.cold_of(&request_id);
            self.file(&request_id, now, cold);
        }
        if let Some(outcome) = self.inferred_outcome(reason) {
            for request_id in self.running() {
                self.infer_end(&request_id, outcome, now);
            }
        }
        for phase in self.init.take_phases() {
            self.entries.push(Entry::Phase(phase));
        }
        for position in 0..self.open.len() {
            self.draw(position, now);
        }
    }

    /// What still runs when the processes end. On demand that is the last at most: before it there can be only such whose end
    /// was told and whose report is late.
    fn running(&self) -> Vec<RequestId> {
        let at_once = match self.mode {
            Mode::OnDemand => 1,
            Mode::ManagedInstances => self.open.len(),
        };
        let last = self.open.iter().rev().take(at_once);
        let running = last.filter(|one| !one.is_recalled && !one.is_finished);
        running.map(|one| one.request_id.clone()).collect()
    }

    /// What the next process of this sandbox must know.
    pub(crate) fn memory(&self) -> Memory {
        let over = self.closed.iter().take(MAX_REMEMBERED);
        Memory {
            open: self.open.iter().filter_map(Invocation::remember).collect(),
            over: over.map(|one| one.request_id.clone()).collect(),
        }
    }

    /// The same, if it changed since this was last asked.
    pub(crate) fn changed_memory(&mut self) -> Option<Memory> {
        std::mem::take(&mut self.is_memory_stale).then(|| self.memory())
    }

    fn describe(&mut self, runtime: &str, instance: &str) {
        for (known, told) in [
            (&mut self.sandbox.runtime, runtime),
            (&mut self.sandbox.instance, instance),
        ] {
            if !told.is_empty() {
                told.clone_into(known);
            }
        }
    }

    fn on_start(&mut self, start: &Start, time: UnixNanos, now: UnixNanos) {
        self.current = Some(start.request_id.clone());
        let Some(position) = self.known(&start.request_id, time) else {
            return;
        };
        if self.sandbox.account.is_empty() {
            self.sandbox.account = account_of(&start.arn).to_owned();
        }
        let began = self.init.take_invocation_start(time);
        self.open[position].on_start(start, began);
        // On demand the call itself comes, and knows the deadline: that files it.
        if self.mode == Mode::ManagedInstances {
            let cold = self.cold_of(&start.request_id);
            self.file(&start.request_id, now, cold);
        }
    }

    fn on_runtime_done(&mut self, done: &RuntimeDone, time: UnixNanos, now: UnixNanos) {
        self.current = self.current.take().filter(|id| *id != done.request_id);
        let Some(position) = self.filed(&done.request_id, time, now) else {
            return;
        };
        let about = circumstances(&self.init, &self.sandbox, self.mode);
        let invocation = &mut self.open[position];
        invocation.trace(done.tracing);
        if invocation.is_finished {
            return;
        }
        let finished = invocation.finish(done, time, about);
        invocation.note_usage(self.sample);
        self.tell(position, FactKind::Finished(finished));
    }

    fn on_report(&mut self, report: &Report, time: UnixNanos, now: UnixNanos) {
        let Some(position) = self.filed(&report.request_id, time, now) else {
            return;
        };
        if self.sandbox.memory.is_none() {
            self.sandbox.memory = report.memory;
        }
        self.current = self.current.take().filter(|id| *id != report.request_id);
        let about = circumstances(&self.init, &self.sandbox, self.mode);
        let invocation = &mut self.open[position];
        invocation.trace(report.tracing);
        // Managed instances have no runtimeDone: the report plays both parts.
        let is_both = self.mode == Mode::ManagedInstances && !invocation.is_finished;
        let finished = is_both.then(|| invocation.finish(&report.as_runtime_done(), time, about));
        let reported = invocation.report(report, time, about);
        if let Some(finished) = finished {
            self.tell(position, FactKind::Finished(finished));
        }
        self.tell(position, FactKind::Reported(reported));
        self.draw(position, now);
        self.close(position);
    }

    fn on_line(&mut self, line: Line, time: UnixNanos) {
        let request_id = line.request_id.or_else(|| self.line_of(time));
        self.entries.push(Entry::Log(LogRecord {
            time,
            severity: line.severity,
            body: line.body,
            request_id,
            trace_id: line.trace_id,
            span_id: line.span_id,
            source: "function".to_owned(),
            attributes: Vec::new(),
        }));
    }

    /// The invocation during which a line was written that names none. With several at once nobody knows.
    fn line_of(&self, time: UnixNanos) -> Option<RequestId> {
        if self.mode == Mode::ManagedInstances {
            return self.only_one_at(time);
        }
        let called = || {
            let last = self.open.back().filter(|one| !one.is_recalled)?;
            let is_within = time.0 + RESOLUTION > last.start.0 && !last.is_finished;
            is_within.then(|| last.request_id.clone())
        };
        self.current.clone().or_else(called)
    }

    /// The invocation that ran at this time, if there was one alone. Lines may come after its report.
    fn only_one_at(&self, time: UnixNanos) -> Option<RequestId> {
        let open = self
            .open
            .iter()
            .map(|one| (one.start, None, &one.request_id));
        let closed = self
            .closed
            .iter()
            .map(|one| (one.start, Some(one.end), &one.request_id));
        let mut ran = open.chain(closed).filter(|(start, end, _)| {
            let has_ended = end.is_some_and(|end| time.0 > end.0 + RESOLUTION);
            *start <= time && !has_ended
        });
        let (_, _, only) = ran.next().filter(|_| ran.next().is_none())?;
        Some(only.clone())
    }

    /// Without telemetry an invocation has ended when the next thing happens.
    fn end_those_before(&mut self, now: UnixNanos) {
        if self.has_telemetry {
            return;
        }
        let running: Vec<RequestId> = self
            .open
            .iter()
            .filter(|one| one.was_called && !one.is_finished && !one.is_recalled)
            .map(|one| one.request_id.clone())
            .collect();
        for request_id in running {
            self.infer_end(&request_id, Outcome::Ok, now);
        }
        // The event of the one that is called now may have passed already.
        while let Some(over) = self.open.iter().position(Invocation::was_told) {
            self.draw(over, now);
            self.close(over);
        }
    }

    fn inferred_outcome(&self, reason: ShutdownReason) -> Option<Outcome> {
        match reason {
            ShutdownReason::Timeout => Some(Outcome::Timeout),
            ShutdownReason::Failure if self.init.failure().is_some() => Some(Outcome::InitError),
            ShutdownReason::Failure => Some(Outcome::Crash),
            ShutdownReason::Spindown if self.has_telemetry => None,
            ShutdownReason::Spindown => Some(Outcome::Ok),
        }
    }

    fn infer_end(&mut self, request_id: &RequestId, outcome: Outcome, now: UnixNanos) {
        let Some(position) = self.position(request_id) else {
            return;
        };
        let finished = self.open[position].infer_end(outcome, now);
        self.open[position].note_usage(self.sample);
        self.tell(position, FactKind::Finished(finished));
    }

    /// The invocation's place, filed: also one whose call never came, because its init failed. Nothing for one that is over.
    fn filed(&mut self, request_id: &RequestId, time: UnixNanos, now: UnixNanos) -> Option<usize> {
        let position = self.known(request_id, time)?;
        if self.open[position].filed_at.is_none() {
            let cold = self.cold_of(request_id);
            match self.is_of_this_process(time) {
                true => self.file(request_id, now, cold),
                // What this process begins with is still to come.
                false => self.tell_start(position, now, cold),
            }
        }
        Some(position)
    }

    /// Whether what happened then happened to this process.
    fn is_of_this_process(&self, time: UnixNanos) -> bool {
        time.0 + RESOLUTION > self.registered.0
    }

    /// The place of an invocation of which something is told that happened at `time`. Nothing for one that is over, here or in the
    /// process before. What that process was not told of any more is told to this one.
    fn known(&mut self, request_id: &RequestId, time: UnixNanos) -> Option<usize> {
        if self.closed.iter().any(|one| one.request_id == *request_id) {
            return None;
        }
        let is_anothers = !self.has_memory && !self.is_of_this_process(time);
        match self.position(request_id) {
            None if is_anothers => None,
            None => Some(self.enter(request_id, time)),
            position => position,
        }
    }

    /// From here on the invocation exists for the collector.
    fn file(&mut self, request_id: &RequestId, now: UnixNanos, cold: Cold) {
        let Some(position) = self.position(request_id) else {
            return;
        };
        if self.open[position].filed_at.is_some() {
            return;
        }
        self.tell_start(position, now, cold);
        self.next_cold = Cold::Warm;
        if self.first.is_none() {
            self.first = Some(request_id.clone());
            self.assign_phases();
        }
    }

    fn tell_start(&mut self, position: usize, now: UnixNanos, cold: Cold) {
        let started = self.open[position].file(now, cold);
        self.is_memory_stale = true;
        self.tell(position, FactKind::Started(started));
    }

    fn cold_of(&self, request_id: &RequestId) -> Cold {
        let known = self.open.iter().find(|one| one.request_id == *request_id);
        match known {
            Some(invocation) if invocation.filed_at.is_some() => invocation.cold,
            _ => self.next_cold,
        }
    }

    /// Phases belong to the first invocation of the process, which waited for them.
    fn assign_phases(&mut self) {
        let Some(first) = &self.first else {
            return;
        };
        let mut phases = self.init.take_phases();
        for phase in &mut phases {
            phase.request_id = Some(first.clone());
            self.entries.push(Entry::Phase(phase.clone()));
        }
        let invocation = self.open.iter_mut().find(|one| one.request_id == *first);
        if let Some(invocation) = invocation {
            invocation.phases.append(&mut phases);
        }
    }

    fn tell(&mut self, position: usize, kind: FactKind) {
        let invocation = &self.open[position];
        let filed_at = invocation.filed_at.expect("told of only once filed");
        self.entries.push(Entry::Fact(Fact {
            invocation: InvocationRef {
                request_id: invocation.request_id.clone(),
                filed_at,
            },
            kind,
        }));
    }

    /// Tells the platform's spans of an invocation, once.
    fn draw(&mut self, position: usize, now: UnixNanos) {
        let invocation = &mut self.open[position];
        if !std::mem::replace(&mut invocation.is_drawn, true) {
            self.is_memory_stale = true;
            let spans = spans::draw(invocation, &self.sandbox, now);
            self.entries.push(Entry::Spans(spans));
        }
    }

    fn close(&mut self, position: usize) {
        if let Some(invocation) = self.open.remove(position) {
            self.is_memory_stale = true;
            self.closed.truncate(MAX_CLOSED - 1);
            self.closed.push_front(Closed {
                was_called: invocation.was_called,
                start: invocation.start,
                end: invocation.end.unwrap_or(invocation.start),
                request_id: invocation.request_id,
            });
        }
    }

    fn position(&self, request_id: &RequestId) -> Option<usize> {
        self.open
            .iter()
            .rposition(|one| one.request_id == *request_id)
    }

    /// The place of a new invocation.
    fn enter(&mut self, request_id: &RequestId, start: UnixNanos) -> usize {
        if self.open.len() == MAX_OPEN {
            self.close(0);
        }
        self.open
            .push_back(Invocation::new(request_id.clone(), start));
        self.open.len() - 1
    }
}

// === impl Closed ===

impl Closed {
    /// One of the process before this one. Its call, if it came, came there.
    fn recall(request_id: RequestId) -> Self {
        Self {
            request_id,
            was_called: true,
            start: UnixNanos::default(),
            end: UnixNanos::default(),
        }
    }
}

/// Apart from the invocation, so that both can be borrowed at once.
fn circumstances<'a>(init: &'a Init, sandbox: &Sandbox, mode: Mode) -> Circumstances<'a> {
    Circumstances {
        init_failure: init.failure(),
        memory: sandbox.memory,
        mode,
    }
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`
fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}
