//! A function's sandboxes: who is free, who waits.
//!
//! Scales out as Lambda does: an invocation takes the free sandbox that was used last, else a new one, and waits only where
//! the limit of sandboxes is reached.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::function::SandboxInfo;
use crate::job::Job;

/// The sandboxes of one function.
pub(crate) struct Pool {
    limit: usize,
    /// Jobs that a sandbox does at once.
    slots: usize,
    /// Locked for a line: by callers and sandboxes.
    state: Mutex<State>,
    /// Sandboxes that are not younger than this are to end. Also changed when one has ended.
    retired: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    last_serial: u64,
    sandboxes: BTreeMap<u64, Member>,
    /// Serials of those who wait for work, the last used one last; as often as they have room for a job.
    free: Vec<u64>,
    /// Each of them is waited for by a caller, who bounds their number.
    waiting: VecDeque<Job>,
}

struct Member {
    jobs: mpsc::Sender<Job>,
    info: SandboxInfo,
    /// It takes no more work.
    is_leaving: bool,
}

/// A sandbox's place in the pool. It leaves when this is dropped.
pub(crate) struct Place {
    serial: u64,
    pool: Arc<Pool>,
    jobs: mpsc::Receiver<Job>,
}

// === impl Pool ===

impl Pool {
    pub(crate) fn new(limit: usize, slots: usize) -> Self {
        Self {
            limit: limit.max(1),
            slots,
            state: Mutex::default(),
            retired: watch::Sender::new(0),
        }
    }

    /// Gives a job to a free sandbox or lets it wait for one. Returns it with a place where a new sandbox is to be made for it.
    pub(crate) fn take(self: &Arc<Self>, job: Job) -> Option<(Place, Job)> {
        let mut state = self.state();
        if let Some(serial) = state.free.pop() {
            let member = &state.sandboxes[&serial];
            // It is free: its channel is empty, and it leaves only after it has taken itself off the list.
            let handed = member.jobs.try_send(job);
            return match handed {
                Ok(()) => None,
                Err(_) => unreachable!("a free sandbox takes a job"),
            };
        }
        match self.enter(&mut state) {
            Some(place) => Some((place, job)),
            None => {
                state.waiting.push_back(job);
                None
            }
        }
    }

    /// A place for a sandbox that is made before anything is to be done. `None` at the limit.
    pub(crate) fn reserve(self: &Arc<Self>) -> Option<Place> {
        self.enter(&mut self.state())
    }

    fn enter(self: &Arc<Self>, state: &mut State) -> Option<Place> {
        let taking = state.sandboxes.values().filter(|member| !member.is_leaving);
        if taking.count() >= self.limit {
            return None;
        }
        state.last_serial += 1;
        let serial = state.last_serial;
        // As many as it does at once: more are not handed over.
        let (jobs_tx, jobs_rx) = mpsc::channel(self.slots);
        let member = Member {
            jobs: jobs_tx,
            info: SandboxInfo::new(serial),
            is_leaving: false,
        };
        state.sandboxes.insert(serial, member);
        Some(Place {
            serial,
            pool: Arc::clone(self),
            jobs: jobs_rx,
        })
    }

    /// Ends all sandboxes that there are, each when it has nothing to do, and waits for them.
    pub(crate) async fn retire(&self) {
        let last = self.state().last_serial;
        self.retired
            .send_modify(|retired| *retired = last.max(*retired));
        let mut changed = self.retired.subscribe();
        let all_gone = |_: &u64| self.state().sandboxes.range(..=last).next().is_none();
        // The sender is `self`'s.
        changed.wait_for(all_gone).await.ok();
    }

    pub(crate) fn sandboxes(&self) -> Vec<SandboxInfo> {
        let state = self.state();
        state
            .sandboxes
            .values()
            .map(|member| member.info.clone())
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Place ===

impl Place {
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// Changes what others see of this sandbox.
    pub(crate) fn update(&self, change: impl FnOnce(&mut SandboxInfo)) {
        if let Some(member) = self.pool.state().sandboxes.get_mut(&self.serial) {
            change(&mut member.info);
        }
    }

    /// The next job, or `None` where the sandbox has to end: nobody called it for so long, or it is retired.
    pub(crate) async fn next(&mut self, idle_timeout: Duration) -> Option<Job> {
        if let Some(job) = self.offer() {
            return Some(job);
        }
        self.wait(idle_timeout).await
    }

    /// The same, where the room for a job was offered before.
    pub(crate) async fn wait(&mut self, idle_timeout: Duration) -> Option<Job> {
        match timeout(idle_timeout, self.called()).await {
            Ok(Some(job)) => Some(job),
            Ok(None) | Err(_) => self.leave().await,
        }
    }

    /// Says that there is room for one more job, and takes one that waits already.
    pub(crate) fn offer(&self) -> Option<Job> {
        let mut state = self.pool.state();
        let waiting = state.waiting.pop_front();
        let is_leaving = state.sandboxes[&self.serial].is_leaving;
        if waiting.is_none() && !is_leaving {
            state.free.push(self.serial);
        }
        waiting
    }

    /// The next job that is handed over, or `None` where the sandbox is retired. Cancel-safe.
    pub(crate) async fn called(&mut self) -> Option<Job> {
        let mut retired = self.pool.retired.subscribe();
        tokio::select! {
            job = self.jobs.recv() => job,
            _ = retired.wait_for(|&retired| retired >= self.serial) => None,
        }
    }

    /// Takes no more work. Returns what was handed over just now.
    pub(crate) fn close(&mut self) -> Vec<Job> {
        let mut state = self.pool.state();
        state.free.retain(|&serial| serial != self.serial);
        if let Some(member) = state.sandboxes.get_mut(&self.serial) {
            member.is_leaving = true;
        }
        // Handed over under the lock: no more can come.
        std::iter::from_fn(|| self.jobs.try_recv().ok()).collect()
    }

    /// Takes no more work, unless some was handed over just now.
    async fn leave(&mut self) -> Option<Job> {
        let was_free = {
            let mut state = self.pool.state();
            let free = state.free.len();
            state.free.retain(|&serial| serial != self.serial);
            let was_free = state.free.len() < free;
            if was_free && let Some(member) = state.sandboxes.get_mut(&self.serial) {
                member.is_leaving = true;
            }
            was_free
        };
        match was_free {
            true => None,
            false => self.jobs.recv().await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        state.sandboxes.remove(&self.serial);
        state.free.retain(|&serial| serial != self.serial);
        drop(state);
        self.pool.retired.send_modify(|_| {});
    }
}
