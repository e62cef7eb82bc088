//! How a message looks to each kind of receiver. Bodies alone: no addresses, no secrets, no signatures.
//!
//! Invariant: whatever stands in an alert, a body keeps to what its receiver takes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::group::Message;
use crate::notice::{Link, Transition};

mod alertmanager;
mod pagerduty;
mod slack;
mod trial;
mod webhook;
mod words;

pub use alertmanager::firing_until;
pub use pagerduty::with_routing_key;
pub use trial::trial;

/// What a receiver understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Standard Webhooks, with everything that there is.
    Webhook,
    /// An incoming webhook of Slack.
    Slack,
    /// PagerDuty's Events API v2: an event for each alert.
    Pagerduty,
    /// What is pushed to an Alertmanager's API v2.
    Alertmanager,
    /// What an Alertmanager sends to webhooks, version 4.
    AlertmanagerWebhook,
}

/// What bodies say of us.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// What the channel is called.
    pub channel: &'a str,
    /// Where people find us; empty if that is not configured.
    pub url: &'a str,
}

/// The bodies that tell a message, in the order in which they are to be sent. JSON.
pub fn bodies(format: Format, message: &Message, sender: Sender<'_>) -> Vec<String> {
    let one = |body: Value| vec![body.to_string()];
    match format {
        Format::Webhook => one(webhook::body(message)),
        Format::Slack => one(slack::body(message)),
        Format::Pagerduty => pagerduty::events(message, sender),
        Format::Alertmanager => one(alertmanager::push(message)),
        Format::AlertmanagerWebhook => one(alertmanager::webhook(message, sender)),
    }
}

impl Format {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Pagerduty => "pagerduty",
            Self::Alertmanager => "alertmanager",
            Self::AlertmanagerWebhook => "alertmanager_webhook",
        }
    }
}

/// The pages of an alert that open from anywhere.
fn links(transition: &Transition) -> impl Iterator<Item = &Link> {
    let links = transition.why.links.iter();
    links.filter(|link| is_absolute(&link.href))
}

/// Whether a receiver can open it. What is longer is none of ours, and no receiver takes it.
fn is_absolute(href: &str) -> bool {
    let is_web = href.starts_with("https://") || href.starts_with("http://");
    is_web && href.len() <= 2_000 && !href.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests;
