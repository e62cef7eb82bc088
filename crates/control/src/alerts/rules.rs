//! Rules that were made through the API. Those of files are kept in files.

use coldtrace_model::{Tenant, UnixNanos};
use rusqlite::{Row, params};

use super::{changed, found, time};
use crate::db::{Db, DbError, stored};

/// Of one tenant: evaluated each minute, they have to be bounded.
const MOST: usize = 5_000;
const COLUMNS: &str = "id, definition, enabled, created, updated";

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRule {
    /// Its name for machines.
    pub id: String,
    /// What it says. JSON.
    pub definition: String,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// When it was made.
    pub created: UnixNanos,
    /// When it was last changed.
    pub updated: UnixNanos,
}

// === impl Db ===

impl Db {
    /// A tenant's rules, the oldest first.
    pub fn rules(&self, tenant: &Tenant) -> Result<Vec<KeptRule>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM rules WHERE tenant = ? ORDER BY created, id");
        let mut statement = self.connection.prepare(&sql)?;
        let rules = statement.query_map([tenant.as_str()], rule_of)?;
        Ok(rules.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn rule(&self, tenant: &Tenant, id: &str) -> Result<Option<KeptRule>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM rules WHERE tenant = ? AND id = ?");
        found(
            self.connection
                .query_row(&sql, params![tenant.as_str(), id], rule_of),
        )
    }

    /// The tenants that have rules or alerts, by name.
    pub fn tenants_with_alerts(&self) -> Result<Vec<Tenant>, DbError> {
        let mut statement = self.connection.prepare(
            "SELECT tenant FROM rules UNION SELECT tenant FROM alert_states
                UNION SELECT tenant FROM notice_groups ORDER BY tenant",
        )?;
        let mut rows = statement.query([])?;
        let mut tenants = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            tenants.push(Tenant::parse(&name)?);
        }
        Ok(tenants)
    }

    /// Makes a rule of this id.
    pub fn create_rule(
        &mut self,
        tenant: &Tenant,
        id: &str,
        definition: &str,
        enabled: bool,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        self.check_room("rules", tenant, MOST)?;
        self.connection.execute(
            "INSERT INTO rules (tenant, id, definition, enabled, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![tenant.as_str(), id, definition, enabled, stored(now)],
        )?;
        Ok(())
    }

    /// Replaces what a rule says.
    pub fn update_rule(
        &mut self,
        tenant: &Tenant,
        id: &str,
        definition: &str,
        enabled: bool,
        now: UnixNanos,
    ) -> Result<(), DbError> {
        let rows = self.connection.execute(
            "UPDATE rules SET definition = ?3, enabled = ?4, updated = ?5 WHERE tenant = ?1 AND id = ?2",
            params![tenant.as_str(), id, definition, enabled, stored(now)],
        )?;
        changed(rows, "rule", id)
    }

    /// Removes a rule. What it made fire is ended by the next evaluation.
    pub fn delete_rule(&mut self, tenant: &Tenant, id: &str) -> Result<(), DbError> {
        let rows = self.connection.execute(
            "DELETE FROM rules WHERE tenant = ? AND id = ?",
            params![tenant.as_str(), id],
        )?;
        changed(rows, "rule", id)
    }
}

fn rule_of(row: &Row<'_>) -> rusqlite::Result<KeptRule> {
    Ok(KeptRule {
        id: row.get("id")?,
        definition: row.get("definition")?,
        enabled: row.get("enabled")?,
        created: time(row, "created")?,
        updated: time(row, "updated")?,
    })
}
