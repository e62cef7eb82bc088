//! Section `alerts` of the configuration.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use coldtrace_service::config::{HumanDuration, Section};

use super::address::{AllowList, Policy};

/// What comes within it is not late: the collector batches for seconds, and extensions send after an invocation.
const DELAY: Duration = Duration::from_secs(60);
const MOST_DELAY: Duration = Duration::from_secs(600);

/// Files, as in `/etc/coldtrace/team-a.toml, /etc/coldtrace/team-b.toml`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RulePaths(pub Vec<PathBuf>);

/// How alerts are evaluated and sent.
#[derive(Clone, Debug)]
pub struct AlertsConfig {
    /// Whether this process evaluates and sends at all.
    pub enabled: bool,
    /// How long after its end a minute is evaluated.
    pub delay: Duration,
    /// Files of rules, read again whenever they change.
    pub rules: RulePaths,
    /// Whether the rules to start with are in force, each unless a rule of a file has its name.
    pub starter_rules: bool,
    /// Where people find us, such as `https://traces.example.com`, without a slash at its end; links begin with it. Empty if it
    /// is not known.
    pub public_url: String,
    /// Which addresses messages may go to.
    pub addresses: Policy,
}

// === impl RulePaths ===

impl fmt::Debug for RulePaths {
    /// As it is configured.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<_> = self
            .0
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        f.write_str(&paths.join(", "))
    }
}

impl FromStr for RulePaths {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let paths = text.split(',').map(str::trim);
        let paths = paths.filter(|path| !path.is_empty());
        Ok(Self(paths.map(PathBuf::from).collect()))
    }
}

// === impl AlertsConfig ===

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
            rules: section.value("rules", RulePaths::default()),
            starter_rules: section.value("starter_rules", true),
            public_url: public_url.trim_end_matches('/').to_owned(),
            addresses,
        }
    }
}
