//! Brings the store into use and watches it: migrated once it answers, and the health page told the truth all along.
//!
//! The collector does not wait for this: what it acknowledged stands in its log until the store takes it.

use std::time::Duration;

use coldtrace_service::health::Component;
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::{MigrateError, Store};
use tokio::sync::watch;
use tracing::{info, warn};

mod usage;

use crate::failure::chain_of;
use usage::UsageWatch;

/// Between two attempts while the store does not answer: short at first, so that a fresh start is quick.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// Between two looks at a store that answers.
const INTERVAL: Duration = Duration::from_secs(5);

/// Where the store stands, for whoever waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It does not answer, or can't be migrated. Says why.
    Waiting(String),
    /// Migrated and answering.
    Ready,
}

/// Runs until shutdown.
pub(crate) async fn run(
    store: Store,
    component: Component,
    state: watch::Sender<State>,
    registry: Registry,
    shutdown: Shutdown,
) {
    tokio::select! {
        () = watch_store(&store, &component, &state, registry) => {}
        () = shutdown.wait() => {}
    }
}

async fn watch_store(
    store: &Store,
    component: &Component,
    state: &watch::Sender<State>,
    registry: Registry,
) {
    let mut usage = UsageWatch::new(registry);
    let mut migrated = false;
    let mut retry = FIRST_RETRY;
    loop {
        match look(store, &mut migrated).await {
            Ok(()) => {
                if *state.borrow() != State::Ready {
                    info!("store is ready");
                }
                component.set_ready(true);
                state.send_replace(State::Ready);
                retry = FIRST_RETRY;
                usage.look(store).await;
                tokio::time::sleep(INTERVAL).await;
            }
            Err(why) => {
                let told = State::Waiting(why.clone());
                if *state.borrow() != told {
                    warn!(error = why, "store is not ready");
                }
                component.set_ready(false);
                component.set_detail(why);
                state.send_replace(told);
                tokio::time::sleep(retry).await;
                retry = (retry * 2).min(LAST_RETRY);
            }
        }
    }
}

async fn look(store: &Store, migrated: &mut bool) -> Result<(), String> {
    if !*migrated {
        store
            .migrate()
            .await
            .map_err(|error: MigrateError| chain_of(&error))?;
        *migrated = true;
        return Ok(());
    }
    store.ping().await.map_err(|error| chain_of(&error))
}
