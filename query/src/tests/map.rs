use coldtrace_model::{Span, SpanKind};
use coldtrace_testkit::{SpanBuilder, engine, invocation, span};
use serde_json::Value;

use super::fixture::Data;
use super::openapi::Description;
use super::served::Served;

/// From the tests' epoch, an hour, and a day.
const HOUR: &str = "from=1767225600000000000&to=1767229200000000000";
const DAY: &str = "from=1767225600000000000&to=1767312000000000000";
const MINUTE: f64 = 60_000.0;

/// An edge a line.
fn told(map: &Value) -> Vec<String> {
    let edges = map["edges"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let line = |edge: &Value| {
        format!(
            "{} {} {}: {} calls, {} failed",
            text(&edge["from"]),
            text(&edge["kind"]),
            text(&edge["to"]),
            text(&edge["calls"]),
            text(&edge["errors"])
        )
    };
    let mut lines: Vec<String> = edges.map(line).collect();
    lines.sort_unstable();
    lines
}

fn call(id: u64, minute: f64, name: &str, kind: SpanKind) -> SpanBuilder {
    let call = span(name).service("checkout").kind(kind).id(id).under(1);
    call.at(minute * MINUTE + 10.0, minute * MINUTE + 30.0)
}

/// What an order does in a minute of the test.
fn order(trace: u128, minute: f64) -> Vec<Span> {
    let client = |id, name| call(id, minute, name, SpanKind::Client);
    let spans = [
        span("checkout")
            .service("checkout")
            .kind(SpanKind::Server)
            .id(1)
            .at(minute * MINUTE, minute * MINUTE + 100.0),
        client(2, "SELECT")
            .attribute("db.system.name", "postgresql")
            .attribute("db.namespace", "orders")
            .attribute("server.address", "db.internal"),
        client(3, "GET")
            .attribute("url.full", "https://me:secret@api.acme.example/v1/pay?x=1")
            .attribute("http.request.method", "GET")
            .failed("503"),
        // Its callee tells of itself, under this very address.
        client(4, "GET").attribute("server.address", "inventory.internal"),
        span("GET /stock")
            .service("inventory")
            .kind(SpanKind::Server)
            .id(5)
            .under(4)
            .attribute("server.address", "inventory.internal")
            .at(minute * MINUTE + 12.0, minute * MINUTE + 20.0),
        client(6, "DynamoDB.GetItem")
            .attribute("rpc.system", "aws-api")
            .attribute("rpc.service", "S3"),
        call(7, minute, "orders send", SpanKind::Producer)
            .attribute("messaging.system", "aws_sqs")
            .attribute("messaging.destination.name", "orders"),
        span("orders process")
            .service("mailer")
            .kind(SpanKind::Consumer)
            .id(8)
            .under(7)
            .attribute("messaging.system", "aws_sqs")
            .attribute("messaging.destination.name", "orders")
            .at(minute * MINUTE + 200.0, minute * MINUTE + 240.0),
    ];
    spans.map(|span| span.trace(trace).build()).into()
}

#[tokio::test]
async fn databases_queues_and_third_parties_are_nodes_and_messages_are_told_apart() {
    let engine = engine::start().await;
    let store = engine.store();
    let mut spans = order(1, 5.0);
    spans.extend(order(2, 15.0));
    Data::of(&store).spans("orders", &spans).await;
    Data::of_a_stranger(&store)
        .spans("theirs", &order(9, 5.0))
        .await;
    let served = Served::on(&store);
    let nothing = served.ok("/api/v1/map?to=0").await;
    assert_eq!(told(&nothing), [""; 0], "of no time");
    let expected = [
        "queue:aws_sqs/orders message service:mailer: 2 calls, 0 failed",
        "service:checkout call database:postgresql/orders: 2 calls, 0 failed",
        "service:checkout call external:api.acme.example: 2 calls, 2 failed",
        "service:checkout call external:aws/S3: 2 calls, 0 failed",
        "service:checkout call service:inventory: 2 calls, 0 failed",
        "service:checkout message queue:aws_sqs/orders: 2 calls, 0 failed",
        "service:checkout message service:mailer: 2 calls, 0 failed",
    ];
    let hour = served.ok(&format!("/api/v1/map?{HOUR}")).await;
    assert_eq!(told(&hour), expected);
    assert_eq!(hour["sampled"], "1");
    let external = &hour["nodes"].as_array().expect("a list")[1];
    assert_eq!(
        (&external["kind"], &external["errors"]),
        (&"external".into(), &"2".into())
    );

    // Of a day one stretch of twelve is looked at; none of these is the one.
    let day = served.ok(&format!("/api/v1/map?{DAY}")).await;
    assert_eq!(day["sampled"], "12");
    assert_eq!(told(&day), [expected[4], expected[6]]);
    // The last five minutes of each hour are.
    Data::of(&store).spans("late", &order(3, 57.0)).await;
    let day = served.ok(&format!("/api/v1/map?{DAY}")).await;
    let lines = told(&day);
    assert_eq!(
        lines[1],
        "service:checkout call database:postgresql/orders: 12 calls, 0 failed"
    );
    assert_eq!(
        lines[4],
        "service:checkout call service:inventory: 3 calls, 0 failed"
    );
    let database = &day["edges"].as_array().expect("a list")[2];
    assert_eq!(database["is_estimated"], true, "{day:#}");
}

#[tokio::test]
async fn a_service_that_is_a_function_names_it() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    let named = |service: &str, function: &str, id, parent| {
        let span = span("handle")
            .service(service)
            .kind(SpanKind::Server)
            .id(id);
        let span = span.resource_attribute("faas.name", function);
        let span = span.under(parent).at(10.0, 20.0);
        span.trace(1).build()
    };
    let mut spans = order(1, 5.0);
    spans.push(named("shop", "shop-prod", 20, 2));
    // Of two functions it is neither.
    spans.push(named("both", "one", 21, 2));
    spans.push(named("both", "other", 22, 2));
    // Nobody invoked it.
    spans.push(named("idle", "idle-prod", 23, 2));
    data.spans("orders", &spans).await;
    let invoked = ["checkout", "shop-prod", "one", "other"];
    let invoked = invoked.map(|function| {
        let one = invocation(&format!("of {function}")).function(function);
        one.started(0.0).build()
    });
    data.facts("invoked", &invoked).await;
    let theirs = invocation("theirs").function("mailer").started(0.0);
    Data::of_a_stranger(&store)
        .facts("theirs", &[theirs.build()])
        .await;

    let map = Served::on(&store).ok(&format!("/api/v1/map?{HOUR}")).await;

    Description::read().check("GET /api/v1/map", 200, &map);
    let nodes = map["nodes"].as_array().expect("a list");
    let mut functions: Vec<(&str, Option<&str>)> = nodes
        .iter()
        .map(|node| {
            (
                node["id"].as_str().expect("an id"),
                node["function"].as_str(),
            )
        })
        .filter(|(id, _)| id.starts_with("service:"))
        .collect();
    functions.sort_unstable();
    assert_eq!(
        functions,
        [
            ("service:both", None),
            ("service:checkout", Some("checkout")),
            ("service:idle", None),
            ("service:inventory", None),
            ("service:mailer", None),
            ("service:shop", Some("shop-prod")),
        ]
    );
    let others = nodes.iter().filter(|node| node["kind"] != "service");
    for node in others {
        assert_eq!(node["function"], Value::Null, "{node}");
    }
}
