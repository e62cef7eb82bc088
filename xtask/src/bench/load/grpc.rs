//! As much of gRPC as a sender needs: unary calls on an HTTP/2 connection, bodies encoded beforehand.
//!
//! By hand, because a client that takes processor time takes it from what is measured.

use anyhow::{Context as _, bail};
use bytes::Bytes;
use h2::client::{self, SendRequest};
use http::{HeaderMap, Method, Request, Version};
use tokio::net::TcpStream;

use super::client::Answer;

/// gRPC's codes of what may be sent again: RESOURCE_EXHAUSTED, UNAVAILABLE.
const RETRYABLE: [&str; 2] = ["8", "14"];
/// Flag and length before every message.
const PREFIX: usize = 5;
const WINDOW: u32 = 4 << 20;

/// One call at a time on a connection that is shared.
pub(super) struct Stream {
    connection: SendRequest<Bytes>,
    url: String,
}

// === impl Stream ===

impl Stream {
    /// Opens a connection for so many calls at a time.
    pub(super) async fn connect(
        stream: TcpStream,
        address: &str,
        path: &str,
        calls: u64,
    ) -> anyhow::Result<Vec<Self>> {
        let handshake = client::Builder::new()
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(stream)
            .await;
        let (sender, connection) = handshake.context("begin HTTP/2")?;
        // Its end is seen by the calls.
        tokio::task::spawn_local(connection);
        let stream = |_| Self {
            connection: sender.clone(),
            url: format!("http://{address}{path}"),
        };
        Ok((0..calls).map(stream).collect())
    }

    pub(super) async fn send(&mut self, body: &mut Vec<u8>) -> anyhow::Result<Answer> {
        let request = Request::builder()
            .method(Method::POST)
            .version(Version::HTTP_2)
            .uri(&self.url)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .context("make a request")?;
        let mut connection = self
            .connection
            .clone()
            .ready()
            .await
            .context("wait for a stream")?;
        let (reply, mut stream) = connection
            .send_request(request, false)
            .context("send headers")?;
        let mut prefix = [0; PREFIX];
        prefix[1..].copy_from_slice(&(body.len() as u32).to_be_bytes());
        // Taken without a copy, and had back below once nobody else holds it.
        let sent = Bytes::from(std::mem::take(body));
        let prefix = Bytes::copy_from_slice(&prefix);
        stream.send_data(prefix, false).context("send a prefix")?;
        stream
            .send_data(sent.clone(), true)
            .context("send a body")?;
        let reply = reply.await.context("wait for an answer")?;
        let answer = answer(reply).await;
        drop(stream);
        *body = Vec::from(sent);
        answer
    }
}

async fn answer(reply: http::Response<h2::RecvStream>) -> anyhow::Result<Answer> {
    let (head, mut body) = reply.into_parts();
    let mut length = 0;
    while let Some(data) = body.data().await {
        let data = data.context("read an answer")?;
        length += data.len();
        body.flow_control()
            .release_capacity(data.len())
            .context("read an answer")?;
    }
    let trailers = body.trailers().await.context("read trailers")?;
    let status = |headers: &HeaderMap| {
        let status = headers.get("grpc-status")?;
        Some(status.to_str().unwrap_or_default().to_owned())
    };
    // An answer without a body has its status in its head.
    let status = trailers
        .as_ref()
        .and_then(status)
        .or_else(|| status(&head.headers));
    match status.as_deref() {
        // A partial success names what was rejected; a whole one is empty.
        Some("0") if length <= PREFIX => Ok(Answer::Taken),
        Some("0") => bail!("the receiver rejected some of what it took"),
        Some(code) if RETRYABLE.contains(&code) => Ok(Answer::Refused),
        other => bail!("the receiver answered {} with {other:?}", head.status),
    }
}
