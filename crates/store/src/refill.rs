//! Rows of derived tables, made once more from the base tables, a partition at a time.
//!
//! Lookup indexes are gathered as when the rows came (`native::lookup`, `native::attributes`); what a view makes is made by
//! its own query. Rows of these tables merge, or are a set, so that a row which is there already does no harm: this may be
//! done at any time, by several at once, and again after it broke off. Where base rows are damaged as well, what they
//! said is not in the index either. Not here: which partitions need it (`damage`).

use clickhouse::{Row, RowOwned, RowRead};
use serde::Deserialize;

use crate::migrate::quoted;
use crate::native::{Block, Indexes, Partition, Table};
use crate::reader::sql::Bytes;
use crate::rows::{InvocationRow, Owner, SpanRow};
use crate::schema::{self, View};
use crate::{InsertError, Store, StoreError};

/// Base rows whose index rows are gathered in memory before they are inserted.
const AT_ONCE: usize = 200_000;
/// Of one statement of a view, in bytes: it is not to crowd out inserts and merges.
const MEMORY: u64 = 512 << 20;

/// The indexes that are gathered.
const GATHERED: [Table; 4] = [
    Table::TraceIndex,
    Table::RequestTraces,
    Table::TraceLinks,
    Table::AttributeIndex,
];

/// A partition was not filled again, or not all of it. To try again does no harm.
#[derive(Debug, thiserror::Error)]
pub enum RefillError {
    /// Nothing else holds what is in this table.
    #[error("{0} is a base table: what was in it can't be made again")]
    Base(String),
    /// The server names it, and we don't know how.
    #[error("{0:?} is not a day and its retention")]
    Partition(String),
    /// The server did not answer, or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It did not take a block.
    #[error("an index was not filled")]
    Insert(#[from] InsertError),
}

/// What the indexes need of a span.
#[derive(Row, Deserialize)]
struct Span {
    tenant: String,
    nanos: u64,
    trace_id: [u8; 16],
    service: String,
    name: Bytes,
    duration_ns: i64,
    request_id: String,
    phase: String,
    attr_keys: Bytes,
    attr_values: Bytes,
    link_trace_ids: Vec<[u8; 16]>,
}

/// What they need of an invocation.
#[derive(Row, Deserialize)]
struct Invocation {
    tenant: String,
    nanos: u64,
    function: String,
    request_id: String,
    platform_trace_id: [u8; 16],
    sdk_trace_id: [u8; 16],
}

/// Index rows of a partition on their way.
struct Refill<'a> {
    store: &'a Store,
    table: Table,
    partition: Partition,
    indexes: Indexes,
    waiting: usize,
    /// Names the blocks: none is like another, since each is to be stored.
    token: String,
    blocks: usize,
}

/// Whether [`Store::refill`] can make a table's rows.
pub fn is_derived(table: &str) -> bool {
    gathered(table).is_some() || views_into(table).next().is_some()
}

fn gathered(table: &str) -> Option<Table> {
    GATHERED.into_iter().find(|known| known.name() == table)
}

fn views_into(table: &str) -> impl Iterator<Item = View> {
    let views = schema::views().into_iter();
    views.filter(move |view| view.target == table)
}

// === impl Store ===

impl Store {
    /// Makes a derived table's rows of this partition once more.
    pub async fn refill(&self, table: &str, partition: Partition) -> Result<(), RefillError> {
        if let Some(table) = gathered(table) {
            return Refill::new(self, table, partition).run().await;
        }
        if !is_derived(table) {
            return Err(RefillError::Base(table.to_owned()));
        }
        for view in views_into(table) {
            let statement = self.view_once_more(&view, partition);
            let settings = [
                ("max_threads", 1),
                ("max_memory_usage", MEMORY),
                ("max_bytes_before_external_group_by", MEMORY / 2),
                ("insert_deduplicate", 0),
            ];
            let query = self.client().query_raw(&statement);
            let query = settings.into_iter().fold(query, |query, (name, value)| {
                query.with_setting(name, value.to_string())
            });
            query.execute().await.map_err(|error| self.error(error))?;
        }
        Ok(())
    }

    /// A view's work on a partition of its source.
    fn view_once_more(&self, view: &View, partition: Partition) -> String {
        let View {
            target,
            source,
            select,
            ..
        } = view;
        let database = quoted(&self.config().database);
        let rows = format!(
            "SELECT * FROM {database}.{source} WHERE {}",
            within(partition)
        );
        format!("INSERT INTO {target} WITH {source} AS ({rows}) {select}")
    }
}

/// As spans and invocations are partitioned.
fn within(partition: Partition) -> String {
    let Partition { day, keep_days } = partition;
    format!("toDate(ts) = toDate({day}) AND keep_days = {keep_days}")
}

// === impl Refill ===

impl<'a> Refill<'a> {
    fn new(store: &'a Store, table: Table, partition: Partition) -> Self {
        let now = coldtrace_model::UnixNanos::now().0;
        Self {
            store,
            table,
            partition,
            indexes: Indexes::default(),
            waiting: 0,
            token: format!("refill {now:016x} {}", std::process::id()),
            blocks: 0,
        }
    }

    async fn run(mut self) -> Result<(), RefillError> {
        let spans = "tenant, toUInt64(toUnixTimestamp64Nano(ts)) AS nanos, trace_id, service, name, duration_ns,
            request_id, phase, attr_keys, attr_values, link_trace_ids FROM spans";
        self.add_all(spans, Indexes::add_stored_span).await?;
        let invocations =
            "tenant, toUInt64(toUnixTimestamp64Nano(ts)) AS nanos, function, request_id,
            platform_trace_id, sdk_trace_id FROM invocations";
        self.add_all(invocations, Indexes::add_stored_invocation)
            .await?;
        self.insert().await
    }

    async fn add_all<T: RowOwned + RowRead>(
        &mut self,
        rows: &str,
        add: impl Fn(&mut Indexes, u16, &T),
    ) -> Result<(), RefillError> {
        let query = format!("SELECT {rows} WHERE {}", within(self.partition));
        let query = self.store.client().query_raw(&query);
        let query = query.with_setting("max_threads", "1");
        let error = |error| self.store.error(error);
        let mut rows = query.fetch::<T>().map_err(error)?;
        while let Some(row) = rows.next().await.map_err(error)? {
            add(&mut self.indexes, self.partition.keep_days, &row);
            self.waiting += 1;
            if self.waiting == AT_ONCE {
                self.insert().await?;
            }
        }
        Ok(())
    }

    async fn insert(&mut self) -> Result<(), RefillError> {
        let mut blocks = Vec::new();
        std::mem::take(&mut self.indexes).finish(&mut blocks);
        self.waiting = 0;
        let is_wanted = |block: &Block| block.table == self.table;
        let writer = self.store.writer();
        for block in blocks.into_iter().filter(is_wanted) {
            self.blocks += 1;
            let token = format!("{} {}", self.token, self.blocks);
            writer.insert(&block, &token).await?;
        }
        Ok(())
    }
}

// === impl Indexes ===

impl Indexes {
    fn add_stored_span(&mut self, keep_days: u16, span: &Span) {
        let owner = Owner {
            tenant: &span.tenant,
            keep_days,
        };
        self.add_span(&SpanRow {
            owner,
            ts: span.nanos,
            trace_id: span.trace_id,
            service: &span.service,
            name: &span.name.0,
            duration_ns: span.duration_ns,
            request_id: &span.request_id,
            phase: &span.phase,
            attr_keys: &span.attr_keys.0,
            attr_values: &span.attr_values.0,
            link_trace_ids: &span.link_trace_ids,
            // No index has anything of the rest.
            span_id: [0; 8],
            parent_span_id: [0; 8],
            flags: 0,
            kind: 0,
            status: 0,
            status_message: b"",
            sandbox_id: "",
            http_status: 0,
            resource_id: 0,
            scope_id: 0,
            attr_types: b"",
            extra: b"",
        });
    }

    fn add_stored_invocation(&mut self, keep_days: u16, row: &Invocation) {
        let owner = Owner {
            tenant: &row.tenant,
            keep_days,
        };
        self.add_invocation(&InvocationRow {
            platform_trace_id: row.platform_trace_id,
            sdk_trace_id: row.sdk_trace_id,
            ..InvocationRow::empty(owner, &row.function, row.nanos, &row.request_id)
        });
    }
}
