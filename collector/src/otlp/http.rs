//! OTLP over HTTP: `/v1/traces` and `/v1/logs`, protobuf or JSON. And what the process says about itself.

use bytes::Bytes;
use coldtrace_service::health::About;
use coldtrace_service::self_traces;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use tracing::Instrument as _;

use super::cors::Cors;
use super::{OtlpSignal, Reply};
use crate::admit::{Admit, Packed, Transport};
use crate::receive::{drain, receive};
use crate::status::{Encoding, Refusal};
use crate::unpack::Compression;

/// A content type that is served. The reply bears the name that the request had.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    encoding: Encoding,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "application/x-protobuf",
        encoding: Encoding::Protobuf,
    },
    Kind {
        name: "application/protobuf",
        encoding: Encoding::Protobuf,
    },
    JSON,
];
/// Also what a refusal is told in where the request's type is unknown: people can read it.
const JSON: Kind = Kind {
    name: "application/json",
    encoding: Encoding::Json,
};

/// What is read, at most twice over, of a request that is not let in, so that its sender reads why: in bytes.
const DENIED_DRAIN: u64 = 1 << 20;

/// Answers one request.
pub(crate) async fn handle(
    admit: Admit,
    about: About,
    cors: Cors,
    request: Request<Incoming>,
) -> Reply {
    if *request.method() == Method::GET
        && let Some(page) = about.page(request.uri().path())
    {
        if is_inside(request.uri().path())
            && let Err(refusal) = admit.may_look_inside(request.headers())
        {
            return refuse(&refusal, JSON);
        }
        return respond(page.status, page.content_type, page.body.into());
    }
    let asked = cors.ask(&request);
    if let Some(preflight) = asked.preflight() {
        return preflight;
    }
    let is_head = *request.method() == Method::HEAD;
    let span = self_traces::request("receive", request.headers());
    let mut reply = answer(&admit, request).instrument(span).await;
    if is_head {
        // Over HTTP/2 nobody else takes it away.
        *reply.body_mut() = Empty::new().boxed_unsync();
    }
    asked.mark(&mut reply);
    reply
}

async fn answer(admit: &Admit, mut request: Request<Incoming>) -> Reply {
    let signal = route(request.method(), request.uri().path());
    let kind = kind(request.headers());
    let told_in = *kind.as_ref().unwrap_or(&JSON);
    let answered = match (signal, kind) {
        (Ok(otlp), Ok(kind)) => {
            let answered = export(admit, otlp, kind, request).await;
            admit.count(otlp.signal(), Transport::Http, answered.as_ref().err());
            answered
        }
        (Err(refusal), _) | (_, Err(refusal)) => {
            drain(request.body_mut(), admit.limit()).await;
            Err(refusal)
        }
    };
    match answered {
        Ok(body) => respond(StatusCode::OK, told_in.name, body),
        Err(refusal) => refuse(&refusal, told_in),
    }
}

async fn export(
    admit: &Admit,
    otlp: OtlpSignal,
    kind: Kind,
    mut request: Request<Incoming>,
) -> Result<Bytes, Refusal> {
    let sender = match admit.enter(request.headers()) {
        Ok(sender) => sender,
        Err(refusal) => {
            drain(request.body_mut(), DENIED_DRAIN).await;
            return Err(refusal);
        }
    };
    let compression = match compression(request.headers()) {
        Ok(compression) => compression,
        Err(refusal) => {
            drain(request.body_mut(), admit.limit()).await;
            return Err(refusal);
        }
    };
    let share = admit.memory().share().held_by(sender.memory());
    let received = receive(request.into_body(), admit.limit(), share, |_| None).await?;
    let packed = Packed {
        sender,
        signal: otlp.signal(),
        encoding: kind.encoding,
        compression,
        received,
    };
    let accepted = admit.admit(packed).await?;
    Ok(match kind.encoding {
        Encoding::Protobuf => otlp.reply(&accepted).into(),
        Encoding::Json => otlp.reply_json(&accepted).into(),
    })
}

/// Whether a page tells of all tenants.
fn is_inside(path: &str) -> bool {
    path == "/metrics"
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

fn kind(headers: &HeaderMap) -> Result<Kind, Refusal> {
    let given = headers.get(CONTENT_TYPE).map_or("", text);
    // Parameters, such as a charset, change nothing.
    let name = given.split(';').next().unwrap_or_default().trim();
    let kind = KINDS
        .into_iter()
        .find(|kind| kind.name.eq_ignore_ascii_case(name));
    kind.ok_or_else(|| Refusal::UnknownType(given.to_owned()))
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    let mut given = headers.get_all(CONTENT_ENCODING).iter().map(text);
    let name = match (given.next(), given.next()) {
        (None, _) => return Ok(Compression::None),
        (Some(name), None) => name.trim(),
        (Some(_), Some(_)) => return Err(Refusal::UnknownEncoding("several".to_owned())),
    };
    match name {
        "" => Ok(Compression::None),
        name => Compression::named(name).ok_or_else(|| Refusal::UnknownEncoding(name.to_owned())),
    }
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("(not text)")
}

fn refuse(refusal: &Refusal, told_in: Kind) -> Reply {
    let mut reply = respond(refusal.http(), told_in.name, refusal.body(told_in.encoding));
    let headers = reply.headers_mut();
    if let Some(retry_after) = refusal.retry_after() {
        // Whole seconds, so that nobody comes too early.
        let seconds = retry_after.as_secs_f64().ceil() as u64;
        headers.insert(RETRY_AFTER, seconds.into());
    }
    match refusal {
        Refusal::Denied(_) if refusal.http() == StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        }
        Refusal::NotPost => headers.insert(ALLOW, HeaderValue::from_static("POST")),
        Refusal::UnknownEncoding(_) => {
            let served = HeaderValue::from_static(Compression::SERVED);
            headers.insert(ACCEPT_ENCODING, served)
        }
        _ => None,
    };
    reply
}

fn respond(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body).boxed_unsync());
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}
