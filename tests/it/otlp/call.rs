//! Requests on the wire: HTTP/1.1 by hand, HTTP/2 through `h2`, gRPC on top of it by hand. No client of OTLP's comes in
//! between, which would not send what is wrong.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use coldtrace_tests::Backend;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::Signal;
use super::answer::Answer;

/// A server that does not answer fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request over HTTP.
#[derive(Clone)]
pub(super) struct Http {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// A call over gRPC: all that stands in its data frames.
#[derive(Clone)]
pub(super) struct Grpc {
    pub(super) method: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// Knows where the server is.
pub(super) struct Client {
    pub(super) http: SocketAddr,
    pub(super) grpc: SocketAddr,
    pub(super) runtime: Runtime,
}

/// A message with its prefix.
pub(super) fn framed(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("short");
    [&[flags], &length.to_be_bytes()[..], message].concat()
}

// === impl Http, Grpc ===

impl Http {
    pub(super) fn export(signal: Signal, kind: &str, body: Vec<u8>) -> Self {
        Self {
            method: "POST",
            path: signal.path(),
            headers: vec![("content-type", kind.to_owned())],
            body,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Grpc {
    pub(super) fn export(signal: Signal, body: Vec<u8>) -> Self {
        Self {
            method: signal.method(),
            headers: vec![
                ("content-type", "application/grpc".to_owned()),
                ("te", "trailers".to_owned()),
            ],
            body,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(there, _)| *there != name);
        self.headers.push((name, value.to_owned()));
        self
    }
}

// === impl Client ===

impl Client {
    pub(super) fn new(backend: &Backend) -> Self {
        let address = |url: &str| {
            let address = url.trim_start_matches("http://").parse();
            address.expect("an address")
        };
        Self {
            http: address(&backend.http),
            grpc: address(&backend.grpc),
            runtime: Runtime::new().expect("a runtime"),
        }
    }

    /// One request on a connection of its own.
    pub(super) fn http1(&self, request: &Http) -> Answer {
        http1(self.http, request)
    }

    pub(super) fn http2(&self, request: &Http) -> Answer {
        self.runtime.block_on(http2(
            self.http,
            request.method,
            request.path,
            &request.headers,
            &request.body,
        ))
    }

    pub(super) fn grpc(&self, call: &Grpc) -> Answer {
        self.runtime.block_on(http2(
            self.grpc,
            "POST",
            call.method,
            &call.headers,
            &call.body,
        ))
    }
}

pub(super) fn http1(address: SocketAddr, request: &Http) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(&head(request)).expect("it reads the head");
    stream.write_all(&request.body).expect("it reads the body");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("it answers");
    Answer::of_http1(&reply)
}

/// The request's head, after which the connection ends.
pub(super) fn head(request: &Http) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
        request.method,
        request.path,
        request.body.len()
    );
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    head.into_bytes()
}

async fn http2(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&'static str, String)],
    body: &[u8],
) -> Answer {
    let answered = async {
        let stream = tokio::net::TcpStream::connect(address).await?;
        let (client, connection) = h2::client::handshake(stream).await?;
        // Ends with the set.
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        ask(client, address, method, path, headers, body).await
    };
    let answered = tokio::time::timeout(PATIENCE, answered).await;
    let answer = answered.unwrap_or_else(|late| Err(late.into()));
    answer.unwrap_or_else(|error| Answer::none(&error))
}

/// One request on a connection that may have others.
pub(super) async fn ask(
    client: h2::client::SendRequest<Bytes>,
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&'static str, String)],
    body: &[u8],
) -> anyhow::Result<Answer> {
    let mut request = http::Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let mut client = client.ready().await?;
    let (reply, mut sending) = client.send_request(request.body(())?, false)?;
    // Refused without being read, the stream is closed already.
    sending.send_data(Bytes::copy_from_slice(body), true).ok();
    answer(reply).await
}

/// All of an answer.
pub(super) async fn answer(reply: h2::client::ResponseFuture) -> anyhow::Result<Answer> {
    let (head, mut receiving) = reply.await?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = receiving.data().await {
        let data = data?;
        receiving.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    let trailers = receiving.trailers().await?.unwrap_or_default();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: text(&head.headers),
        body,
        trailers: text(&trailers),
    })
}

fn text(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        })
        .collect()
}
