//! `show=queries`: what is shown is what was asked, and gives the same to who runs it.

use axum::body::Body;
use axum::http::Request;
use coldtrace_control::Scope;
use coldtrace_store::StoreConfig;
use coldtrace_testkit::engine;
use serde_json::Value;

use super::fixture::an_order;
use super::keys::{Keys, get, nowhere};
use super::openapi::Description;
use super::served::Served;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";
/// What the store is asked for.
const PATHS: [&str; 15] = [
    "/api/v1/compare?slowest=0.4",
    "/api/v1/compare/paths?slowest=0.4",
    "/api/v1/errors?",
    "/api/v1/findings?",
    "/api/v1/functions?",
    "/api/v1/functions/checkout?",
    "/api/v1/functions/checkout/path?",
    "/api/v1/functions/checkout/sandboxes?",
    "/api/v1/functions/mailer/findings?",
    "/api/v1/invocations?",
    "/api/v1/logs?",
    "/api/v1/map?",
    "/api/v1/search?q=%7B%20status%20%3D%20error%20%7D",
    "/api/v1/search/suggest?q=%7B%20.",
    "/api/v1/traces?",
];

/// A connection of somebody else's, bound to no database.
pub(super) struct Stranger(pub(super) StoreConfig);

impl Stranger {
    /// The rows of a query, as it is.
    pub(super) async fn run(&self, sql: &str) -> Vec<String> {
        let (config, sql) = (self.0.clone(), sql.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            let agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .build()
                .new_agent();
            let request = agent
                .post(&config.url)
                .header("x-clickhouse-user", &config.user)
                .header("x-clickhouse-key", &config.password)
                .header("x-clickhouse-format", "JSONEachRow");
            let mut reply = request.send(&sql).expect("it answers");
            let text = reply.body_mut().read_to_vec().expect("a body");
            // Ids are bytes.
            let text = String::from_utf8_lossy(&text).into_owned();
            assert_eq!(reply.status().as_u16(), 200, "{sql}\n{text}");
            text
        });
        let text = asked.await.expect("nobody panicked");
        text.lines().map(str::to_owned).collect()
    }
}

fn queries(reply: &Value) -> Vec<&str> {
    let queries = reply["queries"].as_array().expect("a list").iter();
    queries
        .map(|query| query["sql"].as_str().expect("SQL"))
        .collect()
}

fn number(query: &Value, name: &str) -> u64 {
    let text = query[name].as_str().expect("a number in a text");
    text.parse().expect("a number")
}

#[tokio::test]
async fn what_is_shown_can_be_run_as_it_is_and_is_one_tenants() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let (served, stranger) = (Served::on(&engine.store()), Stranger(engine.store_config()));
    let description = Description::read();
    let ranged = PATHS.map(|path| match path.ends_with('?') {
        true => format!("{path}{RANGE}&"),
        false => format!("{path}&{RANGE}&"),
    });
    let whole = [
        "/api/v1/invocations/order-1?",
        "/api/v1/traces/00000000000000000000000000000020?",
        "/api/v1/traces/00000000000000000000000000000020/operations?",
        "/api/v1/settings?",
        "/api/v1/tail?",
        "/api/v1/tail?of=logs&",
    ];
    let paths = ranged.into_iter().chain(whole.map(str::to_owned));
    for path in paths {
        let reply = served.ok(&format!("{path}show=queries")).await;
        description.check_as("QueryList", &reply);
        let shown = queries(&reply);
        assert!(!shown.is_empty(), "{path}");
        let read = reply["queries"].as_array().expect("a list").iter();
        let (mut rows, mut bytes) = (0, 0);
        for query in read {
            assert!(number(query, "took") > 0, "{query}");
            rows += number(query, "rows");
            bytes += number(query, "bytes");
        }
        // Nobody has looked for findings, and nothing came of late.
        let is_empty =
            ["findings", "tail"].map(|list| path.starts_with(&format!("/api/v1/{list}")));
        let is_empty = is_empty.contains(&true);
        let has_read = rows > 0 && bytes > rows;
        assert_eq!(has_read, !is_empty, "{path}: {rows} rows, {bytes} bytes");
        for sql in shown {
            let told = stranger.run(sql).await;
            let is_anothers = told.iter().any(|row| row.contains("theirs"));
            assert!(!is_anothers, "{sql}: {told:?}");
        }
    }
    engine.stop().await;
}

#[tokio::test]
async fn what_is_shown_gives_the_rows_of_the_answer() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let (served, stranger) = (Served::on(&engine.store()), Stranger(engine.store_config()));
    for (list, field, column) in [
        ("invocations", "request_id", "request_id"),
        ("logs", "body", "body"),
        ("functions", "function", "function"),
    ] {
        let path = format!("/api/v1/{list}?{RANGE}");
        let answer = served.ok(&path).await;
        let listed: Vec<Value> = answer[list]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one[field].clone())
            .collect();
        assert!(listed.len() >= 3, "{answer:#}");
        let reply = served.ok(&format!("{path}&show=queries")).await;
        let mut given = Vec::new();
        for sql in queries(&reply) {
            let rows = stranger.run(sql).await.into_iter();
            let rows = rows.map(|row| serde_json::from_str::<Value>(&row).expect("JSON"));
            given.push(rows.map(|row| row[column].clone()).collect::<Vec<Value>>());
        }
        assert!(
            given.contains(&listed),
            "{list}: {listed:?} is none of {given:?}"
        );
    }
    engine.stop().await;
}

#[tokio::test]
async fn whether_anything_was_received_is_told_without_reading_what_was() {
    let engine = engine::start().await;
    let (served, stranger) = (Served::on(&engine.store()), Stranger(engine.store_config()));
    // For three days, six spans a second.
    let spans = "INSERT INTO coldtrace.spans (tenant, keep_days, ts, kind, service)
        SELECT 'default', 7300, fromUnixTimestamp64Nano(1767225600000000000 + toInt64(number) * 166666666, 'UTC'), 3, 'shop'
        FROM numbers(1555200)";
    stranger.run(spans).await;
    let reply = served.ok("/api/v1/settings?show=queries").await;
    let queries = reply["queries"].as_array().expect("a list").iter();
    let rows: u64 = queries.map(|query| number(query, "rows")).sum();
    assert!(rows < 155_520, "a tenth at most: {reply:#}");
    let received = &served.ok("/api/v1/settings").await["received"];
    assert_eq!(received["first"], "1767225600000000000");
    assert_eq!(received["last"], "1767484799832296534");
    engine.stop().await;
}

#[tokio::test]
async fn what_asks_nothing_shows_nothing_and_what_goes_wrong_is_told_as_always() {
    let served = Served::on(&nowhere());
    let rules = served.ok("/api/v1/alerts/rules?show=queries").await;
    assert_eq!(rules, serde_json::json!({"queries": []}));
    let is_list = served.ok("/api/v1/alerts/rules?show=").await;
    assert!(is_list["rules"].is_array(), "an empty one counts as absent");
    for path in [
        "/api/v1/functions?sort=dearest",
        "/api/v1/functions?from=1&to=2",
        "/api/v1/alerts/rules/nobody?",
    ] {
        let plain = served.get(path).await;
        assert_eq!(served.get(&format!("{path}&show=queries")).await, plain);
        assert!(!plain.0.is_success(), "{path}");
    }
    for (path, told) in [
        (
            "/api/v1/functions?show=rows",
            "must be queries, or left out",
        ),
        (
            "/api/v1/functions?show=queries&show=queries",
            "is given more than once",
        ),
        ("/api/v1/tail?show=rows", "must be queries, or left out"),
    ] {
        let (status, reply) = served.get(path).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(reply["error"]["parameter"], "show", "{path}");
        assert_eq!(reply["error"]["message"], told, "{path}");
    }
    let change = Request::post("/api/v1/alerts/rules/check?show=queries")
        .header("host", "localhost")
        .header("content-type", "application/json");
    let change = change.body(Body::from("{}")).expect("a request");
    assert_eq!(served.answer(change).await.0, 400, "it is for what is got");
}

#[tokio::test]
async fn queries_are_shown_to_nobody_who_may_not_read() {
    let mut keys = Keys::new();
    let ingest = keys.make("acme", Scope::Ingest, None);
    let served = keys.serve(&nowhere());
    let path = "/api/v1/functions?show=queries";
    assert_eq!(served.ask(get(path, &[])).await.status(), 401);
    let wrong = get(path, &[("x-api-key", &ingest)]);
    assert_eq!(served.ask(wrong).await.status(), 403);
}
