//! The loop: evaluates each minute of each tenant once, keeps what it came to, and has the deliverer woken.
//!
//! What a minute came to (states, transitions, groups, outbox, and that it was evaluated) is one transaction. So a kill leaves
//! a minute done or not done, and what is not done is done again, with the same result: it depends on minutes, not on when
//! somebody looked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use coldtrace_alerts::AlertState;
use coldtrace_control::{DbError, Rings};
use coldtrace_model::{Nanos, Tenant, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::Store;
use coldtrace_store::reader::ReadError;
use tracing::{debug, error, info, warn};

use super::in_force::{InForce, ReadRules, in_force};
use super::keep::{Keeping, Told, states_of};
use super::metrics::EvaluatorMetrics;
use super::read::MINUTE;
use super::shared::{Alerts, AskError};
use super::watch::Watch;

/// Between two looks for a minute that is due, and for groups that waited long enough.
const LOOK: Duration = Duration::from_secs(5);
/// What was missed before is not evaluated any more: nobody wants to be woken by the night before.
const CATCH_UP: Nanos = Nanos(60 * MINUTE.0);

/// Evaluates the rules of all tenants.
pub(crate) struct Evaluator {
    store: Store,
    alerts: Alerts,
    rings: Rings,
    read: ReadRules,
    watches: BTreeMap<Tenant, Watch>,
    metrics: EvaluatorMetrics,
}

/// Why a look was broken off. The next one goes on from there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluatorError {
    #[error("what rules look at can't be read")]
    Read(#[from] ReadError),
    #[error("what alerts came to can't be kept")]
    Keep(#[from] AskError),
    #[error("what alerts came to can't be written as text")]
    Text(#[from] serde_json::Error),
}

// === impl Evaluator ===

impl Evaluator {
    /// `rings` says which tenants there are.
    pub(crate) fn new(store: Store, alerts: Alerts, rings: Rings, registry: &Registry) -> Self {
        Self {
            store,
            alerts,
            rings,
            read: ReadRules::default(),
            watches: BTreeMap::new(),
            metrics: EvaluatorMetrics::new(registry),
        }
    }

    /// Evaluates until asked to end. What is cut off then is evaluated again after the next start.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        tokio::select! {
            () = self.evaluate_on() => {}
            () = shutdown.wait() => {}
        }
    }

    async fn evaluate_on(&mut self) {
        let mut is_failing = false;
        loop {
            match self.look(UnixNanos::now()).await {
                Ok(()) if is_failing => {
                    info!("alerts are evaluated again");
                    is_failing = false;
                }
                Ok(()) => {}
                Err(error) => {
                    self.metrics.failures.inc();
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    match is_failing {
                        true => debug!(%error, cause, "alerts still wait"),
                        false => warn!(%error, cause, "alerts wait"),
                    }
                    is_failing = true;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Evaluates every minute that is due by now, and tells who is to be told by now. One tenant's failure holds up no other;
    /// the first is the answer.
    pub(crate) async fn look(&mut self, now: UnixNanos) -> Result<(), EvaluatorError> {
        let mut rules = in_force(&self.alerts, &mut self.read, &self.rings.current(), now).await?;
        let tenants: BTreeSet<Tenant> = rules.keys().chain(self.watches.keys()).cloned().collect();
        let mut failed = None;
        let mut behind = Nanos::default();
        for tenant in tenants {
            let of_tenant = rules.remove(&tenant).unwrap_or_default();
            let owner = tenant.clone();
            let mut until = self.alerts.ask(move |db| db.evaluated(&owner)).await?;
            if let Err(error) = self.look_at(&tenant, of_tenant, &mut until, now).await {
                failed.get_or_insert(error);
            }
            if let Some(until) = until {
                behind = behind.max(now.since(until));
            }
        }
        let waits = Nanos(Nanos::from(self.alerts.config().delay).0 + MINUTE.0);
        self.metrics.tell(&self.watches, behind, waits);
        failed.map_or(Ok(()), Err)
    }

    /// Moves `until`, which minute was evaluated last, on with each that is.
    async fn look_at(
        &mut self,
        tenant: &Tenant,
        rules: InForce,
        until: &mut Option<UnixNanos>,
        now: UnixNanos,
    ) -> Result<(), EvaluatorError> {
        let InForce { rules, inhibitions } = rules;
        if !self.watches.contains_key(tenant) {
            let states = self.states(tenant).await?;
            let reader = self.store.reader(tenant.clone());
            let url = &self.alerts.config().public_url;
            let watch = Watch::new(tenant, reader, rules.clone(), states, url);
            self.watches.insert(tenant.clone(), watch);
        }
        let Some(watch) = self.watches.get_mut(tenant) else {
            return Ok(());
        };
        watch.follow(rules);
        let keeping = |watch: &Watch, until, told| Keeping {
            tenant: tenant.clone(),
            until,
            now,
            firing: watch.firing(),
            inhibitions: inhibitions.clone(),
            public_url: self.alerts.config().public_url.clone(),
            told,
        };
        let minutes: Vec<UnixNanos> = due(*until, now, self.alerts.config().delay).collect();
        if minutes.is_empty() {
            return keep(&self.alerts, keeping(watch, None, Told::default())).await;
        }
        for at in minutes {
            let began = Instant::now();
            let minute = watch.minute(at).await?;
            let told = Told::of(&minute, watch.rules())?;
            let keeping = Keeping {
                firing: minute.firing(),
                ..keeping(watch, Some(at), told)
            };
            match keep(&self.alerts, keeping).await {
                Err(EvaluatorError::Keep(AskError::Db(DbError::Evaluated))) => {
                    error!(
                        tenant = tenant.as_str(),
                        "somebody else evaluates with this data folder"
                    );
                    // What they came to is read again.
                    self.watches.remove(tenant);
                    return Ok(());
                }
                kept => kept?,
            }
            self.metrics.minute(&minute, began.elapsed());
            watch.keep(minute);
            *until = Some(at);
        }
        Ok(())
    }

    async fn states(&self, tenant: &Tenant) -> Result<Vec<AlertState>, EvaluatorError> {
        let owner = tenant.clone();
        Ok(self.alerts.ask(move |db| states_of(db, &owner)).await?)
    }
}

async fn keep(alerts: &Alerts, keeping: Keeping) -> Result<(), EvaluatorError> {
    if alerts.ask(move |db| keeping.keep(db)).await? {
        alerts.woken().notify_one();
    }
    Ok(())
}

/// The ends of the minutes that are to be evaluated by now, the earliest first: who evaluates for the first time begins with the
/// latest.
fn due(
    until: Option<UnixNanos>,
    now: UnixNanos,
    delay: Duration,
) -> impl Iterator<Item = UnixNanos> {
    let last = now.minus(Nanos::from(delay)).0 / MINUTE.0;
    let oldest = last.saturating_sub(CATCH_UP.0 / MINUTE.0);
    let first = until.map_or(last, |until| (until.0 / MINUTE.0 + 1).max(oldest));
    (first..=last).map(|minute| UnixNanos(minute * MINUTE.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_due_once_their_delay_is_over_and_an_hour_back_at_most() {
        let at = |minute: u64, second: u64| UnixNanos(minute * MINUTE.0 + second * 1_000_000_000);
        let due = |until: Option<u64>, now| {
            let until = until.map(|minute| at(minute, 0));
            let due = due(until, now, Duration::from_secs(60));
            due.map(|time| time.0 / MINUTE.0).collect::<Vec<_>>()
        };
        assert_eq!(due(None, at(100, 59)), [99]);
        assert_eq!(due(Some(99), at(100, 59)), [0; 0]);
        assert_eq!(due(Some(99), at(101, 0)), [100]);
        assert_eq!(due(Some(97), at(101, 0)), [98, 99, 100]);
        assert_eq!(
            due(Some(1), at(101, 0)).len(),
            61,
            "an hour, and the latest"
        );
        assert_eq!(
            due(Some(200), at(101, 0)),
            [0; 0],
            "a clock that was set back"
        );
    }
}
