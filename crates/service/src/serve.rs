//! Connections: accepts them, bounds them, lets them end well.
//!
//! Not here: what is answered. All ports are served alike, HTTP/1.1 and HTTP/2, plain or over TLS; they differ in the paths
//! that they know. Invariant: nobody holds a connection for long without asking for something.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use crate::shutdown::Shutdown;
use crate::tasks::Tasks;
use crate::tls::Tls;

mod files;
mod prompt;
mod usage;

use prompt::Prompt;
use usage::Usage;

/// On each port, as far as the system allows so many open files; more wait in its queue until one ends.
const CONNECTIONS: usize = 4_096;
/// For a request's head; also how long a connection of HTTP/1.1 may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// For the handshake of TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// What is held of a connection of HTTP/1.1 that was not yet made sense of: its head, or a piece of a body.
const HTTP1_BUFFER: usize = 128 << 10;
/// An HTTP/2 connection is asked so often whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// And has so long to answer.
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests in flight on one HTTP/2 connection.
const STREAMS: u32 = 256;
/// What a client may send on one stream, and on all of a connection, before it was read. Large, so that a batch of spans
/// does not wait for a round trip.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// A client may send a batch of spans in one frame, which then needs no putting together. Frames count against the windows,
/// so that larger ones hold no more memory.
const FRAME: u32 = 512 << 10;
/// After an accept that failed, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Starts the streams of HTTP/2 as named tasks.
#[derive(Clone)]
struct Streams(Tasks);

/// One connection's side of things.
#[derive(Clone)]
struct Terms<H> {
    handler: H,
    tls: Option<Tls>,
    shutdown: Shutdown,
    /// Of all connections.
    tasks: Tasks,
}

/// Accepts until asked to end, then waits until every connection has ended: each finishes the requests that it has and
/// takes no more.
pub async fn serve<H, F, B>(
    listener: TcpListener,
    tls: Option<Tls>,
    handler: H,
    shutdown: Shutdown,
    drain: Duration,
) where
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let connections = Tasks::new();
    let free = Arc::new(Semaphore::new(files::connections(CONNECTIONS)));
    let terms = Terms {
        handler,
        tls,
        shutdown: shutdown.clone(),
        tasks: connections.clone(),
    };
    loop {
        let permit = Arc::clone(&free).acquire_owned();
        let accepted = tokio::select! {
            accepted = async { (permit.await, listener.accept().await) } => accepted,
            () = shutdown.wait() => break,
        };
        match accepted {
            (Ok(permit), Ok((stream, _))) => {
                let connection = terms.clone().connection(stream);
                connections.spawn_finite("connection", async move {
                    let _permit = permit;
                    connection.await;
                });
            }
            (_, Err(error)) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(listener);
    let late = connections.join_all(drain).await;
    if !late.is_empty() {
        warn!(connections = late.len(), "connections were cut");
    }
}

// === impl Terms ===

impl<H, F, B> Terms<H>
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    async fn connection(self, stream: TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot turn off delays");
        }
        let Some(tls) = &self.tls else {
            return self.http(stream).await;
        };
        let handshake = tls.acceptor().accept(stream);
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => self.http(stream).await,
            Ok(Err(error)) => debug!(%error, "a handshake failed"),
            Err(_) => debug!("a handshake took too long"),
        }
    }

    async fn http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut builder = Builder::new(Streams(self.tasks));
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HTTP1_BUFFER);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME);
        let usage = Usage::new();
        let used = usage.clone();
        let handler = self.handler;
        let service = service_fn(move |request| {
            let in_use = used.begin();
            let reply = handler(request);
            async move {
                let reply = reply.await;
                drop(in_use);
                Ok::<_, Infallible>(reply)
            }
        });
        let stream = TokioIo::new(Prompt::new(stream));
        let connection = builder.serve_connection(stream, service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown_or_idle(&self.shutdown, &usage) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(%error, "a connection broke off");
        }
    }
}

async fn shutdown_or_idle(shutdown: &Shutdown, usage: &Usage) {
    tokio::select! {
        () = shutdown.wait() => {}
        () = usage.idle() => {}
    }
}

// === impl Streams ===

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn_finite("stream", stream);
    }
}
