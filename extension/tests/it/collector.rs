//! As much of the collector as an extension sees: `coldtrace.v1.Ingest/Export`.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use coldtrace_proto::v1::ExportRequest;
use http::{HeaderMap, HeaderValue, Request, Response};
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::scene::{patience, spawn};

/// How it takes requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    #[default]
    Answers,
    /// Takes connections and requests, and says nothing.
    Silent,
    /// Nothing listens on its port.
    Absent,
    /// The extension does not know of it.
    NotConfigured,
}

/// The collector.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    told: watch::Sender<Vec<ExportRequest>>,
}

impl Collector {
    pub(crate) async fn open(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address");
        let told = watch::Sender::new(Vec::new());
        if matches!(behaviour, Behaviour::Answers | Behaviour::Silent) {
            spawn(serve(listener, told.clone(), behaviour));
        }
        Self { address, told }
    }

    /// Every request that was answered, in order.
    pub(crate) fn told(&self) -> Vec<ExportRequest> {
        self.told.borrow().clone()
    }

    pub(crate) async fn wait_for(
        &self,
        is_told: impl Fn(&[ExportRequest]) -> bool,
    ) -> Vec<ExportRequest> {
        let mut told = self.told.subscribe();
        let told = patience(told.wait_for(|told| is_told(told))).await;
        told.expect("the collector goes on").clone()
    }
}

async fn serve(
    listener: TcpListener,
    told: watch::Sender<Vec<ExportRequest>>,
    behaviour: Behaviour,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let told = told.clone();
        spawn(async move {
            // An extension that ends cuts the connection.
            drop(connection(stream, told, behaviour).await);
        });
    }
}

async fn connection(
    stream: TcpStream,
    told: watch::Sender<Vec<ExportRequest>>,
    behaviour: Behaviour,
) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, mut reply) = accepted?;
        let told = told.clone();
        spawn(async move {
            let request = read(request).await;
            if behaviour == Behaviour::Silent {
                return std::future::pending().await;
            }
            told.send_modify(|told| told.push(request));
            let mut head = Response::new(());
            let grpc = HeaderValue::from_static("application/grpc");
            head.headers_mut().insert("content-type", grpc);
            let mut body = reply.send_response(head, false).expect("a reply");
            let empty = Bytes::from_static(&[0; 5]);
            body.send_data(empty, false).expect("a body");
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            body.send_trailers(trailers).expect("trailers");
        });
    }
    Ok(())
}

async fn read(request: Request<h2::RecvStream>) -> ExportRequest {
    assert_eq!(request.uri().path(), "/coldtrace.v1.Ingest/Export");
    let mut stream = request.into_body();
    let mut body = BytesMut::new();
    while let Some(data) = stream.data().await {
        let data = data.expect("data");
        let released = stream.flow_control().release_capacity(data.len());
        released.expect("as much as was taken");
        body.extend_from_slice(&data);
    }
    ExportRequest::decode(&body[5..]).expect("an ExportRequest")
}
