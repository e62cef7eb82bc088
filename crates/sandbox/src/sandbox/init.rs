//! INIT: the processes are started, and wait for their first event.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Sandbox;
use super::environment::Environment;
use super::fault::Fault;
use super::generation::{Generation, Progress};
use super::processes::{Launch, Role};
use super::run::{Moment, whole_micros};
use crate::config::{ExternalExtension, Initialization, Runtime};
use crate::telemetry::Pace;
use crate::timestamp;

/// For the init of a new sandbox on demand. One that takes longer is tried again in the invocation, within its own limit.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// The same where nobody waits; or as long as an invocation may take, if that is longer.
const LONG_INIT_LIMIT: Duration = Duration::from_secs(130);
/// As many calls as the processes of a sandbox make at once; further ones wait in their handlers.
const CALLS: usize = 32;

/// In which phase an init takes place, as telemetry names it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InitPhase {
    /// Its own.
    Init,
    /// Inside an invocation, after a fault: suppressed init.
    Invoke,
    /// Its own, for a snapshot.
    Snapshot,
}

impl Sandbox {
    /// The init of a new sandbox. Returns how long it took. If it fails, the invocation tries again.
    pub(super) async fn initialise(&mut self) -> Result<Duration, Fault> {
        let (phase, limit) = match self.initialization {
            Initialization::OnDemand => (InitPhase::Init, INIT_LIMIT),
            Initialization::SnapStart => (InitPhase::Snapshot, self.long_init_limit()),
            _ => (InitPhase::Init, self.long_init_limit()),
        };
        self.init(phase, Instant::now() + limit).await
    }

    fn long_init_limit(&self) -> Duration {
        LONG_INIT_LIMIT.max(self.settings.config().timeout)
    }

    /// Starts the processes and waits until they are ready. Returns how long it took.
    pub(super) async fn init(
        &mut self,
        phase: InitPhase,
        deadline: Instant,
    ) -> Result<Duration, Fault> {
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
            let record = self.init_done_record(phase, fault.as_ref());
            self.telemetry.platform("platform.initRuntimeDone", record);
        }
        let mut record = self.init_done_record(phase, fault.as_ref());
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
        let generation = Generation::new(
            Arc::clone(&settings),
            self.telemetry.clone(),
            calls_rx,
            phase == InitPhase::Snapshot,
        )
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
                self.start_runtime().await?;
                is_runtime_started = true;
            }
            let generation = self.generation.as_mut().expect("it was just made");
            if let Progress::RuntimeNext = generation.step(deadline).await? {
                generation.catch_up();
                *is_runtime_done = true;
                let record = self.init_done_record(phase, None);
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

    async fn start_runtime(&mut self) -> Result<(), Fault> {
        let settings = Arc::clone(&self.settings);
        let config = settings.config();
        let execution_environment = &settings.runtime().await.execution_environment;
        let environment = self.environment(execution_environment).of_runtime();
        let launched = self.runtime_arguments().and_then(|arguments| {
            let runtime = config.runtime.interpreter().clone();
            let (executable, arguments) = match config.wrapper() {
                None => (runtime, arguments),
                Some(wrapper) => {
                    let command = std::iter::once(runtime.into()).chain(arguments);
                    (wrapper, command.collect())
                }
            };
            let launch = Launch {
                executable,
                arguments,
                folder: &config.code_dir,
                environment,
                logs_frames: config.logs_frames(),
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

    fn runtime_arguments(&self) -> std::io::Result<Vec<OsString>> {
        let config = self.settings.config();
        let interpreter = config.runtime.interpreter();
        // A shell may start it, which would speak of its absence too late.
        if interpreter.is_absolute() && !interpreter.is_file() {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        let handler = config.handler.clone().into();
        match &config.runtime {
            Runtime::Python { .. } if config.runtime.is_awslambdaric() => {
                Ok(vec!["-m".into(), "awslambdaric".into(), handler])
            }
            Runtime::Python { .. } => Ok(vec![self.folder.python_bootstrap()?.into(), handler]),
            Runtime::Custom { .. } => Ok(Vec::new()),
            Runtime::Node { .. } => Ok(vec![self.folder.node_bootstrap()?.into(), handler]),
        }
    }

    fn environment<'a>(&'a self, execution_environment: &'a str) -> Environment<'a> {
        Environment {
            config: self.settings.config(),
            initialization: self.initialization,
            ports: &self.ports,
            folder: &self.folder,
            api: self.api,
            log_stream: &self.log_stream,
            execution_environment,
        }
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
            "initializationType": self.initialization.as_str(),
            "phase": phase.as_str(),
            "functionName": config.name,
            "functionVersion": config.version,
            "runtimeVersion": self.settings.runtime().await.telemetry,
            "instanceId": self.log_stream,
            "instanceMaxMemory": config.memory.0,
        })
    }

    /// `platform.initRuntimeDone`, and with metrics `platform.initReport`.
    fn init_done_record(&self, phase: InitPhase, fault: Option<&Fault>) -> Value {
        let mut record = json!({
            "initializationType": self.initialization.as_str(),
            "phase": phase.as_str(),
            "status": fault.map_or("success", Fault::status),
        });
        if let Some(error_type) = fault.and_then(Fault::error_type) {
            record["errorType"] = json!(error_type);
        }
        record
    }
}

// === impl InitPhase ===

impl InitPhase {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Invoke => "invoke",
            Self::Snapshot => "snap-start",
        }
    }
}
