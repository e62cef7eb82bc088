//! Invocations: rows merged from their facts, listed, or found by request id.
//!
//! Where a sandbox told of a request itself, the row that was derived from its spans is not shown: it is another view of the
//! same invocation, filed under another time and perhaps another name.

use std::collections::{BTreeSet, HashMap, HashSet};

use clickhouse::Row;
use coldtrace_model::{
    Architecture, ByteSize, Cold, FactSet, Invocation, Nanos, Outcome, Platform, RequestId,
    SandboxId, SpanId, TimeRange, TraceId, Trigger, UnixNanos,
};
use serde::Deserialize;

use super::error_types::failed_by;
use super::rates::{Bill, Rates};
use super::rollups::AT_ONCE;
use super::{Page, ReadError, Reader, sql};
use crate::lost;

/// `Cold` of those that waited for a start of their sandbox: on demand, from a snapshot, after a reset.
pub(super) const COLD_STARTS: &str = "(1, 3, 4)";

/// `facts` that a sandbox told itself.
const FIRST_HAND: u8 = !FactSet::FROM_SPAN.0;
const FROM_SPAN: u8 = FactSet::FROM_SPAN.0;

/// How far the times of an invocation's two rows may be apart: a span starts within the invocation, which lasts 15
/// minutes at most where there is an extension; the rest is for clocks.
const TWIN_SLACK: Nanos = Nanos::from_millis(20 * 60 * 1_000);

/// Rows of an invocation until they are merged: a sandbox tells three facts, and a repeated insert some of them again.
pub(super) const ROWS_EACH: u64 = 4;
/// How many times more rows the next stretch has, where a filter leaves few.
const STRETCH_GROWTH: u64 = 16;
/// Of more rows than these it is cheaper to merge all than to name them.
const MOST_GREATEST_ROWS: u64 = 5_000;

/// Which invocations to list.
#[derive(Clone, Debug)]
pub struct InvocationFilter {
    /// Filed in this range.
    pub range: TimeRange,
    /// Of this function only.
    pub function: Option<String>,
    /// With one of these outcomes; empty for any.
    pub outcomes: Vec<Outcome>,
    /// Only those that waited for a start, or only those that did not.
    pub cold: Option<bool>,
    /// And of these only such.
    pub only: Narrowing,
    /// In which order.
    pub sort: InvocationSort,
    /// Behind this one.
    pub after: Option<InvocationKey>,
    /// At most so many.
    pub limit: u32,
}

/// What else a list of invocations may ask for. All of it is told by merged rows alone, and nothing is counted apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// That took as long or longer; of what is not known yet, nothing took so long.
    pub least: Option<Nanos>,
    /// That took as long or shorter, and whose length is known.
    pub most: Option<Nanos>,
    /// Of this version.
    pub version: Option<String>,
    /// That failed by this type of error, as the platform told it or the span that answered.
    pub error_type: Option<String>,
}

/// In which order invocations are listed. Of those that are alike in it, the latest comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InvocationSort {
    /// Latest first.
    #[default]
    Newest,
    /// Longest first.
    Slowest,
    /// Those that failed before the others.
    FailedFirst,
    /// Dearest first, by these prices.
    Dearest(Rates),
}

/// An invocation's place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationKey {
    /// What the order is by: its duration in nanoseconds, 1 if it failed, its cost; 0 where that is not known.
    pub rank: u64,
    /// By which it is filed.
    pub filed_at: UnixNanos,
    /// Its request.
    pub request_id: String,
    /// Its function.
    pub function: String,
}

#[derive(Row, Deserialize)]
pub(super) struct InvocationRecord {
    function: String,
    filed_at: u64,
    request_id: String,
    facts: u8,
    platform: u8,
    sandbox_id: String,
    instance: String,
    version: String,
    runtime: String,
    architecture: u8,
    region: String,
    account: String,
    memory_bytes: u64,
    start_unix_ns: u64,
    platform_start_unix_ns: u64,
    deadline_unix_ns: u64,
    outcome: u8,
    cold: u8,
    trigger: u8,
    duration_ns: u64,
    billed_ns: u64,
    init_ns: u64,
    restore_ns: u64,
    response_latency_ns: u64,
    response_duration_ns: u64,
    runtime_overhead_ns: u64,
    extension_overhead_ns: u64,
    produced_bytes: u64,
    max_memory_bytes: u64,
    error_type: String,
    platform_trace_id: [u8; 16],
    platform_span_id: [u8; 8],
    sdk_trace_id: [u8; 16],
}

/// Where a row of an invocation stands.
#[derive(Row, Deserialize)]
struct FiledRow {
    function: String,
    filed_at: u64,
    request_id: String,
    /// The rank that it tells; 0 if it tells none or was not asked.
    told: u64,
}

/// Where the rows of some invocations stand.
struct Keys {
    range: TimeRange,
    /// In which there may be rows of others.
    filter: String,
    /// As a list for IN.
    request_ids: String,
}

#[derive(Row, Deserialize)]
struct Count {
    count: u64,
}

/// The rows of a range, each invocation's facts merged into one: the columns of [`InvocationRecord`], with the outcome by now.
pub(super) fn merged(owned: &str, range: TimeRange, more: Option<&str>, now: UnixNanos) -> String {
    let within = sql::within(range);
    let outcome = lost::outcome(
        "max(invocations.outcome)",
        "max(invocations.deadline_unix_ns)",
        now,
    );
    let more = more.map_or_else(String::new, |more| format!(" AND {more}"));
    // Aggregates of FixedString keep the type's alias, which the client does not read: hence toFixedString.
    format!(
        "SELECT function, toUInt64(toUnixTimestamp64Nano(ts)) AS filed_at, request_id,
            groupBitOr(facts) AS facts, max(platform) AS platform, max(sandbox_id) AS sandbox_id,
            max(instance) AS instance, max(version) AS version, max(runtime) AS runtime,
            max(architecture) AS architecture, max(region) AS region, max(account) AS account,
            max(memory_bytes) AS memory_bytes, max(start_unix_ns) AS start_unix_ns,
            max(platform_start_unix_ns) AS platform_start_unix_ns,
            max(deadline_unix_ns) AS deadline_unix_ns, {outcome} AS outcome, max(cold) AS cold,
            max(trigger) AS trigger,
            if(max(invocations.duration_ns) != 0, max(invocations.duration_ns),
                max(runtime_duration_ns)) AS duration_ns,
            max(billed_ns) AS billed_ns,
            max(init_ns) AS init_ns, max(restore_ns) AS restore_ns,
            max(response_latency_ns) AS response_latency_ns,
            max(response_duration_ns) AS response_duration_ns,
            max(runtime_overhead_ns) AS runtime_overhead_ns,
            max(extension_overhead_ns) AS extension_overhead_ns, max(produced_bytes) AS produced_bytes,
            max(max_memory_bytes) AS max_memory_bytes, max(error_type) AS error_type,
            toFixedString(max(platform_trace_id), 16) AS platform_trace_id,
            toFixedString(max(platform_span_id), 8) AS platform_span_id,
            toFixedString(max(sdk_trace_id), 16) AS sdk_trace_id
        FROM invocations WHERE {owned} AND {within}{more}
        GROUP BY function, ts, request_id"
    )
}

/// Which of merged rows are shown: of an invocation that a sandbox told of itself, not the row that was derived from its spans.
///
/// The rows that may hide others are looked for around the range, in one pass; or one by one for the `candidates`, a query for the
/// request ids of which there may be any, where these are few.
pub(super) fn visible(owned: &str, range: TimeRange, candidates: Option<&str>) -> String {
    let around = TimeRange {
        from: range.from.minus(TWIN_SLACK),
        to: range.to.plus(TWIN_SLACK),
    };
    let told = match candidates {
        None => format!("invocations WHERE {owned} AND {}", sql::within(around)),
        Some(candidates) => format!(
            "request_index WHERE {owned} AND {} AND {} AND request_id IN ({candidates})",
            sql::within_days(around),
            sql::within_moments(around)
        ),
    };
    format!(
        "(facts != {FROM_SPAN} OR request_id NOT IN (
            SELECT request_id FROM {told} AND bitAnd(facts, {FIRST_HAND}) != 0))"
    )
}

impl Reader {
    /// A page of the list of invocations.
    pub async fn invocations(
        &self,
        filter: &InvocationFilter,
    ) -> Result<Page<Invocation, InvocationKey>, ReadError> {
        let function = filter
            .function
            .as_deref()
            .map(|function| format!("function = {}", sql::text(function)));
        let (records, count) = tokio::try_join!(
            self.records(filter, function.as_deref()),
            self.count(filter, function.as_deref())
        )?;
        // What came between the two questions is counted and not listed: a list that is whole counts itself.
        let listed = records.len() as u64;
        let is_whole = filter.after.is_none() && listed <= u64::from(filter.limit);
        let total = if is_whole { listed } else { count };
        let page = Page::cut(records, filter.limit, total, |record| filter.key(record));
        let mut invocations: Vec<Invocation> = page
            .items
            .into_iter()
            .filter_map(InvocationRecord::into_model)
            .collect();
        self.lend_traces(&mut invocations).await?;
        self.name_errors(&mut invocations).await?;
        Ok(Page {
            items: invocations,
            total: page.total,
            next: page.next,
        })
    }

    /// How many the list has in all: from what is counted already, unless the filter asks for what is not counted apart.
    async fn count(
        &self,
        filter: &InvocationFilter,
        function: Option<&str>,
    ) -> Result<u64, ReadError> {
        let is_counted = filter.outcomes.is_empty() && filter.only == Narrowing::default();
        let count = if is_counted {
            let more = function.map_or_else(String::new, |function| format!(" AND {function}"));
            let counted = self.invocation_counts(filter.range, &more).await?;
            if counted.is_empty() {
                return Ok(0);
            }
            let shown = filter.cold.map_or_else(String::new, |cold| {
                let not = if cold { "" } else { "NOT " };
                format!(" WHERE cold {not}IN {COLD_STARTS}")
            });
            format!("SELECT toUInt64(sum(n)) AS count FROM ({counted}){shown}{AT_ONCE}")
        } else {
            let all = merged(&self.owned(), filter.range, function, self.now());
            let owned = self.owned();
            let shown = filter.shown(&visible(&owned, filter.range, None), &owned);
            format!("SELECT count() AS count FROM ({all}) WHERE {shown}")
        };
        Ok(self.row::<Count>(&count).await?.count)
    }

    /// One more record than fits on the page, if there are so many.
    async fn records(
        &self,
        filter: &InvocationFilter,
        function: Option<&str>,
    ) -> Result<Vec<InvocationRecord>, ReadError> {
        match filter.sort {
            InvocationSort::Newest => self.newest(filter, function).await,
            InvocationSort::Slowest | InvocationSort::Dearest(_) => {
                self.greatest(filter, function).await
            }
            InvocationSort::FailedFirst => self.failed_first(filter, function).await,
        }
    }

    /// Two lists, one behind the other.
    async fn failed_first(
        &self,
        filter: &InvocationFilter,
        function: Option<&str>,
    ) -> Result<Vec<InvocationRecord>, ReadError> {
        let mut records = Vec::new();
        let has_failed = filter.after.as_ref().map(|after| after.rank != 0);
        for failed in [true, false] {
            let left = filter.wanted() - records.len() as u64;
            let outcomes: Vec<Outcome> = Outcome::ALL
                .iter()
                .filter(|outcome| outcome.is_failure() == failed)
                .filter(|outcome| filter.outcomes.is_empty() || filter.outcomes.contains(outcome))
                .copied()
                .collect();
            let is_behind = failed && has_failed == Some(false);
            if left == 0 || is_behind || outcomes.is_empty() {
                continue;
            }
            let part = InvocationFilter {
                outcomes,
                sort: InvocationSort::Newest,
                after: filter.after.clone().filter(|_| has_failed == Some(failed)),
                limit: u32::try_from(left - 1).unwrap_or(filter.limit),
                ..filter.clone()
            };
            records.append(&mut self.newest(&part, function).await?);
        }
        Ok(records)
    }

    /// Looked for from the range's end, in stretches that grow: how much is read depends on how much is shown.
    async fn newest(
        &self,
        filter: &InvocationFilter,
        function: Option<&str>,
    ) -> Result<Vec<InvocationRecord>, ReadError> {
        let owned = self.owned();
        let mut rest = filter.rest();
        let mut wanted = filter.wanted();
        let mut rows = wanted * ROWS_EACH;
        let mut records = Vec::new();
        while wanted > 0 && rest.to > rest.from {
            let stretch = self.last_stretch(rest, function, rows).await?;
            let candidates = derived(&owned, stretch, function);
            let merged = merged(&owned, stretch, function, self.now());
            let visible = visible(&owned, stretch, Some(&candidates));
            let mut found = self.first_of(filter, &merged, &visible, wanted).await?;
            wanted -= found.len() as u64;
            records.append(&mut found);
            rest.to = stretch.from;
            rows = rows.saturating_mul(STRETCH_GROWTH);
        }
        Ok(records)
    }

    /// Looked for among those that have the rows of the greatest rank, of which one names the rank that an invocation is shown with:
    /// what is merged depends on how much is shown. A few more are merged than are wanted, as some may not be shown.
    async fn greatest(
        &self,
        filter: &InvocationFilter,
        function: Option<&str>,
    ) -> Result<Vec<InvocationRecord>, ReadError> {
        let (owned, range) = (self.owned(), filter.range);
        let wanted = filter.wanted();
        let mut rows = wanted * ROWS_EACH;
        while rows <= MOST_GREATEST_ROWS {
            let greatest = self.greatest_rows(filter, function, rows).await?;
            let candidates = first_keys(&greatest, rows / ROWS_EACH * 5 / 4);
            let Some(keys) = Keys::of(candidates) else {
                return Ok(Vec::new());
            };
            let merged = merged(&owned, keys.range, Some(&keys.filter), self.now());
            let visible = visible(&owned, keys.range, Some(&keys.request_ids));
            let records = self.first_of(filter, &merged, &visible, wanted).await?;
            let are_all = candidates.len() == greatest.len() && (greatest.len() as u64) < rows;
            // Others may have the rank of the last of these.
            let least = candidates.last().map_or(0, |row| row.told);
            let certain = records.iter().filter(|record| filter.rank(record) > least);
            if are_all || certain.count() as u64 >= wanted {
                return Ok(records);
            }
            rows = rows.saturating_mul(STRETCH_GROWTH);
        }
        let merged = merged(&owned, range, function, self.now());
        let visible = visible(&owned, range, None);
        self.first_of(filter, &merged, &visible, wanted).await
    }

    /// The first of the list among merged rows, at most so many.
    async fn first_of(
        &self,
        filter: &InvocationFilter,
        merged: &str,
        visible: &str,
        limit: u64,
    ) -> Result<Vec<InvocationRecord>, ReadError> {
        let shown = filter.shown(visible, &self.owned());
        let (order, behind) = (filter.order(), filter.behind());
        self.rows(&format!(
            "SELECT * FROM ({merged}) WHERE {shown}{behind} ORDER BY {order} LIMIT {limit}"
        ))
        .await
    }

    /// The rows of the greatest rank that the list may show, so many of them.
    async fn greatest_rows(
        &self,
        filter: &InvocationFilter,
        function: Option<&str>,
        limit: u64,
    ) -> Result<Vec<FiledRow>, ReadError> {
        let function = function.map_or_else(String::new, |function| format!(" AND {function}"));
        let behind = filter
            .after
            .as_ref()
            .map_or_else(String::new, |after| format!(" AND told <= {}", after.rank));
        let longest = filter
            .longest()
            .map_or_else(String::new, |longest| format!(" AND told <= {}", longest.0));
        let told = filter.told();
        self.rows(&format!(
            "SELECT function, toUInt64(toUnixTimestamp64Nano(ts)) AS filed_at, request_id,
                {told} AS told
            FROM invocations WHERE {} AND {}{function}{behind}{longest}
            ORDER BY told DESC LIMIT {limit}",
            self.owned(),
            sql::within(filter.range)
        ))
        .await
    }

    /// The invocations of these requests, the latest first: more than one of a request where the platform tried again.
    pub async fn invocations_of(
        &self,
        request_ids: &[RequestId],
    ) -> Result<Vec<Invocation>, ReadError> {
        let found = self.filed(request_ids).await?;
        let Some(keys) = Keys::of(&found) else {
            return Ok(Vec::new());
        };
        let merged = merged(&self.owned(), keys.range, Some(&keys.filter), self.now());
        let records: Vec<InvocationRecord> = self
            .rows(&format!(
                "SELECT * FROM ({merged}) ORDER BY filed_at DESC, request_id DESC, function DESC"
            ))
            .await?;
        let mut invocations: Vec<Invocation> = records
            .into_iter()
            .filter_map(InvocationRecord::into_model)
            .collect();
        hide_twins(&mut invocations);
        self.lend_traces(&mut invocations).await?;
        Ok(invocations)
    }

    /// Where the rows of these requests stand; no time needed.
    async fn filed(&self, request_ids: &[RequestId]) -> Result<Vec<FiledRow>, ReadError> {
        if request_ids.is_empty() {
            return Ok(Vec::new());
        }
        self.rows(&format!(
            "SELECT DISTINCT function, toUInt64(toUnixTimestamp64Nano(ts)) AS filed_at, request_id, toUInt64(0) AS told
            FROM request_index WHERE {} AND request_id IN {}",
            self.owned(),
            sql::texts(request_ids.iter().map(RequestId::as_str))
        ))
        .await
    }

    /// Tells each invocation the trace of its function's own spans, which its facts don't know.
    pub(super) async fn lend_traces(
        &self,
        invocations: &mut [Invocation],
    ) -> Result<(), ReadError> {
        let without: Vec<RequestId> = invocations
            .iter()
            .filter(|invocation| invocation.sdk_trace_id.is_none())
            .map(|invocation| invocation.request_id.clone())
            .collect();
        let mut lent: HashMap<RequestId, Vec<TraceId>> = HashMap::new();
        for found in self.traces_of_requests(&without).await? {
            lent.entry(found.request_id)
                .or_default()
                .push(found.trace_id);
        }
        for invocation in invocations {
            let platform = invocation.platform_trace_id;
            let own = lent
                .get(&invocation.request_id)
                .and_then(|traces| traces.iter().find(|&&trace| Some(trace) != platform));
            invocation.sdk_trace_id = invocation.sdk_trace_id.or(own.copied());
        }
        Ok(())
    }
}

/// The rows in front, of at most so many invocations.
fn first_keys(rows: &[FiledRow], most: u64) -> &[FiledRow] {
    let mut seen = HashSet::new();
    let end = rows.iter().position(|row| {
        seen.insert((&row.function, row.filed_at, &row.request_id));
        seen.len() as u64 > most
    });
    &rows[..end.unwrap_or(rows.len())]
}

/// The request ids of rows that were derived from spans.
fn derived(owned: &str, range: TimeRange, function: Option<&str>) -> String {
    let within = sql::within(range);
    let function = function.map_or_else(String::new, |function| format!(" AND {function}"));
    format!(
        "SELECT request_id FROM invocations
        WHERE {owned} AND {within}{function} AND bitAnd(facts, {FROM_SPAN}) != 0"
    )
}

/// Drops what was derived from spans where a sandbox told of the same request itself; its trace is kept.
fn hide_twins(invocations: &mut Vec<Invocation>) {
    let mut lent: HashMap<RequestId, Option<TraceId>> = HashMap::new();
    let derived = |invocation: &&Invocation| !invocation.facts.is_first_hand();
    for twin in invocations.iter().filter(derived) {
        lent.insert(twin.request_id.clone(), twin.sdk_trace_id);
    }
    let first_hand: BTreeSet<RequestId> = invocations
        .iter()
        .filter(|invocation| invocation.facts.is_first_hand())
        .map(|invocation| invocation.request_id.clone())
        .collect();
    invocations.retain(|invocation| {
        invocation.facts.is_first_hand() || !first_hand.contains(&invocation.request_id)
    });
    for invocation in invocations {
        let lent = lent.get(&invocation.request_id).copied().flatten();
        invocation.sdk_trace_id = invocation.sdk_trace_id.or(lent);
    }
}

// === impl Keys ===

impl Keys {
    /// `None` if there are none.
    fn of(rows: &[FiledRow]) -> Option<Self> {
        let mut functions = BTreeSet::new();
        let mut times = BTreeSet::new();
        let mut request_ids = BTreeSet::new();
        for row in rows {
            functions.insert(row.function.as_str());
            times.insert(row.filed_at);
            request_ids.insert(sql::text(&row.request_id));
        }
        let range = TimeRange {
            from: UnixNanos(*times.first()?),
            to: UnixNanos(times.last()?.saturating_add(1)),
        };
        let request_ids = Vec::from_iter(request_ids).join(", ");
        Some(Self {
            range,
            filter: format!(
                "function IN {} AND ts IN {} AND request_id IN ({request_ids})",
                sql::texts(functions),
                sql::moments(times.into_iter().map(UnixNanos))
            ),
            request_ids,
        })
    }
}

// === impl Narrowing ===

impl Narrowing {
    /// A filter of merged rows of a range that others stand before.
    fn shown(&self, owned: &str, range: TimeRange) -> String {
        let least = self
            .least
            .map(|least| format!("duration_ns >= {}", least.0));
        let most = self
            .most
            .map(|most| format!("duration_ns != 0 AND duration_ns <= {}", most.0));
        let version = self.version.as_deref();
        let version = version.map(|version| format!("version = {}", sql::text(version)));
        let error_type = self.error_type.as_deref();
        let error_type = error_type.map(|error_type| failed_by(error_type, owned, range));
        let filters = [least, most, version, error_type].into_iter().flatten();
        filters.map(|filter| format!(" AND {filter}")).collect()
    }
}

// === impl InvocationFilter ===

impl InvocationFilter {
    /// One more than fits on the page.
    fn wanted(&self) -> u64 {
        u64::from(self.limit) + 1
    }

    /// Of merged rows, those of the list.
    fn shown(&self, visible: &str, owned: &str) -> String {
        let mut shown = visible.to_owned();
        if !self.outcomes.is_empty() {
            let outcomes = self.outcomes.iter().map(|outcome| outcome.number().into());
            shown.push_str(&format!(" AND outcome IN {}", sql::numbers(outcomes)));
        }
        match self.cold {
            Some(true) => shown.push_str(&format!(" AND cold IN {COLD_STARTS}")),
            Some(false) => shown.push_str(&format!(" AND cold NOT IN {COLD_STARTS}")),
            None => {}
        }
        shown.push_str(&self.only.shown(owned, self.range));
        shown
    }

    /// The greatest rank that the list may show, where that is a length: with longer ones it need not begin.
    fn longest(&self) -> Option<Nanos> {
        self.only
            .most
            .filter(|_| self.sort == InvocationSort::Slowest)
    }

    /// What is left of the range behind the last page.
    fn rest(&self) -> TimeRange {
        let to = match &self.after {
            Some(after) => after.filed_at.plus(Nanos(1)).min(self.range.to),
            None => self.range.to,
        };
        TimeRange { to, ..self.range }
    }

    /// The rank of a merged row, as SQL; none where the time alone tells.
    fn ranked(&self) -> Option<String> {
        match &self.sort {
            InvocationSort::Newest | InvocationSort::FailedFirst => None,
            InvocationSort::Slowest => Some("duration_ns".to_owned()),
            InvocationSort::Dearest(rates) => Some(rates.shown()),
        }
    }

    /// The rank that a row tells which is not merged yet. Of a sandbox each row tells the same, so that one of them tells the cost.
    fn told(&self) -> String {
        match &self.sort {
            InvocationSort::Dearest(rates) => rates.shown(),
            _ => "if(duration_ns != 0, duration_ns, runtime_duration_ns)".to_owned(),
        }
    }

    fn order(&self) -> String {
        let by_time = "filed_at DESC, request_id DESC, function DESC";
        match self.ranked() {
            None => by_time.to_owned(),
            Some(rank) => format!("{rank} DESC, {by_time}"),
        }
    }

    fn behind(&self) -> String {
        let Some(after) = &self.after else {
            return String::new();
        };
        let (rank, filed_at) = (after.rank, after.filed_at.0);
        let request_id = sql::text(&after.request_id);
        let function = sql::text(&after.function);
        match self.ranked() {
            None => format!(
                " AND (filed_at, request_id, function) < ({filed_at}, {request_id}, {function})"
            ),
            Some(ranked) => format!(
                " AND ({ranked}, filed_at, request_id, function) < (toUInt64({rank}), {filed_at}, {request_id}, {function})"
            ),
        }
    }

    fn rank(&self, record: &InvocationRecord) -> u64 {
        match &self.sort {
            InvocationSort::Newest => 0,
            InvocationSort::Slowest => record.duration_ns,
            InvocationSort::FailedFirst => {
                let outcome = Outcome::from_number(record.outcome).unwrap_or_default();
                outcome.is_failure().into()
            }
            InvocationSort::Dearest(rates) => rates.cost(&Bill {
                platform: record.platform,
                region: &record.region,
                architecture: record.architecture,
                memory_bytes: record.memory_bytes,
                billed_ns: record.billed_ns,
            }),
        }
    }

    fn key(&self, record: &InvocationRecord) -> InvocationKey {
        InvocationKey {
            rank: self.rank(record),
            filed_at: UnixNanos(record.filed_at),
            request_id: record.request_id.clone(),
            function: record.function.clone(),
        }
    }
}

// === impl InvocationRecord ===

impl InvocationRecord {
    /// `None` for a row without a usable request id, which the collector admits none of.
    pub(super) fn into_model(self) -> Option<Invocation> {
        let length = |nanos: u64| (nanos != 0).then_some(Nanos(nanos));
        let size = |bytes: u64| (bytes != 0).then_some(ByteSize(bytes));
        let time = |nanos: u64| (nanos != 0).then_some(UnixNanos(nanos));
        let filed_at = UnixNanos(self.filed_at);
        Some(Invocation {
            request_id: RequestId::parse(&self.request_id).ok()?,
            function: self.function,
            filed_at,
            facts: FactSet(self.facts),
            platform: Platform::from_number(self.platform).unwrap_or_default(),
            sandbox_id: SandboxId::parse(&self.sandbox_id).ok(),
            instance: self.instance,
            version: self.version,
            runtime: self.runtime,
            architecture: Architecture::from_number(self.architecture).unwrap_or_default(),
            memory: size(self.memory_bytes),
            region: self.region,
            account: self.account,
            start: time(self.platform_start_unix_ns)
                .or(time(self.start_unix_ns))
                .unwrap_or(filed_at),
            deadline: time(self.deadline_unix_ns),
            outcome: Outcome::from_number(self.outcome).unwrap_or_default(),
            cold: Cold::from_number(self.cold).unwrap_or_default(),
            trigger: Trigger::from_number(self.trigger).unwrap_or_default(),
            duration: length(self.duration_ns),
            billed: length(self.billed_ns),
            init: length(self.init_ns),
            restore: length(self.restore_ns),
            response_latency: length(self.response_latency_ns),
            response_duration: length(self.response_duration_ns),
            runtime_overhead: length(self.runtime_overhead_ns),
            extension_overhead: length(self.extension_overhead_ns),
            produced: size(self.produced_bytes),
            max_memory: size(self.max_memory_bytes),
            error_type: self.error_type,
            platform_trace_id: TraceId::from_bytes(&self.platform_trace_id).ok(),
            platform_span_id: SpanId::from_bytes(&self.platform_span_id).ok(),
            sdk_trace_id: TraceId::from_bytes(&self.sdk_trace_id).ok(),
        })
    }
}
