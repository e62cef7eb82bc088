//! What the store takes of its disk, looked at now and then and told as metrics.

use std::time::Duration;

use coldtrace_model::UnixNanos;
use coldtrace_service::metrics::Registry;
use coldtrace_store::{Store, Usage};
use tokio::time::Instant;
use tracing::debug;

use crate::failure::chain_of;

/// Between two looks: disks do not fill in less, and a server with many parts lists them all.
const INTERVAL: Duration = Duration::from_secs(30);

/// When the store was looked at last, and where that is told.
pub(super) struct UsageWatch {
    registry: Registry,
    looked: Option<Instant>,
}

// === impl UsageWatch ===

impl UsageWatch {
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry,
            looked: None,
        }
    }

    /// Looks if it is time to.
    pub(super) async fn look(&mut self, store: &Store) {
        if self
            .looked
            .is_some_and(|looked| looked.elapsed() < INTERVAL)
        {
            return;
        }
        match store.usage().await {
            Ok(usage) => self.tell(usage),
            // A user without the right to see system tables; that the store answers was seen just before.
            Err(error) => debug!(
                error = chain_of(&error),
                "what the store holds is not known"
            ),
        }
        self.looked = Some(Instant::now());
    }

    fn tell(&self, usage: Usage) {
        self.set(
            "coldtrace_store_disk_bytes",
            "What our tables take on the store's disk.",
            usage.disk_bytes,
        );
        self.set(
            "coldtrace_store_parts",
            "Parts of our tables that are in use.",
            usage.parts,
        );
        self.set(
            "coldtrace_store_partition_parts",
            "Parts in the partition that has most; ClickHouse slows inserts down by it.",
            usage.most_parts,
        );
        if let Some(free) = usage.free_bytes {
            self.set(
                "coldtrace_store_free_bytes",
                "Room on the fullest local disk of the store.",
                free,
            );
        }
        self.set(
            "coldtrace_store_measured_timestamp_seconds",
            "When the store was looked at for these numbers, in seconds since 1970.",
            UnixNanos::now().0 / 1_000_000_000,
        );
    }

    fn set(&self, name: &str, help: &str, value: u64) {
        let gauge = self.registry.gauge(name, help, &[]);
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    }
}
