//! The owner of the extension's state: an event changes it and gives effects, and nothing in here waits.
//!
//! Invariants: the platform is asked for the next call exactly once per call, at the latest when the flush policy says; one
//! batch is on its way at a time.

use std::time::Duration;

use coldtrace_model::{Nanos, RequestId, SandboxId, UnixNanos};
use coldtrace_proto::ingest;
use coldtrace_proto::otlp::trace::ResourceSpans;

use crate::breaker::Breaker;
use crate::buffer::{Batch, Buffer, Item, Sender};
use crate::faults;
use crate::flush_policy::{self, Circumstances, Decision, History};
use crate::journal::{Journal, Memory};
use crate::log::{self, Level};
use crate::proxy::Passed;
use crate::receiver::Received;
use crate::runtime_api::{Invoke, Mode, PlatformCall, Shutdown, ShutdownReason};
use crate::ship::{Delivery, Order, Verdict};
use crate::telemetry_api::PlatformEvent;
use crate::telemetry_api::event::Record;
use crate::usage::Sample;
use crate::wire;

#[cfg(test)]
mod tests;

/// For the telemetry of the last invocation to arrive before the end.
const DRAIN: Nanos = Nanos::from_millis(300);
/// The platform has told everything when it is quiet for so long: a few times what it may hold telemetry back.
const QUIET: Nanos = Nanos::from_millis(100);
/// Between the last thing that the extension does and its being killed.
const SHUTDOWN_MARGIN: Nanos = Nanos::from_millis(200);
/// Between two tries at the end, when there is no later.
const LAST_TRIES_PAUSE: Nanos = Nanos::from_millis(50);
/// A send that nothing is held for may take this long.
const SEND_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Something happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The platform answered the subscription to telemetry.
    Subscribed(bool),
    Called(PlatformCall),
    Telemetry(Vec<PlatformEvent>),
    /// A payload passed between runtime and platform.
    Passed(Passed),
    /// The function's tracer sent something.
    Received(Received),
    Shipped(Delivery),
    /// It is time for what [`Lifecycle::wake_at`] named.
    Tick,
}

/// Something to do.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Ask the platform for its next call.
    CallNext,
    Ship(Order),
    /// Note on the scratch disk what the next process must know.
    Remember(Memory),
    /// End the process.
    Exit(Farewell),
}

/// What the end leaves behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// The sandbox ends for good.
    Clear,
    /// The sandbox may come back.
    LeaveBatches,
}

/// How the extension is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) mode: Mode,
    pub(crate) flush_budget: Duration,
    pub(crate) began: UnixNanos,
}

/// All state.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    setup: Setup,
    stage: Stage,
    has_telemetry: bool,
    journal: Journal,
    buffer: Buffer,
    history: History,
    breaker: Breaker,
    is_shipping: bool,
    failed_sends: u64,
    effects: Vec<Effect>,
}

/// Where in the platform's cycle the extension is.
#[derive(Debug)]
enum Stage {
    /// The platform was asked for the next call.
    Waiting,
    /// Until the invocation's end is known.
    Holding {
        request_id: RequestId,
        latest: UnixNanos,
    },
    /// Until what is known of it is out.
    Flushing {
        until: UnixNanos,
    },
    /// Until the platform has told everything.
    Draining {
        until: UnixNanos,
        /// Nothing is expected any more, if nothing comes by then.
        quiet_at: UnixNanos,
        last: Shutdown,
    },
    /// Until everything is out.
    Closing {
        until: UnixNanos,
        retry_at: UnixNanos,
        reason: ShutdownReason,
    },
    Ended,
}

// === impl Event ===

impl Event {
    /// Whether an invocation begins or ends with it.
    pub(crate) fn is_boundary(&self) -> bool {
        match self {
            Self::Called(PlatformCall::Invoke(_) | PlatformCall::Shutdown(_)) => true,
            Self::Telemetry(events) => {
                let is_end = |event: &PlatformEvent| matches!(event.record, Record::RuntimeDone(_));
                events.iter().any(is_end)
            }
            _ => false,
        }
    }
}

// === impl Lifecycle ===

impl Lifecycle {
    pub(crate) fn new(setup: Setup, journal: Journal, buffer: Buffer) -> Self {
        Self {
            setup,
            stage: Stage::Waiting,
            has_telemetry: true,
            journal,
            buffer,
            history: History::default(),
            breaker: Breaker::default(),
            is_shipping: false,
            failed_sends: 0,
            effects: Vec::new(),
        }
    }

    /// Batches that could not be sent.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = &Batch> {
        self.buffer.batches()
    }

    /// Under which name the scratch disk keeps what must be remembered.
    pub(crate) fn sandbox_id(&self) -> &SandboxId {
        &self.journal.sandbox().id
    }

    /// What the sandbox uses, just before what comes next.
    pub(crate) fn note_sample(&mut self, sample: Sample) {
        self.journal.on_sample(sample);
    }

    /// Takes an event; gives what is to be done, in this order.
    pub(crate) fn apply(&mut self, event: Event, now: UnixNanos) -> Vec<Effect> {
        faults::point("lifecycle");
        match event {
            Event::Subscribed(is_accepted) => self.on_subscribed(is_accepted),
            Event::Called(PlatformCall::Invoke(invoke)) => self.on_invoke(&invoke, now),
            Event::Called(PlatformCall::Shutdown(last)) => self.on_shutdown(last, now),
            Event::Called(PlatformCall::Other) => self.effects.push(Effect::CallNext),
            Event::Telemetry(events) => self.on_telemetry(events, now),
            Event::Passed(passed) => self.journal.on_passed(&passed),
            Event::Received(Received::Otlp(payload)) => {
                self.buffer.push(Item::Payload(payload), now);
            }
            Event::Received(Received::Spans(spans)) => self.on_spans(spans, now),
            Event::Shipped(delivery) => self.on_shipped(&delivery, now),
            Event::Tick => {}
        }
        self.collect(now);
        self.advance(now);
        self.flush_when_due(now);
        self.ship(now);
        std::mem::take(&mut self.effects)
    }

    /// When the next tick is due, if nothing happens before.
    pub(crate) fn wake_at(&self, now: UnixNanos) -> Option<UnixNanos> {
        let by_stage = match &self.stage {
            Stage::Waiting | Stage::Ended => None,
            Stage::Holding { latest, .. } => Some(*latest),
            Stage::Flushing { until } => Some(*until),
            Stage::Draining {
                until, quiet_at, ..
            } => Some(match self.journal.awaits_reports() {
                true => *until,
                false => (*until).min(*quiet_at),
            }),
            Stage::Closing {
                until, retry_at, ..
            } => Some(match self.is_shipping {
                true => *until,
                false => (*until).min(*retry_at),
            }),
        };
        let waits = self.buffer.waiting_since();
        let by_age = waits.map(|since| since.plus(self.period(now)));
        let has_batch = self.buffer.front().is_some();
        let by_data = match self.is_shipping || matches!(self.stage, Stage::Ended) {
            true => None,
            false if has_batch => Some(self.breaker.retry_at()),
            false => by_age.map(|due| due.max(self.breaker.retry_at())),
        };
        [by_stage, by_data].into_iter().flatten().min()
    }

    fn on_subscribed(&mut self, is_accepted: bool) {
        self.has_telemetry = is_accepted;
        if !is_accepted {
            self.journal.on_telemetry_refused();
        }
    }

    fn on_invoke(&mut self, invoke: &Invoke, now: UnixNanos) {
        self.journal.on_invoke(invoke);
        self.history.note(now);
        let decision = flush_policy::decide(
            &self.history,
            Circumstances {
                now,
                deadline: invoke.deadline,
                has_telemetry: self.has_telemetry,
                is_collector_well: self.breaker.is_closed(),
            },
        );
        match decision {
            Decision::LetGo => self.let_go(),
            Decision::Hold { latest } => {
                self.stage = Stage::Holding {
                    request_id: invoke.request_id.clone(),
                    latest,
                };
            }
        }
        self.remember();
        self.collect(now);
        self.seal(now);
    }

    fn on_shutdown(&mut self, last: Shutdown, now: UnixNanos) {
        let latest = last.deadline.minus(SHUTDOWN_MARGIN);
        self.stage = Stage::Draining {
            until: now.plus(DRAIN).min(latest),
            quiet_at: match self.may_be_told_more(last.reason) {
                true => now.plus(QUIET),
                false => now,
            },
            last,
        };
    }

    /// Whether the platform may tell of an invocation that is not known yet. Where an init fails there was no call for it, and
    /// the platform shuts down first and tells then.
    fn may_be_told_more(&self, reason: ShutdownReason) -> bool {
        let was_never_called = self.history.is_empty();
        self.has_telemetry && (reason != ShutdownReason::Spindown || was_never_called)
    }

    fn on_telemetry(&mut self, events: Vec<PlatformEvent>, now: UnixNanos) {
        faults::point("journal");
        for event in events {
            self.journal.on_event(event, now);
        }
        if let Stage::Draining { quiet_at, .. } = &mut self.stage
            && *quiet_at > now
        {
            *quiet_at = now.plus(QUIET);
        }
        // What is over must not be told once more by the next process.
        if let Some(memory) = self.journal.changed_memory() {
            self.effects.push(Effect::Remember(memory));
        }
    }

    /// Their tracer may not know the invocation; whoever stands above the rest names it, and so finds the others.
    fn on_spans(&mut self, mut spans: Vec<ResourceSpans>, now: UnixNanos) {
        for span in wire::topmost(&mut spans) {
            let start = UnixNanos(span.start_time_unix_nano);
            if let Some(request_id) = self.journal.invocation_at(start) {
                wire::name_invocation(span, &request_id);
            }
        }
        self.buffer.push(wire::spans(spans, false), now);
    }

    fn on_shipped(&mut self, delivery: &Delivery, now: UnixNanos) {
        self.is_shipping = false;
        match &delivery.verdict {
            Verdict::Stored => {
                self.buffer.remove(delivery.id);
                if self.breaker.note_success() {
                    log::line(Level::Warn, "collector answers again", &[]);
                }
            }
            Verdict::Refused(reason) => {
                self.buffer.drop_batch(delivery.id);
                log::line(Level::Error, "batch refused", &[("reason", reason)]);
            }
            Verdict::Failed(reason) => {
                self.failed_sends += 1;
                if self.breaker.note_failure(now) {
                    log::line(
                        Level::Warn,
                        "collector does not answer",
                        &[("reason", reason)],
                    );
                }
                self.on_failed(now);
            }
        }
    }

    /// Nothing is held for a collector that fails; only at the end there is no later.
    fn on_failed(&mut self, now: UnixNanos) {
        match &mut self.stage {
            Stage::Flushing { .. } => self.let_go(),
            Stage::Closing { retry_at, .. } => *retry_at = now.plus(LAST_TRIES_PAUSE),
            _ => {}
        }
    }

    /// Moves on from stage to stage as far as it goes.
    fn advance(&mut self, now: UnixNanos) {
        if let Stage::Holding { request_id, latest } = &self.stage {
            let latest = *latest;
            if self.journal.is_finished(request_id) {
                self.stage = Stage::Flushing {
                    until: flush_policy::flush_until(now, self.setup.flush_budget, latest),
                };
                self.seal(now);
            } else if now >= latest {
                self.let_go();
            }
        }
        if let Stage::Flushing { until } = self.stage
            && (self.is_out() || now >= until || !self.breaker.allows(now))
        {
            self.let_go();
        }
        if let Stage::Draining {
            until,
            quiet_at,
            last,
        } = self.stage
            && (now >= until || (now >= quiet_at && !self.journal.awaits_reports()))
        {
            self.close(last, now);
        }
        if let Stage::Closing { until, reason, .. } = self.stage
            && (self.is_out() || now >= until)
        {
            self.end(reason);
        }
    }

    fn close(&mut self, last: Shutdown, now: UnixNanos) {
        self.journal.on_shutdown(last.reason, now);
        self.collect(now);
        self.remember();
        self.buffer.seal(&self.sender());
        self.stage = Stage::Closing {
            until: last.deadline.minus(SHUTDOWN_MARGIN),
            retry_at: now,
            reason: last.reason,
        };
    }

    fn end(&mut self, reason: ShutdownReason) {
        self.stage = Stage::Ended;
        self.effects.push(Effect::Exit(match reason {
            ShutdownReason::Spindown => Farewell::Clear,
            ShutdownReason::Timeout | ShutdownReason::Failure => Farewell::LeaveBatches,
        }));
    }

    fn let_go(&mut self) {
        self.stage = Stage::Waiting;
        self.effects.push(Effect::CallNext);
    }

    fn remember(&mut self) {
        self.effects.push(Effect::Remember(self.journal.memory()));
    }

    /// Moves what the journal has to tell into the buffer.
    fn collect(&mut self, now: UnixNanos) {
        for item in wire::items(self.journal.take_entries()) {
            self.buffer.push(item, now);
        }
    }

    /// What waits becomes batches, if they can be sent: during an outage it stays in its smaller form.
    fn seal(&mut self, now: UnixNanos) {
        if self.breaker.allows(now) {
            self.buffer.seal(&self.sender());
        }
    }

    fn flush_when_due(&mut self, now: UnixNanos) {
        let Some(since) = self.buffer.waiting_since() else {
            return;
        };
        let is_due = now >= since.plus(self.period(now)) || self.buffer.has_a_full_batch();
        let is_last = matches!(self.stage, Stage::Closing { .. });
        if is_last || (is_due && !self.is_shipping) {
            self.seal(now);
        }
    }

    /// Sends the batch whose turn it is.
    fn ship(&mut self, now: UnixNanos) {
        let time_limit = match self.stage {
            Stage::Ended => return,
            Stage::Closing {
                until, retry_at, ..
            } => {
                if now < retry_at {
                    return;
                }
                until.since(now).into()
            }
            _ if !self.breaker.allows(now) => return,
            _ => SEND_TIME_LIMIT,
        };
        if self.is_shipping {
            return;
        }
        if let Some(batch) = self.buffer.front() {
            self.is_shipping = true;
            self.effects.push(Effect::Ship(Order {
                batch: batch.clone(),
                time_limit,
            }));
        }
    }

    fn is_out(&self) -> bool {
        !self.is_shipping && self.buffer.front().is_none()
    }

    fn sender(&self) -> Sender {
        Sender {
            sandbox: ingest::sandbox_from_model(self.journal.sandbox()),
            dropped_lines: self.journal.dropped_lines(),
            failed_sends: self.failed_sends,
        }
    }

    fn period(&self, now: UnixNanos) -> Nanos {
        let is_never_frozen = self.setup.mode == Mode::ManagedInstances;
        flush_policy::period(is_never_frozen, now.since(self.setup.began)).into()
    }
}
