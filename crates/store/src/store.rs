//! A ClickHouse server as this program sees it: where it is, and the ways in.
//!
//! Not here: whether it is embedded. Connecting does no I/O; a server that is away is told by whoever asks it something.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clickhouse::error::Error;
use clickhouse::{Client, Compression};
use coldtrace_model::Tenant;
use tokio::time::timeout;

use crate::error::{StoreError, sorted};
use crate::{Reader, Settler, Writer};

/// A server that takes longer for a small question is as good as away.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a ClickHouse server is and as whom to talk to it.
#[derive(Clone)]
pub struct StoreConfig {
    /// Its HTTP address, such as `http://127.0.0.1:8123`.
    pub url: String,
    /// User.
    pub user: String,
    /// The user's password, may be empty.
    pub password: String,
    /// The database that holds our tables; made by [`Store::migrate`] where it is absent.
    pub database: String,
}

/// A ClickHouse server. Clones share their connections.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    config: StoreConfig,
    client: Client,
}

// === impl StoreConfig ===

impl fmt::Debug for StoreConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoreConfig")
            .field("url", &self.url)
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

// === impl Store ===

impl Store {
    /// Takes note of a server. Nothing is sent.
    pub fn connect(config: StoreConfig) -> Self {
        let client = Client::default()
            .with_url(&config.url)
            .with_user(&config.user)
            .with_password(&config.password)
            .with_database(&config.database)
            .with_compression(compression(&config.url))
            .with_product_info("coldtrace", env!("CARGO_PKG_VERSION"));
        Self {
            shared: Arc::new(Shared { config, client }),
        }
    }

    /// Asks the server for a sign of life, as our user.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let client = self.unbound_client();
        self.within_patience(client.query("SELECT 1").execute())
            .await
    }

    /// What writes.
    pub fn writer(&self) -> Writer {
        Writer::new(self.clone())
    }

    /// What reads one tenant's data.
    pub fn reader(&self, tenant: Tenant) -> Reader {
        Reader::new(self.clone(), tenant)
    }

    /// What computes derived tables.
    pub fn settler(&self) -> Settler {
        Settler::new(self.clone())
    }

    /// The client, bound to our database.
    pub(crate) fn client(&self) -> &Client {
        &self.shared.client
    }

    /// The client, bound to a database that is there on every server: ours may not be yet.
    pub(crate) fn unbound_client(&self) -> Client {
        self.shared.client.clone().with_database("system")
    }

    pub(crate) fn config(&self) -> &StoreConfig {
        &self.shared.config
    }

    /// The outcome of a small question, which no server needs long for.
    pub(crate) async fn within_patience<T>(
        &self,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let answered = timeout(PATIENCE, question).await;
        let answered = answered.unwrap_or(Err(Error::TimedOut));
        answered.map_err(|error| self.error(error))
    }

    /// What went wrong, with the server's address.
    pub(crate) fn error(&self, error: Error) -> StoreError {
        sorted(&self.shared.config.url, error)
    }
}

/// On loopback compressing costs more than it saves.
fn compression(url: &str) -> Compression {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let is_loopback = ["127.", "localhost", "[::1]"]
        .iter()
        .any(|host| authority.starts_with(host));
    match is_loopback {
        true => Compression::None,
        false => Compression::Lz4,
    }
}
