//! Settle: keeps derived tables up to date, in the background.
//!
//! A step looks for windows that are closed and not settled, first among the last hours, then in one more day of all that
//! there are, and computes as many as a step may. Where all is settled, it derives by turns where the time of functions went in one
//! more window ([`paths`]), and looks at a function and notes what about it costs ([`told`]). Nothing is remembered that matters: what is settled stands in the store
//! beside the result (`coldtrace_store::settle`), so a restart, another holder of the lease or a gap of days need no care.
//! Not here: SQL. Invariant: between two steps at least so much time passes that settling takes no more than its share
//! of one core.

use std::hash::{BuildHasher as _, RandomState};

use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::reader::ReadError;
use coldtrace_store::settle::{Rollup, Settler, Window};
use coldtrace_store::{Store, StoreError};
use tokio::time::Instant;
use tracing::{info, warn};

mod config;
mod metrics;
mod paths;
mod policy;
mod told;

pub use config::SettleConfig;

use metrics::SettleMetrics;
use paths::Paths;
use policy::Sweep;
use told::Looks;

use crate::journey::Limits;

/// What is looked at in every step: nearly all that is late comes within it.
const RECENT: Nanos = Nanos::from_millis(2 * 3_600 * 1_000);
/// Windows that one look finds: what is behind them is found when they are done.
const FOUND: u32 = 50_000;
/// Statements of a step for each derived table and range: a step ends within minutes, and the lease is prolonged.
const STATEMENTS: usize = 4;

/// Keeps derived tables up to date while it has the lease.
pub(crate) struct Settle {
    settler: Settler,
    looks: Looks,
    paths: Paths,
    config: SettleConfig,
    metrics: SettleMetrics,
    /// Tells this process from others that claim the lease.
    holder: u64,
    sweep: Sweep,
    /// Of what is done where all is settled, whose turn it is: neither waits for the other to be done.
    turn: Turn,
}

/// What is done where all is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Paths,
    Looks,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody else settles.
    NotOurs,
    /// All that is due is done, as far as was looked.
    Done,
    /// There is more.
    More,
}

/// Why a step was broken off. The next one begins anew.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettleError {
    #[error("what is not settled can't be told")]
    Read(#[from] ReadError),
    #[error("nothing can be settled")]
    Write(#[from] StoreError),
}

// === impl Settle ===

impl Settle {
    pub(crate) fn new(store: &Store, config: SettleConfig, registry: &Registry) -> Self {
        Self {
            settler: store.settler(),
            looks: Looks::new(store, Limits::default()),
            paths: Paths::new(store, config.grace, registry),
            config,
            metrics: SettleMetrics::new(registry),
            holder: RandomState::new().hash_one("holder"),
            sweep: Sweep::default(),
            turn: Turn::Paths,
        }
    }

    /// Settles until asked to end. What is cut off then is done by the next who settles.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        if !self.config.enabled {
            return;
        }
        let ended = shutdown.wait();
        tokio::select! {
            () = self.settle_on() => {}
            () = ended => {}
        }
    }

    async fn settle_on(&mut self) {
        let mut is_failing = false;
        loop {
            let began = Instant::now();
            let mut step = self.step(UnixNanos::now()).await;
            if matches!(step, Ok(Step::Done)) {
                step = self.step_aside(UnixNanos::now()).await;
            }
            match &step {
                Ok(_) if is_failing => info!("settling again"),
                Err(error) if !is_failing => {
                    let cause = std::error::Error::source(error).map(ToString::to_string);
                    warn!(%error, cause, "settling waits");
                }
                _ => {}
            }
            is_failing = step.is_err();
            let rest = policy::rest(began.elapsed(), self.config.cpu_share);
            let pause = match step {
                Ok(Step::More) => rest,
                _ => rest.max(self.config.every),
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Where everything is settled: a step of whose turn it is; if there is nothing, one of the other.
    async fn step_aside(&mut self, now: UnixNanos) -> Result<Step, SettleError> {
        for _ in 0..2 {
            let turn = self.turn;
            self.turn = turn.next();
            let step = match turn {
                Turn::Paths => self.derive_paths(now).await?,
                Turn::Looks => self.look_at_a_function(now).await?,
            };
            if step == Step::More {
                return Ok(step);
            }
        }
        Ok(Step::Done)
    }

    /// Where everything is settled: derives where the time of functions went in one more window.
    pub(crate) async fn derive_paths(&mut self, now: UnixNanos) -> Result<Step, SettleError> {
        match self.paths.step(now).await? {
            true => Ok(Step::More),
            false => Ok(Step::Done),
        }
    }

    /// Where everything is settled: notes what about one more function costs.
    pub(crate) async fn look_at_a_function(&mut self, now: UnixNanos) -> Result<Step, SettleError> {
        match self.looks.step(now).await? {
            true => Ok(Step::More),
            false => Ok(Step::Done),
        }
    }

    /// One look at the last hours and at one more day, and the work that it finds.
    pub(crate) async fn step(&mut self, now: UnixNanos) -> Result<Step, SettleError> {
        let is_ours = self
            .settler
            .claim(self.holder, self.config.lease)
            .await
            .inspect_err(|_| self.metrics.failures.inc())?;
        self.metrics.holds_lease.set(i64::from(is_ours));
        if !is_ours {
            return Ok(Step::NotOurs);
        }
        let stepped = self.look(now).await;
        if stepped.is_err() {
            self.metrics.failures.inc();
        }
        stepped
    }

    async fn look(&mut self, now: UnixNanos) -> Result<Step, SettleError> {
        let recent = policy::recent(now, RECENT);
        let mut left = self.settle_range(recent, now).await?;
        if let Some(earliest) = self.settler.earliest().await? {
            let day = self.sweep.day(earliest, now);
            let days = self.settle_range(day, now).await?;
            if days.is_empty() {
                self.sweep.passed(day);
            }
            left.extend(days);
        }
        self.metrics.behind(&left, now);
        match left.is_empty() {
            true => Ok(Step::Done),
            false => Ok(Step::More),
        }
    }

    /// Settles what is due in a range of whole hours, as far as a step may. Returns when windows ended that are left.
    async fn settle_range(
        &self,
        range: TimeRange,
        now: UnixNanos,
    ) -> Result<Vec<UnixNanos>, SettleError> {
        let mut left = Vec::new();
        for rollup in Rollup::ALL {
            let found = self.settler.unsettled(rollup, range, now, FOUND).await?;
            let grace = self.config.grace;
            let due = found.into_iter();
            let due = due.filter(|window| policy::is_due(rollup, window, now, grace));
            for (number, batch) in policy::batches(due.collect(), rollup).iter().enumerate() {
                let is_done = number < STATEMENTS && self.settle(rollup, batch, now).await?;
                if !is_done {
                    left.extend(batch.iter().map(|window| policy::end(rollup, window)));
                }
            }
        }
        Ok(left)
    }

    /// Settles a batch; where the store finds it too much or worse, each of its windows alone. Whether all were settled.
    async fn settle(
        &self,
        rollup: Rollup,
        batch: &[Window],
        now: UnixNanos,
    ) -> Result<bool, SettleError> {
        match self.statement(rollup, batch, now).await {
            Ok(()) => return Ok(true),
            Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut is_done = true;
        for window in batch {
            match self
                .statement(rollup, std::slice::from_ref(window), now)
                .await
            {
                Ok(()) => {}
                Err(error @ StoreError::Refused { .. }) => {
                    is_done = false;
                    self.metrics.failures.inc();
                    let table = rollup.table();
                    warn!(%error, table, start = window.start.0, "a window can't be settled; read from base tables meanwhile");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(is_done)
    }

    async fn statement(
        &self,
        rollup: Rollup,
        windows: &[Window],
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let began = Instant::now();
        let settled = self.settler.settle(rollup, windows, now).await;
        self.metrics.took.observe_duration(began.elapsed());
        if settled.is_ok() {
            self.metrics.settled(rollup, windows);
        }
        settled
    }
}

// === impl Turn ===

impl Turn {
    fn next(self) -> Self {
        match self {
            Self::Paths => Self::Looks,
            Self::Looks => Self::Paths,
        }
    }
}
