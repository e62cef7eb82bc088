//! Sends batches: to the collector as they are, by `coldtrace.v1.Ingest/Export`, or to any backend as OTLP, by gRPC or HTTP.
//!
//! A connection dies unseen while the process is frozen. So the first send after a pause goes over a fresh one, and a send that
//! fails on one that was used before is repeated once on a fresh one: the batch's id makes that safe.

use std::io::Write as _;
use std::rc::Rc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use coldtrace_model::{Nanos, UnixNanos};
use coldtrace_proto::v1;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use self::connect::{Connector, Requests, Version};
use self::otlp::Signals;
use crate::buffer::{Batch, BatchId};
use crate::config::destination::{Address, Compression, Destination, Endpoint, Protocol, Route};
use crate::faults;
use crate::log::{self, Level};

mod connect;
mod otlp;

/// After a pause of this length the process may have been frozen, or a balancer on the way may have forgotten the connection.
const STALE: Nanos = Nanos::from_millis(10_000);
/// An `ExportReply` is a few words.
const MAX_REPLY: usize = 64 << 10;
/// Flag and length in front of a gRPC message.
const PREFIX: usize = 5;

/// A batch to send.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) batch: Batch,
    /// The send is given up after this.
    pub(crate) time_limit: Duration,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) id: BatchId,
    pub(crate) verdict: Verdict,
}

/// The collector's word on a batch, or the want of one.
#[derive(Debug)]
pub(crate) enum Verdict {
    Stored,
    /// Never to be sent again.
    Refused(String),
    /// To be sent again later.
    Failed(String),
}

/// The sender, with its connection.
#[derive(Debug)]
pub(crate) struct Shipper {
    destination: Rc<Destination>,
    connector: Connector,
    connection: Option<Connection>,
    /// The batch of which the spans are out and the lines may not be: only they are sent again.
    spans_out: Option<BatchId>,
}

#[derive(Debug)]
struct Connection {
    endpoint: Endpoint,
    version: Version,
    requests: Requests,
    last_used: UnixNanos,
}

/// One request of a batch.
struct Outgoing<'a> {
    to: &'a Address,
    form: Form,
    compression: Compression,
    /// Compressed so.
    message: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Its reply tells what was rejected.
    Coldtrace,
    Grpc,
    Http,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("connect: {0}")]
    Connect(std::io::Error),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("{0}")]
    Transport(#[from] h2::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("the request can't be formed: {0}")]
    Form(#[from] http::Error),
    #[error("the reply can't be read")]
    Reply,
}

// === impl Shipper ===

impl Shipper {
    pub(crate) fn new(destination: Destination) -> Self {
        Self {
            connector: Connector::new(destination.ca.clone()),
            destination: Rc::new(destination),
            connection: None,
            spans_out: None,
        }
    }

    /// Works off orders until there will be no more.
    pub(crate) async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        deliveries: mpsc::Sender<Delivery>,
    ) {
        while let Some(order) = orders.recv().await {
            let delivery = Delivery {
                id: order.batch.id,
                verdict: self.ship(&order).await,
            };
            if deliveries.send(delivery).await.is_err() {
                return;
            }
        }
    }

    async fn ship(&mut self, order: &Order) -> Verdict {
        faults::point("shipper");
        match timeout(order.time_limit, self.send_batch(&order.batch)).await {
            Ok(verdict) => verdict,
            Err(_) => {
                self.connection = None;
                Verdict::Failed(format!("no answer within {:?}", order.time_limit))
            }
        }
    }

    async fn send_batch(&mut self, batch: &Batch) -> Verdict {
        let destination = Rc::clone(&self.destination);
        let (protocol, compression, traces, logs) = match &destination.route {
            Route::Coldtrace(to) => {
                let outgoing = Outgoing {
                    to,
                    form: Form::Coldtrace,
                    compression: Compression::None,
                    message: batch.message.clone(),
                };
                return self.send(&outgoing).await;
            }
            Route::Otlp {
                protocol,
                compression,
                traces,
                logs,
            } => (*protocol, *compression, traces, logs),
        };
        let form = match protocol {
            Protocol::Grpc => Form::Grpc,
            Protocol::HttpProtobuf => Form::Http,
        };
        let signals = Signals::of(&batch.message);
        let outgoing = |to, message| Outgoing {
            to,
            form,
            compression,
            message: compressed(message, compression),
        };
        let are_spans_out = self.spans_out == Some(batch.id) || signals.traces.is_empty();
        if let Some(to) = traces.as_ref().filter(|_| !are_spans_out) {
            match self.send(&outgoing(to, signals.traces)).await {
                Verdict::Stored => self.spans_out = Some(batch.id),
                verdict => return verdict,
            }
        }
        if let Some(to) = logs.as_ref().filter(|_| !signals.logs.is_empty()) {
            return self.send(&outgoing(to, signals.logs)).await;
        }
        Verdict::Stored
    }

    async fn send(&mut self, outgoing: &Outgoing<'_>) -> Verdict {
        let sent = self.try_send(outgoing).await;
        sent.unwrap_or_else(|error| Verdict::Failed(error.to_string()))
    }

    async fn try_send(&mut self, outgoing: &Outgoing<'_>) -> Result<Verdict, SendError> {
        let now = UnixNanos::now();
        let version = outgoing.form.version();
        let kept = self.connection.take().filter(|connection| {
            connection.endpoint == outgoing.to.endpoint
                && connection.version == version
                && now.since(connection.last_used) < STALE
        });
        if let Some(connection) = kept
            && let Ok(verdict) = self.exchange(connection, outgoing).await
        {
            return Ok(verdict);
        }
        let endpoint = &outgoing.to.endpoint;
        let connection = Connection {
            endpoint: endpoint.clone(),
            version,
            requests: self.connector.connect(endpoint, version).await?,
            last_used: now,
        };
        self.exchange(connection, outgoing).await
    }

    /// One request. The connection is kept if it served.
    async fn exchange(
        &mut self,
        connection: Connection,
        outgoing: &Outgoing<'_>,
    ) -> Result<Verdict, SendError> {
        let head = self.head(outgoing)?;
        let (requests, verdict) = match connection.requests {
            Requests::Http2(requests) => {
                let mut requests = requests.ready().await?;
                let (reply, mut body) = requests.send_request(head, false)?;
                body.send_data(outgoing.frame(), true)?;
                let verdict = grpc_verdict(reply.await?, outgoing.form).await?;
                (Requests::Http2(requests), verdict)
            }
            Requests::Http1(mut requests) => {
                requests.ready().await?;
                let body = Full::new(outgoing.message.clone());
                let reply = requests.send_request(head.map(|()| body)).await?;
                let verdict = http_verdict(reply).await?;
                (Requests::Http1(requests), verdict)
            }
        };
        self.connection = Some(Connection {
            requests,
            last_used: UnixNanos::now(),
            ..connection
        });
        Ok(verdict)
    }

    fn head(&self, outgoing: &Outgoing<'_>) -> Result<Request<()>, http::Error> {
        let Address { endpoint, path } = outgoing.to;
        let authority = endpoint.authority();
        let agent = concat!("coldtrace-extension/", env!("CARGO_PKG_VERSION"));
        let mut request = match outgoing.form {
            Form::Coldtrace | Form::Grpc => {
                Request::post(format!("{}://{authority}{path}", endpoint.scheme()))
                    .header("content-type", "application/grpc")
                    .header("te", "trailers")
            }
            Form::Http => Request::post(path)
                .header("host", authority)
                .header("content-type", "application/x-protobuf"),
        };
        request = request.header("user-agent", agent);
        if outgoing.compression == Compression::Gzip {
            request = request.header(outgoing.form.encoding_header(), "gzip");
        }
        for (name, value) in &self.destination.headers {
            request = request.header(name, value);
        }
        request.body(())
    }
}

// === impl Form ===

impl Form {
    const fn version(self) -> Version {
        match self {
            Self::Coldtrace | Self::Grpc => Version::Http2,
            Self::Http => Version::Http1,
        }
    }

    const fn encoding_header(self) -> &'static str {
        match self {
            Self::Coldtrace | Self::Grpc => "grpc-encoding",
            Self::Http => "content-encoding",
        }
    }
}

// === impl Outgoing ===

impl Outgoing<'_> {
    /// gRPC's frame around the message.
    fn frame(&self) -> Bytes {
        let mut framed = BytesMut::with_capacity(PREFIX + self.message.len());
        framed.put_u8(match self.compression {
            Compression::None => 0,
            Compression::Gzip => 1,
        });
        framed.put_u32(u32::try_from(self.message.len()).unwrap_or(u32::MAX));
        framed.put_slice(&self.message);
        framed.freeze()
    }
}

fn compressed(message: Bytes, compression: Compression) -> Bytes {
    if compression == Compression::None {
        return message;
    }
    // The function waits for it, or shares its processor: the level that costs least.
    let level = flate2::Compression::fast();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
    // Writing to memory does not fail.
    gzip.write_all(&message).ok();
    gzip.finish().unwrap_or_default().into()
}

async fn grpc_verdict(
    reply: http::Response<h2::RecvStream>,
    form: Form,
) -> Result<Verdict, SendError> {
    let (head, mut body) = reply.into_parts();
    let mut bytes = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        if bytes.len() + data.len() > MAX_REPLY {
            return Err(SendError::Reply);
        }
        bytes.extend_from_slice(&data);
    }
    let trailers = body.trailers().await?.unwrap_or_default();
    let verdict = judge(head.status, &head.headers, &trailers);
    if form == Form::Coldtrace && matches!(verdict, Verdict::Stored) {
        note_rejected(&bytes);
    }
    Ok(verdict)
}

async fn http_verdict(reply: http::Response<hyper::body::Incoming>) -> Result<Verdict, SendError> {
    let (head, body) = reply.into_parts();
    // Read to its end, or the connection would not serve again.
    let body = Limited::new(body, MAX_REPLY).collect().await;
    let body = body.map_err(|_| SendError::Reply)?.to_bytes();
    let reason = || {
        let words = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        format!("status {}: {words}", head.status)
    };
    Ok(match head.status.as_u16() {
        200..=299 => Verdict::Stored,
        // By OTLP's list; and a request that took too long.
        408 | 429 | 502 | 503 | 504 => Verdict::Failed(reason()),
        _ => Verdict::Refused(reason()),
    })
}

/// What a reply means for the batch.
fn judge(status: StatusCode, head: &HeaderMap, trailers: &HeaderMap) -> Verdict {
    let field = |name| trailers.get(name).or_else(|| head.get(name));
    let text = |name| field(name).and_then(|value| value.to_str().ok());
    let code: Option<u32> = text("grpc-status").and_then(|code| code.parse().ok());
    let reason = || {
        let message = text("grpc-message").unwrap_or_default();
        format!("status {status}, grpc-status {code:?}: {message}")
    };
    match code {
        Some(0) => Verdict::Stored,
        // Without details the message is too large, or the like: the same bytes will never be taken.
        Some(8) if field("grpc-status-details-bin").is_none() => Verdict::Refused(reason()),
        // By OTLP's list, and what proxies answer in the collector's stead. The rest is the collector's last word.
        Some(1 | 2 | 4 | 8 | 10 | 11 | 13 | 14 | 15) | None => Verdict::Failed(reason()),
        Some(_) => Verdict::Refused(reason()),
    }
}

/// The collector could not take everything; what it left out is lost.
fn note_rejected(body: &[u8]) {
    let message = body.get(PREFIX..).unwrap_or_default();
    let reply = v1::ExportReply::decode(message).unwrap_or_default();
    if reply.rejected > 0 {
        log::line(
            Level::Warn,
            "items rejected",
            &[("items", &reply.rejected), ("reason", &reply.message)],
        );
    }
}
