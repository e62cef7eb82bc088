//! Which functions have an attribute: what the scope of a rule of alerts is told by.

use std::collections::BTreeSet;

use clickhouse::Row;
use coldtrace_model::TimeRange;
use serde::Deserialize;

use super::{ReadError, Reader, sql};
use crate::settle::features::item_of;

#[derive(Row, Deserialize)]
struct NameRow {
    name: String,
}

impl Reader {
    /// The functions of whom an invocation in the range has this attribute with this value, by name. It may be one of a resource, one of
    /// a span that answered an invocation, or what an invocation tells itself, such as `region` or `runtime` (the keys by which cohorts
    /// are compared). Of resources, whole days are looked at; an attribute by which each invocation differs from the others is not
    /// found, nor is a long text.
    pub async fn functions_with(
        &self,
        key: &str,
        value: &str,
        range: TimeRange,
    ) -> Result<Vec<String>, ReadError> {
        let (of_resources, of_invocations) = tokio::try_join!(
            self.named_by_resources(key, value, range),
            self.functions_with_item(key, value, range)
        )?;
        let names: BTreeSet<String> = of_resources.into_iter().chain(of_invocations).collect();
        Ok(names.into_iter().collect())
    }

    /// What resources with this attribute are called: by their service, and by the function that they are of.
    async fn named_by_resources(
        &self,
        key: &str,
        value: &str,
        range: TimeRange,
    ) -> Result<Vec<String>, ReadError> {
        let (owned, days) = (self.owned(), sql::within_days(range));
        let (key, value) = (sql::text(key), sql::text(value));
        let rows: Vec<NameRow> = self
            .rows(&format!(
                "SELECT DISTINCT arrayJoin([CAST(service, 'String'), attrs['faas.name']]) AS name FROM resources
                WHERE {owned} AND {days} AND mapContains(attrs, {key}) AND attrs[{key}] = {value}"
            ))
            .await?;
        let names = rows.into_iter().map(|row| row.name);
        Ok(names.filter(|name| !name.is_empty()).collect())
    }

    async fn functions_with_item(
        &self,
        key: &str,
        value: &str,
        range: TimeRange,
    ) -> Result<Vec<String>, ReadError> {
        let features = self.features(range, None).await?;
        if features.is_empty() {
            return Ok(Vec::new());
        }
        let value = sql::text(value);
        let items =
            [format!("span.{key}"), key.to_owned()].map(|key| item_of(&sql::text(&key), &value));
        let has = format!("hasAny(items, [{}])", items.join(", "));
        // What is counted is read by its counts alone.
        let rows = format!(
            "SELECT function AS name FROM ({}) WHERE NOT is_counted AND {has}",
            features.rows
        );
        let counted = features
            .counted
            .map(|counted| format!("SELECT function AS name FROM ({counted}) WHERE {has}"));
        let all: Vec<String> = [rows].into_iter().chain(counted).collect();
        let found: Vec<NameRow> = self
            .rows(&format!(
                "SELECT DISTINCT CAST(name, 'String') AS name FROM ({})",
                all.join(" UNION ALL ")
            ))
            .await?;
        Ok(found.into_iter().map(|row| row.name).collect())
    }
}
