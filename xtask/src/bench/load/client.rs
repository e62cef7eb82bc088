//! A way to send one request after the other, over either transport.

use tokio::net::TcpStream;

use anyhow::Context as _;

use super::grpc::Stream;
use super::http1::Connection;
use super::{Plan, Transport};

/// What the receiver said to a request.
pub(super) enum Answer {
    /// All of it was taken.
    Taken,
    /// To be sent again later.
    Refused,
}

/// Has one request in flight at a time.
pub(super) enum Client {
    Grpc(Stream),
    Http(Connection),
}

/// As many clients as a connection of the plan has requests in flight.
pub(super) async fn connect(plan: &Plan) -> anyhow::Result<Vec<Client>> {
    let path = match plan.transport {
        Transport::Grpc => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Transport::Facts => "/coldtrace.v1.Ingest/Export",
        Transport::Http => {
            // HTTP/1.1 has one request in flight on a connection.
            let mut clients = Vec::new();
            for _ in 0..plan.in_flight {
                let stream = open(&plan.address).await?;
                clients.push(Client::Http(Connection::new(stream, &plan.address)));
            }
            return Ok(clients);
        }
    };
    let stream = open(&plan.address).await?;
    let streams = Stream::connect(stream, &plan.address, path, plan.in_flight).await?;
    Ok(streams.into_iter().map(Client::Grpc).collect())
}

async fn open(address: &str) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await;
    let stream = stream.with_context(|| format!("connect to {address}"))?;
    stream.set_nodelay(true).context("set TCP_NODELAY")?;
    Ok(stream)
}

// === impl Client ===

impl Client {
    /// Sends it and waits for the answer. The buffer is the same afterwards.
    pub(super) async fn send(&mut self, body: &mut Vec<u8>) -> anyhow::Result<Answer> {
        match self {
            Self::Grpc(stream) => stream.send(body).await,
            Self::Http(connection) => connection.send(body).await,
        }
    }
}
