//! What the collector counts of requests and of inserts. The log counts for itself, but for what others find damaged in it.

use coldtrace_service::metrics::{Counter, Histogram, Registry};
use coldtrace_store::native::Table;

use crate::admit::Transport;
use crate::admit::tally::{ByItem, ByReason, Item, Reason};
use crate::log::Signal;
use crate::status::Refusal;

/// Of requests.
#[derive(Clone, Debug)]
pub(crate) struct AdmitMetrics {
    registry: Registry,
    /// Of requests that were acknowledged.
    accepted: ByItem<Counter>,
    /// One by one.
    rejected: ByReason<Counter>,
    /// Requests that had come before.
    pub(crate) resent: Counter,
}

/// Of inserts.
#[derive(Clone, Debug)]
pub(crate) struct InsertMetrics {
    registry: Registry,
    pub(crate) took: Histogram,
    /// No clear answer.
    pub(crate) ambiguous: Counter,
    /// Certainly not stored.
    pub(crate) unavailable: Counter,
    /// Found absent though it was said to be stored.
    pub(crate) absent: Counter,
    /// Refused for good.
    pub(crate) rejected: Counter,
    /// Stretches of the log, as the log itself counts them when it is opened.
    pub(crate) damaged: Counter,
}

/// What was synced and can't be read any more, whoever finds it.
pub(crate) fn log_damaged(registry: &Registry) -> Counter {
    registry.counter(
        "coldtrace_collector_log_damaged_total",
        "Stretches of the log that were synced and can't be read any more; they were set aside.",
        &[],
    )
}

// === impl AdmitMetrics ===

impl AdmitMetrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let rejected = |item: Item, reason: Reason| {
            registry.counter(
                "coldtrace_collector_rejected_items_total",
                "Spans, log records and facts that were rejected one by one.",
                &[("item", item.as_str()), ("reason", reason.as_str())],
            )
        };
        Self {
            registry: registry.clone(),
            accepted: Item::ALL.map(|item| {
                registry.counter(
                    "coldtrace_collector_accepted_rows_total",
                    "Spans, log records and facts that were taken.",
                    &[("item", item.as_str())],
                )
            }),
            rejected: Item::ALL.map(|item| Reason::ALL.map(|reason| rejected(item, reason))),
            resent: registry.counter(
                "coldtrace_collector_resent_requests_total",
                "Requests that had come before and were not stored again.",
                &[],
            ),
        }
    }

    /// What became of a request's items.
    pub(crate) fn add(&self, taken: ByItem<u64>, rejected: ByReason<u64>) {
        for (counter, count) in self.accepted.iter().zip(taken) {
            counter.add(count);
        }
        let rejected = rejected.into_iter().flatten();
        for (counter, count) in self.rejected.iter().flatten().zip(rejected) {
            counter.add(count);
        }
    }

    /// One request, and how it was answered.
    pub(crate) fn count(&self, signal: Signal, transport: Transport, refusal: Option<&Refusal>) {
        let transport = match transport {
            Transport::Grpc => "grpc",
            Transport::Http => "http",
        };
        let status = refusal.map_or(200, |refusal| refusal.http().as_u16());
        let labels = [
            ("signal", signal.as_str()),
            ("transport", transport),
            ("status", &status.to_string()),
        ];
        let requests = self.registry.counter(
            "coldtrace_collector_requests_total",
            "Requests by how they were answered, in the numbers of HTTP.",
            &labels,
        );
        requests.inc();
    }
}

// === impl InsertMetrics ===

impl InsertMetrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let outcome = |outcome| {
            registry.counter(
                "coldtrace_collector_insert_failures_total",
                "Inserts that were not confirmed at once.",
                &[("outcome", outcome)],
            )
        };
        Self {
            took: registry.histogram(
                "coldtrace_collector_insert_seconds",
                "One insert of one block.",
                &[],
            ),
            ambiguous: outcome("ambiguous"),
            unavailable: outcome("unavailable"),
            absent: outcome("absent"),
            rejected: outcome("rejected"),
            damaged: log_damaged(registry),
            registry: registry.clone(),
        }
    }

    /// Rows that the store has confirmed.
    pub(crate) fn inserted(&self, table: Table, rows: u64) {
        let rows_total = self.registry.counter(
            "coldtrace_collector_inserted_rows_total",
            "Rows that the store has confirmed.",
            &[("table", table.name())],
        );
        rows_total.add(rows);
    }
}
