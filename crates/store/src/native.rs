//! Rows to blocks in ClickHouse's Native format, columns built as rows come.
//!
//! Here: which block a row goes into and when a block is full. What a column's bytes are is `column`, what columns a table
//! has is `tables`. Not here: sending (`writer`), sorting (the engine sorts each block anyway). Invariant: the blocks are a
//! function of the rows and their order, and each lies in one partition, so that each becomes one part.

use bytes::Bytes;

use crate::rows::{
    InvocationRow, LogRow, PhaseRow, ResourceRow, SandboxRow, ScopeRow, SpanRow, TraceLinkRow,
};

mod attributes;
mod column;
mod lookup;
mod pages;
mod tables;

use attributes::Attributes;
use lookup::{Seen, Traces};
use tables::Columns;

/// Fewer parts for the engine to merge against the memory of a block; DESIGN 3.
const MOST_ROWS: u64 = 200_000;
/// Where rows are large, their bytes close a block: the engine holds a block in memory several times.
const MOST_BYTES: usize = 64 << 20;
/// How often a block's bytes are counted, in rows.
const SIZE_STEP: u64 = 64;

/// What the engine's times end with, in Unix nanoseconds.
const MOST_TIME: u64 = i64::MAX as u64;
pub(crate) const NANOS_A_DAY: u64 = 86_400_000_000_000;

/// The tables that are written; the last four are lookup indexes, whose rows are gathered from those of the others. The
/// remaining tables are filled by views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `spans`
    Spans,
    /// `resources`
    Resources,
    /// `scopes`
    Scopes,
    /// `invocations`
    Invocations,
    /// `phases`
    Phases,
    /// `sandboxes`
    Sandboxes,
    /// `logs`
    Logs,
    /// `trace_index`
    TraceIndex,
    /// `request_traces`
    RequestTraces,
    /// `trace_links`
    TraceLinks,
    /// `attribute_index`
    AttributeIndex,
}

/// A partition of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Days since 1970-01-01, in UTC.
    pub day: u16,
    /// The class of retention, days.
    pub keep_days: u16,
}

/// Rows of one table and partition, encoded.
#[derive(Clone, Debug)]
pub struct Block {
    /// Where it goes.
    pub table: Table,
    /// All its rows are in this one.
    pub partition: Partition,
    /// Which of the blocks of this table and partition, from 0.
    pub part: u32,
    /// How many rows.
    pub rows: u64,
    /// The block in Native format, in pieces that follow each other.
    pub(crate) body: Vec<Bytes>,
    /// One of its rows: where it is absent, the block is.
    pub(crate) witness: Witness,
    /// The times of its rows lie in here, both ends included.
    pub(crate) times: (u64, u64),
}

/// What finds a row again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Witness {
    Span {
        tenant: String,
        service: Told,
        ts: u64,
        trace_id: [u8; 16],
        span_id: [u8; 8],
    },
    Log {
        tenant: String,
        service: Told,
        ts: u64,
        request_id: String,
        sandbox_id: String,
        body: Told,
    },
    /// Rows of the other tables merge idempotently: nobody needs to know.
    None,
}

/// A text, told apart from others in few bytes: however long it is, it fits into a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) beginning: String,
    /// Of the whole, bytes.
    pub(crate) length: u64,
}

/// Collects rows.
#[derive(Default)]
pub struct Blocks {
    spans: Partitions<tables::Spans>,
    resources: Partitions<tables::Resources>,
    scopes: Partitions<tables::Scopes>,
    invocations: Partitions<tables::Invocations>,
    phases: Partitions<tables::Phases>,
    sandboxes: Partitions<tables::Sandboxes>,
    logs: Partitions<tables::Logs>,
    indexes: Indexes,
}

/// Collects what finds rows.
#[derive(Default)]
pub(crate) struct Indexes {
    traces: Traces,
    trace_links: Partitions<tables::TraceLinks>,
    attributes: Attributes,
}

/// The blocks of one table.
struct Partitions<C> {
    all: Vec<(Partition, Parts<C>)>,
    /// Which took the last row: it mostly takes the next.
    last: usize,
}

/// The blocks of one partition: those that are full and the one that takes rows.
struct Parts<C> {
    full: Vec<Block>,
    open: Open<C>,
}

struct Open<C> {
    columns: C,
    rows: u64,
    witness: Witness,
    times: (u64, u64),
}

// === impl Table ===

impl Table {
    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Resources => "resources",
            Self::Scopes => "scopes",
            Self::Invocations => "invocations",
            Self::Phases => "phases",
            Self::Sandboxes => "sandboxes",
            Self::Logs => "logs",
            Self::TraceIndex => "trace_index",
            Self::RequestTraces => "request_traces",
            Self::TraceLinks => "trace_links",
            Self::AttributeIndex => "attribute_index",
        }
    }

    /// Name and type of the columns that a block has, in its order.
    pub(crate) fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Spans => tables::Spans::COLUMNS,
            Self::Resources => tables::Resources::COLUMNS,
            Self::Scopes => tables::Scopes::COLUMNS,
            Self::Invocations => tables::Invocations::COLUMNS,
            Self::Phases => tables::Phases::COLUMNS,
            Self::Sandboxes => tables::Sandboxes::COLUMNS,
            Self::Logs => tables::Logs::COLUMNS,
            Self::TraceIndex => tables::TraceIndex::COLUMNS,
            Self::RequestTraces => tables::RequestTraces::COLUMNS,
            Self::TraceLinks => tables::TraceLinks::COLUMNS,
            Self::AttributeIndex => tables::AttributeIndex::COLUMNS,
        }
    }
}

// === impl Block ===

impl Block {
    /// Its bytes in Native format, in the pieces in which they are sent.
    pub fn pieces(&self) -> &[Bytes] {
        &self.body
    }
}

// === impl Told ===

impl Told {
    /// The engine takes 256 KiB as a query, where each byte may need several.
    const BEGINNING: usize = 1_024;

    fn of(text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        let beginning = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        Self {
            beginning: beginning[..beginning.floor_char_boundary(Self::BEGINNING)].to_owned(),
            length: text.len() as u64,
        }
    }
}

// === impl Partition ===

impl Partition {
    /// Of a row of this time, Unix nanoseconds.
    pub fn of(ts: u64, keep_days: u16) -> Self {
        Self {
            day: day(ts),
            keep_days,
        }
    }
}

/// As the engine's `toDate`, which begins anew where its days end, in 2149.
fn day(ts: u64) -> u16 {
    (ts / NANOS_A_DAY) as u16
}

// === impl Blocks ===

impl Blocks {
    /// Adds a span, and to the indexes what finds it.
    pub fn push_span(&mut self, row: &SpanRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        self.spans.push(partition, row);
        self.indexes.add_span(row);
    }

    /// Adds a resource.
    pub fn push_resource(&mut self, row: &ResourceRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        self.resources.push(partition, row);
    }

    /// Adds a scope.
    pub fn push_scope(&mut self, row: &ScopeRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        self.scopes.push(partition, row);
    }

    /// Adds a fact of an invocation.
    pub fn push_invocation(&mut self, row: &InvocationRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        self.invocations.push(partition, row);
        self.indexes.add_invocation(row);
    }

    /// Adds a phase.
    pub fn push_phase(&mut self, row: &PhaseRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        self.phases.push(partition, row);
    }

    /// Adds what a sandbox says of itself.
    pub fn push_sandbox(&mut self, row: &SandboxRow<'_>) {
        let partition = Partition::of(row.seen, row.owner.keep_days);
        self.sandboxes.push(partition, row);
    }

    /// Adds a log record.
    pub fn push_log(&mut self, row: &LogRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        self.logs.push(partition, row);
    }

    /// One block per table, partition and as many rows as a block of it takes, ordered by those.
    pub fn finish(self) -> Vec<Block> {
        let mut blocks = Vec::new();
        self.spans.finish(&mut blocks);
        self.resources.finish(&mut blocks);
        self.scopes.finish(&mut blocks);
        self.invocations.finish(&mut blocks);
        self.phases.finish(&mut blocks);
        self.sandboxes.finish(&mut blocks);
        self.logs.finish(&mut blocks);
        self.indexes.finish(&mut blocks);
        blocks
    }
}

// === impl Indexes ===

impl Indexes {
    /// Adds what finds a span.
    pub(crate) fn add_span(&mut self, row: &SpanRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        self.traces.add(Seen {
            partition,
            tenant: row.owner.tenant,
            trace_id: row.trace_id,
            ts: row.ts,
            end: row.ts.saturating_add_signed(row.duration_ns.max(0)),
            service: row.service,
            request_id: row.request_id,
            is_own: row.phase.is_empty(),
        });
        self.attributes.add(partition, row);
        for trace_id in row.link_trace_ids {
            let link = TraceLinkRow {
                owner: row.owner,
                trace_id: *trace_id,
                linked_by: row.trace_id,
                ts: row.ts,
            };
            self.trace_links.push(partition, &link);
        }
    }

    /// Adds what finds the traces of a fact: one of which no span came is found as well.
    pub(crate) fn add_invocation(&mut self, row: &InvocationRow<'_>) {
        let partition = Partition::of(row.ts, row.owner.keep_days);
        for trace_id in [row.platform_trace_id, row.sdk_trace_id] {
            if trace_id != [0; 16] {
                self.traces.add(Seen {
                    partition,
                    tenant: row.owner.tenant,
                    trace_id,
                    ts: row.ts,
                    end: row.ts,
                    service: row.function,
                    request_id: row.request_id,
                    is_own: false,
                });
            }
        }
    }

    /// As [`Blocks::finish`].
    pub(crate) fn finish(self, blocks: &mut Vec<Block>) {
        let mut trace_index = Partitions::<tables::TraceIndex>::default();
        let mut request_traces = Partitions::<tables::RequestTraces>::default();
        self.traces.rows(
            |partition, row| trace_index.push(partition, row),
            |partition, row| request_traces.push(partition, row),
        );
        trace_index.finish(blocks);
        request_traces.finish(blocks);
        self.trace_links.finish(blocks);
        self.attributes.finish(blocks);
    }
}

// === impl Partitions ===

impl<C> Default for Partitions<C> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            last: 0,
        }
    }
}

impl<C: Columns> Partitions<C> {
    fn push(&mut self, partition: Partition, row: &C::Row<'_>) {
        self.of(partition).push(partition, row);
    }

    fn of(&mut self, partition: Partition) -> &mut Parts<C> {
        let is_it = |(known, _): &(Partition, Parts<C>)| *known == partition;
        if !self.all.get(self.last).is_some_and(is_it) {
            self.last = self.all.iter().position(is_it).unwrap_or(self.all.len());
        }
        if self.last == self.all.len() {
            self.all.push((partition, Parts::default()));
        }
        &mut self.all[self.last].1
    }

    fn finish(mut self, blocks: &mut Vec<Block>) {
        self.all.sort_unstable_by_key(|(partition, _)| *partition);
        for (partition, parts) in self.all {
            parts.finish(partition, blocks);
        }
    }
}

// === impl Parts ===

impl<C: Columns> Default for Parts<C> {
    fn default() -> Self {
        Self {
            full: Vec::new(),
            open: Open::default(),
        }
    }
}

impl<C: Columns> Parts<C> {
    fn push(&mut self, partition: Partition, row: &C::Row<'_>) {
        self.open.push(row);
        if self.open.is_full() {
            self.close(partition);
        }
    }

    fn close(&mut self, partition: Partition) {
        let open = std::mem::take(&mut self.open);
        let part = u32::try_from(self.full.len()).expect("memory ends before the numbers do");
        self.full.push(open.close(partition, part));
    }

    fn finish(mut self, partition: Partition, blocks: &mut Vec<Block>) {
        if self.open.rows > 0 {
            self.close(partition);
        }
        blocks.append(&mut self.full);
    }
}

// === impl Open ===

impl<C: Columns> Default for Open<C> {
    fn default() -> Self {
        Self {
            columns: C::default(),
            rows: 0,
            witness: Witness::None,
            times: (u64::MAX, 0),
        }
    }
}

impl<C: Columns> Open<C> {
    fn push(&mut self, row: &C::Row<'_>) {
        if self.rows == 0 {
            self.witness = C::witness(row);
        }
        let time = C::time(row);
        self.times = (self.times.0.min(time), self.times.1.max(time));
        self.columns.push(row);
        self.rows += 1;
    }

    fn is_full(&self) -> bool {
        let is_looked_at = self.rows.is_multiple_of(SIZE_STEP);
        self.rows >= C::MOST_ROWS || (is_looked_at && self.columns.size() >= MOST_BYTES)
    }

    fn close(self, partition: Partition, part: u32) -> Block {
        Block {
            table: C::TABLE,
            partition,
            part,
            rows: self.rows,
            body: self.columns.encode(self.rows),
            witness: self.witness,
            times: self.times,
        }
    }
}

#[cfg(test)]
mod tests;
