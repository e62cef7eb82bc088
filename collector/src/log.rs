//! The write-ahead log: what is acknowledged is here, synced, until the store has it.
//!
//! A log is a folder of lanes; a lane is a stream of records in segments, with one task and a random name. Each process
//! makes lanes of its own, so that neither a wiped nor a copied disk can repeat a position; lanes of earlier processes
//! are emptied into the store and removed. Not here: what a request means.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use coldtrace_model::UnixNanos;
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_service::tasks::Tasks;
use tokio::sync::mpsc;
use tracing::{error, info, warn};

mod appender;
mod budget;
mod core;
mod cut;
mod disk;
mod group;
mod lane;
mod record;
mod recover;
mod request;
mod seen;
mod segment;
mod waiting;

#[cfg(test)]
mod tests;

pub(crate) use cut::Cut;
pub(crate) use lane::LaneHandle;
pub(crate) use record::BlockName;
pub(crate) use recover::Acknowledged;
pub(crate) use request::{Body, Request, ResendKey, Signal};
pub(crate) use seen::{KEEP_BATCH, KEEP_BYTES, LIMIT, Seen};

use crate::fair::LogLevel;
use crate::metrics::log_damaged;
use crate::resend::Pending;
use appender::Appender;
use budget::Budget;
use core::Core;
use disk::{Disk, Os};
use lane::{Lane, LaneMetrics};
use record::LaneId;
use recover::{Recovered, recover};
use segment::Pool;

/// A file that holds a second of a small load, and is scanned in a few milliseconds.
const SEGMENT_SIZE: u64 = 16 << 20;

/// When a request is told to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledge {
    /// Once it is synced to the log.
    Log,
    /// Once the store has it, or what of it the store will never take is set aside. Until then it is in the log as well.
    Store,
}

/// Where a log is, and what it may hold.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) folder: PathBuf,
    pub(crate) cap: u64,
    pub(crate) lanes: usize,
    pub(crate) segment_size: u64,
    pub(crate) acknowledge: Acknowledge,
}

/// The log, for those who append. Clones share it; its lanes end when the last is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    lanes: Arc<[LaneHandle]>,
    budget: Budget,
}

/// A log that was opened.
pub(crate) struct Opened {
    pub(crate) log: Log,
    /// Of every lane: where its cuts come from, and the way to tell that they are done.
    pub(crate) feeds: Vec<Feed>,
    /// What earlier processes acknowledged, as far as it is remembered.
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Where that is noted of what leaves the log.
    pub(crate) seen: Arc<Mutex<Seen>>,
    /// A number that no other process has.
    pub(crate) process: u64,
    /// Keeps others from the log for as long as it is open.
    pub(crate) lock: File,
}

/// The lanes of a log's folder.
struct Lanes<D: Disk> {
    /// Those of earlier processes.
    earlier: Vec<Recovered<D>>,
    /// Lanes of earlier processes that can't be read.
    unreadable: Vec<(PathBuf, io::Error)>,
    /// For what comes.
    fresh: Vec<Core<D>>,
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

// === impl Acknowledge ===

impl FromStr for Acknowledge {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "log" => Ok(Self::Log),
            "store" => Ok(Self::Store),
            _ => Err("must be log or store"),
        }
    }
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
            acknowledge: Acknowledge::Log,
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
        fs::create_dir_all(&options.folder)?;
        let lock = lock(&options.folder)?;
        let lanes = prepare(&Os, options)?;
        let start = Start {
            budget: Budget::new(options.cap),
            metrics: LaneMetrics::new(registry),
            acknowledge: options.acknowledge,
            tasks,
        };
        tell(&lanes, options, registry);
        let mut feeds = Vec::new();
        let (seen, mut acknowledged) =
            Seen::open(&Os, &options.folder.join("seen"), UnixNanos::now());
        for recovered in lanes.earlier {
            let oldest = recovered.acknowledged.iter().map(|was| was.admitted_at);
            let oldest = oldest.min();
            acknowledged.extend(recovered.acknowledged);
            start.budget.take(recovered.bytes);
            feeds.extend(start.retire(recovered.core, oldest));
        }
        let mut handles = Vec::new();
        for core in lanes.fresh {
            let feed = start.take_on(core, flush.clone());
            handles.push(feed.lane.clone());
            feeds.push(feed);
        }
        let log = Self {
            lanes: handles.into(),
            budget: start.budget,
        };
        Ok(Opened {
            log,
            feeds,
            acknowledged,
            seen: Arc::new(Mutex::new(seen)),
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
        // A request that comes again goes to the same lane: what failed there is void before it can be acknowledged.
        let first = request.key.share(self.lanes.len());
        let in_turn = (0..self.lanes.len()).map(|n| &self.lanes[(first + n) % self.lanes.len()]);
        // Another takes it where that one is gone for good.
        let alive = in_turn.into_iter().find(|lane| !lane.is_closed());
        match alive.and_then(LaneHandle::place) {
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
    acknowledge: Acknowledge,
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
        let lane = lane.acknowledging(self.acknowledge);
        self.tasks.spawn_finite("log lane", lane.run());
        feed
    }

    /// Empties a lane of an earlier process, or removes it if it is empty.
    fn retire(&self, core: Core, oldest: Option<UnixNanos>) -> Option<Feed> {
        if core.is_done() {
            lane::remove(core);
            return None;
        }
        let at_once = Shutdown::new();
        at_once.trigger();
        let (lane, feed) = self.lane(core, at_once);
        let run = lane.retiring(oldest).run();
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

/// Reads what earlier processes left in a log's folder, and begins lanes of our own. What is not readable costs what stands
/// there and nothing else.
fn prepare<D: Disk>(disk: &D, options: &Options) -> io::Result<Lanes<D>> {
    let folder = options.folder.join("lanes");
    disk.create_folder(&folder)?;
    let pool = Pool::open(
        disk.clone(),
        options.folder.join("free"),
        options.segment_size,
    )?;
    // Up to the data folder: any of them may be new.
    for folder in folder.ancestors().take(3) {
        disk.sync_folder(folder)?;
    }
    let mut lanes = Lanes {
        earlier: Vec::new(),
        unreadable: Vec::new(),
        fresh: Vec::new(),
    };
    for path in disk.list(&folder)? {
        let name = path.file_name().and_then(|name| name.to_str());
        let id = name.and_then(|name| u64::from_str_radix(name, 16).ok());
        let Some(lane) = id.map(LaneId) else {
            continue;
        };
        match recover(lane, path.clone(), &pool, &options.quarantine()) {
            Ok(recovered) => lanes.earlier.push(recovered),
            Err(error) => lanes.unreadable.push((path, error)),
        }
    }
    for _ in 0..options.lanes.max(1) {
        let lane = LaneId(random_id()?);
        let folder = folder.join(lane.to_string());
        let appender = Appender::new(lane, folder, pool.clone());
        lanes.fresh.push(Core::empty(appender));
    }
    Ok(lanes)
}

/// What was found of earlier processes.
fn tell(lanes: &Lanes<Os>, options: &Options, registry: &Registry) {
    let damaged = log_damaged(registry);
    let torn = registry.counter(
        "coldtrace_collector_log_torn_total",
        "Lanes whose last group is not whole: a power failure came before it was acknowledged, or it was damaged since.",
        &[],
    );
    let quarantine = options.quarantine();
    let quarantine = quarantine.display();
    for recovered in &lanes.earlier {
        let lane = recovered.core.lane();
        if recovered.damaged > 0 {
            damaged.add(recovered.damaged);
            error!(%lane, stretches = recovered.damaged, %quarantine, "the log is damaged; what can't be read was set aside");
        }
        if recovered.is_torn {
            torn.inc();
            warn!(%lane, %quarantine, "the end of the log is torn; what can't be read was set aside");
        }
        if recovered.bytes > 0 {
            let bytes = recovered.bytes;
            info!(%lane, bytes, "the log holds what is not in the store yet");
        }
    }
    for (path, error) in &lanes.unreadable {
        damaged.inc();
        error!(path = %path.display(), %error, "a lane of the log can't be read; it stays where it is");
    }
}

fn random_id() -> io::Result<u64> {
    let mut id = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut id)?;
    Ok(u64::from_le_bytes(id))
}
