//! What the resources of invocations say: of the spans that answered them.

use std::collections::BTreeMap;

use clickhouse::Row;
use coldtrace_model::{RequestId, TimeRange};
use serde::Deserialize;

use super::{ReadError, Reader, sql};
use crate::settle::features::{REQUEST, spans_of};

#[derive(Row, Deserialize)]
struct ResourceRow {
    request: String,
    attrs: Vec<(String, String)>,
}

impl Reader {
    /// The attributes of the resource of each of these requests, which were invoked in the range: of the first span that answered it,
    /// those that are texts. None of a request without such a span.
    pub async fn resources_of_requests(
        &self,
        request_ids: &[RequestId],
        range: TimeRange,
    ) -> Result<Vec<(RequestId, BTreeMap<String, String>)>, ReadError> {
        if request_ids.is_empty() {
            return Ok(Vec::new());
        }
        let reach = spans_of(range);
        let (owned, within, days) = (self.owned(), sql::within(reach), sql::within_days(reach));
        let requests = sql::texts(request_ids.iter().map(RequestId::as_str));
        let rows: Vec<ResourceRow> = self
            .rows(&format!(
                "SELECT request, attrs FROM (
                    SELECT {REQUEST} AS request, argMin(spans.resource_id, (ts, span_id)) AS resource_id FROM spans
                    WHERE {owned} AND {within} AND kind IN (2, 5) AND request IN {requests} GROUP BY request
                ) AS answers INNER JOIN (
                    SELECT resource_id, CAST(any(resources.attrs), 'Map(String, String)') AS attrs FROM resources
                    WHERE {owned} AND {days} GROUP BY resource_id
                ) AS told USING (resource_id)
                ORDER BY request"
            ))
            .await?;
        let parsed = |row: ResourceRow| {
            let id = RequestId::parse(&row.request).ok()?;
            Some((id, row.attrs.into_iter().collect()))
        };
        Ok(rows.into_iter().filter_map(parsed).collect())
    }
}
