//! The query service: the HTTP API of `query/openapi.yaml`, and the ui from the binary itself.
//!
//! In the background it settles what counts (`settle`), evaluates rules and sends alerts (`alerts`).
//!
//! What is not here: SQL (the reader in `coldtrace-store`), and what a journey means (`coldtrace-analysis`). Nothing is kept
//! between requests, but for what a tail has told (`tail`). Invariant: a reply is what the store holds now, or an error that says why not; never a silent part of it.

mod alerts;
mod app;
mod changes;
mod compare;
mod config;
mod cost;
mod deployment;
mod explain;
mod http;
mod journey;
mod keyring;
mod logs;
mod operations;
mod pieces;
mod reply;
mod sample;
mod search;
mod settle;
mod stretches;
mod suggest;
mod tail;
#[cfg(test)]
mod tests;

pub use alerts::{AlertsConfig, AllowList, Policy, RulePaths, check_rule_files};
pub use app::{App, BuildError};
pub use config::Config;
pub use deployment::{Collector, Deployment, PublicUrls};
pub use settle::SettleConfig;

#[cfg(test)]
coldtrace_testkit::engine_child!();

#[cfg(test)]
#[test]
#[ignore = "not a test: the process that evaluates and sends, which tests kill"]
fn deliverer_child() {
    alerts::become_deliverer();
}
