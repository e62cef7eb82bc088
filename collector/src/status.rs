//! Why a request was refused, and how that is told: the one file that knows the codes of gRPC and HTTP.
//!
//! Retryable, as OTLP has it: gRPC's UNAVAILABLE and DEADLINE_EXCEEDED, and RESOURCE_EXHAUSTED with RetryInfo; HTTP's 429 and
//! 503. All else tells the client to drop the request. Every refusal over HTTP carries a `google.rpc.Status` in the request's
//! encoding; what is wrong with a request stands in its details as a BadRequest.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use coldtrace_control::Denied;
use coldtrace_proto::json::JsonError;
use http::StatusCode;
use prost::Message as _;
use serde_json::{Value, json};

use crate::unpack::Compression;

/// Why a request was refused, for its sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Its sender is not let in, or not with this key.
    #[error(transparent)]
    Denied(Denied),
    /// It can't be read; it never will be.
    #[error("{0}")]
    Invalid(String),
    /// The same, and the field is known that makes it so.
    #[error("{why}")]
    InvalidField {
        /// Such as `resourceSpans[0].resource`.
        field: String,
        /// What is wrong, the field included.
        why: String,
    },
    /// It breaks gRPC's framing: a fault of the client's library.
    #[error("{0}")]
    Framing(&'static str),
    /// A unary call carries one message.
    #[error("the call carries {0} gRPC message; it must be one")]
    NotOneMessage(&'static str),
    /// It exceeds the limit, packed or unpacked.
    #[error(
        "the request is too large: the limit is {limit} bytes, also after decompression (collector.body_limit)"
    )]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Not one of the content types that are served here.
    #[error(
        "the content type is not served here: `{0}`; application/json and application/x-protobuf are"
    )]
    UnknownType(String),
    /// Not one of the encodings that are served here.
    #[error("the content encoding is not served here: `{0}`; {served} are", served = Compression::SERVED)]
    UnknownEncoding(String),
    /// No such path.
    #[error("nothing is served at `{0}`")]
    NotFound(String),
    /// The path is there for POST.
    #[error("only POST is served here")]
    NotPost,
    /// The body did not arrive in time. On a better line it may.
    #[error("the request did not arrive in time")]
    TooSlow,
    /// The client gave the call so long and no longer.
    #[error("the call's own deadline has passed (grpc-timeout)")]
    Expired,
    /// For now there is no room. The client should come again.
    #[error("{why}")]
    Overloaded {
        /// What is full.
        why: &'static str,
        /// When to come again.
        retry_after: Duration,
    },
    /// It could not be made durable. The client should come again.
    #[error("{0}")]
    Unavailable(&'static str),
}

/// How an HTTP body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

/// Numbers of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
enum Code {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// `google.rpc.Status`
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<RetryDelay>,
}

/// `google.protobuf.Duration`
#[derive(Clone, PartialEq, prost::Message)]
struct RetryDelay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// `google.rpc.BadRequest`
#[derive(Clone, PartialEq, prost::Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

/// `google.rpc.BadRequest.FieldViolation`
#[derive(Clone, PartialEq, prost::Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";
/// The next attempt may find a better line or a quicker disk.
const TIMEOUT_RETRY: Duration = Duration::from_secs(1);
/// A log that could not be written may be written again once somebody has made room on the disk.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(5);

// === impl Refusal ===

impl Refusal {
    /// What OTLP's JSON is not.
    pub(crate) fn from_json(error: &JsonError) -> Self {
        let why = format!("the request is not OTLP in JSON: {error}");
        match error.place() {
            Some(place) => Self::InvalidField {
                field: place.to_owned(),
                why,
            },
            None => Self::Invalid(why),
        }
    }

    /// The status line of HTTP.
    pub(crate) fn http(&self) -> StatusCode {
        match self {
            Self::Denied(Denied::Sealed) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Denied(Denied::OutOfScope { .. }) => StatusCode::FORBIDDEN,
            Self::Denied(_) => StatusCode::UNAUTHORIZED,
            Self::Invalid(_)
            | Self::InvalidField { .. }
            | Self::Framing(_)
            | Self::NotOneMessage(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownType(_) | Self::UnknownEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::Overloaded { .. } => StatusCode::TOO_MANY_REQUESTS,
            // 408 would say what is meant of the first, and exporters drop what it answers.
            Self::TooSlow | Self::Expired | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The number of gRPC.
    pub(crate) fn grpc(&self) -> i32 {
        self.code() as i32
    }

    /// When the client should come again, if it should.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Overloaded { retry_after, .. } => Some(*retry_after),
            Self::Unavailable(_) | Self::Denied(Denied::Sealed) => Some(UNAVAILABLE_RETRY),
            Self::TooSlow | Self::Expired => Some(TIMEOUT_RETRY),
            _ => None,
        }
    }

    /// The body of an HTTP reply.
    pub(crate) fn body(&self, encoding: Encoding) -> Bytes {
        match encoding {
            Encoding::Protobuf => self.status().encode_to_vec().into(),
            Encoding::Json => self.status_json().into(),
        }
    }

    /// The value of gRPC's trailer `grpc-status-details-bin`, where there is more to say than code and message.
    pub(crate) fn grpc_details(&self) -> Option<String> {
        let status = self.status();
        (!status.details.is_empty()).then(|| STANDARD_NO_PAD.encode(status.encode_to_vec()))
    }

    /// A `google.rpc.RetryInfo` by itself, as the value of a trailer.
    pub(crate) fn grpc_retry_info(&self) -> Option<String> {
        let retry = RetryInfo::new(self.retry_after()?);
        Some(STANDARD_NO_PAD.encode(retry.encode_to_vec()))
    }

    fn code(&self) -> Code {
        match self {
            Self::Denied(Denied::Sealed) => Code::Unavailable,
            Self::Denied(Denied::OutOfScope { .. }) => Code::PermissionDenied,
            Self::Denied(_) => Code::Unauthenticated,
            Self::Invalid(_) | Self::InvalidField { .. } | Self::UnknownType(_) => {
                Code::InvalidArgument
            }
            Self::TooLarge { .. } | Self::Overloaded { .. } => Code::ResourceExhausted,
            Self::UnknownEncoding(_)
            | Self::NotFound(_)
            | Self::NotPost
            | Self::NotOneMessage(_) => Code::Unimplemented,
            Self::Framing(_) => Code::Internal,
            Self::TooSlow | Self::Expired => Code::DeadlineExceeded,
            Self::Unavailable(_) => Code::Unavailable,
        }
    }

    fn violation(&self) -> Option<FieldViolation> {
        let field = match self {
            Self::Invalid(_) => "",
            Self::InvalidField { field, .. } => field,
            _ => return None,
        };
        Some(FieldViolation {
            field: field.to_owned(),
            description: self.to_string(),
        })
    }

    fn status(&self) -> RpcStatus {
        let retry = self.retry_after().map(|retry_after| Any {
            type_url: RETRY_INFO.to_owned(),
            value: RetryInfo::new(retry_after).encode_to_vec(),
        });
        let violation = self.violation().map(|violation| Any {
            type_url: BAD_REQUEST.to_owned(),
            value: BadRequest::of(violation).encode_to_vec(),
        });
        RpcStatus {
            code: self.grpc(),
            message: self.to_string(),
            details: retry.into_iter().chain(violation).collect(),
        }
    }

    fn status_json(&self) -> String {
        let mut status = json!({"code": self.grpc(), "message": self.to_string()});
        let retry = self.retry_after().map(|retry_after| {
            let delay = format!("{}s", retry_after.as_secs_f64());
            json!({"@type": RETRY_INFO, "retryDelay": delay})
        });
        let violation = self
            .violation()
            .map(|FieldViolation { field, description }| {
                let violation = json!({"field": field, "description": description});
                json!({"@type": BAD_REQUEST, "fieldViolations": [violation]})
            });
        let details: Vec<Value> = retry.into_iter().chain(violation).collect();
        if !details.is_empty() {
            status["details"] = details.into();
        }
        status.to_string()
    }
}

// === impl RetryInfo, BadRequest ===

impl BadRequest {
    fn of(violation: FieldViolation) -> Self {
        Self {
            field_violations: vec![violation],
        }
    }
}

impl RetryInfo {
    fn new(retry_after: Duration) -> Self {
        Self {
            retry_delay: Some(RetryDelay {
                seconds: i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX),
                nanos: i32::try_from(retry_after.subsec_nanos()).expect("less than a second"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_helps_to_try_again_says_so() {
        let overloaded = Refusal::Overloaded {
            why: "full",
            retry_after: Duration::from_millis(1500),
        };
        assert_eq!((overloaded.http().as_u16(), overloaded.grpc()), (429, 8));
        let details = overloaded.grpc_details().expect("RetryInfo");
        let status = STANDARD_NO_PAD.decode(details).expect("base64");
        let status = RpcStatus::decode(status.as_slice()).expect("a status");
        let retry = RetryInfo::decode(status.details[0].value.as_slice()).expect("RetryInfo");
        let delay = retry.retry_delay.expect("a delay");
        assert_eq!((delay.seconds, delay.nanos), (1, 500_000_000));
        assert_eq!(
            overloaded.body(Encoding::Json),
            r#"{"code":8,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}],"message":"full"}"#
        );

        let wrong = Refusal::InvalidField {
            field: "resourceSpans[0].resource".to_owned(),
            why: "wrong".to_owned(),
        };
        assert_eq!((wrong.http().as_u16(), wrong.grpc()), (400, 3));
        assert_eq!(
            wrong.body(Encoding::Json),
            r#"{"code":3,"details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"description":"wrong","field":"resourceSpans[0].resource"}]}],"message":"wrong"}"#
        );

        let too_large = Refusal::TooLarge { limit: 10 };
        assert_eq!((too_large.http().as_u16(), too_large.grpc()), (413, 8));
        assert_eq!(too_large.grpc_details(), None, "no RetryInfo: it is final");
    }
}
