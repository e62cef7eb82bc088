//! A channel as it was sent: the schema `NewChannel`.

use coldtrace_alerts::{Format, KeyKind, Mistake, read_length};
use coldtrace_control::{NewChannel, Secrets};

use super::super::super::sent::Sent;
use super::Kept;
use crate::alerts::Alerts;
use crate::alerts::channel::{
    ChannelSecrets, ChannelSettings, Region, format_of, mistakes as mistakes_of, receiver_of,
};

/// In characters.
const LONGEST_NAME: usize = 100;
const SIGNINGS: [(&str, KeyKind); 2] = [("hmac", KeyKind::Secret), ("ed25519", KeyKind::Ed25519)];

/// What somebody wants a channel to be.
pub(super) struct Given {
    name: String,
    /// `None` if there is no such kind.
    pub(super) format: Option<Format>,
    pub(super) is_enabled: bool,
    pub(super) signing: Option<KeyKind>,
    url: Option<String>,
    routing_key: Option<String>,
    headers: Option<Vec<(String, String)>>,
    settings: ChannelSettings,
    /// Found while it was read.
    mistakes: Vec<Mistake>,
}

// === impl Given ===

impl Given {
    pub(super) fn read(mut sent: Sent) -> Self {
        let name = name(&mut sent);
        let format = kind(&mut sent);
        let is_default = sent.flag("is_default").unwrap_or(true);
        let url = sent.text("url");
        let routing_key = sent.text("routing_key");
        let signing = signing(&mut sent, format);
        let headers = headers(&mut sent);
        let settings = settings(&mut sent, format);
        let is_enabled = sent.flag("enabled").unwrap_or(true);
        Self {
            name,
            format,
            is_enabled,
            signing,
            url,
            routing_key,
            headers,
            settings: ChannelSettings {
                is_default,
                ..settings
            },
            mistakes: sent.end(),
        }
    }

    /// An address that is sent back as it was shown is left out: it stays.
    pub(super) fn leave_shown_url(&mut self, kept: &Kept) {
        if self.url.as_ref() == Some(&kept.shown_url()) {
            self.url = None;
        }
    }

    /// All that is wrong with it, if it becomes a channel or what takes the place of one.
    pub(super) fn mistakes(&self, kept: Option<&Kept>, alerts: &Alerts) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.clone();
        let Some(format) = self.format else {
            return mistakes;
        };
        let secrets = kept.map(|kept| kept.secrets.clone()).unwrap_or_default();
        let secrets = self.secrets(secrets);
        let policy = &alerts.config().addresses;
        let found = mistakes_of(format, &self.settings, &secrets, alerts.own(), policy);
        // What could not be read was told. An address that stays may be one that is not allowed any more: nothing is sent there,
        // and the channel can be switched off all the same.
        let stays = self.url.is_none() && secrets.url.is_some();
        let is_new = |one: &Mistake| {
            let is_known = mistakes.iter().any(|known| known.place == one.place);
            !(is_known || stays && one.place == "url")
        };
        let found: Vec<Mistake> = found.into_iter().filter(is_new).collect();
        mistakes.extend(found);
        mistakes.extend(kept.and_then(|kept| self.other_kind(format, kept)));
        mistakes.extend(kept.and_then(|kept| self.other_receiver(kept)));
        mistakes
    }

    /// Secrets that were left out go to nobody else: whoever can change a channel could have them sent to themselves.
    fn other_receiver(&self, kept: &Kept) -> Option<Mistake> {
        let url = self.url.as_deref()?;
        let shown = kept.shown_url();
        let before = kept.secrets.url.as_deref().unwrap_or(&shown);
        if receiver_of(url) == receiver_of(before) {
            return None;
        }
        let has_key = kept.secrets.routing_key.is_some() && self.routing_key.is_none();
        let has_headers = !kept.secrets.headers.is_empty() && self.headers.is_none();
        let place = match (has_key, has_headers) {
            (true, _) => "routing_key",
            (false, true) => "headers",
            (false, false) => return None,
        };
        Some(Mistake {
            place: place.to_owned(),
            message: "must be given again, since the address is of another host".to_owned(),
        })
    }

    /// What a channel can't become.
    fn other_kind(&self, format: Format, kept: &Kept) -> Option<Mistake> {
        let (place, message) = match (kept.format, kept.key_kind()) {
            (Some(before), _) if before != format => (
                "kind",
                format!(
                    "is {} and stays that: make another channel",
                    before.as_str()
                ),
            ),
            (_, Some(before)) if self.signing.is_some_and(|signing| signing != before) => (
                "signing",
                "stays as it was made: make another channel".to_owned(),
            ),
            _ => return None,
        };
        Some(Mistake {
            place: place.to_owned(),
            message,
        })
    }

    /// Its secrets; those that were left out are as before.
    pub(super) fn secrets(&self, before: ChannelSecrets) -> ChannelSecrets {
        let headers = self.headers.clone();
        ChannelSecrets {
            url: self.url.clone().or(before.url),
            routing_key: self.routing_key.clone().or(before.routing_key),
            headers: headers.map_or(before.headers, |given| given.into_iter().collect()),
            signing_keys: before.signing_keys,
        }
    }

    /// As it is kept.
    pub(super) fn kept(
        self,
        format: Format,
        secrets: &ChannelSecrets,
        disabled_reason: Option<String>,
    ) -> NewChannel {
        let settings = serde_json::to_string(&self.settings);
        NewChannel {
            name: self.name,
            kind: format.as_str().to_owned(),
            settings: settings.expect("numbers and texts are JSON"),
            secrets: Some(written(secrets)),
            disabled_reason,
        }
    }
}

/// Secrets as they are kept.
pub(super) fn written(secrets: &ChannelSecrets) -> Secrets {
    Secrets(serde_json::to_string(secrets).expect("texts are JSON"))
}

fn name(sent: &mut Sent) -> String {
    let name = sent.needed_text("name").trim().to_owned();
    let length = name.chars().count();
    let is_fit = (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control);
    if !is_fit && !sent.is_wrong("name") {
        let told =
            format!("must be 1 to {LONGEST_NAME} characters, none of them a control character");
        sent.mistake("name", told);
    }
    name
}

fn kind(sent: &mut Sent) -> Option<Format> {
    let kind = sent.needed_text("kind");
    let format = format_of(&kind).ok();
    if format.is_none() && !sent.is_wrong("kind") {
        let told = "must be webhook, slack, pagerduty, alertmanager or alertmanager_webhook";
        sent.mistake("kind", told);
    }
    format
}

fn signing(sent: &mut Sent, format: Option<Format>) -> Option<KeyKind> {
    let word = sent.text("signing")?;
    if format.is_some_and(|format| format != Format::Webhook) {
        sent.mistake("signing", "is of a webhook alone");
        return None;
    }
    let known = SIGNINGS.iter().find(|(known, _)| *known == word);
    if known.is_none() {
        sent.mistake("signing", "must be hmac or ed25519");
    }
    known.map(|(_, kind)| *kind)
}

/// By names in small letters.
fn headers(sent: &mut Sent) -> Option<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in sent.named_texts("headers")? {
        let name = name.to_ascii_lowercase();
        match headers.iter().any(|(other, _)| *other == name) {
            true => sent.mistake("headers", "have a name twice, in large and small letters"),
            false => headers.push((name, value)),
        }
    }
    Some(headers)
}

/// What is not given has its default.
fn settings(sent: &mut Sent, format: Option<Format>) -> ChannelSettings {
    let mut settings = ChannelSettings::default();
    let Some(mut given) = sent.object("settings") else {
        return settings;
    };
    if let Some(names) = given.texts("group_by") {
        settings.group_by = names;
    }
    for (key, seconds) in [
        ("group_wait", &mut settings.group_wait),
        ("group_interval", &mut settings.group_interval),
        ("repeat", &mut settings.repeat),
    ] {
        let Some(text) = given.text(key) else {
            continue;
        };
        match read_length(&text) {
            Some(length) => *seconds = length.as_secs(),
            None => given.mistake(key, "must be a length of time, such as 30s, 5m or 4h"),
        }
    }
    // The others have none.
    if format == Some(Format::Pagerduty) {
        settings.region = region(&mut given).unwrap_or_default();
    }
    sent.absorb(given);
    settings
}

fn region(given: &mut Sent) -> Option<Region> {
    let word = given.text("region")?;
    let region = Region::ALL.into_iter().find(|one| one.as_str() == word);
    if region.is_none() {
        given.mistake("region", "must be us or eu");
    }
    region
}
