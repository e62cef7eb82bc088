//! What the store takes of its disk, as who looks after it asks.

use clickhouse::Row;
use serde::Deserialize;

use crate::{Store, StoreError};

/// What our tables take, and what room is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Usage {
    /// On disk, of parts that are in use, compressed.
    pub disk_bytes: u64,
    /// In use, over all tables.
    pub parts: u64,
    /// In the partition that has most: what the server slows inserts down by.
    pub most_parts: u64,
    /// On the fullest of its local disks; `None` where it has none.
    pub free_bytes: Option<u64>,
}

impl Store {
    /// Asks the server for its parts and disks. Reads no data.
    pub async fn usage(&self) -> Result<Usage, StoreError> {
        let query = "SELECT sum(bytes) AS disk_bytes, sum(partition.parts) AS parts, max(partition.parts) AS most_parts,
                (SELECT minOrNull(unreserved_space) FROM system.disks WHERE lower(type) = 'local') AS free_bytes
            FROM (SELECT sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts
                WHERE active AND database = currentDatabase() GROUP BY table, partition_id) AS partition";
        let question = self.client().query_raw(query).fetch_one();
        self.within_patience(question).await
    }
}
