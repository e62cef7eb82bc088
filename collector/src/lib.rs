//! The collector: receives spans and facts, makes them durable, acknowledges, and files them in the store.
//!
//! The way of a request: `otlp` | `ingest` > `admit` > `log` (> acknowledged) > `batch` > `insert`. Not here:
//! queries, rebuilding, SQL. Invariant: nothing is acknowledged before it is synced to the log, and nothing leaves the
//! log before the store has confirmed it or it was set aside in a file.
#![warn(missing_docs)]

mod admit;
mod app;
mod auth;
mod batch;
mod config;
mod fair;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod ingest;
mod insert;
mod log;
mod metrics;
mod otlp;
mod receive;
mod resend;
#[cfg(feature = "bench")]
pub mod stages;
mod status;
mod unpack;

pub use app::{App, BuildError};
pub use config::Config;
pub use log::Acknowledge;

#[cfg(test)]
coldtrace_testkit::engine_child!();
