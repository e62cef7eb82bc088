//! As much of the collector as an extension sees: `coldtrace.v1.Ingest/Export`.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use coldtrace_proto::v1::ExportRequest;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::scene::{patience, spawn};

/// Longer than the flush budget of these tests, shorter than the extension waits where it holds nothing.
const SLOW: Duration = Duration::from_millis(1_500);

/// How it takes requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    #[default]
    Answers,
    /// Takes connections and requests, and says nothing.
    Silent,
    /// Takes requests and says that it can't take them now.
    Unavailable,
    /// Answers after longer than any budget.
    Slow,
    /// Ends the connection in the middle of a request.
    Dies,
    /// Nothing listens on its port.
    Absent,
    /// The extension does not know of it.
    NotConfigured,
}

/// The collector.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    told: watch::Sender<Vec<ExportRequest>>,
    behaviour: watch::Sender<Behaviour>,
}

impl Collector {
    /// With TLS where it is told how.
    pub(crate) async fn open(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address");
        let told = watch::Sender::new(Vec::new());
        let is_there = !matches!(behaviour, Behaviour::Absent | Behaviour::NotConfigured);
        let behaviour = watch::Sender::new(behaviour);
        if is_there {
            let served = Served {
                told: told.clone(),
                behaviour: behaviour.subscribe(),
            };
            spawn(serve(listener, tls, served));
        }
        Self {
            address,
            told,
            behaviour,
        }
    }

    /// From the next request on.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
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

#[derive(Clone)]
struct Served {
    told: watch::Sender<Vec<ExportRequest>>,
    behaviour: watch::Receiver<Behaviour>,
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, served: Served) {
    while let Ok((stream, _)) = listener.accept().await {
        let (served, tls) = (served.clone(), tls.clone());
        spawn(async move {
            // An extension that ends cuts the connection.
            match tls {
                None => drop(connection(stream, served).await),
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        drop(connection(stream, served).await);
                    }
                }
            }
        });
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    served: Served,
) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, reply) = accepted?;
        let behaviour = *served.behaviour.borrow();
        if behaviour == Behaviour::Dies {
            return Ok(());
        }
        spawn(answer(request, reply, served.told.clone(), behaviour));
    }
    Ok(())
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut reply: SendResponse<Bytes>,
    told: watch::Sender<Vec<ExportRequest>>,
    behaviour: Behaviour,
) {
    let request = read(request).await;
    let mut head = Response::new(());
    let grpc = HeaderValue::from_static("application/grpc");
    head.headers_mut().insert("content-type", grpc);
    match behaviour {
        Behaviour::Silent => return std::future::pending().await,
        Behaviour::Slow => tokio::time::sleep(SLOW).await,
        Behaviour::Unavailable => {
            let unavailable = HeaderValue::from_static("14");
            head.headers_mut().insert("grpc-status", unavailable);
            drop(reply.send_response(head, true));
            return;
        }
        _ => {}
    }
    told.send_modify(|told| told.push(request));
    // Whoever waited no longer is not told.
    let Ok(mut body) = reply.send_response(head, false) else {
        return;
    };
    drop(body.send_data(Bytes::from_static(&[0; 5]), false));
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    drop(body.send_trailers(trailers));
}

async fn read(request: Request<h2::RecvStream>) -> ExportRequest {
    assert_eq!(request.uri().path(), "/coldtrace.v1.Ingest/Export");
    let mut stream = request.into_body();
    let mut body = BytesMut::new();
    while let Some(data) = stream.data().await {
        // Cut off.
        let Ok(data) = data else { break };
        let released = stream.flow_control().release_capacity(data.len());
        released.expect("as much as was taken");
        body.extend_from_slice(&data);
    }
    ExportRequest::decode(body.get(5..).unwrap_or_default()).expect("an ExportRequest")
}
