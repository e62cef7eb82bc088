//! The API of rules, alerts and their history: what is answered, to whom, and that a rule which was made there is evaluated.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use coldtrace_alerts::{Labels, Silence};
use coldtrace_control::{AlertState, Evaluation, KeptSilence, NewTransition, Ring, Rings, Scope};
use coldtrace_model::{Nanos, Tenant, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_testkit::engine;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::alerts_api::{Asked, Asker};
use super::alerts_watch::{minute, write};
use super::keys::{Keys, nowhere};
use super::served::Served;
use crate::alerts::evaluator::Evaluator;
use crate::alerts::read::MINUTE;
use crate::journey::Limits;

const ALERTS: &str = "GET /api/v1/alerts";
const ALERT: &str = "GET /api/v1/alerts/{alert}";
const HISTORY: &str = "GET /api/v1/alerts/history";
const RULES: &str = "GET /api/v1/alerts/rules";
const CREATE: &str = "POST /api/v1/alerts/rules";
const CHECK: &str = "POST /api/v1/alerts/rules/check";
const RULE: &str = "GET /api/v1/alerts/rules/{rule}";
const REPLACE: &str = "PUT /api/v1/alerts/rules/{rule}";
const DELETE: &str = "DELETE /api/v1/alerts/rules/{rule}";
const BACKTEST: &str = "POST /api/v1/alerts/backtest";

/// An alert that is kept.
const KEPT: &str = "00000000000000a1";

const FILE: &str = r#"
[[rule]]
name = "of acme"
tenant = "acme"
when = { kind = "threshold", measure = "errors", above = 3, window = "5m" }

[[rule]]
name = "of narwhal"
tenant = "narwhal"
when = { kind = "threshold", measure = "errors", above = 3, window = "5m" }
"#;

fn slow(name: &str) -> Value {
    json!({
        "name": name,
        "severity": "critical",
        "for": "1m",
        "keep": "2m",
        "scope": { "functions": ["checkout"] },
        "when": { "kind": "threshold", "measure": "p95", "above": "800ms", "window": "2m" },
    })
}

/// Keeps an alert of a tenant that fires, and that it began to.
async fn keep_an_alert(served: &Served, tenant: &str, rule: &str) {
    let reading = json!({
        "name": "errors over 5m", "unit": "count", "value": 9.0, "bad": "above", "threshold": 3.0,
    });
    let labels = json!({ "alertname": "kept", "severity": "error", "function": tenant });
    let state = json!({
        "alert": KEPT, "rule": rule, "rule_name": "kept", "labels": labels, "severity": "error", "runbook": null,
        "who": tenant, "phase": { "is": "firing", "since": "60000000000", "clear_since": null }, "seq": 1,
        "reading": reading, "says": "9 errors", "heard": "60000000000",
    });
    let body = json!({
        "id": format!("{KEPT}-1"), "alert": KEPT, "rule": rule, "rule_name": "kept", "change": "firing",
        "severity": "error", "at": "60000000000", "since": "60000000000", "labels": labels,
        "summary": format!("{tenant}: 9 errors"), "runbook": null, "reading": reading,
        "why": { "history": [], "causes": [], "path": [], "examples": [], "links": [] },
    });
    let evaluation = Evaluation {
        tenant: Tenant::parse(tenant).expect("a tenant"),
        until: Some(UnixNanos(MINUTE.0)),
        now: UnixNanos(MINUTE.0),
        states: vec![AlertState {
            alert: KEPT.to_owned(),
            rule: rule.to_owned(),
            state: state.to_string(),
        }],
        ended: Vec::new(),
        transitions: vec![NewTransition {
            id: format!("{KEPT}-1"),
            alert: KEPT.to_owned(),
            rule: rule.to_owned(),
            at: UnixNanos(MINUTE.0),
            body: body.to_string(),
        }],
        groups: Vec::new(),
        outbox: Vec::new(),
    };
    let kept = served.alerts().ask(move |db| db.commit(&evaluation));
    kept.await.expect("it is kept");
}

fn names(rules: &Value) -> Vec<(&str, &str)> {
    let rules = rules["rules"].as_array().expect("rules").iter();
    let named = rules.map(|rule| (rule["definition"]["name"].as_str(), rule["origin"].as_str()));
    named
        .map(|(name, origin)| (name.expect("a name"), origin.expect("an origin")))
        .collect()
}

#[tokio::test]
async fn every_answer_is_what_the_description_says() {
    let engine = engine::start().await;
    let mut keys = Keys::new();
    let write_key = keys.make("acme", Scope::Write, None);
    let read_key = keys.make("acme", Scope::Read, None);
    let ingest = keys.make("acme", Scope::Ingest, None);
    let served = keys.serve_with_rules(&engine.store(), FILE);
    let sealed = Served::behind(&nowhere(), Limits::default(), Rings::new(Ring::sealed()));
    let asker = Asker::new();

    let definition = slow("slow");
    let made = Asked::to(CREATE).by(&write_key).with(&definition);
    let made = asker.told(&served, made, 201).await;
    let rule = made["rule"].as_str().expect("an id");
    keep_an_alert(&served, "acme", rule).await;
    let of_file = "file:of%20acme";
    let question =
        json!({ "rule": definition, "from": "1767225600000000000", "to": "1767225660000000000" });
    let wrong = json!({ "name": "slow" });
    let renamed = slow("of acme");

    let asked: [(Asked<'_>, u16); 27] = [
        (Asked::to(ALERTS), 200),
        (Asked::to(ALERTS).query("x=1"), 400),
        (Asked::to(ALERT).of(KEPT), 200),
        (Asked::to(ALERT).of("xyz"), 400),
        (Asked::to(ALERT).of("00000000000000ff"), 404),
        (Asked::to(HISTORY), 200),
        (Asked::to(HISTORY).query("limit=0"), 400),
        (Asked::to(RULES), 200),
        (Asked::to(RULES).query("x=1"), 400),
        (Asked::to(CREATE).with(&wrong), 400),
        (Asked::to(CREATE).with(&definition), 409),
        (Asked::to(CREATE).with(&renamed), 409),
        (Asked::to(CHECK).with(&definition), 200),
        (Asked::to(CHECK).with(&wrong), 400),
        (Asked::to(RULE).of(rule), 200),
        (Asked::to(RULE).of(of_file), 200),
        (Asked::to(RULE).of(rule).query("x=1"), 400),
        (Asked::to(RULE).of("nobody"), 404),
        (Asked::to(REPLACE).of(rule).with(&definition), 200),
        (Asked::to(REPLACE).of(rule).with(&wrong), 400),
        (Asked::to(REPLACE).of("nobody").with(&definition), 404),
        (Asked::to(REPLACE).of(rule).with(&renamed), 409),
        (Asked::to(REPLACE).of(of_file).with(&renamed), 409),
        (Asked::to(DELETE).of(rule).query("x=1"), 400),
        (Asked::to(DELETE).of("nobody"), 404),
        (Asked::to(DELETE).of(of_file), 409),
        (Asked::to(BACKTEST).with(&question), 200),
    ];
    for (asked, status) in asked {
        asker.told(&served, asked.by(&write_key), status).await;
    }
    let no_question = json!({ "rule": definition, "from": "now" });
    let asked = Asked::to(BACKTEST).by(&write_key).with(&no_question);
    asker.told(&served, asked, 400).await;

    let operations = [
        ALERTS, ALERT, HISTORY, RULES, CREATE, CHECK, RULE, REPLACE, DELETE, BACKTEST,
    ];
    for operation in operations {
        let is_change = !operation.starts_with("GET");
        let asked = Asked::to(operation).of(rule);
        asker.told(&served, asked, 401).await;
        asker.told(&sealed, asked, 503).await;
        asker.told(&served, asked.by(&ingest), 403).await;
        if is_change {
            asker.told(&served, asked.by(&read_key), 403).await;
        }
    }
    let deleted = Asked::to(DELETE).of(rule).by(&write_key);
    asker.told(&served, deleted, 200).await;
    asker
        .told(&served, Asked::to(RULE).of(rule).by(&read_key), 404)
        .await;
    let [seen, described] = asker.seen_and_described(&operations);
    assert_eq!(seen, described, "every answer that is described was seen");
}

#[tokio::test]
async fn a_tenant_is_told_nothing_of_another_and_changes_nothing_of_it() {
    let engine = engine::start().await;
    let store = engine.store();
    write(&store, "acme").await;
    let mut keys = Keys::new();
    let acme = keys.make("acme", Scope::Write, None);
    let other = keys.make("narwhal", Scope::Write, None);
    let served = keys.serve_with_rules(&store, FILE);
    let asker = Asker::new();
    let definition = slow("slow");
    let made = Asked::to(CREATE).by(&acme).with(&definition);
    let made = asker.told(&served, made, 201).await;
    let rule = made["rule"].as_str().expect("an id");
    keep_an_alert(&served, "acme", rule).await;

    let before = asker.told(&served, Asked::to(RULES).by(&acme), 200).await;
    let others = asker.told(&served, Asked::to(RULES).by(&other), 200).await;
    let own = |rules: &Value| {
        let mut names = names(rules)
            .into_iter()
            .filter(|(_, origin)| *origin != "starter")
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>();
        names.sort_unstable();
        names
    };
    assert_eq!(own(&before), ["of acme", "slow"]);
    assert_eq!(own(&others), ["of narwhal"]);
    let theirs = ["file:of%20acme", rule];
    for id in theirs {
        asker
            .told(&served, Asked::to(RULE).of(id).by(&other), 404)
            .await;
        let replaced = Asked::to(REPLACE).of(id).by(&other).with(&definition);
        asker.told(&served, replaced, 404).await;
        asker
            .told(&served, Asked::to(DELETE).of(id).by(&other), 404)
            .await;
    }
    asker
        .told(&served, Asked::to(ALERT).of(KEPT).by(&other), 404)
        .await;
    let alerts = asker.told(&served, Asked::to(ALERTS).by(&other), 200).await;
    assert_eq!(alerts, json!({ "alerts": [], "evaluated": null }));
    for query in [
        String::new(),
        format!("alert={KEPT}"),
        format!("rule={rule}"),
    ] {
        let asked = Asked::to(HISTORY).by(&other).query(&query);
        let history = asker.told(&served, asked, 200).await;
        assert_eq!(history["total"], 0);
        assert_eq!(history["transitions"], json!([]));
    }
    let question = json!({
        "rule": definition, "from": minute(0).0.to_string(), "to": minute(40).0.to_string(),
    });
    let tested = |key| Asked::to(BACKTEST).by(key).with(&question);
    let of_other = asker.told(&served, tested(&other), 200).await;
    assert_eq!(
        (&of_other["total"], &of_other["series"]),
        (&json!(0), &json!([]))
    );
    let of_acme = asker.told(&served, tested(&acme), 200).await;
    assert_eq!(of_acme["total"], 1);
    // A name that another tenant has is free.
    let same = Asked::to(CREATE).by(&other).with(&definition);
    asker.told(&served, same, 201).await;
    let after = asker.told(&served, Asked::to(RULES).by(&acme), 200).await;
    assert_eq!(after, before, "nothing of it was changed");
}

#[tokio::test]
async fn of_a_file_a_tenant_sees_its_rules_and_of_mistakes_their_number() {
    let mut keys = Keys::new();
    let acme = keys.make("acme", Scope::Read, None);
    let stranger = keys.make("stranger", Scope::Read, None);
    let served = keys.serve_with_rules(&nowhere(), FILE);
    let asker = Asker::new();
    let file = served.alerts().files()[0].path.clone();
    std::fs::write(&file, format!("{FILE}\nsecret of narwhal")).expect("it is written");
    served.alerts().look_at_files(UnixNanos(1));
    let told = asker.told(&served, Asked::to(RULES).by(&acme), 200).await;
    let of_file = &told["files"][0];
    assert_eq!(of_file["file"], file.display().to_string());
    let mistakes = of_file["mistakes"].as_array().expect("mistakes");
    assert_eq!(mistakes.len(), 1);
    assert_eq!(
        mistakes[0]["message"],
        "is not in force as it stands; mistakes in it, told in the log of the service: 1"
    );
    let told = asker
        .told(&served, Asked::to(RULES).by(&stranger), 200)
        .await;
    assert_eq!(told["files"], json!([]));

    // Where there is one tenant, it is told all.
    let alone = Served::with_rules(
        &nowhere(),
        Limits::default(),
        Rings::default(),
        "[[rule]]\nnmae = 1",
    );
    let told = asker.told(&alone, Asked::to(RULES), 200).await;
    let mistakes = told["files"][0]["mistakes"].as_array().expect("mistakes");
    assert!(mistakes.len() > 1, "{told:#}");
    assert_eq!(told["files"][0]["loaded"], Value::Null);
}

#[tokio::test]
async fn a_rule_is_made_changed_and_ended_and_every_mistake_is_told_at_once() {
    let served = Served::with_rules(&nowhere(), Limits::default(), Rings::default(), "");
    let asker = Asker::new();
    let channel = coldtrace_control::NewChannel {
        name: "oncall".to_owned(),
        kind: "webhook".to_owned(),
        settings: "{}".to_owned(),
        secrets: None,
        disabled_reason: None,
    };
    let made = served
        .alerts()
        .ask(move |db| db.create_channel(&Tenant::single(), "c1", &channel, UnixNanos(1)));
    made.await.expect("a channel");
    let wrong = json!({
        "name": "",
        "tenant": "narwhal",
        "channels": ["oncall", "nobody"],
        "labels": { "severity": "page" },
        "when": { "kind": "threshold", "measure": "p95", "above": "fast" },
    });
    let told = asker
        .told(&served, Asked::to(CREATE).with(&wrong), 400)
        .await;
    assert_json_snapshot!("mistakes", told);
    let checked = asker
        .told(&served, Asked::to(CHECK).with(&slow("slow")), 200)
        .await;
    assert_json_snapshot!("checked", checked);

    let mut definition = slow("slow");
    definition["channels"] = json!(["oncall"]);
    let made = asker
        .told(&served, Asked::to(CREATE).with(&definition), 201)
        .await;
    let id = made["rule"].as_str().expect("an id");
    assert_eq!(made["definition"]["channels"], json!(["oncall"]));
    assert_eq!(
        (&made["origin"], &made["created"]),
        (&json!("api"), &made["updated"])
    );
    let listed = asker.told(&served, Asked::to(RULES), 200).await;
    let mut sorted = names(&listed);
    sorted.sort_unstable();
    assert_eq!(names(&listed), sorted, "by name");
    let (starter, _) = sorted
        .iter()
        .find(|(_, origin)| *origin == "starter")
        .expect("one");

    definition["enabled"] = json!(false);
    // No channels are the default ones, as the ui says it.
    definition["channels"] = json!([]);
    definition["name"] = json!("slower");
    let asked = Asked::to(REPLACE).of(id).with(&definition);
    let changed = asker.told(&served, asked, 200).await;
    assert_eq!(changed["definition"]["enabled"], false);
    assert_eq!(changed["definition"]["name"], "slower");
    assert_eq!(changed["definition"].get("channels"), None);
    assert_eq!(
        asker.told(&served, Asked::to(RULE).of(id), 200).await,
        changed
    );

    definition["name"] = json!(starter);
    let taken = asker
        .told(&served, Asked::to(CREATE).with(&definition), 409)
        .await;
    let message = taken["error"]["message"].as_str().expect("a message");
    assert!(message.contains("alerts.starter_rules"), "{message}");
    let of_starter = format!("starter:{}", starter.replace(' ', "%20"));
    let refused = asker
        .told(&served, Asked::to(DELETE).of(&of_starter), 409)
        .await;
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(message.contains("alerts.starter_rules"), "{message}");

    let ended = asker.told(&served, Asked::to(DELETE).of(id), 200).await;
    assert_eq!(ended, changed, "as it was");
    asker.told(&served, Asked::to(DELETE).of(id), 404).await;
}

#[tokio::test]
async fn what_is_no_json_is_told_as_every_error_is() {
    let served = Served::without_store();
    let bodies = [
        ("text/plain", "{}".to_owned()),
        ("application/json", "{\"name\":".to_owned()),
        ("application/json", format!("\"{}\"", "x".repeat(300_000))),
    ];
    for (kind, body) in bodies {
        let request = Request::post("/api/v1/alerts/rules")
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .expect("a request");
        let (status, told) = served.answer(request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told:#}");
        assert_eq!(told["error"]["parameter"], "body");
    }
}

#[tokio::test]
async fn history_comes_in_pages() {
    let served = Served::without_store();
    let tenant = Tenant::single();
    keep_an_alert(&served, tenant.as_str(), "r1").await;
    let asker = Asker::new();
    let first = asker.told(&served, Asked::to(HISTORY), 200).await;
    let body = first["transitions"][0].to_string();
    let more = (2..=5).map(|number| NewTransition {
        id: format!("{KEPT}-{number}"),
        alert: KEPT.to_owned(),
        rule: format!("r{}", number % 2),
        at: UnixNanos(number * MINUTE.0),
        body: body.replace(&format!("{KEPT}-1"), &format!("{KEPT}-{number}")),
    });
    let evaluation = Evaluation {
        tenant,
        until: Some(UnixNanos(5 * MINUTE.0)),
        now: UnixNanos(5 * MINUTE.0),
        states: Vec::new(),
        ended: Vec::new(),
        transitions: more.collect(),
        groups: Vec::new(),
        outbox: Vec::new(),
    };
    let kept = served.alerts().ask(move |db| db.commit(&evaluation));
    kept.await.expect("it is kept");

    let mut pages = Vec::new();
    let mut query = "rule=r1&limit=2".to_owned();
    loop {
        let page = asker
            .told(&served, Asked::to(HISTORY).query(&query), 200)
            .await;
        assert_eq!(page["total"], 3);
        let page_ids = page["transitions"].as_array().expect("a list").iter();
        pages.push(page_ids.map(|one| one["id"].clone()).collect::<Vec<_>>());
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("rule=r1&limit=2&cursor={cursor}"),
            None => break,
        }
    }
    let id = |number: u64| json!(format!("{KEPT}-{number}"));
    assert_eq!(pages, [vec![id(5), id(3)], vec![id(1)]]);
}

#[tokio::test]
async fn a_rule_that_was_made_fires_is_told_and_was_foretold() {
    let engine = engine::start().await;
    let store = engine.store();
    write(&store, "default").await;
    let served = Served::on(&store);
    let asker = Asker::new();
    let definition = slow("slow");
    let made = asker
        .told(&served, Asked::to(CREATE).with(&definition), 201)
        .await;
    let rule = made["rule"].as_str().expect("an id").to_owned();
    let of_rule = format!("rule={rule}");
    let rings = Rings::default();
    let alerts = served.alerts().clone();
    let mut evaluator = Evaluator::new(store, alerts, rings, &Registry::new());
    let mut pending = Vec::new();
    for number in 1..=40 {
        let now = minute(number).plus(MINUTE);
        evaluator.look(now).await.expect("a look");
        let listed = asker.told(&served, Asked::to(ALERTS), 200).await;
        assert_eq!(listed["evaluated"], minute(number).0.to_string());
        let listed = listed["alerts"].as_array().expect("alerts");
        let mut own = listed.iter().filter(|alert| alert["rule"] == rule.as_str());
        if let Some(alert) = own.next() {
            pending.push((number, alert["phase"].clone()));
            let told = asker.told(&served, Asked::to(RULE).of(&rule), 200).await;
            let is_firing = u64::from(alert["phase"] == "firing");
            assert_eq!(told["firing"], is_firing);
            assert_eq!(told["pending"], 1 - is_firing);
        }
    }
    let phases = (16..24).map(|number| {
        (
            number,
            json!(if number == 16 { "pending" } else { "firing" }),
        )
    });
    assert_eq!(pending, phases.collect::<Vec<_>>());

    let history = asker
        .told(&served, Asked::to(HISTORY).query(&of_rule), 200)
        .await;
    assert_eq!(history["total"], 2);
    let [ended, fired] = [0, 1].map(|place| &history["transitions"][place]);
    assert_eq!([&ended["change"], &fired["change"]], ["resolved", "firing"]);
    assert_eq!(fired["why"]["history"].as_array().map(Vec::len), Some(60));
    assert_ne!(fired["why"]["examples"], json!([]));
    let alert = fired["alert"].as_str().expect("an alert");
    let detail = asker.told(&served, Asked::to(ALERT).of(alert), 200).await;
    assert_eq!(detail["alert"]["phase"], "resolved");
    assert_eq!(detail["alert"]["since"], ended["at"]);
    assert_eq!(detail["alert"]["fired"], fired["at"]);
    assert_eq!(
        &detail["transition"], fired,
        "of an end there are no reasons"
    );
    assert_eq!(detail["alert"]["summary"], ended["summary"]);

    let question = json!({
        "rule": definition, "from": minute(0).0.to_string(), "to": minute(40).0.to_string(),
    });
    let foretold = asker
        .told(&served, Asked::to(BACKTEST).with(&question), 200)
        .await;
    assert_eq!(foretold["total"], 1);
    let episode = &foretold["episodes"][0];
    assert_eq!(episode["from"], fired["at"]);
    assert_eq!(episode["to"], ended["at"]);
    assert_eq!(episode["labels"], fired["labels"]);
    assert_eq!(episode["summary"], fired["summary"]);
    let lasted = Nanos(7 * MINUTE.0).0.to_string();
    assert_eq!(foretold["firing"], lasted);
    assert_eq!(foretold["step"], MINUTE.0.to_string());
    assert_eq!(
        (&foretold["unit"], &foretold["threshold"]),
        (&json!("nanos"), &json!(8e8))
    );
    let values = foretold["series"][0]["values"].as_array().expect("values");
    assert_eq!(values.len(), 40);
    assert_eq!(values[16], fired["reading"]["value"], "as it was live");
}

#[tokio::test]
async fn who_is_not_told_of_an_alert_can_see_why() {
    let served = Served::without_store();
    let asker = Asker::new();
    keep_an_alert(&served, "default", "r1").await;
    let silence = Silence {
        id: "s1".to_owned(),
        matchers: vec!["alertname=kept".parse().expect("a matcher")],
        starts: UnixNanos(0),
        ends: UnixNanos::MAX_STORED,
        comment: String::new(),
        created_by: String::new(),
    };
    assert!(silence.silences(
        &Labels::from([("alertname".to_owned(), "kept".to_owned())]),
        UnixNanos(1)
    ));
    let kept = KeptSilence {
        id: silence.id.clone(),
        definition: serde_json::to_string(&silence).expect("JSON"),
        starts: silence.starts,
        ends: silence.ends,
        created: UnixNanos(0),
    };
    let made = served
        .alerts()
        .ask(move |db| db.create_silence(&Tenant::single(), &kept));
    made.await.expect("it is kept");
    let told = asker.told(&served, Asked::to(ALERTS), 200).await;
    assert_json_snapshot!("silenced", told);
    let detail = asker.told(&served, Asked::to(ALERT).of(KEPT), 200).await;
    assert_eq!(detail["alert"], told["alerts"][0]);
    assert_eq!(detail["transition"]["alert"], KEPT);
}
