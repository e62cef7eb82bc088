//! What evaluation, delivery and the API have in common: the database, the rule files, and what is configured.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use coldtrace_control::{Db, DbError};
use coldtrace_model::{Tenant, UnixNanos};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::address::Own;
use super::backtest::Backtests;
use super::config::AlertsConfig;
use super::deliver::Sender;
use super::files::{RuleFile, RuleFiles};

/// Channels that are tried at once: each takes a place at the API until its receiver answers.
const TRIALS: usize = 4;

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Alerts(Arc<Inner>);

struct Inner {
    config: AlertsConfig,
    own: Own,
    sender: Arc<Sender>,
    /// Held for a question, never while something is read from the store or sent.
    db: Mutex<Db>,
    /// Held for a look.
    files: Mutex<RuleFiles>,
    /// Told when something was put into the outbox.
    woken: Arc<Notify>,
    backtests: Backtests,
    trials: Arc<Semaphore>,
}

/// The alerts of one tenant.
#[derive(Clone)]
pub(crate) struct TenantAlerts {
    shared: Alerts,
    tenant: Tenant,
}

/// Why a question about alerts has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("a task of alerts was ended")]
    Ended(#[from] tokio::task::JoinError),
}

// === impl Alerts ===

impl Alerts {
    /// Of this data folder; `own` is where we are found ourselves. Blocks.
    pub(crate) fn open(config: AlertsConfig, data_dir: &Path, own: Own) -> Result<Self, DbError> {
        let mut files = RuleFiles::new(&config.rules.0);
        files.refresh(UnixNanos::now());
        let inner = Inner {
            sender: Arc::new(Sender::new(config.addresses.clone(), own.clone())),
            own,
            db: Mutex::new(Db::open(data_dir)?),
            files: Mutex::new(files),
            woken: Arc::default(),
            backtests: Backtests::default(),
            trials: Arc::new(Semaphore::new(TRIALS)),
            config,
        };
        Ok(Self(Arc::new(inner)))
    }

    pub(crate) fn config(&self) -> &AlertsConfig {
        &self.0.config
    }

    /// Where messages must not go, since it is here.
    pub(crate) fn own(&self) -> &Own {
        &self.0.own
    }

    /// By what messages are sent, and tried before they are relied on.
    pub(crate) fn sender(&self) -> Arc<Sender> {
        Arc::clone(&self.0.sender)
    }

    /// What the deliverer listens to.
    pub(crate) fn woken(&self) -> Arc<Notify> {
        Arc::clone(&self.0.woken)
    }

    /// What tells when rules would have fired.
    pub(crate) fn backtests(&self) -> &Backtests {
        &self.0.backtests
    }

    /// A turn to try a channel, if there is one.
    pub(crate) fn trial(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.trials).try_acquire_owned().ok()
    }

    /// The files as they were when they were last looked at.
    pub(crate) fn files(&self) -> Vec<RuleFile> {
        let files = self.0.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.all().to_vec()
    }

    /// Looks at the files again, and tells what they say. Blocks.
    pub(crate) fn look_at_files(&self, now: UnixNanos) -> Vec<RuleFile> {
        let mut files = self.0.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.refresh(now);
        files.all().to_vec()
    }

    /// Asks the database, away from the runtime's own threads.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Db) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, AskError> {
        let shared = self.clone();
        let asked = tokio::task::spawn_blocking(move || shared.ask_here(question));
        Ok(asked.await??)
    }

    /// Asks the database. Blocks.
    pub(crate) fn ask_here<T>(
        &self,
        question: impl FnOnce(&mut Db) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let mut db = self.0.db.lock().unwrap_or_else(PoisonError::into_inner);
        question(&mut db)
    }

    /// As far as one tenant sees it.
    pub(crate) fn of(&self, tenant: Tenant) -> TenantAlerts {
        TenantAlerts {
            shared: self.clone(),
            tenant,
        }
    }
}

// === impl TenantAlerts ===

impl TenantAlerts {
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// What is not of any tenant.
    pub(crate) fn shared(&self) -> &Alerts {
        &self.shared
    }

    /// Asks the database of this tenant.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Db, &Tenant) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, AskError> {
        let tenant = self.tenant.clone();
        self.shared.ask(move |db| question(db, &tenant)).await
    }
}

/// Those of a folder, configured by nothing but the file of rules that stands in it, if one does.
#[cfg(test)]
pub(crate) fn alerts_in(folder: &Path) -> Alerts {
    configured(folder, |_| {})
}

/// The same, sending where this policy allows it.
#[cfg(test)]
pub(crate) fn alerts_sending(folder: &Path, addresses: super::Policy) -> Alerts {
    configured(folder, |config| config.addresses = addresses)
}

/// The same with the rules of a file, and none besides.
#[cfg(test)]
pub(crate) fn alerts_of_file(folder: &Path, file: std::path::PathBuf) -> Alerts {
    configured(folder, |config| {
        config.rules.0 = vec![file];
        config.starter_rules = false;
    })
}

#[cfg(test)]
fn configured(folder: &Path, configure: impl FnOnce(&mut AlertsConfig)) -> Alerts {
    let mut settings = coldtrace_service::config::Settings::load(None, []);
    let mut config = AlertsConfig::read(&mut settings.section("alerts"));
    let rules = Some(folder.join("rules.toml")).filter(|file| file.exists());
    config.rules.0.extend(rules);
    configure(&mut config);
    let own = Own {
        listen: vec!["127.0.0.1:7070".parse().expect("an address")],
        public_url: String::new(),
    };
    Alerts::open(config, folder, own).expect("a database")
}
