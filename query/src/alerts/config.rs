//! Section `alerts` of the configuration.

use std::time::Duration;

use coldtrace_service::config::{HumanDuration, Section};

use super::address::{AllowList, Policy};

/// What comes within it is not late: the collector batches for seconds, and extensions send after an invocation.
const DELAY: Duration = Duration::from_secs(60);
const MOST_DELAY: Duration = Duration::from_secs(600);

/// How alerts are evaluated and sent.
#[derive(Clone, Debug)]
pub struct AlertsConfig {
    /// Whether this process evaluates and sends at all.
    pub enabled: bool,
    /// How long after its end a minute is evaluated.
    pub delay: Duration,
    /// Where people find us, such as `https://traces.example.com`, without a slash at its end; links begin with it. Empty if it
    /// is not known.
    pub public_url: String,
    /// Which addresses messages may go to.
    pub addresses: Policy,
}

impl AlertsConfig {
    /// Reads the section.
    pub fn read(section: &mut Section<'_>) -> Self {
        let enabled = section.value("enabled", true);
        let delay = section.value("delay", HumanDuration(DELAY)).0;
        if delay > MOST_DELAY {
            section.problem(
                "delay",
                "must be at most 10m: what fires is told so much later",
            );
        }
        let public_url = section.optional::<String>("public_url").unwrap_or_default();
        let is_web = public_url.starts_with("https://") || public_url.starts_with("http://");
        if !public_url.is_empty() && !is_web {
            section.problem("public_url", "must begin with https:// or http://");
        }
        let addresses = Policy {
            is_private_allowed: section.value("allow_private_addresses", false),
            allowed: section.value("allowed_addresses", AllowList::default()),
        };
        Self {
            enabled,
            delay,
            public_url: public_url.trim_end_matches('/').to_owned(),
            addresses,
        }
    }
}
