use axum::http::StatusCode;
use coldtrace_model::{
    ByteSize, Cold, Invocation, Nanos, Outcome, PhaseKind, RequestId, Span, SpanKind, Tenant,
};
use coldtrace_service::metrics::Registry;
use coldtrace_store::settle::DueFunction;
use coldtrace_testkit::{at, engine, invocation, phase, span};
use insta::assert_json_snapshot;
use serde_json::Value;

use super::fixture::{Data, an_order};
use super::served::Served;
use super::settle::settling;
use crate::settle::Step;

/// From the tests' epoch, an hour.
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";
const EVERY: f64 = 20_000.0;
const MINUTE: f64 = 60_000.0;

#[tokio::test]
async fn a_function_is_told_by_what_tells_its_invocations_apart() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let served = Served::on(&engine.store());
    let detail = served
        .ok(&format!("/api/v1/functions/checkout?{RANGE}"))
        .await;
    assert_json_snapshot!("function", detail);
    let nobody = format!("/api/v1/functions/nobody?{RANGE}");
    for path in [nobody.clone(), nobody.replace('?', "/findings?")] {
        let (status, body) = served.get(&path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    }
}

#[tokio::test]
async fn findings_name_what_costs_and_their_questions_show_it() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    cart(&data).await;
    leaky(&data).await;
    worker(&data).await;
    // What others do under the same name is theirs.
    let others = Data::of_a_stranger(&store);
    others.facts("theirs", &[told("cart", 1).build()]).await;
    let served = Served::on(&store);
    check(
        &served,
        "cart",
        &["cold_starts", "repeated_calls", "error_regression"],
    )
    .await;
    check(&served, "leaky", &["memory_leak"]).await;
    check(&served, "worker", &["duplicate_processing"]).await;
    let path = format!("/api/v1/functions/cart/findings?{RANGE}");
    assert_json_snapshot!("findings", served.ok(&path).await);
}

#[tokio::test]
async fn settle_looks_at_each_function_once_an_hour_and_the_list_says_since_when() {
    let engine = engine::start().await;
    let store = engine.store();
    leaky(&Data::of(&store)).await;
    worker(&Data::of_a_stranger(&store)).await;
    let mut settle = settling(&store, &Registry::new());
    let first = at(62.0 * MINUTE);
    while settle.step(first).await.expect("a step") == Step::More {}
    let mut looks = 0;
    while settle.look_at_a_function(first).await.expect("a look") == Step::More {
        looks += 1;
    }
    assert_eq!(looks, 2, "one function of each tenant");
    let again = at(100.0 * MINUTE);
    assert_eq!(
        settle.look_at_a_function(again).await.expect("a look"),
        Step::Done
    );
    let third = at(123.0 * MINUTE);
    assert_eq!(
        settle.look_at_a_function(third).await.expect("a look"),
        Step::More
    );

    let served = Served::on(&store);
    let all = "/api/v1/findings?from=1767225600000000000&to=1767240000000000000";
    let list = served.ok(all).await;
    assert_eq!(list["total"], 1, "others' findings are theirs: {list:#}");
    let finding = &list["findings"][0];
    assert_eq!(finding["kind"], "memory_leak");
    assert_eq!(finding["first_seen"], first.0.to_string());
    assert_eq!(finding["last_seen"], third.0.to_string());
    assert_eq!(finding["is_there"], true);
    let of_another = served.ok(&format!("{all}&function=worker")).await;
    assert_eq!(of_another["total"], 0);

    // A look that finds nothing ends what was told before.
    let due = DueFunction {
        tenant: Tenant::parse("default").expect("a tenant"),
        function: "leaky".to_owned(),
        keep_days: 7_300,
    };
    let told = store.settler().tell(&due, at(190.0 * MINUTE), &[]).await;
    told.expect("the engine takes it");
    assert_eq!(served.ok(all).await["findings"][0]["is_there"], false);
}

/// That exactly these are found, that the list that each names is there and not empty, and that its examples are.
async fn check(served: &Served, function: &str, expected: &[&str]) {
    let path = format!("/api/v1/functions/{function}/findings?{RANGE}");
    let reply = served.ok(&path).await;
    let findings = reply["findings"].as_array().expect("a list");
    let mut kinds: Vec<&str> = findings.iter().map(|one| text(&one["kind"])).collect();
    kinds.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(kinds, expected, "{reply:#}");
    for finding in findings {
        let list = served.ok(text(&finding["question"])).await;
        let shown = list.get("invocations").or(list.get("traces"));
        let shown = shown.and_then(Value::as_array).expect("a list");
        assert!(!shown.is_empty(), "{finding:#}");
        let examples = finding["examples"].as_array().expect("a list");
        assert!(!examples.is_empty(), "{finding:#}");
        for example in examples {
            served
                .ok(&format!("/api/v1/invocations/{}", text(example)))
                .await;
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn told(function: &str, number: usize) -> coldtrace_testkit::InvocationBuilder {
    let started = number as f64 * EVERY;
    invocation(&format!("{function}-{number}"))
        .function(function)
        .started(started)
        .ended(Outcome::Ok, started + 200.0)
        .with(|told| {
            told.memory = Some(ByteSize::from_mib(256));
            told.max_memory = Some(ByteSize::from_mib(180));
        })
}

/// A dozen of equal calls in half of its traces, a start in one of ten, and a second version that fails.
async fn cart(data: &Data<'_>) {
    let (mut invocations, mut spans): (Vec<Invocation>, Vec<Span>) = Default::default();
    for number in 0..160 {
        let trace = 0x1000 + number as u128;
        let mut one = told("cart", number).platform_span(trace, 1);
        one = one.sandbox(&format!("sandbox-{}", number / 10));
        if number % 10 == 0 {
            one = one.cold(Cold::OnDemand).with(|told| {
                told.init = Some(Nanos::from_millis(900));
            });
        }
        let is_new = number >= 80;
        invocations.push(
            one.with(|told| {
                told.version = if is_new { "8" } else { "7" }.to_owned();
                if is_new && number % 4 == 1 {
                    told.outcome = Outcome::Error;
                }
            })
            .build(),
        );
        let begin = number as f64 * EVERY;
        let of = |id: u64, name: &str| span(name).service("cart").trace(trace).id(id);
        let whole = of(1, "cart").kind(SpanKind::Server).phase("invocation");
        let whole = whole.request(&format!("cart-{number}"));
        spans.push(whole.at(begin, begin + 200.0).build());
        let calls = if number % 2 == 0 { 12 } else { 1 };
        for call in 0..calls {
            let from = begin + 20.0 + call as f64 * 12.0;
            let select = of(10 + call, "SELECT item").under(1).kind(SpanKind::Client);
            let select = select.attribute("db.query.text", "SELECT * FROM item WHERE id = 7");
            spans.push(select.at(from, from + 11.0).build());
        }
    }
    data.facts("cart", &invocations).await;
    data.spans("cart", &spans).await;
}

/// Each invocation takes more memory than the one before, until there is none left.
async fn leaky(data: &Data<'_>) {
    let leaking = |number: usize| {
        let (sandbox, place) = (number / 30, number as u64 % 30);
        let one = told("leaky", number).sandbox(&format!("leaking-{sandbox}"));
        let one = one.with(|told| {
            told.max_memory = Some(ByteSize::from_mib(80 + place * 6));
            if place == 29 {
                told.outcome = Outcome::OutOfMemory;
            }
        });
        one.build()
    };
    let invocations: Vec<Invocation> = (0..150).map(leaking).collect();
    data.facts("leaky", &invocations).await;
}

#[tokio::test]
async fn sandboxes_are_told_with_what_they_served_and_those_that_served_nobody() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    leaky(&data).await;
    // Beside the third sandbox: two at once, from within to behind one of its invocations.
    let beside = told("leaky", 70).sandbox("beside").with(|one| {
        one.request_id = RequestId::parse("beside").expect("an id");
        one.start = one.start.plus(Nanos::from_millis(100));
        one.outcome = Outcome::Error;
        one.max_memory = None;
    });
    data.facts("beside", &[beside.build()]).await;
    let init = phase(PhaseKind::Init, -900.0, 0.0);
    data.phase("leaky", "leaking-0", &init).await;
    data.phase("leaky", "idle", &phase(PhaseKind::Init, 1_000.0, 2_500.0))
        .await;
    let theirs = Data::of_a_stranger(&store);
    theirs.phase("leaky", "theirs", &init).await;
    theirs
        .facts("theirs", &[told("leaky", 3).sandbox("theirs").build()])
        .await;
    let served = Served::on(&store);
    let path = format!("/api/v1/functions/leaky/sandboxes?{RANGE}");
    let reply = served.ok(&path).await;
    assert_eq!(reply["total"], "6");
    let unused = &reply["unused"];
    assert_eq!(
        (&unused["sandboxes"], &unused["prepared"]),
        (&"1".into(), &"1500000000".into())
    );
    let sandboxes = reply["sandboxes"].as_array().expect("a list");
    let ids: Vec<&str> = sandboxes
        .iter()
        .map(|one| one["sandbox_id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "leaking-4",
            "leaking-3",
            "leaking-2",
            "beside",
            "leaking-1",
            "leaking-0"
        ]
    );
    let oldest = &sandboxes[5];
    assert_eq!(oldest["invocations"], "30");
    assert_eq!(oldest["errors"], "1");
    assert_eq!(oldest["busy"], "6000000000");
    assert_eq!(oldest["prepared"]["kind"], "init");
    assert_eq!(oldest["prepared"]["duration"], "900000000");
    let used = ["first_memory_bytes", "last_memory_bytes"].map(|name| &oldest[name]);
    assert_eq!(
        used,
        [&(80_u64 << 20).to_string(), &(254_u64 << 20).to_string()]
    );
    assert_eq!(oldest["runs"].as_array().expect("a list").len(), 30);
    assert_eq!(oldest["runs"][29]["outcome"], "oom");
    let points = reply["concurrency"].as_array().expect("a list");
    let most = points
        .iter()
        .map(|point| point["most"].as_u64().unwrap())
        .max();
    assert_eq!(most, Some(2));
    let alone = points.iter().filter(|point| point["most"] == 1).count();
    assert_eq!(alone, points.len() - 1, "{points:#?}");
}

/// One message of ten comes twice.
async fn worker(data: &Data<'_>) {
    let (mut invocations, mut spans): (Vec<Invocation>, Vec<Span>) = Default::default();
    for number in 0..100 {
        let trace = 0x2000 + number as u128;
        invocations.push(told("worker", number).platform_span(trace, 1).build());
        let begin = number as f64 * EVERY;
        let message = if number % 10 == 9 { number - 1 } else { number };
        let taken = span("orders process").service("worker").trace(trace).id(1);
        let taken = taken.kind(SpanKind::Consumer).at(begin, begin + 200.0);
        let taken = taken.request(&format!("worker-{number}"));
        let taken = taken.attribute("messaging.message.id", &*format!("message-{message}"));
        spans.push(taken.build());
    }
    data.facts("worker", &invocations).await;
    data.spans("worker", &spans).await;
}
