//! Alerts, as far as they read, keep and send: what they mean is told in `coldtrace-alerts`.

mod about;
mod address;
mod alerting;
mod backtest;
pub(crate) mod channel;
mod config;
mod deliver;
pub(crate) mod evaluator;
mod files;
pub(crate) mod groups;
mod in_force;
mod keep;
mod metrics;
pub(crate) mod muted;
mod notices;
pub(crate) mod random;
pub(crate) mod read;
mod shared;
pub(crate) mod watch;
pub(crate) mod why;

pub(crate) use address::Own;
pub use address::{AllowList, Policy};
pub(crate) use alerting::Alerting;
pub(crate) use backtest::BacktestError;
pub use config::{AlertsConfig, RulePaths};
pub(crate) use deliver::try_channel;
pub use files::check_rule_files;
pub(crate) use files::{RuleFile, tenant_of};
pub(crate) use in_force::{InForce, rule_of, rules_of_files, starter_rules};
pub(crate) use keep::states_of;
pub(crate) use muted::Muted;
pub(crate) use shared::{Alerts, AskError, TenantAlerts};

#[cfg(test)]
pub(crate) use deliver::{Receiver, Reply, become_deliverer};
#[cfg(test)]
pub(crate) use shared::{alerts_in, alerts_of_file, alerts_sending};
