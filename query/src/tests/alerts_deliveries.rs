use coldtrace_control::{Attempt, Evaluation, NewEntry, Outcome};
use coldtrace_model::{Tenant, UnixNanos};
use serde_json::{Value, json};

use super::alerts_asked::{Asked, Who};

const LIST: &str = "GET /api/v1/alerts/deliveries";
const GET: &str = "GET /api/v1/alerts/deliveries/{delivery}";
const REPLAY: &str = "POST /api/v1/alerts/deliveries/{delivery}/replay";
const CHANNELS: &str = "POST /api/v1/alerts/channels";
const CHANNEL: &str = "DELETE /api/v1/alerts/channels/{channel}";

/// Two channels, of which the first is owed `msg_1` to `msg_5`.
async fn owed(asked: &Asked) -> [String; 2] {
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        let url = format!("https://{name}.example/hunter2");
        let webhook = json!({ "name": name, "kind": "webhook", "url": url });
        let made = asked.told(201, CHANNELS, "", &webhook).await;
        let id = made["channel"]["channel"].as_str().expect("an id");
        ids.push(id.to_owned());
    }
    let ids: [String; 2] = ids.try_into().expect("two");
    let entry = |number: u64| NewEntry {
        id: format!("msg_{number}"),
        channel: ids[0].clone(),
        key: "g".to_owned(),
        body: json!({ "number": number }).to_string(),
        summary: format!("message {number}"),
        transitions: json!([format!("a-{number}")]).to_string(),
    };
    let evaluation = Evaluation {
        tenant: acme(),
        until: None,
        now: UnixNanos(1_000),
        states: Vec::new(),
        ended: Vec::new(),
        transitions: Vec::new(),
        groups: Vec::new(),
        outbox: (1..=5).map(entry).collect(),
    };
    let kept = asked
        .served()
        .alerts()
        .ask(move |db| db.commit(&evaluation));
    kept.await.expect("kept");
    ids
}

fn acme() -> Tenant {
    Tenant::parse("acme").expect("a tenant")
}

async fn record(asked: &Asked, id: &'static str, at: u64, status: u16, outcome: Outcome) {
    let attempt = Attempt {
        at: UnixNanos(at),
        took: std::time::Duration::from_nanos(7),
        request: json!({ "headers": { "x-a": "***" } }).to_string(),
        status: Some(status),
        answer: format!("answer {status}"),
        error: None,
    };
    let recorded = asked
        .served()
        .alerts()
        .ask(move |db| db.record(&acme(), id, &attempt, &outcome));
    recorded.await.expect("kept");
}

fn ids(listed: &Value) -> Vec<&str> {
    let deliveries = listed["deliveries"].as_array().expect("a list").iter();
    deliveries
        .filter_map(|one| one["delivery"].as_str())
        .collect()
}

#[tokio::test]
async fn every_answer_about_deliveries_is_as_described() {
    let asked = Asked::of_this_machine();
    let [a, b] = owed(&asked).await;
    record(&asked, "msg_1", 2_000, 503, Outcome::Again(UnixNanos(9))).await;
    record(&asked, "msg_1", 3_000, 200, Outcome::Delivered).await;
    record(&asked, "msg_2", 4_000, 404, Outcome::Failed).await;

    let page = asked.told(200, LIST, "?limit=2", &Value::Null).await;
    assert_eq!(ids(&page), ["msg_5", "msg_4"]);
    assert_eq!(page["total"], 5);
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let rest = format!("?limit=3&cursor={cursor}");
    let page = asked.told(200, LIST, &rest, &Value::Null).await;
    assert_eq!(ids(&page), ["msg_3", "msg_2", "msg_1"]);
    assert_eq!(page["next_cursor"], Value::Null);
    assert_eq!(page["deliveries"][1]["last_status"], 404);
    assert_eq!(page["deliveries"][2]["state"], "delivered");
    for (query, expected) in [
        (format!("?channel={a}&state=waiting"), 3),
        ("?state=failed".to_owned(), 1),
        ("?state=cancelled".to_owned(), 0),
        (format!("?channel={b}"), 0),
    ] {
        let page = asked.told(200, LIST, &query, &Value::Null).await;
        assert_eq!(page["total"], expected, "{query}");
        assert_eq!(ids(&page).len(), expected, "{query}");
    }
    for query in ["?state=lost", "?cursor=x", "?cursor=-1", "?limit=0"] {
        asked.told(400, LIST, query, &Value::Null).await;
    }

    let told = asked.told(200, GET, "msg_1", &Value::Null).await;
    assert_eq!(
        told,
        json!({
            "delivery": {
                "delivery": "msg_1", "channel": a, "channel_name": "a", "state": "delivered", "summary": "message 1",
                "transitions": ["a-1"], "created": "1000", "attempts": 2, "next_attempt": null, "last_status": 200,
                "last_error": null,
            },
            "body": "{\"number\":1}",
            "attempts": [
                { "number": 2, "at": "3000", "took": "7", "status": 200, "answer": "answer 200", "error": null,
                    "headers": { "x-a": "***" } },
                { "number": 1, "at": "2000", "took": "7", "status": 503, "answer": "answer 503", "error": null,
                    "headers": { "x-a": "***" } },
            ],
        })
    );
    asked.told(404, GET, "msg_9", &Value::Null).await;
    asked.told(404, REPLAY, "msg_9", &Value::Null).await;
    let woken = asked.served().alerts().woken();
    let replayed = asked.told(200, REPLAY, "msg_1", &Value::Null).await;
    woken.notified().await;
    assert_eq!(replayed["delivery"]["state"], "waiting");
    assert_eq!(replayed["delivery"]["attempts"], 0);
    assert_eq!(replayed["attempts"].as_array().map(Vec::len), Some(2));
    asked.told(409, REPLAY, "msg_1", &Value::Null).await;
    asked.told(409, REPLAY, "msg_3", &Value::Null).await;

    asked.told(200, CHANNEL, &a, &Value::Null).await;
    let page = asked
        .told(200, LIST, "?state=cancelled", &Value::Null)
        .await;
    assert_eq!(ids(&page), ["msg_5", "msg_4", "msg_3", "msg_1"]);
    assert_eq!(page["deliveries"][0]["channel_name"], "a");
    let told = asked.told(409, REPLAY, "msg_2", &Value::Null).await;
    let message = told["error"]["message"].as_str().expect("a text");
    assert!(message.contains("channel is not there"), "{message}");
    asked.refuses(&["deliveries"]).await;
    asked.saw_all(&["deliveries"]);
    assert!(!asked.has_told("hunter2"));
}

#[tokio::test]
async fn what_was_dropped_can_not_be_sent_again() {
    let asked = Asked::of_this_machine();
    owed(&asked).await;
    record(&asked, "msg_1", 2_000, 200, Outcome::Delivered).await;
    let week = UnixNanos(8 * 24 * 3_600 * 1_000_000_000);
    let pruned = asked.served().alerts().ask(move |db| db.prune_alerts(week));
    pruned.await.expect("pruned");
    let told = asked.told(200, GET, "msg_1", &Value::Null).await;
    assert_eq!(told["body"], Value::Null);
    let told = asked.told(409, REPLAY, "msg_1", &Value::Null).await;
    let message = told["error"]["message"].as_str().expect("a text");
    assert!(message.contains("not kept any more"), "{message}");
}

#[tokio::test]
async fn deliveries_of_another_tenant_are_not_there() {
    let asked = Asked::of_this_machine();
    let [a, _] = owed(&asked).await;
    record(&asked, "msg_1", 2_000, 404, Outcome::Failed).await;
    for query in ["", &format!("?channel={a}")] {
        let (_, listed) = asked.by(Who::Stranger, LIST, query, "").await;
        assert_eq!(listed["total"], 0);
        assert_eq!(ids(&listed), [""; 0]);
    }
    for operation in [GET, REPLAY] {
        let (status, _) = asked.by(Who::Stranger, operation, "msg_1", "").await;
        assert_eq!(status, 404, "{operation}");
    }
    let told = asked.told(200, GET, "msg_1", &Value::Null).await;
    assert_eq!(told["delivery"]["state"], "failed");
}
