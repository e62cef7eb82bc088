-- Alerts: what is configured, what is remembered of them, and what is on its way to whom. Times are Unix nanoseconds; texts
-- called definition, settings, secrets, state and body are JSON that others understand.
CREATE TABLE rules (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    definition TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE channels (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    settings TEXT NOT NULL,
    -- Read by the deliverer alone.
    secrets TEXT NOT NULL,
    -- Why nothing is sent, if so. What is to be told waits meanwhile.
    disabled_reason TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE silences (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    definition TEXT NOT NULL,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE alert_states (
    tenant TEXT NOT NULL,
    alert TEXT NOT NULL,
    rule TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (tenant, alert)
) STRICT;

CREATE TABLE transitions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    alert TEXT NOT NULL,
    rule TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (tenant, id)
) STRICT;
CREATE INDEX transitions_of_tenant ON transitions (tenant, number);
CREATE INDEX transitions_of_alert ON transitions (tenant, alert, number);
CREATE INDEX transitions_by_age ON transitions (at);

-- What a channel was told and is to be told of one group.
CREATE TABLE notice_groups (
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (tenant, channel, key)
) STRICT;

-- In the order in which it is sent, within a channel and a group.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    key TEXT NOT NULL,
    -- NULL once it was delivered so long ago that it is not sent again.
    body TEXT,
    created INTEGER NOT NULL,
    -- waiting, delivered or failed.
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When it was first tried, since it was made or replayed.
    tried INTEGER,
    -- Not before then, while it waits.
    due INTEGER NOT NULL,
    ended INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (tenant, channel, key, number) WHERE state = 'waiting';
CREATE INDEX outbox_of_tenant ON outbox (tenant, number);
CREATE INDEX outbox_ended ON outbox (ended) WHERE ended IS NOT NULL;

-- What was sent, but for secrets, and what was answered.
CREATE TABLE attempts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    entry TEXT NOT NULL,
    at INTEGER NOT NULL,
    took INTEGER NOT NULL,
    request TEXT NOT NULL,
    status INTEGER,
    answer TEXT NOT NULL,
    error TEXT
) STRICT;
CREATE INDEX attempts_of_entry ON attempts (entry, number);
CREATE INDEX attempts_by_age ON attempts (at);

-- Up to which minute a tenant's rules were evaluated.
CREATE TABLE evaluated (
    tenant TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;
