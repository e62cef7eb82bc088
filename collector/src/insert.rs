//! Brings cuts into the store, each block exactly once, whatever happens on the way.
//!
//! A token names the block: lane, range, table, partition, part, generation. The store drops a block whose token it knows. That
//! alone is not enough: the engine writes its note of a token before the block is in place, so that after a kill in
//! between a retry answers OK and stores nothing. Hence, after any insert without a clear answer: the same token again,
//! then a look for one row of the block; if it is absent, the next generation, which is noted in the log first.
//! Invariant: a cut is done when each of its blocks was confirmed or set aside in a file.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coldtrace_model::UnixNanos;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::native::{Block, Table};
use coldtrace_store::{InsertError, StoreError, Writer};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::batch::{Batch, Building};
use crate::log::{Acknowledged, BlockName, Cut, Feed, LaneHandle, Seen};
use crate::metrics::InsertMetrics;

/// Between attempts, doubling.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Short, so that an engine that was started again is used at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// An insert whose answer was lost may still be running: absent is what is absent twice, so far apart.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Where blocks go.
pub(crate) trait Destination: Clone + Send + Sync + 'static {
    /// As [`Writer::insert`].
    fn insert(
        &self,
        block: &Block,
        token: &str,
    ) -> impl Future<Output = Result<(), InsertError>> + Send;

    /// As [`Writer::contains`].
    fn contains(&self, block: &Block) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// As [`Writer::refill_indexes`].
    fn refill_indexes(&self, block: &Block)
    -> impl Future<Output = Result<(), InsertError>> + Send;
}

/// Inserts what lanes hand out.
#[derive(Clone)]
pub(crate) struct Inserter<D> {
    pub(crate) destination: D,
    /// Cuts that are built and inserted at one time, over all lanes: two keep the store busy, and each holds its blocks
    /// in memory.
    pub(crate) slots: Arc<Semaphore>,
    /// After this an absent store is not waited for.
    pub(crate) flush: Shutdown,
    pub(crate) quarantine: PathBuf,
    /// Where is noted what leaves the log, for those who send it again. Held while that is synced, away from the runtime.
    pub(crate) seen: Arc<Mutex<Seen>>,
    /// Makes tokens of this process that no earlier one can have used.
    pub(crate) process: u64,
    pub(crate) metrics: InsertMetrics,
}

/// The store is away, and the collector is ending; what is left stays in the log.
#[derive(Clone, Copy, Debug)]
struct GaveUp;

/// What became of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stored,
    Rejected,
}

/// The time until the next attempt.
#[derive(Debug)]
struct Pause {
    next: Duration,
    flush: Shutdown,
}

/// A cut that was read.
#[derive(Default)]
struct Built {
    batch: Batch,
    acknowledged: Vec<Acknowledged>,
}

/// A block on its way.
struct Passage<'a> {
    cut: &'a Cut,
    lane: &'a LaneHandle,
    block: &'a Block,
    pause: Pause,
}

// === impl Inserter ===

impl<D: Destination> Inserter<D> {
    /// Inserts the cuts of one lane, one after the other, until there are no more.
    pub(crate) async fn run(self, mut feed: Feed) {
        while let Some(cut) = feed.cuts.recv().await {
            let Ok(slot) = self.slots.acquire().await else {
                return;
            };
            let filed = self.file(&cut, &feed.lane).await;
            drop(slot);
            if filed.is_err() {
                info!("the store is away; the log keeps what it holds");
                return;
            }
        }
    }

    async fn file(&self, cut: &Cut, lane: &LaneHandle) -> Result<(), GaveUp> {
        let Built {
            batch,
            acknowledged,
        } = self.build(cut).await?;
        let mut is_rejected = batch.is_incomplete;
        for block in &batch.blocks {
            let passage = Passage {
                cut,
                lane,
                block,
                pause: self.pause(),
            };
            let fate = match block.table {
                Table::Spans | Table::Logs => self.file_once(passage).await?,
                _ => self.file_merging(passage).await?,
            };
            match fate {
                Fate::Stored => self.metrics.inserted(block.table, block.rows),
                Fate::Rejected => is_rejected = true,
            }
        }
        if is_rejected {
            self.set_aside(cut).await?;
        }
        self.note_seen(acknowledged).await;
        let mut pause = self.pause();
        while lane.done(cut.range.to).await.is_err() {
            pause.wait().await?;
        }
        Ok(())
    }

    /// Before the log lets go of it.
    async fn note_seen(&self, acknowledged: Vec<Acknowledged>) {
        let seen = Arc::clone(&self.seen);
        let noting = tokio::task::spawn_blocking(move || {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.note(&acknowledged, UnixNanos::now())
        });
        let noted = noting.await;
        if let Err(error) = noted.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            // A disk without room is emptied all the same.
            warn!(%error, "what leaves the log is not noted; sent again after a restart it is stored again");
        }
    }

    async fn build(&self, cut: &Cut) -> Result<Built, GaveUp> {
        let mut pause = self.pause();
        loop {
            let cut = cut.clone();
            let built = tokio::task::spawn_blocking(move || {
                let mut acknowledged = Vec::new();
                let mut building = Building::default();
                let damaged = cut.read(|request| {
                    acknowledged.push(Acknowledged::of(&request));
                    building.add(&request);
                })?;
                let mut batch = building.finish();
                // It could be read when the lane was opened, and is set aside with the cut.
                batch.is_incomplete |= damaged > 0;
                // What others refer to goes first, so that nobody reads a span whose resource is not there yet.
                batch
                    .blocks
                    .sort_by_key(|block| !matches!(block.table, Table::Resources | Table::Scopes));
                let built = Built {
                    batch,
                    acknowledged,
                };
                Ok::<_, io::Error>((built, damaged))
            });
            match built.await {
                Ok(Ok((built, damaged))) => {
                    if damaged > 0 {
                        self.metrics.damaged.add(damaged);
                        error!(
                            stretches = damaged,
                            "the log is damaged; what can't be read is set aside"
                        );
                    }
                    return Ok(built);
                }
                Ok(Err(error)) => {
                    error!(%error, "the log can't be read");
                    pause.wait().await?;
                }
                Err(panic) => {
                    self.metrics.rejected.inc();
                    error!(%panic, "a batch can't be built");
                    let batch = Batch {
                        is_incomplete: true,
                        ..Batch::default()
                    };
                    return Ok(Built {
                        batch,
                        ..Built::default()
                    });
                }
            }
        }
    }

    /// For tables whose rows must not double.
    async fn file_once(&self, mut passage: Passage<'_>) -> Result<Fate, GaveUp> {
        let name = passage.name();
        let mut generation = passage.cut.generations.get(&name).copied().unwrap_or(0);
        // Whether an earlier attempt with this token may have left a note of it and no block.
        let mut is_doubtful = passage.cut.is_suspect;
        loop {
            let token = passage.token(&generation.to_string());
            match self.insert(passage.block, &token).await {
                Ok(()) if !is_doubtful => return Ok(Fate::Stored),
                Ok(()) => {
                    if self.is_there(&mut passage).await? {
                        return self.refill(&mut passage).await;
                    }
                    generation += 1;
                    self.metrics.absent.inc();
                    warn!(
                        token,
                        generation, "a block is absent that was said to be stored; inserted again"
                    );
                    while passage.lane.generation(name, generation).await.is_err() {
                        passage.pause.wait().await?;
                    }
                    // Nobody has used the new token yet.
                    is_doubtful = false;
                }
                Err(InsertError::Ambiguous(_)) => {
                    is_doubtful = true;
                    passage.pause.wait_on().await;
                }
                Err(InsertError::Unavailable(_)) => passage.pause.wait().await?,
                Err(InsertError::Rejected(_)) => return Ok(Fate::Rejected),
            }
        }
    }

    /// For tables whose rows merge to the same, however often they come: in doubt they are inserted again.
    async fn file_merging(&self, mut passage: Passage<'_>) -> Result<Fate, GaveUp> {
        let mut attempt = 0_u32;
        loop {
            let generation = match (attempt, passage.cut.is_suspect) {
                (0, false) => "0".to_owned(),
                _ => format!("{:016x}.{attempt}", self.process),
            };
            let token = passage.token(&generation);
            match self.insert(passage.block, &token).await {
                Ok(()) => return Ok(Fate::Stored),
                Err(InsertError::Ambiguous(_)) => {
                    attempt += 1;
                    passage.pause.wait_on().await;
                }
                Err(InsertError::Unavailable(_)) => passage.pause.wait().await?,
                Err(InsertError::Rejected(_)) => return Ok(Fate::Rejected),
            }
        }
    }

    async fn insert(&self, block: &Block, token: &str) -> Result<(), InsertError> {
        let began = Instant::now();
        let inserted = self.destination.insert(block, token).await;
        self.metrics.took.observe_duration(began.elapsed());
        let table = block.table.name();
        match &inserted {
            Ok(()) => {}
            Err(InsertError::Ambiguous(cause)) => {
                self.metrics.ambiguous.inc();
                warn!(%cause, table, token, "an insert was not answered; sent again");
            }
            Err(InsertError::Unavailable(cause)) => {
                self.metrics.unavailable.inc();
                warn!(%cause, table, "the store does not take inserts; sent again");
            }
            Err(InsertError::Rejected(cause)) => {
                self.metrics.rejected.inc();
                error!(%cause, table, rows = block.rows, token, "the store rejects a block; set aside");
            }
        }
        inserted
    }

    async fn is_there(&self, passage: &mut Passage<'_>) -> Result<bool, GaveUp> {
        let is_there = self.look(passage).await?;
        if is_there {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        self.look(passage).await
    }

    async fn look(&self, passage: &mut Passage<'_>) -> Result<bool, GaveUp> {
        loop {
            match self.destination.contains(passage.block).await {
                Ok(is_there) => return Ok(is_there),
                Err(error) => {
                    warn!(%error, "cannot ask whether a block is stored; asked again");
                    passage.pause.wait().await?;
                }
            }
        }
    }

    /// The block is there; whether what views make of it is, is not known.
    async fn refill(&self, passage: &mut Passage<'_>) -> Result<Fate, GaveUp> {
        loop {
            match self.destination.refill_indexes(passage.block).await {
                Ok(()) => return Ok(Fate::Stored),
                Err(InsertError::Rejected(cause)) => {
                    let table = passage.block.table.name();
                    error!(%cause, table, "what views make of a block can't be made again; what is derived from it may be out of date");
                    return Ok(Fate::Stored);
                }
                Err(error) => {
                    warn!(%error, "what views make of a block is not made again yet; tried again");
                    passage.pause.wait().await?;
                }
            }
        }
    }

    /// Keeps the whole cut in a file, in the log's own format, for somebody to look into.
    async fn set_aside(&self, cut: &Cut) -> Result<(), GaveUp> {
        let name = format!("{}-{:016x}.rejected", cut.lane, cut.range.from);
        let shown = self.quarantine.join(&name).display().to_string();
        let mut pause = self.pause();
        loop {
            let (cut, folder, name) = (cut.clone(), self.quarantine.clone(), name.clone());
            match tokio::task::spawn_blocking(move || cut.save(&folder, &name)).await {
                Ok(Ok(())) => {
                    error!(path = shown, "what can't be stored is kept in a file");
                    return Ok(());
                }
                Ok(Err(error)) => {
                    error!(%error, path = shown, "cannot set aside what can't be stored")
                }
                Err(panic) => {
                    error!(%panic, path = shown, "cannot set aside what can't be stored")
                }
            }
            pause.wait().await?;
        }
    }

    fn pause(&self) -> Pause {
        Pause {
            next: FIRST_PAUSE,
            flush: self.flush.clone(),
        }
    }
}

// === impl Passage ===

impl Passage<'_> {
    fn name(&self) -> BlockName {
        BlockName {
            cut: self.cut.range.from,
            table: table_number(self.block.table),
            day: self.block.partition.day,
            keep_days: self.block.partition.keep_days,
            part: self.block.part,
        }
    }

    fn token(&self, generation: &str) -> String {
        let (cut, block) = (self.cut, self.block);
        format!(
            "{}/{:x}-{:x}/{}/{}.{}/{}/{generation}",
            cut.lane,
            cut.range.from,
            cut.range.to,
            block.table.name(),
            block.partition.day,
            block.partition.keep_days,
            block.part,
        )
    }
}

/// As the log writes it.
const fn table_number(table: Table) -> u8 {
    match table {
        Table::Spans => 1,
        Table::Resources => 2,
        Table::Scopes => 3,
        Table::Invocations => 4,
        Table::Phases => 5,
        Table::Sandboxes => 6,
        Table::Logs => 7,
        Table::TraceIndex => 8,
        Table::RequestTraces => 9,
        Table::TraceLinks => 10,
        Table::AttributeIndex => 11,
    }
}

// === impl Pause ===

impl Pause {
    /// Waits longer each time. Once the collector is ending, an attempt that failed was the last.
    async fn wait(&mut self) -> Result<(), GaveUp> {
        if self.flush.is_triggered() {
            return Err(GaveUp);
        }
        let flush = self.flush.wait();
        tokio::select! {
            () = self.wait_on() => {}
            // One last attempt, at once.
            () = flush => {}
        }
        Ok(())
    }

    /// Waits longer each time, and does not give up: the answer decides whether something is stored twice.
    async fn wait_on(&mut self) {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST_PAUSE);
        tokio::time::sleep(pause).await;
    }
}

// === impl Destination for Writer ===

impl Destination for Writer {
    async fn insert(&self, block: &Block, token: &str) -> Result<(), InsertError> {
        Self::insert(self, block, token).await
    }

    async fn contains(&self, block: &Block) -> Result<bool, StoreError> {
        Self::contains(self, block).await
    }

    async fn refill_indexes(&self, block: &Block) -> Result<(), InsertError> {
        Self::refill_indexes(self, block).await
    }
}

#[cfg(test)]
pub(crate) mod tests;
