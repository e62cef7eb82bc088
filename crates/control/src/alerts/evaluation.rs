//! What an evaluation came to, kept as one: how alerts stand, what happened, what groups were told, and what is to be sent.

use coldtrace_model::{Tenant, UnixNanos};
use rusqlite::{Row, Transaction, params};

use super::{found, time};
use crate::db::{Db, DbError, stored};

/// What is kept at once.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Whose it is.
    pub tenant: Tenant,
    /// Up to which minute it was evaluated; `None` where groups alone are told something.
    pub until: Option<UnixNanos>,
    /// When it is kept: what is to be sent is due from then on.
    pub now: UnixNanos,
    /// Alerts that stand otherwise than before.
    pub states: Vec<AlertState>,
    /// Alerts of which nothing is to be remembered.
    pub ended: Vec<String>,
    /// What happened.
    pub transitions: Vec<NewTransition>,
    /// Groups that were told something, or are to be.
    pub groups: Vec<NoticeGroup>,
    /// What is to be sent, in order.
    pub outbox: Vec<NewEntry>,
}

/// How an alert stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertState {
    /// Which.
    pub alert: String,
    /// Of which rule.
    pub rule: String,
    /// JSON.
    pub state: String,
}

/// Something that happened to an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTransition {
    /// One of a kind within the tenant.
    pub id: String,
    /// To which alert.
    pub alert: String,
    /// Of which rule.
    pub rule: String,
    /// When.
    pub at: UnixNanos,
    /// JSON.
    pub body: String,
}

/// The same, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptTransition {
    /// By which pages go: the later, the larger.
    pub number: i64,
    /// One of a kind within the tenant.
    pub id: String,
    /// To which alert.
    pub alert: String,
    /// Of which rule.
    pub rule: String,
    /// When.
    pub at: UnixNanos,
    /// JSON.
    pub body: String,
}

/// Which of a tenant's transitions are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Transitions<'a> {
    /// Of this alert only.
    pub alert: Option<&'a str>,
    /// Of this rule only.
    pub rule: Option<&'a str>,
    /// Before this number only.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// What is remembered of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeGroup {
    /// Of which channel, by its id.
    pub channel: String,
    /// Which of its groups.
    pub key: String,
    /// JSON; `None` if nothing is to be remembered.
    pub state: Option<String>,
}

/// Something that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// What receivers recognise it by: one of a kind.
    pub id: String,
    /// To which channel, by its id.
    pub channel: String,
    /// Of which group: within it the order is kept.
    pub key: String,
    /// As it is sent, but for secrets.
    pub body: String,
    /// What it tells, in a sentence.
    pub summary: String,
    /// Ids of the transitions that it tells. JSON.
    pub transitions: String,
}

// === impl Db ===

impl Db {
    /// Keeps all of an evaluation, or nothing. One of a minute that was evaluated already is refused. What is to be sent to a
    /// channel that was removed meanwhile is left out.
    pub fn commit(&mut self, evaluation: &Evaluation) -> Result<(), DbError> {
        let transaction = self.connection.transaction()?;
        let tenant = evaluation.tenant.as_str();
        if let Some(until) = evaluation.until {
            let rows = transaction.execute(
                "INSERT INTO evaluated (tenant, until) VALUES (?, ?)
                    ON CONFLICT DO UPDATE SET until = excluded.until WHERE until < excluded.until",
                params![tenant, stored(until)],
            )?;
            if rows == 0 {
                return Err(DbError::Evaluated);
            }
        }
        keep_states(&transaction, evaluation)?;
        keep_transitions(&transaction, evaluation)?;
        keep_notices(&transaction, evaluation)?;
        transaction.commit()?;
        Ok(())
    }

    /// Up to which minute a tenant's rules were evaluated.
    pub fn evaluated(&self, tenant: &Tenant) -> Result<Option<UnixNanos>, DbError> {
        found(self.connection.query_row(
            "SELECT until FROM evaluated WHERE tenant = ?",
            [tenant.as_str()],
            |row| time(row, "until"),
        ))
    }

    /// How a tenant's alerts stand.
    pub fn alert_states(&self, tenant: &Tenant) -> Result<Vec<AlertState>, DbError> {
        let mut statement = self.connection.prepare(
            "SELECT alert, rule, state FROM alert_states WHERE tenant = ? ORDER BY alert",
        )?;
        let states = statement.query_map([tenant.as_str()], |row| {
            Ok(AlertState {
                alert: row.get("alert")?,
                rule: row.get("rule")?,
                state: row.get("state")?,
            })
        })?;
        Ok(states.collect::<Result<_, _>>()?)
    }

    /// What is remembered of a tenant's groups.
    pub fn notice_groups(&self, tenant: &Tenant) -> Result<Vec<NoticeGroup>, DbError> {
        let mut statement = self.connection.prepare(
            "SELECT channel, key, state FROM notice_groups WHERE tenant = ? ORDER BY channel, key",
        )?;
        let groups = statement.query_map([tenant.as_str()], |row| {
            Ok(NoticeGroup {
                channel: row.get("channel")?,
                key: row.get("key")?,
                state: row.get("state")?,
            })
        })?;
        Ok(groups.collect::<Result<_, _>>()?)
    }

    /// What happened to a tenant's alerts, the newest first.
    pub fn transitions(
        &self,
        tenant: &Tenant,
        asked: &Transitions<'_>,
    ) -> Result<Vec<KeptTransition>, DbError> {
        let only = asked.only();
        let sql = format!(
            "SELECT number, id, alert, rule, at, body FROM transitions
                WHERE {only} AND number < ?4 ORDER BY number DESC LIMIT ?5"
        );
        let mut statement = self.connection.prepare(&sql)?;
        let before = asked.before.unwrap_or(i64::MAX);
        let asked = params![
            tenant.as_str(),
            asked.alert,
            asked.rule,
            before,
            asked.limit
        ];
        let transitions = statement.query_map(asked, transition_of)?;
        Ok(transitions.collect::<Result<_, _>>()?)
    }

    /// How many there are on all pages.
    pub fn transition_count(
        &self,
        tenant: &Tenant,
        asked: &Transitions<'_>,
    ) -> Result<u64, DbError> {
        let sql = format!("SELECT count(*) FROM transitions WHERE {}", asked.only());
        let asked = params![tenant.as_str(), asked.alert, asked.rule];
        Ok(self.connection.query_row(&sql, asked, |row| row.get(0))?)
    }
}

// === impl Transitions ===

impl Transitions<'_> {
    /// A condition on the tenant, the alert and the rule, in this order. Of a rule no index tells: a tenant's history is bounded.
    fn only(&self) -> String {
        let of_alert = match self.alert {
            Some(_) => "alert = ?2",
            None => "?2 IS NULL",
        };
        let of_rule = match self.rule {
            Some(_) => "rule = ?3",
            None => "?3 IS NULL",
        };
        format!("tenant = ?1 AND {of_alert} AND {of_rule}")
    }
}

fn keep_states(transaction: &Transaction<'_>, evaluation: &Evaluation) -> rusqlite::Result<()> {
    let tenant = evaluation.tenant.as_str();
    let mut upsert = transaction.prepare(
        "INSERT OR REPLACE INTO alert_states (tenant, alert, rule, state) VALUES (?, ?, ?, ?)",
    )?;
    for state in &evaluation.states {
        upsert.execute(params![tenant, state.alert, state.rule, state.state])?;
    }
    let mut delete =
        transaction.prepare("DELETE FROM alert_states WHERE tenant = ? AND alert = ?")?;
    for alert in &evaluation.ended {
        delete.execute(params![tenant, alert])?;
    }
    Ok(())
}

fn keep_transitions(
    transaction: &Transaction<'_>,
    evaluation: &Evaluation,
) -> rusqlite::Result<()> {
    let tenant = evaluation.tenant.as_str();
    let mut insert = transaction.prepare(
        "INSERT INTO transitions (tenant, id, alert, rule, at, body) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for one in &evaluation.transitions {
        let at = stored(one.at);
        insert.execute(params![tenant, one.id, one.alert, one.rule, at, one.body])?;
    }
    Ok(())
}

fn keep_notices(transaction: &Transaction<'_>, evaluation: &Evaluation) -> rusqlite::Result<()> {
    let tenant = evaluation.tenant.as_str();
    let mut upsert = transaction.prepare(
        "INSERT OR REPLACE INTO notice_groups (tenant, channel, key, state)
            SELECT tenant, id, ?3, ?4 FROM channels WHERE tenant = ?1 AND id = ?2",
    )?;
    let mut delete = transaction
        .prepare("DELETE FROM notice_groups WHERE tenant = ? AND channel = ? AND key = ?")?;
    for group in &evaluation.groups {
        match &group.state {
            Some(state) => upsert.execute(params![tenant, group.channel, group.key, state])?,
            None => delete.execute(params![tenant, group.channel, group.key])?,
        };
    }
    let mut insert = transaction.prepare(
        "INSERT INTO outbox (tenant, id, channel, key, body, created, state, due, summary, transitions)
            SELECT tenant, ?3, id, ?4, ?5, ?6, 'waiting', ?6, ?7, ?8 FROM channels WHERE tenant = ?1 AND id = ?2",
    )?;
    for entry in &evaluation.outbox {
        let now = stored(evaluation.now);
        insert.execute(params![
            tenant,
            entry.channel,
            entry.id,
            entry.key,
            entry.body,
            now,
            entry.summary,
            entry.transitions
        ])?;
    }
    Ok(())
}

fn transition_of(row: &Row<'_>) -> rusqlite::Result<KeptTransition> {
    Ok(KeptTransition {
        number: row.get("number")?,
        id: row.get("id")?,
        alert: row.get("alert")?,
        rule: row.get("rule")?,
        at: time(row, "at")?,
        body: row.get("body")?,
    })
}
