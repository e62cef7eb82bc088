//! The loop: evaluates each minute of each tenant once, keeps what it came to, and has the deliverer woken.
//!
//! What a minute came to (states, transitions, groups, outbox, and that it was evaluated) is one transaction. So a kill leaves
//! a minute done or not done, and what is not done is done again, with the same result: it depends on minutes, not on when
//! somebody looked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coldtrace_alerts::{AlertId, AlertState, Defined, Inhibition, Labels, RuleId, parse_json};
use coldtrace_control::{self as control, Db, DbError, Evaluation, NewTransition};
use coldtrace_model::{Nanos, Tenant, UnixNanos};
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::Store;
use coldtrace_store::reader::ReadError;
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::config::AlertsConfig;
use super::files::{RuleFiles, tenant_of};
use super::muted::Muted;
use super::notices::Notices;
use super::read::MINUTE;
use super::watch::{Minute, Watch};

/// Between two looks for a minute that is due, and for groups that waited long enough.
const LOOK: Duration = Duration::from_secs(5);
/// What was missed before is not evaluated any more: nobody wants to be woken by the night before.
const CATCH_UP: Nanos = Nanos(60 * MINUTE.0);

/// Evaluates the rules of all tenants.
pub(crate) struct Alerting {
    store: Store,
    config: AlertsConfig,
    db: Arc<Mutex<Db>>,
    files: Arc<Mutex<RuleFiles>>,
    inhibitions: Vec<Inhibition>,
    watches: BTreeMap<Tenant, Watch>,
    woken: Arc<Notify>,
}

/// Why a look was broken off. The next one goes on from there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AlertingError {
    #[error("what rules look at can't be read")]
    Read(#[from] ReadError),
    #[error("what alerts came to can't be kept")]
    Keep(#[from] DbError),
    #[error("what alerts came to can't be written as text")]
    Text(#[from] serde_json::Error),
    #[error("a task of alerts was ended")]
    Ended(#[from] tokio::task::JoinError),
}

/// A minute's texts, ready to be kept.
#[derive(Default)]
struct Told {
    states: Vec<control::AlertState>,
    ended: Vec<String>,
    transitions: Vec<NewTransition>,
}

// === impl Alerting ===

impl Alerting {
    pub(crate) fn new(
        store: Store,
        config: AlertsConfig,
        db: Arc<Mutex<Db>>,
        files: Arc<Mutex<RuleFiles>>,
        woken: Arc<Notify>,
    ) -> Self {
        Self {
            store,
            config,
            db,
            files,
            inhibitions: Vec::new(),
            watches: BTreeMap::new(),
            woken,
        }
    }

    /// Evaluates until asked to end.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let ended = shutdown.wait();
        tokio::select! {
            () = self.evaluate_on() => {}
            () = ended => {}
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
                Err(error) if is_failing => tracing::debug!(%error, "alerts still wait"),
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    warn!(%error, cause, "alerts wait");
                    is_failing = true;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Evaluates every minute that is due by now, and tells who is to be told by now.
    pub(crate) async fn look(&mut self, now: UnixNanos) -> Result<(), AlertingError> {
        let mut rules = self.rules(now).await?;
        let tenants: BTreeSet<Tenant> = rules.keys().chain(self.watches.keys()).cloned().collect();
        for tenant in tenants {
            let of_tenant = rules.remove(&tenant).unwrap_or_default();
            self.look_at(&tenant, of_tenant, now).await?;
        }
        Ok(())
    }

    async fn look_at(
        &mut self,
        tenant: &Tenant,
        rules: Vec<Defined>,
        now: UnixNanos,
    ) -> Result<(), AlertingError> {
        let owner = tenant.clone();
        let until = self.on_db(move |db| db.evaluated(&owner)).await?;
        if !self.watches.contains_key(tenant) {
            let states = self.states(tenant).await?;
            let reader = self.store.reader(tenant.clone());
            let url = &self.config.public_url;
            let watch = Watch::new(tenant, reader, rules.clone(), states, url);
            self.watches.insert(tenant.clone(), watch);
        }
        let Some(watch) = self.watches.get_mut(tenant) else {
            return Ok(());
        };
        watch.follow(rules);
        let mut minutes = due(until, now, self.config.delay).peekable();
        if minutes.peek().is_none() {
            // Nothing happened, but a group may have waited long enough, or a silence be over.
            let keeping = self.keeping(tenant, None, now, watch.firing());
            return self.keep(keeping, Told::default(), Vec::new()).await;
        }
        for at in minutes {
            let Some(watch) = self.watches.get_mut(tenant) else {
                return Ok(());
            };
            let minute = watch.minute(at).await?;
            let (told, pushed) = (Told::of(&minute)?, pushed(&minute, watch.rules()));
            let keeping = self.keeping(tenant, Some(at), now, minute.firing());
            match self.keep(keeping, told, pushed).await {
                Err(AlertingError::Keep(DbError::Evaluated)) => {
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
            if let Some(watch) = self.watches.get_mut(tenant) {
                watch.keep(minute);
            }
        }
        Ok(())
    }

    fn keeping(
        &self,
        tenant: &Tenant,
        until: Option<UnixNanos>,
        now: UnixNanos,
        firing: BTreeMap<AlertId, Labels>,
    ) -> Keeping {
        Keeping {
            tenant: tenant.clone(),
            until,
            now,
            firing,
            inhibitions: self.inhibitions.clone(),
            public_url: self.config.public_url.clone(),
        }
    }

    async fn keep(
        &self,
        keeping: Keeping,
        told: Told,
        pushed: Vec<Pushed>,
    ) -> Result<(), AlertingError> {
        let db = Arc::clone(&self.db);
        let kept = tokio::task::spawn_blocking(move || keeping.keep(&db, told, &pushed));
        if kept.await?? {
            self.woken.notify_one();
        }
        Ok(())
    }

    /// The rules in force, of files and of the API, by tenant.
    async fn rules(&self, now: UnixNanos) -> Result<BTreeMap<Tenant, Vec<Defined>>, AlertingError> {
        let files = Arc::clone(&self.files);
        let of_files = tokio::task::spawn_blocking(move || {
            let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
            files.refresh(now);
            let rules = files.all().iter().flat_map(|file| file.rules.clone());
            rules.collect::<Vec<_>>()
        });
        let mut rules: BTreeMap<Tenant, Vec<Defined>> = BTreeMap::new();
        for rule in of_files.await? {
            let defined = Defined {
                id: rule.file_id(),
                rule,
            };
            rules.entry(tenant_of(&defined.rule)).or_default().push(defined);
        }
        let kept = self.on_db(|db| {
            let mut kept = Vec::new();
            for tenant in db.tenants_with_alerts()? {
                let of_tenant = db.rules(&tenant)?;
                kept.push((tenant, of_tenant));
            }
            Ok(kept)
        });
        for (tenant, of_tenant) in kept.await? {
            let all = rules.entry(tenant).or_default();
            for one in of_tenant {
                match rule_of(&one) {
                    Some(defined) => all.push(defined),
                    None => warn!(rule = one.id, "a rule that is kept can't be read, and is not evaluated"),
                }
            }
        }
        Ok(rules)
    }

    async fn states(&self, tenant: &Tenant) -> Result<Vec<AlertState>, AlertingError> {
        let owner = tenant.clone();
        let kept = self.on_db(move |db| db.alert_states(&owner)).await?;
        let states = kept.iter().filter_map(|one| {
            let state = serde_json::from_str(&one.state);
            state
                .inspect_err(|error| warn!(%error, alert = one.alert, "an alert's state can't be read"))
                .ok()
        });
        Ok(states.collect())
    }

    /// Asks the database, away from the runtime's own threads.
    async fn on_db<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Db) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, AlertingError> {
        let db = Arc::clone(&self.db);
        let asked = tokio::task::spawn_blocking(move || {
            let mut db = db.lock().unwrap_or_else(PoisonError::into_inner);
            ask(&mut db)
        });
        Ok(asked.await??)
    }
}

/// A transition, and the channels that its rule names.
type Pushed = (coldtrace_alerts::Transition, Option<Vec<String>>);

/// All that a minute is kept with.
struct Keeping {
    tenant: Tenant,
    until: Option<UnixNanos>,
    now: UnixNanos,
    firing: BTreeMap<AlertId, Labels>,
    inhibitions: Vec<Inhibition>,
    public_url: String,
}

// === impl Keeping ===

impl Keeping {
    /// Keeps a minute and what is to be sent because of it; true if there is something to send. Blocks.
    fn keep(&self, db: &Mutex<Db>, told: Told, pushed: &[Pushed]) -> Result<bool, DbError> {
        let mut db = db.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notices = Notices::load(&db, &self.tenant, &self.public_url)?;
        for (transition, channels) in pushed {
            notices.push(transition, channels.as_deref(), self.now);
        }
        let muted = Muted::load(&db, &self.tenant, self.now, &self.inhibitions, &self.firing)?;
        let (groups, outbox) = notices.step(self.now, |transition| muted.holds(transition));
        let is_more = !outbox.is_empty();
        if self.until.is_none() && groups.is_empty() && !is_more {
            return Ok(false);
        }
        db.commit(&Evaluation {
            tenant: self.tenant.clone(),
            until: self.until,
            now: self.now,
            states: told.states,
            ended: told.ended,
            transitions: told.transitions,
            groups,
            outbox,
        })?;
        Ok(is_more)
    }
}

// === impl Told ===

impl Told {
    fn of(minute: &Minute) -> Result<Self, serde_json::Error> {
        let states = minute.changed.iter().map(|state| {
            Ok(control::AlertState {
                alert: state.alert.to_string(),
                rule: state.rule.to_string(),
                state: serde_json::to_string(state)?,
            })
        });
        let transitions = minute.transitions.iter().map(|transition| {
            Ok(NewTransition {
                id: transition.id.to_string(),
                alert: transition.alert.to_string(),
                rule: transition.rule.to_string(),
                at: transition.at,
                body: serde_json::to_string(transition)?,
            })
        });
        Ok(Self {
            states: states.collect::<Result<_, serde_json::Error>>()?,
            ended: minute.forgotten.iter().map(ToString::to_string).collect(),
            transitions: transitions.collect::<Result<_, serde_json::Error>>()?,
        })
    }
}

fn pushed(minute: &Minute, rules: &[Defined]) -> Vec<Pushed> {
    let channels = |rule: &RuleId| {
        let rule = rules.iter().find(|defined| defined.id == *rule);
        rule.and_then(|defined| defined.rule.channels.clone())
    };
    let transitions = minute.transitions.iter();
    transitions.map(|one| (one.clone(), channels(&one.rule))).collect()
}

fn rule_of(kept: &control::KeptRule) -> Option<Defined> {
    let definition = serde_json::from_str(&kept.definition).ok()?;
    let mut rule = parse_json(&definition).ok()?;
    rule.enabled &= kept.enabled;
    Some(Defined {
        id: RuleId(kept.id.clone()),
        rule,
    })
}

/// The ends of the minutes that are to be evaluated by now, the earliest first: who evaluates for the first time begins with the
/// latest.
fn due(until: Option<UnixNanos>, now: UnixNanos, delay: Duration) -> impl Iterator<Item = UnixNanos> {
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
        assert_eq!(due(Some(1), at(101, 0)).len(), 61, "an hour, and the latest");
        assert_eq!(due(Some(200), at(101, 0)), [0; 0], "a clock that was set back");
    }
}
