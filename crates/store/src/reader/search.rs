//! Spans by an attribute, any of them.
//!
//! No index leads there (docs/adr/0008-attribute-index.md): values are searched for as they stand in their column, the
//! newest buckets first, until there are enough.

use coldtrace_model::TimeRange;

use super::spans::{COLUMNS, StoredSpan};
use super::{ReadError, Reader, SpanRecord, sql};

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
                "SELECT {COLUMNS} FROM spans WHERE {} AND {} AND {}
                ORDER BY bucket DESC, ts DESC, span_id DESC LIMIT {}",
                self.owned(),
                sql::within(filter.range),
                filter.shown(),
                filter.limit
            ))
            .await?;
        Ok(found.into_iter().map(SpanRecord::from).collect())
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
            AND has(arrayMap((k, v) -> k = {key} AND v = {value},
                splitByChar('\\xFF', toString(attr_keys)), splitByChar('\\xFF', attr_values)), 1)"
        )
    }
}
