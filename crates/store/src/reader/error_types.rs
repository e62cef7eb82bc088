//! What invocations failed by, as their functions named it.
//!
//! A platform often knows no more of an error than that there was one, while the span that answered names it. What is told of an
//! invocation is the type of the group that it is in (`settle::errors`), by the same statement.

use std::collections::HashMap;

use clickhouse::Row;
use coldtrace_model::{Invocation, Outcome, RequestId, TimeRange, TraceId};
use serde::Deserialize;

use super::spans::Windows;
use super::{ReadError, Reader, sql};
use crate::settle::errors::{ANSWERED_BADLY, Failed, span_message, span_type};
use crate::settle::features::{REQUEST, spans_of};
use crate::settle::functions::Filed;

#[derive(Row, Deserialize)]
struct TypeRow {
    function: String,
    filed_ns: u64,
    request_id: String,
    error_type: String,
}

impl Reader {
    /// Tells those that ended themselves by an error its type, where their spans name it. Asks nothing if there are none.
    pub async fn name_errors(&self, invocations: &mut [Invocation]) -> Result<(), ReadError> {
        let mut failed: Vec<&mut Invocation> = invocations
            .iter_mut()
            .filter(|invocation| invocation.outcome == Outcome::Error)
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        let request_ids: Vec<RequestId> = failed.iter().map(|one| one.request_id.clone()).collect();
        let served = self.traces_of_requests(&request_ids).await?;
        // Where a span names its invocation by its own id, no request leads to its trace.
        let own = failed.iter().filter_map(|one| one.sdk_trace_id);
        let mut trace_ids: Vec<TraceId> =
            served.iter().map(|one| one.trace_id).chain(own).collect();
        trace_ids.sort_unstable();
        trace_ids.dedup();
        let Some(windows) = Windows::of(&self.trace_windows(&trace_ids).await?) else {
            return Ok(());
        };
        let owned = self.owned();
        let named = Failed {
            filed: Filed {
                filter: format!("{owned} AND {}", filed_as(&failed)),
                around: None,
            },
            spans: format!("{owned} AND {}", windows.filter()),
            counted: "true".to_owned(),
        };
        let rows: Vec<TypeRow> = self.rows(&named.types()).await?;
        let mut types: HashMap<(String, u64, String), String> = rows
            .into_iter()
            .map(|row| ((row.function, row.filed_ns, row.request_id), row.error_type))
            .collect();
        for invocation in &mut failed {
            let request_id = invocation.request_id.as_str().to_owned();
            let key = (
                invocation.function.clone(),
                invocation.filed_at.0,
                request_id,
            );
            // Nobody named it where its type is how it ended.
            let named = types.remove(&key);
            if let Some(named) = named.filter(|named| named != Outcome::Error.as_str()) {
                invocation.error_type = named;
            }
        }
        Ok(())
    }
}

/// Rows of `invocations` among which are those of these.
fn filed_as(invocations: &[&mut Invocation]) -> String {
    let times = invocations.iter().map(|one| one.filed_at);
    let range = TimeRange {
        from: times.clone().min().unwrap_or_default(),
        to: times
            .clone()
            .max()
            .unwrap_or_default()
            .plus(coldtrace_model::Nanos(1)),
    };
    format!(
        "{} AND ts IN {} AND function IN {} AND request_id IN {}",
        sql::within(range),
        sql::moments(times),
        sql::texts(invocations.iter().map(|one| one.function.as_str())),
        sql::texts(invocations.iter().map(|one| one.request_id.as_str()))
    )
}

/// Of merged rows in a range, a condition for those that failed by an error of this type, whoever named it.
pub(super) fn failed_by(error_type: &str, owned: &str, range: TimeRange) -> String {
    let within = sql::within(spans_of(range));
    let (wanted, before) = (sql::text(error_type), sql::text(&format!("{error_type}: ")));
    let (named, message) = (span_type(), span_message());
    let failed = Outcome::Error.number();
    format!(
        "(error_type = {wanted} OR (outcome = {failed} AND request_id IN (
            SELECT {REQUEST} FROM spans WHERE {owned} AND {within} AND {ANSWERED_BADLY}
                AND ({named} = {wanted} OR ({named} = '' AND startsWith({message}, {before}))))))"
    )
}
