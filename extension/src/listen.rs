//! What all listeners on loopback share: connections are taken for ever, and HTTP/1.1 is served on them.

use std::convert::Infallible;
use std::future::Future;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::log::{self, Level};
use crate::tasks;

/// Serves each connection in a task of this name.
pub(crate) async fn accept<F>(
    listener: TcpListener,
    name: &'static str,
    serve: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = ()> + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => tasks::spawn(name, serve(stream)),
            Err(error) => {
                let fields: [(&'static str, &dyn std::fmt::Display); 2] =
                    [("connection", &name), ("error", &error)];
                log::line(Level::Warn, "connection not accepted", &fields);
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Serves one connection; `ended` is what is said where it ends badly.
pub(crate) async fn http1<F>(
    stream: TcpStream,
    ended: &'static str,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    F: Future<Output = Result<Response<Full<Bytes>>, Infallible>>,
{
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
    if let Err(error) = served {
        log::line(Level::Debug, ended, &[("error", &error)]);
    }
}
