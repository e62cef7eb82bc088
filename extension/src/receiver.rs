//! What the function's tracer sends, on loopback: OTLP by gRPC and HTTP, traces and logs; X-Ray's segments and Datadog's traces.
//!
//! Bytes of OTLP are kept as they came; only JSON is turned into protobuf, which is what goes on the wire. All ways in meet in
//! [`Intake`].

use std::rc::Rc;

use bytes::Bytes;
use coldtrace_proto::otlp::trace::{ResourceSpans, Span};
use coldtrace_proto::v1::{OtlpPayload, Signal};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::{listen, tracers};

pub(crate) mod datadog;
mod grpc;
mod gzip;
mod http;
pub(crate) mod xray;

/// The largest request, compressed or not: more than the buffer holds could only be dropped.
const MAX_BODY: usize = 4 << 20;

/// Where requests go. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    received: mpsc::Sender<Received>,
    /// The function's name, for spans that do not say whose they are.
    function: Rc<str>,
}

/// Something that was received.
#[derive(Debug)]
pub(crate) enum Received {
    /// As it came.
    Otlp(OtlpPayload),
    /// Of a tracer that does not speak OTLP.
    Spans(Vec<ResourceSpans>),
}

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    /// The body, or what it unpacks to, is too large.
    TooLarge,
    /// It can't be read.
    Malformed(String),
    /// It is of a form that is not taken here.
    Unsupported(&'static str),
    /// The extension ends.
    Closing,
}

// === impl Intake ===

impl Intake {
    pub(crate) fn new(received: mpsc::Sender<Received>, function: &str) -> Self {
        Self {
            received,
            function: function.into(),
        }
    }

    /// Waits until the lifecycle has taken the request, so that what was acknowledged is in its hands.
    async fn take(&self, signal: Signal, request: Bytes) -> Result<(), Refusal> {
        if request.is_empty() {
            return Ok(());
        }
        let payload = OtlpPayload {
            signal: signal.into(),
            request,
            platform: false,
        };
        let taken = self.received.send(Received::Otlp(payload)).await;
        taken.map_err(|_| Refusal::Closing)
    }

    /// The same for spans that are OTLP only now.
    async fn take_spans(&self, spans: Vec<ResourceSpans>) -> Result<(), Refusal> {
        let taken = self.received.send(Received::Spans(spans)).await;
        taken.map_err(|_| Refusal::Closing)
    }

    /// Spans of the function itself.
    fn of_function(&self, spans: Vec<Span>) -> ResourceSpans {
        tracers::of_service(&self.function, Vec::new(), spans)
    }
}

// === impl Refusal ===

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the request is larger than {MAX_BODY} bytes"),
            Self::Malformed(problem) => f.write_str(problem),
            Self::Unsupported(what) => f.write_str(what),
            Self::Closing => f.write_str("the extension is shutting down"),
        }
    }
}

/// Accepts gRPC connections for ever.
pub(crate) async fn serve_grpc(listener: TcpListener, intake: Intake) {
    let serve = |stream| grpc::connection(stream, intake.clone());
    listen::accept(listener, "otlp grpc connection", serve).await;
}

/// Accepts HTTP connections for ever.
pub(crate) async fn serve_http(listener: TcpListener, intake: Intake) {
    let serve = |stream| http::connection(stream, intake.clone());
    listen::accept(listener, "otlp http connection", serve).await;
}
