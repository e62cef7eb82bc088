//! Requests that come again: in flight they join the first, acknowledged ones are acknowledged again.
//!
//! Not here: how a key is made. Invariant: a request whose fate is not known is never taken for an acknowledged one; what
//! is dropped unfinished is forgotten, so that the next attempt is a first one. What is too old is told by a clock that never
//! steps; the clock of the day is asked only for what earlier processes left.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use coldtrace_model::UnixNanos;
use tokio::sync::watch;

use crate::log::{Acknowledged, KEEP_BATCH, KEEP_BYTES, LIMIT, ResendKey};

/// In so many steps what is too old is forgotten: each is a table of its own, and is dropped whole.
const STEPS: usize = 8;

/// What a client is told of a request that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Items that were not.
    pub(crate) rejected: u64,
    /// Why not; empty if all were.
    pub(crate) message: Arc<str>,
}

/// The requests that are known. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resends {
    /// Held for a few lines at a time, never across an await.
    known: Arc<Mutex<Known>>,
}

/// Whether a request is new.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is: whoever makes it durable tells `Pending`.
    First(Pending, Ticket),
    /// It is under way, or was acknowledged.
    Again(Ticket),
}

/// The duty to tell what became of a request. Dropped, it tells that the request failed.
#[derive(Debug)]
pub(crate) struct Pending {
    known: Resends,
    key: ResendKey,
    claimed_at: Instant,
    accepted: Accepted,
    fate_tx: watch::Sender<Option<Accepted>>,
    is_stored: bool,
}

/// The right to be told.
#[derive(Debug)]
pub(crate) struct Ticket(watch::Receiver<Option<Accepted>>);

/// The request was not made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotStored;

#[derive(Debug)]
struct Known {
    in_flight: HashMap<ResendKey, watch::Receiver<Option<Accepted>>>,
    by_bytes: Stored,
    by_batch: Stored,
}

/// Requests of one kind that were acknowledged.
#[derive(Debug)]
struct Stored {
    keep: Duration,
    /// Newest last.
    steps: VecDeque<Step>,
}

/// Those of some minutes.
#[derive(Debug)]
struct Step {
    begun: Instant,
    /// How many items were rejected, by key.
    rejected: HashMap<[u8; 16], u32, BuildHasherDefault<Hashed>>,
}

/// Takes keys for what they are: hashes.
#[derive(Debug, Default)]
struct Hashed(u64);

// === impl Resends ===

impl Resends {
    /// Asks for a request that would be answered so, if it is new.
    pub(crate) fn claim(&self, key: ResendKey, now: Instant, accepted: Accepted) -> Claim {
        let mut known = self.lock();
        if let Some(fate) = known.in_flight.get(&key) {
            return Claim::Again(Ticket(fate.clone()));
        }
        if let Some(rejected) = known.stored(&key).find(&key, now) {
            let accepted = again(rejected);
            return Claim::Again(Ticket(watch::channel(Some(accepted)).1));
        }
        let (fate_tx, fate) = watch::channel(None);
        known.in_flight.insert(key, fate.clone());
        let pending = Pending {
            known: self.clone(),
            key,
            claimed_at: now,
            accepted,
            fate_tx,
            is_stored: false,
        };
        Claim::First(pending, Ticket(fate))
    }

    /// Notes what earlier processes acknowledged. What is dated ahead of now is as new as can be: a clock was set back.
    pub(crate) fn remember(&self, acknowledged: &[Acknowledged], now: UnixNanos) {
        let started = Instant::now();
        let at = |request: &Acknowledged| {
            let age = Duration::from_nanos(now.since(request.admitted_at).0);
            // Where the system's time does not go back as far, it is kept for longer than it must.
            started.checked_sub(age).unwrap_or(started)
        };
        let mut acknowledged: Vec<&Acknowledged> = acknowledged.iter().collect();
        acknowledged.sort_by_key(|request| at(request));
        let mut known = self.lock();
        for request in acknowledged {
            let stored = known.stored(&request.key);
            stored.add(request.key, at(request), request.rejected);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is told of a request that came before.
fn again(rejected: u32) -> Accepted {
    let message = match rejected {
        0 => "",
        _ => "some items were rejected when the request came first",
    };
    Accepted {
        rejected: u64::from(rejected),
        message: message.into(),
    }
}

// === impl Known ===

impl Default for Known {
    fn default() -> Self {
        Self {
            in_flight: HashMap::new(),
            by_bytes: Stored::new(KEEP_BYTES),
            by_batch: Stored::new(KEEP_BATCH),
        }
    }
}

impl Known {
    fn stored(&mut self, key: &ResendKey) -> &mut Stored {
        match key {
            ResendKey::Bytes(_) => &mut self.by_bytes,
            ResendKey::Batch(_) => &mut self.by_batch,
        }
    }
}

// === impl Stored ===

impl Stored {
    fn new(keep: Duration) -> Self {
        Self {
            keep,
            steps: VecDeque::new(),
        }
    }

    fn add(&mut self, key: ResendKey, at: Instant, rejected: u64) {
        let length = self.keep / STEPS as u32;
        let is_open = self.steps.back().is_some_and(|step| {
            at.saturating_duration_since(step.begun) < length && step.rejected.len() < LIMIT / STEPS
        });
        if !is_open {
            self.steps.push_back(Step {
                begun: at,
                rejected: HashMap::default(),
            });
            self.forget_old(at);
        }
        let step = self.steps.back_mut().expect("one is open");
        let rejected = u32::try_from(rejected).unwrap_or(u32::MAX);
        step.rejected.insert(*key.hash(), rejected);
    }

    fn find(&mut self, key: &ResendKey, now: Instant) -> Option<u32> {
        self.forget_old(now);
        let mut newest_first = self.steps.iter().rev();
        newest_first.find_map(|step| step.rejected.get(key.hash()).copied())
    }

    /// Of a step all is older than the beginning of the next.
    fn forget_old(&mut self, now: Instant) {
        let is_old = |step: &Step| now.saturating_duration_since(step.begun) > self.keep;
        while self.steps.len() > STEPS + 1 || self.steps.get(1).is_some_and(is_old) {
            self.steps.pop_front();
        }
    }
}

// === impl Hasher for Hashed ===

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_le_bytes(*first);
        }
    }

    /// The length that precedes an array.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

// === impl Pending ===

impl Pending {
    /// Tells everyone that the request is durable.
    pub(crate) fn stored(mut self) {
        self.is_stored = true;
        let accepted = self.accepted.clone();
        let mut known = self.known.lock();
        known.in_flight.remove(&self.key);
        let stored = known.stored(&self.key);
        stored.add(self.key, self.claimed_at, accepted.rejected);
        drop(known);
        self.fate_tx.send_replace(Some(accepted));
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_stored {
            self.known.lock().in_flight.remove(&self.key);
        }
    }
}

// === impl Ticket ===

impl Ticket {
    /// Waits until the fate of the request is known.
    pub(crate) async fn wait(mut self) -> Result<Accepted, NotStored> {
        let fate = self.0.wait_for(Option::is_some).await;
        let accepted = fate.ok().and_then(|fate| fate.clone());
        accepted.ok_or(NotStored)
    }
}

#[cfg(test)]
mod tests;
