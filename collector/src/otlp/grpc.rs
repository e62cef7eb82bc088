//! Unary gRPC over HTTP/2: OTLP's two services, and `coldtrace.v1.Ingest` beside them.
//!
//! By hand, since the three methods take bytes and give bytes: the log keeps what came on the wire, and limits hold
//! while a message arrives. Served is what the gRPC protocol asks of a server of unary calls: length-prefixed messages,
//! identity and gzip, the status in trailers.

use std::fmt::Write as _;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;

use super::OtlpSignal;
use crate::admit::{Admit, Compression, Packed, Transport};
use crate::ingest;
use crate::log::Signal;
use crate::receive::{Received, receive};
use crate::resend::Accepted;
use crate::serve::Reply;
use crate::status::{Encoding, Refusal};

/// In front of each message: whether it is packed, and its length.
const PREFIX: usize = 5;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Answers one call.
pub(crate) async fn handle(admit: Admit, request: Request<Incoming>) -> Reply {
    if !is_grpc(request.headers()) {
        // The protocol's word for who speaks something else: mostly exporters of OTLP over HTTP.
        let told = Full::from(
            "gRPC is spoken here; OTLP over HTTP has a port of its own (collector.http_listen, 4318)\n",
        );
        let mut reply = Response::new(told.boxed_unsync());
        *reply.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return reply;
    }
    let signal = route(request.method(), request.uri().path());
    let answered = match signal {
        Ok(signal) => {
            let accepted = export(&admit, signal, request).await;
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

async fn export(
    admit: &Admit,
    signal: Signal,
    request: Request<Incoming>,
) -> Result<Accepted, Refusal> {
    let packing = packing(request.headers())?;
    let limit = admit.limit() + PREFIX as u64;
    let whole_length = |head: &[u8]| Some(u64::from(length(head)?) + PREFIX as u64);
    let received = receive(request.into_body(), limit, admit.memory(), whole_length).await;
    let received = received.map_err(|refusal| match refusal {
        // Without the prefix.
        Refusal::TooLarge { .. } => Refusal::TooLarge {
            limit: admit.limit(),
        },
        other => other,
    })?;
    let (compression, body) = unframe(&received.body, packing)?;
    let packed = Packed {
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

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(GRPC.as_bytes()))
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
    match headers.get(ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(Compression::None),
        Some(b"gzip") => Ok(Compression::Gzip),
        Some(other) => {
            let other = String::from_utf8_lossy(other).into_owned();
            Err(Refusal::UnknownEncoding(other))
        }
    }
}

/// The message's length, once its prefix is there.
fn length(head: &[u8]) -> Option<u32> {
    let length = head.get(1..PREFIX)?;
    Some(u32::from_be_bytes(*length.first_chunk()?))
}

/// The one message of the call.
fn unframe(body: &Bytes, packing: Compression) -> Result<(Compression, Bytes), Refusal> {
    let expected = length(body).map(|length| length as usize + PREFIX);
    if expected != Some(body.len()) {
        let told = "the call does not carry one whole gRPC message".to_owned();
        return Err(Refusal::Invalid(told));
    }
    let compression = match (body[0], packing) {
        (0, _) => Compression::None,
        (1, Compression::Gzip) => Compression::Gzip,
        _ => {
            let told = "the message says that it is packed, and not how (grpc-encoding)";
            return Err(Refusal::Invalid(told.to_owned()));
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

/// Trailers alone: the status stands in the reply's head.
fn refuse(refusal: &Refusal) -> Reply {
    let mut reply = Response::new(Empty::new().boxed_unsync());
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, GRPC);
    headers.insert(STATUS, refusal.grpc().into());
    headers.insert(MESSAGE, percent_encoded(&refusal.to_string()));
    if let Some(details) = refusal.grpc_details() {
        let details = HeaderValue::from_str(&details).expect("base64 is ASCII");
        headers.insert(DETAILS, details);
    }
    if matches!(refusal, Refusal::UnknownEncoding(_)) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip"));
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
