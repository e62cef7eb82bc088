//! The HTTP server inside a sandbox: what is `AWS_LAMBDA_RUNTIME_API` on Lambda.
//!
//! Handlers read a request, hand it to the sandbox as a [`Call`], and write its answer; they decide nothing. Invariant: a
//! connection speaks to the processes' generation that it was accepted for. When the sandbox starts its processes anew,
//! what old connections still say is heard by nobody.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::telemetry::subscription::Subscription;

mod body;
mod extensions;
mod runtime;
mod telemetry;

pub(crate) use extensions::{Events, ExtensionEvent, Registered};
pub(crate) use runtime::{Answer, Failure, RuntimeEvent};

/// The generation of processes that is served now.
pub(crate) type Serving = watch::Receiver<Option<mpsc::Sender<Call>>>;
/// Where the answer to a call goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What the runtime or an extension asks of the sandbox.
pub(crate) enum Call {
    RuntimeNext(Reply<RuntimeEvent>),
    RuntimeAnswer {
        request_id: String,
        answer: Answer,
        reply: Reply<()>,
    },
    /// The runtime has been initialised, and goes on when its snapshot is restored.
    RestoreNext(Reply<()>),
    /// The runtime could not go on after the restore.
    RestoreError {
        failure: Failure,
        reply: Reply<()>,
    },
    RuntimeInitError {
        failure: Failure,
        reply: Reply<()>,
    },
    Register {
        name: String,
        events: Events,
        reply: Reply<Registered>,
    },
    ExtensionNext {
        id: String,
        reply: Reply<ExtensionEvent>,
    },
    ExtensionError {
        id: String,
        error_type: String,
        reply: Reply<()>,
    },
    Subscribe {
        id: String,
        subscription: Subscription,
        reply: Reply<()>,
    },
}

/// A call that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error_type: &'static str,
    pub(crate) message: String,
}

/// Before accepting again when that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

type Reaction = Response<Full<Bytes>>;

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, serving: Serving) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if let Some(calls) = serving.borrow().clone() {
                        connections.spawn(connection(stream, calls));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    // Out of descriptors, as a rule: others have to be closed first.
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, calls: mpsc::Sender<Call>) {
    let service = service_fn(|request| {
        let calls = calls.clone();
        async move { Ok::<_, Infallible>(answer(&calls, request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        // A process that was killed hangs up in the middle of a call.
        tracing::debug!(%error, "a connection ended");
    }
}

async fn answer(calls: &mpsc::Sender<Call>, request: Request<Incoming>) -> Reaction {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let answered = match (request.method(), parts.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => {
            runtime::next(calls).await
        }
        (
            &Method::POST,
            [
                "2018-06-01",
                "runtime",
                "invocation",
                request_id,
                "response",
            ],
        ) => runtime::response(calls, request_id, request).await,
        (&Method::POST, ["2018-06-01", "runtime", "invocation", request_id, "error"]) => {
            runtime::error(calls, request_id, request).await
        }
        (&Method::POST, ["2018-06-01", "runtime", "init", "error"]) => {
            runtime::init_error(calls, request).await
        }
        (&Method::GET, ["2018-06-01", "runtime", "restore", "next"]) => {
            runtime::restore_next(calls).await
        }
        (&Method::POST, ["2018-06-01", "runtime", "restore", "error"]) => {
            runtime::restore_error(calls, request).await
        }
        (&Method::POST, ["2020-01-01", "extension", "register"]) => {
            extensions::register(calls, request).await
        }
        (&Method::GET, ["2020-01-01", "extension", "event", "next"]) => {
            extensions::next(calls, &request).await
        }
        (&Method::POST, ["2020-01-01", "extension", "init" | "exit", "error"]) => {
            extensions::error(calls, &request).await
        }
        (&Method::PUT, ["2022-07-01", "telemetry"]) => telemetry::subscribe(calls, request).await,
        (&Method::PUT, ["2020-08-15", "logs"]) => Ok(telemetry::logs_not_supported()),
        _ => Err(Refusal {
            status: StatusCode::NOT_FOUND,
            error_type: "NotFound",
            message: format!("there is no {} {path}", request.method()),
        }),
    };
    answered.unwrap_or_else(|refusal| refusal.into_response())
}

/// Hands a call to the sandbox and waits for what it says.
async fn ask<T>(
    calls: &mpsc::Sender<Call>,
    call: impl FnOnce(Reply<T>) -> Call,
) -> Result<T, Refusal> {
    let (reply_tx, reply_rx) = oneshot::channel();
    // Where the generation has ended its processes are dead or about to be: what they are told does not matter.
    calls.send(call(reply_tx)).await.ok();
    match reply_rx.await {
        Ok(answer) => answer,
        Err(_) => Err(Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error_type: "InternalServerError",
            message: "the sandbox is being reset".to_owned(),
        }),
    }
}

fn json_response(status: StatusCode, body: impl Into<Bytes>) -> Reaction {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body.into()))
        .expect("a status and a constant header make a response")
}

/// 202, as the Runtime and Extensions APIs answer what they only take note of.
fn accepted() -> Reaction {
    json_response(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n")
}

fn header_text<'a, B>(request: &'a Request<B>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

// === impl Refusal ===

impl Refusal {
    pub(crate) fn forbidden(error_type: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            error_type,
            message: message.into(),
        }
    }

    fn into_response(self) -> Reaction {
        let body = json!({"errorType": self.error_type, "errorMessage": self.message});
        json_response(self.status, body.to_string())
    }
}
