-- Who may send and read, and how much. Times are Unix nanoseconds.
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL,
    -- SHA-256 of the whole key as it is presented: 256 random bits need no slow hash.
    hash BLOB NOT NULL,
    created INTEGER NOT NULL,
    rotated INTEGER,
    expires INTEGER,
    -- Kept after a revocation: that there were keys is why keys are demanded.
    revoked INTEGER,
    -- What the key was before its last rotation, and until when that is taken as well.
    previous_hash BLOB,
    previous_until INTEGER
) STRICT;

CREATE TABLE limits (
    tenant TEXT PRIMARY KEY,
    keep_days INTEGER,
    bytes_per_second INTEGER,
    spans_per_second INTEGER,
    -- Of the collector's log, in percent.
    log_share INTEGER
) STRICT;
