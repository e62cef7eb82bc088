//! Wires the collector, and ends it in order: stop accepting > drain > flush > close.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use coldtrace_control::{Gate, Rings};
use coldtrace_model::UnixNanos;
use coldtrace_service::health::{About, Component, Health};
use coldtrace_service::metrics::Registry;
use coldtrace_service::serve::serve;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_service::tasks::Tasks;
use coldtrace_service::tls::{Tls, TlsError};
use coldtrace_store::Store;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::{info, warn};

use crate::Config;
use crate::admit::{Admit, Shared};
use crate::fair::{Fair, Turns};
use crate::insert::{Destination, Inserter};
use crate::log::{Log, Opened, Options};
use crate::metrics::{AdmitMetrics, InsertMetrics};
use crate::otlp::cors::Cors;
use crate::otlp::{grpc, http};
use crate::receive::Memory;
use crate::resend::Resends;

/// For requests that are under way.
const DRAIN_DEADLINE: Duration = Duration::from_secs(5);
/// For what the log holds to reach the store; what does not stays in the log.
const FLUSH_DEADLINE: Duration = Duration::from_secs(10);
/// For the lanes to end once nobody sends to them.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);
/// Cuts that are built and inserted at one time.
const INSERTS: usize = 2;

/// The collector, listening.
pub struct App {
    grpc: TcpListener,
    http: TcpListener,
    grpc_addr: SocketAddr,
    http_addr: SocketAddr,
    tls: Option<Tls>,
    admit: Admit,
    about: About,
    cors: Cors,
    lanes: Tasks,
    inserters: Tasks,
    flush: Shutdown,
    health: Component,
    _log_lock: File,
}

/// Why the collector could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address could not be had.
    #[error("cannot listen on {address} ({key})")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The setting that changes it.
        key: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The certificate or its key could not be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The log could not be opened.
    #[error("cannot open the collector's log in {}", folder.display())]
    Log {
        /// Where.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

// === impl App ===

impl App {
    /// `rings` says who may send. Binds the addresses and opens the log in the data folder. What an earlier process left there begins to go to the
    /// store at once.
    pub async fn build(
        config: Config,
        store: Store,
        rings: Rings,
        data_dir: &Path,
        registry: &Registry,
        health: &Health,
    ) -> Result<Self, BuildError> {
        Self::build_on(config, store.writer(), rings, data_dir, registry, health).await
    }

    async fn build_on(
        config: Config,
        destination: impl Destination,
        rings: Rings,
        data_dir: &Path,
        registry: &Registry,
        health: &Health,
    ) -> Result<Self, BuildError> {
        let about = About::new(registry.clone(), health.clone());
        let health = health.component("collector");
        let (grpc, grpc_addr) = listen(config.grpc_listen, "collector.grpc_listen").await?;
        let (http, http_addr) = listen(config.http_listen, "collector.http_listen").await?;
        let tls = Tls::load(config.tls.clone())?;
        let mut options = Options::new(data_dir.join("log"), config.log_cap.0);
        options.acknowledge = config.acknowledge;
        let (lanes, inserters) = (Tasks::new(), Tasks::new());
        let flush = Shutdown::new();
        let opened = open_log(&options, &lanes, &flush, registry).await?;
        let inserter = Inserter {
            destination,
            slots: Arc::new(Semaphore::new(INSERTS)),
            flush: flush.clone(),
            quarantine: options.quarantine(),
            seen: Arc::clone(&opened.seen),
            process: opened.process,
            metrics: InsertMetrics::new(registry),
        };
        for feed in opened.feeds {
            // Ends by itself, when its lane hands out no more.
            inserters.spawn_finite("inserter", inserter.clone().run(feed));
        }
        let resends = Resends::default();
        resends.remember(&opened.acknowledged, UnixNanos::now());
        let admit = Admit::new(Shared {
            gate: Gate::new(rings, config.is_local()),
            fair: Fair::new(registry),
            limit: config.body_limit.0,
            keep_days: config.keep_days,
            memory: Memory::new(config.memory_cap.0),
            readers: Turns::new(options.lanes),
            log: opened.log,
            resends,
            metrics: AdmitMetrics::new(registry),
        });
        health.set_ready(true);
        Ok(Self {
            grpc,
            http,
            grpc_addr,
            http_addr,
            tls,
            admit,
            about,
            cors: config.allowed_origins,
            lanes,
            inserters,
            flush,
            health,
            _log_lock: opened.lock,
        })
    }

    /// Where gRPC is served.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr
    }

    /// Where HTTP is served.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Serves until asked to end, then brings what was acknowledged into the store, as far as it takes it in time.
    pub async fn run(self, shutdown: Shutdown) {
        info!(grpc = %self.grpc_addr, http = %self.http_addr, "collector started");
        let (over_grpc, over_http) = (self.admit.clone(), self.admit);
        let (about, cors) = (self.about, self.cors);
        let grpc = move |request| grpc::handle(over_grpc.clone(), request);
        let http =
            move |request| http::handle(over_http.clone(), about.clone(), cors.clone(), request);
        // Each ends its listener, its connections, and with the last of them its way to the log.
        tokio::join!(
            serve(
                self.grpc,
                self.tls.clone(),
                grpc,
                shutdown.clone(),
                DRAIN_DEADLINE
            ),
            serve(self.http, self.tls, http, shutdown, DRAIN_DEADLINE),
        );
        self.health.set_ready(false);
        self.health.set_detail("shutting down");
        self.flush.trigger();
        let late = self.inserters.join_all(FLUSH_DEADLINE).await;
        if !late.is_empty() {
            warn!("the store did not take all in time; the log keeps the rest");
        }
        self.lanes.join_all(CLOSE_DEADLINE).await;
    }
}

async fn listen(
    address: SocketAddr,
    key: &'static str,
) -> Result<(TcpListener, SocketAddr), BuildError> {
    let failed = |source| BuildError::Listen {
        address,
        key,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn open_log(
    options: &Options,
    lanes: &Tasks,
    flush: &Shutdown,
    registry: &Registry,
) -> Result<Opened, BuildError> {
    let (lanes, flush, registry) = (lanes.clone(), flush.clone(), registry.clone());
    let owned = options.clone();
    let opening = move || Log::open(&owned, &lanes, &flush, &registry);
    // It reads whatever earlier processes left.
    let opened = tokio::task::spawn_blocking(opening).await;
    let opened = opened.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    opened.map_err(|source| BuildError::Log {
        folder: options.folder.clone(),
        source,
    })
}

#[cfg(test)]
mod tests;
