//! How long operations usually take. An operation is what spans of one service, name and kind have in common.
//!
//! No table counts them: the base table's key leads to the rows of a service in a range of time, and these are looked through. How
//! many that may be is said with the question, and is refused before they are read or cut off: which of both, says the caller.

use std::collections::BTreeSet;

use clickhouse::Row;
use coldtrace_model::{Nanos, SpanKind, TimeRange, TraceId};
use serde::Deserialize;

use super::correlation::TraceWindow;
use super::spans::Windows;
use super::{ReadError, Reader, sql};

/// A question that is not answered by then is given up, or told from what was read until then. In seconds.
const LONGEST_LOOK: u64 = 3;

/// What spans do that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Who sent them.
    pub service: String,
    /// Their name.
    pub name: String,
    /// Their kind.
    pub kind: SpanKind,
}

/// The operations of some traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operations {
    /// Those first that took longest in all.
    pub longest: Vec<Operation>,
    /// How many there are.
    pub total: u64,
}

/// Where to look for the spans of operations.
#[derive(Clone, Copy, Debug)]
pub struct OperationLook<'a> {
    /// Of these operations, of which there is one at least,
    pub operations: &'a [&'a Operation],
    /// spans that started in this range,
    pub range: TimeRange,
    /// not of these traces.
    pub apart_from: &'a BTreeSet<TraceId>,
    /// Of so many rows at most.
    pub rows: u64,
    /// What is done where there are more.
    pub beyond: Beyond,
}

/// What is done where more would be read than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The question is [`ReadError::TooHeavy`].
    Refuse,
    /// It is answered from a part.
    Cut,
}

/// How long an operation took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationLengths {
    /// Which.
    pub operation: Operation,
    /// How many spans of it there are; one that came twice is two.
    pub count: u64,
    /// What 1, 2, ... 100 % of them took at most, so that the last is the longest.
    pub percentiles: Vec<Nanos>,
}

#[derive(Row, Deserialize)]
struct OperationRow {
    service: String,
    name: String,
    kind: u8,
    total: u64,
}

#[derive(Row, Deserialize)]
struct LengthsRow {
    service: String,
    name: String,
    kind: u8,
    n: u64,
    percentiles: Vec<i64>,
}

impl Reader {
    /// The operations of these traces, `limit` at most.
    pub async fn operations(
        &self,
        windows: &[TraceWindow],
        limit: usize,
    ) -> Result<Operations, ReadError> {
        let Some(windows) = Windows::of(windows) else {
            let longest = Vec::new();
            return Ok(Operations { longest, total: 0 });
        };
        let rows: Vec<OperationRow> = self
            .rows(&format!(
                "SELECT service, name, kind, count() OVER () AS total FROM (
                    SELECT service, name, kind, sum(greatest(duration_ns, 0)) AS length FROM spans
                    WHERE {} AND {} GROUP BY service, name, kind)
                ORDER BY length DESC, service, name, kind LIMIT {limit}",
                self.owned(),
                windows.filter()
            ))
            .await?;
        Ok(Operations {
            total: rows.first().map_or(0, |row| row.total),
            longest: rows
                .into_iter()
                .map(|row| operation(row.service, row.name, row.kind))
                .collect(),
        })
    }

    /// How long operations took, in any order; nothing of those of which no span was found.
    pub async fn operation_lengths(
        &self,
        look: &OperationLook<'_>,
    ) -> Result<Vec<OperationLengths>, ReadError> {
        let services: BTreeSet<&str> = look
            .operations
            .iter()
            .map(|one| one.service.as_str())
            .collect();
        let operations: Vec<String> = look
            .operations
            .iter()
            .map(|one| {
                let (service, name) = (sql::text(&one.service), sql::text(&one.name));
                format!("({service}, {name}, {})", one.kind as u8)
            })
            .collect();
        let others = match look.apart_from.is_empty() {
            true => String::new(),
            false => {
                let traces = look.apart_from.iter().map(TraceId::as_bytes);
                format!(" AND trace_id NOT IN {}", sql::ids(traces))
            }
        };
        let beyond = match look.beyond {
            Beyond::Refuse => "throw",
            Beyond::Cut => "break",
        };
        let rows: Vec<LengthsRow> = self
            .rows(&format!(
                "SELECT service, name, kind, count() AS n, quantilesExact({})(duration_ns) AS percentiles
                FROM spans WHERE {} AND {} AND service IN {} AND (service, name, kind) IN ({}){others} AND duration_ns >= 0
                GROUP BY service, name, kind
                SETTINGS max_rows_to_read = {}, read_overflow_mode = '{beyond}',
                    max_execution_time = {LONGEST_LOOK}, timeout_overflow_mode = '{beyond}'",
                levels(),
                self.owned(),
                sql::within(look.range),
                sql::texts(services),
                operations.join(", "),
                look.rows
            ))
            .await?;
        Ok(rows.into_iter().map(OperationLengths::from).collect())
    }
}

/// `0.01, 0.02, ... 1`.
fn levels() -> String {
    let levels: Vec<String> = (1..=100)
        .map(|percent| format!("{}", f64::from(percent) / 100.0))
        .collect();
    levels.join(", ")
}

fn operation(service: String, name: String, kind: u8) -> Operation {
    Operation {
        service,
        name,
        kind: SpanKind::from_number(kind.into()),
    }
}

impl From<LengthsRow> for OperationLengths {
    fn from(row: LengthsRow) -> Self {
        let length = |nanos: i64| Nanos(u64::try_from(nanos).unwrap_or(0));
        Self {
            operation: operation(row.service, row.name, row.kind),
            count: row.n,
            percentiles: row.percentiles.into_iter().map(length).collect(),
        }
    }
}
