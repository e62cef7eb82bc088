-- What went wrong (docs/adr/0026-error-groups.md), derived as the tables of 0002_derived.sql are.

-- Of invocations without an end, how many by the minute of their deadline: which of them are lost depends on when it is asked.
ALTER TABLE fn_1m ADD COLUMN IF NOT EXISTS open_hist Map(UInt32, UInt64) CODEC(ZSTD(1));
ALTER TABLE fn_1h ADD COLUMN IF NOT EXISTS open_hist Map(UInt32, UInt64) CODEC(ZSTD(1));

-- Errors of a function in five minutes that are alike: those of one type whose messages differ in numbers, ids and quoted texts alone.
CREATE TABLE IF NOT EXISTS error_groups (
    tenant          LowCardinality(String),
    keep_days       UInt16,
    mark            UInt8,
    function        LowCardinality(String),
    t               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    -- The hash of function, type and message.
    id              UInt64,
    -- Of invocations without an end, the minute of their deadline: they are a group that counts once they are lost. Else 0.
    deadline_minute UInt32,
    revision        UInt64 CODEC(ZSTD(1)),
    type            String CODEC(ZSTD(1)),
    -- With a star for what differs, and as it was seen once.
    message         String CODEC(ZSTD(1)),
    seen            String CODEC(ZSTD(1)),
    -- The worst.
    outcome         UInt8,
    n               UInt64 CODEC(T64, ZSTD(1)),
    -- Those that waited for a start of their sandbox.
    cold            UInt64 CODEC(T64, ZSTD(1)),
    -- Of many, those with the most.
    versions        Map(String, UInt64) CODEC(ZSTD(1)),
    first_version   String CODEC(ZSTD(1)),
    first_ns        UInt64 CODEC(ZSTD(1)),
    last_ns         UInt64 CODEC(ZSTD(1)),
    -- Requests, the lowest hashes first.
    examples        Array(Tuple(UInt64, String)) CODEC(ZSTD(1)),
    -- Of a mark, as in 0002_derived.sql.
    fingerprint     UInt64 CODEC(ZSTD(1)),
    first_keep_days UInt16,
    settled         DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY (toDate(t), keep_days)
ORDER BY (tenant, mark, function, t, id, deadline_minute)
TTL t + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480,
    min_rows_to_fsync_after_merge = 1, index_granularity = 1024;
