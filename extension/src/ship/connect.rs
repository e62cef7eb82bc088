//! Connections: TCP, TLS over it where the endpoint asks for it, HTTP/2 or HTTP/1.1 on top.

use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, rustls};

use super::SendError;
use crate::config::destination::Endpoint;
use crate::log::{self, Level};
use crate::tasks;

/// How requests are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// One that is open.
#[derive(Debug)]
pub(super) enum Requests {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(SendRequest<Bytes>),
}

/// Makes them. Certificates are read with the first that needs some: not before the runtime starts.
#[derive(Debug)]
pub(super) struct Connector {
    ca: Option<std::path::PathBuf>,
    roots: Option<Arc<RootCertStore>>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

// === impl Version ===

impl Version {
    const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

// === impl Connector ===

impl Connector {
    pub(super) const fn new(ca: Option<std::path::PathBuf>) -> Self {
        Self { ca, roots: None }
    }

    pub(super) async fn connect(
        &mut self,
        endpoint: &Endpoint,
        version: Version,
    ) -> Result<Requests, SendError> {
        let address = (endpoint.host.as_str(), endpoint.port);
        let tcp = TcpStream::connect(address)
            .await
            .map_err(SendError::Connect)?;
        tcp.set_nodelay(true).map_err(SendError::Connect)?;
        let stream: Box<dyn Stream> = match endpoint.is_tls {
            false => Box::new(tcp),
            true => {
                let name = ServerName::try_from(endpoint.host.clone());
                let name = name.map_err(|error| SendError::Tls(error.to_string()))?;
                let connecting = self.tls(version)?.connect(name, tcp).await;
                Box::new(connecting.map_err(SendError::Connect)?)
            }
        };
        match version {
            Version::Http1 => {
                let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
                tasks::spawn("collector connection", async {
                    told(connection.await);
                });
                Ok(Requests::Http1(requests))
            }
            Version::Http2 => {
                let (requests, connection) = h2::client::handshake(stream).await?;
                tasks::spawn("collector connection", async {
                    told(connection.await);
                });
                Ok(Requests::Http2(requests))
            }
        }
    }

    fn tls(&mut self, version: Version) -> Result<TlsConnector, SendError> {
        let roots = match &self.roots {
            Some(roots) => Arc::clone(roots),
            None => {
                let roots = Arc::new(self.read_roots()?);
                self.roots = Some(Arc::clone(&roots));
                roots
            }
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| SendError::Tls(error.to_string()))?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![version.alpn().to_vec()];
        Ok(Arc::new(config).into())
    }

    fn read_roots(&self) -> Result<RootCertStore, SendError> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.ca else {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            return Ok(roots);
        };
        let unusable = |why: String| SendError::Tls(format!("{}: {why}", path.display()));
        let certificates = CertificateDer::pem_file_iter(path);
        for certificate in certificates.map_err(|error| unusable(error.to_string()))? {
            let added = certificate.map(|certificate| roots.add(certificate));
            match added {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(unusable(error.to_string())),
                Err(error) => return Err(unusable(error.to_string())),
            }
        }
        match roots.is_empty() {
            true => Err(unusable("has no certificate".to_owned())),
            false => Ok(roots),
        }
    }
}

fn told(ended: Result<(), impl std::fmt::Display>) {
    if let Err(error) = ended {
        log::line(
            Level::Debug,
            "collector connection ended",
            &[("error", &error)],
        );
    }
}
