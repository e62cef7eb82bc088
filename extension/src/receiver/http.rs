//! OTLP over HTTP/1.1: `/v1/traces` and `/v1/logs`, as protobuf and JSON.

use std::convert::Infallible;

use bytes::Bytes;
use coldtrace_proto::json;
use coldtrace_proto::v1::Signal;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response};
use prost::Message;
use tokio::net::TcpStream;

use super::{Intake, MAX_BODY, Refusal, gzip};
use crate::log::{self, Level};
use crate::{faults, listen};

/// How a request is written, and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

/// `google.rpc.Status`: the body of every error.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Serves one connection.
pub(super) async fn connection(stream: TcpStream, intake: Intake) {
    listen::http1(stream, "otlp connection ended", |request| {
        answer(request, &intake)
    })
    .await;
}

async fn answer(
    request: Request<Incoming>,
    intake: &Intake,
) -> Result<Response<Full<Bytes>>, Infallible> {
    faults::point("otlp http");
    let signal = match request.uri().path() {
        "/v1/traces" => Signal::Traces,
        "/v1/logs" => Signal::Logs,
        _ => return Ok(bare(StatusCode::NOT_FOUND)),
    };
    if request.method() != Method::POST {
        return Ok(bare(StatusCode::METHOD_NOT_ALLOWED));
    }
    let Some(encoding) = Encoding::of(request.headers()) else {
        return Ok(bare(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    };
    let taken = receive(request, intake, signal, encoding).await;
    Ok(match taken {
        Ok(()) => encoding.reply(StatusCode::OK, encoding.nothing()),
        Err(refusal) => {
            log::line(
                Level::Warn,
                "otlp request not taken",
                &[("reason", &refusal)],
            );
            encoding.refusal(&refusal)
        }
    })
}

async fn receive(
    request: Request<Incoming>,
    intake: &Intake,
    signal: Signal,
    encoding: Encoding,
) -> Result<(), Refusal> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await;
    let body = body.map_err(
        |error| match error.is::<http_body_util::LengthLimitError>() {
            true => Refusal::TooLarge,
            false => Refusal::Malformed(format!("body: {error}")),
        },
    )?;
    let coding = text(&head.headers, &CONTENT_ENCODING);
    let body = gzip::unpack(coding, body.to_bytes())?;
    let message = match encoding {
        Encoding::Protobuf => body,
        Encoding::Json => transcode(signal, &body)?,
    };
    intake.take(signal, message).await
}

fn transcode(signal: Signal, body: &[u8]) -> Result<Bytes, Refusal> {
    let message = match signal {
        Signal::Logs => json::logs_to_protobuf(body),
        Signal::Traces | Signal::Unspecified => json::traces_to_protobuf(body),
    };
    let message = message.map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok(message.into())
}

// === impl Encoding ===

impl Encoding {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let media_type = text(headers, &CONTENT_TYPE).split(';').next();
        match media_type.unwrap_or_default().trim() {
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    /// An empty `Export...ServiceResponse`: everything was taken.
    const fn nothing(self) -> Bytes {
        match self {
            Self::Protobuf => Bytes::new(),
            Self::Json => Bytes::from_static(b"{}"),
        }
    }

    fn refusal(self, refusal: &Refusal) -> Response<Full<Bytes>> {
        let (status, code) = match refusal {
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 8),
            Refusal::Malformed(_) => (StatusCode::BAD_REQUEST, 3),
            Refusal::Unsupported(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, 12),
            Refusal::Closing => (StatusCode::SERVICE_UNAVAILABLE, 14),
        };
        let message = refusal.to_string();
        let body = match self {
            Self::Protobuf => RpcStatus { code, message }.encode_to_vec().into(),
            Self::Json => serde_json::json!({ "code": code, "message": message })
                .to_string()
                .into(),
        };
        self.reply(status, body)
    }

    fn reply(self, status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let media_type = match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        };
        let media_type = http::HeaderValue::from_static(media_type);
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        response
    }
}

fn bare(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
