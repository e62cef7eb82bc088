//! As much of HTTP/1.1 as a benchmark needs: one connection, kept alive, requests one after the other.
//!
//! By hand, because a client that takes processor time takes it from what is measured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to one server.
pub(super) struct Connection {
    host: String,
    stream: BufReader<TcpStream>,
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    /// `Retry-After`, where it came.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

// === impl Connection ===

impl Connection {
    /// Connects to `http://HOST:PORT`.
    pub(super) fn open(url: &str) -> anyhow::Result<Self> {
        Self::open_patient(url, PATIENCE)
    }

    /// As [`Connection::open`], for answers that may take so long.
    pub(super) fn open_patient(url: &str, patience: Duration) -> anyhow::Result<Self> {
        let host = url
            .strip_prefix("http://")
            .with_context(|| format!("{url} is not http"))?;
        let stream = TcpStream::connect(host).with_context(|| format!("connect to {host}"))?;
        stream.set_nodelay(true).context("set TCP_NODELAY")?;
        stream
            .set_read_timeout(Some(patience))
            .context("limit the wait for an answer")?;
        Ok(Self {
            host: host.to_owned(),
            stream: BufReader::new(stream),
        })
    }

    /// POST of a protobuf message.
    pub(super) fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<Reply> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.send(head.as_bytes(), body)
    }

    fn send(&mut self, head: &[u8], body: &[u8]) -> anyhow::Result<Reply> {
        let stream = self.stream.get_mut();
        stream
            .write_all(head)
            .and_then(|()| stream.write_all(body))
            .context("send a request")?;
        self.reply().context("read an answer")
    }

    fn reply(&mut self) -> anyhow::Result<Reply> {
        let status_line = self.line()?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .with_context(|| format!("`{status_line}` is no status line"))?;
        let mut length = None;
        let mut retry_after = None;
        let mut is_chunked = false;
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse::<usize>().ok(),
                "retry-after" => retry_after = value.trim().parse().ok().map(Duration::from_secs),
                "transfer-encoding" => is_chunked = true,
                _ => {}
            }
        }
        let body = match is_chunked {
            true => self.chunks()?,
            false => self.bytes(length.unwrap_or_default())?,
        };
        Ok(Reply {
            status,
            retry_after,
            body,
        })
    }

    fn bytes(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Each with its length in hexadecimal before it; the last is empty.
    fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(&line, 16)
                .with_context(|| format!("`{line}` is no chunk's length"))?;
            body.append(&mut self.bytes(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the server closed the connection");
        }
        Ok(line.trim_end().to_owned())
    }
}
