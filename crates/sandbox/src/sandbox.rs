//! A sandbox: its life as Lambda's documentation tells it. INIT, INVOKE after INVOKE, a reset after a fault, SHUTDOWN.
//!
//! Invariant: whatever the processes do, every invocation that a sandbox took is answered and concluded.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use coldtrace_model::Outcome;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::{self, Call, RuntimeEvent};
use crate::config::{FunctionConfig, Initialization};
use crate::job::{Conclusion, Job};
use crate::pool::Place;
use crate::telemetry::Telemetry;
use crate::{random, timestamp};

mod environment;
mod fault;
mod folder;
mod generation;
mod init;
mod managed;
mod output;
mod ports;
mod process_tree;
mod processes;
mod restore;
mod roster;
mod run;
mod seats;
mod settings;
mod throttle;
mod watchdog;

use fault::{Fault, Reason};
use folder::Folder;
use generation::{Generation, Progress};
use init::InitPhase;
use managed::Course;
use ports::Ports;
use run::{Ending, Run};
pub(crate) use settings::Settings;

struct Sandbox {
    settings: Arc<Settings>,
    place: Place,
    telemetry: Telemetry,
    folder: Folder,
    ports: Ports,
    api: SocketAddr,
    serving: watch::Sender<Option<mpsc::Sender<Call>>>,
    _server: JoinSet<()>,
    log_stream: String,
    /// How it came to be.
    initialization: Initialization,
    /// Absent after a fault.
    generation: Option<Generation>,
    /// The init that the first invocation has still to report.
    pending: Pending,
}

/// Why a sandbox is made.
pub(crate) enum Beginning {
    /// An invocation needs it.
    Job(Box<Job>),
    /// It is to be there before one does. Who waits for it is told whether its init succeeded.
    Ahead(oneshot::Sender<bool>),
}

/// What the first invocation of a sandbox waits for.
enum Pending {
    /// Nothing: it has been there, or it was initialised ahead.
    Nothing,
    /// Its init on demand, which is over; how long it took, if it succeeded.
    Init(Option<Duration>),
    /// The restore of its snapshot.
    Restore,
}

/// Runs a new sandbox from its init to its end.
pub(crate) async fn run(settings: Arc<Settings>, place: Place, beginning: Beginning) {
    let serial = place.serial();
    let initialization = match (settings.config().initialization, &beginning) {
        // Beyond what is provisioned there is what is made on demand.
        (Initialization::Provisioned, Beginning::Job(_)) => Initialization::OnDemand,
        (initialization, _) => initialization,
    };
    let sandbox = match Sandbox::open(settings, place, initialization).await {
        Ok(sandbox) => sandbox,
        Err(error) => return beginning.abandon(serial, &error),
    };
    match sandbox.initialization {
        Initialization::ManagedInstances { .. } => sandbox.run_managed(beginning).await,
        _ => sandbox.run_frozen(beginning).await,
    }
}

/// As the runtime gets an invocation.
fn runtime_event(config: &FunctionConfig, run: &Run, job: &Job) -> RuntimeEvent {
    RuntimeEvent {
        request_id: run.request_id.clone(),
        deadline_millis: timestamp::epoch_millis(run.wall_deadline()),
        arn: config.arn(),
        trace_header: run.tracing.function_header.clone(),
        payload: job.event.payload.clone(),
    }
}

impl Sandbox {
    async fn open(
        settings: Arc<Settings>,
        place: Place,
        initialization: Initialization,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api = listener.local_addr()?;
        let (serving_tx, serving_rx) = watch::channel(None);
        let mut server = JoinSet::new();
        server.spawn(api::serve(listener, serving_rx));
        // Asked before the init begins, since it is no part of it.
        settings.runtime().await;
        let date = timestamp::date(SystemTime::now());
        let version = &settings.config().version;
        Ok(Self {
            log_stream: format!("{date}/[{version}]{}", random::digits::<16>()),
            telemetry: Telemetry::new(settings.config().log_format),
            settings,
            place,
            folder: Folder::create()?,
            ports: Ports::reserve()?,
            api,
            serving: serving_tx,
            _server: server,
            initialization,
            generation: None,
            pending: Pending::Nothing,
        })
    }

    /// One invocation after another, with everything frozen in between.
    async fn run_frozen(mut self, beginning: Beginning) {
        let is_ahead = matches!(beginning, Beginning::Ahead(_));
        let initialised = self.initialise().await;
        self.pending = match (self.initialization, is_ahead) {
            (Initialization::SnapStart, _) if initialised.is_ok() => Pending::Restore,
            (_, true) => Pending::Nothing,
            (_, false) => Pending::Init(initialised.as_ref().ok().copied()),
        };
        match &initialised {
            Err(fault) => self.end_generation(fault.reason()).await,
            Ok(_) if is_ahead || matches!(self.pending, Pending::Restore) => self.freeze(),
            Ok(_) => {}
        }
        let idle_timeout = match (self.initialization, is_ahead) {
            // They stay for as long as they are configured.
            (Initialization::Provisioned, true) => Duration::MAX,
            _ => self.settings.config().idle_timeout,
        };
        let mut next = match beginning {
            Beginning::Job(job) => Some(*job),
            Beginning::Ahead(ready) => {
                let waiting = self.place.offer();
                // Who asked for it may have gone.
                ready.send(initialised.is_ok()).ok();
                match waiting {
                    None => self.place.wait(idle_timeout).await,
                    waiting => waiting,
                }
            }
        };
        while let Some(job) = next {
            self.serve(job).await;
            next = self.place.next(idle_timeout).await;
        }
        self.end_generation(Reason::Spindown).await;
    }

    /// Several invocations at once, and nothing is ever frozen.
    async fn run_managed(mut self, beginning: Beginning) {
        let initialised = self.initialise().await;
        if let Err(fault) = &initialised {
            self.end_generation(fault.reason()).await;
        }
        let (first, ready) = match beginning {
            Beginning::Job(job) => (Some(*job), None),
            Beginning::Ahead(ready) => (None, Some(ready)),
        };
        let mut course = Course::default();
        self.open_seats(first, &mut course).await;
        if let Some(ready) = ready {
            // Who asked for it may have gone.
            ready.send(initialised.is_ok()).ok();
        }
        self.serve_side_by_side(course).await;
    }

    fn freeze(&mut self) {
        if let Some(generation) = &mut self.generation {
            generation.freeze();
        }
    }

    /// Serves an invocation to its end; the sandbox is then ready for the next one.
    async fn serve(&mut self, mut job: Job) {
        let limit = self.settings.config().timeout;
        let pending = std::mem::replace(&mut self.pending, Pending::Nothing);
        // Before the invocation begins, since it is no part of it.
        let restored = match pending {
            Pending::Restore => self.restore().await.map(Some),
            _ => Ok(None),
        };
        let mut run = self.begin_run(&job);
        run.cold = !matches!(pending, Pending::Nothing);
        if let Pending::Init(init) = pending {
            run.init = init;
        }
        let worked = match restored {
            Ok(restore) => {
                run.restore = restore;
                self.work(&mut job, &mut run).await
            }
            Err(fault) => Err(fault),
        };
        let done = Instant::now();
        self.place.update(|info| info.busy = false);
        match worked {
            Ok(()) => {
                self.freeze();
                self.conclude(job, &run, done, None, None);
            }
            Err(fault) => {
                let exit = self.stop_runtime().await;
                self.tell_unfinished(&mut run, &fault);
                job.answer(fault.response(job.request_id.clone(), limit));
                self.conclude(job, &run, done, Some(&fault), exit);
                self.end_generation(fault.reason()).await;
            }
        }
    }

    fn begin_run(&self, job: &Job) -> Run {
        let limit = self.settings.config().timeout;
        let trace_header = job.event.trace_header.as_deref();
        Run::begin(job.request_id.clone(), trace_header, limit)
    }

    /// From the invocation's arrival until runtime and extensions are done with it.
    async fn work(&mut self, job: &mut Job, run: &mut Run) -> Result<(), Fault> {
        let hidden = self.generation.as_mut().and_then(Generation::hidden_fault);
        if let Some(fault) = hidden {
            self.end_generation(fault.reason()).await;
        }
        if self.generation.is_none() {
            run.cold = true;
            self.init(InitPhase::Invoke, run.deadline()).await?;
        }
        self.tell_start(run);
        let event = runtime_event(self.settings.config(), run, job);
        self.place.update(|info| info.busy = true);
        let generation = self.generation.as_mut().expect("it was just initialised");
        run.dispatched = Some(Instant::now());
        generation.invoke(event, &run.tracing.upstream_header);
        while !generation.is_done() {
            match generation.step(run.deadline()).await? {
                Progress::RuntimeAnswer { answer, .. } => {
                    run.note_answer(&answer);
                    job.answer(answer.into_response(job.request_id.clone()));
                }
                Progress::RuntimeNext => {
                    run.note_runtime_done();
                    generation.catch_up();
                    let record = run.runtime_done_record(None);
                    self.telemetry.platform("platform.runtimeDone", record);
                    self.place.update(|info| info.busy = false);
                }
                Progress::ExtensionNext | Progress::Nothing => {}
            }
        }
        Ok(())
    }

    /// Kills the runtime after a fault. Returns how it ended.
    async fn stop_runtime(&mut self) -> Option<String> {
        let generation = self.generation.as_mut()?;
        let status = generation.stop_runtime().await?;
        Some(status.to_string())
    }

    /// Ends the processes; the next invocation starts them anew.
    async fn end_generation(&mut self, reason: Reason) {
        if let Some(generation) = self.generation.take() {
            generation.shut_down(reason).await;
        }
        self.serving.send_replace(None);
        self.telemetry.detach();
        self.place.update(|info| {
            info.runtime_pid = None;
            info.extension_pids.clear();
        });
    }

    /// After the init, if there was one inside the invocation; so its time is later than the invocation's begin.
    fn tell_start(&self, run: &mut Run) {
        run.is_started = true;
        let config = self.settings.config();
        let mut record = run.start_record(&config.version);
        if config.initialization.is_managed() {
            record["functionArn"] = json!(config.arn());
        }
        self.telemetry.platform("platform.start", record);
    }

    /// What a fault kept from being told.
    fn tell_unfinished(&self, run: &mut Run, fault: &Fault) {
        if !run.is_started {
            self.tell_start(run);
        }
        if !run.is_runtime_done() {
            let record = run.runtime_done_record(Some(fault));
            self.telemetry.platform("platform.runtimeDone", record);
        }
    }

    fn ending<'a>(&self, fault: Option<&'a Fault>, done: Instant) -> Ending<'a> {
        let generation = self.generation.as_ref();
        Ending {
            fault,
            done,
            peak_memory: generation.map_or(0, Generation::peak_memory),
            memory: self.settings.config().memory,
            has_followers: generation.is_some_and(Generation::has_followers),
            sandbox: self.place.serial(),
        }
    }

    fn conclude(
        &self,
        job: Job,
        run: &Run,
        done: Instant,
        fault: Option<&Fault>,
        exit: Option<String>,
    ) {
        let ending = self.ending(fault, done);
        let peak_memory = ending.peak_memory;
        let report = run.report(&ending);
        let record = run.report_record(&report, &ending);
        self.telemetry.platform("platform.report", record);
        let deadly = [Outcome::Crash, Outcome::Timeout, Outcome::OutOfMemory];
        let exit = deadly
            .contains(&report.status)
            .then(|| exit.unwrap_or_else(|| "the runtime did not run".to_owned()));
        job.conclude(Conclusion {
            report,
            exit,
            peak_memory,
        });
    }
}

// === impl Beginning ===

impl Beginning {
    /// Of a sandbox that can't be made.
    fn abandon(self, serial: u64, error: &std::io::Error) {
        match self {
            Self::Job(job) => job.abandon(serial, error),
            Self::Ahead(_) => tracing::warn!(%error, "cannot make a sandbox ahead"),
        }
    }
}
