//! Spans by an attribute, any of them.
//!
//! `attribute_index` tells in which buckets the attribute stands (docs/adr/0017-attribute-index.md). There the values are
//! searched for as they stand in their column, the newest buckets first, until there are enough.

use coldtrace_model::TimeRange;

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

impl Reader {
    /// The spans with this attribute, the latest first.
    pub async fn spans_with(
        &self,
        filter: &AttributeFilter<'_>,
    ) -> Result<Vec<SpanRecord>, ReadError> {
        let found: Vec<StoredSpan> = self
            .rows(&format!(
                "SELECT {COLUMNS} FROM spans WHERE {} AND {} AND bucket IN ({}) AND {}
                ORDER BY bucket DESC, ts DESC, span_id DESC LIMIT {}",
                self.owned(),
                sql::within(filter.range),
                filter.buckets(self.tenant.as_str()),
                filter.shown(),
                filter.limit
            ))
            .await?;
        Ok(found.into_iter().map(SpanRecord::from).collect())
    }
}

// === impl AttributeFilter ===

impl AttributeFilter<'_> {
    /// Where the attribute stands, and a few where it doesn't.
    fn buckets(&self, tenant: &str) -> String {
        let slots = Name::new(tenant, self.key.as_bytes()).slots_of(self.value.as_bytes());
        format!(
            "SELECT toDateTime(day, 'UTC') + toIntervalSecond({BUCKET_SECONDS} * bitAnd(place, {})) FROM attribute_index
            WHERE {} AND place >= {} AND place < {}",
            (1 << SLOT_BITS) - 1,
            sql::within_days(self.range),
            slots.start,
            slots.end
        )
    }

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
