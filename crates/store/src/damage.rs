//! Parts of our tables that the server can't read, as who looks after it asks, and what becomes of those that can be made again.
//!
//! The server finds damage at two times. At its start: a part whose files are not as long as they should be is set aside, and
//! what was in it is missing from answers. While it merges or is asked: a part whose bytes differ stays in use, and whatever
//! meets it fails. Neither is told to anybody but its log. Not here: how often to look, and telling
//! (`cli/src/damage_watch.rs`); making rows again ([`crate::refill`]).

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use crate::native::Partition;
use crate::reader::sql;
use crate::refill::is_derived;
use crate::{RefillError, Store, StoreError};

/// A merge is tried again after seconds; one that failed so often in [`RECENT`] has more than bad luck.
const FAILURES: u64 = 3;
const RECENT: Duration = Duration::from_secs(600);
/// What derived tables are made from.
const SOURCES: [&str; 2] = ["spans", "invocations"];
/// For a partition of an index to be read, which is what a check does.
const CHECK_PATIENCE: Duration = Duration::from_secs(300);

/// Day and retention of a partition from the server's name of it, `20260131-14`; zeros where that reads otherwise.
const PLACE: &str =
    "toUInt16(toDate(parseDateTimeBestEffortOrZero(splitByChar('-', partition)[1], 'UTC'))) AS day,
    toUInt16OrZero(splitByChar('-', partition)[2]) AS keep_days";

/// A part that the server set aside at its start, since it could not read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Row, Deserialize)]
pub struct BrokenPart {
    /// Of ours.
    pub table: String,
    /// The server's name of its partition: day and retention.
    pub partition: String,
    day: u16,
    keep_days: u16,
    /// Its folder's name in the table's folder `detached`.
    pub part: String,
}

/// A partition of which merges fail again and again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Row, Deserialize)]
pub struct FailingMerges {
    /// Of ours.
    pub table: String,
    /// The server's name of it.
    pub partition: String,
    day: u16,
    keep_days: u16,
    /// In the last ten minutes.
    pub failures: u64,
    /// The server's words for the last.
    pub why: String,
}

/// What the server can't read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// In order of tables.
    pub broken: Vec<BrokenPart>,
    /// In order of tables.
    pub failing: Vec<FailingMerges>,
}

/// What a check says of a part.
#[derive(Row, Deserialize)]
struct Checked {
    part_path: String,
    is_passed: bool,
    #[serde(rename = "message")]
    _message: String,
}

// === impl Damage ===

impl Damage {
    /// Whether a part is set aside that rows of this one's partition are made from. Somebody may repair it.
    pub fn lacks_source_of(&self, broken: &BrokenPart) -> bool {
        let mut others = self.broken.iter();
        others.any(|other| other.partition == broken.partition && SOURCES.contains(&&*other.table))
    }
}

// === impl BrokenPart ===

impl BrokenPart {
    /// Whether [`Store::mend_broken`] makes again what was in it.
    pub fn is_derived(&self) -> bool {
        is_derived(&self.table)
    }
}

// === impl FailingMerges ===

impl FailingMerges {
    /// Whether [`Store::mend_failing`] makes again what can't be read.
    pub fn is_derived(&self) -> bool {
        is_derived(&self.table)
    }
}

// === impl Store ===

impl Store {
    /// Asks the server for parts that it set aside, and for merges that keep failing. Reads no data.
    pub async fn damage(&self) -> Result<Damage, StoreError> {
        let broken = format!(
            "SELECT table, ifNull(partition_id, '') AS partition, {PLACE}, name AS part FROM system.detached_parts
            WHERE database = currentDatabase() AND startsWith(ifNull(reason, ''), 'broken') ORDER BY ALL"
        );
        let broken = self.client().query_raw(&broken).fetch_all();
        Ok(Damage {
            broken: self.within_patience(broken).await?,
            failing: self.failing().await?,
        })
    }

    /// Nothing where the server keeps no log of its parts.
    async fn failing(&self) -> Result<Vec<FailingMerges>, StoreError> {
        let known =
            "SELECT count() > 0 FROM system.tables WHERE database = 'system' AND name = 'part_log'";
        let known = self.client().query_raw(known).fetch_one::<bool>();
        if !self.within_patience(known).await? {
            return Ok(Vec::new());
        }
        let failing = format!(
            "SELECT table, partition_id AS partition, {PLACE}, countIf(error != 0) AS failures,
                argMaxIf(exception, event_time_microseconds, error != 0) AS why
            FROM system.part_log
            WHERE database = currentDatabase() AND event_type = 'MergeParts' AND event_date >= today() - 1
                AND event_time >= now() - {seconds}
            GROUP BY table, partition_id
            HAVING failures >= {FAILURES} AND argMax(error, event_time_microseconds) != 0 ORDER BY table, partition",
            seconds = RECENT.as_secs()
        );
        let failing = self.client().query_raw(&failing).fetch_all();
        self.within_patience(failing).await
    }

    /// Makes again what was in a part of a derived table.
    pub async fn refill_broken(&self, broken: &BrokenPart) -> Result<(), RefillError> {
        let partition = partition(&broken.partition, broken.day, broken.keep_days)?;
        self.refill(&broken.table, partition).await
    }

    /// As [`Store::refill_broken`], then drops the part: as long as it is there, this is to be done.
    pub async fn mend_broken(&self, broken: &BrokenPart) -> Result<(), RefillError> {
        self.refill_broken(broken).await?;
        let drop = format!(
            "ALTER TABLE {} DROP DETACHED PART {} SETTINGS allow_drop_detached = 1",
            broken.table,
            sql::text(&broken.part)
        );
        self.within_patience(self.client().query_raw(&drop).execute())
            .await?;
        Ok(())
    }

    /// Looks which parts of a derived table's partition can't be read, makes again what is in the partition, then drops those
    /// parts. How many they are; where there is none, the merges fail for another reason, such as a full disk.
    pub async fn mend_failing(&self, failing: &FailingMerges) -> Result<usize, RefillError> {
        let FailingMerges {
            table,
            partition: id,
            day,
            keep_days,
            ..
        } = failing;
        let partition = partition(id, *day, *keep_days)?;
        let check = format!(
            "CHECK TABLE {table} PARTITION ID {} SETTINGS check_query_single_value_result = 0, max_threads = 1",
            sql::text(id)
        );
        let check = self.client().query_raw(&check).fetch_all::<Checked>();
        let checked = tokio::time::timeout(CHECK_PATIENCE, check).await;
        let checked = checked.unwrap_or(Err(clickhouse::error::Error::TimedOut));
        let checked = checked.map_err(|error| self.error(error))?;
        let unreadable = checked.iter().filter(|part| !part.is_passed);
        let unreadable: Vec<&str> = unreadable.map(|part| &*part.part_path).collect();
        if unreadable.is_empty() {
            return Ok(0);
        }
        self.refill(table, partition).await?;
        for part in &unreadable {
            let drop = format!("ALTER TABLE {table} DROP PART {}", sql::text(part));
            self.within_patience(self.client().query_raw(&drop).execute())
                .await?;
        }
        Ok(unreadable.len())
    }
}

fn partition(name: &str, day: u16, keep_days: u16) -> Result<Partition, RefillError> {
    match (day, keep_days) {
        (0, _) | (_, 0) => Err(RefillError::Partition(name.to_owned())),
        (day, keep_days) => Ok(Partition { day, keep_days }),
    }
}
