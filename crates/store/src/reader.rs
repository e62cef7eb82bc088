//! What is read back: typed queries, each bound to one tenant.
//!
//! Rows of `AggregatingMergeTree` tables are merged in every query, since their parts may not be yet. Every filter on time
//! also names the bucket or the day, without which the key does not prune. Not here: what a journey means, and the decoding
//! of `extra` and `raw`, which are wire formats.

mod candidates;
mod cold_starts;
mod compare;
mod correlation;
mod edges;
mod error;
mod error_types;
mod error_windows;
mod errors;
mod features;
mod findings;
mod functions;
mod invocations;
mod known;
mod lines;
mod logs;
mod minutes;
mod noted;
mod operations;
mod parts;
mod paths;
mod peers;
mod phases;
mod rates;
mod received;
mod resources;
mod rollups;
mod sandboxes;
mod search;
mod series;
mod spans;
pub(crate) mod sql;
mod stretch;
mod suggest;
mod tags;
mod tail;
mod throttles;
mod traces;
mod trends;

pub use candidates::{Between, Candidate, CandidateFilter, SpanFilter, ValueFilter, Within};
pub use cold_starts::{ColdPart, ColdPoint, ColdStarts, PhaseSpread};
pub use compare::{CohortTotals, ItemCount, ItemPattern, KeyCount, PatternItem, Selection};
pub use correlation::{RequestTrace, TraceWindow};
pub use edges::{Edge, EdgeKind};
pub use error::ReadError;
pub use error_windows::ErrorWindow;
pub use errors::{
    ErrorFilter, ErrorGroup, ErrorKey, ErrorSort, ErrorState, Errors, MOST_LISTED, SILENCE,
};
pub use features::{Features, Words};
pub use findings::FindingRecord;
pub use functions::{BilledTime, FunctionSummary};
pub use invocations::{InvocationFilter, InvocationKey, InvocationSort, Narrowing};
pub use known::Newcomer;
pub use lines::{LineFilter, LineKey, LineQuery};
pub use logs::{LogFilter, LogRecordRow};
pub use minutes::{BilledPart, FunctionMinute};
pub use noted::{NotedQuery, Notes, TooManyNotes};
pub use operations::{Beyond, Operation, OperationLengths, OperationLook, Operations};
pub use parts::{FunctionPart, MemoryLife, MessageCount};
pub use paths::{FunctionPath, PathPoint, PathSegment};
pub use peers::{Peer, PeerKind, Peers};
pub use phases::SandboxPhaseRow;
pub use rates::{Rate, Rates};
pub use received::Received;
pub use sandboxes::{Concurrency, Preparation, Run, SandboxLifeline, Unused};
pub use search::AttributeFilter;
pub use series::FunctionPoint;
pub use spans::{ResourceRecord, ScopeRecord, SpanRecord};
pub use suggest::{Seen, SuggestFilter, ValuesOf};
pub use tail::{InvocationState, MinuteStamp, States};
pub use throttles::{THROTTLING, Throttled};
pub use traces::{TraceFilter, TraceKey, TraceSummary};
pub use trends::{TrendPoint, Trends};

use std::time::Duration;

use clickhouse::{RowOwned, RowRead};
use coldtrace_model::{Tenant, UnixNanos};

use crate::Store;

/// For the engine: longer than anybody waits for a page.
const ENGINE_DEADLINE: Duration = Duration::from_secs(20);
/// For the answer: the engine's own deadline tells more, so that one comes first.
const ANSWER_DEADLINE: Duration = Duration::from_secs(25);
/// In bytes: the ids of a whole journey stand in one query.
const MAX_QUERY_SIZE: u32 = 8 << 20;
/// Marks and rows of derived tables belong together.
const SNAPSHOT: (&str, &str) = ("enable_shared_storage_snapshot_in_query", "1");

/// Reads one tenant's data. Clones share the connections of their store.
#[derive(Clone)]
pub struct Reader {
    store: Store,
    tenant: Tenant,
    pace: Pace,
    /// The present, if it is not the clock's.
    as_of: Option<UnixNanos>,
    /// Where every query is noted, if that is asked.
    notes: Option<Notes>,
}

/// How much of the store's machine a question may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Somebody waits.
    Asked,
    /// Nobody waits: one thread at a time.
    Background,
}

/// A stretch of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, Key> {
    /// What stands on it.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<Key>,
}

/// In which order a list is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Latest first.
    #[default]
    Newest,
    /// Longest first.
    Slowest,
}

impl Reader {
    pub(crate) fn new(store: Store, tenant: Tenant) -> Self {
        Self {
            store,
            tenant,
            pace: Pace::Asked,
            as_of: None,
            notes: None,
        }
    }

    /// The same, and its clones with it, noting every query that is answered.
    #[must_use]
    pub fn noting(self, notes: Notes) -> Self {
        Self {
            notes: Some(notes),
            ..self
        }
    }

    /// The same for what nobody waits for: each question takes one core of the store's at most.
    #[must_use]
    pub fn in_background(self) -> Self {
        Self {
            pace: Pace::Background,
            ..self
        }
    }

    /// The same with another present: what is lost, and what is kept still, depends on when it is asked.
    #[must_use]
    pub fn as_of(self, now: UnixNanos) -> Self {
        Self {
            as_of: Some(now),
            ..self
        }
    }

    fn now(&self) -> UnixNanos {
        self.as_of.unwrap_or_else(UnixNanos::now)
    }

    /// `tenant = ...`: part of every query's filter.
    fn owned(&self) -> String {
        format!("tenant = {}", sql::text(self.tenant.as_str()))
    }

    /// All rows of a query.
    async fn rows<T: RowOwned + RowRead>(&self, query: &str) -> Result<Vec<T>, ReadError> {
        let answered = async {
            match self.ask(query).await {
                // A connection that was kept open may turn out to be dead when it is used: reading twice harms nobody.
                Err(clickhouse::error::Error::Network(_)) => self.ask(query).await,
                answer => answer,
            }
        };
        match tokio::time::timeout(ANSWER_DEADLINE, answered).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(ReadError::of(&self.store, error)),
            Err(_) => Err(ReadError::TooHeavy(format!(
                "no answer within {ANSWER_DEADLINE:?}"
            ))),
        }
    }

    async fn ask<T: RowOwned + RowRead>(
        &self,
        sql: &str,
    ) -> Result<Vec<T>, clickhouse::error::Error> {
        let query = self.store.client().query_raw(sql);
        let query = match self.pace {
            Pace::Asked => query,
            Pace::Background => query.with_setting("max_threads", "1"),
        };
        let (snapshot, is_on) = SNAPSHOT;
        let query = query
            .with_setting("max_execution_time", ENGINE_DEADLINE.as_secs().to_string())
            .with_setting("max_query_size", MAX_QUERY_SIZE.to_string())
            .with_setting(snapshot, is_on);
        match &self.notes {
            None => query.fetch_all().await,
            Some(notes) => notes.fetch(query, sql, &self.store.config().database).await,
        }
    }

    /// The one row of a query that always has one.
    async fn row<T: RowOwned + RowRead>(&self, query: &str) -> Result<T, ReadError> {
        let rows = self.rows(query).await?;
        rows.into_iter().next().ok_or(ReadError::NoRow)
    }
}

impl<T, Key> Page<T, Key> {
    /// A page of at most `limit` of the rows, of which one more was asked for than fits.
    fn cut(mut items: Vec<T>, limit: u32, total: u64, key: impl Fn(&T) -> Key) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(key);
        Self { items, total, next }
    }
}
