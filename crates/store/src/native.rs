//! Rows to blocks in ClickHouse's Native format.

use crate::rows::{InvocationRow, LogRow, PhaseRow, ResourceRow, SandboxRow, ScopeRow, SpanRow};

/// The tables that are written. The other tables are filled by views.
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
}

/// Collects rows.
#[derive(Default)]
pub struct Blocks {}

impl Blocks {
    /// Adds a span.
    pub fn push_span(&mut self, row: &SpanRow<'_>) {
        let _ = row;
    }
    /// Adds a resource.
    pub fn push_resource(&mut self, row: &ResourceRow<'_>) {
        let _ = row;
    }
    /// Adds a scope.
    pub fn push_scope(&mut self, row: &ScopeRow<'_>) {
        let _ = row;
    }
    /// Adds a fact of an invocation.
    pub fn push_invocation(&mut self, row: &InvocationRow<'_>) {
        let _ = row;
    }
    /// Adds a phase.
    pub fn push_phase(&mut self, row: &PhaseRow<'_>) {
        let _ = row;
    }
    /// Adds what a sandbox says of itself.
    pub fn push_sandbox(&mut self, row: &SandboxRow<'_>) {
        let _ = row;
    }
    /// Adds a log record.
    pub fn push_log(&mut self, row: &LogRow<'_>) {
        let _ = row;
    }
    /// One block per table, partition and at most 100,000 rows, in an order that depends on the rows alone.
    pub fn finish(self) -> Vec<Block> {
        unimplemented!()
    }
}
