-- Derived tables (DESIGN 5): what counts. Nothing here is written with the rows that it counts; settle (src/settle.rs)
-- computes closed windows from the base tables, and again when late rows came.
--
-- A window is replaced by a newer revision, which is one insert and so one part: its rows, and a mark (mark = 1) that says
-- what the window was computed from. Only rows with the revision of their window's newest mark count; what vanished from
-- the newer revision is thereby gone. Merges drop rows that a newer revision has too. Reads see mark and rows in one
-- snapshot of the table: one query, never two.

-- What was written into which minute of the base tables: how settle learns of late rows. Every insert adds a random number,
-- so that the sum tells whether there was one since; what it was is not told. It counts nothing: an insert that is
-- noted twice is looked at twice. The base table's part is in place before the note of it.
CREATE TABLE IF NOT EXISTS touched (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    -- 1 invocations, 2 calls: spans that may be one end of a call.
    source          UInt8,
    t               DateTime('UTC'),
    facts           SimpleAggregateFunction(groupBitOr, UInt8),
    stamp           SimpleAggregateFunction(sum, UInt64),
    -- At least so many: to size the work.
    row_count       SimpleAggregateFunction(sum, UInt64)
) ENGINE = AggregatingMergeTree
PARTITION BY (toDate(t), keep_days)
ORDER BY (tenant, source, t)
TTL t + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, non_replicated_deduplication_window = 10000, index_granularity = 1024;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_invocations_mv TO touched AS
SELECT tenant, keep_days, 1 AS source, toStartOfMinute(invocations.ts) AS t, groupBitOr(facts) AS facts,
    rand64() AS stamp, count() AS row_count
FROM invocations GROUP BY tenant, keep_days, t;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_calls_mv TO touched AS
SELECT tenant, keep_days, 2 AS source, toStartOfMinute(spans.ts) AS t, 0 AS facts,
    rand64() AS stamp, count() AS row_count
FROM spans WHERE kind IN (2, 3, 4, 5) GROUP BY tenant, keep_days, t;

-- What the invocations of a function did that were filed in a minute, by what else tells them apart. Histograms count by
-- ceil(log2(microseconds) * 32): each bucket ends 2.2 % above where it begins.
CREATE TABLE IF NOT EXISTS fn_1m (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    mark            UInt8,
    function        LowCardinality(String),
    t               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version         LowCardinality(String),
    memory_bytes    UInt64 CODEC(T64, ZSTD(1)),
    runtime         LowCardinality(String),
    architecture    UInt8,
    platform        UInt8,
    cold            UInt8,
    revision        UInt64 CODEC(ZSTD(1)),
    n               UInt64 CODEC(T64, ZSTD(1)),
    errors          UInt64 CODEC(T64, ZSTD(1)),
    timeouts        UInt64 CODEC(T64, ZSTD(1)),
    ooms            UInt64 CODEC(T64, ZSTD(1)),
    duration_ns     UInt64 CODEC(T64, ZSTD(1)),
    billed_ns       UInt64 CODEC(T64, ZSTD(1)),
    init_ns         UInt64 CODEC(T64, ZSTD(1)),
    restore_ns      UInt64 CODEC(T64, ZSTD(1)),
    max_duration_ns UInt64 CODEC(T64, ZSTD(1)),
    max_memory_bytes UInt64 CODEC(T64, ZSTD(1)),
    -- The latest by which one is filed, and when the latest began.
    last_filed_ns   UInt64 CODEC(T64, ZSTD(1)),
    last_start_ns   UInt64 CODEC(T64, ZSTD(1)),
    duration_hist   Map(Int16, UInt64) CODEC(ZSTD(1)),
    init_hist       Map(Int16, UInt64) CODEC(ZSTD(1)),
    -- Of a mark: the sum of stamps behind the window, the first day of retention that ends, and when it was computed.
    fingerprint     UInt64 CODEC(ZSTD(1)),
    first_keep_days UInt16,
    settled         DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY (toDate(t), keep_days)
ORDER BY (tenant, mark, function, t, version, memory_bytes, runtime, architecture, platform, cold)
TTL t + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024;

-- The same by the hour, from the minutes. Hours outlive what they were counted from.
CREATE TABLE IF NOT EXISTS fn_1h (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    mark            UInt8,
    function        LowCardinality(String),
    t               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version         LowCardinality(String),
    memory_bytes    UInt64 CODEC(T64, ZSTD(1)),
    runtime         LowCardinality(String),
    architecture    UInt8,
    platform        UInt8,
    cold            UInt8,
    revision        UInt64 CODEC(ZSTD(1)),
    n               UInt64 CODEC(T64, ZSTD(1)),
    errors          UInt64 CODEC(T64, ZSTD(1)),
    timeouts        UInt64 CODEC(T64, ZSTD(1)),
    ooms            UInt64 CODEC(T64, ZSTD(1)),
    duration_ns     UInt64 CODEC(T64, ZSTD(1)),
    billed_ns       UInt64 CODEC(T64, ZSTD(1)),
    init_ns         UInt64 CODEC(T64, ZSTD(1)),
    restore_ns      UInt64 CODEC(T64, ZSTD(1)),
    max_duration_ns UInt64 CODEC(T64, ZSTD(1)),
    max_memory_bytes UInt64 CODEC(T64, ZSTD(1)),
    last_filed_ns   UInt64 CODEC(T64, ZSTD(1)),
    last_start_ns   UInt64 CODEC(T64, ZSTD(1)),
    duration_hist   Map(Int16, UInt64) CODEC(ZSTD(1)),
    init_hist       Map(Int16, UInt64) CODEC(ZSTD(1)),
    fingerprint     UInt64 CODEC(ZSTD(1)),
    first_keep_days UInt16,
    settled         DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY (toStartOfMonth(t), keep_days)
ORDER BY (tenant, mark, function, t, version, memory_bytes, runtime, architecture, platform, cold)
TTL t + toIntervalDay(greatest(keep_days, 400))
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024;

-- Who called whom in a minute. A window is a bucket of five minutes, since the two ends of a call may lie in two minutes.
-- Nodes are services; kind leaves room for databases and third parties, which have no span of their own.
CREATE TABLE IF NOT EXISTS edges_1m (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    mark            UInt8,
    t               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    src             LowCardinality(String),
    dst             LowCardinality(String),
    -- 1 a call that is answered, 2 a message.
    kind            UInt8,
    revision        UInt64 CODEC(ZSTD(1)),
    n               UInt64 CODEC(T64, ZSTD(1)),
    errors          UInt64 CODEC(T64, ZSTD(1)),
    -- Of a call as the caller saw it, of a message as its consumer did.
    duration_ns     UInt64 CODEC(T64, ZSTD(1)),
    duration_hist   Map(Int16, UInt64) CODEC(ZSTD(1)),
    fingerprint     UInt64 CODEC(ZSTD(1)),
    first_keep_days UInt16,
    settled         DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    -- Of a mark: one trace in so many was looked at, and what it gave was multiplied.
    sampled         UInt32 CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY (toDate(t), keep_days)
ORDER BY (tenant, mark, t, src, dst, kind)
TTL t + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024;

-- Who settles. A lease is an economy, not a lock: two that settle at once do the work twice, and either's result is right.
-- Rows are claims; the highest of a term holds it until it expires, by the store's clock.
CREATE TABLE IF NOT EXISTS leases (
    name            LowCardinality(String),
    term            UInt64,
    holder          UInt64,
    expires         DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(expires)
ORDER BY (name, term, holder)
TTL toDateTime(expires) + toIntervalDay(1);
