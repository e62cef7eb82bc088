//! The Telemetry API, version 2022-07-01.

use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::mpsc;

use super::extensions::identifier;
use super::{Call, Reaction, Refusal, ask, body, json_response};
use crate::telemetry::subscription::Subscription;

pub(super) async fn subscribe(
    calls: &mpsc::Sender<Call>,
    request: Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let id = identifier(&request)?;
    let body = body::read(request).await?;
    let subscription = Subscription::parse(&body).map_err(|invalid| Refusal {
        status: StatusCode::BAD_REQUEST,
        error_type: "ValidationError",
        message: invalid.to_string(),
    })?;
    ask(calls, |reply| Call::Subscribe {
        id,
        subscription,
        reply,
    })
    .await?;
    Ok(Response::new(Full::new("OK".into())))
}

/// The older Logs API, which the Telemetry API replaced.
pub(super) fn logs_not_supported() -> Reaction {
    let body = json!({"errorType": "Logs.NotSupported", "errorMessage": "use the Telemetry API"});
    json_response(StatusCode::ACCEPTED, body.to_string())
}
