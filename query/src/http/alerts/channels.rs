//! `/api/v1/alerts/channels`: where alerts are delivered to. What is secret goes in and does not come out again.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use coldtrace_alerts::{Format, KeyKind, Signer, write_length};
use coldtrace_control::{Channel, Db, DbError, Secrets};
use coldtrace_model::{Nanos, Tenant, UnixNanos};
use serde::Serialize;

use super::super::access::{Access, Api};
use super::super::body::Body;
use super::super::error::ApiError;
use super::super::json;
use super::super::params::Params;
use super::super::sent::Sent;
use super::deliveries::DetailReply;
use super::{Whole, created, id_of};
use crate::alerts::channel::{ChannelSecrets, ChannelSettings, SigningKey, format_of, shown_url};
use crate::alerts::{random, try_channel};
use crate::reply::Decimal;

mod given;

use given::Given;

/// How long a signing key signs beside the one that follows it.
const GRACE: Nanos = Nanos(24 * 3_600 * 1_000_000_000);
/// Why a channel is disabled that somebody switched off.
const SWITCHED_OFF: &str = "switched off";

/// The schema `ChannelList`.
#[derive(Serialize)]
struct ListReply {
    channels: Vec<ChannelReply>,
}

/// The schema `Channel`.
#[derive(Serialize)]
struct ChannelReply {
    channel: String,
    name: String,
    kind: String,
    is_default: bool,
    url: String,
    settings: SettingsReply,
    secrets: Vec<String>,
    disabled: Option<String>,
    created: Decimal,
    updated: Decimal,
    waiting: usize,
}

/// What a channel is sent back with.
#[derive(Serialize)]
struct SettingsReply {
    group_by: Vec<String>,
    group_wait: String,
    group_interval: String,
    repeat: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'static str>,
}

/// The schema `CreatedChannel`.
#[derive(Serialize)]
struct CreatedReply {
    channel: ChannelReply,
    shown_once: Option<OnceReply>,
}

/// What a receiver verifies with.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum OnceReply {
    SigningKey(String),
    PublicKey(String),
}

/// A channel with all that is kept of it.
struct Kept {
    channel: Channel,
    format: Option<Format>,
    settings: ChannelSettings,
    secrets: ChannelSecrets,
}

pub(super) fn all() -> MethodRouter<Api> {
    get(list_channels).post(create_channel)
}

pub(super) fn one() -> MethodRouter<Api> {
    get(get_channel).put(replace_channel).delete(delete_channel)
}

pub(super) fn rotate() -> MethodRouter<Api> {
    post(rotate_channel)
}

pub(super) fn test() -> MethodRouter<Api> {
    post(test_channel)
}

type PathId = Result<Path<String>, PathRejection>;

async fn list_channels(access: Access, uri: Uri) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let channels = access.alerts.ask(|db, tenant| {
        let channels = db.channels(tenant)?.into_iter();
        let channels = channels.map(|one| Ok(Kept::with(db, tenant, one)?.shown()));
        channels.collect::<Result<Vec<_>, DbError>>()
    });
    let channels = channels.await?;
    json(Whole(ListReply { channels })).await
}

async fn get_channel(access: Access, uri: Uri, path: PathId) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("channel", path)?;
    let found = access
        .alerts
        .ask(move |db, tenant| Ok(Kept::of(db, tenant, &id)?.shown()));
    json(Whole(found.await?)).await
}

async fn create_channel(access: Access, uri: Uri, body: Body) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let given = Given::read(Sent::read(body)?);
    let mistakes = given.mistakes(None, access.alerts.shared());
    let Some(format) = given.format.filter(|_| mistakes.is_empty()) else {
        return Err(ApiError::Mistakes(mistakes));
    };
    let made = access.alerts.ask(move |db, tenant| {
        let mut secrets = given.secrets(ChannelSecrets::default());
        let mut shown_once = None;
        if format == Format::Webhook {
            let key = given
                .signing
                .unwrap_or(KeyKind::Secret)
                .key(random::bytes()?);
            shown_once = OnceReply::of(&key);
            secrets.signing_keys = vec![SigningKey { key, until: None }];
        }
        let id = random::id()?;
        let disabled = (!given.is_enabled).then(|| SWITCHED_OFF.to_owned());
        let new = given.kept(format, &secrets, disabled);
        db.create_channel(tenant, &id, &new, UnixNanos::now())?;
        Ok(CreatedReply {
            channel: Kept::of(db, tenant, &id)?.shown(),
            shown_once,
        })
    });
    created(Whole(made.await?)).await
}

async fn replace_channel(
    access: Access,
    uri: Uri,
    path: PathId,
    body: Body,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("channel", path)?;
    let mut given = Given::read(Sent::read(body)?);
    let shared = access.alerts.shared().clone();
    let replaced = access.alerts.ask(move |db, tenant| {
        let kept = Kept::of(db, tenant, &id)?;
        given.leave_shown_url(&kept);
        let mistakes = given.mistakes(Some(&kept), &shared);
        let Some(format) = given.format.filter(|_| mistakes.is_empty()) else {
            return Ok(Err(mistakes));
        };
        let secrets = given.secrets(kept.secrets);
        let before = kept.channel.disabled_reason;
        let switched_off = || before.unwrap_or_else(|| SWITCHED_OFF.to_owned());
        let disabled = (!given.is_enabled).then(switched_off);
        let new = given.kept(format, &secrets, disabled);
        db.update_channel(tenant, &id, &new, UnixNanos::now())?;
        Ok(Ok(Kept::of(db, tenant, &id)?.shown()))
    });
    let reply = replaced.await?.map_err(ApiError::Mistakes)?;
    // What waited for it may go.
    access.alerts.shared().woken().notify_one();
    json(Whole(reply)).await
}

async fn delete_channel(access: Access, uri: Uri, path: PathId) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("channel", path)?;
    let deleted = access.alerts.ask(move |db, tenant| {
        let shown = Kept::of(db, tenant, &id)?.shown();
        db.delete_channel(tenant, &id, UnixNanos::now())?;
        Ok(shown)
    });
    json(Whole(deleted.await?)).await
}

async fn rotate_channel(access: Access, uri: Uri, path: PathId) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("channel", path)?;
    let rotated = access.alerts.ask(move |db, tenant| {
        let mut kept = Kept::of(db, tenant, &id)?;
        if kept.format != Some(Format::Webhook) {
            return Ok(Err(kept.channel.kind));
        }
        let now = UnixNanos::now();
        let kind = kept.key_kind().unwrap_or(KeyKind::Secret);
        let key = kind.key(random::bytes()?);
        let shown_once = OnceReply::of(&key);
        kept.secrets.rotate(key, GRACE, now);
        db.replace_secrets(tenant, &id, &given::written(&kept.secrets), now)?;
        Ok(Ok(CreatedReply {
            channel: Kept::of(db, tenant, &id)?.shown(),
            shown_once,
        }))
    });
    let reply = rotated.await?.map_err(|kind| {
        let told = format!("what is sent to a channel of kind {kind} is not signed: only a webhook has a signing key");
        ApiError::Conflict(told)
    })?;
    json(Whole(reply)).await
}

async fn test_channel(access: Access, uri: Uri, path: PathId) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let id = id_of("channel", path)?;
    let found = access.alerts.ask(move |db, tenant| {
        let channel = Kept::of(db, tenant, &id)?.channel;
        let secrets = db.channel_secrets(tenant, &id)?;
        Ok((channel, secrets.unwrap_or_else(|| Secrets(String::new()))))
    });
    let (channel, secrets) = found.await?;
    let Some(turn) = access.alerts.shared().trial() else {
        let told = "too many channels are tested at once; ask again in a moment";
        return Err(ApiError::Unavailable(told.to_owned()));
    };
    let delivery = try_channel(&access.alerts, channel, secrets, turn).await?;
    let found = access
        .alerts
        .ask(move |db, tenant| DetailReply::read(db, tenant, &delivery));
    json(Whole(found.await?)).await
}

// === impl Kept ===

impl Kept {
    fn of(db: &Db, tenant: &Tenant, id: &str) -> Result<Self, DbError> {
        let channel = db.channel(tenant, id)?.ok_or_else(|| DbError::NoSuch {
            what: "channel",
            id: id.to_owned(),
        })?;
        Self::with(db, tenant, channel)
    }

    /// What can't be read of it is taken for absent: it can be seen, replaced and removed all the same.
    fn with(db: &Db, tenant: &Tenant, channel: Channel) -> Result<Self, DbError> {
        let secrets = db.channel_secrets(tenant, &channel.id)?;
        let secrets = secrets.and_then(|secrets| serde_json::from_str(secrets.reveal()).ok());
        Ok(Self {
            format: format_of(&channel.kind).ok(),
            settings: serde_json::from_str(&channel.settings).unwrap_or_default(),
            secrets: secrets.unwrap_or_default(),
            channel,
        })
    }

    fn shown_url(&self) -> String {
        let format = self.format.unwrap_or(Format::Slack);
        shown_url(format, &self.settings, &self.secrets)
    }

    /// Of which kind its signing key is.
    fn key_kind(&self) -> Option<KeyKind> {
        let key = &self.secrets.signing_keys.first()?.key;
        let kinds = [KeyKind::Secret, KeyKind::Ed25519];
        kinds
            .into_iter()
            .find(|kind| key.starts_with(kind.prefix()))
    }

    fn shown(self) -> ChannelReply {
        let is_pagerduty = self.format == Some(Format::Pagerduty);
        ChannelReply {
            url: self.shown_url(),
            is_default: self.settings.is_default,
            secrets: self.secrets.names(),
            settings: SettingsReply::of(self.settings, is_pagerduty),
            channel: self.channel.id,
            name: self.channel.name,
            kind: self.channel.kind,
            disabled: self.channel.disabled_reason,
            created: self.channel.created.into(),
            updated: self.channel.updated.into(),
            waiting: self.channel.waiting,
        }
    }
}

// === impl SettingsReply ===

impl SettingsReply {
    fn of(settings: ChannelSettings, has_region: bool) -> Self {
        let length = |seconds| write_length(std::time::Duration::from_secs(seconds));
        Self {
            group_by: settings.group_by,
            group_wait: length(settings.group_wait),
            group_interval: length(settings.group_interval),
            repeat: length(settings.repeat),
            region: has_region.then_some(settings.region.as_str()),
        }
    }
}

// === impl OnceReply ===

impl OnceReply {
    /// The key itself, or its public half where there is one.
    fn of(key: &str) -> Option<Self> {
        let public = Signer::new(&[key]).ok()?.public_keys().pop();
        Some(public.map_or_else(|| Self::SigningKey(key.to_owned()), Self::PublicKey))
    }
}
