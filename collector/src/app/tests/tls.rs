//! Both ports over TLS: who is trusted, by whom, and that certificates are replaced without a restart.

use coldtrace_service::tls::TlsFiles;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::*;

/// Signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, in PEM.
struct Pair {
    cert: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn sign(&self) -> Pair {
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair {
            cert,
            key: key.serialize_pem(),
        }
    }

    fn certificate(&self) -> Certificate {
        Certificate::from_pem(&self.pem)
    }
}

impl Pair {
    fn write(&self, folder: &Path) -> TlsFiles {
        let files = TlsFiles {
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
            client_ca: None,
        };
        std::fs::write(&files.cert, &self.cert).unwrap();
        std::fs::write(&files.key, &self.key).unwrap();
        files
    }

    fn identity(&self) -> Identity {
        Identity::from_pem(&self.cert, &self.key)
    }
}

fn start(folder: &Path, files: TlsFiles) -> Collector {
    Collector::start_with(folder, &Fake::default(), |config| {
        config.tls = TlsSettings { files: Some(files) };
    })
}

/// Whether a client that trusts so is served.
fn is_served(collector: &Collector, trusted: &Authority, identity: Option<Identity>) -> bool {
    let mut tls = ClientTlsConfig::new()
        .ca_certificate(trusted.certificate())
        .domain_name("localhost");
    if let Some(identity) = identity {
        tls = tls.identity(identity);
    }
    let address = format!("https://{}", collector.grpc);
    let endpoint = Endpoint::from_shared(address)
        .unwrap()
        .tls_config(tls)
        .unwrap();
    collector.runtime.block_on(async {
        let Ok(channel) = endpoint.connect().await else {
            return false;
        };
        // Without a client's certificate, TLS 1.3 tells only when something is read.
        IngestClient::new(channel).export(batch(1)).await.is_ok()
    })
}

#[test]
fn only_who_trusts_its_authority_talks_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let collector = start(folder.path(), authority.sign().write(folder.path()));
    assert!(is_served(&collector, &authority, None));
    assert!(!is_served(&collector, &stranger, None), "another authority");
    let plain = Channel::from_shared(format!("http://{}", collector.grpc)).unwrap();
    let plain = collector.runtime.block_on(async {
        match plain.connect().await {
            Ok(channel) => IngestClient::new(channel).export(batch(1)).await.is_ok(),
            Err(_) => false,
        }
    });
    assert!(!plain, "plain text is not understood");
    collector.stop();
}

#[test]
fn where_clients_need_a_certificate_only_the_right_one_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, clients) = (Authority::new(), Authority::new());
    let client_ca = folder.path().join("clients.pem");
    std::fs::write(&client_ca, &clients.pem).unwrap();
    let files = TlsFiles {
        client_ca: Some(client_ca),
        ..authority.sign().write(folder.path())
    };
    let collector = start(folder.path(), files);
    let served = |identity| is_served(&collector, &authority, identity);
    assert!(served(Some(clients.sign().identity())));
    assert!(!served(None), "no certificate");
    assert!(
        !served(Some(authority.sign().identity())),
        "of another authority"
    );
    collector.stop();
}

#[test]
fn a_certificate_is_replaced_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Authority::new(), Authority::new());
    let collector = start(folder.path(), first.sign().write(folder.path()));
    assert!(is_served(&collector, &first, None));
    second.sign().write(folder.path());
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !is_served(&collector, &second, None) {
        assert!(std::time::Instant::now() < deadline, "within seconds");
    }
    assert!(!is_served(&collector, &first, None));
    collector.stop();
}
