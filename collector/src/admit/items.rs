//! A request's items: decoded, and rid of those that the terms reject.
//!
//! Used twice for each request, when it is admitted and when its batch is built, so that both see the same items.

use bytes::Bytes;
use coldtrace_model::UnixNanos;
use coldtrace_proto::otlp::logs::LogRecord;
use coldtrace_proto::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};
use prost::Message as _;

use super::terms::{Rejections, Terms};
use crate::ingest::Ingest;
use crate::log::Signal;
use crate::status::Refusal;

/// What a request carries.
pub(crate) enum Items {
    Traces(ExportTraceServiceRequest),
    Logs(ExportLogsServiceRequest),
    Ingest(Box<Ingest>),
}

/// When a log record was written, as far as it says: else when it was seen, else when it came.
pub(crate) fn log_time(record: &LogRecord, admitted_at: UnixNanos) -> UnixNanos {
    let told = [record.time_unix_nano, record.observed_time_unix_nano];
    let first = told.into_iter().find(|time| *time != 0);
    first.map_or(admitted_at, UnixNanos)
}

// === impl Items ===

impl Items {
    /// Reads a request. Nested values are bounded by the decoder.
    pub(crate) fn decode(signal: Signal, body: &Bytes) -> Result<Self, Refusal> {
        let invalid = |error: prost::DecodeError| {
            Refusal::Invalid(format!(
                "the request is not the protobuf that is expected: {error}"
            ))
        };
        let body = body.clone();
        Ok(match signal {
            Signal::Traces => {
                Self::Traces(ExportTraceServiceRequest::decode(body).map_err(invalid)?)
            }
            Signal::Logs => Self::Logs(ExportLogsServiceRequest::decode(body).map_err(invalid)?),
            Signal::Ingest => {
                let request = coldtrace_proto::v1::ExportRequest::decode(body).map_err(invalid)?;
                Self::Ingest(Box::new(Ingest::read(request)?))
            }
        })
    }

    /// Takes out what the terms reject.
    pub(crate) fn sift(&mut self, terms: Terms) -> Rejections {
        let mut rejections = Rejections::default();
        match self {
            Self::Traces(request) => sift_traces(request, terms, &mut rejections),
            Self::Logs(request) => sift_logs(request, terms, &mut rejections),
            Self::Ingest(ingest) => ingest.sift(terms, &mut rejections),
        }
        rejections
    }

    /// How many rows it makes, about.
    pub(crate) fn rows(&self) -> u64 {
        match self {
            Self::Traces(request) => {
                let scopes = request.resource_spans.iter();
                let scopes = scopes.flat_map(|resource| &resource.scope_spans);
                scopes.map(|scope| scope.spans.len() as u64).sum()
            }
            Self::Logs(request) => {
                let scopes = request.resource_logs.iter();
                let scopes = scopes.flat_map(|resource| &resource.scope_logs);
                scopes.map(|scope| scope.log_records.len() as u64).sum()
            }
            Self::Ingest(ingest) => ingest.rows(),
        }
    }

    /// The id that an extension gave the request.
    pub(crate) fn batch_id(&self) -> Option<[u8; 16]> {
        match self {
            Self::Ingest(ingest) => ingest.batch_id,
            Self::Traces(_) | Self::Logs(_) => None,
        }
    }
}

fn sift_traces(request: &mut ExportTraceServiceRequest, terms: Terms, rejections: &mut Rejections) {
    for resource in &mut request.resource_spans {
        for scope in &mut resource.scope_spans {
            scope.spans.retain(|span| {
                let checked = terms.check_span(span);
                checked.map_err(|why| rejections.add(why)).is_ok()
            });
        }
    }
}

fn sift_logs(request: &mut ExportLogsServiceRequest, terms: Terms, rejections: &mut Rejections) {
    for resource in &mut request.resource_logs {
        for scope in &mut resource.scope_logs {
            scope.log_records.retain(|record| {
                let time = log_time(record, terms.admitted_at);
                let checked = terms.check_time(time);
                let reject = |why| rejections.add(format_args!("log record: its time {why}"));
                checked.map_err(reject).is_ok()
            });
        }
    }
}
