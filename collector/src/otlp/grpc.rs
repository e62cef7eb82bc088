//! Unary gRPC over HTTP/2: OTLP's two services, and `coldtrace.v1.Ingest` beside them.
//!
//! By hand, since the three methods take bytes and give bytes: the log keeps what came on the wire, and limits hold
//! while a message arrives. Served is what the gRPC protocol asks of a server of unary calls: length-prefixed messages,
//! plain or packed, the client's deadline, the status in trailers.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use coldtrace_service::self_traces;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use tracing::Instrument as _;

use super::{OtlpSignal, Reply};
use crate::admit::{Admit, Packed, Transport};
use crate::ingest;
use crate::log::Signal;
use crate::receive::{Received, receive};
use crate::resend::Accepted;
use crate::status::{Encoding, Refusal};
use crate::unpack::Compression;

/// In front of each message: whether it is packed, and its length.
const PREFIX: usize = 5;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// Where OpenTelemetry's exporter for Python looks for it, and nowhere else.
const RETRY_INFO: HeaderName = HeaderName::from_static("google.rpc.retryinfo-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Answers one call.
pub(crate) async fn handle(admit: Admit, request: Request<Incoming>) -> Reply {
    if !is_grpc(request.headers()) {
        // The protocol's word for who speaks something else: mostly exporters of OTLP over HTTP.
        return not_grpc(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "gRPC is spoken here; OTLP over HTTP has a port of its own (collector.http_listen, 4318)\n",
        );
    }
    if request.version() != Version::HTTP_2 {
        return not_grpc(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "gRPC needs HTTP/2\n",
        );
    }
    let signal = route(request.method(), request.uri().path());
    let answered = match signal {
        Ok(signal) => {
            let span = self_traces::request("receive", request.headers());
            let accepted = export_in_time(&admit, signal, request)
                .instrument(span)
                .await;
            admit.count(signal, Transport::Grpc, accepted.as_ref().err());
            accepted.map(|accepted| message(signal, &accepted))
        }
        Err(refusal) => Err(refusal),
    };
    match answered {
        Ok(message) => reply(&message),
        Err(refusal) => refuse(&refusal),
    }
}

/// Past the client's deadline nobody reads the answer. What is stored by then is known when it comes again.
async fn export_in_time(
    admit: &Admit,
    signal: Signal,
    request: Request<Incoming>,
) -> Result<Accepted, Refusal> {
    let timeout = request.headers().get(TIMEOUT).and_then(timeout);
    let exported = export(admit, signal, request);
    match timeout {
        Some(timeout) => {
            let in_time = tokio::time::timeout(timeout, exported).await;
            in_time.unwrap_or(Err(Refusal::Expired))
        }
        None => exported.await,
    }
}

async fn export(
    admit: &Admit,
    signal: Signal,
    request: Request<Incoming>,
) -> Result<Accepted, Refusal> {
    let sender = admit.enter(request.headers())?;
    let packing = packing(request.headers())?;
    let limit = admit.limit() + PREFIX as u64;
    let whole_length = |head: &[u8]| Some(u64::from(length(head)?) + PREFIX as u64);
    let share = admit.memory().share().held_by(sender.memory());
    let received = receive(request.into_body(), limit, share, whole_length).await;
    let received = received.map_err(|refusal| match refusal {
        // Without the prefix.
        Refusal::TooLarge { .. } => Refusal::TooLarge {
            limit: admit.limit(),
        },
        other => other,
    })?;
    let (compression, body) = unframe(&received.body, packing)?;
    let packed = Packed {
        sender,
        signal,
        encoding: Encoding::Protobuf,
        compression,
        received: Received {
            body,
            share: received.share,
        },
    };
    admit.admit(packed).await
}

/// Messages of protobuf, that is; not gRPC-Web, whose framing is another, nor gRPC with messages in JSON.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], HeaderValue::as_bytes);
    let kind = kind.split(|&byte| byte == b';').next().unwrap_or_default();
    matches!(
        kind.trim_ascii(),
        b"application/grpc" | b"application/grpc+proto"
    )
}

/// How long the client waits: up to eight digits and a unit. What reads otherwise sets no bound.
fn timeout(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    let is_number = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let number: u64 = str::from_utf8(digits)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3_600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

fn route(method: &Method, path: &str) -> Result<Signal, Refusal> {
    let signal = match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Signal::Traces,
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Signal::Logs,
        "/coldtrace.v1.Ingest/Export" => Signal::Ingest,
        other => return Err(Refusal::NotFound(other.to_owned())),
    };
    match *method {
        Method::POST => Ok(signal),
        _ => Err(Refusal::NotPost),
    }
}

/// How messages are packed that say that they are.
fn packing(headers: &HeaderMap) -> Result<Compression, Refusal> {
    let Some(given) = headers.get(ENCODING) else {
        return Ok(Compression::None);
    };
    let given = String::from_utf8_lossy(given.as_bytes());
    Compression::named(&given).ok_or_else(|| Refusal::UnknownEncoding(given.into_owned()))
}

/// The message's length, once its prefix is there.
fn length(head: &[u8]) -> Option<u32> {
    let length = head.get(1..PREFIX)?;
    Some(u32::from_be_bytes(*length.first_chunk()?))
}

/// The one message of the call.
pub(crate) fn unframe(body: &Bytes, packing: Compression) -> Result<(Compression, Bytes), Refusal> {
    if body.is_empty() {
        return Err(Refusal::NotOneMessage("no"));
    }
    let whole = length(body).map(|length| length as usize + PREFIX);
    match whole {
        Some(whole) if whole == body.len() => {}
        Some(whole) if whole < body.len() => return Err(Refusal::NotOneMessage("more than one")),
        _ => {
            return Err(Refusal::Framing(
                "the call ends in the middle of its message",
            ));
        }
    }
    let compression = match (body[0], packing) {
        (0, _) => Compression::None,
        (1, Compression::None) => {
            let told = "the message says that it is packed, and not how (grpc-encoding)";
            return Err(Refusal::Framing(told));
        }
        (1, packing) => packing,
        _ => {
            return Err(Refusal::Framing(
                "the message has flags that gRPC does not know",
            ));
        }
    };
    Ok((compression, body.slice(PREFIX..)))
}

fn message(signal: Signal, accepted: &Accepted) -> Vec<u8> {
    match signal {
        Signal::Traces => OtlpSignal::Traces.reply(accepted),
        Signal::Logs => OtlpSignal::Logs.reply(accepted),
        Signal::Ingest => ingest::reply(accepted),
    }
}

fn reply(message: &[u8]) -> Reply {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).expect("a reply is short"));
    framed.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS, HeaderValue::from_static("0"));
    let body = Full::new(framed.freeze());
    let body = body.with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut reply = Response::new(body.boxed_unsync());
    reply.headers_mut().insert(CONTENT_TYPE, GRPC);
    reply
}

fn not_grpc(status: StatusCode, told: &'static str) -> Reply {
    let mut reply = Response::new(Full::from(told).boxed_unsync());
    *reply.status_mut() = status;
    reply
}

/// Trailers alone: the status stands in the reply's head.
fn refuse(refusal: &Refusal) -> Reply {
    let mut reply = Response::new(Empty::new().boxed_unsync());
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, GRPC);
    headers.insert(STATUS, refusal.grpc().into());
    headers.insert(MESSAGE, percent_encoded(&refusal.to_string()));
    let told = [
        (DETAILS, refusal.grpc_details()),
        (RETRY_INFO, refusal.grpc_retry_info()),
    ];
    for (name, details) in told {
        if let Some(details) = details {
            let details = HeaderValue::from_str(&details).expect("base64 is ASCII");
            headers.insert(name, details);
        }
    }
    if matches!(refusal, Refusal::UnknownEncoding(_)) {
        let served = HeaderValue::from_static(Compression::SERVED);
        headers.insert(ACCEPT_ENCODING, served);
    }
    reply
}

/// As gRPC asks: all but printable ASCII, and the percent sign.
fn percent_encoded(text: &str) -> HeaderValue {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | 0..b' ' | 0x7f.. => {
                write!(encoded, "%{byte:02X}").expect("writing to a String never fails");
            }
            byte => encoded.push(char::from(byte)),
        }
    }
    HeaderValue::from_str(&encoded).expect("what is left is printable ASCII")
}
