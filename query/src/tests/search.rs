use std::path::Path;

use axum::http::StatusCode;
use coldtrace_model::{AttributeValue, Attributes, Span, SpanKind};
use coldtrace_store::Store;
use coldtrace_testkit::{engine, span};
use insta::assert_json_snapshot;
use serde_json::Value;

use super::fixture::{Data, an_order};
use super::served::Served;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";
const HOUR: f64 = 3_600_000.0;

/// Queries of which columns tell much, little, or nothing.
const QUERIES: &[&str] = &[
    "{}",
    "{ true }",
    "{ false }",
    "{ name = \"handler\" }",
    "{ name = \"inventory\" }",
    "{ name = \"init\" }",
    "{ name =~ \"POST .*\" }",
    "{ name != \"handler\" }",
    "{ status = error }",
    "{ status != error }",
    "{ status != unset }",
    "{ kind = server }",
    "{ kind = client && duration > 100ms }",
    "{ duration > 1s }",
    "{ 1s < duration }",
    "{ name = \"init\" && duration > 100ms }",
    "{ name = \"init\" && duration > 1s }",
    "{ name = \"mailer\" && duration >= 3s }",
    "{ kind = server && status = error }",
    "{ duration < 1ms }",
    "{ duration = 400ms }",
    "{ .zeta = 3.5 }",
    "{ .zeta > 3 }",
    "{ .zeta < 3 }",
    "{ .alpha = 9223372036854775807 }",
    "{ .really }",
    "{ .really = true }",
    "{ .really = false }",
    "{ .shaky != nil }",
    "{ .shaky = nil }",
    "{ .shaky > 1 }",
    "{ .faas.invocation_id = \"order-1\" }",
    "{ span.faas.invocation_id = \"order-1\" }",
    "{ span.faas.invocation_id = \"mail-1\" }",
    "{ .coldtrace.phase = \"init\" }",
    "{ resource.service.name = \"reports\" }",
    "{ .service.name = \"reports\" }",
    "{ resource.service.name = \"mailer\" }",
    "{ resource.team = \"blue\" }",
    "{ .team = \"blue\" }",
    "{ resource.team != nil }",
    "{ resource.team =~ \"b.*\" }",
    "{ .tags = \"red\" }",
    "{ span.tags = \"red\" }",
    "{ span.tags = \"green\" }",
    "{ .tags = 7 }",
    "{ .sizes > 6 }",
    "{ .in.event = \"deep\" }",
    "{ event.in.event = \"deep\" }",
    "{ event.in.event = \"shallow\" }",
    "{ .in.link = \"far\" }",
    "{ link.in.link = \"far\" }",
    "{ .in.scope = \"lib\" }",
    "{ instrumentation.in.scope = \"lib\" }",
    "{ instrumentation:name = \"otel-lambda\" }",
    "{ event:name = \"charged\" }",
    "{ parent.service.name = \"long\" }",
    "{ .late = \"yes\" }",
    "{ \"yes\" = span.late }",
    "{ .late = \"yes\" || .tags = \"red\" }",
    "{ .late = \"yes\" && .tags = \"red\" }",
    "{ .late = \"yes\" && duration > 1ms }",
    "{ (.late = \"yes\" || name = \"handler\") && kind != producer }",
    "{ !(.late = \"yes\") && .tags != nil }",
    "{ .zeta * 2 = 7 }",
    "{ name = \"handler\" } >> { status = error }",
    "{ name = \"handler\" } && { status = error }",
    "{ name = \"reports\" } || { status = error }",
    "{ status = error } !> { name = \"long\" }",
    "{ resource.service.name = \"long\" } > { .late = \"yes\" }",
    "{ .late = \"yes\" } < { name = \"long\" }",
    "{ .late = \"yes\" } &< { name = \"long\" }",
    "{ .late = \"yes\" } ~ { name = \"early\" }",
    "({ status = error } | count() > 0) || { name = \"long\" }",
    "{ kind = server } | count() > 1",
    "{ status = error } | by(name) | count() = 1",
    "count() > 3",
];

#[tokio::test]
async fn a_search_finds_what_a_look_at_every_trace_finds() {
    let engine = engine::start().await;
    let served = Served::on(&engine.store());
    some_traces(&engine.store()).await;
    let mut sizes = std::collections::BTreeSet::new();
    for query in QUERIES {
        let found = ids(&search(&served, query, "").await);
        // The first step passes every span, and tells columns nothing.
        let looked = ids(&search(&served, &format!("{{}} | {query}"), "").await);
        assert_eq!(found, looked, "{query}");
        sizes.insert(found.len());
    }
    assert!(sizes.len() >= 5, "the queries differ: {sizes:?}");
}

#[tokio::test]
async fn pages_of_a_search_hold_each_trace_once_the_latest_first() {
    let engine = engine::start().await;
    let served = Served::on(&engine.store());
    some_traces(&engine.store()).await;
    let all = search(&served, "{ status != ok }", "").await;
    assert_eq!(all["next_cursor"], Value::Null);
    let starts: Vec<i64> = list(&all)
        .iter()
        .map(|found| {
            found["start"]
                .as_str()
                .and_then(|start| start.parse().ok())
                .expect("a time")
        })
        .collect();
    assert!(starts.len() > 5, "{starts:?}");
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = search(&served, "{ status != ok }", &format!("&limit=2{cursor}")).await;
        pages.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(pages, ids(&all));
}

#[tokio::test]
async fn a_journey_is_found_once_under_its_platforms_trace_only_where_no_other_matches() {
    let engine = engine::start().await;
    let store = engine.store();
    an_order(&store).await;
    let data = Data::of(&store);
    // An order a day later: what the platform told of it came first, and more was found of others in between.
    let day = 24.0 * HOUR;
    let drawn = |name: &str, request: &str, id: u64, start: f64| {
        span(name)
            .service(name)
            .trace(0x90)
            .id(id)
            .kind(SpanKind::Server)
            .request(request)
            .phase("invocation")
            .at(start, start + 10.0)
    };
    let own = span("handler")
        .service("checkout")
        .trace(0x91)
        .id(0x91)
        .request("order-9")
        .at(day + 1_000.0, day + 1_010.0);
    let spans = [
        drawn("checkout", "order-9", 0x92, day).build(),
        drawn("mailer", "mail-9", 0x93, day + 20.0).build(),
        own.attribute("vip", true).build(),
    ];
    data.spans("a day later", &spans).await;
    let others: Vec<Span> = (0..200)
        .map(|number| {
            let id = 0x1000 + number;
            let start = day + 1.0 + number as f64;
            let built = span("checkout").service("other").trace(id.into()).id(id);
            built.at(start, start + 1.0).build()
        })
        .collect();
    data.spans("others", &others).await;
    let served = Served::on(&store);
    let found = async |query: &str, range: &str| {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let reply = served
                .ok(&format!("{}&limit=3{cursor}", path_in(range, query)))
                .await;
            found.extend(ids(&reply));
            match reply["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        found.retain(|id| u128::from_str_radix(id, 16).is_ok_and(|id| id < 0x1000));
        found
    };
    let trace = |number: u128| format!("{number:032x}");
    // Facts alone, beside a trace of spans.
    assert_eq!(
        found("{}", RANGE).await,
        [trace(0x40), trace(0x30), trace(0x20)]
    );
    let mailer = found("{ name = \"mailer\" }", RANGE).await;
    assert_eq!(mailer, [trace(0x10)], "no function told of it");
    let begin = 1_767_225_600_000_000_000_u64;
    let first = format!("from={begin}&to={}", begin + 1_000_000);
    assert_eq!(
        found("{}", &first).await,
        [trace(0x10)],
        "the other began later"
    );
    let later = begin + 86_400_000_000_000;
    let hour = format!("from={later}&to={}", later + 3_600_000_000_000);
    assert_eq!(found("{ .vip }", &hour).await, [trace(0x91)]);
    let of_checkout = "{ resource.service.name = \"checkout\" }";
    assert_eq!(found(of_checkout, &hour).await, [trace(0x91)]);
    let named = "{ name = \"checkout\" }";
    assert_eq!(
        found(named, &hour).await,
        [trace(0x90)],
        "it alone is called so"
    );
    let both = found("{ name = \"handler\" || name = \"mailer\" }", &hour).await;
    assert_eq!(both, [trace(0x91)]);
}

#[tokio::test]
async fn what_was_found_is_told_with_what_was_asked_for() {
    let engine = engine::start().await;
    let served = Served::on(&engine.store());
    an_order(&engine.store()).await;
    let query = "{ name = \"handler\" || status = error } | by(resource.service.name) | max(duration) > 100ms | select(.zeta, kind)";
    assert_json_snapshot!(search(&served, query, "").await);
}

#[tokio::test]
async fn a_wrong_query_is_pointed_at() {
    let (_, body) = Served::without_store()
        .get(&path("{ .µ = 1 && durations > 1s }", ""))
        .await;
    assert_json_snapshot!(body);
}

async fn search(served: &Served, query: &str, more: &str) -> Value {
    served.ok(&path(query, more)).await
}

fn path(query: &str, more: &str) -> String {
    format!("{}{more}", path_in(RANGE, query))
}

fn path_in(range: &str, query: &str) -> String {
    let escaped: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    format!("/api/v1/search?{range}&q={escaped}")
}

fn list(reply: &Value) -> &[Value] {
    reply["traces"].as_array().expect("a list")
}

fn ids(reply: &Value) -> Vec<String> {
    let id = |found: &Value| found["trace_id"].as_str().expect("an id").to_owned();
    list(reply).iter().map(id).collect()
}

/// An order, and traces of every kind that columns know little of.
async fn some_traces(store: &Store) {
    an_order(store).await;
    let data = Data::of(store);
    let text = |text: &str| AttributeValue::String(text.to_owned());
    let one = |key: &str, value: AttributeValue| -> Attributes { vec![(key.to_owned(), value)] };
    let built = |id: u64, change: &dyn Fn(&mut Span)| {
        let number = u128::from(id);
        let mut built = span(&format!("odd {id}"))
            .service("odd")
            .trace(number)
            .id(id)
            .at(id as f64, id as f64 + 5.0)
            .build();
        change(&mut built);
        built
    };
    let lists = |values: Vec<AttributeValue>| AttributeValue::Array(values);
    let spans = [
        built(0x50, &|span| {
            span.attributes = one("tags", lists(vec![text("red"), text("blue")]))
        }),
        built(0x51, &|span| {
            span.attributes = one("tags", lists(vec![AttributeValue::Int(7)]))
        }),
        built(0x52, &|span| {
            span.attributes = one(
                "sizes",
                lists(vec![AttributeValue::Int(1), AttributeValue::Double(6.5)]),
            )
        }),
        built(0x53, &|span| span.attributes = one("tags", text("red"))),
        built(0x54, &|span| {
            span.attributes = one("note", text("tags red yes late"))
        }),
    ];
    data.spans("lists", &spans).await;
    let evented = span("evented")
        .service("odd")
        .trace(0x55)
        .id(0x55)
        .at(60.0, 70.0)
        .event("e", 61.0)
        .link(0x77, 1);
    let mut evented = evented.kind(SpanKind::Producer).build();
    evented.events[0].attributes = one("in.event", text("deep"));
    evented.links[0].attributes = one("in.link", text("far"));
    let mut scoped = span("scoped")
        .service("odd")
        .trace(0x56)
        .id(0x56)
        .at(70.0, 71.0)
        .scope("s")
        .build();
    std::sync::Arc::make_mut(&mut scoped.scope).attributes = one("in.scope", text("lib"));
    let teamed = span("teamed")
        .service("odd")
        .trace(0x57)
        .id(0x57)
        .at(80.0, 81.0);
    let teamed = teamed.resource_attribute("team", "blue").build();
    let open = span("open")
        .service("odd")
        .trace(0x58)
        .id(0x58)
        .at(90.0, 91.0)
        .unfinished()
        .build();
    data.spans("odd", &[evented, scoped, teamed, open]).await;
    // Longer than any range that is looked at first: what tells of it comes long after its beginning, another day.
    let long = span("long")
        .service("long")
        .trace(0x60)
        .id(0x60)
        .at(100.0, 40.0 * HOUR)
        .build();
    let early = span("early")
        .service("long")
        .trace(0x60)
        .id(0x61)
        .under(0x60)
        .at(200.0, 300.0)
        .build();
    let late = span("late")
        .service("queue")
        .trace(0x60)
        .id(0x62)
        .under(0x60)
        .at(30.0 * HOUR, 31.0 * HOUR);
    let late = late.attribute("late", "yes").failed("at last").build();
    data.spans("long", &[long, early, late]).await;
    // Begun before and after the range.
    let before = span("before")
        .service("odd")
        .trace(0x70)
        .id(0x70)
        .at(-10.0, 50.0)
        .failed("early")
        .build();
    let after = span("after")
        .service("odd")
        .trace(0x71)
        .id(0x71)
        .at(HOUR, HOUR + 1.0)
        .failed("late")
        .build();
    data.spans("outside", &[before, after]).await;
}

/// What fuzzing begins with: a bit of everything that the language has.
#[tokio::test]
async fn every_query_is_one_that_the_engine_understands() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let served = Served::on(&engine.store());
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/traceql/fuzz/corpus/query");
    let mut asked = 0;
    for input in std::fs::read_dir(corpus).expect("the corpus is checked in") {
        let text = std::fs::read_to_string(input.unwrap().path()).expect("text");
        let letters = text.bytes().map(|byte| format!("%{byte:02X}"));
        let query = letters.collect::<String>();
        let path = format!("/api/v1/search?q={query}&{RANGE}&limit=1");
        let (status, body) = served.get(&path).await;
        let expected = match coldtrace_traceql::parse(&text) {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::BAD_REQUEST,
        };
        assert_eq!(status, expected, "{text}: {body}");
        asked += usize::from(status == StatusCode::OK);
    }
    assert!(asked > 100, "only {asked} were queries");
    engine.stop().await;
}
