//! Everything that runs during a demo: Coldtrace, the town, the shop; opened in that order, closed in the opposite one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_service::tasks::Tasks;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::DemoArguments;
use super::api::Api;
use super::backend::{Backend, Ports};
use super::ledger::Ledger;
use super::orders::{Burst, Order};
use super::pager::Pager;
use super::shop::Shop;
use super::town;

/// How long a customer waits: longer than any time limit of the shop.
const PATIENCE: Duration = Duration::from_secs(30);
/// For requests in flight when the town closes; by then all functions have ended.
const TOWN_DEADLINE: Duration = Duration::from_secs(1);

/// What runs.
pub(super) struct Stage {
    /// Behind a lock, since a kill replaces the process while traffic goes on.
    pub(super) backend: Mutex<Backend>,
    pub(super) shop: Arc<Shop>,
    pub(super) ledger: Ledger,
    pub(super) pager: Pager,
    pub(super) api: Api,
    town: String,
    customers: ureq::Agent,
    tasks: Tasks,
    shutdown: Shutdown,
}

impl Stage {
    /// Opens everything.
    pub(super) async fn open(
        arguments: &DemoArguments,
        data_dir: &Path,
        ports: Ports,
    ) -> anyhow::Result<Self> {
        let rules = arguments.functions.join("alerts.toml");
        let backend = Backend::start(data_dir, ports, &rules).await?;
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("listen on loopback")?;
        let town = format!("http://{}", listener.local_addr()?);
        let ledger = Ledger::default();
        let shop = Arc::new(Shop::open(
            arguments,
            &town,
            &backend.addresses().grpc,
            ledger.clone(),
        ));
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
        let pager = Pager::new();
        let router = town::router(
            Arc::clone(&shop),
            ledger.clone(),
            pager.clone(),
            arguments.seed,
        );
        let closing = shutdown.clone();
        tasks.spawn("town", async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(async move { closing.wait().await });
            if let Err(error) = served.await {
                tracing::error!(%error, "the town's server failed");
            }
        });
        let customers = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let api = Api::new(&backend.addresses().api);
        api.page(&format!("{town}/pager")).await?;
        Ok(Self {
            api,
            backend: Mutex::new(backend),
            shop,
            ledger,
            pager,
            town,
            customers,
            tasks,
            shutdown,
        })
    }

    /// Customers who come together; returns when each has an answer. What the answer is, is the ledger's business.
    pub(super) async fn serve(&self, burst: Burst) {
        let mut customers = JoinSet::new();
        for order in burst {
            let (agent, url) = (
                self.customers.clone(),
                format!("{}/functions/checkout", self.town),
            );
            customers.spawn_blocking(move || place(&agent, &url, &order));
        }
        customers.join_all().await;
    }

    /// Waits for the receipts, then shuts every sandbox down as Lambda does, with time for the extensions to flush.
    pub(super) async fn close_shop(&self) {
        self.shop.close().await;
        self.tasks.expect_end();
        self.shutdown.trigger();
        self.tasks.join_all(TOWN_DEADLINE).await;
    }

    /// Stops Coldtrace. The shop should be closed by then.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.backend.into_inner().stop().await
    }
}

fn place(agent: &ureq::Agent, url: &str, order: &Order) {
    let body = order.body().to_string();
    let answer = agent
        .post(url)
        .header("content-type", "application/json")
        .send(body.as_bytes())
        .and_then(|mut answer| Ok((answer.status(), answer.body_mut().read_json::<Value>()?)));
    match answer {
        Ok((status, body)) => {
            tracing::debug!(order = order.number, twist = ?order.twist, %status, %body, "served");
        }
        Err(error) => {
            tracing::warn!(order = order.number, %error, "a customer went without an answer");
        }
    }
}
