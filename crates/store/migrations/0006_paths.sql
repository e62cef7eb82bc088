-- Where the time of functions went (docs/adr/0025-paths-over-time.md): derived by settle as the tables of 0002_derived.sql are, in
-- windows of five minutes (the name is that of its neighbours). What is in a row is told from rebuilt traces
-- (query/src/settle/paths.rs), and so it is computed outside the engine and inserted with its mark.
--
-- A row is a part of the critical paths of a function's invocations that were looked at. The row without a category is all of
-- them together; a part without service and name is the rest of its category.
CREATE TABLE IF NOT EXISTS cp_1m (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    mark            UInt8,
    function        LowCardinality(String),
    t               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    category        LowCardinality(String),
    -- Whom a call called; of other work, whose it was.
    service         LowCardinality(String),
    name            String CODEC(ZSTD(1)),
    revision        UInt64 CODEC(ZSTD(1)),
    -- A span that shows it, by who sent it.
    sender          LowCardinality(String),
    span            String CODEC(ZSTD(1)),
    path_ns         UInt64 CODEC(T64, ZSTD(1)),
    -- How many of those that were looked at waited for it.
    seen            UInt64 CODEC(T64, ZSTD(1)),
    -- Of the function in the window, the same in each of its rows: how many invocations were over, and looked at.
    n               UInt64 CODEC(T64, ZSTD(1)),
    looked_at       UInt64 CODEC(T64, ZSTD(1)),
    -- Of a mark, as in 0002_derived.sql.
    fingerprint     UInt64 CODEC(ZSTD(1)),
    first_keep_days UInt16,
    settled         DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY (toDate(t), keep_days)
ORDER BY (tenant, mark, function, t, category, service, name)
TTL t + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024;
