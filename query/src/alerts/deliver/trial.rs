//! A channel is tried: a beginning and its end are sent now, once, and stand in the log like all that is sent.
//!
//! What comes of it disables no channel and enables none: somebody looks at it.

use coldtrace_alerts::{Message, Sender as About, trial};
use coldtrace_control::{Attempt, Channel, DbError, NewEntry, Secrets};
use coldtrace_model::UnixNanos;
use tokio::sync::OwnedSemaphorePermit;

use super::retry::Answer;
use super::send::{Letter, not_sent};
use super::unreadable;
use crate::alerts::channel::{ChannelError, Target, format_of};
use crate::alerts::notices::entries;
use crate::alerts::{AskError, TenantAlerts};

/// Sends a trial to a channel, and tells under which id its log says what came of it: that of what did not arrive, or else of
/// the beginning. It is finished whether or not somebody waits for it, and has its turn until then.
pub(crate) async fn try_channel(
    alerts: &TenantAlerts,
    channel: Channel,
    secrets: Secrets,
    turn: OwnedSemaphorePermit,
) -> Result<String, AskError> {
    let alerts = alerts.clone();
    let tried = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        send(&alerts, &channel, &secrets)
    });
    Ok(tried.await??)
}

fn send(alerts: &TenantAlerts, channel: &Channel, secrets: &Secrets) -> Result<String, DbError> {
    let now = UnixNanos::now();
    let target = Target::read(&channel.kind, &channel.settings, secrets.reveal(), now);
    let mut first = None;
    for message in trial(&channel.name, now) {
        for entry in written(alerts, channel, &message) {
            let (is_delivered, attempt) = attempt(alerts, &entry, &target);
            alerts
                .shared()
                .ask_here(|db| db.log(alerts.tenant(), &entry, &attempt, is_delivered))?;
            // Who was not told of the beginning has no use for the end.
            if !is_delivered {
                return Ok(entry.id);
            }
            first.get_or_insert(entry.id);
        }
    }
    Ok(first.unwrap_or_default())
}

fn written(alerts: &TenantAlerts, channel: &Channel, message: &Message) -> Vec<NewEntry> {
    let about = About {
        channel: &channel.name,
        url: &alerts.shared().config().public_url,
    };
    // What can't be read is told as a webhook: it is not sent.
    let format = format_of(&channel.kind).unwrap_or(coldtrace_alerts::Format::Webhook);
    entries(alerts.tenant(), &channel.id, format, message, about)
}

fn attempt(
    alerts: &TenantAlerts,
    entry: &NewEntry,
    target: &Result<Target, ChannelError>,
) -> (bool, Attempt) {
    let now = UnixNanos::now();
    let letter = Letter {
        id: &entry.id,
        body: &entry.body,
    };
    let (answer, attempt) = match target {
        Ok(target) => alerts.shared().sender().send(target, letter, now),
        Err(error) => not_sent(now, unreadable(error)),
    };
    (matches!(answer, Answer::Status(200..=299, _)), attempt)
}
