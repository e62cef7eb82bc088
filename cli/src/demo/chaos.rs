//! kill -9 in the middle of the traffic, and what follows from it for the judge.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use coldtrace_sandbox::SandboxInfo;
use rustix::process::Signal;

use super::backend;
use super::ledger::Book;
use super::stage::Stage;

/// What an extension that was killed may not have sent yet: everything since its last flush, which is never longer ago.
const UNFLUSHED: Duration = Duration::from_secs(25);
/// Into a burst, so that requests are in flight.
const INTO_BURST: Duration = Duration::from_millis(60);
/// For a sandbox to be at work.
const BUSY_DEADLINE: Duration = Duration::from_secs(10);

/// What to kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Target {
    /// `coldtrace up`: collector and query at once, and with them the engine. The demo starts it again.
    Up,
    /// The embedded engine, which `coldtrace up` starts again.
    Engine,
    /// The extension of a sandbox of checkout that is at work.
    Extension,
    /// The runtime of a sandbox of checkout that is at work.
    Function,
}

/// A sandbox whose extension was killed.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    function: &'static str,
    sandbox: u64,
    at: SystemTime,
}

/// Kills while a burst is served. Returns what the judge must know.
pub(super) async fn strike(stage: &Stage, target: Target) -> anyhow::Result<Option<Hit>> {
    tokio::time::sleep(INTO_BURST).await;
    match target {
        Target::Up => {
            stage.backend.lock().await.kill_and_restart().await?;
            Ok(None)
        }
        Target::Engine => {
            stage.backend.lock().await.kill_engine()?;
            Ok(None)
        }
        Target::Extension => {
            let (sandbox, pid) =
                busy(stage, |sandbox| sandbox.extension_pids.first().copied()).await?;
            backend::kill(pid, Signal::KILL)?;
            Ok(Some(Hit {
                function: "checkout",
                sandbox,
                at: SystemTime::now(),
            }))
        }
        Target::Function => {
            let (_, pid) = busy(stage, |sandbox| sandbox.runtime_pid).await?;
            backend::kill(pid, Signal::KILL)?;
            Ok(None)
        }
    }
}

/// The request ids that may be incomplete: those that the killed extension had in its hands.
pub(super) fn excused(book: &Book, hits: &[Hit]) -> BTreeSet<String> {
    let in_its_hands = |hit: &Hit| {
        let hit = hit.clone();
        book.invocations.iter().filter(move |seen| {
            seen.function == hit.function
                && seen.report.sandbox == hit.sandbox
                && seen.sent <= hit.at
                && seen.ended() + UNFLUSHED >= hit.at
        })
    };
    hits.iter()
        .flat_map(in_its_hands)
        .map(|seen| seen.request_id.clone())
        .collect()
}

/// Waits for a sandbox of checkout that is at work, and finds the process in it.
async fn busy(
    stage: &Stage,
    process: impl Fn(&SandboxInfo) -> Option<u32>,
) -> anyhow::Result<(u64, u32)> {
    let found = async {
        loop {
            let sandboxes = stage.shop.checkouts();
            let at_work = sandboxes.iter().filter(|sandbox| sandbox.busy);
            if let Some(found) = at_work
                .filter_map(|sandbox| Some((sandbox.serial, process(sandbox)?)))
                .next()
            {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(BUSY_DEADLINE, found)
        .await
        .context("no sandbox of checkout was at work")
}
