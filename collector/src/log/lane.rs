//! The task of one lane: takes what comes while the last sync runs, and makes it durable with the next.
//!
//! It hands out cuts one by one, oldest first, and ends when nobody can send to it any more. Invariant: a request is
//! told to be stored after its group is synced, and not before.

use std::collections::VecDeque;
use std::time::Duration;

use coldtrace_model::UnixNanos;
use coldtrace_service::metrics::{Counter, Gauge, Histogram, Registry};
use coldtrace_service::shutdown::Shutdown;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{debug, error, warn};

use super::Acknowledge;
use super::budget::Budget;
use super::core::{Change, Core};
use super::cut::Cut;
use super::record::BlockName;
use super::request::Request;
use super::waiting::{Oldest, Waiting};
use crate::resend::Pending;

/// Requests that wait for a lane's next sync. At 20 spans a request and a sync in a millisecond this is twenty times what
/// two cores can receive; the bytes are bounded by `collector.memory_cap`.
const WAITING: usize = 512;
/// A group ends with the request that exceeds this, so that the first to come does not wait for many that are large.
const GROUP_BYTES: usize = 8 << 20;
/// The oldest request of a cut waits this long for others.
const CUT_AGE: Duration = Duration::from_secs(1);
/// And this long where its client waits for the store.
const AWAITED_CUT_AGE: Duration = Duration::from_millis(100);

/// The way to a lane. The lane ends when the last is dropped.
#[derive(Clone, Debug)]
pub(crate) struct LaneHandle {
    commands_tx: mpsc::Sender<Command>,
}

/// Room for one request in a lane's queue.
#[derive(Debug)]
pub(super) struct Place<'a>(mpsc::Permit<'a, Command>);

/// The task's own side.
pub(crate) struct Lane {
    /// `None` while a group is written, and for ever after a panic there.
    core: Option<Core>,
    commands: mpsc::Receiver<Command>,
    /// One waits there, so that the inserter finds it; `None` when there will be no more.
    cuts_tx: Option<mpsc::Sender<Cut>>,
    /// Asks to cut what is open and to hand out the rest.
    flush: Shutdown,
    is_flushing: bool,
    acknowledge: Acknowledge,
    /// Synced, by where they stand; to be told when the store has them. As many as clients wait.
    awaiting: VecDeque<(u64, Pending)>,
    /// Remove the folder when everything is done: a lane of an earlier process.
    is_retiring: bool,
    open_since: Option<Instant>,
    /// To tell whether what is open now was open before.
    open_from: u64,
    budget: Budget,
    /// Since when.
    waiting: Waiting,
    metrics: LaneMetrics,
}

/// What the lanes of a log count, together.
#[derive(Clone, Debug)]
pub(crate) struct LaneMetrics {
    syncs: Histogram,
    failures: Counter,
    held: Gauge,
    oldest: Oldest,
}

/// One thing asked of a lane.
#[derive(Debug)]
struct Command {
    change: Change,
    told: Told,
}

/// Who learns that it is durable.
#[derive(Debug)]
enum Told {
    Client(Pending),
    /// Dropped where it failed.
    Inserter(oneshot::Sender<()>),
}

/// The lane could not make it durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneFailed;

enum Event {
    Command(Option<Command>),
    /// The oldest open request has waited long enough.
    CutDue,
    /// The next cut can be handed out.
    Room,
    Flush,
}

// === impl LaneHandle ===

impl LaneHandle {
    /// Whether it takes nothing any more.
    pub(super) fn is_closed(&self) -> bool {
        self.commands_tx.is_closed()
    }

    /// Room for one request, if there is.
    pub(super) fn place(&self) -> Option<Place<'_>> {
        self.commands_tx.try_reserve().ok().map(Place)
    }

    /// Notes that the store has everything before this position.
    pub(crate) async fn done(&self, position: u64) -> Result<(), LaneFailed> {
        self.change(Change::Done(position)).await
    }

    /// Notes a block's new generation.
    pub(crate) async fn generation(
        &self,
        block: BlockName,
        generation: u32,
    ) -> Result<(), LaneFailed> {
        self.change(Change::Generation(block, generation)).await
    }

    async fn change(&self, change: Change) -> Result<(), LaneFailed> {
        let (told_tx, told) = oneshot::channel();
        let command = Command {
            change,
            told: Told::Inserter(told_tx),
        };
        let sent = self.commands_tx.send(command).await;
        sent.map_err(|_| LaneFailed)?;
        told.await.map_err(|_| LaneFailed)
    }
}

// === impl Place ===

impl Place<'_> {
    /// Queues the request; `pending` is told when it is durable.
    pub(super) fn append(self, request: Request, pending: Pending) {
        self.0.send(Command {
            change: Change::Request(request),
            told: Told::Client(pending),
        });
    }
}

// === impl Lane ===

impl Lane {
    /// A lane over its state, the way to it, and its cuts.
    pub(super) fn new(
        core: Core,
        budget: Budget,
        flush: Shutdown,
        metrics: LaneMetrics,
    ) -> (Self, LaneHandle, mpsc::Receiver<Cut>) {
        let (commands_tx, commands) = mpsc::channel(WAITING);
        // One: the inserter takes one at a time, and should not wait for the next.
        let (cuts_tx, cuts) = mpsc::channel(1);
        let lane = Self {
            open_since: (core.open().bytes > 0).then(Instant::now),
            open_from: core.open().from,
            waiting: metrics.oldest.of_lane(core.lane()),
            core: Some(core),
            commands,
            cuts_tx: Some(cuts_tx),
            flush,
            is_flushing: false,
            acknowledge: Acknowledge::Log,
            awaiting: VecDeque::new(),
            is_retiring: false,
            budget,
            metrics,
        };
        (lane, LaneHandle { commands_tx }, cuts)
    }

    /// Its folder goes when everything is done, of which the oldest was admitted then.
    pub(super) fn retiring(mut self, oldest: Option<UnixNanos>) -> Self {
        self.is_retiring = true;
        if let Some(oldest) = oldest {
            // Where each request stands is not remembered: it counts until the lane is empty.
            self.waiting.add(u64::MAX, oldest);
        }
        self
    }

    /// Tells its clients then.
    pub(super) fn acknowledging(mut self, acknowledge: Acknowledge) -> Self {
        self.acknowledge = acknowledge;
        self
    }

    /// Runs until nobody can send to it.
    pub(super) async fn run(mut self) {
        while self.core.is_some() {
            self.hand_out();
            match self.next_event().await {
                Event::Command(Some(first)) => {
                    let group = self.gather(first);
                    self.commit(group, self.is_flushing).await;
                }
                Event::Command(None) => break,
                Event::CutDue => self.commit(Vec::new(), true).await,
                Event::Room => {}
                Event::Flush => {
                    self.is_flushing = true;
                    self.commit(Vec::new(), true).await;
                }
            }
        }
        self.end();
    }

    async fn next_event(&mut self) -> Event {
        let cut_waits = self.core.as_ref().is_some_and(Core::has_cut);
        // While cuts wait for the store, a request gains nothing from one more: only full ones are made.
        let due = self.open_since.filter(|_| !cut_waits);
        let age = match self.acknowledge {
            Acknowledge::Log => CUT_AGE,
            Acknowledge::Store => AWAITED_CUT_AGE,
        };
        let due = async {
            match due {
                Some(since) => tokio::time::sleep_until(since + age).await,
                None => std::future::pending().await,
            }
        };
        let room = async {
            match &self.cuts_tx {
                // For the wake-up alone: `hand_out` takes the place.
                Some(cuts_tx) if cut_waits => drop(cuts_tx.reserve().await),
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            command = self.commands.recv() => Event::Command(command),
            () = due => Event::CutDue,
            () = room => Event::Room,
            () = self.flush.wait(), if !self.is_flushing => Event::Flush,
        }
    }

    fn hand_out(&mut self) {
        let (Some(core), Some(cuts_tx)) = (&mut self.core, self.cuts_tx.clone()) else {
            return;
        };
        while core.has_cut() {
            match cuts_tx.try_reserve() {
                Ok(permit) => {
                    let cut = core.hand_out().expect("one waits");
                    permit.send(cut);
                }
                Err(TrySendError::Full(())) => return,
                // The inserter has given up; what is left stays in the log.
                Err(TrySendError::Closed(())) => {
                    self.cuts_tx = None;
                    return;
                }
            }
        }
        if self.is_flushing && core.open().bytes == 0 {
            self.cuts_tx = None;
        }
    }

    /// What came while the last group was synced.
    fn gather(&mut self, first: Command) -> Vec<Command> {
        let mut bytes = first.bytes();
        let mut group = vec![first];
        while bytes < GROUP_BYTES
            && let Ok(next) = self.commands.try_recv()
        {
            bytes += next.bytes();
            group.push(next);
        }
        group
    }

    async fn commit(&mut self, group: Vec<Command>, cut: bool) {
        let Some(core) = self.core.take() else {
            return;
        };
        if group.is_empty() && core.open().bytes == 0 {
            self.core = Some(core);
            return;
        }
        let began = Instant::now();
        let (changes, told): (Vec<Change>, Vec<Told>) = group
            .into_iter()
            .map(|command| (command.change, command.told))
            .unzip();
        let written = tokio::task::spawn_blocking(move || {
            let mut core = core;
            let committed = core.commit(&changes, cut);
            (core, changes, committed)
        });
        let Ok((core, changes, committed)) = written.await else {
            error!("a lane of the log panicked; it takes no more requests");
            return;
        };
        self.metrics.syncs.observe_duration(began.elapsed());
        let mut notes = Vec::new();
        match committed {
            Ok(freed) => {
                self.budget.give_back(freed);
                self.tell(told, core.last_request());
                self.tell_stored(&changes);
                self.note_waiting(&changes, &core);
                let is_open = core.open().bytes > 0;
                let is_fresh = self.open_since.is_none() || core.open().from != self.open_from;
                match (is_open, is_fresh) {
                    (false, _) => self.open_since = None,
                    (true, true) => self.open_since = Some(began),
                    (true, false) => {}
                }
            }
            Err(error) => {
                error!(%error, requests = told.len(), "the log could not be written; nothing of it was acknowledged");
                self.metrics.failures.inc();
                let lost = changes.iter().map(Change::held);
                self.budget.give_back(lost.sum());
                let size = told.len();
                notes = notes_of(changes, told);
                if notes.len() == size {
                    notes.clear();
                }
                // Not at once again.
                self.open_since = self.open_since.map(|_| Instant::now());
            }
        }
        self.open_from = core.open().from;
        self.metrics
            .held
            .set(i64::try_from(self.budget.held()).unwrap_or(i64::MAX));
        self.core = Some(core);
        if !notes.is_empty() {
            // Alone: a disk that has no room for requests has some for these, and they bring more.
            Box::pin(self.commit(notes, cut)).await;
        }
    }

    /// The group is synced; its last request stands at `last`.
    fn tell(&mut self, told: Vec<Told>, last: u64) {
        for told in told {
            match (told, self.acknowledge) {
                (Told::Client(pending), Acknowledge::Store) => {
                    self.awaiting.push_back((last, pending));
                }
                (Told::Client(pending), Acknowledge::Log) => pending.stored(),
                // Where nobody listens any more, nobody needs to know.
                (Told::Inserter(told_tx), _) => drop(told_tx.send(())),
            }
        }
    }

    fn note_waiting(&mut self, changes: &[Change], core: &Core) {
        if core.is_done() {
            return self.waiting.clear();
        }
        let oldest = changes.iter().filter_map(|change| match change {
            Change::Request(request) => Some(request.admitted_at),
            _ => None,
        });
        if let Some(oldest) = oldest.min() {
            self.waiting.add(core.last_request(), oldest);
        }
        if let Some(done) = done_of(changes) {
            self.waiting.done(done);
        }
    }

    /// What these changes say that the store has.
    fn tell_stored(&mut self, changes: &[Change]) {
        let Some(done) = done_of(changes) else {
            return;
        };
        while let Some((_, pending)) = self.awaiting.pop_front_if(|(at, _)| *at < done) {
            pending.stored();
        }
    }

    fn end(self) {
        let Some(core) = self.core else {
            return;
        };
        if !(self.is_retiring && core.is_done()) {
            return;
        }
        remove(core);
    }
}

/// Removes a lane that is done. What can't be removed is tried again at the next start.
pub(super) fn remove(core: Core) {
    let appender = core.into_appender();
    let lane = appender.lane();
    match appender.remove() {
        Ok(()) => debug!(
            %lane,
            "a lane of an earlier process is in the store"
        ),
        Err(error) => warn!(%error, %lane, "cannot remove a lane that is done"),
    }
}

/// Up to where these changes say that the store has everything.
fn done_of(changes: &[Change]) -> Option<u64> {
    let dones = changes.iter().filter_map(|change| match change {
        Change::Done(position) => Some(*position),
        _ => None,
    });
    dones.max()
}

/// What a group held beside requests.
fn notes_of(changes: Vec<Change>, told: Vec<Told>) -> Vec<Command> {
    let group = changes.into_iter().zip(told);
    group
        .map(|(change, told)| Command { change, told })
        .filter(|command| !matches!(command.change, Change::Request(_)))
        .collect()
}

// === impl LaneMetrics ===

impl LaneMetrics {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            syncs: registry.histogram(
                "coldtrace_collector_log_sync_seconds",
                "Write and sync of one group of requests.",
                &[],
            ),
            failures: registry.counter(
                "coldtrace_collector_log_failures_total",
                "Groups that could not be made durable; nothing of them was acknowledged.",
                &[],
            ),
            held: registry.gauge(
                "coldtrace_collector_log_held_bytes",
                "Acknowledged and not yet in the store.",
                &[],
            ),
            oldest: Oldest::new(registry),
        }
    }
}

// === impl Command ===

impl Command {
    fn bytes(&self) -> usize {
        match &self.change {
            Change::Request(request) => request.body.bytes().len(),
            Change::Done(_) | Change::Generation(..) => 0,
        }
    }
}
