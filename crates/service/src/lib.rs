//! The chassis that every long-running process stands on: configuration, connections, logging, metrics, named tasks, phased
//! shutdown, health, memory.
//!
//! What is not here: anything that knows a span. Invariant: this crate depends on no other crate of the workspace, so
//! that each of them may use it.
#![warn(missing_docs)]

pub mod config;
pub mod health;
pub mod logging;
pub mod memory;
pub mod metrics;
pub mod self_traces;
pub mod serve;
pub mod shutdown;
pub mod tasks;
pub mod tls;
