//! The database: one SQLite file in the data folder of the query service.
//!
//! `coldtrace keys` writes it whether or not a service runs; SQLite's own lock keeps writers apart. It is small and written
//! some times a minute at most, when alerts are evaluated and sent, so it has a rollback journal, which leaves one file that
//! can be copied.

use std::path::{Path, PathBuf};
use std::time::Duration;

use coldtrace_model::{IdError, Tenant, UnixNanos};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, TransactionBehavior, params};

use crate::key::{Key, KeyId, Scope};
use crate::limits::{Limits, LimitsError};
use crate::ring::{Known, Ring};
use crate::secret::{Hash, Secret};

/// In the data folder.
const FILE: &str = "control.sqlite";
/// Applied once each, in this order; the database remembers how many.
const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/0001_keys.sql"),
    include_str!("../migrations/0002_alerts.sql"),
    include_str!("../migrations/0003_outbox.sql"),
];
/// For another process to finish what it writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The database, open.
#[derive(Debug)]
pub struct Db {
    pub(crate) connection: Connection,
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// For people.
    pub name: String,
    /// Whose data it sends or reads.
    pub tenant: Tenant,
    /// What it is good for.
    pub scope: Scope,
    /// When it ends by itself.
    pub expires: Option<UnixNanos>,
}

/// What could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The file can't be used.
    #[error("cannot use {}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
    /// It was written by a newer version of this program.
    #[error("{} was written by a newer version of coldtrace", .0.display())]
    Newer(PathBuf),
    /// Another process did not finish in time.
    #[error("another process holds the control database")]
    Busy,
    /// There is no key of that id.
    #[error("there is no key {0} (`coldtrace keys list` shows them)")]
    NoSuchKey(String),
    /// It has ended for good.
    #[error("the key {0} was revoked; make a new one")]
    Revoked(String),
    /// There is none of that id.
    #[error("there is no {what} {id}")]
    NoSuch {
        /// Of what.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// Another one is called that.
    #[error("there is a channel {0} already")]
    Taken(String),
    /// A tenant has as many as there may be.
    #[error("there are {most} {what} already, as many as there may be")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        most: usize,
    },
    /// Somebody has done it before.
    #[error("this minute was evaluated already")]
    Evaluated,
    /// A limit makes no sense.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// What stands there is not what this program wrote.
    #[error("the control database holds a tenant that is none")]
    Tenant(#[from] IdError),
    /// No random bytes for a new secret.
    #[error("cannot make a secret")]
    Random(#[source] std::io::Error),
    /// SQLite's own words.
    #[error("the control database failed")]
    Sqlite(#[source] rusqlite::Error),
}

const KEY_COLUMNS: &str =
    "id, name, tenant, scope, created, rotated, expires, revoked, previous_until";

// === impl Db ===

impl Db {
    /// Opens the database of a data folder; makes it where it is absent.
    pub fn open(data_dir: &Path) -> Result<Self, DbError> {
        let path = data_dir.join(FILE);
        let failed = |source| DbError::Open {
            path: path.clone(),
            source,
        };
        let mut connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        // What was said to be kept outlasts the machine, not this process alone: an alert is a promise.
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(failed)?;
        if !migrate(&mut connection).map_err(failed)? {
            return Err(DbError::Newer(path));
        }
        Ok(Self { connection })
    }

    /// Makes a key. Its secret is in the answer and nowhere else.
    pub fn create(&mut self, new: &NewKey, now: UnixNanos) -> Result<Secret, DbError> {
        let secret = Secret::new(new.scope).map_err(DbError::Random)?;
        self.connection.execute(
            "INSERT INTO keys (id, name, tenant, scope, hash, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                secret.id().as_str(),
                new.name,
                new.tenant.as_str(),
                new.scope.as_str(),
                secret.hash().0,
                stored(now),
                new.expires.map(stored),
            ],
        )?;
        Ok(secret)
    }

    /// Every key, the oldest first.
    pub fn keys(&self) -> Result<Vec<Key>, DbError> {
        let sql = format!("SELECT {KEY_COLUMNS} FROM keys ORDER BY created, id");
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(key_of(row)?);
        }
        Ok(keys)
    }

    /// Gives a key another secret. The one before is taken for as long as `grace` says, so that its holders can follow.
    pub fn rotate(&mut self, id: &str, grace: Duration, now: UnixNanos) -> Result<Secret, DbError> {
        let key = self.living(id)?;
        let secret = Secret::of(key.scope, key.id).map_err(DbError::Random)?;
        let grace = u64::try_from(grace.as_nanos()).unwrap_or(u64::MAX);
        let until = UnixNanos(now.0.saturating_add(grace));
        self.connection.execute(
            "UPDATE keys SET previous_hash = hash, previous_until = ?, hash = ?, rotated = ? WHERE id = ?",
            params![stored(until), secret.hash().0, stored(now), id],
        )?;
        Ok(secret)
    }

    /// Ends a key for good, and the secret from before its last rotation with it.
    pub fn revoke(&mut self, id: &str, now: UnixNanos) -> Result<Key, DbError> {
        self.living(id)?;
        self.connection.execute(
            "UPDATE keys SET revoked = ?, previous_hash = NULL, previous_until = NULL WHERE id = ?",
            params![stored(now), id],
        )?;
        self.key(id)
    }

    /// The tenants that have limits of their own, by name.
    pub fn limits(&self) -> Result<Vec<(Tenant, Limits)>, DbError> {
        let mut statement = self.connection.prepare(
            "SELECT tenant, keep_days, bytes_per_second, spans_per_second, log_share FROM limits ORDER BY tenant",
        )?;
        let mut rows = statement.query([])?;
        let mut limits = Vec::new();
        while let Some(row) = rows.next()? {
            let tenant = Tenant::parse(row.get_ref(0)?.as_str().unwrap_or_default())?;
            let of_tenant = Limits {
                keep_days: row.get(1)?,
                bytes_per_second: row.get(2)?,
                spans_per_second: row.get(3)?,
                log_share: row.get(4)?,
            };
            limits.push((tenant, of_tenant));
        }
        Ok(limits)
    }

    /// Replaces a tenant's limits.
    pub fn set_limits(&mut self, tenant: &Tenant, limits: Limits) -> Result<(), DbError> {
        let limits = limits.checked()?;
        self.connection.execute(
            "INSERT OR REPLACE INTO limits (tenant, keep_days, bytes_per_second, spans_per_second, log_share)
                VALUES (?, ?, ?, ?, ?)",
            params![
                tenant.as_str(),
                limits.keep_days,
                limits.bytes_per_second,
                limits.spans_per_second,
                limits.log_share,
            ],
        )?;
        Ok(())
    }

    /// What the services go by.
    pub fn ring(&self) -> Result<Ring, DbError> {
        let sql = format!("SELECT {KEY_COLUMNS}, hash, previous_hash FROM keys");
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let key = key_of(row)?;
            let previous: Option<[u8; 32]> = row.get("previous_hash")?;
            let known = Known {
                tenant: key.tenant,
                scope: key.scope,
                expires: key.expires,
                revoked: key.revoked.is_some(),
                hash: Hash(row.get("hash")?),
                previous: previous.map(Hash).zip(key.previous_until),
            };
            keys.push((key.id, known));
        }
        Ok(Ring::new(keys, self.limits()?))
    }

    /// A number that changes when another connection has written.
    pub(crate) fn version(&self) -> Result<i64, DbError> {
        let version = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0));
        Ok(version?)
    }

    fn key(&self, id: &str) -> Result<Key, DbError> {
        let sql = format!("SELECT {KEY_COLUMNS} FROM keys WHERE id = ?");
        let found = self
            .connection
            .query_row(&sql, [id], |row| Ok(key_of(row)))
            .optional()?;
        found.unwrap_or_else(|| Err(DbError::NoSuchKey(id.to_owned())))
    }

    fn living(&self, id: &str) -> Result<Key, DbError> {
        let key = self.key(id)?;
        match key.revoked {
            Some(_) => Err(DbError::Revoked(id.to_owned())),
            None => Ok(key),
        }
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

/// Applies what is missing, safe from several processes at once; `false` if the database knows more than this program.
fn migrate(connection: &mut Connection) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if applied > MIGRATIONS.len() {
        return Ok(false);
    }
    for migration in &MIGRATIONS[applied..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    Ok(true)
}

fn key_of(row: &Row<'_>) -> Result<Key, DbError> {
    let scope: String = row.get("scope")?;
    let odd = |_| rusqlite::Error::InvalidColumnName(format!("scope {scope}"));
    let tenant: String = row.get("tenant")?;
    let time = |column| -> rusqlite::Result<Option<UnixNanos>> {
        let nanos: Option<i64> = row.get(column)?;
        Ok(nanos.map(|nanos| UnixNanos(nanos.cast_unsigned())))
    };
    Ok(Key {
        id: KeyId(row.get("id")?),
        name: row.get("name")?,
        tenant: Tenant::parse(&tenant)?,
        scope: scope.parse().map_err(odd)?,
        created: time("created")?.unwrap_or_default(),
        rotated: time("rotated")?,
        expires: time("expires")?,
        revoked: time("revoked")?,
        previous_until: time("previous_until")?,
    })
}

/// SQLite's integers have a sign; what is later than the year 2262 is never.
pub(crate) fn stored(time: UnixNanos) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}
