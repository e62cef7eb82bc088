//! Which columns each table's blocks have, and where in a row their values are.
//!
//! Columns that the engine derives are absent. Every column is named in the INSERT, so that a later migration may add one.
//! A `SimpleAggregateFunction` is written as the type that it holds.

use bytes::Bytes;

use super::column::{
    Attributes, Bytes8, Bytes16, Bytes16List, Column, Day, I64, LowText, Moment, Plain, Text,
    TextList, U8, U16, U32, U64,
};
use super::pages::{Pieces, put_length, put_text};
use super::{MOST_ROWS, Table, Told, Witness, day};
use crate::rows::{
    AttributeIndexRow, InvocationRow, LogRow, PhaseRow, RequestTraceRow, ResourceRow, SandboxRow,
    ScopeRow, SpanRow, TraceIndexRow, TraceLinkRow,
};

/// The columns of a table's block while it is built.
pub(super) trait Columns: Default {
    type Row<'a>;
    const TABLE: Table;
    /// Name and type.
    const COLUMNS: &'static [(&'static str, &'static str)];
    /// With so many rows a block is full.
    const MOST_ROWS: u64 = MOST_ROWS;

    fn push(&mut self, row: &Self::Row<'_>);

    /// Bytes so far, about.
    fn size(&self) -> usize;

    /// The block, of this many rows.
    fn encode(self, rows: u64) -> Vec<Bytes>;

    fn witness(_row: &Self::Row<'_>) -> Witness {
        Witness::None
    }

    /// When it happened; needed of the tables that have witnesses.
    fn time(_row: &Self::Row<'_>) -> u64 {
        0
    }
}

macro_rules! table {
    (@push $column:expr, $value:expr) => {
        $column.push($value)
    };
    (@push $column:expr, $value:expr, $other:expr) => {
        $column.push_by($other, $value)
    };
    (
        $table:ident of $row_type:ty as |$row:ident| {
            $($column:ident $(by $other:ident)?: $type:ty = $value:expr,)*
        }
        $($more:item)*
    ) => {
        #[derive(Default)]
        pub(super) struct $table {
            $(pub(super) $column: $type,)*
        }

        impl Columns for $table {
            type Row<'a> = $row_type;
            const TABLE: Table = Table::$table;
            const COLUMNS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($column), <$type as Column>::TYPE),)*];

            fn push(&mut self, $row: &Self::Row<'_>) {
                $(table!(@push self.$column, $value $(, &self.$other)?);)*
            }

            fn size(&self) -> usize {
                0 $(+ self.$column.size())*
            }

            fn encode(self, rows: u64) -> Vec<Bytes> {
                let mut block = Pieces::default();
                put_length(Self::COLUMNS.len() as u64, block.gather());
                put_length(rows, block.gather());
                $(
                    put_text(stringify!($column).as_bytes(), block.gather());
                    put_text(<$type as Column>::TYPE.as_bytes(), block.gather());
                    self.$column.encode(&mut block);
                )*
                block.finish()
            }

            $($more)*
        }
    };
}

table! {
    Spans of SpanRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        keep_days: Plain<U16> = row.owner.keep_days,
        ts: Plain<Moment> = row.ts,
        trace_id: Plain<Bytes16> = row.trace_id,
        span_id: Plain<Bytes8> = row.span_id,
        parent_span_id: Plain<Bytes8> = row.parent_span_id,
        flags: Plain<U32> = row.flags,
        service: LowText = row.service,
        name: LowText = row.name,
        kind: Plain<U8> = row.kind,
        duration_ns: Plain<I64> = row.duration_ns,
        status: Plain<U8> = row.status,
        status_message: Text = row.status_message,
        request_id: Text = row.request_id,
        sandbox_id: Text = row.sandbox_id,
        phase: LowText = row.phase,
        http_status: Plain<U16> = row.http_status,
        resource_id: Plain<U64> = row.resource_id,
        scope_id: Plain<U64> = row.scope_id,
        attr_keys by name: LowText = row.attr_keys,
        attr_values: Text = row.attr_values,
        attr_types by attr_keys: LowText = row.attr_types,
        extra: Text = row.extra,
        link_trace_ids: Bytes16List = row.link_trace_ids,
    }

    fn time(row: &SpanRow<'_>) -> u64 {
        row.ts
    }

    fn witness(row: &SpanRow<'_>) -> Witness {
        Witness::Span {
            tenant: row.owner.tenant.to_owned(),
            service: Told::of(row.service),
            ts: row.ts,
            trace_id: row.trace_id,
            span_id: row.span_id,
        }
    }
}

table! {
    Resources of ResourceRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        keep_days: Plain<U16> = row.owner.keep_days,
        day: Plain<Day> = day(row.ts),
        resource_id: Plain<U64> = row.resource_id,
        service: LowText = row.service,
        schema_url: Text = row.schema_url,
        attrs: Attributes = row.attrs,
        raw: Text = row.raw,
    }
}

table! {
    Scopes of ScopeRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        keep_days: Plain<U16> = row.owner.keep_days,
        day: Plain<Day> = day(row.ts),
        scope_id: Plain<U64> = row.scope_id,
        schema_url: Text = row.schema_url,
        raw: Text = row.raw,
    }
}

table! {
    Invocations of InvocationRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        keep_days: Plain<U16> = row.owner.keep_days,
        function: LowText = row.function,
        ts: Plain<Moment> = row.ts,
        request_id: Text = row.request_id,
        facts: Plain<U8> = row.facts.0,
        platform: Plain<U8> = row.platform,
        sandbox_id: Text = row.sandbox_id,
        instance: Text = row.instance,
        version: LowText = row.version,
        runtime: LowText = row.runtime,
        architecture: Plain<U8> = row.architecture,
        region: LowText = row.region,
        account: LowText = row.account,
        memory_bytes: Plain<U64> = row.memory_bytes,
        start_unix_ns: Plain<U64> = row.start_unix_ns,
        platform_start_unix_ns: Plain<U64> = row.platform_start_unix_ns,
        deadline_unix_ns: Plain<U64> = row.deadline_unix_ns,
        outcome: Plain<U8> = row.outcome,
        cold: Plain<U8> = row.cold,
        trigger: Plain<U8> = row.trigger,
        duration_ns: Plain<U64> = row.duration_ns,
        runtime_duration_ns: Plain<U64> = row.runtime_duration_ns,
        billed_ns: Plain<U64> = row.billed_ns,
        init_ns: Plain<U64> = row.init_ns,
        restore_ns: Plain<U64> = row.restore_ns,
        response_latency_ns: Plain<U64> = row.response_latency_ns,
        response_duration_ns: Plain<U64> = row.response_duration_ns,
        runtime_overhead_ns: Plain<U64> = row.runtime_overhead_ns,
        extension_overhead_ns: Plain<U64> = row.extension_overhead_ns,
        produced_bytes: Plain<U64> = row.produced_bytes,
        max_memory_bytes: Plain<U64> = row.max_memory_bytes,
        error_type: Text = row.error_type,
        platform_trace_id: Plain<Bytes16> = row.platform_trace_id,
        platform_span_id: Plain<Bytes8> = row.platform_span_id,
        sdk_trace_id: Plain<Bytes16> = row.sdk_trace_id,
    }
}

table! {
    Phases of PhaseRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        keep_days: Plain<U16> = row.owner.keep_days,
        function: LowText = row.function,
        ts: Plain<Moment> = row.ts,
        sandbox_id: Text = row.sandbox_id,
        kind: Plain<U8> = row.kind,
        duration_ns: Plain<U64> = row.duration_ns,
        outcome: Plain<U8> = row.outcome,
        error_type: LowText = row.error_type,
        request_id: Text = row.request_id,
    }
}

table! {
    Sandboxes of SandboxRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        day: Plain<Day> = day(row.seen),
        keep_days: Plain<U16> = row.owner.keep_days,
        function: LowText = row.function,
        sandbox_id: Text = row.sandbox_id,
        first_seen: Plain<Moment> = row.seen,
        last_seen: Plain<Moment> = row.seen,
        extension: LowText = row.extension,
        dropped_bytes: Plain<U64> = row.dropped_bytes,
        dropped_items: Plain<U64> = row.dropped_items,
        failed_sends: Plain<U64> = row.failed_sends,
    }
}

table! {
    TraceIndex of TraceIndexRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        day: Plain<Day> = day(row.min_ts),
        keep_days: Plain<U16> = row.owner.keep_days,
        trace_id: Plain<Bytes16> = row.trace_id,
        min_ts: Plain<Moment> = row.min_ts,
        max_end: Plain<Moment> = row.max_end,
        services: TextList = row.services,
        request_ids: TextList = row.request_ids,
        has_own: Plain<U8> = row.has_own.into(),
    }
}

table! {
    RequestTraces of RequestTraceRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        day: Plain<Day> = day(row.min_ts),
        keep_days: Plain<U16> = row.owner.keep_days,
        request_id: Text = row.request_id,
        trace_id: Plain<Bytes16> = row.trace_id,
        min_ts: Plain<Moment> = row.min_ts,
    }
}

table! {
    TraceLinks of TraceLinkRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        day: Plain<Day> = day(row.ts),
        keep_days: Plain<U16> = row.owner.keep_days,
        trace_id: Plain<Bytes16> = row.trace_id,
        linked_by: Plain<Bytes16> = row.linked_by,
        min_ts: Plain<Moment> = row.ts,
        max_ts: Plain<Moment> = row.ts,
    }
}

table! {
    AttributeIndex of AttributeIndexRow as |row| {
        day: Plain<Day> = row.partition.day,
        keep_days: Plain<U16> = row.partition.keep_days,
        place: Plain<U64> = row.place,
    }

    // They are a twentieth as large as others, and there may be some for each span: as many parts as there are of spans.
    const MOST_ROWS: u64 = 10 * MOST_ROWS;
}

table! {
    Logs of LogRow<'a> as |row| {
        tenant: LowText = row.owner.tenant,
        keep_days: Plain<U16> = row.owner.keep_days,
        ts: Plain<Moment> = row.ts,
        service: LowText = row.service,
        source: LowText = row.source,
        sandbox_id: Text = row.sandbox_id,
        request_id: Text = row.request_id,
        trace_id: Plain<Bytes16> = row.trace_id,
        span_id: Plain<Bytes8> = row.span_id,
        severity: Plain<U8> = row.severity,
        body: Text = row.body,
        resource_id: Plain<U64> = row.resource_id,
        scope_id: Plain<U64> = row.scope_id,
        attr_keys: LowText = row.attr_keys,
        attr_values: Text = row.attr_values,
        attr_types: LowText = row.attr_types,
        extra: Text = row.extra,
    }

    fn time(row: &LogRow<'_>) -> u64 {
        row.ts
    }

    fn witness(row: &LogRow<'_>) -> Witness {
        Witness::Log {
            tenant: row.owner.tenant.to_owned(),
            service: Told::of(row.service),
            ts: row.ts,
            request_id: row.request_id.to_owned(),
            sandbox_id: row.sandbox_id.to_owned(),
            body: Told::of(row.body),
        }
    }
}
