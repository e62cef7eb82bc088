-- How many invocations of a window have which items, of each function: what a comparison of all with a few adds up. Written right after
-- `features`, of the same revision; a window without is counted from there.
CREATE TABLE IF NOT EXISTS feature_counts (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    function        LowCardinality(String),
    t               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    revision        UInt64 CODEC(ZSTD(1)),
    -- Whether the durations of these invocations are known.
    is_timed        Bool,
    -- Ascending, and of each how many have it.
    items           Array(UInt64) CODEC(Delta(8), LZ4),
    counts          Array(UInt32) CODEC(T64, LZ4)
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY (toDate(t), keep_days)
ORDER BY (tenant, function, t, is_timed)
TTL t + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024;
