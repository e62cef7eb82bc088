//! Alerts, as far as they read, keep and send: what they mean is told in `coldtrace-alerts`.

mod about;
mod address;
mod alerting;
mod channel;
mod config;
mod deliver;
pub(crate) mod evaluator;
mod files;
mod in_force;
mod keep;
mod metrics;
mod muted;
mod notices;
pub(crate) mod read;
mod shared;
pub(crate) mod watch;
pub(crate) mod why;

pub(crate) use address::Own;
pub use address::{AllowList, Policy};
pub(crate) use alerting::Alerting;
pub use config::{AlertsConfig, RulePaths};
pub use files::check_rule_files;
pub(crate) use shared::{Alerts, AskError, TenantAlerts};

#[cfg(test)]
pub(crate) use deliver::become_deliverer;
#[cfg(test)]
pub(crate) use shared::{alerts_in, alerts_of_file};
