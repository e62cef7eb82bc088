//! Derived tables: which windows must be computed (again), and computing them.
//!
//! A window is a stretch of time of one tenant in one derived table, such as a minute. Every insert into a base table adds a
//! random number to its minutes (`touched`); a window's *fingerprint* is the sum of those that it is computed from, and
//! stands beside the result. So a window is settled exactly while the two are equal: no clock, no order of arrival and no
//! watermark is asked, and nothing that came late is missed, whoever died when. The fingerprint is read before the rows; rows
//! that come in between make the window unsettled again.
//!
//! A window is computed and replaced in one statement inside the engine, whose result is one part. Two who settle the same
//! window write different revisions; the higher counts, and its fingerprint says what is in it. Not here: when to settle, how
//! much at a time, and the loop (the query service).

mod audit;
pub(crate) mod edges;
pub(crate) mod errors;
pub(crate) mod features;
pub(crate) mod functions;
mod lease;
pub(crate) mod paths;
mod told;
pub(crate) mod windows;

pub use paths::{PathSampling, SampledFunction, SettledPath, SettledSegment};
pub use told::{DueFunction, ToldFinding};
pub use windows::Window;

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use clickhouse::error::Error;
use clickhouse::query::Query;
use clickhouse::{RowOwned, RowRead};
use coldtrace_model::{Nanos, TimeRange, UnixNanos};

use crate::reader::ReadError;
use crate::{Store, StoreError};

const SECOND: u64 = 1_000_000_000;

/// For one statement: what takes longer is given up and tried again in smaller pieces or at a calmer time.
const STATEMENT_DEADLINE: Duration = Duration::from_secs(60);
/// In bytes: a statement that needs more fails rather than crowding out inserts and merges.
const STATEMENT_MEMORY: u64 = 512 << 20;
/// In bytes: a few thousand windows stand in one statement.
const STATEMENT_LENGTH: u64 = 4 << 20;

/// Computes derived tables. Clones share the connections of their store.
#[derive(Clone)]
pub struct Settler {
    store: Store,
}

/// A derived table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rollup {
    /// `fn_1m`: functions by the minute.
    FunctionMinutes,
    /// `fn_1h`: functions by the hour, from the minutes.
    FunctionHours,
    /// `edges_1m`: who called whom, in buckets of five minutes.
    EdgeBuckets,
    /// `features`: what cohorts of invocations are compared by, in buckets of five minutes.
    Features,
    /// `error_groups`: errors that are alike, in buckets of five minutes.
    ErrorGroups,
}

// === impl Rollup ===

impl Rollup {
    /// All of them: an hour is computed from its minutes.
    pub const ALL: [Self; 5] = [
        Self::FunctionMinutes,
        Self::FunctionHours,
        Self::EdgeBuckets,
        Self::Features,
        Self::ErrorGroups,
    ];

    /// Its name in the database.
    pub fn table(self) -> &'static str {
        match self {
            Self::FunctionMinutes => "fn_1m",
            Self::FunctionHours => "fn_1h",
            Self::EdgeBuckets => "edges_1m",
            Self::Features => "features",
            Self::ErrorGroups => "error_groups",
        }
    }

    /// How long its windows are.
    pub fn length(self) -> Nanos {
        match self {
            Self::FunctionMinutes => Nanos(60 * SECOND),
            Self::FunctionHours => Nanos(3_600 * SECOND),
            Self::EdgeBuckets | Self::Features | Self::ErrorGroups => Nanos(edges::BUCKET * SECOND),
        }
    }

    /// How long after its end a window still takes rows that are not late.
    pub fn slack(self) -> Nanos {
        match self {
            Self::FunctionMinutes | Self::FunctionHours => Nanos(0),
            Self::EdgeBuckets => Nanos(edges::CALLERS_AFTER * SECOND),
            Self::Features | Self::ErrorGroups => Nanos(features::SPANS_AFTER * SECOND),
        }
    }
}

// === impl Settler ===

impl Settler {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Windows that begin in the range and are not settled, the earliest first, at most so many: they were never computed,
    /// or rows came since. An hour is among them only when its minutes are settled. Left out are those of which data have
    /// reached the end of their retention: what is left of them would be less than what stands.
    pub async fn unsettled(
        &self,
        rollup: Rollup,
        range: TimeRange,
        now: UnixNanos,
        limit: u32,
    ) -> Result<Vec<Window>, ReadError> {
        let query = windows::unsettled(rollup, range, now, limit);
        let rows: Vec<windows::WindowRow> = self.rows(&query).await?;
        Ok(rows.into_iter().map(Window::from).collect())
    }

    /// The earliest minute of which there are data.
    pub async fn earliest(&self) -> Result<Option<UnixNanos>, ReadError> {
        // The minimum of a partition key's column, which no row is read for.
        let query = "SELECT toUInt64(toUnixTimestamp(min(t))) FROM touched";
        let rows: Vec<u64> = self.rows(query).await?;
        let earliest = rows.into_iter().find(|&seconds| seconds != 0);
        Ok(earliest.map(|seconds| UnixNanos(seconds * SECOND)))
    }

    /// Computes the windows and puts them in place of what stood there. Where this fails, a window is either replaced
    /// or as it was; features may then want words, which readers take from the base tables.
    pub async fn settle(
        &self,
        rollup: Rollup,
        windows: &[Window],
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        if windows.is_empty() {
            return Ok(());
        }
        let values = windows::values(windows, attempt(now), now);
        let statements = match rollup {
            Rollup::FunctionMinutes => vec![functions::settle_minutes(windows, &values)],
            Rollup::FunctionHours => vec![functions::settle_hours(windows, &values)],
            Rollup::EdgeBuckets => vec![edges::settle(windows, &values)],
            Rollup::Features => features::settle(windows, &values).into(),
            Rollup::ErrorGroups => vec![errors::settle(windows, &values)],
        };
        for statement in &statements {
            let settled = self.answered(self.statement(statement).execute()).await;
            settled.map_err(|error| self.store.error(error))?;
        }
        Ok(())
    }

    async fn rows<T: RowOwned + RowRead>(&self, query: &str) -> Result<Vec<T>, ReadError> {
        let rows = self.answered(self.statement(query).fetch_all()).await;
        rows.map_err(|error| ReadError::of(&self.store, error))
    }

    /// The engine's own deadline tells more, so that one comes first.
    async fn answered<T>(
        &self,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let patience = STATEMENT_DEADLINE + Duration::from_secs(5);
        let answered = tokio::time::timeout(patience, question).await;
        answered.unwrap_or(Err(Error::TimedOut))
    }

    /// In one thread, so that settling never takes more than one core, and into one part: a block is never cut.
    fn statement(&self, query: &str) -> Query {
        let settings = [
            ("max_threads", 1),
            ("max_insert_threads", 1),
            ("max_execution_time", STATEMENT_DEADLINE.as_secs()),
            ("max_memory_usage", STATEMENT_MEMORY),
            ("max_query_size", STATEMENT_LENGTH),
            ("max_bytes_before_external_group_by", STATEMENT_MEMORY / 2),
            ("min_insert_block_size_rows", u64::from(u32::MAX)),
            ("min_insert_block_size_bytes", 0),
            ("max_partitions_per_insert_block", 0),
            ("insert_deduplicate", 0),
            ("enable_shared_storage_snapshot_in_query", 1),
        ];
        let query = self.store.client().query_raw(query);
        settings.into_iter().fold(query, |query, (name, value)| {
            query.with_setting(name, value.to_string())
        })
    }
}

/// Of each attempt to settle its own number: one that failed half-way, or somebody else's, must not be taken for this.
fn attempt(now: UnixNanos) -> u32 {
    RandomState::new().hash_one(now.0) as u32
}
