//! TLS for the ports that are served: certificate, key, and the authorities of clients, from files that may be replaced.
//!
//! The files are looked at when a connection comes, at most once a second; new connections get what is new. Invariant: files
//! that can't be used never replace ones that could.

use std::fmt::{self, Debug};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};
use tracing::{error, info};

use crate::config::Section;

/// Between two looks at the files.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Which files, if any: `tls_cert`, `tls_key`, `tls_client_ca`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// `None` for plain text.
    pub files: Option<TlsFiles>,
}

/// The files, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those between it and its authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities that clients' certificates must be from; without it clients need none.
    pub client_ca: Option<PathBuf>,
}

/// TLS as it is spoken now. Clones share it.
#[derive(Clone)]
pub struct Tls {
    shared: Arc<Shared>,
}

struct Shared {
    files: TlsFiles,
    /// Held for a line where nothing has changed, and else while three small files are read.
    state: Mutex<State>,
}

struct State {
    config: Arc<ServerConfig>,
    /// Of the files that were looked at last, used or not.
    stamps: Vec<Stamp>,
    looked: Instant,
}

/// By which it is seen that a file was replaced: its time, size and number.
type Stamp = Option<(i64, i64, u64, u64)>;

/// Why TLS can't be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or holds none of what it should.
    #[error("cannot use {} for TLS", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The authorities of clients can't be used.
    #[error("cannot use {} for clients' certificates", path.display())]
    Authority {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: VerifierBuilderError,
    },
    /// Certificate and key are no pair, or of a kind that is not supported.
    #[error("cannot use {} with its key for TLS", path.display())]
    Pair {
        /// The certificate.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::Error,
    },
}

// === impl TlsSettings ===

impl TlsSettings {
    /// Reads them, and tells which of the addresses would be served in plain text beyond this machine.
    pub fn read(section: &mut Section<'_>, listens: &[(&'static str, SocketAddr)]) -> Self {
        let cert = section.optional::<PathBuf>("tls_cert");
        let key = section.optional::<PathBuf>("tls_key");
        let client_ca = section.optional::<PathBuf>("tls_client_ca");
        let allow_plaintext = section.value("allow_plaintext", false);
        let is_plain = cert.is_none();
        if cert.is_some() != key.is_some() {
            let missing = if is_plain { "tls_cert" } else { "tls_key" };
            section.problem(missing, "is needed: tls_cert and tls_key come together");
        }
        if client_ca.is_some() && is_plain {
            section.problem("tls_client_ca", "needs tls_cert and tls_key");
        }
        let beyond = listens
            .iter()
            .filter(|(_, address)| !address.ip().is_loopback());
        for (listen, _) in beyond.filter(|_| is_plain && !allow_plaintext) {
            section.problem(
                listen,
                "can be reached from other machines, which would send their keys in plain text: set tls_cert and tls_key, \
                    or allow_plaintext = true where something in front of it speaks TLS",
            );
        }
        let files = cert.zip(key);
        Self {
            files: files.map(|(cert, key)| TlsFiles {
                cert,
                key,
                client_ca,
            }),
        }
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        match self.files {
            Some(_) => "https",
            None => "http",
        }
    }
}

// === impl TlsFiles ===

impl TlsFiles {
    fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let versions = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has ciphers for them");
        let clients = match &self.client_ca {
            Some(path) => versions.with_client_cert_verifier(verifier(path, provider)?),
            None => versions.with_no_client_auth(),
        };
        let key = PrivateKeyDer::from_pem_file(&self.key);
        let key = key.map_err(|source| unusable(&self.key, source))?;
        let pair = clients.with_single_cert(certificates(&self.cert)?, key);
        let mut config = pair.map_err(|source| TlsError::Pair {
            path: self.cert.clone(),
            source,
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn stamps(&self) -> Vec<Stamp> {
        let files = [&self.cert, &self.key].into_iter().chain(&self.client_ca);
        files
            .map(|path| {
                let file = fs::metadata(path).ok()?;
                Some((file.mtime(), file.mtime_nsec(), file.len(), file.ino()))
            })
            .collect()
    }
}

// === impl Tls ===

impl Tls {
    /// Reads the files; `None` for plain text.
    pub fn load(settings: TlsSettings) -> Result<Option<Self>, TlsError> {
        let Some(files) = settings.files else {
            return Ok(None);
        };
        // The stamps first: a file that is replaced between the two is read once more.
        let stamps = files.stamps();
        let state = State {
            config: files.load()?,
            stamps,
            looked: Instant::now(),
        };
        let shared = Shared {
            files,
            state: Mutex::new(state),
        };
        Ok(Some(Self {
            shared: Arc::new(shared),
        }))
    }

    /// For one connection, with the newest files that can be used.
    pub fn acceptor(&self) -> TlsAcceptor {
        let state = self.shared.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= LOOK_INTERVAL {
            state.look(&self.shared.files);
        }
        TlsAcceptor::from(Arc::clone(&state.config))
    }
}

impl Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.shared.files).finish()
    }
}

// === impl State ===

impl State {
    fn look(&mut self, files: &TlsFiles) {
        self.looked = Instant::now();
        let stamps = files.stamps();
        if stamps == self.stamps {
            return;
        }
        self.stamps = stamps;
        match files.load() {
            Ok(config) => {
                self.config = config;
                info!(cert = %files.cert.display(), "certificate replaced");
            }
            // Half of the files may be new: the other half changes the stamps again.
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                error!(
                    error,
                    "the new certificate can't be used; the one before stays"
                );
            }
        }
    }
}

fn verifier(
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let mut authorities = RootCertStore::empty();
    // What is no authority is left out; with none left, the builder tells.
    authorities.add_parsable_certificates(certificates(path)?);
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
    builder.build().map_err(|source| TlsError::Authority {
        path: path.to_owned(),
        source,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| unusable(path, source);
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(failed)?
        .collect();
    let certificates = certificates.map_err(failed)?;
    match certificates.is_empty() {
        true => Err(failed(rustls::pki_types::pem::Error::NoItemsFound)),
        false => Ok(certificates),
    }
}

fn unusable(path: &Path, source: rustls::pki_types::pem::Error) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn mistakes(given: &[(&str, &str)]) -> Vec<String> {
        let variables = given
            .iter()
            .map(|(key, value)| (format!("COLDTRACE_QUERY__{key}"), (*value).to_owned()));
        let mut settings = Settings::load(None, variables);
        let mut section = settings.section("query");
        let local = SocketAddr::from(([127, 0, 0, 1], 7070));
        let listen = section.value("listen", local);
        TlsSettings::read(&mut section, &[("listen", listen)]);
        let problems = settings
            .finish()
            .err()
            .map_or(Vec::new(), |problems| problems.0);
        problems.into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn plain_text_beyond_this_machine_is_a_mistake_unless_it_is_wanted() {
        let pair = [("TLS_CERT", "a.pem"), ("TLS_KEY", "b.pem")];
        let open = ("LISTEN", "0.0.0.0:7070");
        let none: [&str; 0] = [];
        assert_eq!(mistakes(&[]), none);
        assert_eq!(mistakes(&[open]), ["query.listen"]);
        assert_eq!(mistakes(&[open, ("ALLOW_PLAINTEXT", "true")]), none);
        assert_eq!(mistakes(&[open, pair[0], pair[1]]), none);
        assert_eq!(mistakes(&pair[..1]), ["query.tls_key"]);
        let all = [open, ("TLS_KEY", "b.pem"), ("TLS_CLIENT_CA", "c.pem")];
        assert_eq!(
            mistakes(&all),
            ["query.tls_cert", "query.tls_client_ca", "query.listen"],
            "all at once"
        );
    }

    #[test]
    fn a_file_that_can_not_be_used_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cert.pem");
        fs::write(&file, "not PEM").expect("written");
        let settings = TlsSettings {
            files: Some(TlsFiles {
                cert: file.clone(),
                key: file.clone(),
                client_ca: None,
            }),
        };
        let told = Tls::load(settings).expect_err("no key").to_string();
        assert!(told.contains("cert.pem"), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pair_that_is_replaced_is_taken_once_both_halves_are_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = TlsFiles {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
            client_ca: None,
        };
        let pair = || {
            let names = vec!["localhost".to_owned()];
            rcgen::generate_simple_self_signed(names).expect("a certificate")
        };
        let write_cert = |pem: &str| fs::write(&files.cert, pem).expect("written");
        let write_key = |pem: &str| fs::write(&files.key, pem).expect("written");
        let first = pair();
        write_cert(&first.cert.pem());
        write_key(&first.signing_key.serialize_pem());
        let settings = TlsSettings {
            files: Some(files.clone()),
        };
        let tls = Tls::load(settings).expect("a pair").expect("files");
        let in_force = || Arc::clone(tls.acceptor().config());
        let before = in_force();

        let second = pair();
        write_cert(&second.cert.pem());
        assert!(Arc::ptr_eq(&before, &in_force()), "not looked at again yet");
        tokio::time::advance(LOOK_INTERVAL).await;
        assert!(Arc::ptr_eq(&before, &in_force()), "half a pair is none");
        write_key(&second.signing_key.serialize_pem());
        tokio::time::advance(LOOK_INTERVAL).await;
        assert!(!Arc::ptr_eq(&before, &in_force()), "the new pair");
    }
}
