//! The outbox: what is to be sent, what was, and how it went.
//!
//! Within a channel and a group the first that waits goes first, and nothing behind it before it was delivered or given up.

use std::time::Duration;

use coldtrace_model::{Tenant, UnixNanos};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::{NewEntry, Secrets, changed, found, maybe_time, time};
use crate::db::{Db, DbError, stored};

/// With how the last attempt went. What waits for a channel that is disabled is due at no time.
const COLUMNS: &str = "o.number, o.id, o.channel, coalesce(c.name, o.channel_name, '') AS channel_name, o.key, o.created,
    o.state, o.attempts, o.ended, o.summary, o.transitions, a.status, a.error,
    CASE WHEN o.state = 'waiting' AND c.disabled_reason IS NULL THEN o.due END AS due";
const JOINED: &str = "outbox o LEFT JOIN channels c ON c.tenant = o.tenant AND c.id = o.channel
    LEFT JOIN attempts a ON a.number = (SELECT max(number) FROM attempts WHERE entry = o.id)";
/// By [`Deliveries`].
const CHOSEN: &str =
    "o.tenant = ?1 AND (?2 IS NULL OR o.channel = ?2) AND (?3 IS NULL OR o.state = ?3)";

/// What may be sent now, with whereto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose it is.
    pub tenant: Tenant,
    /// What receivers recognise it by.
    pub id: String,
    /// To which channel, by its id.
    pub channel: String,
    /// Of which group.
    pub key: String,
    /// As it is sent, but for secrets.
    pub body: String,
    /// How often it was tried, since it was made or replayed.
    pub attempts: u32,
    /// When it was first tried since.
    pub tried: Option<UnixNanos>,
    /// What its receiver understands.
    pub kind: String,
    /// The channel's settings. JSON.
    pub settings: String,
    /// The channel's secrets.
    pub secrets: Secrets,
}

/// A group that a channel of some kind was told of, and for which nothing waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose it is.
    pub tenant: Tenant,
    /// Of which channel, by its id.
    pub channel: String,
    /// Which group.
    pub key: String,
    /// What is remembered of it. JSON.
    pub state: String,
    /// The channel's settings. JSON.
    pub settings: String,
    /// The channel's secrets.
    pub secrets: Secrets,
}

/// How far something came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent.
    Waiting,
    /// It arrived.
    Delivered,
    /// It was given up; it may be replayed.
    Failed,
    /// Its channel was removed before it was sent.
    Cancelled,
}

/// Something in the outbox, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// By which pages go: the later, the larger.
    pub number: i64,
    /// What receivers recognise it by.
    pub id: String,
    /// To which channel, by its id.
    pub channel: String,
    /// What that is called, or was when it was removed.
    pub channel_name: String,
    /// Of which group.
    pub key: String,
    /// When it was made.
    pub created: UnixNanos,
    /// How far it came.
    pub state: DeliveryState,
    /// How often it was tried, since it was made or replayed.
    pub attempts: u32,
    /// Not before then, while it waits for a channel that is used.
    pub due: Option<UnixNanos>,
    /// When it was delivered, given up or cancelled.
    pub ended: Option<UnixNanos>,
    /// What it tells, in a sentence.
    pub summary: String,
    /// Ids of the transitions that it tells. JSON.
    pub transitions: String,
    /// What was answered at last, if anything.
    pub last_status: Option<u16>,
    /// Why it did not arrive at last.
    pub last_error: Option<String>,
}

/// Which of them are asked for.
#[derive(Clone, Debug, Default)]
pub struct Deliveries<'a> {
    /// To this channel alone.
    pub channel: Option<&'a str>,
    /// In this state alone.
    pub state: Option<DeliveryState>,
    /// Before this number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// One time that something was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: UnixNanos,
    /// How long it took.
    pub took: Duration,
    /// What was sent besides the body, without secrets: method, address, headers.
    pub request: String,
    /// What was answered, if anything.
    pub status: Option<u16>,
    /// The beginning of the answer's body.
    pub answer: String,
    /// Why it did not arrive.
    pub error: Option<String>,
}

/// What comes of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It is tried again, not before then.
    Again(UnixNanos),
    /// It is given up.
    Failed,
    /// Nothing is sent to this channel any more, for this reason. It waits for somebody to change that.
    Disabled(String),
}

// === impl DeliveryState ===

impl DeliveryState {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// All that there are.
    pub const ALL: [Self; 4] = [
        Self::Waiting,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The one of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

// === impl Db ===

impl Db {
    /// What may be sent now: of each channel and group the first that waits, if it is due; of each channel at most so many,
    /// the longest due first.
    pub fn due(&self, now: UnixNanos, of_channel: usize) -> Result<Vec<Due>, DbError> {
        let mut statement = self.connection.prepare(
            "WITH heads AS (
                SELECT min(number) AS number FROM outbox WHERE state = 'waiting' GROUP BY tenant, channel, key
            ), ranked AS (
                SELECT o.*, c.kind, c.settings, c.secrets,
                    row_number() OVER (PARTITION BY o.tenant, o.channel ORDER BY o.due, o.number) AS place
                FROM heads JOIN outbox o USING (number) JOIN channels c ON c.tenant = o.tenant AND c.id = o.channel
                WHERE o.due <= ?1 AND c.disabled_reason IS NULL
            )
            SELECT * FROM ranked WHERE place <= ?2 ORDER BY due, number",
        )?;
        let mut rows = statement.query(params![stored(now), of_channel])?;
        let mut due = Vec::new();
        while let Some(row) = rows.next()? {
            due.push(due_of(row)?);
        }
        Ok(due)
    }

    /// Keeps how an attempt went, and what comes of it. An entry that does not wait any more, as its channel is gone, is
    /// left alone.
    pub fn record(
        &mut self,
        tenant: &Tenant,
        entry: &str,
        attempt: &Attempt,
        outcome: &Outcome,
    ) -> Result<(), DbError> {
        let transaction = self.connection.transaction()?;
        let at = stored(attempt.at);
        let (state, due, ended) = match outcome {
            Outcome::Delivered => (DeliveryState::Delivered, None, Some(at)),
            Outcome::Again(due) => (DeliveryState::Waiting, Some(stored(*due)), None),
            Outcome::Failed => (DeliveryState::Failed, None, Some(at)),
            Outcome::Disabled(_) => (DeliveryState::Waiting, None, None),
        };
        let rows = transaction.execute(
            "UPDATE outbox SET state = ?3, due = coalesce(?4, due), ended = ?5, attempts = attempts + 1,
                tried = coalesce(tried, ?6) WHERE tenant = ?1 AND id = ?2 AND state = 'waiting'",
            params![tenant.as_str(), entry, state.as_str(), due, ended, at],
        )?;
        if rows == 0 {
            return Ok(());
        }
        insert_attempt(&transaction, entry, attempt)?;
        if let Outcome::Disabled(reason) = outcome {
            transaction.execute(
                "UPDATE channels SET disabled_reason = ?3 WHERE tenant = ?1
                    AND id = (SELECT channel FROM outbox WHERE tenant = ?1 AND id = ?2)",
                params![tenant.as_str(), entry, reason],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Keeps something that was sent without having waited, as a trial is, and how it went.
    pub fn log(
        &mut self,
        tenant: &Tenant,
        entry: &NewEntry,
        attempt: &Attempt,
        is_delivered: bool,
    ) -> Result<(), DbError> {
        let state = match is_delivered {
            true => DeliveryState::Delivered,
            false => DeliveryState::Failed,
        };
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "INSERT INTO outbox (tenant, id, channel, channel_name, key, body, summary, transitions, created, state, attempts,
                tried, due, ended) VALUES (?1, ?2, ?3, (SELECT name FROM channels WHERE tenant = ?1 AND id = ?3), ?4, ?5, ?6,
                ?7, ?8, ?9, 1, ?8, ?8, ?8)",
            params![
                tenant.as_str(),
                entry.id,
                entry.channel,
                entry.key,
                entry.body,
                entry.summary,
                entry.transitions,
                stored(attempt.at),
                state.as_str()
            ],
        )?;
        insert_attempt(&transaction, &entry.id, attempt)?;
        transaction.commit()?;
        Ok(())
    }

    /// What a tenant was and is to be sent, the newest first.
    pub fn deliveries(
        &self,
        tenant: &Tenant,
        asked: &Deliveries<'_>,
    ) -> Result<Vec<Delivery>, DbError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {JOINED} WHERE {CHOSEN} AND o.number < ?4 ORDER BY o.number DESC LIMIT ?5"
        );
        let mut statement = self.connection.prepare(&sql)?;
        let deliveries = statement.query_map(
            params![
                tenant.as_str(),
                asked.channel,
                asked.state.map(DeliveryState::as_str),
                asked.before.unwrap_or(i64::MAX),
                asked.limit
            ],
            delivery_of,
        )?;
        Ok(deliveries.collect::<Result<_, _>>()?)
    }

    /// How many there are of those, on all pages.
    pub fn count_deliveries(
        &self,
        tenant: &Tenant,
        asked: &Deliveries<'_>,
    ) -> Result<usize, DbError> {
        let sql = format!("SELECT count(*) FROM outbox o WHERE {CHOSEN}");
        let state = asked.state.map(DeliveryState::as_str);
        let chosen = params![tenant.as_str(), asked.channel, state];
        Ok(self.connection.query_row(&sql, chosen, |row| row.get(0))?)
    }

    /// One of them, with its body, if that is still kept, and how it went, the first attempt first.
    #[expect(clippy::type_complexity, reason = "three parts of one answer")]
    pub fn delivery(
        &self,
        tenant: &Tenant,
        id: &str,
    ) -> Result<Option<(Delivery, Option<String>, Vec<Attempt>)>, DbError> {
        let sql = format!("SELECT {COLUMNS}, o.body FROM {JOINED} WHERE o.tenant = ? AND o.id = ?");
        let row = |row: &Row<'_>| Ok((delivery_of(row)?, row.get("body")?));
        let queried = self
            .connection
            .query_row(&sql, params![tenant.as_str(), id], row);
        let Some((delivery, body)) = found(queried)? else {
            return Ok(None);
        };
        let mut statement = self.connection.prepare(
            "SELECT at, took, request, status, answer, error FROM attempts WHERE entry = ? ORDER BY number",
        )?;
        let attempts = statement.query_map([id], attempt_of)?;
        let attempts = attempts.collect::<Result<_, _>>()?;
        Ok(Some((delivery, body, attempts)))
    }

    /// Sends something once more, under the id that it has. Refused where its body is not kept any more.
    pub fn replay(&mut self, tenant: &Tenant, id: &str, now: UnixNanos) -> Result<(), DbError> {
        let rows = self.connection.execute(
            "UPDATE outbox SET state = 'waiting', due = ?3, attempts = 0, tried = NULL, ended = NULL
                WHERE tenant = ?1 AND id = ?2 AND body IS NOT NULL",
            params![tenant.as_str(), id, stored(now)],
        )?;
        changed(rows, "delivery whose body is kept", id)
    }

    /// The groups of all channels of a kind to which nothing waits to be sent.
    pub fn standing(&self, kind: &str) -> Result<Vec<Standing>, DbError> {
        let mut statement = self.connection.prepare(
            "SELECT g.*, c.settings, c.secrets FROM notice_groups g
                JOIN channels c ON c.tenant = g.tenant AND c.id = g.channel
                WHERE c.kind = ? AND c.disabled_reason IS NULL AND NOT EXISTS (
                    SELECT 1 FROM outbox o WHERE o.tenant = g.tenant AND o.channel = g.channel
                        AND o.key = g.key AND o.state = 'waiting')",
        )?;
        let mut rows = statement.query([kind])?;
        let mut standing = Vec::new();
        while let Some(row) = rows.next()? {
            let tenant: String = row.get("tenant")?;
            standing.push(Standing {
                tenant: Tenant::parse(&tenant)?,
                channel: row.get("channel")?,
                key: row.get("key")?,
                state: row.get("state")?,
                settings: row.get("settings")?,
                secrets: Secrets(row.get("secrets")?),
            });
        }
        Ok(standing)
    }

    /// Whether something waits to be sent to a channel's group.
    pub fn is_waiting(&self, tenant: &Tenant, channel: &str, key: &str) -> Result<bool, DbError> {
        let waits = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE tenant = ? AND channel = ? AND key = ? AND state = 'waiting')",
            params![tenant.as_str(), channel, key],
            |row| row.get(0),
        )?;
        Ok(waits)
    }
}

fn insert_attempt(
    connection: &Connection,
    entry: &str,
    attempt: &Attempt,
) -> rusqlite::Result<usize> {
    let took = i64::try_from(attempt.took.as_nanos()).unwrap_or(i64::MAX);
    connection.execute(
        "INSERT INTO attempts (entry, at, took, request, status, answer, error) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![
            entry,
            stored(attempt.at),
            took,
            attempt.request,
            attempt.status,
            attempt.answer,
            attempt.error
        ],
    )
}

fn due_of(row: &Row<'_>) -> Result<Due, DbError> {
    let tenant: String = row.get("tenant")?;
    Ok(Due {
        tenant: Tenant::parse(&tenant)?,
        id: row.get("id")?,
        channel: row.get("channel")?,
        key: row.get("key")?,
        body: row.get::<_, Option<String>>("body")?.unwrap_or_default(),
        attempts: row.get("attempts")?,
        tried: maybe_time(row, "tried")?,
        kind: row.get("kind")?,
        settings: row.get("settings")?,
        secrets: Secrets(row.get("secrets")?),
    })
}

fn delivery_of(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state: String = row.get("state")?;
    let odd = || rusqlite::Error::InvalidColumnType(6, state.clone(), Type::Text);
    Ok(Delivery {
        number: row.get("number")?,
        id: row.get("id")?,
        channel: row.get("channel")?,
        channel_name: row.get("channel_name")?,
        key: row.get("key")?,
        created: time(row, "created")?,
        state: DeliveryState::of(&state).ok_or_else(odd)?,
        attempts: row.get("attempts")?,
        due: maybe_time(row, "due")?,
        ended: maybe_time(row, "ended")?,
        summary: row.get("summary")?,
        transitions: row.get("transitions")?,
        last_status: row.get("status")?,
        last_error: row.get("error")?,
    })
}

fn attempt_of(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let took: i64 = row.get("took")?;
    Ok(Attempt {
        at: time(row, "at")?,
        took: Duration::from_nanos(took.cast_unsigned()),
        request: row.get("request")?,
        status: row.get("status")?,
        answer: row.get("answer")?,
        error: row.get("error")?,
    })
}
