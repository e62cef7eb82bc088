//! What cohorts are compared by, of a range: from `features` where they are settled, everything else from base tables.

use std::collections::HashMap;

use clickhouse::Row;
use coldtrace_model::TimeRange;
use serde::Deserialize;

use super::rollups::any_of;
use super::{ReadError, Reader, sql};
use crate::settle::features::{self, Featured, spans_of};
use crate::settle::{Rollup, windows};

/// The invocations of a range that are over, each with its items.
#[derive(Clone)]
pub struct Features {
    pub(super) reader: Reader,
    /// As SQL: the columns of `features`, and whether the row's items are among those that are `counted`.
    pub(super) rows: String,
    /// As SQL, if anything is settled: how many invocations of a window have which items.
    pub(super) counted: Option<String>,
    range: TimeRange,
    /// What is not settled.
    base: Option<Featured>,
}

/// An item in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The key: of a column its name, of a span's attribute its name behind `span.`.
    pub key: String,
    /// The value.
    pub value: String,
}

#[derive(Row, Deserialize)]
struct WordsRow {
    item: u64,
    key: String,
    value: String,
}

impl Reader {
    /// The invocations of a range that are over, of one function or of all.
    pub async fn features(
        &self,
        range: TimeRange,
        function: Option<&str>,
    ) -> Result<Features, ReadError> {
        let sources = self.feature_sources(range).await?;
        let owned = self.owned();
        let more = function.map_or_else(String::new, |function| {
            format!(" AND function = {}", sql::text(function))
        });
        let base = sources.unsettled(&owned, &more);
        let base = base.map(|(filed, spans)| Featured { filed, spans });
        let settled = any_of(&sources.settled, |range| windows::within_range("t", range));
        let settled = settled.map(|times| {
            let whole = windows::inside_range("t", range, Rollup::Features);
            features::settled(&format!("{owned} AND {times}"), &more, &whole)
        });
        let counted = settled.as_ref().map(|settled| settled.counts.clone());
        let from_base = base.as_ref().map(|base| {
            let rows = base.rows();
            format!("SELECT *, false AS is_counted FROM ({rows})")
        });
        let parts = settled.map(|settled| settled.rows).into_iter();
        let columns = features::COLUMNS;
        let parts: Vec<String> = parts
            .chain(from_base)
            .map(|part| {
                format!(
                    "SELECT {columns}, is_counted FROM ({part}) WHERE {}",
                    sql::within_moments(range)
                )
            })
            .collect();
        Ok(Features {
            reader: self.clone(),
            rows: parts.join(" UNION ALL "),
            counted,
            range,
            base,
        })
    }
}

// === impl Features ===

impl Features {
    /// Whether there is nothing that could be compared.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Items in words, as far as there are any: those of what was settled a moment ago may not be written yet.
    pub async fn words(&self, items: &[u64]) -> Result<HashMap<u64, Words>, ReadError> {
        let mut words = HashMap::new();
        if items.is_empty() {
            return Ok(words);
        }
        let days = sql::within_days(spans_of(self.range));
        let listed = sql::numbers(items.iter().copied());
        let stored = format!(
            "SELECT item, any(feature_values.key) AS key, any(feature_values.value) AS value
            FROM feature_values WHERE {} AND {days} AND item IN {listed} GROUP BY item",
            self.reader.owned()
        );
        self.add_words(&stored, &mut words).await?;
        let missing: Vec<u64> = items
            .iter()
            .copied()
            .filter(|item| !words.contains_key(item))
            .collect();
        if let Some(base) = self.base.as_ref().filter(|_| !missing.is_empty()) {
            let missing = sql::numbers(missing);
            let told = base.words(&format!("item IN {missing}"));
            let told = format!(
                "SELECT item, any(key) AS key, any(value) AS value FROM ({told}) GROUP BY item"
            );
            self.add_words(&told, &mut words).await?;
        }
        Ok(words)
    }

    async fn add_words(
        &self,
        query: &str,
        words: &mut HashMap<u64, Words>,
    ) -> Result<(), ReadError> {
        let rows: Vec<WordsRow> = self.reader.rows(query).await?;
        let told = rows.into_iter().map(|row| {
            let WordsRow { item, key, value } = row;
            (item, Words { key, value })
        });
        words.extend(told);
        Ok(())
    }
}
