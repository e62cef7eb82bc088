//! As much of Lambda as an extension sees: its Extensions API, and deliveries of telemetry.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::scene::{patience, spawn};

/// What this platform offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Offer {
    #[default]
    Everything,
    /// As AWS's emulator on demand.
    WithoutTelemetry,
    ManagedInstances,
}

/// The platform, for one extension.
pub(crate) struct Platform {
    pub(crate) address: String,
    shared: Arc<Shared>,
    calls: mpsc::Sender<Value>,
}

/// A registration that was accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registration {
    pub(crate) name: String,
    pub(crate) body: Value,
}

struct Shared {
    offer: Offer,
    registration: watch::Sender<Option<Registration>>,
    subscription: Mutex<Value>,
    /// When the extension asked for each call.
    asked: watch::Sender<Vec<Instant>>,
    calls: tokio::sync::Mutex<mpsc::Receiver<Value>>,
}

impl Platform {
    pub(crate) async fn open(offer: Offer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address").to_string();
        // A test has a call or two in hand.
        let (calls, calls_rx) = mpsc::channel(4);
        let shared = Arc::new(Shared {
            offer,
            registration: watch::Sender::new(None),
            subscription: Mutex::default(),
            asked: watch::Sender::new(Vec::new()),
            calls: tokio::sync::Mutex::new(calls_rx),
        });
        spawn(serve(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            calls,
        }
    }

    pub(crate) async fn registration(&self) -> Registration {
        let mut registration = self.shared.registration.subscribe();
        let known = patience(registration.wait_for(Option::is_some)).await;
        known
            .expect("the platform goes on")
            .clone()
            .expect("waited for")
    }

    pub(crate) fn subscription(&self) -> Value {
        self.shared
            .subscription
            .lock()
            .expect("not poisoned")
            .clone()
    }

    /// When the extension asked for its `number`th call.
    pub(crate) async fn asked(&self, number: usize) -> Instant {
        let mut asked = self.shared.asked.subscribe();
        let asked = patience(asked.wait_for(|asked| asked.len() >= number)).await;
        asked.expect("the platform goes on")[number - 1]
    }

    pub(crate) fn invoke(&self, request_id: &str, time_limit: Duration) {
        self.invoke_traced(request_id, time_limit, "");
    }

    /// With X-Ray's header.
    pub(crate) fn invoke_traced(&self, request_id: &str, time_limit: Duration, header: &str) {
        self.call(json!({
            "eventType": "INVOKE",
            "requestId": request_id,
            "deadlineMs": deadline(time_limit),
            "invokedFunctionArn": "arn:aws:lambda:eu-central-1:123456789012:function:checkout",
            "tracing": { "type": "X-Amzn-Trace-Id", "value": header },
        }));
    }

    pub(crate) fn shutdown(&self, reason: &str) {
        self.call(json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": reason,
            "deadlineMs": deadline(Duration::from_secs(2)),
        }));
    }

    fn call(&self, call: Value) {
        self.calls.try_send(call).expect("room for a call");
    }
}

fn deadline(time_limit: Duration) -> u64 {
    let end = SystemTime::now() + time_limit;
    let since_epoch = end.duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since_epoch.as_millis()).expect("before the end of time")
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        spawn(async move {
            let service = service_fn(|request| answer(request, &shared));
            // An extension that ends cuts the connection.
            drop(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: &Shared,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    Ok(match head.uri.path() {
        "/2020-01-01/extension/register" => {
            let wants_invoke = body["events"]
                .as_array()
                .is_some_and(|events| events.contains(&"INVOKE".into()));
            if shared.offer == Offer::ManagedInstances && wants_invoke {
                return Ok(reply(
                    403,
                    &json!({"errorType": "Extension.InvalidEventType"}),
                ));
            }
            let name = head.headers["lambda-extension-name"].to_str();
            shared.registration.send_replace(Some(Registration {
                name: name.expect("text").to_owned(),
                body,
            }));
            let mut reply = reply(
                200,
                &json!({"functionName": "checkout", "functionVersion": "1"}),
            );
            let identifier = "0f7a5f24-0000-4000-8000-000000000001"
                .parse()
                .expect("a value");
            reply
                .headers_mut()
                .insert("lambda-extension-identifier", identifier);
            reply
        }
        "/2022-07-01/telemetry" => {
            *shared.subscription.lock().expect("not poisoned") = body;
            match shared.offer {
                Offer::WithoutTelemetry => reply(202, &json!("Telemetry.NotSupported")),
                Offer::Everything | Offer::ManagedInstances => reply(200, &json!("OK")),
            }
        }
        "/2020-01-01/extension/event/next" => {
            let now = Instant::now();
            shared.asked.send_modify(|asked| asked.push(now));
            let call = shared.calls.lock().await.recv().await;
            reply(200, &call.unwrap_or_default())
        }
        _ => reply(404, &Value::Null),
    })
}

fn reply(status: u16, body: &Value) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .body(Full::from(body.to_string()))
        .expect("a valid response")
}
