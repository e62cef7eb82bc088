//! The Runtime API, version 2018-06-01.

use bytes::Bytes;
use coldtrace_model::RequestId;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::body::{self, Unread};
use super::{Call, Reaction, Refusal, accepted, ask, header_text, json_response};
use crate::invocation::{InvocationError, Response};

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// An invocation, as the runtime gets it.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeEvent {
    pub(crate) request_id: RequestId,
    /// In milliseconds since the epoch.
    pub(crate) deadline_millis: u64,
    pub(crate) arn: String,
    pub(crate) trace_header: String,
    pub(crate) payload: Bytes,
}

/// The runtime's answer to an invocation.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Result<Bytes, Failure>,
    pub(crate) first_byte: Instant,
    pub(crate) last_byte: Instant,
}

/// A failure that the runtime tells.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// What the platform calls it: one of its own words, or what the runtime chose within them.
    pub(crate) platform_type: String,
    /// The exception's class and text.
    pub(crate) error_type: String,
    pub(crate) message: String,
    /// As the caller gets it.
    pub(crate) payload: Bytes,
}

pub(super) async fn next(calls: &mpsc::Sender<Call>) -> Result<Reaction, Refusal> {
    let event = ask(calls, Call::RuntimeNext).await?;
    let response = http::Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", event.request_id.as_str())
        .header("Lambda-Runtime-Deadline-Ms", event.deadline_millis)
        .header("Lambda-Runtime-Invoked-Function-Arn", event.arn)
        .header("Lambda-Runtime-Trace-Id", event.trace_header)
        .body(Full::new(event.payload));
    response.map_err(|_| Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        error_type: "InternalServerError",
        message: "the caller's trace header is no legal header value".to_owned(),
    })
}

pub(super) async fn response(
    calls: &mpsc::Sender<Call>,
    request_id: &str,
    request: Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let first_byte = Instant::now();
    let read = body::read(request).await;
    let last_byte = Instant::now();
    let outcome = match read {
        Ok(payload) => Ok(payload),
        Err(Unread::TooLarge) => Err(Failure::too_large()),
        Err(unread @ Unread::Broken) => return Err(unread.into()),
    };
    let too_large = outcome.is_err();
    let answer = Answer {
        outcome,
        first_byte,
        last_byte,
    };
    ask(calls, |reply| Call::RuntimeAnswer {
        request_id: request_id.to_owned(),
        answer,
        reply,
    })
    .await?;
    match too_large {
        true => Err(Unread::TooLarge.into()),
        false => Ok(accepted()),
    }
}

pub(super) async fn error(
    calls: &mpsc::Sender<Call>,
    request_id: &str,
    request: Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let first_byte = Instant::now();
    let failure = failure(request).await?;
    let answer = Answer {
        outcome: Err(failure),
        first_byte,
        last_byte: Instant::now(),
    };
    ask(calls, |reply| Call::RuntimeAnswer {
        request_id: request_id.to_owned(),
        answer,
        reply,
    })
    .await?;
    Ok(accepted())
}

pub(super) async fn init_error(
    calls: &mpsc::Sender<Call>,
    request: Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let failure = failure(request).await?;
    ask(calls, |reply| Call::RuntimeInitError { failure, reply }).await?;
    Ok(accepted())
}

/// Answered when the snapshot is restored.
pub(super) async fn restore_next(calls: &mpsc::Sender<Call>) -> Result<Reaction, Refusal> {
    ask(calls, Call::RestoreNext).await?;
    Ok(json_response(StatusCode::OK, ""))
}

pub(super) async fn restore_error(
    calls: &mpsc::Sender<Call>,
    request: Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let failure = failure(request).await?;
    ask(calls, |reply| Call::RestoreError { failure, reply }).await?;
    Ok(accepted())
}

async fn failure(request: Request<Incoming>) -> Result<Failure, Refusal> {
    let told_type = header_text(&request, ERROR_TYPE)
        .unwrap_or_default()
        .to_owned();
    let payload = body::read(request).await?;
    let told: Value = serde_json::from_slice(&payload).unwrap_or_default();
    let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
    Ok(Failure {
        platform_type: platform_type(&told_type),
        error_type: text("errorType"),
        message: text("errorMessage"),
        payload,
    })
}

/// Runtimes may speak of `Runtime.Something` and `Function.Something`; what else they say, telemetry calls unknown.
fn platform_type(told: &str) -> String {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.chars().all(|letter| letter.is_ascii_alphabetic())
    };
    match told.split_once('.') {
        Some(("Runtime" | "Function", word)) if is_word(word) => told.to_owned(),
        Some(("Function", _)) => "Function.Unknown".to_owned(),
        _ => "Runtime.Unknown".to_owned(),
    }
}

// === impl Answer ===

impl Answer {
    /// As the caller gets it.
    pub(crate) fn into_response(self, request_id: RequestId) -> Response {
        match self.outcome {
            Ok(payload) => Response {
                request_id,
                payload,
                error: None,
            },
            Err(failure) => failure.into_response(request_id),
        }
    }
}

// === impl Failure ===

impl Failure {
    /// As the caller gets it.
    pub(crate) fn into_response(self, request_id: RequestId) -> Response {
        Response {
            request_id,
            payload: self.payload,
            error: Some(InvocationError {
                error_type: self.error_type,
                message: self.message,
            }),
        }
    }

    fn too_large() -> Self {
        let message = format!("the reply exceeds the limit of {} bytes", body::REPLY_LIMIT);
        let error_type = "Function.ResponseSizeTooLarge";
        let payload = serde_json::json!({"errorType": error_type, "errorMessage": message});
        Self {
            platform_type: error_type.to_owned(),
            error_type: error_type.to_owned(),
            message,
            payload: payload.to_string().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_types_are_the_platforms_or_unknown() {
        let cases = [
            ("Runtime.ImportModuleError", "Runtime.ImportModuleError"),
            ("Function.PaymentDeclined", "Function.PaymentDeclined"),
            ("Function.payment\ndeclined", "Function.Unknown"),
            ("ValueError", "Runtime.Unknown"),
            ("Runtime.", "Runtime.Unknown"),
            ("", "Runtime.Unknown"),
        ];
        for (told, expected) in cases {
            assert_eq!(platform_type(told), expected, "{told:?}");
        }
    }
}
