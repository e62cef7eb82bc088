//! What has come lately: asked again and again by whoever follows it, so each question reads little.
//!
//! Which minutes of invocations have changed is told by the same notes that tell settle of late rows. Logged lines have no such
//! notes: those of the last minutes are named, each by its place in the list of lines. Not here: what was told before.

use std::collections::{BTreeSet, HashSet};

use clickhouse::Row;
use coldtrace_model::{Cold, FactSet, Outcome, RequestId, TimeRange, UnixNanos};
use serde::Deserialize;

use super::invocations::ROWS_EACH;
use super::lines::{self, LineFilter, LineKey, LineQuery};
use super::logs::LogRecordRow;
use super::sql::SECOND;
use super::{ReadError, Reader, sql};

const MINUTE: u64 = 60 * SECOND;

/// A minute in which invocations are filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteStamp {
    /// Its begin.
    pub minute: UnixNanos,
    /// Another number whenever something came.
    pub stamp: u64,
}

/// How much is known of an invocation by now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvocationState {
    /// By which it is filed.
    pub filed_at: UnixNanos,
    /// Its function.
    pub function: String,
    /// Its request.
    pub request_id: RequestId,
    /// What has arrived of it.
    pub facts: FactSet,
    /// How it ended, so far.
    pub outcome: Outcome,
    /// What it waited for, so far.
    pub cold: Cold,
}

/// What is known of a range, or of the end of it.
#[derive(Clone, Debug)]
pub struct States {
    /// The latest first.
    pub states: Vec<InvocationState>,
    /// What was filed before this was not looked at.
    pub from: UnixNanos,
}

#[derive(Row, Deserialize)]
struct StampRow {
    minute: u32,
    sum: u64,
}

#[derive(Row, Deserialize)]
struct StateRow {
    filed_at: u64,
    function: String,
    request_id: String,
    told: u8,
    ended: u8,
    waited: u8,
}

#[derive(Row, Deserialize)]
struct KeyRow {
    nanos: u64,
    hash: u64,
}

impl Reader {
    /// The minutes of a range in which invocations are filed. Whoever reads them afterwards finds at least what the stamps
    /// stand for.
    pub async fn invocation_stamps(&self, range: TimeRange) -> Result<Vec<MinuteStamp>, ReadError> {
        let rows: Vec<StampRow> = self
            .rows(&format!(
                "SELECT toUnixTimestamp(touched.t) AS minute, sum(stamp) AS sum FROM touched
                WHERE {} AND source = 1 AND {} GROUP BY minute",
                self.owned(),
                sql::within_minutes("touched.t", range)
            ))
            .await?;
        let stamp = |row: StampRow| MinuteStamp {
            minute: UnixNanos(u64::from(row.minute) * SECOND),
            stamp: row.sum,
        };
        Ok(rows.into_iter().map(stamp).collect())
    }

    /// What is known of the invocations of these minutes that were filed at this time or later; of very many the latest alone.
    pub async fn invocation_states(
        &self,
        minutes: &[UnixNanos],
        from: UnixNanos,
        function: Option<&str>,
        limit: u32,
    ) -> Result<States, ReadError> {
        let (Some(&first), Some(&last)) = (minutes.iter().min(), minutes.iter().max()) else {
            let states = Vec::new();
            return Ok(States { states, from });
        };
        let whole = TimeRange {
            from: from.max(first),
            to: UnixNanos(last.0.saturating_add(MINUTE)),
        };
        let function = function.map(|function| format!("function = {}", sql::text(function)));
        let rows = u64::from(limit) * ROWS_EACH;
        let stretch = self.last_stretch(whole, function.as_deref(), rows).await?;
        let minutes: Vec<String> = minutes
            .iter()
            .map(|minute| (minute.0 / SECOND).to_string())
            .collect();
        let function = function.map_or_else(String::new, |function| format!(" AND {function}"));
        let rows: Vec<StateRow> = self
            .rows(&format!(
                "SELECT toUInt64(toUnixTimestamp64Nano(ts)) AS filed_at, function, request_id,
                    groupBitOr(facts) AS told, max(outcome) AS ended, max(cold) AS waited
                FROM invocations WHERE {} AND {}{function} AND toUnixTimestamp(toStartOfMinute(ts)) IN ({})
                GROUP BY function, ts, request_id
                ORDER BY ts DESC, request_id, function LIMIT {limit}",
                self.owned(),
                sql::within(stretch),
                minutes.join(", ")
            ))
            .await?;
        let is_cut = rows.len() as u64 >= u64::from(limit);
        let oldest = rows.last().filter(|_| is_cut).map(|row| row.filed_at);
        let is_whole = stretch.from <= whole.from;
        let from = match (oldest, is_whole) {
            (Some(oldest), _) => UnixNanos(oldest),
            (None, true) => from,
            (None, false) => stretch.from,
        };
        let states = rows.into_iter().filter_map(StateRow::into_state);
        Ok(States {
            states: states.collect(),
            from,
        })
    }

    /// The places of lines, the latest first.
    pub async fn line_keys(&self, query: &LineQuery<'_>) -> Result<Vec<LineKey>, ReadError> {
        let rows: Vec<KeyRow> = self
            .rows(&format!(
                "SELECT toUInt64(toUnixTimestamp64Nano(ts)) AS nanos, {} AS hash
                FROM logs WHERE {} AND {}{} ORDER BY ts DESC, hash DESC LIMIT {}",
                lines::HASH,
                self.owned(),
                sql::within(query.range),
                query.filter.shown(),
                query.limit
            ))
            .await?;
        let places = rows.iter().map(|row| (UnixNanos(row.nanos), row.hash));
        Ok(lines::keys(places, None))
    }

    /// The lines at these places, the earliest first.
    pub async fn lines_at(
        &self,
        keys: &[LineKey],
        filter: &LineFilter,
    ) -> Result<Vec<(LineKey, LogRecordRow)>, ReadError> {
        let times: BTreeSet<UnixNanos> = keys.iter().map(|key| key.time).collect();
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else {
            return Ok(Vec::new());
        };
        let range = TimeRange {
            from: first,
            to: UnixNanos(last.0.saturating_add(1)),
        };
        let only = format!(
            " AND ts IN {} AND hash IN {} ORDER BY ts DESC, hash DESC",
            sql::moments(times),
            sql::numbers(keys.iter().map(|key| key.hash))
        );
        let mut found = self.line_rows(range, filter, &only, None).await?;
        let wanted: HashSet<&LineKey> = keys.iter().collect();
        found.retain(|(key, _)| wanted.contains(key));
        found.reverse();
        Ok(found)
    }
}

// === impl StateRow ===

impl StateRow {
    fn into_state(self) -> Option<InvocationState> {
        Some(InvocationState {
            filed_at: UnixNanos(self.filed_at),
            function: self.function,
            request_id: RequestId::parse(&self.request_id).ok()?,
            facts: FactSet(self.told),
            outcome: Outcome::from_number(self.ended).unwrap_or_default(),
            cold: Cold::from_number(self.waited).unwrap_or_default(),
        })
    }
}
