//! A batch in OTLP's words: what any backend takes. Facts and phases stay behind; the platform's spans say the same.

use bytes::{Bytes, BytesMut};
use coldtrace_proto::otlp::ExportLogsServiceRequest;
use coldtrace_proto::otlp::logs::{LogRecord, ResourceLogs, ScopeLogs};
use coldtrace_proto::v1::{self, Signal};
use coldtrace_proto::{ingest, span};
use prost::Message as _;

use crate::{journal, wire};

/// What a batch holds of each signal; empty where it holds none.
#[derive(Debug, Default)]
pub(super) struct Signals {
    pub(super) traces: Bytes,
    pub(super) logs: Bytes,
}

// === impl Signals ===

impl Signals {
    /// Of an encoded `ExportRequest`, which is our own.
    pub(super) fn of(message: &Bytes) -> Self {
        let request = v1::ExportRequest::decode(message.clone()).unwrap_or_default();
        // Requests laid end to end are one request: their only field repeats.
        let joined = |signal: Signal| {
            let of_it = request.payloads.iter();
            let of_it = of_it.filter(|payload| payload.signal() == signal);
            of_it.fold(BytesMut::new(), |mut joined, payload| {
                joined.extend_from_slice(&payload.request);
                joined
            })
        };
        let mut logs = joined(Signal::Logs);
        logs.extend_from_slice(&lines(&request));
        Self {
            traces: joined(Signal::Traces).freeze(),
            logs: logs.freeze(),
        }
    }
}

/// The function's lines as a request; nothing where there are none.
fn lines(request: &v1::ExportRequest) -> Vec<u8> {
    if request.logs.is_empty() {
        return Vec::new();
    }
    let sandbox = request.sandbox.as_ref();
    let sandbox = sandbox.and_then(|sandbox| ingest::sandbox_to_model(sandbox).ok());
    let resource = sandbox.map(|sandbox| span::resource_from_model(&journal::resource(&sandbox)));
    let records = request.logs.iter().map(|line| LogRecord {
        time_unix_nano: line.time_unix_nano,
        observed_time_unix_nano: line.time_unix_nano,
        severity_number: i32::try_from(line.severity).unwrap_or_default(),
        body: Some(wire::text_value(&line.body)),
        attributes: match line.request_id.as_str() {
            "" => Vec::new(),
            request_id => vec![wire::text(wire::INVOCATION_ID, request_id)],
        },
        trace_id: line.trace_id.to_vec(),
        span_id: line.span_id.to_vec(),
        ..LogRecord::default()
    });
    let resource_logs = ResourceLogs {
        resource,
        scope_logs: vec![ScopeLogs {
            log_records: records.collect(),
            ..ScopeLogs::default()
        }],
        schema_url: String::new(),
    };
    let request = ExportLogsServiceRequest {
        resource_logs: vec![resource_logs],
    };
    request.encode_to_vec()
}
