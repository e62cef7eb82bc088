//! A connection that must speak before long. HTTP watches over a connection once it knows its version; until then nobody
//! would.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// For the first bytes.
const PATIENCE: Duration = Duration::from_secs(10);
/// What HTTP/2 begins with. Whatever else comes is taken for HTTP/1 from its first byte that differs.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads fail once the peer has kept silent for too long.
pub(super) struct Prompt<S> {
    stream: S,
    waiting: Option<Waiting>,
}

/// The version is not known yet.
struct Waiting {
    /// How much of the preface was read.
    matched: usize,
    timeout: Pin<Box<Sleep>>,
}

// === impl Prompt ===

impl<S> Prompt<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            waiting: Some(Waiting {
                matched: 0,
                timeout: Box::pin(sleep(PATIENCE)),
            }),
        }
    }
}

impl Waiting {
    /// Whether the version is known with these bytes.
    fn ends_with(&mut self, bytes: &[u8]) -> bool {
        let expected = &PREFACE[self.matched..];
        self.matched += bytes.len().min(expected.len());
        self.matched == PREFACE.len() || !expected.starts_with(bytes)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let Some(waiting) = &mut this.waiting else {
            return read;
        };
        if read.is_pending() {
            let timeout = waiting.timeout.as_mut().poll(context);
            return timeout.map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        if waiting.ends_with(&buffer.filled()[before..]) {
            this.waiting = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::timeout;

    use super::*;

    /// Whether a connection that said this is cut off when it says no more.
    async fn is_cut_off_after(words: &[u8]) -> bool {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(words).await.unwrap();
        let mut server = Prompt::new(server);
        let mut read = vec![0; words.len()];
        server.read_exact(&mut read).await.unwrap();
        let next = timeout(2 * PATIENCE, server.read_u8()).await;
        matches!(next, Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut)
    }

    #[tokio::test(start_paused = true)]
    async fn only_who_has_not_said_what_he_speaks_is_cut_off() {
        for words in [&b""[..], b"P", &PREFACE[..23]] {
            assert!(is_cut_off_after(words).await, "{words:?}");
        }
        for words in [&b"G"[..], b"PO", b"PRI x", PREFACE] {
            assert!(!is_cut_off_after(words).await, "{words:?}");
        }
    }
}
