use super::*;
use crate::alerts::address::{Own, Policy};

const NOW: UnixNanos = UnixNanos(1_800_000_000_000_000_000);

fn key(byte: u8) -> String {
    coldtrace_alerts::KeyKind::Secret.key([byte; 32])
}

fn secrets(url: &str) -> ChannelSecrets {
    ChannelSecrets {
        url: Some(url.to_owned()),
        signing_keys: vec![SigningKey {
            key: key(1),
            until: None,
        }],
        ..ChannelSecrets::default()
    }
}

fn told(kind: &str, settings: &ChannelSettings, secrets: &ChannelSecrets) -> Vec<String> {
    let own = Own {
        listen: vec!["127.0.0.1:7070".parse().expect("an address")],
        public_url: "https://traces.example".to_owned(),
    };
    let format = format_of(kind).expect("a kind");
    let mistakes = mistakes(format, settings, secrets, &own, &Policy::default());
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_with_a_channel_is_told_where_it_is() {
    let settings = ChannelSettings::default();
    let hook = secrets("https://hooks.example/T0/hunter2");
    let with = |change: fn(&mut ChannelSecrets)| {
        let mut changed = hook.clone();
        change(&mut changed);
        changed
    };
    assert_eq!(told("webhook", &settings, &hook), [""; 0]);
    let header = |name: &str, value: &str| {
        let mut changed = hook.clone();
        changed.headers.insert(name.to_owned(), value.to_owned());
        changed
    };
    for (kind, secrets, expected) in [
        ("slack", with(|one| one.url = None), "url: is missing"),
        ("pagerduty", hook.clone(), "routing_key: must be 32"),
        (
            "slack",
            with(|one| one.routing_key = Some("hunter2".repeat(9))),
            "routing_key: is of PagerDuty alone",
        ),
        (
            "alertmanager",
            secrets("http://10.0.0.1:9093"),
            "url: the address 10.0.0.1 is of a private network; alerts.allow_private_addresses",
        ),
        (
            "webhook",
            secrets("http://127.0.0.1:7070/api/v1/hunter2"),
            "url: the address is our own",
        ),
        (
            "webhook",
            secrets("https://traces.example/hunter2"),
            "url: the address is our own",
        ),
        (
            "webhook",
            secrets("https://hooks.example/***"),
            "url: is the address as it is shown",
        ),
        (
            "alertmanager",
            header("authorization", "hunter2\r\nhost: x"),
            "headers.authorization: must be",
        ),
        ("webhook", header("x-key", " "), "headers.x-key: must be"),
        (
            "webhook",
            header("a b", "hunter2"),
            "headers.a b: is no name",
        ),
        ("webhook", header("host", "hunter2"), "sets itself"),
        ("webhook", header("webhook-id", "hunter2"), "sets itself"),
    ] {
        let mistakes = told(kind, &settings, &secrets);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].contains(expected), "{kind}: {mistakes:?}");
        assert!(!mistakes[0].contains("hunter2"), "{mistakes:?}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let settings = ChannelSettings {
        group_by: vec![String::new()],
        group_wait: 3_601,
        group_interval: 0,
        repeat: 1,
        ..ChannelSettings::default()
    };
    let mut secrets = secrets("ftp://x.example/");
    let headers = (0..21).map(|number| (format!("x-{number}"), "x".to_owned()));
    secrets.headers = headers.collect();
    assert_eq!(
        told("pagerduty", &settings, &secrets),
        [
            "settings.group_wait: must be 0s to 1h",
            "settings.group_interval: must be 10s to 1d",
            "settings.repeat: must be 1m to 30d",
            "settings.group_by: must be at most 20 names of labels",
            "url: the address is no URL with https:// or http:// and a host",
            "routing_key: must be 32 letters and digits: those of an integration of type Events API v2",
            "headers: are more than 20",
        ]
    );
}

#[test]
fn an_address_is_what_the_kind_makes_of_it() {
    let url = |kind: &str, settings: &str, secrets: &str| {
        let target = Target::read(kind, settings, secrets, NOW).expect("a channel");
        target.url
    };
    let manager = r#"{"url":"http://a.example:9093/"}"#;
    assert_eq!(
        url("alertmanager", "{}", manager),
        "http://a.example:9093/api/v2/alerts"
    );
    assert_eq!(
        url("pagerduty", r#"{"region":"eu"}"#, "{}"),
        "https://events.eu.pagerduty.com/v2/enqueue"
    );
}

#[test]
fn after_a_rotation_both_keys_sign_until_the_grace_is_over() {
    let mut secrets = secrets("https://hooks.example/");
    secrets.rotate(key(2), Nanos(100), NOW);
    let signatures = |now| {
        let json = serde_json::to_string(&secrets).expect("JSON");
        let target = Target::read("webhook", "{}", &json, now).expect("a channel");
        let signed = target.signer.expect("it signs").headers("msg_1", 1, "{}");
        signed[2].split(' ').count()
    };
    assert_eq!(signatures(UnixNanos(NOW.0 + 99)), 2);
    assert_eq!(signatures(UnixNanos(NOW.0 + 100)), 1);
}

#[test]
fn secrets_are_shown_nowhere() {
    let mut secrets = secrets("https://hooks.example/T0/hunter2-and-more?token=hunter2-again");
    secrets.routing_key = Some("R".repeat(32));
    let bearer = (
        "authorization".to_owned(),
        "Bearer hunter2-token".to_owned(),
    );
    secrets.headers.extend([bearer]);
    let echo = format!(
        "you sent {} to /T0/hunter2-and-more with hunter2-token (hunter2-again)",
        "R".repeat(32)
    );
    assert_eq!(
        secrets.hide(&echo),
        "you sent *** to /T0/*** with *** (***)"
    );
    assert_eq!(
        secrets.names(),
        ["url", "signing_key", "routing_key", "headers.authorization"]
    );
    assert!(!format!("{secrets:?}").contains("hunter2"));
}

#[test]
fn of_an_address_the_host_is_shown() {
    let shown = |format, url: Option<&str>| {
        let secrets = ChannelSecrets {
            url: url.map(str::to_owned),
            ..ChannelSecrets::default()
        };
        shown_url(format, &ChannelSettings::default(), &secrets)
    };
    for (format, url, expected) in [
        (
            Format::Webhook,
            "https://hooks.example/T0/hunter2",
            "https://hooks.example/***",
        ),
        (
            Format::Webhook,
            "https://hooks.example?key=hunter2",
            "https://hooks.example/***",
        ),
        (
            Format::Slack,
            "https://hooks.slack.com/services/T0/hunter2",
            "https://hooks.slack.com",
        ),
        (Format::Alertmanager, "http://am:9093/", "http://am:9093/"),
    ] {
        assert_eq!(shown(format, Some(url)), expected);
    }
    assert_eq!(shown(Format::Pagerduty, None), PAGERDUTY);
}
