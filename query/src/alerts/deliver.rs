//! The deliverer: sends what is due from the outbox, and keeps how it went.
//!
//! A lane is a channel's group. Of each the first that waits is sent alone, so that a lane keeps its order; lanes do not wait
//! for each other, and a channel has few of the places there are, so that one whose receiver hangs holds up no other. Nothing is
//! remembered here that matters: whoever is killed between an answer and its record sends once more, under the same id.

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coldtrace_alerts::Group;
use coldtrace_control::{Db, DbError, Due, Outcome, Standing};
use coldtrace_model::{Nanos, Tenant, UnixNanos};
use coldtrace_service::shutdown::Shutdown;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

mod retry;
mod send;
mod trial;

use super::channel::{ChannelError, Target};
use retry::{Answer, Tried};
pub(crate) use send::Sender;
use send::{Letter, not_sent};
pub(crate) use trial::try_channel;

/// Requests at the same time, and those of them to one channel.
const PLACES: usize = 8;
const OF_CHANNEL: usize = 2;
/// Between two looks at the outbox, if nobody says that something came.
const LOOK: Duration = Duration::from_secs(1);
/// Between two times that an Alertmanager is told of what fires, and how long it takes that for true.
const REFRESH: Nanos = Nanos(60 * 1_000_000_000);
const HOLDS: Nanos = Nanos(4 * 60 * 1_000_000_000);
/// Between two times that old things are forgotten.
const PRUNE: Nanos = Nanos(3_600 * 1_000_000_000);
/// What is pushed to and has to be refreshed.
const PUSHED: &str = "alertmanager";

/// Tells the time. Tests have one that goes faster.
pub(crate) type Clock = Arc<dyn Fn() -> UnixNanos + Send + Sync>;

/// Sends what is due.
pub(crate) struct Deliverer {
    desk: Arc<Desk>,
    /// Told when something was put into the outbox.
    woken: Arc<Notify>,
    look: Duration,
    running: FuturesUnordered<JoinHandle<Lane>>,
    busy: HashSet<Lane>,
    refreshed: UnixNanos,
    pruned: UnixNanos,
    is_failing: bool,
}

/// What each of the places works with.
struct Desk {
    /// Held for a look and for a record, never while something is sent.
    db: Mutex<Db>,
    sender: Arc<Sender>,
    clock: Clock,
}

/// What keeps its order: a channel's group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Lane {
    tenant: Tenant,
    channel: String,
    key: String,
}

/// What is done in a place.
enum Job {
    Send(Box<Due>),
    Refresh(Box<Standing>),
}

// === impl Deliverer ===

impl Deliverer {
    /// `db` is a connection of its own; `woken` is told when something was put into the outbox.
    pub(crate) fn new(db: Db, sender: Arc<Sender>, clock: Clock, woken: Arc<Notify>) -> Self {
        let desk = Desk {
            db: Mutex::new(db),
            sender,
            clock,
        };
        Self {
            desk: Arc::new(desk),
            woken,
            look: LOOK,
            running: FuturesUnordered::new(),
            busy: HashSet::new(),
            refreshed: UnixNanos(0),
            pruned: UnixNanos(0),
            is_failing: false,
        }
    }

    /// Sends until asked to end. What is under way then is finished by its own; if it is cut off, it is sent again.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let ended = shutdown.wait();
        tokio::pin!(ended);
        loop {
            self.fill().await;
            let woken = Arc::clone(&self.woken);
            tokio::select! {
                () = &mut ended => return,
                Some(Ok(lane)) = self.running.next() => {
                    self.busy.remove(&lane);
                }
                () = woken.notified() => {}
                () = tokio::time::sleep(self.look) => {}
            }
        }
    }

    /// Looks for what is due and fills the places that are free.
    async fn fill(&mut self) {
        if self.busy.len() >= PLACES {
            return;
        }
        let now = (self.desk.clock)();
        let is_refresh = now.since(self.refreshed) >= REFRESH;
        let is_prune = now.since(self.pruned) >= PRUNE;
        let desk = Arc::clone(&self.desk);
        let looked = tokio::task::spawn_blocking(move || desk.look(now, is_refresh, is_prune));
        // A look that panicked told nothing; the next one may.
        let Ok(looked) = looked.await else { return };
        match looked {
            Ok(jobs) => {
                if self.is_failing {
                    info!("alerts are sent again");
                }
                self.is_failing = false;
                self.take(jobs, now, is_refresh, is_prune);
            }
            Err(error) => {
                if !self.is_failing {
                    warn!(%error, "alerts are not sent: the outbox can't be read");
                }
                self.is_failing = true;
            }
        }
    }

    fn take(&mut self, jobs: Vec<Job>, now: UnixNanos, is_refresh: bool, is_prune: bool) {
        if is_prune {
            self.pruned = now;
        }
        let mut is_all = true;
        let mut of_channel: BTreeMap<(String, String), usize> = BTreeMap::new();
        for lane in &self.busy {
            *of_channel.entry(lane.of()).or_default() += 1;
        }
        for job in jobs {
            let lane = job.lane();
            if self.busy.contains(&lane) {
                continue;
            }
            let taken = of_channel.entry(lane.of()).or_default();
            if self.busy.len() >= PLACES || *taken >= OF_CHANNEL {
                is_all &= matches!(job, Job::Send(_));
                continue;
            }
            *taken += 1;
            self.start(job, lane);
        }
        // What found no place is refreshed with the next look.
        if is_refresh && is_all {
            self.refreshed = now;
        }
    }

    fn start(&mut self, job: Job, lane: Lane) {
        self.busy.insert(lane.clone());
        let desk = Arc::clone(&self.desk);
        self.running.push(tokio::task::spawn_blocking(move || {
            // A lane is given back in any case: else nothing of it would be sent again.
            let worked = catch_unwind(AssertUnwindSafe(|| desk.work(&job)));
            if worked.is_err() {
                warn!("a delivery panicked");
            }
            lane
        }));
    }
}

// === impl Desk ===

impl Desk {
    fn look(&self, now: UnixNanos, is_refresh: bool, is_prune: bool) -> Result<Vec<Job>, DbError> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        if is_prune {
            db.prune_alerts(now)?;
        }
        // Those that are under way are among them.
        let due = db.due(now, PLACES + OF_CHANNEL)?;
        let mut jobs: Vec<Job> = due
            .into_iter()
            .map(|due| Job::Send(Box::new(due)))
            .collect();
        if is_refresh {
            let standing = db.standing(PUSHED)?.into_iter();
            jobs.extend(standing.map(|standing| Job::Refresh(Box::new(standing))));
        }
        Ok(jobs)
    }

    fn work(&self, job: &Job) {
        match job {
            Job::Send(due) => self.deliver(due),
            Job::Refresh(standing) => self.refresh(standing),
        }
    }

    fn deliver(&self, due: &Due) {
        let now = (self.clock)();
        let target = Target::read(&due.kind, &due.settings, due.secrets.reveal(), now);
        let format = target.as_ref().ok().map(|target| target.format);
        let letter = Letter {
            id: &due.id,
            body: &due.body,
        };
        let (answer, attempt) = match &target {
            Ok(target) => self.sender.send(target, letter, now),
            Err(error) => not_sent(now, unreadable(error)),
        };
        let tried = Tried {
            entry: &due.id,
            attempts: due.attempts,
            since: due.tried,
        };
        let after = (self.clock)();
        let format = format.unwrap_or(coldtrace_alerts::Format::Webhook);
        let outcome = retry::outcome(format, tried, &answer, after);
        told(due, &outcome, attempt.error.as_deref(), attempt.status);
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = db.record(&due.tenant, &due.id, &attempt, &outcome) {
            warn!(%error, id = due.id, "how a delivery went can't be kept; it is sent again");
        }
    }

    /// Tells an Alertmanager of what fires, which it would take for ended otherwise.
    fn refresh(&self, standing: &Standing) {
        let now = (self.clock)();
        let Ok(group) = serde_json::from_str::<Group>(&standing.state) else {
            return;
        };
        if group.firing().next().is_none() {
            return;
        }
        let read = Target::read(PUSHED, &standing.settings, standing.secrets.reveal(), now);
        let Ok(target) = read else { return };
        let body = coldtrace_alerts::firing_until(group.firing(), now.plus(HOLDS));
        let letter = Letter {
            id: "refresh",
            body: &body,
        };
        let (answer, attempt) = self.sender.send(&target, letter, now);
        if !matches!(answer, Answer::Status(200..=299, _)) {
            let channel = standing.channel.as_str();
            let error = attempt.error;
            warn!(
                channel,
                ?answer,
                error,
                "an Alertmanager was not told of what fires still"
            );
        }
    }
}

// === impl Lane ===

impl Lane {
    fn of(&self) -> (String, String) {
        (self.tenant.to_string(), self.channel.clone())
    }
}

// === impl Job ===

impl Job {
    fn lane(&self) -> Lane {
        let (tenant, channel, key) = match self {
            Self::Send(due) => (&due.tenant, &due.channel, &due.key),
            Self::Refresh(standing) => (&standing.tenant, &standing.channel, &standing.key),
        };
        Lane {
            tenant: tenant.clone(),
            channel: channel.clone(),
            key: key.clone(),
        }
    }
}

/// Says what somebody must act on.
fn told(due: &Due, outcome: &Outcome, error: Option<&str>, status: Option<u16>) {
    let (id, channel) = (due.id.as_str(), due.channel.as_str());
    match outcome {
        Outcome::Delivered => debug!(id, channel, "alert delivered"),
        Outcome::Again(_) if due.attempts == 0 => {
            warn!(
                id,
                channel, status, error, "alert not delivered; it is tried again"
            );
        }
        Outcome::Again(_) => debug!(id, channel, status, error, "alert not delivered again"),
        Outcome::Failed => tracing::error!(id, channel, status, error, "alert given up"),
        Outcome::Disabled(reason) => tracing::error!(channel, reason, "channel disabled"),
    }
}

fn unreadable(error: &ChannelError) -> String {
    format!("the channel can't be used: {error}")
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{Receiver, Reply, become_deliverer, transition};
