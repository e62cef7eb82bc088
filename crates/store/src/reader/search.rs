//! Spans by an attribute, any of them.
//!
//! `attribute_index` tells in which buckets the attribute stands (docs/adr/0017-attribute-index.md). There the values are
//! searched for as they stand in their column, some of the newest buckets at a time, until there are enough.

use clickhouse::Row;
use coldtrace_model::TimeRange;
use serde::Deserialize;

use super::spans::{COLUMNS, StoredSpan};
use super::sql::{BUCKET_SECONDS, SECOND};
use super::{ReadError, Reader, SpanRecord, sql};
use crate::attribute_index::{Name, SLOT_BITS};

const _: () = assert!(
    BUCKET_SECONDS == 300 && SLOT_BITS == 9,
    "as PLACE_SECONDS says"
);

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
/// So many at a time, for values that few of them have: some days.
const MOST_BUCKETS: usize = 1_000;

/// Of a row of `attribute_index`, its five minutes as Unix seconds.
pub(super) const PLACE_SECONDS: &str =
    "(toUnixTimestamp(toDateTime(day, 'UTC')) + 300 * bitAnd(place, 511))";
/// A span's attributes as two lists.
pub(super) const KEYS_AND_VALUES: &str =
    "arraySlice(splitByChar('\\xFF', toString(attr_keys)), 2, -1),
    arraySlice(splitByChar('\\xFF', attr_values), 2, -1)";

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
        let mut before = filter.range.to.0.div_ceil(SECOND);
        let (mut size, mut looked_at) = (FIRST_BUCKETS, 0);
        while found.len() < limit {
            let buckets = self.buckets_with(filter, before, size).await?;
            let Some(oldest) = buckets.last() else { break };
            let spans = self.spans_in(filter, &buckets, limit - found.len()).await?;
            found.extend(spans.into_iter().map(SpanRecord::from));
            if buckets.len() < size {
                break;
            }
            before = u64::from(*oldest);
            // As many as it takes if the others have as much; some more, since none may be missing.
            looked_at += buckets.len();
            let wanted = limit - found.len();
            size = (looked_at * wanted * 3 / 2 / found.len().max(1))
                .clamp(FIRST_BUCKETS, MOST_BUCKETS);
        }
        Ok(found)
    }

    /// The newest buckets, at most so many, in which the attribute stands, and a few where it doesn't: older than `before`, in
    /// seconds.
    pub(super) async fn buckets_with(
        &self,
        filter: &AttributeFilter<'_>,
        before: u64,
        limit: usize,
    ) -> Result<Vec<u32>, ReadError> {
        let range = filter.range;
        let first = range.from.0 / SECOND / BUCKET_SECONDS * BUCKET_SECONDS;
        let found: Vec<Bucket> = self
            .rows(&format!(
                "SELECT toUInt32({PLACE_SECONDS}) AS start FROM attribute_index WHERE {}
                GROUP BY start HAVING start >= {first} AND start < {before} ORDER BY start DESC LIMIT {limit}",
                self.places_of(filter.key, filter.value, range)
            ))
            .await?;
        Ok(found.into_iter().map(|bucket| bucket.start).collect())
    }

    /// Rows of `attribute_index` where this attribute stands, and a few where it doesn't.
    pub(super) fn places_of(&self, key: &str, value: &str, range: TimeRange) -> String {
        let slots = Name::new(self.tenant.as_str(), key.as_bytes()).slots_of(value.as_bytes());
        format!(
            "{} AND place >= {} AND place < {}",
            sql::within_days(range),
            slots.start,
            slots.end
        )
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
                {KEYS_AND_VALUES})"
        )
    }
}
