//! Blocks into tables.
//!
//! Not here: when to try again, and generations of tokens (the collector). Invariant: a block that was confirmed is synced
//! to disk, its rows in its table and in every index that a view fills.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use clickhouse::query::Query;

use crate::native::{Block, Table, Witness};
use crate::schema::{self, View};
use crate::{InsertError, Store, StoreError};

/// Pieces in which a block is sent, and compressed where the server is elsewhere: each some tenths of a millisecond.
const PIECE: usize = 256 << 10;
/// For the server to take a piece.
const SEND_PATIENCE: Duration = Duration::from_secs(30);
/// For a block to be stored: a second, unless merges hold it back.
const INSERT_PATIENCE: Duration = Duration::from_secs(120);

/// FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
const ROWS_ARE_MISSING: u32 = 395;

/// Writes blocks. Clones share the connections of their store.
#[derive(Clone)]
pub struct Writer {
    store: Store,
}

// === impl Writer ===

impl Writer {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Inserts a block. Twice with the same token stores it once. An insert that is dropped half-way is an ambiguous one.
    pub async fn insert(&self, block: &Block, token: &str) -> Result<(), InsertError> {
        let table = block.table.name();
        let columns = names(block.table);
        let statement = format!("INSERT INTO {table} ({columns}) FORMAT Native");
        let settings = [
            ("insert_deduplication_token", token),
            ("insert_deduplicate", "1"),
            ("deduplicate_blocks_in_dependent_materialized_views", "1"),
            // Rows of tables that merge are few of a kind in a block; the merges find them.
            ("optimize_on_insert", "0"),
        ];
        self.send(statement, &settings, &block.body).await
    }

    /// Whether the rows of the block are in its table, all of them. One tells that they are not; one block is one part. But a
    /// row that is there may have come with another block, from a client that packs its repeats anew: then all are looked
    /// for. Where all are there nothing is lost, by whichever block they came. True for the tables whose rows merge, since
    /// there a repeated insert does no harm and nobody asks.
    pub async fn contains(&self, block: &Block) -> Result<bool, StoreError> {
        let Some(query) = self.witness_query(&block.witness) else {
            return Ok(true);
        };
        let is_witnessed = self
            .store
            .within_patience(query.fetch_one::<bool>())
            .await?;
        match is_witnessed {
            true => self.contains_all(block).await,
            false => Ok(false),
        }
    }

    /// The block is sent as it is inserted, and compared instead; the engine holds its keys in memory, and reads those of
    /// the table that are of the same minutes.
    async fn contains_all(&self, block: &Block) -> Result<bool, StoreError> {
        let statement = comparison(block);
        match self.send(statement, &[], &block.body).await {
            Ok(()) => Ok(true),
            Err(
                InsertError::Rejected(error)
                | InsertError::Unavailable(error)
                | InsertError::Ambiguous(error),
            ) => match error {
                StoreError::Refused {
                    code: ROWS_ARE_MISSING,
                    ..
                } => Ok(false),
                error => Err(error),
            },
        }
    }

    /// Fills what views make of the block's table once more, from the block, which must be in its table. Idempotent.
    pub async fn refill_indexes(&self, block: &Block) -> Result<(), InsertError> {
        for view in schema::views() {
            if view.source == block.table.name() {
                let statement = refill(&view, block.table);
                // What is sent may be the same as before, and must be stored all the same: it was found to be missing.
                let settings = [("insert_deduplicate", "0")];
                self.send(statement, &settings, &block.body).await?;
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        statement: String,
        settings: &[(&str, &str)],
        body: &[Bytes],
    ) -> Result<(), InsertError> {
        let client = self.store.client();
        let mut insert = client
            .insert_formatted_with(statement)
            .with_timeouts(Some(SEND_PATIENCE), Some(INSERT_PATIENCE))
            .with_setting("async_insert", "0");
        for (name, value) in settings {
            insert = insert.with_setting(*name, *value);
        }
        let sent = async {
            for part in body {
                for start in (0..part.len()).step_by(PIECE) {
                    let end = part.len().min(start + PIECE);
                    insert.send(part.slice(start..end)).await?;
                }
            }
            insert.end().await
        };
        sent.await
            .map_err(|error| InsertError::of(self.store.error(error)))
    }

    fn witness_query(&self, witness: &Witness) -> Option<Query> {
        let client = self.store.client();
        match witness {
            Witness::Span {
                tenant,
                service,
                ts,
                trace_id,
                span_id,
            } => Some(
                client
                    .query(
                        "WITH fromUnixTimestamp64Nano(?, 'UTC') AS at SELECT count() > 0 FROM spans
                        WHERE tenant = ? AND bucket = toStartOfFiveMinutes(at)
                            AND startsWith(service, ?) AND length(service) = ?
                            AND trace_id = unhex(?) AND ts = at AND span_id = unhex(?)",
                    )
                    .bind(ts.cast_signed())
                    .bind(tenant)
                    .bind(&service.beginning)
                    .bind(service.length)
                    .bind(hex(trace_id))
                    .bind(hex(span_id)),
            ),
            Witness::Log {
                tenant,
                service,
                ts,
                request_id,
                sandbox_id,
                body,
            } => Some(
                client
                    .query(
                        "WITH fromUnixTimestamp64Nano(?, 'UTC') AS at SELECT count() > 0 FROM logs
                        WHERE tenant = ? AND bucket = toStartOfFiveMinutes(at)
                            AND startsWith(service, ?) AND length(service) = ?
                            AND request_id = ? AND ts = at AND sandbox_id = ?
                            AND startsWith(body, ?) AND length(body) = ?",
                    )
                    .bind(ts.cast_signed())
                    .bind(tenant)
                    .bind(&service.beginning)
                    .bind(service.length)
                    .bind(request_id)
                    .bind(sandbox_id)
                    .bind(&body.beginning)
                    .bind(body.length),
            ),
            Witness::None => None,
        }
    }
}

/// The columns of a block, as an INSERT lists them.
fn names(table: Table) -> String {
    let names: Vec<&str> = table.columns().iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Fails with [`ROWS_ARE_MISSING`] if a row of the block that is sent along is not in its table.
fn comparison(block: &Block) -> String {
    let table = block.table.name();
    let keys = match block.table {
        Table::Logs => "tenant, service, request_id, ts, sandbox_id, body",
        _ => "tenant, service, trace_id, ts, span_id",
    };
    let columns = structure(block.table);
    let (from, to) = block.times;
    let bucket =
        |time: u64| format!("toStartOfFiveMinutes(fromUnixTimestamp64Nano({time}, 'UTC'))");
    format!(
        "INSERT INTO FUNCTION null('missing UInt8') SELECT throwIf(count() > 0, 'rows are missing') FROM
        (SELECT {keys} FROM {table} WHERE bucket BETWEEN {from} AND {to}) AS there
        RIGHT ANTI JOIN (SELECT {keys} FROM input('{columns}')) AS sent USING ({keys}) FORMAT Native",
        from = bucket(from),
        to = bucket(to),
    )
}

/// Names and types of a block's columns, as a text in a query.
fn structure(table: Table) -> String {
    let columns: Vec<String> = table
        .columns()
        .iter()
        .map(|(name, of_type)| format!("{name} {}", of_type.replace('\'', "\\'")))
        .collect();
    columns.join(", ")
}

/// A view's work once more, on the block that is sent along in place of the base table.
fn refill(view: &View, table: Table) -> String {
    let View {
        target,
        source,
        select,
        ..
    } = view;
    let columns = structure(table);
    format!(
        "INSERT INTO {target} WITH {source} AS (SELECT * FROM input('{columns}')) {select} FORMAT Native"
    )
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string can't fail");
    }
    text
}
