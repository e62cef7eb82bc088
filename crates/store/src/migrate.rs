//! The schema, brought up to date in numbered steps.
//!
//! ClickHouse has no transactions and no locks, so a step is made of statements that change nothing when they are run
//! again, and is noted once all of them were. Whoever dies half-way, or does the same at the same time, does no harm. The
//! note holds the file's checksum: a file that has been released is never edited. Not here: the files (`schema`).

use std::collections::BTreeMap;

use clickhouse::Client;
use serde::Deserialize;
use tracing::info;

use crate::schema::{MIGRATIONS, Migration};
use crate::{Store, StoreError};

/// Which steps were taken. Two processes may note the same step.
const NOTES: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number UInt32, file String, sha256 String, applied DateTime('UTC') DEFAULT now()
) ENGINE = ReplacingMergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

/// The schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The server did not answer, or did not want the database or the notes.
    #[error("cannot migrate the store")]
    Store(#[from] StoreError),
    /// It did not take a statement.
    #[error("migration {file} failed")]
    Step {
        /// Name of the file.
        file: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// Somebody edited a migration after it was applied here.
    #[error("the database was made by another version of migration {file}; use a fresh one")]
    Edited {
        /// Name of the file.
        file: &'static str,
    },
    /// The database knows a migration that this program does not.
    #[error("the database was migrated by a newer version, up to {file}")]
    Newer {
        /// Name of the file.
        file: String,
    },
}

/// A step that was taken.
#[derive(clickhouse::Row, Deserialize)]
struct Note {
    number: u32,
    file: String,
    sha256: String,
}

// === impl Store ===

impl Store {
    /// Makes the database where it is absent and brings its schema up to date. Several processes may do so at once.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let database = quoted(&self.config().database);
        let create = format!("CREATE DATABASE IF NOT EXISTS {database}");
        self.run(&self.unbound_client(), &create).await?;
        self.run(self.client(), NOTES).await?;
        let noted = self.notes().await?;
        check_known(&noted)?;
        for migration in &MIGRATIONS {
            match noted.get(&migration.number) {
                Some(note) if note.sha256 == migration.checksum() => {}
                Some(_) => {
                    return Err(MigrateError::Edited {
                        file: migration.file,
                    });
                }
                None => self.take_step(migration).await?,
            }
        }
        Ok(())
    }

    async fn take_step(&self, migration: &Migration) -> Result<(), MigrateError> {
        let file = migration.file;
        for statement in migration.statements() {
            let taken = self.run(self.client(), &statement).await;
            taken.map_err(|source| MigrateError::Step { file, source })?;
        }
        let note = format!(
            "INSERT INTO migrations (number, file, sha256) VALUES ({}, '{file}', '{}')",
            migration.number,
            migration.checksum()
        );
        self.run(self.client(), &note).await?;
        info!(file, "schema migrated");
        Ok(())
    }

    async fn notes(&self) -> Result<BTreeMap<u32, Note>, StoreError> {
        let query = "SELECT number, file, sha256 FROM migrations FINAL";
        let notes = self.client().query(query).fetch_all::<Note>().await;
        let notes = notes.map_err(|error| self.error(error))?;
        Ok(notes.into_iter().map(|note| (note.number, note)).collect())
    }

    async fn run(&self, client: &Client, statement: &str) -> Result<(), StoreError> {
        let ran = client.query_raw(statement).execute().await;
        ran.map_err(|error| self.error(error))
    }
}

fn check_known(noted: &BTreeMap<u32, Note>) -> Result<(), MigrateError> {
    let last = MIGRATIONS.last().map_or(0, |migration| migration.number);
    match noted.last_key_value() {
        Some((number, note)) if *number > last => Err(MigrateError::Newer {
            file: note.file.clone(),
        }),
        _ => Ok(()),
    }
}

/// A name as SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}
