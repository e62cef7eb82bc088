-- What about functions costs, as it was told from time to time (query/src/settle/told.rs). Each look at a function adds a row for each
-- finding and one without a kind, which says that somebody looked: a finding that the last look did not tell is over. Nothing
-- is counted here, and two who look at once tell the same twice.
CREATE TABLE IF NOT EXISTS findings (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    function        LowCardinality(String),
    kind            LowCardinality(String),
    about           String CODEC(ZSTD(1)),
    at              DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    title           String CODEC(ZSTD(1)),
    text            String CODEC(ZSTD(1)),
    confidence      LowCardinality(String),
    seen            UInt64,
    share           Float64,
    mean_ns         UInt64,
    p50_ns          UInt64,
    p95_ns          UInt64,
    p99_ns          UInt64,
    -- The share of invocations that would not fail, and billionths of a dollar a month.
    failures        Float64,
    monthly         Nullable(Int64),
    examples        Array(String),
    question        String CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY (toDate(at), keep_days)
ORDER BY (tenant, function, kind, about, at)
TTL at + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024;
