//! As much of HTTP/1.1 as a sender needs: one connection, kept alive, requests one after the other.
//!
//! By hand, because a client that takes processor time takes it from what is measured.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::client::Answer;

/// A connection to one receiver.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
}

// === impl Connection ===

impl Connection {
    pub(super) fn new(stream: TcpStream, address: &str) -> Self {
        Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
        }
    }

    /// POST of a protobuf message.
    pub(super) async fn send(&mut self, body: &[u8]) -> anyhow::Result<Answer> {
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.stream
            .write_all(head.as_bytes())
            .await
            .context("send a head")?;
        self.stream.write_all(body).await.context("send a body")?;
        let (status, reply) = self.reply().await.context("read an answer")?;
        match status {
            // A partial success names what was rejected; a whole one is empty.
            200 if reply.is_empty() => Ok(Answer::Taken),
            429 | 503 => Ok(Answer::Refused),
            _ => bail!(
                "the receiver answered {status}: {}",
                String::from_utf8_lossy(&reply)
            ),
        }
    }

    async fn reply(&mut self) -> anyhow::Result<(u16, Vec<u8>)> {
        let status_line = self.line().await?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("`{status_line}` is no status line"))?;
        let mut length = 0;
        while let Some((name, value)) = self.line().await?.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().context("read a length")?,
                "transfer-encoding" => bail!("a chunked answer was not expected"),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((status, body))
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            bail!("the receiver closed the connection");
        }
        Ok(line.trim_end().to_owned())
    }
}
