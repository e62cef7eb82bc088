use coldtrace_model::Span;
use coldtrace_store::Store;
use coldtrace_testkit::{engine, span};

use super::fixture::Data;
use super::served::Served;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";

#[tokio::test]
async fn what_was_seen_lately_is_suggested_where_it_may_stand() {
    let engine = engine::start().await;
    some_spans(&engine.store()).await;
    let served = Served::on(&engine.store());
    let cases: &[(&str, &[&str])] = &[
        (
            "{ span.▮",
            &[
                "span.http.route 3",
                "span.retries 3",
                "span.db.name 1",
                "span.\"odd name\" 1",
                "span.really 1",
            ],
        ),
        ("{ .ROUTE▮", &[".http.route 3"]),
        (
            "{ ro▮",
            &["rootName", "rootServiceName", "span.http.route 3"],
        ),
        (
            "{ resource.▮",
            &["resource.service.name 2", "resource.team 1"],
        ),
        (
            "{ .service.name = \"mailer\" && span.▮ }",
            &["span.http.route 1", "span.\"odd name\" 1", "span.retries 1"],
        ),
        (
            "{ .http.route = ▮",
            &["\"/cart\" 2", "\"/\\\"mail\\\"\" 1", "nil", "true", "false"],
        ),
        ("{ .http.route = \"ma▮ }", &["\"/\\\"mail\\\"\" 1"]),
        (
            "{ .retries > ▮",
            &["1 1", "12 1", "2 1", "nil", "true", "false"],
        ),
        ("{ .retries > 1▮ }", &["1 1", "12 1"]),
        ("{ span.really = ▮", &["true 1", "nil", "true", "false"]),
        (
            "{ resource.team = ▮",
            &["\"blue\" 1", "nil", "true", "false"],
        ),
        ("{ .team = ▮", &["\"blue\" 1", "nil", "true", "false"]),
        (
            "{ .service.name = \"mailer\" && parent.retries = ▮ }",
            &["1 1", "12 1", "2 1", "nil", "true", "false"],
        ),
        (
            "{ resource.service.name = ▮",
            &["\"cart\" 2", "\"mailer\" 1", "nil", "true", "false"],
        ),
        ("{ name = ▮", &["\"load\" 2", "\"send\" 1"]),
        ("{ statusMessage = ▮", &["\"no such cart\" 1"]),
        ("{ status = e▮", &["error"]),
        ("{} | c▮", &["count()", "coalesce()"]),
        ("{ µ ▮", &[]),
    ];
    let mut wrong = Vec::new();
    for (query, expected) in cases {
        let (_, words) = suggested(&served, query).await;
        if words != *expected {
            wrong.push(format!("{query}: {words:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
    let (replaced, _) = suggested(&served, "{ .µ = 1 && .http.▮ro = 1 }").await;
    assert_eq!(replaced, "12-20");
}

/// What is replaced, and what by.
async fn suggested(served: &Served, query: &str) -> (String, Vec<String>) {
    let at = query.chars().take_while(|letter| *letter != '▮').count();
    let text = query.replace('▮', "");
    let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let path = format!("/api/v1/search/suggest?{RANGE}&at={at}&q={escaped}");
    let reply = served.ok(&path).await;
    let suggestions = reply["suggestions"].as_array().expect("a list");
    let words = suggestions.iter().map(|one| {
        let text = one["text"].as_str().expect("a text");
        let count = one["count"].as_str();
        count.map_or(text.to_owned(), |count| format!("{text} {count}"))
    });
    (
        format!("{}-{}", reply["from"], reply["to"]),
        words.collect(),
    )
}

async fn some_spans(store: &Store) {
    let of = |name: &str, service: &str, id: u64| {
        span(name).service(service).trace(1).id(id).at(0.0, 5.0)
    };
    let spans: [Span; 3] = [
        of("load", "cart", 1)
            .attribute("http.route", "/cart")
            .attribute("retries", 1_i64)
            .attribute("really", true)
            .resource_attribute("team", "blue")
            .build(),
        of("load", "cart", 2)
            .attribute("http.route", "/cart")
            .attribute("retries", 12_i64)
            .attribute("db.name", "orders")
            .resource_attribute("team", "blue")
            .failed("no such cart")
            .build(),
        of("send", "mailer", 3)
            .attribute("http.route", "/\"mail\"")
            .attribute("retries", 2_i64)
            .attribute("odd name", "x")
            .build(),
    ];
    Data::of(store).spans("some", &spans).await;
    let theirs = of("theirs", "cart", 1).attribute("theirs", "theirs");
    Data::of_a_stranger(store)
        .spans("theirs", &[theirs.build()])
        .await;
}
