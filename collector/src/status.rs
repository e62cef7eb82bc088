//! Why a request was refused, and how that is told: the one file that knows the codes of gRPC and HTTP.
//!
//! Retryable, as OTLP has it: gRPC's UNAVAILABLE, and RESOURCE_EXHAUSTED with RetryInfo; HTTP's 429 and 503. All else
//! tells the client to drop the request. Every refusal over HTTP carries a `google.rpc.Status` in the request's encoding.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::StatusCode;
use prost::Message as _;
use serde_json::json;

/// Why a request was refused, for its sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It can't be read; it never will be.
    #[error("{0}")]
    Invalid(String),
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
    #[error("the content encoding is not served here: `{0}`; gzip and identity are")]
    UnknownEncoding(String),
    /// No such path.
    #[error("nothing is served at `{0}`")]
    NotFound(String),
    /// The path is there for POST.
    #[error("only POST is served here")]
    NotPost,
    /// The body did not arrive in time.
    #[error("the request did not arrive in time")]
    TooSlow,
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
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14,
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

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
/// A log that could not be written may be written again once somebody has made room on the disk.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(5);

// === impl Refusal ===

impl Refusal {
    /// The status line of HTTP.
    pub(crate) fn http(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownType(_) | Self::UnknownEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Overloaded { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
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
            Self::Unavailable(_) => Some(UNAVAILABLE_RETRY),
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

    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) | Self::UnknownType(_) => Code::InvalidArgument,
            Self::TooLarge { .. } | Self::Overloaded { .. } => Code::ResourceExhausted,
            Self::UnknownEncoding(_) | Self::NotFound(_) | Self::NotPost => Code::Unimplemented,
            Self::TooSlow => Code::DeadlineExceeded,
            Self::Unavailable(_) => Code::Unavailable,
        }
    }

    fn status(&self) -> RpcStatus {
        let retry = self.retry_after().map(|retry_after| Any {
            type_url: RETRY_INFO.to_owned(),
            value: RetryInfo::new(retry_after).encode_to_vec(),
        });
        RpcStatus {
            code: self.grpc(),
            message: self.to_string(),
            details: retry.into_iter().collect(),
        }
    }

    fn status_json(&self) -> String {
        let mut status = json!({"code": self.grpc(), "message": self.to_string()});
        if let Some(retry_after) = self.retry_after() {
            let delay = format!("{}s", retry_after.as_secs_f64());
            status["details"] = json!([{"@type": RETRY_INFO, "retryDelay": delay}]);
        }
        status.to_string()
    }
}

// === impl RetryInfo ===

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

        let too_large = Refusal::TooLarge { limit: 10 };
        assert_eq!((too_large.http().as_u16(), too_large.grpc()), (413, 8));
        assert_eq!(too_large.grpc_details(), None, "no RetryInfo: it is final");
    }
}
