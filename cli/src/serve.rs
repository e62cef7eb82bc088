//! The long-running commands: what each consists of, from the configuration to the last flush.
//!
//! Shutdown, written once: the services stop accepting, drain, flush and close (each its own `run`); then the engine
//! stops, since the last flush goes there. A second signal ends the process at once.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use coldtrace_control::Rings;
use coldtrace_query::{Collector, Deployment};
use coldtrace_service::config::{Problem, Problems};
use coldtrace_service::health::Health;
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::{self, Shutdown};
use coldtrace_service::tasks::Tasks;
use coldtrace_service::{logging, memory};
use coldtrace_store::{Store, StoreConfig};
use tokio::sync::watch;
use tracing::{error, info};

use crate::Place;
use crate::control_watch::Control;
use crate::damage_watch;
use crate::data_dir::DataDir;
use crate::engine;
use crate::failure::Failure;
use crate::settings::{Config, say};
use crate::store_watch::{self, State};

/// For the services to drain and flush, once asked to end.
const DRAIN_DEADLINE: Duration = Duration::from_secs(20);
/// How long the addresses are held back for a store that is about to answer.
const READY_PATIENCE: Duration = Duration::from_secs(2);
/// For the embedded engine, whose start was seen, to take the schema.
const MIGRATE_DEADLINE: Duration = Duration::from_secs(60);

/// Which services a command runs.
#[derive(Clone, Copy)]
pub(crate) struct Services {
    pub(crate) collector: bool,
    pub(crate) query: bool,
}

/// Where the store is.
pub(crate) enum Backend {
    /// Somebody else's server, which may or may not answer.
    Server(StoreConfig),
    /// Our own child process, of this library.
    Embedded(PathBuf),
}

/// `coldtrace collector`.
pub(crate) fn collector(place: &Place) -> Result<(), Failure> {
    let services = Services {
        collector: true,
        query: false,
    };
    against_server(place, "collector", services)
}

/// `coldtrace query`.
pub(crate) fn query(place: &Place) -> Result<(), Failure> {
    let services = Services {
        collector: false,
        query: true,
    };
    against_server(place, "query", services)
}

fn against_server(place: &Place, role: &str, services: Services) -> Result<(), Failure> {
    let config = Config::load(&place.file)?;
    let server = config.store.server().ok_or_else(|| no_server(role))?;
    let data_dir = DataDir::take(place.data_dir.as_deref(), role)?;
    run(config, &data_dir, Backend::Server(server), services)
}

fn no_server(role: &str) -> Problems {
    Problems(vec![Problem {
        key: "store.url".to_owned(),
        source: "not set".to_owned(),
        message: format!(
            "`coldtrace {role}` needs a ClickHouse server, such as http://127.0.0.1:8123; `coldtrace up` brings an engine"
        ),
    }])
}

/// Runs services on a store until a signal.
pub(crate) fn run(
    config: Config,
    data_dir: &DataDir,
    backend: Backend,
    services: Services,
) -> Result<(), Failure> {
    memory::keep_one_heap();
    // Sends until everything else has ended.
    let _sender = logging::init_traced(
        config.log_format,
        &config.log_filter,
        &config.self_traces,
        "coldtrace",
    )
    .map_err(|error| Failure::failed("cannot start logging", error))?;
    let control = Control::open(config.control.remote()?, data_dir.path())
        .map_err(|error| Failure::failed("cannot tell who may send and read", error))?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::failed("cannot start the runtime", error))?;
    runtime.block_on(async {
        let (engine, server) = match backend {
            Backend::Server(server) => (None, server),
            Backend::Embedded(library) => {
                let engine = engine::start(&config.store.engine, library, data_dir.path()).await?;
                let server = engine.store_config();
                (Some(engine), server)
            }
        };
        let mut process = Process::new(server, engine.is_some(), control);
        let served = Box::pin(process.serve(config, data_dir, services)).await;
        process.end().await;
        if let Some(engine) = engine {
            engine.stop().await;
        }
        served
    })
}

/// What the services of one process share.
struct Process {
    store: Store,
    embedded: bool,
    registry: Registry,
    health: Health,
    shutdown: Shutdown,
    /// Heard when a service ends, whatever the reason.
    service_ended: Shutdown,
    tasks: Tasks,
    store_state: watch::Receiver<State>,
    rings: Rings,
    /// Whether keys and limits stand in the data folder, and not with another service.
    keeps_keys: bool,
}

/// Tells that a service ended when it is dropped: also when the service panicked.
struct TellsEnd(Shutdown);

// === impl Process ===

impl Process {
    fn new(server: StoreConfig, embedded: bool, control: Control) -> Self {
        let health = Health::new();
        let shutdown = Shutdown::new();
        let tasks = Tasks::new();
        let store = Store::connect(server);
        let registry = Registry::new();
        let not_asked_yet = State::Waiting("the store was not asked yet".to_owned());
        let (state_tx, store_state) = watch::channel(not_asked_yet);
        let component = health.component("store");
        // The watch outlives the services, so that the health page tells the truth while they drain.
        let watch = store_watch::run(
            store.clone(),
            component,
            state_tx,
            registry.clone(),
            shutdown.clone(),
        );
        tasks.spawn("store watch", watch);
        let watch = damage_watch::run(
            store.clone(),
            store_state.clone(),
            registry.clone(),
            shutdown.clone(),
        );
        tasks.spawn("damage watch", watch);
        let (rings, keeps_keys) = (control.rings.clone(), control.is_own);
        let component = health.component("keys");
        tasks.spawn("control watch", control.follow(component, shutdown.clone()));
        Self {
            store,
            embedded,
            registry,
            health,
            shutdown,
            service_ended: Shutdown::new(),
            tasks,
            store_state,
            rings,
            keeps_keys,
        }
    }

    async fn serve(
        &mut self,
        config: Config,
        data_dir: &DataDir,
        services: Services,
    ) -> Result<(), Failure> {
        if self.embedded {
            self.wait_until_ready(MIGRATE_DEADLINE).await;
        }
        let mut addresses = Vec::new();
        let mut deployment = Deployment {
            collector: None,
            keep_days: config.collector.keep_days,
            keeps_keys: self.keeps_keys,
        };
        if services.collector {
            let collector = self.start_collector(config.collector, data_dir).await?;
            let Collector { scheme, grpc, http } = collector;
            addresses.push(format!("OTLP over gRPC    {scheme}://{grpc}"));
            addresses.push(format!("OTLP over HTTP    {scheme}://{http}"));
            deployment.collector = Some(collector);
        }
        if services.query {
            let query = self.start_query(config.query, deployment, data_dir);
            addresses.push(query.await?);
        }
        self.announce(&addresses).await?;
        self.wait_for_end().await
    }

    async fn start_collector(
        &self,
        config: coldtrace_collector::Config,
        data_dir: &DataDir,
    ) -> Result<Collector, Failure> {
        let scheme = config.tls.scheme();
        let app = coldtrace_collector::App::build(
            config,
            self.store.clone(),
            self.rings.clone(),
            data_dir.path(),
            &self.registry,
            &self.health,
        )
        .await
        .map_err(Failure::build)?;
        let (grpc, http) = (app.grpc_addr(), app.http_addr());
        self.spawn_service("collector", app.run(self.shutdown.clone()));
        Ok(Collector { scheme, grpc, http })
    }

    async fn start_query(
        &self,
        config: coldtrace_query::Config,
        deployment: Deployment,
        data_dir: &DataDir,
    ) -> Result<String, Failure> {
        let scheme = config.tls.scheme();
        let app = coldtrace_query::App::build(
            config,
            deployment,
            self.store.clone(),
            self.rings.clone(),
            data_dir.path(),
            &self.registry,
            &self.health,
        )
        .await
        .map_err(Failure::build)?;
        let address = format!("ui and API        {scheme}://{}", app.addr());
        self.spawn_service("query", app.run(self.shutdown.clone()));
        Ok(address)
    }

    fn spawn_service(
        &self,
        name: &'static str,
        service: impl Future<Output = ()> + Send + 'static,
    ) {
        let tells_end = TellsEnd(self.service_ended.clone());
        self.tasks.spawn(name, async move {
            let _tells_end = tells_end;
            service.await;
        });
    }

    /// Prints the addresses, and why the store is not in use where it is not.
    async fn announce(&mut self, addresses: &[String]) -> Result<(), Failure> {
        self.wait_until_ready(READY_PATIENCE).await;
        let mut told = match &*self.store_state.borrow() {
            State::Ready => "coldtrace is ready\n".to_owned(),
            State::Waiting(why) => format!("coldtrace is up, but the store is not ready: {why}\n"),
        };
        for address in addresses {
            told.push_str(&format!("  {address}\n"));
        }
        say(&told)
    }

    async fn wait_until_ready(&mut self, patience: Duration) {
        let ready = self.store_state.wait_for(|state| *state == State::Ready);
        // Whether it became ready or not, the state is there to be read.
        drop(tokio::time::timeout(patience, ready).await);
    }

    async fn wait_for_end(&self) -> Result<(), Failure> {
        tokio::select! {
            signal = shutdown::signal() => {
                let signal = signal.map_err(|error| Failure::failed("cannot listen to signals", error))?;
                info!(signal, "shutting down");
                Ok(())
            }
            () = self.service_ended.wait() => {
                error!("a service ended; shutting down");
                Err(Failure::Told("a service ended by itself; its log says why".to_owned()))
            }
        }
    }

    /// Asks everything to end and waits for it; a second signal cuts that short.
    async fn end(&self) {
        self.tasks.expect_end();
        self.shutdown.trigger();
        tokio::select! {
            late = self.tasks.join_all(DRAIN_DEADLINE) => {
                if !late.is_empty() {
                    error!(?late, "not everything was drained; the log has what was acknowledged");
                }
            }
            _ = shutdown::signal() => error!("second signal; not draining"),
        }
    }
}

// === impl TellsEnd ===

impl Drop for TellsEnd {
    fn drop(&mut self) {
        self.0.trigger();
    }
}
