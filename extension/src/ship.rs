//! Sends batches to the collector: `coldtrace.v1.Ingest/Export` over one HTTP/2 connection.
//!
//! A connection dies unseen while the process is frozen. So the first send after a pause goes over a fresh one, and a send that
//! fails on one that was used before is repeated once on a fresh one: the batch's id makes that safe.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use coldtrace_model::{Nanos, UnixNanos};
use coldtrace_proto::v1;
use h2::client::SendRequest;
use http::{HeaderMap, Request, StatusCode};
use prost::Message as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::buffer::{Batch, BatchId};
use crate::config::Endpoint;
use crate::log::{self, Level};
use crate::tasks;

/// After a pause of this length the process may have been frozen, or a balancer on the way may have forgotten the connection.
const STALE: Nanos = Nanos::from_millis(10_000);
/// An `ExportReply` is a few words.
const MAX_REPLY: usize = 64 << 10;
const PATH: &str = "/coldtrace.v1.Ingest/Export";
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
    endpoint: Endpoint,
    authorization: Option<String>,
    connection: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    requests: SendRequest<Bytes>,
    last_used: UnixNanos,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("connect: {0}")]
    Connect(std::io::Error),
    #[error("{0}")]
    Transport(#[from] h2::Error),
    #[error("the request can't be formed: {0}")]
    Form(#[from] http::Error),
    #[error("the reply is too large")]
    ReplyTooLarge,
}

// === impl Shipper ===

impl Shipper {
    pub(crate) fn new(endpoint: Endpoint, api_key: Option<&str>) -> Self {
        Self {
            endpoint,
            authorization: api_key.map(|key| format!("Bearer {key}")),
            connection: None,
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
        let message = frame(&order.batch.message);
        match timeout(order.time_limit, self.send(&message)).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(error)) => Verdict::Failed(error.to_string()),
            Err(_) => {
                self.connection = None;
                Verdict::Failed(format!("no answer within {:?}", order.time_limit))
            }
        }
    }

    async fn send(&mut self, message: &Bytes) -> Result<Verdict, SendError> {
        let now = UnixNanos::now();
        let kept = self
            .connection
            .take()
            .filter(|connection| now.since(connection.last_used) < STALE);
        if let Some(connection) = kept
            && let Ok(verdict) = self.exchange(connection, message.clone()).await
        {
            return Ok(verdict);
        }
        let connection = self.connect().await?;
        self.exchange(connection, message.clone()).await
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let address = (self.endpoint.host.as_str(), self.endpoint.port);
        let stream = TcpStream::connect(address)
            .await
            .map_err(SendError::Connect)?;
        stream.set_nodelay(true).map_err(SendError::Connect)?;
        let (requests, connection) = h2::client::handshake(stream).await?;
        tasks::spawn("collector connection", async {
            if let Err(error) = connection.await {
                log::line(
                    Level::Debug,
                    "collector connection ended",
                    &[("error", &error)],
                );
            }
        });
        Ok(Connection {
            requests,
            last_used: UnixNanos::now(),
        })
    }

    /// One request. The connection is kept if it served.
    async fn exchange(
        &mut self,
        connection: Connection,
        message: Bytes,
    ) -> Result<Verdict, SendError> {
        let request = self.request()?;
        let mut requests = connection.requests.ready().await?;
        let (reply, mut body) = requests.send_request(request, false)?;
        body.send_data(message, true)?;
        let reply = reply.await?;
        let (head, mut body) = reply.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            if bytes.len() + data.len() > MAX_REPLY {
                return Err(SendError::ReplyTooLarge);
            }
            bytes.extend_from_slice(&data);
        }
        let trailers = body.trailers().await?.unwrap_or_default();
        self.connection = Some(Connection {
            requests,
            last_used: UnixNanos::now(),
        });
        Ok(judge(head.status, &head.headers, &trailers, &bytes))
    }

    fn request(&self) -> Result<Request<()>, http::Error> {
        let mut request = Request::post(format!("http://{}{PATH}", self.endpoint.authority()))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header(
                "user-agent",
                concat!("coldtrace-extension/", env!("CARGO_PKG_VERSION")),
            );
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        request.body(())
    }
}

/// gRPC's frame around an uncompressed message.
fn frame(message: &Bytes) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// What a reply means for the batch.
fn judge(status: StatusCode, head: &HeaderMap, trailers: &HeaderMap, body: &[u8]) -> Verdict {
    let field = |name| trailers.get(name).or_else(|| head.get(name));
    let text = |name| field(name).and_then(|value| value.to_str().ok());
    let code: Option<u32> = text("grpc-status").and_then(|code| code.parse().ok());
    let reason = || {
        let message = text("grpc-message").unwrap_or_default();
        format!("status {status}, grpc-status {code:?}: {message}")
    };
    match code {
        Some(0) => {
            note_rejected(body);
            Verdict::Stored
        }
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
