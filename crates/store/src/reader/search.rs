//! Spans by an attribute, any of them.
//!
//! `attribute_index` tells in which buckets the attribute stands (docs/adr/0017-attribute-index.md). There the values are
//! searched for as they stand in their column, some of the newest buckets at a time, until there are enough.

use clickhouse::Row;
use coldtrace_model::TimeRange;
use serde::Deserialize;

use super::spans::{COLUMNS, StoredSpan};
use super::sql::BUCKET_SECONDS;
use super::{ReadError, Reader, SpanRecord, sql};
use crate::attribute_index::{Name, SLOT_BITS};

/// Which spans to find.
#[derive(Clone, Copy, Debug)]
pub struct AttributeFilter<'a> {
    /// Started in this range,
    pub range: TimeRange,
    /// with an attribute of this name
    pub key: &'a str,
    /// and this value, as text.
    pub value: &'a str,
    /// At most so many.
    pub limit: u32,
}

/// The first look, for values that every minute has.
const FIRST_BUCKETS: usize = 8;

/// One bucket.
#[derive(Row, Deserialize)]
struct Bucket {
    /// Seconds since the epoch.
    start: u32,
}

impl Reader {
    /// The spans with this attribute, the latest first.
    pub async fn spans_with(
        &self,
        filter: &AttributeFilter<'_>,
    ) -> Result<Vec<SpanRecord>, ReadError> {
        let limit = filter.limit as usize;
        let mut found: Vec<SpanRecord> = Vec::new();
        let (mut before, mut size) = (None, FIRST_BUCKETS);
        while found.len() < limit {
            let buckets = self.buckets_with(filter, before, size).await?;
            let Some(oldest) = buckets.last() else { break };
            let spans = self.spans_in(filter, &buckets, limit - found.len()).await?;
            found.extend(spans.into_iter().map(SpanRecord::from));
            if buckets.len() < size {
                break;
            }
            before = Some(*oldest);
            // Each has one at least, but for those that share a hash.
            size = (limit - found.len()).max(FIRST_BUCKETS);
        }
        Ok(found)
    }

    /// The newest buckets, at most so many, in which the attribute stands, and a few where it doesn't: older than `before`.
    async fn buckets_with(
        &self,
        filter: &AttributeFilter<'_>,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<u32>, ReadError> {
        let name = Name::new(self.tenant.as_str(), filter.key.as_bytes());
        let slots = name.slots_of(filter.value.as_bytes());
        let older = before.map_or_else(String::new, |before| format!("HAVING start < {before}"));
        let found: Vec<Bucket> = self
            .rows(&format!(
                "SELECT toUInt32(toUnixTimestamp(toDateTime(day, 'UTC')) + {BUCKET_SECONDS} * bitAnd(place, {})) AS start
                FROM attribute_index WHERE {} AND place >= {} AND place < {}
                GROUP BY start {older} ORDER BY start DESC LIMIT {limit}",
                (1 << SLOT_BITS) - 1,
                sql::within_days(filter.range),
                slots.start,
                slots.end
            ))
            .await?;
        Ok(found.into_iter().map(|bucket| bucket.start).collect())
    }

    /// The spans in these buckets, the latest first.
    async fn spans_in(
        &self,
        filter: &AttributeFilter<'_>,
        buckets: &[u32],
        limit: usize,
    ) -> Result<Vec<StoredSpan>, ReadError> {
        let listed: Vec<String> = buckets.iter().map(u32::to_string).collect();
        self.rows(&format!(
            "SELECT {COLUMNS} FROM spans WHERE {} AND {} AND bucket IN ({}) AND {}
            ORDER BY bucket DESC, ts DESC, span_id DESC LIMIT {limit}",
            self.owned(),
            sql::within(filter.range),
            listed.join(", "),
            filter.shown(),
        ))
        .await
    }
}

// === impl AttributeFilter ===

impl AttributeFilter<'_> {
    /// First what is searched for at once in many rows, then what is exact.
    fn shown(&self) -> String {
        let (key, value) = (sql::text(self.key), sql::text(self.value));
        format!(
            "position(attr_values, concat('\\xFF', {value}, '\\xFF')) > 0
            AND position(attr_keys, concat('\\xFF', {key}, '\\xFF')) > 0
            AND arrayExists((k, v) -> k = {key} AND v = {value},
                arraySlice(splitByChar('\\xFF', toString(attr_keys)), 2, -1),
                arraySlice(splitByChar('\\xFF', attr_values), 2, -1))"
        )
    }
}
