//! Channels: where messages go. Their secrets are given to who sends and to nobody else.

use std::fmt;

use coldtrace_model::{Tenant, UnixNanos};
use rusqlite::{ErrorCode, Row, params};

use super::{changed, found, time};
use crate::db::{Db, DbError, stored};

/// Of one tenant.
const MOST: usize = 200;
const COLUMNS: &str = "id, name, kind, settings, disabled_reason, created, updated";

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
            "INSERT INTO channels (tenant, id, name, kind, settings, secrets, created, updated)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            params![
                tenant.as_str(),
                id,
                new.name,
                new.kind,
                new.settings,
                secrets,
                stored(now)
            ],
        );
        made.map_err(|error| taken(error, &new.name))?;
        Ok(())
    }

    /// Replaces what a channel is. What disabled it is forgotten: whoever changes it wants it to be tried.
    pub fn update_channel(
        &mut self,
        tenant: &Tenant,
        id: &str,
        new: &NewChannel,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        let updated = self.connection.execute(
            "UPDATE channels SET name = ?3, kind = ?4, settings = ?5, secrets = coalesce(?6, secrets),
                disabled_reason = NULL, updated = ?7 WHERE tenant = ?1 AND id = ?2",
            params![
                tenant.as_str(),
                id,
                new.name,
                new.kind,
                new.settings,
                new.secrets.as_ref().map(Secrets::reveal),
                stored(now)
            ],
        );
        let rows = updated.map_err(|error| taken(error, &new.name))?;
        changed(rows, "channel", id)
    }

    /// Ends sending to a channel, or begins it again.
    pub fn disable_channel(
        &mut self,
        tenant: &Tenant,
        id: &str,
        reason: Option<&str>,
    ) -> Result<(), DbError> {
        let rows = self.connection.execute(
            "UPDATE channels SET disabled_reason = ?3 WHERE tenant = ?1 AND id = ?2",
            params![tenant.as_str(), id, reason],
        )?;
        changed(rows, "channel", id)
    }

    /// Removes a channel, and what waited for it. What it was sent stays in the log.
    pub fn delete_channel(&mut self, tenant: &Tenant, id: &str) -> Result<(), DbError> {
        let transaction = self.connection.transaction()?;
        let of_channel = params![tenant.as_str(), id];
        let rows = transaction.execute(
            "DELETE FROM channels WHERE tenant = ? AND id = ?",
            of_channel,
        )?;
        changed(rows, "channel", id)?;
        for sql in [
            "DELETE FROM notice_groups WHERE tenant = ? AND channel = ?",
            "DELETE FROM attempts WHERE entry IN
                (SELECT id FROM outbox WHERE tenant = ? AND channel = ? AND state = 'waiting')",
            "DELETE FROM outbox WHERE tenant = ? AND channel = ? AND state = 'waiting'",
        ] {
            transaction.execute(sql, of_channel)?;
        }
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
    })
}
