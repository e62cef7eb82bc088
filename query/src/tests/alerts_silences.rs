use coldtrace_control::KeptSilence;
use coldtrace_model::{Tenant, UnixNanos};
use serde_json::{Value, json};

use super::alerts_asked::{Asked, Who};

const LIST: &str = "GET /api/v1/alerts/silences";
const CREATE: &str = "POST /api/v1/alerts/silences";
const END: &str = "DELETE /api/v1/alerts/silences/{silence}";
const HOUR: u64 = 3_600_000_000_000;
/// As many as there may be.
const MOST: usize = 2_000;

fn in_hours(hours: u64) -> String {
    (UnixNanos::now().0 + hours * HOUR).to_string()
}

fn of_checkout(starts: Option<u64>, ends: u64) -> Value {
    let mut silence = json!({
        "matchers": [{ "name": "function", "op": "=~", "value": "check.*" }],
        "ends": in_hours(ends), "comment": "a release", "created_by": "me",
    });
    if let Some(starts) = starts {
        silence["starts"] = in_hours(starts).into();
    }
    silence
}

fn states(listed: &Value) -> Vec<&str> {
    let silences = listed["silences"].as_array().expect("a list").iter();
    silences.filter_map(|one| one["state"].as_str()).collect()
}

/// One that ended so many hours ago.
fn ended(id: String, hours: u64) -> KeptSilence {
    let now = UnixNanos::now().0;
    KeptSilence {
        definition: json!({
            "id": id, "matchers": [{ "name": "a", "op": "=", "value": "b" }], "starts": "0", "ends": "1", "comment": "",
            "created_by": "",
        })
        .to_string(),
        id,
        starts: UnixNanos(0),
        ends: UnixNanos(now - hours * HOUR),
        created: UnixNanos(0),
    }
}

async fn keep(asked: &Asked, silences: Vec<KeptSilence>) {
    let acme = Tenant::parse("acme").expect("a tenant");
    let alerts = asked.served().alerts().of(acme);
    let kept = alerts.ask(move |db, tenant| {
        let mut silences = silences.iter();
        silences.try_for_each(|one| db.create_silence(tenant, one))
    });
    kept.await.expect("kept");
}

#[tokio::test]
async fn every_answer_about_silences_is_as_described() {
    let asked = Asked::of_this_machine();
    let active = asked.told(201, CREATE, "", &of_checkout(None, 1)).await;
    assert_eq!(active["state"], "active");
    assert_eq!(active["comment"], "a release");
    assert_eq!(
        active["matchers"],
        json!([{ "name": "function", "op": "=~", "value": "check.*" }])
    );
    let pending = asked.told(201, CREATE, "", &of_checkout(Some(1), 2)).await;
    assert_eq!(pending["state"], "pending");
    let old = vec![
        ended("s6".to_owned(), 6 * 24),
        ended("s8".to_owned(), 8 * 24),
    ];
    keep(&asked, old).await;
    let listed = asked.told(200, LIST, "", &Value::Null).await;
    assert_eq!(states(&listed), ["pending", "active", "expired"]);

    for silence in [&active, &pending] {
        let id = silence["silence"].as_str().expect("an id");
        let ended = asked.told(200, END, id, &Value::Null).await;
        assert_eq!(ended["state"], "expired");
        let again = asked.told(200, END, id, &Value::Null).await;
        assert_eq!(again, ended, "it stays as it is");
    }
    asked.told(404, END, "nobody", &Value::Null).await;
    let more = (4..MOST).map(|number| ended(format!("more-{number}"), 9 * 24));
    keep(&asked, more.collect()).await;
    asked.told(409, CREATE, "", &of_checkout(None, 1)).await;
    asked.refuses(&["silences"]).await;
    asked.saw_all(&["silences"]);
}

#[tokio::test]
async fn every_mistake_of_a_silence_is_told_at_once() {
    let asked = Asked::of_this_machine();
    let everything = json!([{ "name": "function", "op": "=~", "value": ".*" }]);
    let wrong = json!([
        { "name": "1a", "op": "=", "value": "x" },
        { "name": "a", "op": "~", "value": "x" },
        { "name": "a", "op": "=~", "value": "(" },
        { "name": "a", "op": "=", "extra": 1 },
        "a=b",
    ]);
    for (body, expected) in [
        (json!({}), vec!["matchers: is missing", "ends: is missing"]),
        (
            json!({ "matchers": [], "ends": in_hours(1) }),
            vec!["matchers: would silence everything"],
        ),
        (
            json!({ "matchers": everything, "ends": "1" }),
            vec!["matchers: would silence everything", "ends: must be later"],
        ),
        (
            json!({ "matchers": wrong, "ends": 5, "comment": "é".repeat(1_001), "by": "me" }),
            vec![
                "matchers[4]: must be an object",
                "matchers[0].name: `1a` is no label",
                "matchers[1].op: must be one of",
                "matchers[2].value: `(` is no regular expression",
                "matchers[3].value: is missing",
                "matchers[3].extra: there is no such key here",
                "ends: must be a text",
                "comment: has more than 1000 characters",
                "by: there is no such key here",
            ],
        ),
        (
            json!({ "matchers": everything, "starts": "+1", "ends": in_hours(366 * 24 + 1) }),
            vec![
                "starts: must be a time",
                "matchers: would silence everything",
                "ends: must be within a year",
            ],
        ),
    ] {
        let told = asked.told(400, CREATE, "", &body).await;
        let mistakes = told["error"]["mistakes"].as_array().expect("mistakes");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let mistakes: Vec<String> = mistakes
            .iter()
            .map(|one| format!("{}: {}", text(&one["at"]), text(&one["message"])))
            .collect();
        assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
        for (mistake, expected) in mistakes.iter().zip(&expected) {
            assert!(mistake.starts_with(expected), "{mistake}: {expected}");
        }
    }
}

#[tokio::test]
async fn silences_of_another_tenant_are_not_there() {
    let asked = Asked::of_this_machine();
    let made = asked.told(201, CREATE, "", &of_checkout(None, 1)).await;
    let id = made["silence"].as_str().expect("an id");
    let (status, _) = asked.by(Who::Stranger, END, id, "").await;
    assert_eq!(status, 404);
    let (_, listed) = asked.by(Who::Stranger, LIST, "", "").await;
    assert_eq!(listed, json!({ "silences": [] }));
    let listed = asked.told(200, LIST, "", &Value::Null).await;
    assert_eq!(states(&listed), ["active"]);
}
