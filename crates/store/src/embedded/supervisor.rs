//! The owner of the engine's process: starts it, waits for it, starts it again, ends it.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::child::arguments;
use super::files::Files;
use super::guard::CANNOT_WRITE;
use super::{EngineConfig, EngineError};
use crate::Store;

/// For a former engine that is about to end to let go of the data.
const DATA_PATIENCE: Duration = Duration::from_secs(10);
/// For the engine to answer: it reads its tables first, which on a slow disk takes its time.
const ANSWER_PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks for the lock or the answer.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// For the engine to end when asked; then it is killed.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// Before it is started again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// Having lived so long, a death is a new one.
const STEADY: Duration = Duration::from_secs(60);

pub(super) struct Supervisor {
    config: EngineConfig,
    files: Files,
    /// Resolves when the engine is to end: asked to, or because its owner was dropped.
    stop: oneshot::Receiver<()>,
}

/// The engine's process.
struct Process {
    child: Child,
    /// The process ends when this is closed.
    _pipe: Option<ChildStdin>,
}

// === impl Supervisor ===

impl Supervisor {
    pub(super) fn new(config: EngineConfig, files: Files, stop: oneshot::Receiver<()>) -> Self {
        Self {
            config,
            files,
            stop,
        }
    }

    /// Runs until the engine is to end. Tells `started` how the first start went.
    pub(super) fn run(mut self, started: oneshot::Sender<Result<(), EngineError>>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        // Where the receiver is gone, the engine's owner is as well, and `stop` says so.
        match runtime {
            Err(error) => drop(started.send(Err(EngineError::Spawn(error)))),
            Ok(runtime) => runtime.block_on(async {
                match self.start().await {
                    Err(error) => drop(started.send(Err(error))),
                    Ok(process) => {
                        drop(started.send(Ok(())));
                        self.supervise(process).await;
                    }
                }
            }),
        }
    }

    async fn supervise(&mut self, mut process: Process) {
        let mut pause = FIRST_PAUSE;
        loop {
            let born = Instant::now();
            tokio::select! {
                asked = &mut self.stop => return process.end(asked.is_ok()).await,
                status = process.child.wait() => self.note_death(status),
            }
            if born.elapsed() >= STEADY {
                pause = FIRST_PAUSE;
            }
            match self.start_again(&mut pause).await {
                Some(again) => process = again,
                None => return,
            }
        }
    }

    fn note_death(&self, status: io::Result<ExitStatus>) {
        if let Ok(status) = &status
            && status.code() == Some(CANNOT_WRITE)
        {
            let path = self.files.data.display();
            warn!(
                %path,
                said = self.last_words(),
                "the engine ended since it could not write, and is started again: is the disk full?"
            );
            return;
        }
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        warn!(
            status,
            said = self.last_words(),
            "the engine died and is started again"
        );
    }

    /// Until it works; nothing if the engine is to end.
    async fn start_again(&mut self, pause: &mut Duration) -> Option<Process> {
        loop {
            tokio::select! {
                _ = &mut self.stop => return None,
                () = sleep(*pause) => {}
            }
            *pause = (*pause * 2).min(LAST_PAUSE);
            match self.start().await {
                Ok(process) => {
                    info!("the engine runs again");
                    return Some(process);
                }
                Err(EngineError::Stopped) => return None,
                Err(error) => warn!(
                    error = &error as &dyn std::error::Error,
                    "the engine does not start"
                ),
            }
        }
    }

    /// Starts the process and waits until it answers.
    async fn start(&mut self) -> Result<Process, EngineError> {
        self.files.write(&self.config)?;
        self.wait_for_data().await?;
        self.check_port()?;
        let mut process = self.spawn().map_err(EngineError::Spawn)?;
        let outcome = tokio::select! {
            asked = &mut self.stop => {
                process.end(asked.is_ok()).await;
                return Err(EngineError::Stopped);
            }
            status = process.child.wait() => Err(self.early_end(status)),
            answered = timeout(ANSWER_PATIENCE, answer(&self.config)) => {
                answered.map_err(|_| EngineError::Silent { log: self.files.log.clone() })
            }
        };
        match outcome {
            Ok(()) => Ok(process),
            Err(error) => {
                process.end(false).await;
                Err(error)
            }
        }
    }

    /// Waits until no engine holds the data. The lock is ClickHouse's own.
    async fn wait_for_data(&self) -> Result<(), EngineError> {
        let deadline = Instant::now() + DATA_PATIENCE;
        let status = self.files.status();
        loop {
            let Ok(file) = File::open(&status) else {
                return Ok(());
            };
            if file.try_lock().is_ok() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(EngineError::DataInUse {
                    path: self.files.data.clone(),
                });
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Listens for a moment: the system's word for what is wrong is better than the engine's.
    fn check_port(&self) -> Result<(), EngineError> {
        let port = self.config.http_port;
        let listened = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        match listened {
            Ok(_) => Ok(()),
            Err(source) => Err(EngineError::Listen { port, source }),
        }
    }

    fn spawn(&self) -> io::Result<Process> {
        let [program, first_arguments @ ..] = self.config.command.as_slice() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "no command is configured",
            ));
        };
        let output = File::create(&self.files.output)?;
        let mut child = Command::new(program)
            .args(first_arguments)
            .args(arguments(
                &self.config.library,
                &self.files.config,
                &self.files.data,
            ))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // A group of its own: an interrupt from the terminal is for the parent, which ends the engine last.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Process { child, _pipe: pipe })
    }

    fn early_end(&self, status: io::Result<ExitStatus>) -> EngineError {
        let said = self.last_words();
        match status {
            Err(error) => EngineError::Spawn(error),
            // Somebody was quicker than the engine.
            Ok(_) if said.contains("Address already in use") => EngineError::Listen {
                port: self.config.http_port,
                source: io::ErrorKind::AddrInUse.into(),
            },
            Ok(status) if status.code() == Some(CANNOT_WRITE) => EngineError::Disk {
                path: self.files.data.clone(),
            },
            Ok(status) => EngineError::Ended { status, said },
        }
    }

    /// The end of what the process wrote, in one line, without where its log is.
    fn last_words(&self) -> String {
        const LINES: usize = 8;
        let output = std::fs::read(&self.files.output).unwrap_or_default();
        let text = String::from_utf8_lossy(&output);
        let lines = text.lines().map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with("Logging ")).collect();
        lines[lines.len().saturating_sub(LINES)..].join(" ")
    }
}

// === impl Process ===

impl Process {
    /// Ends the process and reaps it.
    async fn end(&mut self, gently: bool) {
        if gently {
            self.terminate();
            if timeout(END_PATIENCE, self.child.wait()).await.is_ok() {
                return;
            }
            warn!("the engine does not end when asked and is killed");
        }
        // It fails only for a process that has ended.
        self.child.kill().await.ok();
    }

    fn terminate(&self) {
        // Absent once it was reaped: the number may be somebody else's by then.
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = id.and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).ok();
        }
    }
}

/// Asks until an engine with our password answers.
async fn answer(config: &EngineConfig) {
    let store = Store::connect(config.store_config());
    while store.ping().await.is_err() {
        sleep(LOOK_INTERVAL).await;
    }
}
