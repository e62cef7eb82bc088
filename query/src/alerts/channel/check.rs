//! All that is wrong with a channel and can be told before something is sent, each by its place in what the API takes.

use coldtrace_alerts::{Format, Mistake};

use super::{ChannelSecrets, ChannelSettings, HIDDEN, pushed_to};
use crate::alerts::address::{Own, Policy, check_url};

/// Of `group_by`, and of each name in bytes.
const MOST_NAMES: usize = 20;
const LONGEST_NAME: usize = 200;
const MOST_HEADERS: usize = 20;
/// In bytes.
const LONGEST_HEADER_NAME: usize = 200;
const LONGEST_HEADER: usize = 4_096;
/// What we say ourselves, or what would make a request another one.
const OWN_HEADERS: [&str; 11] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
const OWN_PREFIX: &str = "webhook-";

/// What is wrong with a channel of this kind. Repeats no secret.
pub(crate) fn mistakes(
    format: Format,
    settings: &ChannelSettings,
    secrets: &ChannelSecrets,
    own: &Own,
    policy: &Policy,
) -> Vec<Mistake> {
    let mut mistakes = in_settings(settings);
    mistakes.extend(in_url(format, secrets, own, policy));
    mistakes.extend(in_routing_key(format, secrets));
    mistakes.extend(in_headers(secrets));
    mistakes
}

fn mistake(place: impl Into<String>, message: impl Into<String>) -> Mistake {
    Mistake {
        place: place.into(),
        message: message.into(),
    }
}

fn in_settings(settings: &ChannelSettings) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let times = [
        ("group_wait", settings.group_wait, 0..=3_600, "0s to 1h"),
        (
            "group_interval",
            settings.group_interval,
            10..=86_400,
            "10s to 1d",
        ),
        ("repeat", settings.repeat, 60..=2_592_000, "1m to 30d"),
    ];
    for (name, seconds, allowed, told) in times {
        if !allowed.contains(&seconds) {
            mistakes.push(mistake(
                format!("settings.{name}"),
                format!("must be {told}"),
            ));
        }
    }
    let is_named = |name: &String| !name.is_empty() && name.len() <= LONGEST_NAME;
    if settings.group_by.len() > MOST_NAMES || !settings.group_by.iter().all(is_named) {
        mistakes.push(mistake(
            "settings.group_by",
            format!("must be at most {MOST_NAMES} names of labels"),
        ));
    }
    mistakes
}

fn in_url(format: Format, secrets: &ChannelSecrets, own: &Own, policy: &Policy) -> Option<Mistake> {
    let Some(url) = &secrets.url else {
        let is_known = format == Format::Pagerduty;
        let told = "is missing: a channel needs an address, such as https://host.example/path";
        return (!is_known).then(|| mistake("url", told));
    };
    if url.contains(HIDDEN) {
        let told = "is the address as it is shown: leave it out to keep it, or give all of it";
        return Some(mistake("url", told));
    }
    let sent_to = match format {
        Format::Alertmanager => pushed_to(url),
        _ => url.clone(),
    };
    let checked = check_url(&sent_to, own, policy);
    checked.err().map(|error| mistake("url", error.to_string()))
}

fn in_routing_key(format: Format, secrets: &ChannelSecrets) -> Option<Mistake> {
    let key = secrets.routing_key.as_deref();
    let is_key =
        |key: &str| key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let told = match format {
        Format::Pagerduty if !key.is_some_and(is_key) => {
            "must be 32 letters and digits: those of an integration of type Events API v2"
        }
        Format::Pagerduty => return None,
        _ if key.is_some() => "is of PagerDuty alone",
        _ => return None,
    };
    Some(mistake("routing_key", told))
}

fn in_headers(secrets: &ChannelSecrets) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if secrets.headers.len() > MOST_HEADERS {
        mistakes.push(mistake("headers", format!("are more than {MOST_HEADERS}")));
    }
    for (name, value) in &secrets.headers {
        let told = header_name(name).or_else(|| header_value(value));
        // A name is cut: it may be anything.
        let shown: String = name.chars().take(50).collect();
        mistakes.extend(told.map(|told| mistake(format!("headers.{shown}"), told)));
    }
    mistakes
}

fn header_name(name: &str) -> Option<String> {
    let is_fit =
        |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&letter);
    if name.is_empty() || name.len() > LONGEST_HEADER_NAME || !name.bytes().all(is_fit) {
        return Some("is no name of a header".to_owned());
    }
    let is_own = OWN_HEADERS.contains(&name) || name.starts_with(OWN_PREFIX);
    is_own.then(|| "is a header that Coldtrace sets itself".to_owned())
}

fn header_value(value: &str) -> Option<String> {
    let is_text = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let is_fit = is_text && !value.trim().is_empty() && value.len() <= LONGEST_HEADER;
    (!is_fit).then(|| format!("must be 1 to {LONGEST_HEADER} printable ASCII characters"))
}
