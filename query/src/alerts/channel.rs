//! A channel's settings and secrets: what is kept of it as JSON, and what it is sent by.
//!
//! The address is one of the secrets, since those of Slack and many webhooks let in whoever knows them.

use std::fmt;

use coldtrace_alerts::{Format, KeyError, Signer, Timing};
use coldtrace_model::{Nanos, UnixNanos};
use serde::{Deserialize, Serialize};

use super::address::{Own, Policy, UrlError, check_url};

/// PagerDuty's own, by region.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
const PAGERDUTY_EU: &str = "https://events.eu.pagerduty.com/v2/enqueue";
/// What an Alertmanager is pushed by, below its address.
const PUSH_PATH: &str = "/api/v2/alerts";
const SECOND: u64 = 1_000_000_000;
const MOST_NAMES: usize = 20;

/// What everybody may see of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ChannelSettings {
    /// Whether it is told of the alerts of rules that name no channel.
    pub(crate) is_default: bool,
    /// By which labels alerts are told together.
    pub(crate) group_by: Vec<String>,
    /// Seconds: for others that come along, between two messages, and until it is told again.
    pub(crate) group_wait: u64,
    pub(crate) group_interval: u64,
    pub(crate) repeat_interval: u64,
    /// Of PagerDuty.
    pub(crate) region: Region,
}

/// Where PagerDuty keeps an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Region {
    #[default]
    Us,
    Eu,
}

/// What nobody sees again. Not printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ChannelSecrets {
    /// Where it is. Of PagerDuty, only where that is not PagerDuty's own.
    pub(crate) url: Option<String>,
    /// What is signed by, the newest first.
    pub(crate) signing_keys: Vec<SigningKey>,
    /// Of PagerDuty: which service's.
    pub(crate) routing_key: Option<String>,
    /// The whole header, such as `Bearer …`.
    pub(crate) authorization: Option<String>,
}

/// A key that is signed by until it ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SigningKey {
    pub(crate) key: String,
    /// Unix nanoseconds; absent for the one in force.
    #[serde(default)]
    pub(crate) until: Option<u64>,
}

/// A channel as it is sent to.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) format: Format,
    pub(crate) url: String,
    pub(crate) signer: Option<Signer>,
    pub(crate) secrets: ChannelSecrets,
}

/// Why there can be no such channel. Repeats no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelError {
    #[error(
        "there is no kind of channel {0}: webhook, slack, pagerduty, alertmanager or alertmanager_webhook"
    )]
    Kind(String),
    #[error("the channel's settings can't be read")]
    Json(#[from] serde_json::Error),
    #[error("a channel needs an address (url)")]
    NoUrl,
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("a webhook is signed: it needs a signing key")]
    NoKey,
    #[error(
        "PagerDuty needs a routing key: 32 letters and digits of an integration by Events API v2"
    )]
    RoutingKey,
    #[error("the authorization is no header: printable ASCII is, up to 4096 characters")]
    Authorization,
    #[error(
        "group_interval must be 10 to 86400 seconds, repeat_interval 60 to 2592000, group_wait at most 3600"
    )]
    Times,
    #[error("group_by has at most {MOST_NAMES} names of labels")]
    GroupBy,
}

// === impl ChannelSettings ===

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            is_default: true,
            group_by: vec!["alertname".to_owned(), "function".to_owned()],
            group_wait: 0,
            group_interval: 60,
            repeat_interval: 4 * 3_600,
            region: Region::Us,
        }
    }
}

impl ChannelSettings {
    /// How long its groups wait.
    pub(crate) fn timing(&self) -> Timing {
        let seconds = |seconds: u64| Nanos(seconds.saturating_mul(SECOND));
        Timing {
            wait: seconds(self.group_wait),
            interval: seconds(self.group_interval),
            repeat: seconds(self.repeat_interval),
        }
    }

    fn check(&self) -> Result<(), ChannelError> {
        let is_sensible = self.group_wait <= 3_600
            && (10..=86_400).contains(&self.group_interval)
            && (60..=2_592_000).contains(&self.repeat_interval);
        if !is_sensible {
            return Err(ChannelError::Times);
        }
        let is_named = |name: &String| !name.is_empty() && name.len() <= 200;
        match self.group_by.len() <= MOST_NAMES && self.group_by.iter().all(is_named) {
            true => Ok(()),
            false => Err(ChannelError::GroupBy),
        }
    }
}

// === impl ChannelSecrets ===

impl fmt::Debug for ChannelSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelSecrets(***)")
    }
}

impl ChannelSecrets {
    /// Another key comes first; those before it are signed by as well for as long as `grace` says.
    pub(crate) fn rotate(&mut self, key: String, grace: Nanos, now: UnixNanos) {
        let is_good = |one: &SigningKey| one.until.is_none_or(|until| until > now.0);
        self.signing_keys.retain(is_good);
        for one in &mut self.signing_keys {
            let until = now.plus(grace).0;
            one.until = Some(one.until.map_or(until, |earlier| earlier.min(until)));
        }
        self.signing_keys.insert(0, SigningKey { key, until: None });
        // What signs has a bound; with a long grace and many rotations the oldest go early.
        self.signing_keys.truncate(4);
    }

    /// Text without any of them, as far as they are long enough to be told from words.
    pub(crate) fn hide(&self, text: &str) -> String {
        let keys = self.signing_keys.iter().map(|one| &one.key);
        let path = self.url.as_ref().and_then(|url| secret_part(url));
        let all = self
            .url
            .iter()
            .chain(&self.routing_key)
            .chain(&self.authorization)
            .chain(keys)
            .map(String::as_str)
            .chain(path);
        let long = all.filter(|secret| secret.len() >= 8);
        long.fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }

    /// Its address as everybody may see it: without path and query.
    pub(crate) fn shown_url(&self) -> Option<String> {
        let url = self.url.as_ref()?;
        let secret = secret_part(url).unwrap_or_default();
        let shown = url.strip_suffix(secret).unwrap_or_default();
        Some(match secret.len() {
            0 | 1 => url.clone(),
            _ => format!("{shown}/***"),
        })
    }
}

// === impl Target ===

impl Target {
    /// A channel as it was kept. Keys that have ended are not signed by.
    pub(crate) fn read(
        kind: &str,
        settings: &str,
        secrets: &str,
        now: UnixNanos,
    ) -> Result<Self, ChannelError> {
        let settings: ChannelSettings = serde_json::from_str(settings)?;
        let secrets: ChannelSecrets = serde_json::from_str(secrets)?;
        Self::of(format_of(kind)?, &settings, secrets, now)
    }

    fn of(
        format: Format,
        settings: &ChannelSettings,
        secrets: ChannelSecrets,
        now: UnixNanos,
    ) -> Result<Self, ChannelError> {
        let given = secrets.url.clone();
        let url = match (format, settings.region) {
            (Format::Pagerduty, Region::Us) => given.unwrap_or_else(|| PAGERDUTY.to_owned()),
            (Format::Pagerduty, Region::Eu) => given.unwrap_or_else(|| PAGERDUTY_EU.to_owned()),
            (Format::Alertmanager, _) => pushed_to(&given.ok_or(ChannelError::NoUrl)?),
            _ => given.ok_or(ChannelError::NoUrl)?,
        };
        let keys = secrets.signing_keys.iter();
        let in_force = keys.filter(|one| one.until.is_none_or(|until| until > now.0));
        let in_force: Vec<&str> = in_force.map(|one| one.key.as_str()).collect();
        let is_signed = matches!(format, Format::Webhook | Format::AlertmanagerWebhook);
        let signer = match is_signed && !in_force.is_empty() {
            true => Some(Signer::new(&in_force)?),
            false => None,
        };
        Ok(Self {
            format,
            url,
            signer,
            secrets,
        })
    }
}

/// Whether a channel may be made: everything that can be told before something is sent.
pub(crate) fn check_channel(
    kind: &str,
    settings: &ChannelSettings,
    secrets: &ChannelSecrets,
    own: &Own,
    policy: &Policy,
    now: UnixNanos,
) -> Result<(), ChannelError> {
    settings.check()?;
    let target = Target::of(format_of(kind)?, settings, secrets.clone(), now)?;
    check_url(&target.url, own, policy)?;
    if target.format == Format::Webhook && target.signer.is_none() {
        return Err(ChannelError::NoKey);
    }
    let routing_key = secrets.routing_key.as_deref().unwrap_or_default();
    let is_key = routing_key.len() == 32 && routing_key.bytes().all(|b| b.is_ascii_alphanumeric());
    if target.format == Format::Pagerduty && !is_key {
        return Err(ChannelError::RoutingKey);
    }
    let authorization = secrets.authorization.as_deref().unwrap_or_default();
    let is_header = authorization
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte));
    match is_header && authorization.len() <= 4_096 {
        true => Ok(()),
        false => Err(ChannelError::Authorization),
    }
}

/// What the receiver of a kind understands.
pub(super) fn format_of(kind: &str) -> Result<Format, ChannelError> {
    let quoted = serde_json::Value::from(kind);
    serde_json::from_value(quoted).map_err(|_| ChannelError::Kind(kind.chars().take(50).collect()))
}

fn pushed_to(url: &str) -> String {
    let base = url.trim_end_matches('/');
    match base.ends_with(PUSH_PATH) {
        true => base.to_owned(),
        false => format!("{base}{PUSH_PATH}"),
    }
}

/// Of an address, what follows its host.
fn secret_part(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.find(['/', '?']).and_then(|place| rest.get(place..))
}

#[cfg(test)]
mod tests;
