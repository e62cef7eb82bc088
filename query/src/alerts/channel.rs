//! A channel's settings and secrets: what is kept of it as JSON, and what it is sent by.
//!
//! The address is one of the secrets, since those of Slack and many webhooks let in whoever knows them.

use std::collections::BTreeMap;
use std::fmt;

use coldtrace_alerts::{Format, KeyError, Signer, Timing};
use coldtrace_model::{Nanos, UnixNanos};
use serde::{Deserialize, Serialize};

mod check;

pub(crate) use check::mistakes;

/// PagerDuty's own, by region.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
const PAGERDUTY_EU: &str = "https://events.eu.pagerduty.com/v2/enqueue";
/// What an Alertmanager is pushed by, below its address.
const PUSH_PATH: &str = "/api/v2/alerts";
const SECOND: u64 = 1_000_000_000;
/// What stands for a secret.
pub(super) const HIDDEN: &str = "***";
/// In bytes: from here on a secret is told from a word, and a piece of an address from one.
const SHORTEST_SECRET: usize = 8;
const SHORTEST_PIECE: usize = 12;

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
    pub(crate) repeat: u64,
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
    /// What is sent with each message besides, by names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
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
    /// As everybody may see it.
    pub(crate) shown_url: String,
    pub(crate) signer: Option<Signer>,
    pub(crate) secrets: ChannelSecrets,
}

/// Why nothing can be sent to a channel. Repeats no secret.
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
    Key(#[from] KeyError),
}

// === impl ChannelSettings ===

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            is_default: true,
            group_by: vec!["alertname".to_owned(), "function".to_owned()],
            group_wait: 0,
            group_interval: 60,
            repeat: 4 * 3_600,
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
            repeat: seconds(self.repeat),
        }
    }
}

// === impl Region ===

impl Region {
    /// All that there are.
    pub(crate) const ALL: [Self; 2] = [Self::Us, Self::Eu];

    /// Its word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
        }
    }

    const fn url(self) -> &'static str {
        match self {
            Self::Us => PAGERDUTY,
            Self::Eu => PAGERDUTY_EU,
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
        let keys = self.signing_keys.iter().map(|one| one.key.as_str());
        let values = self.headers.values().map(String::as_str);
        // Of `Bearer …` what follows is the secret.
        let words = values.clone().flat_map(|value| value.split(' '));
        let whole = self.url.iter().chain(&self.routing_key).map(String::as_str);
        let path = self.url.as_deref().and_then(secret_part).unwrap_or("");
        let bare = path.trim_matches(['/', '?', '#']);
        let pieces = path.split(['/', '?', '#', '&', '=']);
        let pieces = pieces.filter(|piece| piece.len() >= SHORTEST_PIECE);
        let all = whole.chain(keys).chain(values).chain(words);
        let mut all: Vec<&str> = all.chain([path, bare]).chain(pieces).collect();
        all.retain(|secret| secret.len() >= SHORTEST_SECRET);
        // What another is a part of goes first.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }

    /// Names of those that there are.
    pub(crate) fn names(&self) -> Vec<String> {
        let path = self.url.as_deref().and_then(secret_part);
        let has_path = path.is_some_and(|path| path.len() > 1);
        let named = [
            ("url", has_path),
            ("signing_key", !self.signing_keys.is_empty()),
            ("routing_key", self.routing_key.is_some()),
        ];
        let named = named.into_iter().filter(|(_, is_set)| *is_set);
        let headers = self.headers.keys().map(|name| format!("headers.{name}"));
        named
            .map(|(name, _)| name.to_owned())
            .chain(headers)
            .collect()
    }
}

/// Where a channel is, as everybody may see it: what follows the host is hidden, and of Slack, where that is always a secret, it
/// is left out.
pub(crate) fn shown_url(
    format: Format,
    settings: &ChannelSettings,
    secrets: &ChannelSecrets,
) -> String {
    let Some(url) = &secrets.url else {
        return match format {
            Format::Pagerduty => settings.region.url().to_owned(),
            _ => String::new(),
        };
    };
    let secret = secret_part(url).unwrap_or_default();
    let host = receiver_of(url);
    match (secret.len(), format) {
        (0 | 1, _) => url.clone(),
        (_, Format::Slack) => host.to_owned(),
        _ => format!("{host}/{HIDDEN}"),
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
        let url = match format {
            Format::Pagerduty => given.unwrap_or_else(|| settings.region.url().to_owned()),
            Format::Alertmanager => pushed_to(&given.ok_or(ChannelError::NoUrl)?),
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
            shown_url: shown_url(format, settings, &secrets),
            url,
            signer,
            secrets,
        })
    }
}

/// What the receiver of a kind understands.
pub(crate) fn format_of(kind: &str) -> Result<Format, ChannelError> {
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

/// Of an address, what stands before that: who gets what is sent there.
pub(crate) fn receiver_of(url: &str) -> &str {
    let secret = secret_part(url).unwrap_or_default();
    url.strip_suffix(secret).unwrap_or_default()
}

/// Of an address, what follows its host.
fn secret_part(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.find(['/', '?', '#'])
        .and_then(|place| rest.get(place..))
}

#[cfg(test)]
mod tests;
