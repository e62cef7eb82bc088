use coldtrace_alerts::Signer;
use serde_json::{Value, json};

use super::alerts_asked::{Asked, Who};
use crate::alerts::{Policy, Receiver, Reply};

const ALL: &str = "POST /api/v1/alerts/channels";
const LIST: &str = "GET /api/v1/alerts/channels";
const GET: &str = "GET /api/v1/alerts/channels/{channel}";
const PUT: &str = "PUT /api/v1/alerts/channels/{channel}";
const DELETE: &str = "DELETE /api/v1/alerts/channels/{channel}";
const ROTATE: &str = "POST /api/v1/alerts/channels/{channel}/rotate";
const TEST: &str = "POST /api/v1/alerts/channels/{channel}/test";

fn id(created: &Value) -> String {
    let id = created["channel"]["channel"].as_str();
    id.expect("an id").to_owned()
}

/// What is wrong, as `place: message`.
fn mistakes(told: &Value) -> Vec<String> {
    let mistakes = told["error"]["mistakes"].as_array().expect("mistakes");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    mistakes
        .iter()
        .map(|one| format!("{}: {}", text(&one["at"]), text(&one["message"])))
        .collect()
}

#[tokio::test]
async fn every_answer_about_channels_is_as_described_and_repeats_no_secret() {
    let receiver = Receiver::start(|seen, _| match seen.path.as_str() {
        "/hunter2-gone" => Reply::Status(410, "", format!("no {}", seen.header("x-token"))),
        _ => Reply::ok(),
    });
    let asked = Asked::of_this_machine();
    let webhook = json!({
        "name": "tickets",
        "kind": "webhook",
        "url": receiver.url("/hunter2-path"),
        "headers": { "Authorization": "Bearer hunter2-token", "x-token": "hunter2-header" },
        "settings": { "group_by": ["function"], "group_wait": "30s", "repeat": "1.5h" },
    });
    let made = asked.told(201, ALL, "", &webhook).await;
    let key = made["shown_once"]["signing_key"].as_str().expect("a key");
    assert!(key.starts_with("whsec_"), "{key}");
    let channel = id(&made);
    let shown = asked.told(200, GET, &channel, &Value::Null).await;
    assert_eq!(shown, made["channel"]);
    assert_eq!(
        shown["url"],
        receiver.url("/hunter2-path").replace("hunter2-path", "***")
    );
    assert_eq!(
        shown["settings"],
        json!({ "group_by": ["function"], "group_wait": "30s", "group_interval": "1m", "repeat": "90m" })
    );
    assert_eq!(
        shown["secrets"],
        json!([
            "url",
            "signing_key",
            "headers.authorization",
            "headers.x-token"
        ])
    );
    let slack = json!({
        "name": "team", "kind": "slack", "url": "https://hooks.slack.com/services/T0/hunter2-hook",
        "enabled": false, "is_default": false,
    });
    let slack = asked.told(201, ALL, "", &slack).await;
    assert_eq!(slack["shown_once"], Value::Null);
    assert_eq!(slack["channel"]["url"], "https://hooks.slack.com");
    assert_eq!(slack["channel"]["disabled"], "switched off");
    let pagerduty = json!({
        "name": "oncall", "kind": "pagerduty", "routing_key": "hunter2x".repeat(4), "settings": { "region": "eu" },
    });
    let pagerduty = asked.told(201, ALL, "", &pagerduty).await;
    assert_eq!(
        pagerduty["channel"]["url"],
        "https://events.eu.pagerduty.com/v2/enqueue"
    );
    assert_eq!(pagerduty["channel"]["settings"]["region"], "eu");
    let listed = asked.told(200, LIST, "", &Value::Null).await;
    let names: Vec<&str> = listed["channels"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, ["oncall", "team", "tickets"]);

    asked.told(409, ALL, "", &webhook).await;
    let renamed = json!({ "name": "oncall", "kind": "webhook" });
    asked.told(409, PUT, &channel, &renamed).await;
    let told = asked.told(409, ROTATE, &id(&slack), &Value::Null).await;
    let message = told["error"]["message"].as_str().expect("a text");
    assert!(message.contains("only a webhook"), "{message}");
    asked.told(200, ROTATE, &channel, &Value::Null).await;
    // The receiver repeats what it was sent.
    let gone =
        json!({ "name": "tickets", "kind": "webhook", "url": receiver.url("/hunter2-gone") });
    asked.told(200, PUT, &channel, &gone).await;
    let tested = asked.told(200, TEST, &channel, &Value::Null).await;
    assert_eq!(tested["delivery"]["state"], "failed");
    assert_eq!(tested["delivery"]["last_status"], 410);
    assert_eq!(tested["attempts"][0]["answer"], "no ***");
    let headers = &tested["attempts"][0]["headers"];
    assert_eq!(headers["authorization"], "***");
    assert_eq!(headers["webhook-signature"], "***");
    assert_eq!(headers["webhook-id"], tested["delivery"]["delivery"]);
    let shown = asked.told(200, GET, &channel, &Value::Null).await;
    assert_eq!(shown["disabled"], Value::Null, "a test disables nothing");
    for operation in [GET, DELETE, ROTATE, TEST] {
        asked.told(404, operation, "nobody", &Value::Null).await;
    }
    asked.told(404, PUT, "nobody", &renamed).await;
    let deleted = asked.told(200, DELETE, &channel, &Value::Null).await;
    assert_eq!(deleted["name"], "tickets");
    asked.told(404, GET, &channel, &Value::Null).await;
    asked.refuses(&["channels"]).await;
    asked.saw_all(&["channels"]);
    assert!(!asked.has_told("hunter2"), "no secret comes back");
}

#[tokio::test]
async fn a_test_arrives_signed_by_each_key_that_is_in_force() {
    let receiver = Receiver::start(|_, _| Reply::ok());
    let asked = Asked::of_this_machine();
    for (signing, name) in [("hmac", "signing_key"), ("ed25519", "public_key")] {
        let webhook = json!({ "name": signing, "kind": "webhook", "url": receiver.url("/"), "signing": signing });
        let made = asked.told(201, ALL, "", &webhook).await;
        let channel = id(&made);
        let once = |told: &Value| told["shown_once"][name].as_str().expect(name).to_owned();
        let mut keys = vec![once(&made)];
        for number in 1..=2 {
            let before = receiver.seen().len();
            let tested = asked.told(200, TEST, &channel, &Value::Null).await;
            assert_eq!(tested["delivery"]["state"], "delivered");
            assert_eq!(tested["delivery"]["channel_name"], signing);
            let seen = receiver.seen().split_off(before);
            assert_eq!(seen.len(), 2, "a beginning and its end");
            assert_eq!(
                seen[0].header("webhook-id"),
                tested["delivery"]["delivery"].as_str().expect("an id")
            );
            assert_eq!(Some(seen[0].body.as_str()), tested["body"].as_str());
            for one in &seen {
                let signatures = one.header("webhook-signature");
                assert_eq!(signatures.split(' ').count(), number);
                for key in &keys {
                    let verifier = verifier(&asked, &channel, key).await;
                    let (id, at) = (one.header("webhook-id"), one.header("webhook-timestamp"));
                    let at = at.parse().expect("a number");
                    assert_eq!(verifier.verify(id, at, &one.body, signatures), Ok(()));
                }
            }
            let rotated = asked.told(200, ROTATE, &channel, &Value::Null).await;
            keys.insert(0, once(&rotated));
        }
        assert_eq!(keys.len(), 3);
        let shown = asked.told(200, GET, &channel, &Value::Null).await;
        assert!(keys.iter().all(|key| !shown.to_string().contains(key)));
    }
}

/// What verifies as the receiver does with the key that it was shown: that key, or the other half of it.
async fn verifier(asked: &Asked, channel: &str, shown: &str) -> Signer {
    let id = channel.to_owned();
    let kept = asked.served().alerts().of(tenant());
    let secrets = kept.ask(move |db, tenant| db.channel_secrets(tenant, &id));
    let secrets = secrets.await.expect("read").expect("secrets");
    let secrets: Value = serde_json::from_str(secrets.reveal()).expect("JSON");
    let keys = secrets["signing_keys"].as_array().expect("keys").iter();
    let mut keys = keys.filter_map(|one| one["key"].as_str());
    let is_shown = |key: &&str| {
        let signer = Signer::new(&[key]).expect("a key");
        *key == shown || signer.public_keys() == [shown]
    };
    let key = keys.find(is_shown).expect("it is kept");
    Signer::new(&[key]).expect("a key")
}

#[tokio::test]
async fn what_was_left_out_stays_and_what_is_sent_back_as_it_was_shown_as_well() {
    let receiver = Receiver::start(|_, _| Reply::ok());
    let asked = Asked::of_this_machine();
    let webhook = json!({
        "name": "a", "kind": "webhook", "url": receiver.url("/hunter2"),
        "headers": { "x-token": "hunter2-header" },
    });
    let made = asked.told(201, ALL, "", &webhook).await;
    let channel = id(&made);
    // As the form of the ui does.
    let back = json!({
        "name": "b", "kind": "webhook", "is_default": true, "enabled": false,
        "url": made["channel"]["url"], "settings": made["channel"]["settings"],
    });
    let changed = asked.told(200, PUT, &channel, &back).await;
    assert_eq!(changed["disabled"], "switched off");
    assert_eq!(changed["secrets"], made["channel"]["secrets"]);
    asked.told(200, TEST, &channel, &Value::Null).await;
    let seen = receiver.seen();
    assert_eq!(seen[0].path, "/hunter2");
    assert_eq!(seen[0].header("x-token"), "hunter2-header");
    let without = json!({ "name": "b", "kind": "webhook", "headers": {} });
    let changed = asked.told(200, PUT, &channel, &without).await;
    assert_eq!(changed["disabled"], Value::Null);
    assert_eq!(changed["secrets"], json!(["url", "signing_key"]));

    let headers = json!({ "name": "b", "kind": "webhook", "headers": { "x-token": "hunter2" } });
    asked.told(200, PUT, &channel, &headers).await;
    let elsewhere = json!({ "name": "b", "kind": "webhook", "url": "https://elsewhere.example/" });
    let told = asked.told(400, PUT, &channel, &elsewhere).await;
    assert_eq!(
        mistakes(&told),
        ["headers: must be given again, since the address is of another host"]
    );
    let other = json!({ "name": "b", "kind": "alertmanager_webhook" });
    let told = asked.told(400, PUT, &channel, &other).await;
    assert!(mistakes(&told)[0].starts_with("kind: is webhook"), "{told}");
    let other = json!({ "name": "b", "kind": "webhook", "signing": "ed25519" });
    let told = asked.told(400, PUT, &channel, &other).await;
    assert!(mistakes(&told)[0].starts_with("signing: stays"), "{told}");
}

#[tokio::test]
async fn every_mistake_is_told_at_once_with_its_place() {
    let asked = Asked::sending(Policy::default());
    let wrong = json!({
        "name": " ", "kind": "webhook", "url": "http://10.0.0.1/hunter2", "signing": "rsa", "is_default": "yes",
        "headers": { "Host": "hunter2", "x-a": 5 }, "hunter": 1,
        "settings": { "group_wait": 5, "repeat": "1s", "region": "eu", "group_by": "hunter2" },
    });
    let told = asked.told(400, ALL, "", &wrong).await;
    assert_eq!(
        mistakes(&told),
        [
            "name: must be 1 to 100 characters, none of them a control character",
            "is_default: must be true or false",
            "signing: must be hmac or ed25519",
            "headers.x-a: must be a text",
            "settings.group_by: must be a list of texts",
            "settings.group_wait: must be a text",
            "settings.region: there is no such key here; there are group_by, group_wait, group_interval, repeat",
            "hunter: there is no such key here; there are name, kind, is_default, url, routing_key, signing, headers, settings, enabled",
            "settings.repeat: must be 1m to 30d",
            "url: the address 10.0.0.1 is of a private network; alerts.allow_private_addresses or alerts.allowed_addresses would allow it",
            "headers.host: is a header that Coldtrace sets itself",
        ]
    );
    assert!(!asked.has_told("hunter2"));
    let ours = json!({ "name": "a", "kind": "webhook", "url": "http://127.0.0.1:7070/api/v1/alerts/channels" });
    let told = asked.told(400, ALL, "", &ours).await;
    assert_eq!(
        mistakes(&told),
        ["url: the address is our own: alerts would be sent in a circle"]
    );
    let told = asked.told(400, ALL, "", &json!({})).await;
    assert_eq!(mistakes(&told), ["name: is missing", "kind: is missing"]);
    let large = json!({ "name": "a".repeat(300 << 10) }).to_string();
    for (body, expected) in [
        ("", "is no JSON: EOF"),
        (
            "{\"name\": }",
            "is no JSON: expected value at line 1 column 10",
        ),
        ("[]", "must be an object"),
        (large.as_str(), "is larger than 256 KB, or was cut off"),
    ] {
        let (status, told) = asked.by(Who::Writer, ALL, "", body).await;
        assert_eq!((status, &told["error"]["parameter"]), (400, &json!("body")));
        let message = told["error"]["message"].as_str().expect("a text");
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_an_address_that_is_not_allowed_is_sent_nothing() {
    let receiver = Receiver::start(|_, _| Reply::ok());
    let asked = Asked::of_this_machine();
    let webhook = json!({ "name": "a", "kind": "webhook", "url": receiver.url("/") });
    let made = asked.told(201, ALL, "", &webhook).await;
    // As a channel that was made before the setting was changed.
    let strict = Asked::sending(Policy::default());
    let (tenant, channel) = (tenant(), id(&made));
    let kept = asked.served().alerts().of(tenant.clone());
    let id = channel.clone();
    let kept = kept.ask(move |db, tenant| {
        let secrets = db.channel_secrets(tenant, &id)?;
        Ok((db.channel(tenant, &id)?, secrets))
    });
    let (Some(kept), secrets) = kept.await.expect("read") else {
        panic!("it is there");
    };
    let moved = coldtrace_control::NewChannel {
        name: kept.name,
        kind: kept.kind,
        settings: kept.settings,
        secrets,
        disabled_reason: None,
    };
    let id = channel.clone();
    let alerts = strict.served().alerts().of(tenant);
    let moved = alerts.ask(move |db, tenant| {
        db.create_channel(tenant, &id, &moved, coldtrace_model::UnixNanos(1))
    });
    moved.await.expect("made");
    let tested = strict.told(200, TEST, &channel, &Value::Null).await;
    assert_eq!(tested["delivery"]["state"], "failed");
    assert_eq!(tested["delivery"]["last_status"], Value::Null);
    let error = tested["delivery"]["last_error"].as_str().expect("a text");
    assert!(error.contains("alerts.allow_private_addresses"), "{error}");
    assert_eq!(receiver.seen().len(), 0);
    let off = json!({ "name": "a", "kind": "webhook", "enabled": false });
    let changed = strict.told(200, PUT, &channel, &off).await;
    assert_eq!(changed["disabled"], "switched off");
}

fn tenant() -> coldtrace_model::Tenant {
    coldtrace_model::Tenant::parse("acme").expect("a tenant")
}

#[tokio::test]
async fn tests_of_receivers_that_hang_leave_room_for_others() {
    let asked = Asked::of_this_machine();
    let webhook = json!({ "name": "a", "kind": "webhook", "url": "http://127.0.0.1:9/" });
    let channel = id(&asked.told(201, ALL, "", &webhook).await);
    let alerts = asked.served().alerts().clone();
    let turns: Vec<_> = std::iter::from_fn(|| alerts.trial()).collect();
    assert_eq!(turns.len(), 4);
    asked.told(503, TEST, &channel, &Value::Null).await;
    drop(turns);
    let tested = asked.told(200, TEST, &channel, &Value::Null).await;
    assert_eq!(
        tested["delivery"]["state"], "failed",
        "nobody listens there"
    );
    assert_ne!(tested["delivery"]["last_error"], Value::Null);
}

#[tokio::test]
async fn channels_of_another_tenant_are_not_there() {
    let receiver = Receiver::start(|_, _| Reply::ok());
    let asked = Asked::of_this_machine();
    let webhook = json!({ "name": "a", "kind": "webhook", "url": receiver.url("/") });
    let channel = id(&asked.told(201, ALL, "", &webhook).await);
    let body = webhook.to_string();
    for operation in [GET, PUT, DELETE, ROTATE, TEST] {
        let (status, _) = asked.by(Who::Stranger, operation, &channel, &body).await;
        assert_eq!(status, 404, "{operation}");
    }
    let (_, listed) = asked.by(Who::Stranger, LIST, "", "").await;
    assert_eq!(listed, json!({ "channels": [] }));
    let (status, _) = asked.by(Who::Stranger, ALL, "", &body).await;
    assert_eq!(status, 201, "names are each tenant's own");
    let (_, listed) = asked.by(Who::Reader, LIST, "", "").await;
    assert_eq!(listed["channels"][0]["channel"], json!(channel));
    assert_eq!(receiver.seen().len(), 0);
}
