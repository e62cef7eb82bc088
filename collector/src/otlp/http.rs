//! OTLP over HTTP: `/v1/traces` and `/v1/logs`, protobuf or JSON. And what the process says about itself.

use bytes::Bytes;
use coldtrace_service::health::About;
use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use super::OtlpSignal;
use crate::admit::{Admit, Compression, Packed, Transport};
use crate::receive::receive;
use crate::serve::Reply;
use crate::status::{Encoding, Refusal};

/// Answers one request.
pub(crate) async fn handle(admit: Admit, about: About, request: Request<Incoming>) -> Reply {
    if *request.method() == Method::GET
        && let Some(page) = about.page(request.uri().path())
    {
        return respond(page.status, page.content_type, page.body.into());
    }
    let encoding = encoding(request.headers());
    // A refusal is told in the request's encoding; where that is unknown, in the one that people can read.
    let told_in = *encoding.as_ref().unwrap_or(&Encoding::Json);
    let signal = route(request.method(), request.uri().path());
    let answered = match (signal, encoding) {
        (Ok(otlp), Ok(encoding)) => {
            let answered = export(&admit, otlp, encoding, request).await;
            admit.count(otlp.signal(), Transport::Http, answered.as_ref().err());
            answered
        }
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    };
    match answered {
        Ok(body) => reply(StatusCode::OK, told_in, body),
        Err(refusal) => refuse(&refusal, told_in),
    }
}

async fn export(
    admit: &Admit,
    otlp: OtlpSignal,
    encoding: Encoding,
    request: Request<Incoming>,
) -> Result<Bytes, Refusal> {
    let compression = compression(request.headers())?;
    let received = receive(request.into_body(), admit.limit(), admit.memory(), |_| None).await?;
    let packed = Packed {
        signal: otlp.signal(),
        encoding,
        compression,
        received,
    };
    let accepted = admit.admit(packed).await?;
    Ok(match encoding {
        Encoding::Protobuf => otlp.reply(&accepted).into(),
        Encoding::Json => otlp.reply_json(&accepted).into(),
    })
}

fn route(method: &Method, path: &str) -> Result<OtlpSignal, Refusal> {
    let signal = match path {
        "/v1/traces" => OtlpSignal::Traces,
        "/v1/logs" => OtlpSignal::Logs,
        other => return Err(Refusal::NotFound(other.to_owned())),
    };
    match *method {
        Method::POST => Ok(signal),
        _ => Err(Refusal::NotPost),
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    let given = headers.get(CONTENT_TYPE).map_or("", text);
    // Parameters, such as a charset, change nothing.
    let kind = given.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Ok(Encoding::Protobuf),
        "application/json" => Ok(Encoding::Json),
        _ => Err(Refusal::UnknownType(given.to_owned())),
    }
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    let given = headers.get(CONTENT_ENCODING).map_or("", text).trim();
    match given.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Compression::None),
        "gzip" => Ok(Compression::Gzip),
        _ => Err(Refusal::UnknownEncoding(given.to_owned())),
    }
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("(not text)")
}

fn refuse(refusal: &Refusal, encoding: Encoding) -> Reply {
    let mut reply = reply(refusal.http(), encoding, refusal.body(encoding));
    if let Some(retry_after) = refusal.retry_after() {
        // Whole seconds, so that nobody comes too early.
        let seconds = retry_after.as_secs_f64().ceil() as u64;
        reply.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if *refusal == Refusal::NotPost {
        reply
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("POST"));
    }
    reply
}

fn reply(status: StatusCode, encoding: Encoding, body: Bytes) -> Reply {
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    respond(status, kind, body)
}

fn respond(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body).boxed_unsync());
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}
