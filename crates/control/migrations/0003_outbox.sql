-- The outbox tells in lists what an entry says and where it goes, without its body. Nothing was put into it before this.
DROP TABLE outbox;
-- In the order in which it is sent, within a channel and a group.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    -- What the channel was called, once it is gone.
    channel_name TEXT,
    key TEXT NOT NULL,
    created INTEGER NOT NULL,
    -- waiting, delivered, failed or cancelled.
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When it was first tried, since it was made or replayed.
    tried INTEGER,
    -- Not before then, while it waits.
    due INTEGER NOT NULL,
    ended INTEGER,
    -- What it tells, for lists: a sentence, and ids of transitions as JSON.
    summary TEXT NOT NULL,
    transitions TEXT NOT NULL,
    -- NULL once it was delivered so long ago that it is not sent again. The last column, since it may be large.
    body TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox (tenant, channel, key, number) WHERE state = 'waiting';
-- With all that lists are chosen by, so that choosing and counting read nothing else.
CREATE INDEX outbox_of_tenant ON outbox (tenant, number, channel, state);
CREATE INDEX outbox_ended ON outbox (ended) WHERE ended IS NOT NULL;
