//! Where the time of functions went: which windows are to be computed, whose traces are looked at, and putting the outcome in
//! place.
//!
//! What is told of a window comes from rebuilt traces, which the engine can't make: so it is computed outside and inserted, its rows
//! and its mark in one block, which is one part. Windows and their fingerprints are those of features, and late rows make a
//! window unsettled as they do there. Not here: what traces tell (the query service), and when.

use clickhouse::Row;
use coldtrace_model::{Nanos, RequestId, TimeRange, UnixNanos};
use serde::Deserialize;

use super::functions::{Filed, twins_of};
use super::windows::{self, Window, WindowRow};
use super::{SECOND, Settler, edges, features};
use crate::StoreError;
use crate::reader::{ReadError, sql};

/// Its name in the database.
pub(crate) const TABLE: &str = "cp_1m";

/// Functions of one window that are told of: those that were invoked most. What a function is called is a stranger's choice.
const MOST_FUNCTIONS: u32 = 10_000;

/// How much of a window is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathSampling {
    /// Invocations of one function.
    pub each: u32,
    /// Invocations of all functions: where that is less, each function has as many.
    pub all: u32,
}

/// A function's invocations in a window, and those to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledFunction {
    /// Its name.
    pub function: String,
    /// How many invocations are over.
    pub invocations: u64,
    /// An even sample of them, by the hash of the request id, and the same whenever it is drawn. In the order of that hash: of
    /// fewer, the first are an even sample as well.
    pub request_ids: Vec<RequestId>,
}

/// Where the time of a function went in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettledPath {
    /// Its name.
    pub function: String,
    /// How many invocations are over.
    pub invocations: u64,
    /// How many were looked at.
    pub looked_at: u64,
    /// The parts of their critical paths, together.
    pub segments: Vec<SettledSegment>,
}

/// A part of critical paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettledSegment {
    /// What the time was spent on, by its name in the API.
    pub category: &'static str,
    /// Whom a call called; of other work, whose it was.
    pub service: String,
    /// What it is called; empty, as is `service`, for the rest of a category.
    pub name: String,
    /// Who sent a span that shows it.
    pub sender: String,
    /// How that is called.
    pub span: String,
    /// Together.
    pub length: Nanos,
    /// How many waited for it.
    pub seen: u64,
}

#[derive(Row, Deserialize)]
struct SampledRow {
    function: String,
    n: u64,
    ids: Vec<String>,
}

/// A row of the table.
#[derive(Default)]
struct Written<'a> {
    is_mark: bool,
    function: &'a str,
    segment: SettledSegment,
    invocations: u64,
    looked_at: u64,
}

impl Settler {
    /// The table of paths, by its name in the database.
    pub const PATH_TABLE: &'static str = TABLE;
    /// How long windows of paths are.
    pub const PATH_WINDOW: Nanos = Nanos(edges::BUCKET * SECOND);
    /// How long after its end a window still takes rows that are not late.
    pub const PATH_SLACK: Nanos = Nanos(features::SPANS_AFTER * SECOND);

    /// Windows of paths that begin in the range and are not settled, the latest first, at most so many.
    pub async fn unsettled_paths(
        &self,
        range: TimeRange,
        now: UnixNanos,
        limit: u32,
    ) -> Result<Vec<Window>, ReadError> {
        let range = windows::whole(range, Self::PATH_WINDOW);
        let states = windows::answered(TABLE, "true", range, now);
        let query = windows::unsettled_of(&states, now, "t DESC, tenant", limit);
        let rows: Vec<WindowRow> = self.rows(&query).await?;
        Ok(rows.into_iter().map(Window::from).collect())
    }

    /// Whose traces of a window are to be looked at: of each function those of an even sample, those functions first that were
    /// invoked most.
    pub async fn path_sample(
        &self,
        window: &Window,
        sampling: PathSampling,
    ) -> Result<Vec<SampledFunction>, ReadError> {
        let owned = format!("tenant = {}", sql::text(&window.tenant));
        let range = TimeRange {
            from: window.start,
            to: window.start.plus(Self::PATH_WINDOW),
        };
        let twins = window.has_twins.then(|| twins_of(range));
        let filed = Filed {
            filter: format!("{owned} AND {}", sql::within(range)),
            around: twins.map(|range| format!("{owned} AND {}", sql::within(range))),
        };
        let over = filed.over();
        let PathSampling { each, all } = sampling;
        let rows: Vec<SampledRow> = self
            .rows(&format!(
                "SELECT function, max(of_function) AS n, arrayMap(one -> one.2,
                    arraySort(groupArrayIf((place, request_id), rank <= {each} AND place <= {all}))) AS ids
                FROM (
                    SELECT function, request_id, of_function, rank,
                        row_number() OVER (ORDER BY rank, hash, function, request_id) AS place
                    FROM (
                        SELECT function, request_id, cityHash64(request_id) AS hash,
                            count() OVER (PARTITION BY function) AS of_function,
                            row_number() OVER (PARTITION BY function ORDER BY hash, request_id) AS rank
                        FROM ({over})
                    ) WHERE rank <= greatest({each}, 1)
                )
                GROUP BY function ORDER BY n DESC, function LIMIT {MOST_FUNCTIONS}"
            ))
            .await?;
        Ok(rows.into_iter().map(SampledFunction::from).collect())
    }

    /// Puts what was told of a window in place of what stood there. Where this fails, the window is as it was.
    pub async fn settle_paths(
        &self,
        window: &Window,
        paths: &[SettledPath],
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let revision = window.next_revision(super::attempt(now));
        let mark = Written {
            is_mark: true,
            ..Written::default()
        };
        let rows = paths.iter().flat_map(Written::of).chain([mark]);
        let rows: Vec<String> = rows.map(|row| row.values(window, revision, now)).collect();
        let statement = format!(
            "INSERT INTO {TABLE} (tenant, keep_days, mark, function, t, category, service, name, revision, sender, span,
                path_ns, seen, n, looked_at, fingerprint, first_keep_days, settled) VALUES {}",
            rows.join(", ")
        );
        let settled = self.answered(self.statement(&statement).execute()).await;
        settled.map_err(|error| self.store.error(error))
    }
}

/// Rows of the newest revisions of their windows, for a filter on `t` and one tenant, and one more.
pub(crate) fn settled(filter: &str, more: &str) -> String {
    format!(
        "SELECT * FROM {TABLE}
        WHERE mark = 0 AND {filter}{more} AND (t, revision) IN (
            SELECT t, max(revision) FROM {TABLE} WHERE mark = 1 AND {filter} GROUP BY t)"
    )
}

impl From<SampledRow> for SampledFunction {
    fn from(row: SampledRow) -> Self {
        let ids = row.ids.iter();
        Self {
            function: row.function,
            invocations: row.n,
            request_ids: ids.filter_map(|id| RequestId::parse(id).ok()).collect(),
        }
    }
}

// === impl Written ===

impl<'a> Written<'a> {
    /// All together, then each.
    fn of(path: &'a SettledPath) -> impl Iterator<Item = Self> {
        let row = |segment: SettledSegment| Self {
            is_mark: false,
            function: &path.function,
            segment,
            invocations: path.invocations,
            looked_at: path.looked_at,
        };
        let whole = SettledSegment {
            length: path.segments.iter().map(|segment| segment.length).sum(),
            seen: path.looked_at,
            ..SettledSegment::default()
        };
        std::iter::once(whole)
            .chain(path.segments.iter().cloned())
            .map(row)
    }

    fn values(&self, window: &Window, revision: u64, now: UnixNanos) -> String {
        let segment = &self.segment;
        let mark = match self.is_mark {
            true => [
                window.fingerprint,
                window.first_keep_days.into(),
                now.0 / SECOND,
            ],
            false => [0; 3],
        };
        format!(
            "({}, {}, {}, {}, {}, {}, {}, {}, {revision}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
            sql::text(&window.tenant),
            window.keep_days,
            u8::from(self.is_mark),
            sql::text(self.function),
            window.seconds(),
            sql::text(segment.category),
            sql::text(&segment.service),
            sql::text(&segment.name),
            sql::text(&segment.sender),
            sql::text(&segment.span),
            segment.length.0,
            segment.seen,
            self.invocations,
            self.looked_at,
            mark[0],
            mark[1],
            mark[2],
        )
    }
}
