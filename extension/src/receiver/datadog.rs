//! A Datadog agent's trace intake on HTTP/1.1, as far as its tracers need one: `/v0.4/traces`, `/v0.5/traces` and `/info`.

use std::convert::Infallible;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};

use super::{Intake, MAX_BODY};
use crate::log::{self, Level};
use crate::tracers::datadog;
use crate::{faults, listen};

/// What tracers look for before they choose a version.
const INFO: &str =
    r#"{"version":"7.0.0","endpoints":["/v0.4/traces","/v0.5/traces"],"client_drop_p0s":false}"#;
/// No rates: the tracer keeps its own.
const TAKEN: &str = r#"{"rate_by_service":{}}"#;
const LANGUAGE: &str = "datadog-meta-lang";

/// Accepts connections for ever.
pub(crate) async fn serve(listener: TcpListener, intake: Intake) {
    let serve = |stream| connection(stream, intake.clone());
    listen::accept(listener, "datadog connection", serve).await;
}

async fn connection(stream: TcpStream, intake: Intake) {
    listen::http1(stream, "datadog connection ended", |request| {
        answer(request, &intake)
    })
    .await;
}

async fn answer(
    request: Request<Incoming>,
    intake: &Intake,
) -> Result<Response<Full<Bytes>>, Infallible> {
    faults::point("datadog");
    let read = match request.uri().path() {
        "/v0.4/traces" => datadog::v04,
        "/v0.5/traces" => datadog::v05,
        "/info" => return Ok(reply(StatusCode::OK, INFO)),
        _ => return Ok(reply(StatusCode::NOT_FOUND, "{}")),
    };
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            log::line(
                Level::Warn,
                "datadog traces not taken",
                &[("reason", &error)],
            );
            return Ok(reply(StatusCode::PAYLOAD_TOO_LARGE, "{}"));
        }
    };
    let language = head.headers.get(LANGUAGE);
    let language = language.and_then(|language| language.to_str().ok());
    Ok(match read(&body, language.unwrap_or_default()) {
        Ok(spans) => match intake.take_spans(spans).await {
            Ok(()) => reply(StatusCode::OK, TAKEN),
            Err(_) => reply(StatusCode::SERVICE_UNAVAILABLE, "{}"),
        },
        Err(problem) => {
            log::line(
                Level::Warn,
                "datadog traces not taken",
                &[("reason", &problem)],
            );
            reply(StatusCode::BAD_REQUEST, "{}")
        }
    })
}

fn reply(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
    response
}
