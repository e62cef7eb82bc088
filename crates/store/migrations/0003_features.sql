-- What cohorts of invocations are compared by (docs/adr/0022-cohort-compare.md): derived by settle as the tables of
-- 0002_derived.sql are, in windows of five minutes.

-- One row for each invocation that is over: what selects it, and as items all that may tell it from others. An item is a
-- number that stands for a key with a value: 24 bits of the key's hash above 40 bits of the value's.
CREATE TABLE IF NOT EXISTS features (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    mark            UInt8,
    function        LowCardinality(String),
    t               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    ts              DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    request_id      String CODEC(ZSTD(1)),
    revision        UInt64 CODEC(ZSTD(1)),
    -- 0 if not known.
    duration_ns     UInt64 CODEC(T64, ZSTD(1)),
    outcome         UInt8 CODEC(ZSTD(1)),
    cold            UInt8 CODEC(ZSTD(1)),
    version         LowCardinality(String),
    memory_bytes    UInt64 CODEC(T64, ZSTD(1)),
    -- Read whole by every question: what is faster to unpack is worth more than what is smaller.
    items           Array(UInt64) CODEC(LZ4),
    -- Of a mark, as in 0002_derived.sql.
    fingerprint     UInt64 CODEC(ZSTD(1)),
    first_keep_days UInt16,
    settled         DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY (toDate(t), keep_days)
ORDER BY (tenant, mark, function, t, ts, request_id)
TTL t + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1;

-- Items in words. Written before the features that have them, and the same however often it is written: it needs no marks.
CREATE TABLE IF NOT EXISTS feature_values (
    tenant          LowCardinality(String),
    day             Date,
    keep_days       UInt16,
    item            UInt64,
    key             LowCardinality(String),
    value           String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY (day, keep_days)
ORDER BY (tenant, item)
TTL day + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024, default_compression_codec = 'ZSTD(1)';
