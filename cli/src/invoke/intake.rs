//! A collector that keeps what it is sent, for as long as the command runs.

use std::sync::{Arc, Mutex, PoisonError};

use coldtrace_proto::v1::ingest_server::{Ingest, IngestServer};
use coldtrace_proto::v1::{ExportReply, ExportRequest};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use crate::failure::Failure;

/// As large as an extension's buffer.
const MAX_MESSAGE: usize = 16 << 20;

/// It listens until this is dropped.
pub(super) struct Intake {
    /// `http://...`
    pub(super) endpoint: String,
    taken: Taken,
    _server: JoinSet<()>,
}

#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<ExportRequest>>>);

// === impl Intake ===

impl Intake {
    pub(super) async fn open() -> Result<Self, Failure> {
        let failed = |error| Failure::failed("cannot listen on loopback", error);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(failed)?);
        let taken = Taken::default();
        let service = IngestServer::new(taken.clone()).max_decoding_message_size(MAX_MESSAGE);
        let mut server = JoinSet::new();
        server.spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            let served = tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(incoming);
            if let Err(error) = served.await {
                tracing::error!(%error, "what the extension sends can't be taken");
            }
        });
        Ok(Self {
            endpoint,
            taken,
            _server: server,
        })
    }

    /// Each batch once, in the order in which they came.
    pub(super) fn taken(&self) -> Vec<ExportRequest> {
        self.taken.lock().clone()
    }
}

// === impl Taken ===

impl Taken {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<ExportRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl Ingest for Taken {
    async fn export(
        &self,
        request: Request<ExportRequest>,
    ) -> Result<Response<ExportReply>, Status> {
        let request = request.into_inner();
        let mut taken = self.lock();
        if taken.iter().all(|one| one.batch_id != request.batch_id) {
            taken.push(request);
        }
        Ok(Response::new(ExportReply::default()))
    }
}
