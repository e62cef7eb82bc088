//! What a function's SDK sends.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scene::{patience, spawn};

pub(crate) async fn post_protobuf(port: u16, body: &[u8]) {
    post(port, "application/x-protobuf", body).await;
}

pub(crate) async fn post_json(port: u16, body: &str) {
    post(port, "application/json", body.as_bytes()).await;
}

async fn post(port: u16, media_type: &str, body: &[u8]) {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = head + std::str::from_utf8(body).expect("text");
    let reply = raw(port, &request).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(reply.contains(media_type), "{reply}");
}

/// Whatever comes back for these bytes, until the connection ends.
pub(crate) async fn raw(port: u16, request: &str) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&reply).into_owned())
    };
    patience(exchange).await.expect("an exchange")
}

pub(crate) async fn export_grpc(port: u16, message: &[u8]) {
    let stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("connect");
    let (requests, connection) = h2::client::handshake(stream).await.expect("handshake");
    spawn(async {
        drop(connection.await);
    });
    let mut requests = requests.ready().await.expect("ready");
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let request = Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .body(())
        .expect("a request");
    let (reply, mut body) = requests.send_request(request, false).expect("sent");
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).expect("short"));
    framed.put_slice(message);
    body.send_data(framed.freeze(), true).expect("sent");
    let reply = patience(reply).await.expect("a reply");
    let mut body = reply.into_body();
    let data = body.data().await.expect("a message").expect("a message");
    assert_eq!(data, Bytes::from_static(&[0; 5]));
    let trailers = body.trailers().await.expect("trailers").expect("trailers");
    assert_eq!(trailers["grpc-status"], "0");
}

/// Sends these bytes to whoever may not answer, or not be there.
pub(crate) async fn attempt(port: u16, request: &str) {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(request.as_bytes()).await?;
        stream.read_to_end(&mut Vec::new()).await
    };
    drop(patience(exchange).await);
}

/// The same by gRPC.
pub(crate) async fn attempt_grpc(port: u16) {
    let exchange = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let (requests, connection) = h2::client::handshake(stream).await.ok()?;
        spawn(async {
            drop(connection.await);
        });
        let mut requests = requests.ready().await.ok()?;
        let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        let request = Request::post(format!("http://localhost{path}")).body(());
        let (reply, mut body) = requests.send_request(request.ok()?, false).ok()?;
        body.send_data(Bytes::from_static(&[0; 5]), true).ok()?;
        reply.await.ok()
    };
    drop(patience(exchange).await);
}
