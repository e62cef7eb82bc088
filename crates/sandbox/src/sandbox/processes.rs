//! The processes of a sandbox: started, watched, frozen, killed. Dropping this kills them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::environment::Variables;
use super::output::Output;
use super::process_tree::ProcessTree;
use super::throttle::Used;
use super::watchdog::Watchdog;
use crate::telemetry::{Category, Telemetry};

/// For a killed process to be gone.
const KILL_PATIENCE: Duration = Duration::from_secs(2);
/// Measurements between two looks at who is there: 100 ms, since it costs a look at every process of the machine.
const LOOK_EVERY: u32 = 25;

/// The descriptor of a runtime's framed log.
pub(super) const FRAMED_LOG: &str = "3";
/// Hands a pipe on at that descriptor, which std can only give as standard input.
const WITH_FRAMED_LOG: &str = r#"exec 3>&0 0</dev/null; exec "$0" "$@""#;

/// Which process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Runtime,
    Extension(String),
}

/// How to start a process.
pub(super) struct Launch<'a> {
    pub(super) executable: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) folder: &'a Path,
    pub(super) environment: Variables,
    /// Whether the process logs in frames to the descriptor [`FRAMED_LOG`].
    pub(super) logs_frames: bool,
}

/// The processes.
pub(super) struct Processes {
    running: BTreeMap<Role, Pid>,
    ended: BTreeMap<Role, ExitStatus>,
    tree: ProcessTree,
    outputs: Vec<Output>,
    telemetry: Telemetry,
    exits_tx: mpsc::Sender<(Role, ExitStatus)>,
    exits_rx: mpsc::Receiver<(Role, ExitStatus)>,
    watchers: JoinSet<()>,
    watchdog: Watchdog,
    measured: u32,
}

// === impl Role ===

impl Role {
    fn category(&self) -> Category {
        match self {
            Self::Runtime => Category::Function,
            Self::Extension(_) => Category::Extension,
        }
    }
}

// === impl Processes ===

impl Processes {
    pub(super) fn new(telemetry: Telemetry) -> io::Result<Self> {
        // At most ten extensions and a runtime end, each once.
        let (exits_tx, exits_rx) = mpsc::channel(16);
        Ok(Self {
            running: BTreeMap::new(),
            ended: BTreeMap::new(),
            tree: ProcessTree::default(),
            outputs: Vec::new(),
            telemetry,
            exits_tx,
            exits_rx,
            watchers: JoinSet::new(),
            watchdog: Watchdog::start()?,
            measured: 0,
        })
    }

    pub(super) fn start(&mut self, role: Role, launch: Launch<'_>) -> io::Result<()> {
        let (mut command, framed_log) = command(&launch)?;
        let mut child = command
            .args(launch.arguments)
            .current_dir(launch.folder)
            .env_clear()
            .envs(launch.environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // It holds an end of the framed log's pipe, which would never end.
        drop(command);
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        let pid = number
            .and_then(Pid::from_raw)
            .expect("a child that was not waited for has an id");
        self.tree.add(pid);
        self.watchdog.guard(&self.tree.groups());
        self.running.insert(role.clone(), pid);
        let outputs = self.outputs_of(&mut child, framed_log, role.category())?;
        self.watch(role, child, outputs);
        Ok(())
    }

    /// The next process that ends by itself or was killed. Cancel-safe.
    pub(super) async fn ended(&mut self) -> (Role, ExitStatus) {
        let exit = self.exits_rx.recv().await;
        let (role, status) = exit.expect("a sender is kept beside the receiver");
        self.note_end(&role, status);
        (role, status)
    }

    /// A process that ended meanwhile, if one did.
    pub(super) fn try_ended(&mut self) -> Option<(Role, ExitStatus)> {
        let (role, status) = self.exits_rx.try_recv().ok()?;
        self.note_end(&role, status);
        Some((role, status))
    }

    pub(super) fn pid(&self, role: &Role) -> Option<u32> {
        let pid = self.running.get(role)?;
        u32::try_from(pid.as_raw_nonzero().get()).ok()
    }

    pub(super) fn extension_pids(&self) -> Vec<u32> {
        let roles = self.running.keys();
        roles
            .filter(|role| matches!(role, Role::Extension(_)))
            .filter_map(|role| self.pid(role))
            .collect()
    }

    pub(super) fn is_running(&self, role: &Role) -> bool {
        self.running.contains_key(role)
    }

    /// Summed resident memory, in bytes.
    pub(super) fn resident(&mut self) -> u64 {
        if self.measured.is_multiple_of(LOOK_EVERY) {
            self.tree.refresh();
        }
        self.measured = self.measured.wrapping_add(1);
        self.tree.resident()
    }

    /// Tells what the processes have written so far.
    pub(super) fn catch_up(&self) {
        self.outputs.iter().for_each(Output::catch_up);
    }

    /// What their threads have run.
    pub(super) fn used(&self) -> Used {
        self.tree.used()
    }

    /// Lets them run or stand still for a while.
    pub(super) fn let_run(&self, may_run: bool) {
        let signal = if may_run { Signal::CONT } else { Signal::STOP };
        self.tree.signal_known(signal);
    }

    pub(super) fn freeze(&mut self) {
        self.tree.signal(Signal::STOP);
    }

    pub(super) fn thaw(&mut self) {
        self.tree.signal_known(Signal::CONT);
        self.measured = 0;
    }

    /// SIGTERM to a process and its group.
    pub(super) fn terminate(&self, role: &Role) {
        if let Some(&pid) = self.running.get(role) {
            // Who is gone cannot be signalled, and need not be.
            kill_process_group(pid, Signal::TERM).ok();
        }
    }

    /// SIGKILL to a process and all of its descendants. Returns how it ended, which may have been before.
    pub(super) async fn kill(&mut self, role: &Role) -> Option<ExitStatus> {
        if let Some(&pid) = self.running.get(role) {
            self.tree.kill_group(pid);
            let gone = async {
                while self.is_running(role) {
                    self.ended().await;
                }
            };
            if timeout(KILL_PATIENCE, gone).await.is_err() {
                tracing::warn!(?role, "a killed process is still there");
            }
        }
        self.ended.get(role).copied()
    }

    fn note_end(&mut self, role: &Role, status: ExitStatus) {
        tracing::debug!(?role, %status, "a process ended");
        self.running.remove(role);
        self.ended.insert(role.clone(), status);
    }

    fn outputs_of(
        &self,
        child: &mut Child,
        framed_log: Option<PipeReader>,
        category: Category,
    ) -> io::Result<Vec<Output>> {
        let telemetry = || self.telemetry.clone();
        let stdout = child.stdout.take().expect("it is piped").into_owned_fd()?;
        let stderr = child.stderr.take().expect("it is piped").into_owned_fd()?;
        let mut outputs = vec![
            Output::of_lines(stdout, category, telemetry())?,
            Output::of_lines(stderr, category, telemetry())?,
        ];
        if let Some(log) = framed_log {
            outputs.push(Output::of_frames(log.into(), category, telemetry())?);
        }
        Ok(outputs)
    }

    fn watch(&mut self, role: Role, mut child: Child, outputs: Vec<Output>) {
        for output in &outputs {
            self.outputs.push(output.clone());
            self.watchers.spawn(output.clone().run());
        }
        let exits = self.exits_tx.clone();
        self.watchers.spawn(async move {
            let status = match child.wait().await {
                Ok(status) => status,
                Err(error) => {
                    tracing::error!(%error, ?role, "cannot wait for a process");
                    return;
                }
            };
            outputs.iter().for_each(Output::catch_up);
            // Nobody wants to know once the sandbox has dropped its processes.
            exits.send((role, status)).await.ok();
        });
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.tree.signal(Signal::KILL);
    }
}

/// What runs the executable, and its framed log.
fn command(launch: &Launch<'_>) -> io::Result<(Command, Option<PipeReader>)> {
    if !launch.logs_frames {
        let mut command = Command::new(&launch.executable);
        command.stdin(Stdio::null());
        return Ok((command, None));
    }
    let (read, write) = io::pipe()?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", WITH_FRAMED_LOG]);
    command.arg(&launch.executable).stdin(write);
    Ok((command, Some(read)))
}
