//! Runs a tool and says what is going on: nothing for two seconds, then who has been running and for how long.

use std::fmt::Display;
use std::io::{IsTerminal as _, Read as _, Seek as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// What takes longer than this is announced.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a line is added where the line can't be rewritten (a log file).
const LOG_INTERVAL: Duration = Duration::from_secs(20);
/// How much of a failed tool's output is shown.
const TAIL_LINES: usize = 60;

/// Runs a tool that prints for people (cargo): its output is shown as it comes.
pub(crate) fn loud(what: impl Display, command: &mut Command) -> anyhow::Result<()> {
    eprintln!("-- {what}");
    // Standard output stays free for the demo's JSON.
    let status = command
        .stdout(std::io::stderr())
        .status()
        .with_context(|| missing(command))?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Runs a tool that need not be watched: one line when it took longer than two seconds, its output where it fails.
/// Returns its standard output.
pub(crate) fn quiet(what: impl Display, command: &mut Command) -> anyhow::Result<String> {
    let mut output = tempfile::tempfile().context("create a temporary file")?;
    let mut errors = output.try_clone().context("share a temporary file")?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(output.try_clone().context("share a temporary file")?)
        .spawn()
        .with_context(|| missing(command))?;
    let finished = watched(&what, || child.wait_with_output()).context("wait for it")?;
    let printed = String::from_utf8_lossy(&finished.stdout).into_owned();
    if !finished.status.success() {
        errors.rewind().context("reread its output")?;
        let mut told = String::new();
        // What it told may be no UTF-8; then what can be read is shown.
        if errors.read_to_string(&mut told).is_err() {
            told.push_str("\n(not readable)");
        }
        told.push_str(&printed);
        bail!("{what} failed ({}):\n{}", finished.status, tail(&told));
    }
    output.flush().context("flush a temporary file")?;
    Ok(printed)
}

/// Does something slow and says so after two seconds.
pub(crate) fn watched<T>(what: &impl Display, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let (done_tx, done) = mpsc::sync_channel::<()>(0);
    let what = what.to_string();
    let watcher = std::thread::spawn(move || watch(&what, started, &done));
    let result = work();
    // Dropping the sender is the message: the work is done.
    drop(done_tx);
    // A watcher that panicked (a closed terminal) is no reason to fail the work.
    drop(watcher.join());
    result
}

fn watch(what: &str, started: Instant, done: &mpsc::Receiver<()>) {
    let terminal = std::io::stderr().is_terminal();
    let interval = if terminal {
        Duration::from_secs(1)
    } else {
        LOG_INTERVAL
    };
    let mut wait = PATIENCE;
    while done.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
        let took = started.elapsed().as_secs();
        if terminal {
            eprint!("\r   {what}: {took} s ...\x1b[K");
        } else {
            eprintln!("   {what}: {took} s ...");
        }
        wait = interval;
    }
    let took = started.elapsed();
    if took >= PATIENCE {
        let line_start = if terminal { "\r" } else { "" };
        let line_end = if terminal { "\x1b[K" } else { "" };
        eprintln!(
            "{line_start}   {what}: {:.1} s{line_end}",
            took.as_secs_f64()
        );
    }
}

fn missing(command: &Command) -> String {
    format!("run {}", command.get_program().to_string_lossy())
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
