//! One generation of a sandbox's processes: from their start to their end by a reset or the sandbox's shutdown.
//!
//! It owns everything that the processes' calls change. [`Generation::step`] waits for the next thing to happen and applies
//! it; applying does not wait. What the steps add up to, an init or an invocation, is the sandbox's business.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use coldtrace_model::ByteSize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until, timeout_at};

use super::fault::{Fault, Reason};
use super::processes::{Launch, Processes, Role};
use super::roster::{Roster, answer};
use super::seats::{Seats, invalid_state};
use super::settings::Settings;
use super::throttle::Throttle;
use crate::api::{Answer, Call, Events, ExtensionEvent, Refusal, Registered, Reply, RuntimeEvent};
use crate::config::Initialization;
use crate::telemetry::subscription::Subscription;
use crate::telemetry::{Pace, Telemetry};
use crate::timestamp;

/// Between two looks at the memory. Shorter than what a process needs to touch much of it.
const PULSE: Duration = Duration::from_millis(4);
/// From SHUTDOWN to SIGKILL, for a sandbox with external extensions. Lambda gives nobody anything where there are none.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);
/// The runtime's part of that.
const RUNTIME_SHUTDOWN_LIMIT: Duration = Duration::from_millis(300);

/// The processes and all that is known of them.
pub(super) struct Generation {
    settings: Arc<Settings>,
    telemetry: Telemetry,
    calls: mpsc::Receiver<Call>,
    processes: Processes,
    roster: Roster,
    seats: Seats,
    /// This init makes a snapshot, from which the runtime is restored later.
    is_snapshot: bool,
    pulse: Interval,
    /// In the course of an invocation, where the function is throttled.
    throttle: Option<Throttle>,
    may_run: bool,
    /// The most resident memory so far, in bytes.
    peak_memory: u64,
}

/// What a step brought.
#[derive(Debug)]
pub(super) enum Progress {
    /// Nothing that an invocation or an init waits for.
    Nothing,
    /// The runtime waits for an invocation, or to be restored.
    RuntimeNext,
    RuntimeAnswer {
        request_id: String,
        answer: Answer,
    },
    ExtensionNext,
}

impl Generation {
    pub(super) fn new(
        settings: Arc<Settings>,
        telemetry: Telemetry,
        calls: mpsc::Receiver<Call>,
        is_snapshot: bool,
    ) -> std::io::Result<Self> {
        let slots = settings.config().initialization.slots();
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let extensions = settings.config().extensions.iter();
        Ok(Self {
            roster: Roster::new(extensions.map(|extension| extension.name.clone())),
            processes: Processes::new(telemetry.clone())?,
            settings,
            telemetry,
            calls,
            seats: Seats::new(slots),
            is_snapshot,
            pulse,
            throttle: None,
            may_run: true,
            peak_memory: 0,
        })
    }

    pub(super) fn start(&mut self, role: Role, launch: Launch<'_>) -> std::io::Result<()> {
        self.processes.start(role, launch)
    }

    pub(super) fn processes(&self) -> &Processes {
        &self.processes
    }

    pub(super) fn peak_memory(&self) -> u64 {
        self.peak_memory
    }

    /// Whether the runtime may be started.
    pub(super) fn extensions_registered(&self) -> bool {
        self.roster.is_complete()
    }

    /// Whether everybody waits for the first event.
    pub(super) fn is_ready(&self) -> bool {
        let is_waiting = self.seats.is_waiting() || self.seats.is_restoring();
        is_waiting && self.roster.is_ready()
    }

    /// Whether the runtime waits for an invocation.
    pub(super) fn is_waiting(&self) -> bool {
        self.seats.is_waiting()
    }

    /// Whether everybody is done with the current invocation.
    pub(super) fn is_done(&self) -> bool {
        self.seats.is_waiting() && self.roster.is_done()
    }

    pub(super) fn has_followers(&self) -> bool {
        self.roster.follows_invocations()
    }

    /// Waits for the next thing to happen. Fails where it ends the processes.
    pub(super) async fn step(&mut self, deadline: Instant) -> Result<Progress, Fault> {
        loop {
            tokio::select! {
                biased;
                _ = self.pulse.tick() => self.measure()?,
                // Before exits: a runtime says why, and then ends.
                Some(call) = self.calls.recv() => return self.apply(call),
                (role, status) = self.processes.ended() => return Err(ended(&role, status)),
                () = sleep_until(deadline) => return Err(Fault::timeout()),
            }
        }
    }

    /// A fault that came to pass while nobody waited for a step.
    pub(super) fn hidden_fault(&mut self) -> Option<Fault> {
        let (role, status) = self.processes.try_ended()?;
        Some(ended(&role, status))
    }

    /// Wakes the processes and gives them an invocation.
    pub(super) fn invoke(&mut self, event: RuntimeEvent, upstream_header: &str) {
        self.thaw();
        let config = self.settings.config();
        let throttle = || Throttle::new(config.memory, Instant::now(), self.processes.used());
        self.throttle = config.is_throttled.then(throttle);
        self.roster.invoke(&ExtensionEvent::Invoke {
            deadline_millis: event.deadline_millis,
            request_id: event.request_id.to_string(),
            arn: event.arn.clone(),
            trace_header: upstream_header.to_owned(),
        });
        self.seats.give(event);
    }

    /// Gives the runtime an invocation beside others.
    pub(super) fn give(&mut self, event: RuntimeEvent) {
        self.seats.give(event);
    }

    /// Whatever the runtime answers to this invocation comes too late.
    pub(super) fn forget(&mut self, request_id: &str) {
        self.seats.forget(request_id);
    }

    /// Wakes the processes from their snapshot.
    pub(super) fn restore(&mut self) {
        self.thaw();
        self.seats.restore();
    }

    /// Stops everything, until the next invocation or the shutdown.
    pub(super) fn freeze(&mut self) {
        self.note_memory();
        self.telemetry.set_pace(Pace::Frozen);
        self.processes.freeze();
    }

    fn thaw(&mut self) {
        self.throttle = None;
        self.may_run = true;
        self.processes.thaw();
        self.telemetry.set_pace(Pace::Awake);
        self.pulse.reset();
    }

    /// Tells what the processes have written so far.
    pub(super) fn catch_up(&self) {
        self.processes.catch_up();
    }

    /// Kills the runtime. Returns how it ended, if it ran.
    pub(super) async fn stop_runtime(&mut self) -> Option<ExitStatus> {
        let status = self.processes.kill(&Role::Runtime).await;
        self.processes.catch_up();
        status
    }

    /// Ends the processes as the platform does: the runtime first, the extensions told and given time, then everybody.
    pub(super) async fn shut_down(mut self, reason: Reason) {
        self.thaw();
        self.telemetry.set_pace(Pace::Draining);
        let begin = Instant::now();
        let has_extensions = !self.settings.config().extensions.is_empty();
        if reason == Reason::Spindown && has_extensions {
            self.processes.terminate(&Role::Runtime);
            let is_gone = |processes: &Processes| !processes.is_running(&Role::Runtime);
            self.wait_until(is_gone, begin + RUNTIME_SHUTDOWN_LIMIT)
                .await;
        }
        self.stop_runtime().await;
        if has_extensions {
            let deadline = SystemTime::now() + SHUTDOWN_LIMIT.saturating_sub(begin.elapsed());
            let event = ExtensionEvent::Shutdown {
                reason: reason.as_str(),
                deadline_millis: timestamp::epoch_millis(deadline),
            };
            for name in self.roster.shut_down(&event) {
                self.processes.kill(&Role::Extension(name)).await;
            }
            let are_gone = |processes: &Processes| processes.extension_pids().is_empty();
            self.wait_until(are_gone, begin + SHUTDOWN_LIMIT).await;
        }
        // Whoever is left is killed when the processes are dropped, here.
    }

    /// Goes on answering calls until the processes are as wanted or the time is up.
    async fn wait_until(&mut self, reached: impl Fn(&Processes) -> bool, deadline: Instant) {
        while !reached(&self.processes) {
            let next = async {
                tokio::select! {
                    Some(call) = self.calls.recv() => Some(call),
                    _ = self.processes.ended() => None,
                }
            };
            match timeout_at(deadline, next).await {
                // Nothing that fails can matter any more.
                Ok(Some(call)) => drop(self.apply(call)),
                Ok(None) => {}
                Err(_) => return,
            }
        }
    }

    fn measure(&mut self) -> Result<(), Fault> {
        self.note_memory();
        self.regulate();
        match ByteSize(self.peak_memory) > self.settings.config().memory {
            true => Err(Fault::out_of_memory()),
            false => Ok(()),
        }
    }

    fn regulate(&mut self) {
        let Some(throttle) = &mut self.throttle else {
            return;
        };
        let may_run = throttle.allows(Instant::now(), self.processes.used());
        if may_run != self.may_run {
            self.may_run = may_run;
            self.processes.let_run(may_run);
        }
    }

    fn note_memory(&mut self) {
        self.peak_memory = self.peak_memory.max(self.processes.resident());
    }

    fn apply(&mut self, call: Call) -> Result<Progress, Fault> {
        match call {
            Call::RuntimeNext(reply) => Ok(self.runtime_next(reply)),
            Call::RuntimeAnswer {
                request_id,
                answer: given,
                reply,
            } => match self.seats.answered(&request_id) {
                Ok(()) => {
                    answer(reply, Ok(()));
                    Ok(Progress::RuntimeAnswer {
                        request_id,
                        answer: given,
                    })
                }
                Err(refusal) => {
                    answer(reply, Err(refusal));
                    Ok(Progress::Nothing)
                }
            },
            Call::RestoreNext(reply) => Ok(self.restore_next(reply)),
            Call::RestoreError { failure, reply } => {
                answer(reply, Ok(()));
                Err(Fault::runtime_init(failure))
            }
            Call::RuntimeInitError { failure, reply } => match self.seats.is_started() {
                false => {
                    answer(reply, Ok(()));
                    Err(Fault::runtime_init(failure))
                }
                true => {
                    answer(reply, Err(invalid_state("the init is over")));
                    Ok(Progress::Nothing)
                }
            },
            Call::Register {
                name,
                events,
                reply,
            } => {
                answer(reply, self.register(name, events));
                Ok(Progress::Nothing)
            }
            Call::ExtensionNext { id, reply } => {
                if let Some((name, events)) = self.roster.next(&id, reply) {
                    let record = json!({"name": name, "state": "Ready", "events": events.names()});
                    self.telemetry.platform("platform.extension", record);
                }
                Ok(Progress::ExtensionNext)
            }
            Call::ExtensionError {
                id,
                error_type,
                reply,
            } => self.extension_error(&id, error_type, reply),
            Call::Subscribe {
                id,
                subscription,
                reply,
            } => {
                answer(reply, self.subscribe(&id, subscription));
                Ok(Progress::Nothing)
            }
        }
    }

    fn runtime_next(&mut self, reply: Reply<RuntimeEvent>) -> Progress {
        match self.seats.next(reply) {
            true => {
                self.roster.close_registration();
                Progress::RuntimeNext
            }
            false => Progress::Nothing,
        }
    }

    fn restore_next(&mut self, reply: Reply<()>) -> Progress {
        let initialization = self.settings.config().initialization;
        if initialization != Initialization::SnapStart || self.seats.is_waiting() {
            let message = "there is nothing to be restored from";
            answer(reply, Err(invalid_state(message)));
            return Progress::Nothing;
        }
        if !self.is_snapshot {
            // An init inside an invocation goes on at once.
            answer(reply, Ok(()));
            return Progress::Nothing;
        }
        self.roster.close_registration();
        self.seats.restore_next(reply);
        Progress::RuntimeNext
    }

    fn register(&mut self, name: String, events: Events) -> Result<Registered, Refusal> {
        if events.invoke && self.settings.config().initialization.is_managed() {
            return Err(Refusal::forbidden(
                "Extension.InvalidEventType",
                "extensions are not told of invocations on managed instances",
            ));
        }
        let admitted = self.roster.register(name, events)?;
        let record = json!({
            "name": admitted.name,
            "state": "Registered",
            "events": admitted.events.names(),
        });
        self.telemetry.platform("platform.extension", record);
        let config = self.settings.config();
        Ok(Registered {
            id: admitted.id,
            function: config.name.clone(),
            version: config.version.clone(),
            handler: config.handler.clone(),
            account: config.account.clone(),
        })
    }

    fn extension_error(
        &mut self,
        id: &str,
        error_type: String,
        reply: Reply<()>,
    ) -> Result<Progress, Fault> {
        match self.roster.name(id) {
            Ok(name) => {
                answer(reply, Ok(()));
                let message = format!("extension {name} failed: {error_type}");
                Err(Fault::platform(error_type, message))
            }
            Err(refusal) => {
                answer(reply, Err(refusal));
                Ok(Progress::Nothing)
            }
        }
    }

    fn subscribe(&mut self, id: &str, subscription: Subscription) -> Result<(), Refusal> {
        let name = self.roster.name(id)?;
        if !self.telemetry.is_init() {
            return Err(Refusal::forbidden(
                "Telemetry.SubscriptionClosed",
                "extensions subscribe before the init is over",
            ));
        }
        if self.settings.config().initialization.is_managed() && !subscription.is_of_2025() {
            return Err(Refusal {
                status: http::StatusCode::BAD_REQUEST,
                error_type: "ValidationError",
                message: "managed instances take schemaVersion 2025-01-29 alone".to_owned(),
            });
        }
        let types: Vec<&str> = subscription.types.iter().map(|one| one.as_str()).collect();
        let was_subscribed = self.telemetry.subscribe(name, subscription);
        let state = match was_subscribed {
            true => "Already subscribed",
            false => "Subscribed",
        };
        let record = json!({"name": name, "state": state, "types": types});
        self.telemetry
            .platform("platform.telemetrySubscription", record);
        Ok(())
    }
}

fn ended(role: &Role, status: ExitStatus) -> Fault {
    match role {
        Role::Runtime => Fault::runtime_exit(status),
        Role::Extension(name) => Fault::extension_exit(name, status),
    }
}
