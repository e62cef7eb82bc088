//! What one function did in a range of time, by what else tells its invocations apart; and an even sample of them.

use clickhouse::Row;
use coldtrace_model::{
    Architecture, ByteSize, Cold, Invocation, LogHistogram, Nanos, RequestId, SandboxId, TimeRange,
    UnixNanos,
};
use serde::Deserialize;

use super::invocations::{InvocationRecord, merged, visible};
use super::rollups::{AT_ONCE, Coarsest};
use super::sql::SECOND;
use super::{ReadError, Reader, sql};

/// Of more than are wanted so many, since a share of request ids is not exactly the same share of invocations.
const MORE: f64 = 1.2;
/// Sandboxes whose memory is told.
const LIVES: u32 = 500;
/// Of messages that came again.
const EXAMPLES: u32 = 5;

/// Invocations of a function that have in common what tells them apart.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionPart {
    /// Their version; empty if not known.
    pub version: String,
    /// Their configured memory; 0 if not known.
    pub memory: ByteSize,
    /// Instruction set.
    pub architecture: Architecture,
    /// Kind of start.
    pub cold: Cold,
    /// How many.
    pub invocations: u64,
    /// How many failed, timeouts, out-of-memory and lost ones included.
    pub errors: u64,
    /// All that was billed.
    pub billed: Nanos,
    /// Most memory that one used; 0 if not known.
    pub max_memory: ByteSize,
    /// When the first of them was filed, to the minute or, of what is settled, to the hour.
    pub first_seen: UnixNanos,
    /// When the latest began.
    pub last_seen: UnixNanos,
    /// The longest.
    pub max: Nanos,
    /// How the known durations spread.
    pub durations: LogHistogram,
    /// How the inits that were waited for spread.
    pub inits: LogHistogram,
}

/// The memory of a sandbox over its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryLife {
    /// Which.
    pub sandbox_id: SandboxId,
    /// Invocations that told of its memory.
    pub invocations: u64,
    /// Most used after the first, after half, after three quarters, and after all of them.
    pub used: [ByteSize; 4],
    /// Configured memory; 0 if not known.
    pub limit: ByteSize,
}

/// Messages that a function took, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageCount {
    /// How often one was processed.
    pub processed: u64,
    /// How many different ones.
    pub distinct: u64,
    /// Requests that processed one of those that came again.
    pub examples: Vec<RequestId>,
}

#[derive(Row, Deserialize)]
struct PartRow {
    version: String,
    memory_bytes: u64,
    architecture: u8,
    cold: u8,
    invocations: u64,
    errors: u64,
    billed: u64,
    max_memory: u64,
    first_seen: u32,
    last_seen: u64,
    max: u64,
    durations: Vec<(i16, u64)>,
    inits: Vec<(i16, u64)>,
}

#[derive(Row, Deserialize)]
struct LifeRow {
    sandbox_id: String,
    invocations: u64,
    used: Vec<u64>,
    memory: u64,
}

#[derive(Row, Deserialize)]
struct MessageRow {
    processed: u64,
    distinct: u64,
    examples: Vec<String>,
}

#[derive(Row, Deserialize)]
struct RegionRow {
    region: String,
}

impl Reader {
    /// The invocations of a function in the range by version, memory, architecture and kind of start, from rollups where they are
    /// settled. Empty if there are none.
    pub async fn function_parts(
        &self,
        function: &str,
        range: TimeRange,
    ) -> Result<Vec<FunctionPart>, ReadError> {
        let only = format!(" AND function = {}", sql::text(function));
        let counted = self.function_rows(range, &only, Coarsest::Hours).await?;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<PartRow> = self
            .rows(&format!(
                "SELECT version, memory_bytes, architecture, cold, sum(n) AS invocations,
                    sum(counted.errors) AS errors, sum(billed_ns) AS billed,
                    max(max_memory_bytes) AS max_memory, toUnixTimestamp(min(t)) AS first_seen,
                    max(last_start_ns) AS last_seen, max(max_duration_ns) AS max,
                    sumMap(duration_hist) AS durations, sumMap(init_hist) AS inits
                FROM ({counted}) AS counted
                GROUP BY version, memory_bytes, architecture, cold
                ORDER BY first_seen, version, memory_bytes, architecture, cold{AT_ONCE}"
            ))
            .await?;
        Ok(rows.into_iter().map(FunctionPart::from).collect())
    }

    /// The region of a function's latest invocation in the range; empty if not known.
    pub async fn region_of(&self, function: &str, range: TimeRange) -> Result<String, ReadError> {
        let (owned, within) = (self.owned(), sql::within(range));
        let function = sql::text(function);
        let rows: Vec<RegionRow> = self
            .rows(&format!(
                "SELECT toString(region) AS region FROM invocations
                WHERE {owned} AND function = {function} AND {within} AND region != ''
                ORDER BY tenant DESC, function DESC, bucket DESC, ts DESC LIMIT 1"
            ))
            .await?;
        Ok(rows
            .into_iter()
            .next()
            .map_or_else(String::new, |row| row.region))
    }

    /// Some invocations of a function in the range, evenly drawn by their request ids and the same whenever they are asked for: about
    /// `limit` of `total`, or all of them.
    pub async fn sample(
        &self,
        function: &str,
        range: TimeRange,
        total: u64,
        limit: u32,
    ) -> Result<Vec<Invocation>, ReadError> {
        let owned = self.owned();
        let share = f64::from(limit) * MORE / total.max(1) as f64;
        let mut only = format!("function = {}", sql::text(function));
        if share < 1.0 {
            let bound = (share * u64::MAX as f64) as u64;
            only.push_str(&format!(" AND cityHash64(request_id) <= {bound}"));
        }
        let (merged, visible) = (
            merged(&owned, range, Some(&only), self.now()),
            visible(&owned, range, None),
        );
        let records: Vec<InvocationRecord> = self
            .rows(&format!(
                "SELECT * FROM ({merged}) WHERE {visible}
                ORDER BY cityHash64(request_id), filed_at LIMIT {limit}"
            ))
            .await?;
        let mut invocations: Vec<Invocation> = records
            .into_iter()
            .filter_map(InvocationRecord::into_model)
            .collect();
        self.lend_traces(&mut invocations).await?;
        Ok(invocations)
    }

    /// The memory of a function's sandboxes that served at least so many invocations in the range; of many the busiest.
    pub async fn memory_lives(
        &self,
        function: &str,
        range: TimeRange,
        least: u64,
    ) -> Result<Vec<MemoryLife>, ReadError> {
        let (owned, within) = (self.owned(), sql::within(range));
        let function = sql::text(function);
        let rows: Vec<LifeRow> = self
            .rows(&format!(
                "SELECT sandbox_id, invocations, arrayMap(place -> lives[place].2, [1, intDiv(invocations, 2) + 1,
                        intDiv(invocations * 3, 4) + 1, invocations]) AS used, memory
                FROM (
                    SELECT sandbox_id, count() AS invocations, arraySort(groupArray((at, told.used))) AS lives,
                        max(told.memory) AS memory FROM (
                    SELECT max(i.sandbox_id) AS sandbox_id, (ts, request_id) AS at,
                        max(max_memory_bytes) AS used, max(memory_bytes) AS memory
                    FROM invocations AS i
                    WHERE {owned} AND function = {function} AND {within} AND max_memory_bytes != 0
                    GROUP BY ts, request_id) AS told
                    WHERE sandbox_id != '' GROUP BY sandbox_id HAVING invocations >= {least})
                ORDER BY invocations DESC, sandbox_id LIMIT {LIVES}"
            ))
            .await?;
        Ok(rows.into_iter().filter_map(LifeRow::into_life).collect())
    }

    /// How many messages the spans of a function name by `messaging.message.id`, and how many of them more than one request does.
    pub async fn messages(
        &self,
        function: &str,
        range: TimeRange,
    ) -> Result<MessageCount, ReadError> {
        let (owned, within) = (self.owned(), sql::within(range));
        let service = sql::text(function);
        let rows: Vec<MessageRow> = self
            .rows(&format!(
                "SELECT sum(requests) AS processed, count() AS distinct,
                    arraySlice(groupArrayIf(request, requests > 1), 1, {EXAMPLES}) AS examples
                FROM (
                    SELECT attrs['messaging.message.id'] AS message, uniqExact(request_id) AS requests,
                        max(request_id) AS request
                    FROM spans
                    WHERE {owned} AND service = {service} AND {within} AND kind IN (2, 5)
                        AND request_id != '' AND attr_keys LIKE '%\\xFFmessaging.message.id\\xFF%'
                    GROUP BY message)"
            ))
            .await?;
        let row = rows.into_iter().next();
        Ok(row.map_or_else(MessageCount::default, |row| MessageCount {
            processed: row.processed,
            distinct: row.distinct,
            examples: row
                .examples
                .iter()
                .filter_map(|id| RequestId::parse(id).ok())
                .collect(),
        }))
    }
}

impl From<PartRow> for FunctionPart {
    fn from(row: PartRow) -> Self {
        Self {
            version: row.version,
            memory: ByteSize(row.memory_bytes),
            architecture: Architecture::from_number(row.architecture).unwrap_or_default(),
            cold: Cold::from_number(row.cold).unwrap_or_default(),
            invocations: row.invocations,
            errors: row.errors,
            billed: Nanos(row.billed),
            max_memory: ByteSize(row.max_memory),
            first_seen: UnixNanos(u64::from(row.first_seen) * SECOND),
            last_seen: UnixNanos(row.last_seen),
            max: Nanos(row.max),
            durations: row.durations.into_iter().collect(),
            inits: row.inits.into_iter().collect(),
        }
    }
}

impl LifeRow {
    fn into_life(self) -> Option<MemoryLife> {
        let used: [u64; 4] = self.used.try_into().ok()?;
        Some(MemoryLife {
            sandbox_id: SandboxId::parse(&self.sandbox_id).ok()?,
            invocations: self.invocations,
            used: used.map(ByteSize),
            limit: ByteSize(self.memory),
        })
    }
}
