//! The floor: an HTTP/2 server that gathers what it is sent and answers like a gRPC service that took it.
//!
//! What it costs a span is what receiving costs, whatever is done with it afterwards. As many threads as the collector
//! has, the same windows.

use std::io::Write as _;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::server::{self, SendResponse};
use http::{HeaderMap, HeaderValue, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// An empty message.
const EMPTY: &[u8] = &[0; 5];

/// Serves until it is killed; prints its address first.
pub(in crate::bench) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("start a runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("listen")?;
        let address = listener.local_addr().context("listen")?;
        writeln!(std::io::stdout(), "{address}").context("write to standard output")?;
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.context("accept")?;
            // A sender that breaks off is no concern of the others.
            connections.spawn(async { serve(stream).await.ok() });
        }
    })
}

async fn serve(stream: TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true).context("set TCP_NODELAY")?;
    let mut connection = server::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .handshake::<_, Bytes>(stream)
        .await
        .context("begin HTTP/2")?;
    let mut calls = JoinSet::new();
    while let Some(call) = connection.accept().await {
        let (request, reply) = call.context("take a call")?;
        calls.spawn(async { answer(request.into_body(), reply).await.ok() });
    }
    Ok(())
}

async fn answer(mut body: RecvStream, mut reply: SendResponse<Bytes>) -> anyhow::Result<()> {
    let mut gathered = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data.context("read a body")?;
        gathered.extend_from_slice(&data);
        body.flow_control()
            .release_capacity(data.len())
            .context("read a body")?;
    }
    std::hint::black_box(&gathered);
    let head = Response::builder()
        .header("content-type", "application/grpc")
        .body(());
    let mut stream = reply.send_response(head.context("make an answer")?, false)?;
    stream.send_data(Bytes::from_static(EMPTY), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers)?;
    Ok(())
}
