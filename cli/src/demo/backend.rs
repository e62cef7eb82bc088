//! `coldtrace up` as the demo runs it: a child process that is started, killed, started again, and stopped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::api::Api;

/// For the process to print its addresses, the engine's start included, on a busy machine.
const START_DEADLINE: Duration = Duration::from_secs(90);
/// For it to drain and end.
const STOP_DEADLINE: Duration = Duration::from_secs(40);

/// A running `coldtrace up`.
pub(super) struct Backend {
    executable: PathBuf,
    data_dir: PathBuf,
    /// Files of rules.
    rules: PathBuf,
    log: PathBuf,
    child: Child,
    /// Held open: the process may print more.
    _printed: Lines<BufReader<ChildStdout>>,
    addresses: Addresses,
}

/// Where it listens.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    /// `http://...` of the ui and API.
    pub(super) api: String,
    /// `http://...` of OTLP over gRPC and of the extension's export.
    pub(super) grpc: String,
    /// `http://...` of OTLP over HTTP.
    http: String,
}

/// Which ports it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    /// The configured ones, which are those of the documentation.
    Configured,
    /// Free ones, so that runs do not meet.
    Free,
}

impl Backend {
    /// Starts it with these rules of alerts and waits until every part of it is ready.
    pub(super) async fn start(data_dir: &Path, ports: Ports, rules: &Path) -> anyhow::Result<Self> {
        let executable = std::env::current_exe().context("find the own executable")?;
        let log = data_dir.join("up.log");
        let mut settings = alerts(rules);
        if ports == Ports::Free {
            settings.extend(listen("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"));
        }
        let (child, printed, addresses) = launch(&executable, data_dir, &log, settings).await?;
        let backend = Self {
            executable,
            data_dir: data_dir.to_owned(),
            rules: rules.to_owned(),
            log,
            child,
            _printed: printed,
            addresses,
        };
        backend.ready().await?;
        Ok(backend)
    }

    pub(super) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// SIGKILL; then starts it again on the same data and the same ports, and waits until it is ready.
    pub(super) async fn kill_and_restart(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("kill coldtrace up")?;
        let bare = |url: &str| url.trim_start_matches("http://").to_owned();
        let addresses = &self.addresses;
        let mut settings = alerts(&self.rules);
        settings.extend(listen(
            &bare(&addresses.grpc),
            &bare(&addresses.http),
            &bare(&addresses.api),
        ));
        let (child, printed, addresses) =
            launch(&self.executable, &self.data_dir, &self.log, settings).await?;
        self.child = child;
        self._printed = printed;
        self.addresses = addresses;
        self.ready().await
    }

    /// SIGKILL to the engine, which `coldtrace up` then starts again by itself.
    pub(super) fn kill_engine(&self) -> anyhow::Result<()> {
        let pid = self.child.id().context("coldtrace up has ended")?;
        let engines = children(pid);
        if engines.is_empty() {
            bail!("coldtrace up has no child process");
        }
        for engine in engines {
            kill(engine, Signal::KILL)?;
        }
        Ok(())
    }

    /// Asks it to end and waits until it did.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let Some(pid) = self.child.id() else {
            return Ok(());
        };
        kill(pid, Signal::TERM)?;
        match tokio::time::timeout(STOP_DEADLINE, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => bail!(
                "coldtrace up ended with {status}; see {}",
                self.log.display()
            ),
            Ok(Err(error)) => Err(error).context("wait for coldtrace up"),
            Err(_) => bail!("coldtrace up did not end within {STOP_DEADLINE:?}"),
        }
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let api = Api::new(&self.addresses.api);
        let asked = async {
            while !api.is_ready().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(START_DEADLINE, asked)
            .await
            .with_context(|| format!("coldtrace is not ready; see {}", self.log.display()))
    }
}

/// SIGKILL or SIGTERM to a process by its number.
pub(super) fn kill(pid: u32, signal: Signal) -> anyhow::Result<()> {
    let number = i32::try_from(pid).context("a process id is small")?;
    let pid = Pid::from_raw(number).context("0 is no process of ours")?;
    kill_process(pid, signal).with_context(|| format!("signal process {number}"))
}

async fn launch(
    executable: &Path,
    data_dir: &Path,
    log: &Path,
    settings: Vec<(&'static str, String)>,
) -> anyhow::Result<(Child, Lines<BufReader<ChildStdout>>, Addresses)> {
    let told = File::options()
        .append(true)
        .create(true)
        .open(log)
        .with_context(|| format!("write {}", log.display()))?;
    let mut child = Command::new(executable)
        .args(["up", "--data-dir"])
        .arg(data_dir)
        .envs(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(told)
        // Ctrl-C in a terminal is for the demo, which stops the sandboxes before what they report to.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("start coldtrace up")?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let mut lines = BufReader::new(stdout).lines();
    let read = tokio::time::timeout(START_DEADLINE, read_addresses(&mut lines)).await;
    match read {
        Ok(Ok(addresses)) => Ok((child, lines, addresses)),
        Ok(Err(_)) | Err(_) => bail!("coldtrace up did not start:\n{}", last_lines(log)),
    }
}

async fn read_addresses(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<Addresses> {
    let mut addresses = Addresses::default();
    while let Some(line) = lines.next_line().await? {
        let Some((name, url)) = line.trim().split_once("http://") else {
            continue;
        };
        let url = format!("http://{url}");
        match name.trim() {
            "OTLP over gRPC" => addresses.grpc = url,
            "OTLP over HTTP" => addresses.http = url,
            "ui and API" => {
                addresses.api = url;
                return Ok(addresses);
            }
            _ => {}
        }
    }
    bail!("it ended")
}

/// The pager is on this machine, and the shop's spans come within seconds.
fn alerts(rules: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("COLDTRACE_ALERTS__RULES", rules.display().to_string()),
        ("COLDTRACE_ALERTS__DELAY", "10s".to_owned()),
        (
            "COLDTRACE_ALERTS__ALLOWED_ADDRESSES",
            "127.0.0.1".to_owned(),
        ),
    ]
}

fn listen(grpc: &str, http: &str, api: &str) -> Vec<(&'static str, String)> {
    vec![
        ("COLDTRACE_COLLECTOR__GRPC_LISTEN", grpc.to_owned()),
        ("COLDTRACE_COLLECTOR__HTTP_LISTEN", http.to_owned()),
        ("COLDTRACE_QUERY__LISTEN", api.to_owned()),
        ("COLDTRACE_STORE__ENGINE_PORT", "0".to_owned()),
    ]
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
