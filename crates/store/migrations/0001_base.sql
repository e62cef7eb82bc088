-- Base tables and idempotent lookup indexes (DESIGN 5). Every table names the durability and deduplication settings of
-- DESIGN 3: nothing is acknowledged to the writer before its part and its folder are synced, and a repeated block with the
-- same insert_deduplication_token is dropped. What counts is never written here: settle derives it.
--
-- All filters on time must also name the bucket: a range on ts alone does not prune a key on toStartOfFiveMinutes(ts).

-- A fresh part is compact and compressed by LZ4, which is what an insert costs least with; the first merge, at which it is older
-- than a second, makes it wide and ZSTD (docs/adr/0009-codecs.md). Ids and what else is random gains nothing from a codec.
-- Merges take many parts at once and stop at a gigabyte, so that a row is merged once or twice and not at every level.
CREATE TABLE IF NOT EXISTS spans (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    ts              DateTime64(9, 'UTC') CODEC(Delta(8), Default),
    bucket          DateTime('UTC') MATERIALIZED toStartOfFiveMinutes(ts) CODEC(DoubleDelta, Default),
    stored_at       DateTime('UTC') MATERIALIZED now(),
    trace_id        FixedString(16),
    span_id         FixedString(8) CODEC(NONE),
    parent_span_id  FixedString(8),
    flags           UInt32,
    service         LowCardinality(String),
    name            LowCardinality(String),
    kind            UInt8,
    -- Signed: clocks step, and what came in is kept. Repair happens on rebuild.
    duration_ns     Int64 CODEC(T64, Default),
    status          UInt8,
    status_message  String,
    -- Normalised over platforms; empty where the span names none.
    request_id      String,
    -- The sandbox whose extension shipped the span; empty for plain OTLP.
    sandbox_id      String,
    -- The platform phase that the span stands for; empty for a client's own span.
    phase           LowCardinality(String),
    http_status     UInt16,
    resource_id     UInt64,
    scope_id        UInt64,
    -- Every attribute as text, in the order in which they came: the keys, of which there are few sets, and the values. Each is
    -- preceded and the last is followed by the byte 0xFF, which no text contains; without attributes both are empty
    -- (docs/adr/0007-attributes.md).
    attr_keys       LowCardinality(String),
    attr_values     String,
    -- A letter for each: its OTLP type (proto/src/stored.rs). Empty where all are text.
    attr_types      LowCardinality(String),
    -- The rest of the span as OTLP bytes (opentelemetry.proto.trace.v1.Span without what the columns hold), so that what
    -- comes out equals what went in.
    extra           String,
    -- The traces that this span's links name, each once; the links themselves stand in extra.
    link_trace_ids  Array(FixedString(16)),
    -- For people who ask the database themselves.
    attrs           Map(String, String) ALIAS mapFromArrays(
        arraySlice(splitByChar('\xFF', toString(attr_keys)), 2, -1), arraySlice(splitByChar('\xFF', attr_values), 2, -1))
) ENGINE = MergeTree
PARTITION BY (toDate(ts), keep_days)
ORDER BY (tenant, bucket, service, trace_id, ts, span_id)
TTL toDateTime(ts) + toIntervalDay(keep_days), stored_at + toIntervalSecond(1) RECOMPRESS CODEC(ZSTD(1))
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, min_level_for_wide_part = 1,
    min_parts_to_merge_at_once = 10, max_bytes_to_merge_at_max_space_in_pool = 1073741824;

-- Resources and scopes by the hash of their OTLP bytes with the schema URL; written with every block that names them.
CREATE TABLE IF NOT EXISTS resources (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    day             Date,
    resource_id     UInt64,
    service         LowCardinality(String),
    schema_url      String,
    attrs           Map(LowCardinality(String), String),
    -- opentelemetry.proto.resource.v1.Resource
    raw             String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, resource_id)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)';

CREATE TABLE IF NOT EXISTS scopes (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    day             Date,
    scope_id        UInt64,
    schema_url      String,
    -- opentelemetry.proto.common.v1.InstrumentationScope
    raw             String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, scope_id)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)';

-- One row per invocation, merged from its facts. ts is the fact's filed_at. Enumerations hold the numbers of crates/model.
CREATE TABLE IF NOT EXISTS invocations (
    tenant                LowCardinality(String),
    keep_days             UInt16,
    function              LowCardinality(String),
    bucket                DateTime('UTC') MATERIALIZED toStartOfFiveMinutes(ts),
    ts                    DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    request_id            String CODEC(ZSTD(1)),
    -- Which facts have arrived: 1 started, 2 finished, 4 reported, 8 derived from a span.
    facts                 SimpleAggregateFunction(groupBitOr, UInt8),
    platform              SimpleAggregateFunction(max, UInt8),
    sandbox_id            SimpleAggregateFunction(max, String),
    instance              SimpleAggregateFunction(max, String),
    version               SimpleAggregateFunction(max, LowCardinality(String)),
    runtime               SimpleAggregateFunction(max, LowCardinality(String)),
    architecture          SimpleAggregateFunction(max, UInt8),
    region                SimpleAggregateFunction(max, LowCardinality(String)),
    account               SimpleAggregateFunction(max, LowCardinality(String)),
    memory_bytes          SimpleAggregateFunction(max, UInt64),
    -- When the sender learned of it; the platform's own account, which comes later, wins on reading.
    start_unix_ns         SimpleAggregateFunction(max, UInt64),
    platform_start_unix_ns SimpleAggregateFunction(max, UInt64),
    deadline_unix_ns      SimpleAggregateFunction(max, UInt64),
    outcome               SimpleAggregateFunction(max, UInt8),
    cold                  SimpleAggregateFunction(max, UInt8),
    trigger               SimpleAggregateFunction(max, UInt8),
    duration_ns           SimpleAggregateFunction(max, UInt64),
    -- The runtime's own time: shown where the platform's account never came.
    runtime_duration_ns   SimpleAggregateFunction(max, UInt64),
    billed_ns             SimpleAggregateFunction(max, UInt64),
    init_ns               SimpleAggregateFunction(max, UInt64),
    restore_ns            SimpleAggregateFunction(max, UInt64),
    response_latency_ns   SimpleAggregateFunction(max, UInt64),
    response_duration_ns  SimpleAggregateFunction(max, UInt64),
    runtime_overhead_ns   SimpleAggregateFunction(max, UInt64),
    extension_overhead_ns SimpleAggregateFunction(max, UInt64),
    produced_bytes        SimpleAggregateFunction(max, UInt64),
    max_memory_bytes      SimpleAggregateFunction(max, UInt64),
    error_type            SimpleAggregateFunction(max, String),
    platform_trace_id     SimpleAggregateFunction(max, FixedString(16)),
    platform_span_id      SimpleAggregateFunction(max, FixedString(8)),
    sdk_trace_id          SimpleAggregateFunction(max, FixedString(16))
) ENGINE = AggregatingMergeTree
PARTITION BY (toDate(ts), keep_days)
ORDER BY (tenant, function, bucket, ts, request_id)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)';

-- Where a request id's row stands, without a time. A trace's span-derived row and a sandbox's own may both be listed: the
-- reader prefers the sandbox's.
CREATE TABLE IF NOT EXISTS request_index (
    tenant          LowCardinality(String),
    day             Date,
    keep_days       UInt16,
    request_id      String,
    function        LowCardinality(String),
    ts              DateTime64(9, 'UTC'),
    facts           SimpleAggregateFunction(groupBitOr, UInt8)
) ENGINE = AggregatingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, request_id, function, ts)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)';

CREATE MATERIALIZED VIEW IF NOT EXISTS request_index_mv TO request_index AS
SELECT tenant, toDate(ts) AS day, keep_days, request_id, function, ts, groupBitOr(facts) AS facts
FROM invocations GROUP BY tenant, day, keep_days, request_id, function, ts;

-- Which traces belong to a request id: the platform's, the function's own. This and the next two are gathered where blocks are
-- built (src/native/lookup.rs), from the same rows (docs/adr/0015-lookup-rows.md).
CREATE TABLE IF NOT EXISTS request_traces (
    tenant          LowCardinality(String),
    day             Date,
    keep_days       UInt16,
    request_id      String,
    trace_id        FixedString(16),
    -- By which a request's first trace is told from the others.
    min_ts          SimpleAggregateFunction(min, DateTime64(9, 'UTC'))
) ENGINE = AggregatingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, request_id, trace_id)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)';

-- When and where a trace happened, and whose requests it served.
CREATE TABLE IF NOT EXISTS trace_index (
    tenant          LowCardinality(String),
    day             Date,
    keep_days       UInt16,
    trace_id        FixedString(16),
    min_ts          SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
    max_end         SimpleAggregateFunction(max, DateTime64(9, 'UTC')),
    services        SimpleAggregateFunction(groupUniqArrayArray, Array(String)),
    request_ids     SimpleAggregateFunction(groupUniqArrayArray, Array(String))
) ENGINE = AggregatingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, trace_id)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)';

-- Which traces link to a trace: queues link rather than parent.
CREATE TABLE IF NOT EXISTS trace_links (
    tenant          LowCardinality(String),
    day             Date,
    keep_days       UInt16,
    trace_id        FixedString(16),
    linked_by       FixedString(16),
    min_ts          SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
    max_ts          SimpleAggregateFunction(max, DateTime64(9, 'UTC'))
) ENGINE = AggregatingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, trace_id, linked_by)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024,
    default_compression_codec = 'ZSTD(1)';

-- In which five minutes of a day an attribute stands: the hash of tenant, name and value, above the number of the five minutes
-- (src/attribute_index.rs, docs/adr/0017-attribute-index.md). One may stand there often: to the reader they are a set.
CREATE TABLE IF NOT EXISTS attribute_index (
    day             Date,
    keep_days       UInt16,
    place           UInt64 CODEC(Delta(8), Default)
) ENGINE = MergeTree
PARTITION BY (day, keep_days)
ORDER BY place
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000,
    default_compression_codec = 'ZSTD(1)';

-- Init and restore phases of sandboxes.
CREATE TABLE IF NOT EXISTS phases (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    function        LowCardinality(String),
    ts              DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    sandbox_id      String CODEC(ZSTD(1)),
    kind            UInt8,
    duration_ns     UInt64 CODEC(T64, ZSTD(1)),
    outcome         UInt8,
    error_type      LowCardinality(String),
    request_id      String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY (toDate(ts), keep_days)
ORDER BY (tenant, function, ts, sandbox_id, kind)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000;

-- What each sandbox's extension says of itself, cumulative.
CREATE TABLE IF NOT EXISTS sandboxes (
    tenant          LowCardinality(String),
    day             Date,
    keep_days       UInt16,
    function        LowCardinality(String),
    sandbox_id      String,
    first_seen      SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
    last_seen       SimpleAggregateFunction(max, DateTime64(9, 'UTC')),
    extension       SimpleAggregateFunction(max, LowCardinality(String)),
    dropped_bytes   SimpleAggregateFunction(max, UInt64),
    dropped_items   SimpleAggregateFunction(max, UInt64),
    failed_sends    SimpleAggregateFunction(max, UInt64)
) ENGINE = AggregatingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, function, sandbox_id)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS logs (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    ts              DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    bucket          DateTime('UTC') MATERIALIZED toStartOfFiveMinutes(ts) CODEC(DoubleDelta, ZSTD(1)),
    service         LowCardinality(String),
    source          LowCardinality(String),
    sandbox_id      String CODEC(ZSTD(1)),
    request_id      String CODEC(ZSTD(1)),
    trace_id        FixedString(16) CODEC(ZSTD(1)),
    span_id         FixedString(8) CODEC(ZSTD(1)),
    severity        UInt8 CODEC(T64, ZSTD(1)),
    body            String CODEC(ZSTD(3)),
    resource_id     UInt64 CODEC(ZSTD(1)),
    scope_id        UInt64 CODEC(ZSTD(1)),
    -- As those of spans.
    attr_keys       LowCardinality(String),
    attr_values     String CODEC(ZSTD(1)),
    attr_types      LowCardinality(String),
    -- opentelemetry.proto.logs.v1.LogRecord without what the columns hold; empty for lines from the Telemetry API.
    extra           String CODEC(ZSTD(1)),
    attrs           Map(String, String) ALIAS mapFromArrays(
        arraySlice(splitByChar('\xFF', toString(attr_keys)), 2, -1), arraySlice(splitByChar('\xFF', attr_values), 2, -1)),
    INDEX i_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX i_request request_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY (toDate(ts), keep_days)
ORDER BY (tenant, bucket, service, request_id, ts)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000;
