//! The write-ahead log: what is acknowledged is here, synced, until the store has it.
//!
//! A log is a folder of lanes; a lane is a stream of records in segments, with one task and a random name. Each process
//! makes lanes of its own, so that neither a wiped nor a copied disk can repeat a position; lanes of earlier processes
//! are emptied into the store and removed. Not here: what a request means.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_service::tasks::Tasks;
use tokio::sync::mpsc;
use tracing::{error, info};

mod appender;
mod budget;
mod core;
mod cut;
mod lane;
mod record;
mod recover;
mod request;
mod segment;

#[cfg(test)]
mod tests;

pub(crate) use cut::Cut;
pub(crate) use lane::LaneHandle;
pub(crate) use record::BlockName;
pub(crate) use recover::Acknowledged;
pub(crate) use request::{Request, ResendKey, Signal};

use crate::fair::LogLevel;
use crate::resend::Pending;
use appender::Appender;
use budget::Budget;
use core::Core;
use lane::{Lane, LaneMetrics};
use record::LaneId;
use recover::{Recovered, recover};
use segment::{Pool, sync_folder};

/// A file that holds a second of a small load, and is scanned in a few milliseconds.
const SEGMENT_SIZE: u64 = 16 << 20;

/// Where a log is, and what it may hold.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) folder: PathBuf,
    pub(crate) cap: u64,
    pub(crate) lanes: usize,
    pub(crate) segment_size: u64,
}

/// The log, for those who append. Clones share it; its lanes end when the last is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    lanes: Arc<[LaneHandle]>,
    next: Arc<AtomicUsize>,
    budget: Budget,
}

/// A log that was opened.
pub(crate) struct Opened {
    pub(crate) log: Log,
    /// Of every lane: where its cuts come from, and the way to tell that they are done.
    pub(crate) feeds: Vec<Feed>,
    /// What earlier processes acknowledged, as far as it is still there.
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// A number that no other process has.
    pub(crate) process: u64,
    /// Keeps others from the log for as long as it is open.
    pub(crate) lock: File,
}

/// The cuts of one lane.
pub(crate) struct Feed {
    pub(crate) cuts: mpsc::Receiver<Cut>,
    pub(crate) lane: LaneHandle,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The log is at its cap: the store is away or too slow.
    AtCap,
    /// More requests wait for a sync than may.
    Busy,
}

// === impl Options ===

impl Options {
    /// A lane for each core.
    pub(crate) fn new(folder: PathBuf, cap: u64) -> Self {
        let cores = std::thread::available_parallelism();
        Self {
            folder,
            cap,
            lanes: cores.map_or(1, |cores| cores.get().min(8)),
            segment_size: SEGMENT_SIZE,
        }
    }

    /// Where what can't be read or stored is set aside.
    pub(crate) fn quarantine(&self) -> PathBuf {
        self.folder.join("quarantine")
    }
}

// === impl Log ===

impl Log {
    /// Opens the log of a folder, which is made if it is not there, and starts its lanes. `flush` asks them to hand out all
    /// that they hold. Blocks while it reads what earlier processes left.
    pub(crate) fn open(
        options: &Options,
        tasks: &Tasks,
        flush: &Shutdown,
        registry: &Registry,
    ) -> io::Result<Opened> {
        let lanes_folder = options.folder.join("lanes");
        fs::create_dir_all(&lanes_folder)?;
        let lock = lock(&options.folder)?;
        let pool = Pool::open(options.folder.join("free"), options.segment_size)?;
        let start = Start {
            budget: Budget::new(options.cap),
            metrics: LaneMetrics::new(registry),
            tasks,
        };
        let mut feeds = Vec::new();
        let mut acknowledged = Vec::new();
        for recovered in recover_all(&lanes_folder, &pool, options, registry)? {
            acknowledged.extend(recovered.acknowledged);
            start.budget.take(recovered.bytes);
            feeds.extend(start.retire(recovered.core));
        }
        let mut lanes = Vec::new();
        for _ in 0..options.lanes.max(1) {
            let core = create(&lanes_folder, pool.clone())?;
            let feed = start.take_on(core, flush.clone());
            lanes.push(feed.lane.clone());
            feeds.push(feed);
        }
        // From the lanes up to the data folder: any of them may be new.
        for folder in lanes_folder.ancestors().take(3) {
            sync_folder(folder)?;
        }
        let log = Self {
            lanes: lanes.into(),
            next: Arc::default(),
            budget: start.budget,
        };
        Ok(Opened {
            log,
            feeds,
            acknowledged,
            process: random_id()?,
            lock,
        })
    }

    /// How full it is.
    pub(crate) fn level(&self) -> LogLevel {
        LogLevel {
            held: self.budget.held(),
            cap: self.budget.cap(),
        }
    }

    /// Queues a request for the next sync; `pending` is told when it is durable.
    pub(crate) fn append(&self, request: Request, pending: Pending) -> Result<(), Refused> {
        let bytes = request.framed();
        if !self.budget.try_take(bytes) {
            return Err(Refused::AtCap);
        }
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..self.lanes.len()).map(|n| &self.lanes[(first + n) % self.lanes.len()]);
        match in_turn.filter_map(LaneHandle::place).next() {
            Some(place) => {
                place.append(request, pending);
                Ok(())
            }
            None => {
                self.budget.give_back(bytes);
                Err(Refused::Busy)
            }
        }
    }
}

/// What every lane needs at its start.
struct Start<'a> {
    budget: Budget,
    metrics: LaneMetrics,
    tasks: &'a Tasks,
}

// === impl Start ===

impl Start<'_> {
    /// A lane ends by itself, once nobody can send to it.
    fn lane(&self, core: Core, flush: Shutdown) -> (Lane, Feed) {
        let metrics = self.metrics.clone();
        let (lane, handle, cuts) = Lane::new(core, self.budget.clone(), flush, metrics);
        (lane, Feed { cuts, lane: handle })
    }

    /// A lane that takes requests.
    fn take_on(&self, core: Core, flush: Shutdown) -> Feed {
        let (lane, feed) = self.lane(core, flush);
        self.tasks.spawn_finite("log lane", lane.run());
        feed
    }

    /// Empties a lane of an earlier process, or removes it if it is empty.
    fn retire(&self, core: Core) -> Option<Feed> {
        if core.is_done() {
            lane::remove(core);
            return None;
        }
        let at_once = Shutdown::new();
        at_once.trigger();
        let (lane, feed) = self.lane(core, at_once);
        let run = lane.retiring().run();
        self.tasks
            .spawn_finite("log lane of an earlier process", run);
        Some(feed)
    }
}

/// Two collectors would take each other's lanes for those of a process that is gone.
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::create(folder.join("lock"))?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => {
            io::Error::new(io::ErrorKind::WouldBlock, "another collector uses it")
        }
        TryLockError::Error(error) => error,
    })?;
    Ok(file)
}

fn recover_all(
    lanes_folder: &Path,
    pool: &Pool,
    options: &Options,
    registry: &Registry,
) -> io::Result<Vec<Recovered>> {
    let damaged = registry.counter(
        "coldtrace_collector_log_damaged_total",
        "Stretches of the log that could not be read and were set aside.",
        &[],
    );
    let mut all = Vec::new();
    for entry in fs::read_dir(lanes_folder)? {
        let folder = entry?.path();
        let name = folder.file_name().and_then(|name| name.to_str());
        let id = name.and_then(|name| u64::from_str_radix(name, 16).ok());
        let Some(lane) = id.map(LaneId) else {
            continue;
        };
        let quarantine = options.quarantine();
        let recovered = recover(lane, folder, pool.clone(), &quarantine)?;
        if recovered.damaged > 0 {
            damaged.add(recovered.damaged);
            error!(
                %lane,
                stretches = recovered.damaged,
                quarantine = %quarantine.display(),
                "the log is damaged; what can't be read was set aside"
            );
        }
        if recovered.bytes > 0 {
            info!(
                %lane,
                bytes = recovered.bytes,
                "the log holds what is not in the store yet"
            );
        }
        all.push(recovered);
    }
    Ok(all)
}

fn create(lanes_folder: &Path, pool: Pool) -> io::Result<Core> {
    let lane = LaneId(random_id()?);
    let folder = lanes_folder.join(lane.to_string());
    fs::create_dir(&folder)?;
    let appender = Appender::new(lane, folder, pool, Vec::new(), 0);
    Ok(Core::empty(appender))
}

fn random_id() -> io::Result<u64> {
    let mut id = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut id)?;
    Ok(u64::from_le_bytes(id))
}
