//! Alerts, as far as they read, keep and send: what they mean is told in `coldtrace-alerts`.

mod about;
mod address;
mod channel;
mod config;
mod deliver;
mod files;
mod muted;
mod notices;
pub(crate) mod read;
mod service;
pub(crate) mod watch;
pub(crate) mod why;

pub use config::AlertsConfig;

#[cfg(test)]
pub(crate) use deliver::become_deliverer;
