//! Requests that come again: in flight they join the first, acknowledged ones are acknowledged again.
//!
//! Not here: how a key is made. Invariant: a request whose fate is not known is never taken for an acknowledged one; what
//! is dropped unfinished is forgotten, so that the next attempt is a first one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coldtrace_model::{Nanos, UnixNanos};
use tokio::sync::watch;

use crate::log::{Acknowledged, ResendKey};

/// How long the same bytes are taken for the same request.
const KEEP_BYTES: Duration = Duration::from_secs(15 * 60);
/// How long an extension may keep a batch in its sandbox and send it again.
const KEEP_BATCH: Duration = Duration::from_secs(24 * 60 * 60);
/// Of each kind; some 120 bytes each. Under a load that exceeds it the oldest are forgotten before their time.
const LIMIT: usize = 200_000;

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
    admitted_at: UnixNanos,
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

#[derive(Debug, Default)]
struct Known {
    fates: HashMap<ResendKey, Fate>,
    by_bytes: VecDeque<(UnixNanos, ResendKey)>,
    by_batch: VecDeque<(UnixNanos, ResendKey)>,
}

#[derive(Debug)]
enum Fate {
    InFlight(watch::Receiver<Option<Accepted>>),
    Stored(Accepted),
}

// === impl Resends ===

impl Resends {
    /// Asks for a request that would be answered so, if it is new.
    pub(crate) fn claim(&self, key: ResendKey, now: UnixNanos, accepted: Accepted) -> Claim {
        let mut known = self.lock();
        known.forget_old(now);
        match known.fates.entry(key) {
            Entry::Occupied(entry) => Claim::Again(match entry.get() {
                Fate::InFlight(fate) => Ticket(fate.clone()),
                Fate::Stored(accepted) => Ticket(watch::channel(Some(accepted.clone())).1),
            }),
            Entry::Vacant(entry) => {
                let (fate_tx, fate) = watch::channel(None);
                entry.insert(Fate::InFlight(fate.clone()));
                let pending = Pending {
                    known: self.clone(),
                    key,
                    admitted_at: now,
                    accepted,
                    fate_tx,
                    is_stored: false,
                };
                Claim::First(pending, Ticket(fate))
            }
        }
    }

    /// Notes what an earlier process acknowledged.
    pub(crate) fn remember(&self, acknowledged: &[Acknowledged], now: UnixNanos) {
        let mut acknowledged: Vec<&Acknowledged> = acknowledged.iter().collect();
        acknowledged.sort_by_key(|acknowledged| acknowledged.admitted_at);
        let mut known = self.lock();
        for Acknowledged {
            key,
            admitted_at,
            rejected,
        } in acknowledged
        {
            let message = match rejected {
                0 => "",
                _ => "some items were rejected when the request came first",
            };
            let accepted = Accepted {
                rejected: *rejected,
                message: message.into(),
            };
            known.store(*key, *admitted_at, accepted);
        }
        known.forget_old(now);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Known ===

impl Known {
    fn store(&mut self, key: ResendKey, admitted_at: UnixNanos, accepted: Accepted) {
        self.fates.insert(key, Fate::Stored(accepted));
        let order = match key {
            ResendKey::Bytes(_) => &mut self.by_bytes,
            ResendKey::Batch(_) => &mut self.by_batch,
        };
        order.push_back((admitted_at, key));
        if order.len() > LIMIT
            && let Some((_, oldest)) = order.pop_front()
        {
            self.fates.remove(&oldest);
        }
    }

    fn forget_old(&mut self, now: UnixNanos) {
        let orders = [
            (&mut self.by_bytes, KEEP_BYTES),
            (&mut self.by_batch, KEEP_BATCH),
        ];
        for (order, keep) in orders {
            let horizon = now.minus(Nanos::from(keep));
            while let Some((_, key)) = order.pop_front_if(|(at, _)| *at < horizon) {
                self.fates.remove(&key);
            }
        }
    }
}

// === impl Pending ===

impl Pending {
    /// Tells everyone that the request is durable.
    pub(crate) fn stored(mut self) {
        self.is_stored = true;
        let accepted = self.accepted.clone();
        self.known
            .lock()
            .store(self.key, self.admitted_at, accepted.clone());
        self.fate_tx.send_replace(Some(accepted));
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_stored {
            self.known.lock().fates.remove(&self.key);
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
