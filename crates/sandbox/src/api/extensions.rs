//! The Extensions API, version 2020-01-01.

use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Call, Reaction, Refusal, accepted, ask, body, header_text, json_response};

const NAME: &str = "lambda-extension-name";
const IDENTIFIER: &str = "lambda-extension-identifier";
const ERROR_TYPE: &str = "lambda-extension-function-error-type";
const ACCEPT_FEATURE: &str = "lambda-extension-accept-feature";

/// What an extension wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events {
    pub(crate) invoke: bool,
    pub(crate) shutdown: bool,
}

/// What an extension is told when it has registered.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) function: String,
    pub(crate) version: String,
    pub(crate) handler: String,
    pub(crate) account: String,
}

/// What an extension is told by `next`.
#[derive(Clone, Debug)]
pub(crate) enum ExtensionEvent {
    Invoke {
        deadline_millis: u64,
        request_id: String,
        arn: String,
        trace_header: String,
    },
    Shutdown {
        reason: &'static str,
        deadline_millis: u64,
    },
}

pub(super) async fn register(
    calls: &mpsc::Sender<Call>,
    request: Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let Some(name) = header_text(&request, NAME).filter(|name| !name.is_empty()) else {
        return Err(Refusal::forbidden(
            "Extension.InvalidExtensionName",
            "the header Lambda-Extension-Name is missing",
        ));
    };
    let name = name.to_owned();
    let wants_account = header_text(&request, ACCEPT_FEATURE)
        .is_some_and(|features| features.split(',').any(|one| one.trim() == "accountId"));
    let events = events(&body::read(request).await?)?;
    let registered = ask(calls, |reply| Call::Register {
        name,
        events,
        reply,
    })
    .await?;
    let mut told = json!({
        "functionName": registered.function,
        "functionVersion": registered.version,
        "handler": registered.handler,
    });
    if wants_account {
        told["accountId"] = json!(registered.account);
    }
    Ok(with_identifier(&registered.id, &told))
}

pub(super) async fn next(
    calls: &mpsc::Sender<Call>,
    request: &Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let id = identifier(request)?;
    let event = ask(calls, |reply| Call::ExtensionNext {
        id: id.clone(),
        reply,
    })
    .await?;
    let told = match event {
        ExtensionEvent::Invoke {
            deadline_millis,
            request_id,
            arn,
            trace_header,
        } => json!({
            "eventType": "INVOKE",
            "deadlineMs": deadline_millis,
            "requestId": request_id,
            "invokedFunctionArn": arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": trace_header},
        }),
        ExtensionEvent::Shutdown {
            reason,
            deadline_millis,
        } => json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": reason,
            "deadlineMs": deadline_millis,
        }),
    };
    Ok(with_identifier(&id, &told))
}

/// `init/error` and `exit/error`: both end the sandbox's current phase.
pub(super) async fn error(
    calls: &mpsc::Sender<Call>,
    request: &Request<Incoming>,
) -> Result<Reaction, Refusal> {
    let id = identifier(request)?;
    let Some(error_type) = header_text(request, ERROR_TYPE).filter(|told| !told.is_empty()) else {
        return Err(Refusal::forbidden(
            "Extension.MissingHeader",
            "the header Lambda-Extension-Function-Error-Type is missing",
        ));
    };
    let error_type = error_type.to_owned();
    ask(calls, |reply| Call::ExtensionError {
        id,
        error_type,
        reply,
    })
    .await?;
    Ok(accepted())
}

/// The caller's identifier, if it may be one.
pub(super) fn identifier<B>(request: &Request<B>) -> Result<String, Refusal> {
    let Some(id) = header_text(request, IDENTIFIER).filter(|id| !id.is_empty()) else {
        return Err(Refusal::forbidden(
            "Extension.MissingExtensionIdentifier",
            "the header Lambda-Extension-Identifier is missing",
        ));
    };
    let is_uuid = id.len() == 36
        && id
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    if !is_uuid {
        return Err(Refusal::forbidden(
            "Extension.InvalidExtensionIdentifier",
            "the header Lambda-Extension-Identifier is no UUID",
        ));
    }
    Ok(id.to_owned())
}

fn events(body: &[u8]) -> Result<Events, Refusal> {
    let malformed = || {
        Refusal::forbidden(
            "InvalidRequestFormat",
            "the body must be a JSON object with a list `events`",
        )
    };
    if body.is_empty() {
        return Ok(Events::default());
    }
    let told: Value = serde_json::from_slice(body).map_err(|_| malformed())?;
    let names = match &told["events"] {
        Value::Null if told.is_object() => return Ok(Events::default()),
        Value::Array(names) => names,
        _ => return Err(malformed()),
    };
    let mut events = Events::default();
    for name in names {
        match name.as_str() {
            Some("INVOKE") => events.invoke = true,
            Some("SHUTDOWN") => events.shutdown = true,
            _ => {
                return Err(Refusal::forbidden(
                    "Extension.InvalidEventType",
                    format!("there is no event {name}"),
                ));
            }
        }
    }
    Ok(events)
}

fn with_identifier(id: &str, told: &Value) -> Reaction {
    let built = Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, "application/json")
        .header("Lambda-Extension-Identifier", id)
        .body(Full::new(told.to_string().into()));
    built.unwrap_or_else(|_| json_response(StatusCode::INTERNAL_SERVER_ERROR, "{}"))
}

// === impl Events ===

impl Events {
    /// As telemetry and the registration name them.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let named = [(self.invoke, "INVOKE"), (self.shutdown, "SHUTDOWN")];
        named
            .into_iter()
            .filter_map(|(is_wanted, name)| is_wanted.then_some(name))
            .collect()
    }
}
