//! Channels: where messages go. Their secrets are given to who sends and to nobody else.

use std::fmt;

use coldtrace_model::{Tenant, UnixNanos};
use rusqlite::{ErrorCode, Row, params};

use super::{changed, found, time};
use crate::db::{Db, DbError, stored};

/// Of one tenant.
const MOST: usize = 200;
const COLUMNS: &str = "id, name, kind, settings, disabled_reason, created, updated, (SELECT count(*) FROM outbox o
    WHERE o.tenant = channels.tenant AND o.channel = channels.id AND o.state = 'waiting') AS waiting";

/// A channel, but for its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name for machines.
    pub id: String,
    /// Its name for people and rules, one of a kind within a tenant.
    pub name: String,
    /// What its receiver understands.
    pub kind: String,
    /// JSON.
    pub settings: String,
    /// Why nothing is sent, if so.
    pub disabled_reason: Option<String>,
    /// When it was made.
    pub created: UnixNanos,
    /// When it was last changed.
    pub updated: UnixNanos,
    /// How much waits to be sent to it.
    pub waiting: usize,
}

/// A channel that is to be made, or what one is to become.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// Its name for people and rules.
    pub name: String,
    /// What its receiver understands.
    pub kind: String,
    /// JSON.
    pub settings: String,
    /// `None` leaves those that it has.
    pub secrets: Option<Secrets>,
    /// Why nothing is to be sent, if so.
    pub disabled_reason: Option<String>,
}

/// A channel's secrets. JSON. Not printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets(pub String);

// === impl Secrets ===

impl Secrets {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

// === impl Db ===

impl Db {
    /// A tenant's channels, by name.
    pub fn channels(&self, tenant: &Tenant) -> Result<Vec<Channel>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM channels WHERE tenant = ? ORDER BY name");
        let mut statement = self.connection.prepare(&sql)?;
        let channels = statement.query_map([tenant.as_str()], channel_of)?;
        Ok(channels.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn channel(&self, tenant: &Tenant, id: &str) -> Result<Option<Channel>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM channels WHERE tenant = ? AND id = ?");
        found(
            self.connection
                .query_row(&sql, params![tenant.as_str(), id], channel_of),
        )
    }

    /// Its secrets: for who sends, and who replaces one of them.
    pub fn channel_secrets(&self, tenant: &Tenant, id: &str) -> Result<Option<Secrets>, DbError> {
        found(self.connection.query_row(
            "SELECT secrets FROM channels WHERE tenant = ? AND id = ?",
            params![tenant.as_str(), id],
            |row| row.get(0).map(Secrets),
        ))
    }

    /// Makes a channel of this id.
    pub fn create_channel(
        &mut self,
        tenant: &Tenant,
        id: &str,
        new: &NewChannel,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        self.check_room("channels", tenant, MOST)?;
        let secrets = new.secrets.as_ref().map_or("{}", Secrets::reveal);
        let made = self.connection.execute(
            "INSERT INTO channels (tenant, id, name, kind, settings, secrets, created, updated, disabled_reason)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
            params![
                tenant.as_str(),
                id,
                new.name,
                new.kind,
                new.settings,
                secrets,
                stored(now),
                new.disabled_reason
            ],
        );
        made.map_err(|error| taken(error, &new.name))?;
        Ok(())
    }

    /// Replaces what a channel is.
    pub fn update_channel(
        &mut self,
        tenant: &Tenant,
        id: &str,
        new: &NewChannel,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        let updated = self.connection.execute(
            "UPDATE channels SET name = ?3, kind = ?4, settings = ?5, secrets = coalesce(?6, secrets),
                updated = ?7, disabled_reason = ?8 WHERE tenant = ?1 AND id = ?2",
            params![
                tenant.as_str(),
                id,
                new.name,
                new.kind,
                new.settings,
                new.secrets.as_ref().map(Secrets::reveal),
                stored(now),
                new.disabled_reason
            ],
        );
        let rows = updated.map_err(|error| taken(error, &new.name))?;
        changed(rows, "channel", id)
    }

    /// Replaces a channel's secrets, and nothing else of it.
    pub fn replace_secrets(
        &mut self,
        tenant: &Tenant,
        id: &str,
        secrets: &Secrets,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        let rows = self.connection.execute(
            "UPDATE channels SET secrets = ?3, updated = ?4 WHERE tenant = ?1 AND id = ?2",
            params![tenant.as_str(), id, secrets.reveal(), stored(now)],
        )?;
        changed(rows, "channel", id)
    }

    /// Removes a channel. What waited for it is cancelled; that and what it was sent stay in the log, by its last name.
    pub fn delete_channel(
        &mut self,
        tenant: &Tenant,
        id: &str,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        let transaction = self.connection.transaction()?;
        let of_channel = params![tenant.as_str(), id];
        transaction.execute(
            "UPDATE outbox SET channel_name = (SELECT name FROM channels WHERE tenant = ?1 AND id = ?2)
                WHERE tenant = ?1 AND channel = ?2",
            of_channel,
        )?;
        let rows = transaction.execute(
            "DELETE FROM channels WHERE tenant = ? AND id = ?",
            of_channel,
        )?;
        changed(rows, "channel", id)?;
        transaction.execute(
            "DELETE FROM notice_groups WHERE tenant = ? AND channel = ?",
            of_channel,
        )?;
        transaction.execute(
            "UPDATE outbox SET state = 'cancelled', ended = ?3 WHERE tenant = ?1 AND channel = ?2 AND state = 'waiting'",
            params![tenant.as_str(), id, stored(now)],
        )?;
        transaction.commit()?;
        Ok(())
    }
}

fn taken(error: rusqlite::Error, name: &str) -> DbError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => DbError::Taken(name.to_owned()),
        _ => error.into(),
    }
}

fn channel_of(row: &Row<'_>) -> rusqlite::Result<Channel> {
    Ok(Channel {
        id: row.get("id")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        settings: row.get("settings")?,
        disabled_reason: row.get("disabled_reason")?,
        created: time(row, "created")?,
        updated: time(row, "updated")?,
        waiting: row.get("waiting")?,
    })
}
