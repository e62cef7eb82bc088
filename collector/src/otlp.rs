//! OTLP's two ways in, and what they answer: thin twins over [`crate::admit::Admit::admit`].

use std::convert::Infallible;

use bytes::Bytes;
use coldtrace_proto::otlp::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse, ExportTracePartialSuccess,
    ExportTraceServiceResponse,
};
use http_body_util::combinators::UnsyncBoxBody;
use prost::Message as _;
use serde_json::json;

use crate::log::Signal;
use crate::resend::Accepted;

pub(crate) mod cors;
pub(crate) mod grpc;
pub(crate) mod http;

/// What either way answers with.
pub(crate) type Reply = ::http::Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Which of OTLP's signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtlpSignal {
    Traces,
    Logs,
}

// === impl OtlpSignal ===

impl OtlpSignal {
    /// As the log calls it.
    pub(crate) const fn signal(self) -> Signal {
        match self {
            Self::Traces => Signal::Traces,
            Self::Logs => Signal::Logs,
        }
    }

    /// The reply as protobuf. Full success leaves the partial one unset; a message without rejected items is a warning.
    pub(crate) fn reply(self, accepted: &Accepted) -> Vec<u8> {
        let rejected = i64::try_from(accepted.rejected).unwrap_or(i64::MAX);
        let error_message = accepted.message.to_string();
        let is_partial = accepted.rejected > 0 || !accepted.message.is_empty();
        match self {
            Self::Traces => {
                let partial_success = is_partial.then_some(ExportTracePartialSuccess {
                    rejected_spans: rejected,
                    error_message,
                });
                ExportTraceServiceResponse { partial_success }.encode_to_vec()
            }
            Self::Logs => {
                let partial_success = is_partial.then_some(ExportLogsPartialSuccess {
                    rejected_log_records: rejected,
                    error_message,
                });
                ExportLogsServiceResponse { partial_success }.encode_to_vec()
            }
        }
    }

    /// The reply as JSON.
    pub(crate) fn reply_json(self, accepted: &Accepted) -> String {
        if accepted.rejected == 0 && accepted.message.is_empty() {
            return "{}".to_owned();
        }
        let field = match self {
            Self::Traces => "rejectedSpans",
            Self::Logs => "rejectedLogRecords",
        };
        // 64-bit integers are text in protobuf's JSON.
        let rejected = accepted.rejected.to_string();
        json!({"partialSuccess": {field: rejected, "errorMessage": &*accepted.message}}).to_string()
    }
}
