//! The service as a whole: the one place where everything is wired.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use coldtrace_control::{DbError, Gate, Rings};
use coldtrace_service::health::{self, About, Component, Health};
use coldtrace_service::metrics::Registry;
use coldtrace_service::serve::serve;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_service::tls::{Tls, TlsError};
use coldtrace_store::Store;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use tracing::info;

use crate::alerts::{Alerting, Alerts, Own};
use crate::deployment::Intake;
use crate::http::{self, Answers, Api, Cookies};
use crate::journey::Limits;
use crate::keyring::Keyring;
use crate::settle::Settle;
use crate::tail::Tails;
use crate::{Config, Deployment};

/// For requests in flight to be answered, once asked to end.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);

/// A query service that has its address and serves when run.
pub struct App {
    listener: TcpListener,
    addr: SocketAddr,
    tls: Option<Tls>,
    router: Router,
    tails: Tails,
    settle: Settle,
    alerting: Option<Alerting>,
    component: Component,
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The address can't be had.
    #[error("cannot listen on {addr} (query.listen)")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What is kept of alerts can't be had.
    #[error("what is kept of alerts can't be read")]
    Alerts(#[from] DbError),
    /// What is kept of keys can't be had.
    #[error("what is kept of keys can't be read")]
    Keys(#[source] DbError),
    /// The certificate or its key could not be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl App {
    /// `rings` says who may read; `data_dir` holds the control database. Takes the address; nothing is served before [`App::run`].
    pub async fn build(
        config: Config,
        deployment: Deployment,
        store: Store,
        rings: Rings,
        data_dir: &Path,
        registry: &Registry,
        health: &Health,
    ) -> Result<Self, BuildError> {
        let listening = |source| BuildError::Listen {
            addr: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listening)?;
        let addr = listener.local_addr().map_err(listening)?;
        let component = health.component("query");
        component.set_detail("not serving yet");
        let about_itself = health::router(&About::new(registry.clone(), health.clone()));
        let settle = Settle::new(&store, config.settle, registry);
        let own = Own {
            listen: vec![addr],
            public_url: config.alerts.public_url.clone(),
        };
        let alerts = Alerts::open(config.alerts, data_dir, own)?;
        let alerting = match alerts.config().enabled {
            true => Some(Alerting::new(&alerts, &store, &rings, data_dir, registry)?),
            false => None,
        };
        let keyring = match deployment.keeps_keys {
            true => Keyring::open(rings.clone(), data_dir).map_err(BuildError::Keys)?,
            false => Keyring::elsewhere(rings.clone()),
        };
        let gate = Gate::new(rings, config.listen.ip().is_loopback());
        let intake = Intake::new(config.otlp, deployment);
        let api = Api::new(store, Limits::default(), gate, alerts, intake, keyring);
        let tails = api.tails().clone();
        let tls = Tls::load(config.tls)?;
        let cookies = match tls {
            Some(_) => Cookies::Secure,
            None => Cookies::Plain,
        };
        let answers = Answers::lasting(config.keep_answers, registry);
        let router = http::router(api, answers, cookies, about_itself, registry);
        Ok(Self {
            listener,
            addr,
            tls,
            router,
            tails,
            settle,
            alerting,
            component,
        })
    }

    /// Where it listens; the port is the system's where 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves, settles and alerts until asked to end, then answers what is in flight.
    pub async fn run(self, shutdown: Shutdown) {
        info!(addr = %self.addr, "query service started");
        self.component.set_ready(true);
        let router = self.router;
        let handler = move |request| {
            let answered = router.clone().oneshot(request);
            async {
                let Ok(answer) = answered.await;
                answer
            }
        };
        let ended = shutdown.child();
        let serving = async {
            serve(self.listener, self.tls, handler, shutdown, DRAIN_DEADLINE).await;
            // The rest ends with serving, whatever ended that.
            ended.trigger();
        };
        let tailing = async {
            // They would last until the deadline.
            ended.wait().await;
            self.tails.end();
        };
        let alerting = async {
            if let Some(alerting) = self.alerting {
                alerting.run(ended.clone()).await;
            }
        };
        tokio::join!(serving, tailing, alerting, self.settle.run(ended.clone()));
        self.component.set_ready(false);
        self.component.set_detail("ended");
        info!("query service ended");
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use coldtrace_service::config::Settings;
    use coldtrace_store::StoreConfig;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    async fn built(port: u16, health: &Health) -> Result<App, BuildError> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let store = Store::connect(StoreConfig {
            url: "http://127.0.0.1:9".to_owned(),
            user: "default".to_owned(),
            password: String::new(),
            database: "coldtrace".to_owned(),
        });
        let mut settings = Settings::load(None, []);
        let config = Config {
            listen,
            ..Config::read(&mut settings)
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (rings, registry) = (Rings::default(), Registry::new());
        let deployment = Deployment {
            collector: None,
            keep_days: 14,
            keeps_keys: true,
        };
        App::build(
            config,
            deployment,
            store,
            rings,
            folder.path(),
            &registry,
            health,
        )
        .await
    }

    #[tokio::test]
    async fn it_serves_without_a_store_until_it_is_asked_to_end() {
        let (health, shutdown) = (Health::new(), Shutdown::new());
        let app = built(0, &health).await.expect("a free port");
        assert!(!health.is_ready(), "not before it serves");
        let addr = app.addr();
        let client = async {
            let mut connection = TcpStream::connect(addr).await.expect("it listens");
            let request = b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            connection.write_all(request).await.expect("it reads");
            let mut answer = String::new();
            connection
                .read_to_string(&mut answer)
                .await
                .expect("it answers");
            shutdown.trigger();
            answer
        };
        let (answer, ()) = tokio::join!(client, app.run(shutdown.clone()));
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(!health.is_ready(), "not any more");
    }

    #[tokio::test]
    async fn an_address_in_use_is_told_with_its_key() {
        let health = Health::new();
        let first = built(0, &health).await.expect("a free port");
        let error = built(first.addr().port(), &health)
            .await
            .err()
            .expect("it is taken");
        let told = error.to_string();
        assert_eq!(
            told,
            format!("cannot listen on {} (query.listen)", first.addr())
        );
    }
}
