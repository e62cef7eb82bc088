//! A process that a benchmark starts, with what it writes kept in files; stopped when dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// For it to print what is waited for: the engine starts in a second, on a machine that has nothing else to do.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// For it to drain and end.
const STOP_DEADLINE: Duration = Duration::from_secs(40);
const POLL: Duration = Duration::from_millis(20);

/// A running process.
pub(super) struct Process {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

// === impl Process ===

impl Process {
    /// Starts it; its output goes into files of that name in the folder. Its standard input stays open while it runs.
    pub(super) fn start(name: &str, command: &mut Command, folder: &Path) -> anyhow::Result<Self> {
        let stdout = folder.join(name).with_extension("out");
        let stderr = folder.join(name).with_extension("err");
        let file =
            |path: &Path| File::create(path).with_context(|| format!("create {}", path.display()));
        let child = command
            .stdin(Stdio::piped())
            .stdout(file(&stdout)?)
            .stderr(file(&stderr)?)
            .spawn()
            .with_context(|| format!("start {}", command.get_program().to_string_lossy()))?;
        Ok(Self {
            child,
            stdout,
            stderr,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard output so far.
    pub(super) fn printed(&self) -> anyhow::Result<String> {
        read(&self.stdout)
    }

    /// Asks until there is an answer, as long as the process runs.
    pub(super) fn wait_for<T>(
        &mut self,
        mut ask: impl FnMut(&Self) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let started = Instant::now();
        loop {
            if let Some(answer) = ask(self)? {
                return Ok(answer);
            }
            let ended = self.child.try_wait().context("ask for its status")?;
            if ended.is_some() || started.elapsed() > START_DEADLINE {
                bail!("it did not start:\n{}", read(&self.stderr)?);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Waits until it has ended by itself; returns what it printed.
    pub(super) fn finish(mut self) -> anyhow::Result<String> {
        let status = self.child.wait().context("wait for it")?;
        if !status.success() {
            bail!("it failed ({status}):\n{}", read(&self.stderr)?);
        }
        self.printed()
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().context("kill it")?;
        self.child.wait().context("wait for it")?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let asked = Command::new("kill").arg(self.pid().to_string()).status();
        let since = Instant::now();
        while asked.is_ok() && since.elapsed() < STOP_DEADLINE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(POLL);
        }
        // It did not end when asked. What can't be killed has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr());
    Ok(free.context("find a free port")?.port())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}
