//! A sandbox: its life as Lambda's documentation tells it. INIT, INVOKE after INVOKE, a reset after a fault, SHUTDOWN.
//!
//! Invariant: whatever the processes do, every invocation that a sandbox took is answered and concluded.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use coldtrace_model::Outcome;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::{self, Call, RuntimeEvent};
use crate::config::{ExternalExtension, FunctionConfig, Runtime};
use crate::invocation::Response;
use crate::job::{Conclusion, Job};
use crate::pool::Place;
use crate::telemetry::{Pace, Telemetry};
use crate::{random, timestamp};

mod environment;
mod fault;
mod folder;
mod generation;
mod output;
mod ports;
mod process_tree;
mod processes;
mod roster;
mod run;
mod settings;
mod watchdog;

use environment::Environment;
use fault::{Fault, Reason};
use folder::Folder;
use generation::{Generation, Progress};
use ports::Ports;
use processes::{Launch, Role};
use run::{Ending, Moment, Run, whole_micros};
pub(crate) use settings::Settings;

/// For the init of a new sandbox. One that takes longer is tried again in the invocation, within its own limit.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// As many calls as the processes of a sandbox make at once; further ones wait in their handlers.
const CALLS: usize = 32;

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

/// In which phase an init takes place, as telemetry names it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InitPhase {
    /// Its own.
    Init,
    /// Inside an invocation, after a fault: suppressed init.
    Invoke,
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

    /// The init of a new sandbox. If it fails, the invocation tries again.
    async fn first_init(&mut self) {
        match self
            .init(InitPhase::Init, Instant::now() + INIT_LIMIT)
            .await
        {
            Ok(duration) => self.init = Some(duration),
            Err(fault) => self.end_generation(fault.reason()).await,
        }
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
                    job.answer(match answer.outcome {
                        Ok(payload) => Response {
                            request_id: job.request_id.clone(),
                            payload,
                            error: None,
                        },
                        Err(failure) => {
                            let payload = failure.payload.clone();
                            fault::failed(job.request_id.clone(), payload, &failure)
                        }
                    });
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

    /// Starts the processes and waits until they are ready. Returns how long it took.
    async fn init(&mut self, phase: InitPhase, deadline: Instant) -> Result<Duration, Fault> {
        let begin = Moment::now();
        self.telemetry.open_init();
        self.telemetry.set_pace(Pace::Awake);
        let record = self.init_start_record(phase).await;
        self.telemetry
            .platform_at(begin.wall, "platform.initStart", record);
        let mut is_runtime_done = false;
        let started = self.start_all(phase, deadline, &mut is_runtime_done).await;
        let duration = whole_micros(begin.at.elapsed());
        let fault = started.map_err(Fault::in_init).err();
        if let Some(generation) = &self.generation {
            generation.catch_up();
        }
        if !is_runtime_done {
            let record = phase.done_record(fault.as_ref());
            self.telemetry.platform("platform.initRuntimeDone", record);
        }
        let mut record = phase.done_record(fault.as_ref());
        record["metrics"] = json!({"durationMs": timestamp::millis(duration)});
        self.telemetry.platform("platform.initReport", record);
        self.telemetry.close_init();
        match fault {
            None => Ok(duration),
            Some(fault) => Err(fault),
        }
    }

    async fn start_all(
        &mut self,
        phase: InitPhase,
        deadline: Instant,
        is_runtime_done: &mut bool,
    ) -> Result<(), Fault> {
        let (calls_tx, calls_rx) = mpsc::channel(CALLS);
        let settings = Arc::clone(&self.settings);
        let generation = Generation::new(Arc::clone(&settings), self.telemetry.clone(), calls_rx)
            .map_err(|error| Fault::platform("Sandbox.Failure", error.to_string()))?;
        self.generation = Some(generation);
        self.serving.send_replace(Some(calls_tx));
        for extension in &settings.config().extensions {
            self.start_extension(extension)?;
        }
        let mut is_runtime_started = false;
        loop {
            let generation = self.generation.as_ref().expect("it was just made");
            if generation.is_ready() {
                return Ok(());
            }
            if !is_runtime_started && generation.extensions_registered() {
                self.start_runtime(settings.config()).await?;
                is_runtime_started = true;
            }
            let generation = self.generation.as_mut().expect("it was just made");
            if let Progress::RuntimeNext = generation.step(deadline).await? {
                generation.catch_up();
                *is_runtime_done = true;
                let record = phase.done_record(None);
                self.telemetry.platform("platform.initRuntimeDone", record);
            }
        }
    }

    fn start_extension(&mut self, extension: &ExternalExtension) -> Result<(), Fault> {
        let name = &extension.name;
        let environment = self.environment("").of_extensions();
        let launched = self.folder.executable(extension).and_then(|executable| {
            let launch = Launch {
                executable,
                arguments: Vec::new(),
                folder: self.folder.tmp(),
                environment,
                logs_frames: false,
            };
            let generation = self.generation.as_mut().expect("processes start in one");
            generation.start(Role::Extension(name.clone()), launch)
        });
        self.tell_processes();
        launched.map_err(|error| {
            let error_type = "Extension.LaunchError";
            let record = json!({"name": name, "state": "LaunchError", "errorType": error_type});
            self.telemetry.platform("platform.extension", record);
            Fault::platform(
                error_type,
                format!("cannot start extension {name}: {error}"),
            )
        })
    }

    async fn start_runtime(&mut self, config: &FunctionConfig) -> Result<(), Fault> {
        let execution_environment = self.settings.runtime().await.execution_environment.clone();
        let environment = self.environment(&execution_environment).of_runtime();
        let interpreter = config.runtime.interpreter();
        // It is started through a shell, which would speak of it too late.
        let is_missing = interpreter.is_absolute() && !interpreter.is_file();
        let arguments = match &config.runtime {
            _ if is_missing => Err(std::io::ErrorKind::NotFound.into()),
            Runtime::Python { .. } => Ok(vec![
                "-m".into(),
                "awslambdaric".into(),
                config.handler.clone().into(),
            ]),
            Runtime::Node { .. } => self.node_arguments(),
        };
        let launched = arguments.and_then(|arguments| {
            let launch = Launch {
                executable: interpreter.clone(),
                arguments,
                folder: &config.code_dir,
                environment,
                logs_frames: matches!(config.runtime, Runtime::Python { .. }),
            };
            let generation = self.generation.as_mut().expect("processes start in one");
            generation.start(Role::Runtime, launch)
        });
        self.tell_processes();
        launched.map_err(|error| {
            let message = format!("cannot start the runtime: {error}");
            Fault::platform("Runtime.InvalidEntrypoint", message)
        })
    }

    fn node_arguments(&self) -> std::io::Result<Vec<OsString>> {
        let bootstrap = self.folder.node_bootstrap()?;
        let handler = self.settings.config().handler.clone();
        Ok(vec![bootstrap.into(), handler.into()])
    }

    fn environment<'a>(&'a self, execution_environment: &'a str) -> Environment<'a> {
        Environment {
            config: self.settings.config(),
            ports: &self.ports,
            folder: &self.folder,
            api: self.api,
            log_stream: &self.log_stream,
            execution_environment,
        }
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

    fn tell_processes(&self) {
        let Some(generation) = &self.generation else {
            return;
        };
        let processes = generation.processes();
        self.place.update(|info| {
            info.runtime_pid = processes.pid(&Role::Runtime);
            info.extension_pids = processes.extension_pids();
        });
    }

    async fn init_start_record(&self, phase: InitPhase) -> Value {
        let config = self.settings.config();
        json!({
            "initializationType": "on-demand",
            "phase": phase.as_str(),
            "functionName": config.name,
            "functionVersion": config.version,
            "runtimeVersion": self.settings.runtime().await.telemetry,
            "instanceId": self.log_stream,
            "instanceMaxMemory": config.memory.0,
        })
    }
}

// === impl InitPhase ===

impl InitPhase {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Invoke => "invoke",
        }
    }

    /// `platform.initRuntimeDone`, and with metrics `platform.initReport`.
    fn done_record(self, fault: Option<&Fault>) -> Value {
        let mut record = json!({
            "initializationType": "on-demand",
            "phase": self.as_str(),
            "status": fault.map_or("success", Fault::status),
        });
        if let Some(error_type) = fault.and_then(Fault::error_type) {
            record["errorType"] = json!(error_type);
        }
        record
    }
}
