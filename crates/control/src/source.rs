//! Where the ring comes from: the control database of the same data folder, or a query service on another machine.
//!
//! Both are asked again and again, and both cost next to nothing while nothing changes. What a query service told is kept in
//! a file, so that a collector starts and goes on without it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use crate::db::{Db, DbError};
use crate::ring::{Ring, RingError};

/// In the data folder.
const FILE: &str = "keys.json";
/// For the query service to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of the answer, in bytes: some hundred thousand keys.
const LIMIT: u64 = 64 << 20;
/// Below the address of the query service.
const PATH: &str = "/api/v1/control/keys";

/// A place that is asked for the ring.
#[derive(Debug)]
pub struct Source {
    from: From,
}

/// A query service on another machine.
#[derive(Clone)]
pub struct Remote {
    /// Its address, such as `https://coldtrace.internal:7070`.
    pub url: String,
    /// A key of scope `admin`.
    pub api_key: String,
    /// The authorities that its certificate may be from, in PEM; `None` for those of the web.
    pub ca: Option<Vec<u8>>,
}

/// Why the ring is not known. What was known before stays in force.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The database of this folder can't be read.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The query service did not answer, or with an error.
    #[error("cannot fetch the ring of keys from {url}")]
    Fetch {
        /// Whom.
        url: String,
        /// Why not.
        #[source]
        source: Box<ureq::Error>,
    },
    /// What it answered makes no sense.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// The authorities can't be read.
    #[error("the certificates of control.ca are not PEM")]
    Ca,
    /// The file that keeps it can't be used.
    #[error("cannot keep the ring of keys in {}", path.display())]
    Keep {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

#[derive(Debug)]
enum From {
    Database { db: Db, version: i64, told: String },
    Service(Service),
}

struct Service {
    remote: Remote,
    agent: Agent,
    file: PathBuf,
    told: String,
}

// === impl Source ===

impl Source {
    /// The control database of a data folder, and what it holds now.
    pub fn database(data_dir: &Path) -> Result<(Self, Ring), SourceError> {
        let db = Db::open(data_dir)?;
        // The version first: what is written between the two is read once more.
        let version = db.version()?;
        let ring = db.ring()?;
        let told = ring.to_json();
        let from = From::Database { db, version, told };
        Ok((Self { from }, ring))
    }

    /// A query service on another machine, and what it said last. `None` where it was never heard and does not answer now.
    pub fn service(remote: Remote, data_dir: &Path) -> Result<(Self, Option<Ring>), SourceError> {
        let mut service = Service::new(remote, data_dir)?;
        let ring = service.kept()?;
        let from = From::Service(service);
        Ok((Self { from }, ring))
    }

    /// The ring, if it has changed since it was last asked for. Blocks.
    pub fn poll(&mut self) -> Result<Option<Ring>, SourceError> {
        match &mut self.from {
            From::Database { db, version, told } => {
                let newest = db.version()?;
                if newest == *version {
                    return Ok(None);
                }
                let ring = db.ring()?;
                *version = newest;
                // Alerts are kept in the same file, and written far more often.
                let json = ring.to_json();
                if json == *told {
                    return Ok(None);
                }
                *told = json;
                Ok(Some(ring))
            }
            From::Service(service) => service.poll(),
        }
    }
}

// === impl Service ===

impl Service {
    fn new(remote: Remote, data_dir: &Path) -> Result<Self, SourceError> {
        let mut tls = TlsConfig::builder();
        if let Some(ca) = &remote.ca {
            tls = tls.root_certs(RootCerts::Specific(authorities(ca)?.into()));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .tls_config(tls.build())
            // The key goes to nobody else.
            .max_redirects(0)
            .build();
        Ok(Self {
            agent: Agent::new_with_config(config),
            file: data_dir.join(FILE),
            told: String::new(),
            remote,
        })
    }

    /// What was told before this process began.
    fn kept(&mut self) -> Result<Option<Ring>, SourceError> {
        match fs::read_to_string(&self.file) {
            Ok(told) => {
                let ring = Ring::from_json(&told)?;
                self.told = told;
                Ok(Some(ring))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.cannot_keep(source)),
        }
    }

    fn poll(&mut self) -> Result<Option<Ring>, SourceError> {
        let told = self.fetch().map_err(|source| SourceError::Fetch {
            url: self.remote.url.clone(),
            source: Box::new(source),
        })?;
        if told == self.told {
            return Ok(None);
        }
        let ring = Ring::from_json(&told)?;
        self.keep(&told)
            .map_err(|source| self.cannot_keep(source))?;
        self.told = told;
        Ok(Some(ring))
    }

    fn fetch(&self) -> Result<String, ureq::Error> {
        let url = format!("{}{PATH}", self.remote.url.trim_end_matches('/'));
        let key = format!("Bearer {}", self.remote.api_key);
        let mut reply = self.agent.get(&url).header("authorization", &key).call()?;
        reply.body_mut().with_config().limit(LIMIT).read_to_string()
    }

    /// Whole or not at all.
    fn keep(&self, told: &str) -> io::Result<()> {
        let fresh = self.file.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(told.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.file)
    }

    fn cannot_keep(&self, source: io::Error) -> SourceError {
        SourceError::Keep {
            path: self.file.clone(),
            source,
        }
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("url", &self.remote.url)
            .finish_non_exhaustive()
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate<'static>>, SourceError> {
    let mut authorities = Vec::new();
    for item in ureq::tls::parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => authorities.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(SourceError::Ca),
        }
    }
    match authorities.is_empty() {
        true => Err(SourceError::Ca),
        false => Ok(authorities),
    }
}
