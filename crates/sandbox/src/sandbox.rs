//! A sandbox: its life as Lambda's documentation tells it. INIT, INVOKE after INVOKE, a reset after a fault, SHUTDOWN.
//!
//! Invariant: whatever the processes do, every invocation that a sandbox took is answered and concluded.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use coldtrace_model::Outcome;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::{self, Call, RuntimeEvent};
use crate::job::{Conclusion, Job};
use crate::pool::Place;
use crate::telemetry::Telemetry;
use crate::{random, timestamp};

mod environment;
mod fault;
mod folder;
mod generation;
mod init;
mod output;
mod ports;
mod process_tree;
mod processes;
mod roster;
mod run;
mod settings;
mod watchdog;

use fault::{Fault, Reason};
use folder::Folder;
use generation::{Generation, Progress};
use init::InitPhase;
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
    /// Absent after a fault.
    generation: Option<Generation>,
    /// No invocation has been here.
    is_fresh: bool,
    /// How long the init took, until the first invocation reports it.
    init: Option<Duration>,
}

/// Runs a new sandbox from its init to its end, beginning with a first invocation.
pub(crate) async fn run(settings: Arc<Settings>, place: Place, first: Job) {
    let serial = place.serial();
    let mut sandbox = match Sandbox::open(settings, place).await {
        Ok(sandbox) => sandbox,
        Err(error) => return first.abandon(serial, &error),
    };
    sandbox.first_init().await;
    sandbox.serve(first).await;
    let idle_timeout = sandbox.settings.config().idle_timeout;
    while let Some(job) = sandbox.place.next(idle_timeout).await {
        sandbox.serve(job).await;
    }
    sandbox.end_generation(Reason::Spindown).await;
}

impl Sandbox {
    async fn open(settings: Arc<Settings>, place: Place) -> std::io::Result<Self> {
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
            settings,
            place,
            telemetry: Telemetry::new(),
            folder: Folder::create()?,
            ports: Ports::reserve()?,
            api,
            serving: serving_tx,
            _server: server,
            generation: None,
            is_fresh: true,
            init: None,
        })
    }

    /// Serves an invocation to its end; the sandbox is then ready for the next one.
    async fn serve(&mut self, mut job: Job) {
        let limit = self.settings.config().timeout;
        let trace_header = job.event.trace_header.as_deref();
        let mut run = Run::begin(job.request_id.clone(), trace_header, limit);
        run.cold = std::mem::take(&mut self.is_fresh);
        run.init = self.init.take();
        let worked = self.work(&mut job, &mut run).await;
        let done = Instant::now();
        self.place.update(|info| info.busy = false);
        match worked {
            Ok(()) => {
                if let Some(generation) = &mut self.generation {
                    generation.freeze();
                }
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
        let event = RuntimeEvent {
            request_id: run.request_id.clone(),
            deadline_millis: timestamp::epoch_millis(run.wall_deadline()),
            arn: self.settings.config().arn(),
            trace_header: run.tracing.function_header.clone(),
            payload: job.event.payload.clone(),
        };
        self.place.update(|info| info.busy = true);
        let generation = self.generation.as_mut().expect("it was just initialised");
        run.dispatched = Some(Instant::now());
        generation.invoke(event, &run.tracing.upstream_header);
        while !generation.is_done() {
            match generation.step(run.deadline()).await? {
                Progress::RuntimeAnswer(answer) => {
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
        let record = run.start_record(&self.settings.config().version);
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

    fn conclude(
        &self,
        job: Job,
        run: &Run,
        done: Instant,
        fault: Option<&Fault>,
        exit: Option<String>,
    ) {
        let generation = self.generation.as_ref();
        let peak_memory = generation.map_or(0, Generation::peak_memory);
        let ending = Ending {
            fault,
            done,
            peak_memory,
            memory: self.settings.config().memory,
            has_followers: generation.is_some_and(Generation::has_followers),
            sandbox: self.place.serial(),
        };
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
