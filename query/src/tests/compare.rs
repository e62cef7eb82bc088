use coldtrace_model::{Cold, Invocation, Outcome, Span, SpanKind, TimeRange, UnixNanos};
use coldtrace_store::Store;
use coldtrace_store::settle::Rollup;
use coldtrace_testkit::{at, engine, invocation, span};
use serde_json::Value;

use super::fixture::Data;
use super::served::Served;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";
/// Between two invocations, in milliseconds: their minutes are many, and both ends of the range are inside a bucket.
const STEP: f64 = 2_400.0;
const SECOND: f64 = 1_000.0;

/// Invocations of this number on, each with the span that answered it. Those of one provider, every tenth, take long; their plan
/// tells the same of nearly all of them, and their region of two thirds.
fn paid(provider: &str, first: usize, count: usize) -> (Vec<Invocation>, Vec<Span>) {
    let one = |number: usize| {
        let start = 61.0 * SECOND + number as f64 * STEP;
        let is_slow = number % 10 == 3;
        let length = if is_slow { 900.0 } else { 100.0 } + (number * 7 % 50) as f64;
        let request = format!("request-{number}");
        let told = invocation(&request).started(start);
        let told = told.ended(Outcome::Ok, start + length).with(|told| {
            told.cold = match number % 50 {
                0 => Cold::OnDemand,
                _ => Cold::Warm,
            };
        });
        let answered = span("checkout")
            .kind(SpanKind::Server)
            .service("checkout")
            .trace(number as u128 + 1)
            .id(7)
            .at(start + 1.0, start + length)
            .request(&request)
            .attribute("faas.invocation_id", request.as_str())
            .attribute("payment.provider", if is_slow { provider } else { "acme" })
            .attribute("cart.items", (number % 7) as i64)
            .attribute(
                "region",
                if is_slow && !number.is_multiple_of(3) || number % 40 == 1 {
                    "west"
                } else {
                    "east"
                },
            );
        let answered = match number % 600 != 13 && is_slow {
            true => answered.attribute("plan", "rare"),
            false => answered,
        };
        (told.build(), answered.build())
    };
    (first..first + count).map(one).unzip()
}

async fn write(data: &Data<'_>, what: &str, (told, spans): (Vec<Invocation>, Vec<Span>)) {
    data.facts(what, &told).await;
    data.spans(what, &spans).await;
}

pub(super) async fn settle(store: &Store) {
    let settler = store.settler();
    let range = TimeRange {
        from: UnixNanos(0),
        to: at(7_200.0 * SECOND),
    };
    let now = at(10_800.0 * SECOND);
    for rollup in Rollup::ALL {
        let found = settler.unsettled(rollup, range, now, 10_000).await.unwrap();
        settler.settle(rollup, &found, now).await.unwrap();
        let differences = settler.differences(rollup, range, now).await.unwrap();
        assert_eq!(differences, Vec::<String>::new(), "{rollup:?}");
    }
}

/// Key, value and what goes with it.
fn told(item: &Value) -> (String, Value, usize) {
    let key = item["key"].as_str().expect("a key").to_owned();
    let also = item["also"].as_array().expect("a list");
    (key, item["value"].clone(), also.len())
}

#[tokio::test]
async fn what_makes_invocations_slow_is_told_first_before_and_after_it_is_settled() {
    let engine = engine::start().await;
    let store = engine.store();
    let served = Served::on(&store);
    let data = Data::of(&store);
    write(&data, "some", paid("slowpay", 0, 600)).await;
    write(
        &Data::of_a_stranger(&store),
        "theirs",
        paid("theirs", 0, 600),
    )
    .await;
    // From within a bucket to within a bucket.
    let range = "from=1767225700000000000&to=1767227000000000000";
    let paths = [
        format!("/api/v1/compare?{RANGE}&function=checkout&slowest=0.1"),
        format!("/api/v1/compare?{range}&min_duration=500000000"),
        format!("/api/v1/compare?{RANGE}&max_duration=500000000"),
        format!("/api/v1/compare?{RANGE}&cold=true"),
        format!("/api/v1/compare?{RANGE}&since=1767226200000000000"),
    ];
    let ask = async || {
        let mut replies = Vec::new();
        for path in &paths {
            replies.push(served.ok(path).await);
        }
        replies
    };
    let before = ask().await;
    let slowest = &before[0];
    assert_eq!(slowest["selected"]["invocations"], "60");
    assert_eq!(slowest["rest"]["invocations"], "540");
    let first = &slowest["items"][0];
    assert_eq!(
        told(first),
        ("span.payment.provider".to_owned(), "slowpay".into(), 1),
        "{slowest:#}"
    );
    assert_eq!(first["also"][0]["key"], "span.plan");
    assert_eq!(
        (&first["selected"], &first["rest"]),
        (&"60".into(), &"0".into())
    );
    assert_eq!(first["lift"], Value::Null);
    assert!(first["explains"].as_f64().expect("a share") > 0.99);
    let second = told(&slowest["items"][1]);
    assert_eq!(second, ("span.region".to_owned(), "west".into(), 0));
    assert!(
        !slowest.to_string().contains("invocation_id"),
        "ids tell nothing"
    );
    assert_eq!(told(&before[1]["items"][0]).1, "slowpay");
    assert_eq!(told(&before[2]["items"][0]).1, "acme", "of the fast ones");
    assert_eq!(before[3]["selected"]["invocations"], "12");
    assert_eq!(before[3]["warnings"].as_array().expect("a list").len(), 1);

    settle(&store).await;
    assert_eq!(ask().await, before, "from features");
    // Some are late, some are new, and some windows stay settled.
    write(&data, "more", paid("slowpay", 590, 100)).await;
    let late = ask().await;
    assert_eq!(late[0]["selected"]["invocations"], "69");
    settle(&store).await;
    assert_eq!(ask().await, late, "from features again");
}

#[tokio::test]
async fn a_side_without_invocations_is_told_and_nothing_else() {
    let engine = engine::start().await;
    let served = Served::on(&engine.store());
    let check = async |asked: &str, expected: &str| {
        let reply = served.ok(&format!("/api/v1/compare?{RANGE}&{asked}")).await;
        assert_eq!(reply["items"], Value::Array(Vec::new()), "{asked}");
        let warning = reply["warnings"][0].as_str().expect("a warning");
        assert!(warning.contains(expected), "{asked}: {warning}");
    };
    check("slowest=0.1", "could be compared").await;
    write(&Data::of(&engine.store()), "some", paid("slowpay", 0, 30)).await;
    check("outcome=oom", "no invocation was selected").await;
    check("outcome=ok", "every invocation was selected").await;
    check("slowest=0.1&function=nobody", "could be compared").await;
}

#[tokio::test]
async fn an_invocation_without_spans_is_compared_by_what_its_facts_tell() {
    let engine = engine::start().await;
    let served = Served::on(&engine.store());
    let one = |number: usize| {
        let is_broken = number.is_multiple_of(5);
        let start = number as f64 * STEP;
        let told = invocation(&format!("request-{number}")).started(start);
        let outcome = if is_broken {
            Outcome::Error
        } else {
            Outcome::Ok
        };
        let told = told.ended(outcome, start + 10.0);
        let told = told.with(|told| told.version = if is_broken { "7" } else { "6" }.to_owned());
        told.build()
    };
    let told_of: Vec<Invocation> = (0..200).map(one).collect();
    Data::of(&engine.store()).facts("some", &told_of).await;
    let reply = served
        .ok(&format!("/api/v1/compare?{RANGE}&outcome=error"))
        .await;
    let items = reply["items"].as_array().expect("a list");
    assert_eq!(
        items.len(),
        1,
        "the outcome itself tells nothing: {reply:#}"
    );
    assert_eq!(told(&items[0]), ("version".to_owned(), "7".into(), 0));
    assert_eq!(items[0]["explains"], Value::Null, "they take as long");
}

#[tokio::test]
async fn where_the_time_of_both_went_is_told_from_their_traces() {
    let engine = engine::start().await;
    let store = engine.store();
    let served = Served::on(&store);
    let data = Data::of(&store);
    let (told, mut spans) = paid("slowpay", 0, 600);
    let calls: Vec<Span> = spans
        .iter()
        .map(|handler| {
            let (start, end) = (handler.start, handler.end);
            let took = end.since(start).0 as f64 / 1e6;
            let from = start.since(at(0.0)).0 as f64 / 1e6;
            span("GET bank")
                .kind(SpanKind::Client)
                .service("checkout")
                .trace(u128::from_be_bytes(*handler.trace_id.as_bytes()))
                .id(8)
                .under(7)
                .at(from + 10.0, from + took - 40.0)
                .build()
        })
        .collect();
    spans.extend(calls);
    write(&data, "some", (told, spans)).await;
    let path = format!("/api/v1/compare/paths?{RANGE}&function=checkout&slowest=0.1");
    let check = |reply: &Value| {
        assert_eq!(reply["selected"]["invocations"], "60", "{reply:#}");
        assert_eq!(reply["selected"]["looked_at"], 60);
        assert_eq!(reply["rest"]["invocations"], "540");
        assert_eq!(reply["rest"]["looked_at"], 200);
        let frames = reply["frames"].as_array().expect("a list");
        let names: Vec<&str> = frames
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.last(), Some(&"GET bank"), "{reply:#}");
        let call = &frames[frames.len() - 1];
        assert_eq!(call["category"], "downstream");
        assert_eq!(call["parent"], frames.len() - 2);
        let millis = |side: &str| {
            let nanos: u64 = call[side].as_str().unwrap().parse().unwrap();
            nanos / 1_000_000
        };
        assert!((850..900).contains(&millis("selected")), "{call:#}");
        assert!((50..100).contains(&millis("rest")), "{call:#}");
    };
    let before = served.ok(&path).await;
    check(&before);
    settle(&store).await;
    assert_eq!(served.ok(&path).await, before, "from features");
    let nobody = served.ok(&format!("{path}&version=none")).await;
    assert_eq!(nobody["selected"]["looked_at"], 0);
}
