//! What is forgotten, so that nothing grows for ever: by age, and by number where that comes first.

use coldtrace_model::{Nanos, UnixNanos};
use rusqlite::params;

use crate::db::{Db, DbError, stored};

const DAY: u64 = 24 * 3_600 * 1_000_000_000;
/// Of history, the delivery log, and silences that have ended.
const KEPT: Nanos = Nanos(90 * DAY);
/// Of bodies that were delivered: for so long they can be sent once more.
const REPLAYABLE: Nanos = Nanos(7 * DAY);
/// Of each tenant's history and outbox: some hundred megabytes.
const MOST: i64 = 100_000;

// === impl Db ===

impl Db {
    /// Forgets what is due. What waits to be sent stays, however old.
    pub fn prune_alerts(&mut self, now: UnixNanos) -> Result<(), DbError> {
        let transaction = self.connection.transaction()?;
        let oldest = stored(now.minus(KEPT));
        for sql in [
            "DELETE FROM transitions WHERE at < ?",
            "DELETE FROM outbox WHERE ended < ?",
            "DELETE FROM attempts WHERE at < ?",
            "DELETE FROM silences WHERE ends < ?",
        ] {
            transaction.execute(sql, [oldest])?;
        }
        for table in ["transitions", "outbox"] {
            let sql = format!(
                "DELETE FROM {table} WHERE number IN (
                    SELECT number FROM (
                        SELECT number, row_number() OVER (PARTITION BY tenant ORDER BY number DESC) AS place FROM {table}
                    ) WHERE place > ?){}",
                match table {
                    "outbox" => " AND ended IS NOT NULL",
                    _ => "",
                }
            );
            transaction.execute(&sql, [MOST])?;
        }
        transaction.execute(
            "UPDATE outbox SET body = NULL WHERE body IS NOT NULL AND state = 'delivered' AND ended < ?",
            params![stored(now.minus(REPLAYABLE))],
        )?;
        transaction.execute(
            "DELETE FROM attempts WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.id = attempts.entry)",
            [],
        )?;
        transaction.commit()?;
        Ok(())
    }
}
