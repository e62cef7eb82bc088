//! Who called whom in a range of time: what a service map is drawn from.

use clickhouse::Row;
use coldtrace_model::{LogHistogram, TimeRange};
use serde::Deserialize;

use super::{ReadError, Reader};

/// Calls from one service to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Who called.
    pub src: String,
    /// Who was called.
    pub dst: String,
    /// How.
    pub kind: EdgeKind,
    /// How often.
    pub calls: u64,
    /// How many of them failed, on either side.
    pub errors: u64,
    /// How long callers waited for an answer, or consumers worked on a message.
    pub durations: LogHistogram,
}

/// What goes along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// A call that is answered.
    Call,
    /// A message: nobody waits.
    Message,
}

#[derive(Row, Deserialize)]
struct EdgeRow {
    src: String,
    dst: String,
    kind: u8,
    calls: u64,
    errors: u64,
    durations: Vec<(i16, u64)>,
}

impl Reader {
    /// The edges of a range, by name.
    pub async fn edges(&self, range: TimeRange) -> Result<Vec<Edge>, ReadError> {
        let counted = self.edge_rows(range).await?;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<EdgeRow> = self
            .rows(&format!(
                "SELECT src, dst, kind, sum(n) AS calls, sum(counted.errors) AS errors, sumMap(duration_hist) AS durations
                FROM ({counted}) AS counted GROUP BY src, dst, kind ORDER BY src, dst, kind"
            ))
            .await?;
        Ok(rows.into_iter().map(Edge::from).collect())
    }
}

impl From<EdgeRow> for Edge {
    fn from(row: EdgeRow) -> Self {
        Self {
            src: row.src,
            dst: row.dst,
            kind: match row.kind {
                1 => EdgeKind::Call,
                _ => EdgeKind::Message,
            },
            calls: row.calls,
            errors: row.errors,
            durations: row.durations.into_iter().collect(),
        }
    }
}
