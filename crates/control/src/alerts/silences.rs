//! Silences.

use coldtrace_model::{Tenant, UnixNanos};
use rusqlite::{Row, params};

use super::{changed, time};
use crate::db::{Db, DbError, stored};

/// Of one tenant, those that have ended included: each is held against each alert.
const MOST: usize = 2_000;

/// A silence as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSilence {
    /// Its name for machines.
    pub id: String,
    /// What it says, but for its times. JSON.
    pub definition: String,
    /// From when on.
    pub starts: UnixNanos,
    /// Until when.
    pub ends: UnixNanos,
    /// When it was made.
    pub created: UnixNanos,
}

// === impl Db ===

impl Db {
    /// A tenant's silences, the newest first; those that have ended as well until they are pruned.
    pub fn silences(&self, tenant: &Tenant) -> Result<Vec<KeptSilence>, DbError> {
        let mut statement = self.connection.prepare(
            "SELECT id, definition, starts, ends, created FROM silences WHERE tenant = ? ORDER BY created DESC, id",
        )?;
        let silences = statement.query_map([tenant.as_str()], silence_of)?;
        Ok(silences.collect::<Result<_, _>>()?)
    }

    /// Makes a silence.
    pub fn create_silence(
        &mut self,
        tenant: &Tenant,
        silence: &KeptSilence,
    ) -> Result<(), DbError> {
        self.check_room("silences", tenant, MOST)?;
        self.connection.execute(
            "INSERT INTO silences (tenant, id, definition, starts, ends, created) VALUES (?, ?, ?, ?, ?, ?)",
            params![
                tenant.as_str(),
                silence.id,
                silence.definition,
                stored(silence.starts),
                stored(silence.ends),
                stored(silence.created),
            ],
        )?;
        Ok(())
    }

    /// Ends a silence, if it has not ended.
    pub fn expire_silence(
        &mut self,
        tenant: &Tenant,
        id: &str,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        let rows = self.connection.execute(
            "UPDATE silences SET starts = min(starts, ?3), ends = min(ends, ?3) WHERE tenant = ?1 AND id = ?2",
            params![tenant.as_str(), id, stored(now)],
        )?;
        changed(rows, "silence", id)
    }
}

fn silence_of(row: &Row<'_>) -> rusqlite::Result<KeptSilence> {
    Ok(KeptSilence {
        id: row.get("id")?,
        definition: row.get("definition")?,
        starts: time(row, "starts")?,
        ends: time(row, "ends")?,
        created: time(row, "created")?,
    })
}
