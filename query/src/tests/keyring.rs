//! Keys and limits over the API: who may see and change them, and from when on a change holds.

use coldtrace_control::{Db, Limits, NewKey, Ring, Rings, Scope};
use coldtrace_model::{Tenant, UnixNanos};
use serde_json::{Value, json};

use super::alerts_api::{Asked, Asker};
use super::keys::{get, nowhere};
use super::served::Served;
use crate::journey;

const LIST: &str = "GET /api/v1/keys";
const CREATE: &str = "POST /api/v1/keys";
const REVOKE: &str = "DELETE /api/v1/keys/{key}";
const ROTATE: &str = "POST /api/v1/keys/{key}/rotate";
const LIMIT: &str = "PUT /api/v1/limits";
const ALL: [&str; 5] = [LIST, CREATE, REVOKE, ROTATE, LIMIT];

fn key(scope: &str) -> Value {
    json!({"name": "checkout", "scope": scope})
}

fn no_limits() -> Value {
    json!({"keep_days": null, "bytes_per_second": null, "spans_per_second": null, "log_share": null})
}

/// On no store, with rings of its own.
fn served() -> (Served, Rings) {
    let rings = Rings::default();
    let limits = journey::Limits::default();
    (Served::behind(&nowhere(), limits, rings.clone()), rings)
}

/// A secret, and the id of its key.
fn made(reply: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    (text(&reply["secret"]), text(&reply["key"]["id"]))
}

/// What who reads with this key is answered; let in, it finds that there is no store.
async fn reading(served: &Served, key: &str) -> u16 {
    let request = get("/api/v1/functions", &[("x-api-key", key)]);
    served.ask(request).await.status().as_u16()
}

#[tokio::test]
async fn a_key_lives_from_the_next_request_on_until_it_is_revoked() {
    let asker = Asker::new();
    let (served, rings) = served();
    let ask = async |asked: Asked<'_>, status: u16| asker.told(&served, asked, status).await;
    assert_eq!(ask(Asked::to(LIST), 200).await, json!({"keys": []}));
    for scope in ["ingest", "read", "write"] {
        let told = ask(Asked::to(CREATE).with(&key(scope)), 409).await;
        let told = told["error"]["message"].as_str().expect("a message");
        assert!(told.contains("must be of the scope admin"), "{told}");
    }
    assert_eq!(reading(&served, "").await, 503, "nobody is shut out");

    let first = ask(Asked::to(CREATE).with(&key("admin")), 201).await;
    let (admin, admin_id) = made(&first);
    assert_eq!(reading(&served, "").await, 401, "from now on");
    ask(Asked::to(LIST), 401).await;
    let read = ask(Asked::to(CREATE).with(&key("read")).by(&admin), 201).await;
    let (read, read_id) = made(&read);
    assert_eq!(reading(&served, &read).await, 503, "let in");
    for operation in ALL {
        let asked = Asked::to(operation).of("x").by(&read);
        let told = asker.told(&served, asked, 403).await;
        let told = &told["error"]["message"];
        assert_eq!(told, "the key's scope is read; this needs admin");
    }

    let rotated = ask(Asked::to(ROTATE).of(&read_id).by(&admin), 200).await;
    let (second, id) = made(&rotated);
    assert_eq!(id, read_id);
    for secret in [&read, &second] {
        assert_eq!(reading(&served, secret).await, 503, "both for a day");
    }
    let listed = ask(Asked::to(LIST).by(&admin), 200).await;
    let ids = [&listed["keys"][0]["id"], &listed["keys"][1]["id"]];
    assert_eq!(ids, [&*read_id, &*admin_id], "the latest made first");
    for secret in [&admin, &read, &second] {
        assert!(!listed.to_string().contains(&**secret), "no secrets");
    }

    let told = ask(Asked::to(REVOKE).of(&admin_id).by(&admin), 409).await;
    let told = told["error"]["message"].as_str().expect("a message");
    assert!(told.contains("the key that you ask with"), "{told}");
    let revoked = ask(Asked::to(REVOKE).of(&read_id).by(&admin), 200).await;
    assert_eq!(revoked["state"], "revoked");
    for secret in [&read, &second] {
        assert_eq!(reading(&served, secret).await, 401, "at once");
    }
    ask(Asked::to(REVOKE).of(&read_id).by(&admin), 409).await;
    ask(Asked::to(ROTATE).of(&read_id).by(&admin), 409).await;

    let expiring = json!({"name": "for a while", "scope": "ingest", "expires_in": "60000000000"});
    let expiring = ask(Asked::to(CREATE).with(&expiring).by(&admin), 201).await;
    assert_eq!(expiring["key"]["state"], "valid");
    assert!(expiring["key"]["expires"].is_string(), "{expiring}");

    let limits = json!({"keep_days": 30, "bytes_per_second": "5000000", "spans_per_second": null, "log_share": 25});
    let told = ask(Asked::to(LIMIT).with(&limits).by(&admin), 200).await;
    assert_eq!(told, limits);
    let in_force = rings.current().limits(&Tenant::single());
    let expected = Limits {
        keep_days: Some(30),
        bytes_per_second: Some(5_000_000),
        spans_per_second: None,
        log_share: Some(25),
    };
    assert_eq!(in_force, expected);
}

#[tokio::test]
async fn an_admin_sees_and_changes_its_own_tenants_alone() {
    let asker = Asker::new();
    let (served, _) = served();
    let mut db = Db::open(served.folder()).expect("a database");
    let mut make = |tenant: &str| {
        let key = NewKey {
            name: tenant.to_owned(),
            tenant: Tenant::parse(tenant).expect("a tenant"),
            scope: Scope::Admin,
            expires: Some(UnixNanos(2)),
        };
        db.create(&key, UnixNanos(1)).expect("a key")
    };
    let admin = key("admin");
    let first = asker.told(&served, Asked::to(CREATE).with(&admin), 201);
    let (ours, _) = made(&first.await);
    let theirs = make("stranger");
    let own = make("default");
    let listed = asker.told(&served, Asked::to(LIST).by(&ours), 200).await;
    let names = listed["keys"].as_array().expect("a list").iter();
    let names: Vec<(&Value, &Value)> = names.map(|key| (&key["name"], &key["state"])).collect();
    let expected = (&json!("default"), &json!("expired"));
    assert_eq!(names[1], expected, "one of ours that has expired");
    assert_eq!(names.len(), 2, "{listed:#}");
    for operation in [REVOKE, ROTATE] {
        let id = theirs.id().as_str();
        let told = asker.told(&served, Asked::to(operation).of(id).by(&ours), 404);
        let told = told.await["error"]["message"].clone();
        assert_eq!(told, format!("there is no key {id}"));
        let unknown = asker.told(&served, Asked::to(operation).of("nobody").by(&ours), 404);
        unknown.await;
    }
    let id = own.id().as_str();
    asker
        .told(&served, Asked::to(REVOKE).of(id).by(&ours), 200)
        .await;
    let limits = json!({"keep_days": 7, "bytes_per_second": null, "spans_per_second": null, "log_share": null});
    let set = asker.told(&served, Asked::to(LIMIT).with(&limits).by(&ours), 200);
    set.await;
    let limited = db.limits().expect("limits");
    let limited: Vec<&str> = limited.iter().map(|(tenant, _)| tenant.as_str()).collect();
    assert_eq!(limited, ["default"]);
}

#[tokio::test]
async fn every_answer_about_keys_and_limits_is_as_described() {
    let asker = Asker::new();
    let (served, _) = served();
    let ask = async |asked: Asked<'_>, status: u16| asker.told(&served, asked, status).await;
    ask(Asked::to(LIMIT).with(&no_limits()), 200).await;
    let first = ask(Asked::to(CREATE).with(&key("admin")), 201).await;
    let (admin, _) = made(&first);
    let read = ask(Asked::to(CREATE).with(&key("read")).by(&admin), 201).await;
    let (read, id) = made(&read);
    ask(Asked::to(LIST).by(&admin), 200).await;
    ask(Asked::to(ROTATE).of(&id).by(&admin), 200).await;
    let sealed = Served::without_keys(Rings::new(Ring::sealed()));
    let elsewhere = Served::without_keys(Rings::default());
    for operation in ALL {
        let asked = Asked::to(operation).of(&id);
        ask(asked, 401).await;
        ask(asked.by(&read), 403).await;
        ask(asked.by(&admin).query("x=1"), 400).await;
        asker.told(&sealed, asked.by(&admin), 503).await;
        let body = match operation {
            LIMIT => no_limits(),
            _ => key("admin"),
        };
        let told = asker.told(&elsewhere, asked.with(&body), 409).await;
        let told = told["error"]["message"].as_str().expect("a message");
        assert!(told.contains("control.url"), "{told}");
    }
    for operation in [REVOKE, ROTATE] {
        ask(Asked::to(operation).of("x").by(&admin), 404).await;
    }
    ask(Asked::to(REVOKE).of(&id).by(&admin), 200).await;
    let [seen, described] = asker.seen_and_described(&ALL);
    assert_eq!(seen, described);
}

#[tokio::test]
async fn all_that_is_wrong_with_what_is_sent_is_told() {
    let asker = Asker::new();
    let (served, _) = served();
    let long = "x".repeat(101);
    let bodies = [
        (CREATE, json!([])),
        (CREATE, json!({})),
        (
            CREATE,
            json!({"name": " ", "scope": "root", "expires_in": "999999999", "tenant": "acme"}),
        ),
        (CREATE, json!({"name": long, "scope": 1, "expires_in": 90})),
        (
            CREATE,
            json!({"name": "x", "scope": "admin", "expires_in": "-1"}),
        ),
        (
            CREATE,
            json!({"name": "x", "scope": "admin", "expires_in": "9223372036854775808"}),
        ),
        (LIMIT, json!({})),
        (
            LIMIT,
            json!({"keep_days": "7", "bytes_per_second": 1, "spans_per_second": "1.5", "log_share": 256}),
        ),
        (
            LIMIT,
            json!({"keep_days": 8, "bytes_per_second": "0", "spans_per_second": null, "log_share": 101}),
        ),
    ];
    let mut told = Vec::new();
    for (operation, body) in &bodies {
        let reply = asker.told(&served, Asked::to(operation).with(body), 400);
        told.push(reply.await["error"]["message"].clone());
    }
    insta::assert_json_snapshot!(told);
    assert_eq!(reading(&served, "").await, 503, "nothing was made");
}

#[tokio::test]
async fn without_keys_no_page_of_another_site_makes_one() {
    let (served, _) = served();
    for (method, path, body) in [
        ("POST", "/api/v1/keys", key("admin")),
        ("PUT", "/api/v1/limits", no_limits()),
    ] {
        for (host, origin) in [
            ("localhost:7070", "https://elsewhere.example"),
            ("elsewhere.example", "http://elsewhere.example"),
        ] {
            let request = axum::http::Request::builder().method(method).uri(path);
            let request = request.header("host", host).header("origin", origin);
            let request = request.header("content-type", "application/json");
            let request = request.body(axum::body::Body::from(body.to_string()));
            let (status, _) = served.answer(request.expect("a request")).await;
            assert_eq!(status, 403, "{path} {host} {origin}");
        }
    }
    assert_eq!(reading(&served, "").await, 503, "nothing was made");
}

#[tokio::test]
async fn who_was_let_in_without_a_key_makes_none_beside_the_first() {
    let asker = Asker::new();
    let (served, rings) = served();
    let mut db = Db::open(served.folder()).expect("a database");
    let first = NewKey {
        name: String::new(),
        tenant: Tenant::single(),
        scope: Scope::Admin,
        expires: None,
    };
    // By a command, which no ring follows here.
    db.create(&first, UnixNanos::now()).expect("a key");
    assert!(!rings.current().demands_keys());
    for (operation, body) in [(CREATE, key("admin")), (LIMIT, no_limits())] {
        let asked = Asked::to(operation).with(&body);
        asker.told(&served, asked, 401).await;
    }
    assert_eq!(db.keys().expect("a list").len(), 1);
}
