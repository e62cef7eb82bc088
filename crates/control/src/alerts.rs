//! What is kept of alerts: rules, channels and silences; how each alert stands; what happened; and what is on its way to whom.
//!
//! Definitions, settings and states are texts here: what they mean is told in `coldtrace-alerts`. Everything belongs to a
//! tenant. Invariant: what an evaluation came to is kept as one ([`Db::commit`]), with all that is to be sent because of it, so
//! that no kill leaves a part of it.

use coldtrace_model::{Tenant, UnixNanos};
use rusqlite::{OptionalExtension as _, Row};

use crate::db::{Db, DbError};
use crate::secret::random_text;

mod channels;
mod evaluation;
mod outbox;
mod prune;
mod rules;
mod silences;

pub use channels::{Channel, NewChannel, Secrets};
pub use evaluation::{
    AlertState, Evaluation, KeptTransition, NewEntry, NewTransition, NoticeGroup, Transitions,
};
pub use outbox::{Attempt, Deliveries, Delivery, DeliveryState, Due, Outcome, Standing};
pub use rules::KeptRule;
pub use silences::KeptSilence;

/// Letters and digits of an id.
const ID_LENGTH: usize = 16;

/// An id for something that is made: no other has it.
pub fn new_id() -> Result<String, DbError> {
    random_text(ID_LENGTH).map_err(DbError::Random)
}

// === impl Db ===

impl Db {
    /// Whether there is room for one more of a tenant's.
    fn check_room(&self, table: &'static str, tenant: &Tenant, most: usize) -> Result<(), DbError> {
        let sql = format!("SELECT count(*) FROM {table} WHERE tenant = ?");
        let count: usize = self
            .connection
            .query_row(&sql, [tenant.as_str()], |row| row.get(0))?;
        match count < most {
            true => Ok(()),
            false => Err(DbError::TooMany { what: table, most }),
        }
    }
}

/// One row, or none.
fn found<T>(queried: rusqlite::Result<T>) -> Result<Option<T>, DbError> {
    Ok(queried.optional()?)
}

/// A time that is kept in this column.
fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<UnixNanos> {
    Ok(maybe_time(row, column)?.unwrap_or_default())
}

fn maybe_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<UnixNanos>> {
    let nanos: Option<i64> = row.get(column)?;
    Ok(nanos.map(|nanos| UnixNanos(nanos.cast_unsigned())))
}

/// Whether a row was there to be changed.
fn changed(rows: usize, what: &'static str, id: &str) -> Result<(), DbError> {
    match rows {
        0 => Err(DbError::NoSuch {
            what,
            id: id.to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
