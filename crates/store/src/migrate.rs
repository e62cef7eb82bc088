//! The schema, brought up to date in numbered steps.
//!
//! ClickHouse has no transactions and no locks, so a step is made of statements that change nothing when they are run
//! again, and is noted once all of them were. Whoever dies half-way, or does the same at the same time, does no harm.
//! Invariant: a file that has been released is never edited; the note holds its checksum, and a difference is an error.

use std::collections::BTreeMap;

use clickhouse::Client;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tracing::info;

use crate::{Store, StoreError};

/// A numbered file.
struct Migration {
    number: u32,
    file: &'static str,
    text: &'static str,
}

const MIGRATIONS: [Migration; 1] = [Migration {
    number: 1,
    file: "0001_base.sql",
    text: include_str!("../migrations/0001_base.sql"),
}];

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
        for migration in MIGRATIONS {
            match noted.get(&migration.number) {
                Some(note) if note.sha256 == migration.checksum() => {}
                Some(_) => {
                    return Err(MigrateError::Edited {
                        file: migration.file,
                    });
                }
                None => self.take_step(&migration).await?,
            }
        }
        Ok(())
    }

    async fn take_step(&self, migration: &Migration) -> Result<(), MigrateError> {
        let file = migration.file;
        for statement in statements(migration.text) {
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

// === impl Migration ===

impl Migration {
    fn checksum(&self) -> String {
        let digest = Sha256::digest(self.text);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
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

/// The statements of a file. A statement ends with a semicolon at the end of a line; comments are lines of their own.
fn statements(text: &str) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("--");
    let code: Vec<&str> = text.lines().filter(is_code).collect();
    let code = code.join("\n") + "\n";
    let statements = code.split(";\n").map(str::trim);
    let statements = statements.filter(|statement| !statement.is_empty());
    statements.map(str::to_owned).collect()
}

/// A name as SQL.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_at_semicolons_that_end_a_line() {
        let file = "-- Why; not how;\nCREATE TABLE a (\n    -- Of a column;\n    x String);\n\nSELECT ';';\n";
        assert_eq!(
            statements(file),
            ["CREATE TABLE a (\n    x String)", "SELECT ';'"]
        );
    }

    #[test]
    fn migrations_are_numbered_from_one_as_their_files_are() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            let number = u32::try_from(index).unwrap() + 1;
            assert_eq!(migration.number, number);
            assert!(migration.file.starts_with(&format!("{number:04}_")));
        }
    }

    #[test]
    fn every_statement_may_be_run_again() {
        for migration in MIGRATIONS {
            for statement in statements(migration.text) {
                let idempotent = statement.contains(" IF NOT EXISTS ");
                assert!(idempotent, "{}: {statement}", migration.file);
            }
        }
    }
}
