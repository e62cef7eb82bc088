//! The schema of OpenTelemetry's exporter for ClickHouse as it is published, filled as the exporter fills it.

use std::sync::mpsc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

use super::Load;
use super::server::Server;

mod block;

pub(super) const DATABASE: &str = "otel";

/// As many as a block of ours has.
const ROWS: u64 = 100_000;
/// Of the exporter's documentation, with its default of no time to live.
const STATEMENTS: [&str; 4] = [
    "CREATE DATABASE IF NOT EXISTS otel",
    "CREATE TABLE otel.otel_traces (
        Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
        TraceId String CODEC(ZSTD(1)),
        SpanId String CODEC(ZSTD(1)),
        ParentSpanId String CODEC(ZSTD(1)),
        TraceState String CODEC(ZSTD(1)),
        SpanName LowCardinality(String) CODEC(ZSTD(1)),
        SpanKind LowCardinality(String) CODEC(ZSTD(1)),
        ServiceName LowCardinality(String) CODEC(ZSTD(1)),
        ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
        ScopeName String CODEC(ZSTD(1)),
        ScopeVersion String CODEC(ZSTD(1)),
        SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
        Duration UInt64 CODEC(ZSTD(1)),
        StatusCode LowCardinality(String) CODEC(ZSTD(1)),
        StatusMessage String CODEC(ZSTD(1)),
        Events Nested (
            Timestamp DateTime64(9),
            Name LowCardinality(String),
            Attributes Map(LowCardinality(String), String)
        ) CODEC(ZSTD(1)),
        Links Nested (
            TraceId String,
            SpanId String,
            TraceState String,
            Attributes Map(LowCardinality(String), String)
        ) CODEC(ZSTD(1)),
        INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
        INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
        INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
        INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
        INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
        INDEX idx_duration Duration TYPE minmax GRANULARITY 1
    ) ENGINE = MergeTree()
    PARTITION BY toDate(Timestamp)
    ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
    SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1",
    "CREATE TABLE otel.otel_traces_trace_id_ts (
        TraceId String CODEC(ZSTD(1)),
        Start DateTime CODEC(Delta(4), ZSTD(1)),
        End DateTime CODEC(Delta(4), ZSTD(1)),
        INDEX idx_trace_id TraceId TYPE bloom_filter(0.01) GRANULARITY 1
    ) ENGINE = MergeTree()
    PARTITION BY toDate(Start)
    ORDER BY (TraceId, Start)
    SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1",
    "CREATE MATERIALIZED VIEW otel.otel_traces_trace_id_ts_mv TO otel.otel_traces_trace_id_ts AS
    SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End
    FROM otel.otel_traces WHERE TraceId != '' GROUP BY TraceId",
];

/// Makes the tables and inserts everything.
pub(super) fn load(server: &Server, load: &Load) -> anyhow::Result<()> {
    for statement in STATEMENTS {
        server.run(statement, "", &[])?;
    }
    let statement = format!(
        "INSERT INTO otel.otel_traces ({}) FORMAT Native",
        block::names()
    );
    // One is made while the one before it is inserted.
    let (sender, blocks) = mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        let making = scope.spawn(move || make_blocks(load, &sender));
        for block in blocks {
            server.run(&statement, "&async_insert=0", &block)?;
        }
        making.join().expect("who makes blocks does not panic")
    })
}

fn make_blocks(load: &Load, sender: &mpsc::SyncSender<Vec<u8>>) -> anyhow::Result<()> {
    let mut block = block::Block::default();
    let mut body = Vec::new();
    for number in 0..load.requests {
        load.write(number, &mut body);
        let request = ExportTraceServiceRequest::decode(&body[..])?;
        block.push(&request);
        if block.rows() >= ROWS || number + 1 == load.requests {
            let encoded = std::mem::take(&mut block).encode();
            if sender.send(encoded).is_err() {
                // Inserting failed, which says why.
                break;
            }
        }
    }
    Ok(())
}
