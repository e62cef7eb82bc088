//! The platform's side: register, subscribe to telemetry, ask for the next event.
//!
//! Standard library alone, and on a thread of its own: whatever happens to the rest of the extension, this goes on asking for
//! the next event, because an extension that stops asking holds its function for ever.

use std::io;

use coldtrace_model::{Nanos, RequestId, UnixNanos};
use serde_json::{Value, json};

use self::http::{Client, Reply};

mod http;

const EXTENSION_PATH: &str = "/2020-01-01/extension";
const TELEMETRY_PATH: &str = "/2022-07-01/telemetry";
const IDENTIFIER: &str = "lambda-extension-identifier";

/// A client of the platform, registered.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    client: Client,
    identifier: String,
}

/// What the platform answered to the registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registration {
    pub(crate) function: String,
    pub(crate) version: String,
    pub(crate) account: String,
    pub(crate) mode: Mode,
}

/// What the platform tells an extension of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Each invocation, one at a time.
    #[default]
    OnDemand,
    /// Nothing but the shutdown; invocations run concurrently and are known from telemetry alone.
    ManagedInstances,
}

/// What the platform has to say next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlatformCall {
    Invoke(Invoke),
    Shutdown(Shutdown),
    /// Of a kind that is not known here: asked for more.
    Other,
}

/// An invocation begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Invoke {
    pub(crate) request_id: RequestId,
    /// When the event was received.
    pub(crate) received: UnixNanos,
    /// When the platform will end it.
    pub(crate) deadline: UnixNanos,
    /// The ARN by which it was invoked; empty if not told.
    pub(crate) arn: String,
    /// X-Ray's header, verbatim; empty if not told.
    pub(crate) trace_header: String,
}

/// The sandbox's processes end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shutdown {
    pub(crate) reason: ShutdownReason,
    /// When they are killed.
    pub(crate) deadline: UnixNanos,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShutdownReason {
    /// Nothing is wrong.
    Spindown,
    /// An invocation reached its time limit.
    Timeout,
    /// The runtime or an extension failed.
    Failure,
}

/// Which telemetry, and where to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscription {
    pub(crate) port: u16,
    pub(crate) mode: Mode,
}

/// Why the platform could not be talked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("the platform can't be reached")]
    Unreachable(#[from] io::Error),
    #[error("the platform answered {status}: {message}")]
    Refused { status: u16, message: String },
}

// === impl RuntimeApi ===

impl RuntimeApi {
    /// Registers under the name of the executable file, for everything that the platform offers.
    pub(crate) fn register(
        address: &str,
        name: &str,
        expected: Mode,
    ) -> Result<(Self, Registration), ApiError> {
        let mut client = Client::new(address);
        let (reply, mode) = match expected {
            Mode::OnDemand => {
                let reply = post_register(&mut client, name, &["INVOKE", "SHUTDOWN"])?;
                // Managed instances refuse the event; the variable that announces them is not there everywhere.
                match reply.status {
                    403 => (
                        post_register(&mut client, name, &["SHUTDOWN"])?,
                        Mode::ManagedInstances,
                    ),
                    _ => (reply, Mode::OnDemand),
                }
            }
            Mode::ManagedInstances => (post_register(&mut client, name, &["SHUTDOWN"])?, expected),
        };
        let reply = accepted(reply)?;
        let identifier = reply.header(IDENTIFIER).unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let registration = Registration {
            function: text(&body, "functionName"),
            version: text(&body, "functionVersion"),
            account: text(&body, "accountId"),
            mode,
        };
        Ok((Self { client, identifier }, registration))
    }

    /// Asks for telemetry. The listener must be bound before.
    pub(crate) fn subscribe(&mut self, subscription: Subscription) -> Result<(), ApiError> {
        let body = json!({
            "schemaVersion": match subscription.mode {
                Mode::OnDemand => "2022-12-13",
                Mode::ManagedInstances => "2025-01-29",
            },
            "types": ["platform", "function"],
            // The shortest delay that is allowed: the end of an invocation is learned from here.
            "buffering": { "timeoutMs": 25, "maxItems": 1000, "maxBytes": 262_144 },
            "destination": {
                "protocol": "HTTP",
                "URI": format!("http://sandbox.localdomain:{}/telemetry", subscription.port),
            },
        });
        let headers = [
            (IDENTIFIER, self.identifier.as_str()),
            ("content-type", "application/json"),
        ];
        let body = body.to_string();
        let reply = self
            .client
            .request("PUT", TELEMETRY_PATH, &headers, body.as_bytes())?;
        match reply.status {
            // 202 says that there is no such API here.
            200 => Ok(()),
            _ => Err(reply.into()),
        }
    }

    /// Waits for what comes next, for hours if need be: the process may be frozen in here.
    pub(crate) fn next(&mut self) -> Result<PlatformCall, ApiError> {
        let path = format!("{EXTENSION_PATH}/event/next");
        let headers = [(IDENTIFIER, self.identifier.as_str())];
        let reply = accepted(self.client.request("GET", &path, &headers, &[])?)?;
        Ok(PlatformCall::parse(&reply.body, UnixNanos::now()))
    }
}

fn post_register(client: &mut Client, name: &str, events: &[&str]) -> Result<Reply, ApiError> {
    let path = format!("{EXTENSION_PATH}/register");
    let headers = [
        ("lambda-extension-name", name),
        ("lambda-extension-accept-feature", "accountId"),
        ("content-type", "application/json"),
    ];
    let body = json!({ "events": events }).to_string();
    Ok(client.request("POST", &path, &headers, body.as_bytes())?)
}

fn accepted(reply: Reply) -> Result<Reply, ApiError> {
    match reply.status {
        200 => Ok(reply),
        _ => Err(reply.into()),
    }
}

// === impl ApiError ===

impl From<Reply> for ApiError {
    fn from(reply: Reply) -> Self {
        Self::Refused {
            status: reply.status,
            message: String::from_utf8_lossy(&reply.body).trim().to_owned(),
        }
    }
}

// === impl PlatformCall ===

impl PlatformCall {
    fn parse(body: &[u8], received: UnixNanos) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        // Whole milliseconds, though perhaps written as a float.
        let deadline = body["deadlineMs"].as_f64().unwrap_or_default();
        let deadline = UnixNanos(Nanos::from_millis(deadline as u64).0);
        match body["eventType"].as_str() {
            Some("SHUTDOWN") => Self::Shutdown(Shutdown {
                reason: ShutdownReason::from_name(&text(&body, "shutdownReason")),
                deadline,
            }),
            Some("INVOKE") => match RequestId::parse(&text(&body, "requestId")) {
                Ok(request_id) => Self::Invoke(Invoke {
                    request_id,
                    received,
                    deadline,
                    arn: text(&body, "invokedFunctionArn"),
                    trace_header: text(&body["tracing"], "value"),
                }),
                Err(_) => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

// === impl ShutdownReason ===

impl ShutdownReason {
    /// The reason with this name, in any case; what is not known is taken for a failure.
    fn from_name(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "spindown" => Self::Spindown,
            "timeout" => Self::Timeout,
            // AWS's own emulator, when it is told to stop.
            "sandboxterminated" => Self::Spindown,
            _ => Self::Failure,
        }
    }
}

fn text(object: &Value, key: &str) -> String {
    object[key].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_leniently() {
        let received = UnixNanos(7);
        let invoke = PlatformCall::parse(
            br#"{"eventType":"INVOKE","deadlineMs":1700000000123.0,"requestId":"r","new":1,
                "tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"}}"#,
            received,
        );
        let expected = Invoke {
            request_id: RequestId::parse("r").unwrap(),
            received,
            deadline: UnixNanos(1_700_000_000_123_000_000),
            arn: String::new(),
            trace_header: "Root=1".to_owned(),
        };
        assert_eq!(invoke, PlatformCall::Invoke(expected));
        for odd in [&b"{"[..], b"[]", br#"{"eventType":"INVOKE"}"#, b""] {
            assert_eq!(PlatformCall::parse(odd, received), PlatformCall::Other);
        }
    }

    #[test]
    fn reasons_are_read_in_any_case() {
        for (name, reason) in [
            ("spindown", ShutdownReason::Spindown),
            ("Timeout", ShutdownReason::Timeout),
            ("FAILURE", ShutdownReason::Failure),
            ("ReleaseFail", ShutdownReason::Failure),
        ] {
            assert_eq!(ShutdownReason::from_name(name), reason, "{name}");
        }
    }
}
