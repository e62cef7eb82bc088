use super::*;

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

fn told(kind: &str, settings: &ChannelSettings, secrets: &ChannelSecrets) -> String {
    let own = Own::default();
    let checked = check_channel(kind, settings, secrets, &own, &Policy::default(), NOW);
    checked.map_or_else(|error| error.to_string(), |()| "ok".to_owned())
}

#[test]
fn what_is_wrong_with_a_channel_is_told_when_it_is_made() {
    let settings = ChannelSettings::default();
    let hook = secrets("https://hooks.example/T0/hunter2");
    let without = |change: fn(&mut ChannelSecrets)| {
        let mut changed = hook.clone();
        change(&mut changed);
        changed
    };
    assert_eq!(told("webhook", &settings, &hook), "ok");
    for (kind, secrets, expected) in [
        ("mail", hook.clone(), "no kind of channel mail"),
        ("slack", without(|one| one.url = None), "needs an address"),
        (
            "webhook",
            without(|one| one.signing_keys.clear()),
            "needs a signing key",
        ),
        (
            "webhook",
            without(|one| one.signing_keys[0].key = "hunter2".to_owned()),
            "begins with whsec_",
        ),
        ("pagerduty", hook.clone(), "needs a routing key"),
        (
            "alertmanager",
            secrets("http://10.0.0.1:9093"),
            "of a private network",
        ),
        (
            "alertmanager",
            without(|one| one.authorization = Some("a\r\nb".to_owned())),
            "no header",
        ),
    ] {
        let error = told(kind, &settings, &secrets);
        assert!(error.contains(expected), "{kind}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let hasty = ChannelSettings {
        group_interval: 0,
        ..settings
    };
    assert!(told("webhook", &hasty, &hook).contains("group_interval"));
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
    let mut secrets = secrets("https://hooks.example/T0/hunter2-and-more");
    secrets.routing_key = Some("R".repeat(32));
    let echo = format!("you sent {} to /T0/hunter2-and-more", "R".repeat(32));
    assert_eq!(secrets.hide(&echo), "you sent *** to ***");
    assert_eq!(
        secrets.shown_url().as_deref(),
        Some("https://hooks.example/***")
    );
    assert!(!format!("{secrets:?}").contains("hunter2"));
}
