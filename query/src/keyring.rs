//! Keys and limits, as far as who runs a tenant changes them through this service.
//!
//! They stand in the control database of this data folder, which `coldtrace keys` writes as well. Invariants: who asks sees and
//! changes what is its own tenant's and nothing else; a change is in force in this process before it is answered; and none shuts out
//! who makes it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coldtrace_control::{
    Db, DbError, Denied, Holder, Key, Limits, NewKey, Ring, Rings, Scope, Secret,
};
use coldtrace_model::{Nanos, Tenant, UnixNanos};
use tracing::{info, warn};

/// How long the secret from before a rotation is taken.
const GRACE: Duration = Duration::from_secs(24 * 3_600);
/// Of one tenant, valid at one time. Every service holds all of them in memory.
const MOST_KEYS: usize = 1_000;

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Keyring(Arc<Inner>);

struct Inner {
    rings: Rings,
    /// Held for a question. `None` where another service has the database.
    db: Option<Mutex<Db>>,
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    /// From now.
    pub(crate) expires_in: Option<Nanos>,
}

/// Why nothing was told or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyringError {
    #[error("keys are kept by the query service of control.url; ask that one")]
    Elsewhere,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(
        "the first key must be of the scope admin: from then on nobody gets in without a key, and no other could make the next"
    )]
    FirstNoAdmin,
    #[error(
        "this is the key that you ask with; another admin key, or `coldtrace keys revoke`, can revoke it"
    )]
    Own,
    #[error("there is no key {0}")]
    NoSuchKey(String),
    #[error(transparent)]
    Db(DbError),
    #[error("a task of the keys was ended")]
    Ended(#[from] tokio::task::JoinError),
}

// === impl Keyring ===

impl Keyring {
    /// Of this data folder, with the rings that its keys are in force by.
    pub(crate) fn open(rings: Rings, data_dir: &Path) -> Result<Self, DbError> {
        let db = Some(Mutex::new(Db::open(data_dir)?));
        Ok(Self(Arc::new(Inner { rings, db })))
    }

    /// Where another service has them.
    pub(crate) fn elsewhere(rings: Rings) -> Self {
        Self(Arc::new(Inner { rings, db: None }))
    }

    /// All keys of who asks, the latest made first.
    pub(crate) async fn keys(&self, holder: &Holder) -> Result<Vec<Key>, KeyringError> {
        let (keyring, tenant) = (self.clone(), holder.tenant.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let db = keyring.0.db.as_ref().ok_or(KeyringError::Elsewhere)?;
            let db = db.lock().unwrap_or_else(PoisonError::into_inner);
            let mut keys = db.keys()?;
            keys.retain(|key| key.tenant == tenant);
            keys.reverse();
            Ok(keys)
        });
        asked.await?
    }

    pub(crate) async fn create(
        &self,
        holder: &Holder,
        wanted: Wanted,
    ) -> Result<(Key, Secret), KeyringError> {
        self.change(holder, move |db, holder| {
            let now = UnixNanos::now();
            if holder.grant.is_none() && wanted.scope != Scope::Admin {
                return Err(KeyringError::FirstNoAdmin);
            }
            let keys = db.keys()?.into_iter();
            let valid = keys.filter(|key| key.tenant == holder.tenant && key.is_valid(now));
            if valid.count() >= MOST_KEYS {
                return Err(KeyringError::Db(DbError::TooMany {
                    what: "valid keys",
                    most: MOST_KEYS,
                }));
            }
            let new = NewKey {
                name: wanted.name,
                tenant: holder.tenant.clone(),
                scope: wanted.scope,
                expires: wanted.expires_in.map(|length| now.plus(length)),
            };
            let secret = db.create(&new, now)?;
            let key = own(db, &holder.tenant, secret.id().as_str())?;
            tell("a key was made", &key, holder);
            Ok((key, secret))
        })
        .await
    }

    pub(crate) async fn rotate(
        &self,
        holder: &Holder,
        id: String,
    ) -> Result<(Key, Secret), KeyringError> {
        self.change(holder, move |db, holder| {
            own(db, &holder.tenant, &id)?;
            let secret = db.rotate(&id, GRACE, UnixNanos::now())?;
            let key = own(db, &holder.tenant, &id)?;
            tell("a key was rotated", &key, holder);
            Ok((key, secret))
        })
        .await
    }

    pub(crate) async fn revoke(&self, holder: &Holder, id: String) -> Result<Key, KeyringError> {
        self.change(holder, move |db, holder| {
            own(db, &holder.tenant, &id)?;
            let asks_with = holder.grant.as_ref().map(|grant| grant.key.as_str());
            if asks_with == Some(&*id) {
                return Err(KeyringError::Own);
            }
            let key = db.revoke(&id, UnixNanos::now())?;
            tell("a key was revoked", &key, holder);
            Ok(key)
        })
        .await
    }

    pub(crate) async fn set_limits(
        &self,
        holder: &Holder,
        limits: Limits,
    ) -> Result<Limits, KeyringError> {
        self.change(holder, move |db, holder| {
            db.set_limits(&holder.tenant, limits)?;
            let tenant = holder.tenant.as_str();
            info!(tenant, by = by(holder), "limits were set");
            Ok(limits)
        })
        .await
    }

    /// Changes something, away from the runtime's own threads, and puts what follows from it in force.
    async fn change<T: Send + 'static>(
        &self,
        holder: &Holder,
        change: impl FnOnce(&mut Db, &Holder) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let (keyring, holder) = (self.clone(), holder.clone());
        let changed = tokio::task::spawn_blocking(move || {
            let db = keyring.0.db.as_ref().ok_or(KeyringError::Elsewhere)?;
            let mut changed = None;
            keyring.0.rings.renew(|| {
                let mut db = db.lock().unwrap_or_else(PoisonError::into_inner);
                // Who was let in without a key may have been overtaken by who made the first.
                if holder.grant.is_none() && db.ring()?.demands_keys() {
                    return Err(KeyringError::Denied(Denied::Missing));
                }
                changed = Some(change(&mut db, &holder)?);
                Ok(in_force(&db))
            })?;
            Ok(changed.expect("what was not changed is an error"))
        });
        changed.await?
    }
}

/// What services go by from now on.
fn in_force(db: &Db) -> Option<Ring> {
    let ring = db.ring();
    ring.inspect_err(|error| {
        // It is made, and must be answered; whoever follows the database brings it in force a second later.
        warn!(%error, "a change of keys or limits is not in force yet");
    })
    .ok()
}

/// A key of this tenant's; others' are none.
fn own(db: &Db, tenant: &Tenant, id: &str) -> Result<Key, KeyringError> {
    let found = db.keys()?.into_iter();
    let mut found = found.filter(|key| key.tenant == *tenant);
    let key = found.find(|key| key.id.as_str() == id);
    key.ok_or_else(|| KeyringError::NoSuchKey(id.to_owned()))
}

fn tell(what: &str, key: &Key, holder: &Holder) {
    let (tenant, scope) = (key.tenant.as_str(), key.scope.as_str());
    info!(key = %key.id, tenant, scope, by = by(holder), "{what}");
}

/// The id of the key that is asked with, or nothing.
fn by(holder: &Holder) -> &str {
    let grant = holder.grant.as_ref();
    grant.map_or("", |grant| grant.key.as_str())
}

impl From<DbError> for KeyringError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoSuchKey(id) => Self::NoSuchKey(id),
            error => Self::Db(error),
        }
    }
}
