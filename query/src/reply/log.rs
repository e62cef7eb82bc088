//! A line that was logged.

use coldtrace_model::{LogRecord, RequestId, SpanId, TraceId};
use serde::Serialize;

use super::number::{Decimal, Shown};
use super::value::AttributesReply;

/// The schema `Log`.
#[derive(Serialize)]
pub(crate) struct LogReply<'a> {
    time: Decimal,
    severity: u8,
    body: &'a str,
    source: &'a str,
    service: &'a str,
    request_id: Option<&'a str>,
    trace_id: Option<Shown<TraceId>>,
    span_id: Option<Shown<SpanId>>,
    attributes: AttributesReply<'a>,
}

impl<'a> LogReply<'a> {
    /// A line with the function or service that it belongs to.
    pub(crate) fn of(service: &'a str, record: &'a LogRecord) -> Self {
        Self {
            time: record.time.into(),
            severity: record.severity,
            body: &record.body,
            source: &record.source,
            service,
            request_id: record.request_id.as_ref().map(RequestId::as_str),
            trace_id: record.trace_id.map(Shown),
            span_id: record.span_id.map(Shown),
            attributes: AttributesReply(&record.attributes),
        }
    }
}
