//! Where the time of functions went: what is derived is what rebuilding every trace gives, and what is not derived is said.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use coldtrace_analysis::{Evidence, Segment, rebuild, segments, summed};
use coldtrace_model::{Invocation, Outcome, Span, SpanKind, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_store::Store;
use coldtrace_testkit::{at, engine, invocation, span};
use serde_json::Value;

use super::fixture::{Data, wide};
use super::openapi::Description;
use super::served::Served;
use super::settle::settling;
use crate::settle::{Settle, Step};

const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";
const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;

/// An invocation with its trace.
type Told = (Invocation, Vec<Span>);

/// An order, each unlike the one before, of one of two functions that share services and names: most of them ask a stock
/// that answers, and a table for each of their items.
fn order(function: &str, number: u32) -> Told {
    order_with(function, number, 10.0)
}

/// The same with a stock that is slower.
fn order_with(function: &str, number: u32, slowness: f64) -> Told {
    let begin = f64::from(number) * 8.0 * SECOND;
    let trace = ((function.len() as u128) << 32) + u128::from(number);
    let request = format!("{function}-{number}");
    let stock = f64::from(number % 7) * slowness;
    let items = number % 4;
    let end = begin + 20.0 + stock + f64::from(items) * 5.0 + f64::from(number % 3);
    let told = invocation(&request).function(function).sandbox("here");
    let told = told.platform_span(trace, 1).started(begin);
    let of = |name: &str, id: u64| span(name).trace(trace).id(id).service(function);
    let handler = of("handler", 2).under(1).kind(SpanKind::Server);
    let handler = handler.request(&request).at(begin + 1.0, end - 1.0);
    let mut spans = vec![handler.build()];
    if stock > 0.0 {
        let (from, to) = (begin + 5.0, begin + 5.0 + stock);
        let call = of(&format!("GET /stock/{number}"), 3).under(2);
        spans.push(call.kind(SpanKind::Client).at(from, to).build());
        let answer = of("stock", 4).under(3).service("stock");
        let answer = answer.kind(SpanKind::Server).at(from + 1.0, to - 1.0);
        spans.push(answer.build());
    }
    for item in 0..items {
        let from = begin + 5.0 + stock + f64::from(item) * 5.0;
        let select = of("SELECT item", 10 + u64::from(item)).under(2);
        let select = select.attribute("db.namespace", "items");
        spans.push(select.kind(SpanKind::Client).at(from, from + 4.0).build());
    }
    (told.ended(Outcome::Ok, end).build(), spans)
}

fn orders(function: &str, count: u32) -> Vec<Told> {
    (0..count).map(|number| order(function, number)).collect()
}

async fn write(data: &Data<'_>, what: &str, told: &[Told]) {
    let (facts, spans): (Vec<Invocation>, Vec<Vec<Span>>) = told.iter().cloned().unzip();
    data.facts(what, &facts).await;
    data.spans(what, &spans.concat()).await;
}

/// Every trace rebuilt alone.
fn rebuilt(told: &[Told]) -> Vec<Vec<Segment>> {
    let one = |(one, spans): &Told| {
        let invocations = vec![one.clone()];
        let trace = rebuild(Evidence {
            spans: spans.clone(),
            invocations: invocations.clone(),
            phases: Vec::new(),
        });
        segments(&trace, &invocations, &one.request_id).expect("it is in its trace")
    };
    told.iter().map(one).collect()
}

/// By category, service and name, what each comes to in the mean.
fn expected(told: &[Told]) -> BTreeMap<[String; 3], (u64, f64)> {
    let count = told.len() as f64;
    let sums = summed(&rebuilt(told), usize::MAX).into_iter();
    let told = sums.map(|sum| {
        let key = sum.key;
        let key = [key.category.as_str().to_owned(), key.service, key.name];
        let mean = (sum.total.0 as f64 / count).round() as u64;
        (key, (mean, sum.invocations as f64 / count))
    });
    told.collect()
}

fn replied(reply: &Value) -> BTreeMap<[String; 3], (u64, f64)> {
    let segments = reply["segments"].as_array().expect("a list").iter();
    let told = segments.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let share = one["share_invocations"].as_f64().unwrap_or(f64::NAN);
        let key = ["category", "service", "name"].map(text);
        (key, (number(&one["mean"]), share))
    });
    told.collect()
}

fn number(value: &Value) -> u64 {
    let text = value.as_str().expect("digits");
    text.parse().expect("digits")
}

/// Settles all that is due, paths last. How many windows of paths were derived.
async fn derive(settle: &mut Settle, now: UnixNanos) -> usize {
    while settle.step(now).await.expect("a step") == Step::More {}
    let mut windows = 0;
    while settle.derive_paths(now).await.expect("a step") == Step::More {
        windows += 1;
    }
    windows
}

async fn path_of(store: &Store, function: &str) -> Value {
    let path = format!("/api/v1/functions/{function}/path");
    let reply = Served::on(store).ok(&format!("{path}?{RANGE}")).await;
    Description::read().check("GET /api/v1/functions/{function}/path", 200, &reply);
    reply
}

#[tokio::test]
async fn what_is_derived_is_what_rebuilding_every_trace_gives() {
    let engine = engine::start().await;
    let store = engine.store();
    let (carts, tills) = (orders("cart", 60), orders("checkout", 30));
    write(&Data::of(&store), "carts", &carts).await;
    write(&Data::of(&store), "tills", &tills).await;
    // Others have the same names and ids, and other times.
    let theirs: Vec<Told> = (1..20)
        .map(|number| order_with("cart", number, 100.0))
        .collect();
    write(&Data::of_a_stranger(&store), "theirs", &theirs).await;
    // Who sends no spans is looked at by what its platform tells.
    let plain = invocation("plain-1").function("plain").started(0.0);
    let plain = plain.ended(Outcome::Ok, 70.0).build();
    Data::of(&store).fact("plain", &plain).await;

    let before = path_of(&store, "cart").await;
    assert_eq!(before["invocations"], "0", "nothing is derived: {before:#}");
    let missing = &before["missing"][0];
    let window = |minutes: f64| at(minutes * MINUTE).0.to_string();
    assert_eq!(missing["from"], window(0.0));
    assert_eq!(missing["to"], window(10.0));

    let registry = Registry::new();
    let mut settle = settling(&store, &registry);
    assert_eq!(derive(&mut settle, at(2.0 * HOUR)).await, 3);
    for (function, told) in [("cart", &carts), ("checkout", &tills)] {
        let reply = path_of(&store, function).await;
        assert_eq!(reply["invocations"], told.len().to_string());
        assert_eq!(reply["looked_at"], told.len().to_string());
        let (replied, expected) = (replied(&reply), expected(told));
        assert_eq!(replied.len(), expected.len(), "{replied:#?} {expected:#?}");
        for (key, (mean, share)) in &expected {
            let (told_mean, told_share) = replied[key];
            assert_eq!(told_mean, *mean, "{key:?}");
            assert!((told_share - share).abs() < 1e-9, "{key:?}");
        }
        let share = reply["segments"].as_array().expect("a list").iter();
        let share: f64 = share.filter_map(|one| one["share"].as_f64()).sum();
        assert!((share - 1.0).abs() < 1e-9, "all of the time: {share}");
        assert_eq!(reply["missing"], Value::Array(Vec::new()));
        assert_eq!(reply["outdated"], Value::Array(Vec::new()));
    }
    let reply = path_of(&store, "cart").await;
    let points = reply["points"].as_array().expect("a list");
    assert_eq!(reply["step"], "300000000000");
    assert_eq!(points.len(), 2, "{points:#?}");
    // Eight seconds between two: 38 begin in the first five minutes.
    assert_eq!(points[0]["invocations"], "38");
    let first = expected(&carts[..38]);
    for category in points[0]["categories"].as_array().expect("a list") {
        let name = category["category"].as_str().expect("a name");
        let all = first.iter().filter(|([category, ..], _)| category == name);
        let all: u64 = all.map(|(_, (mean, _))| mean).sum();
        assert!(number(&category["mean"]).abs_diff(all) < 10, "{category}");
    }
    let plain = path_of(&store, "plain").await;
    assert_eq!(plain["mean"], "70000000");
    assert_eq!(plain["segments"][0]["category"], "handler");
    // What shows a part is there.
    for segment in reply["segments"].as_array().expect("a list") {
        let question = segment["question"].as_str().expect("a path");
        let list = Served::on(&store).ok(question).await;
        let shown = list.get("traces").or(list.get("invocations"));
        let shown = shown.and_then(Value::as_array).expect("a list");
        assert!(!shown.is_empty(), "{segment:#}");
    }
    let settled = registry.render();
    for line in [
        "coldtrace_settle_windows_total{table=\"cp_1m\"} 3",
        "coldtrace_settle_paths_invocations_total 110",
        "coldtrace_settle_paths_waiting_windows 0",
        "coldtrace_settle_paths_behind_seconds 0",
    ] {
        assert!(settled.contains(line), "{line} in {settled}");
    }
    let nobody = format!("/api/v1/functions/nobody/path?{RANGE}");
    let (status, body) = Served::on(&store).get(&nobody).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
}

#[tokio::test]
async fn what_comes_late_is_derived_again_and_what_stood_is_shown_until_then() {
    let engine = engine::start().await;
    let store = engine.store();
    let mut told = orders("cart", 10);
    // Of some, the handler's spans come late.
    let late: Vec<Span> = told[3..]
        .iter_mut()
        .flat_map(|(_, spans)| std::mem::take(spans))
        .collect();
    write(&Data::of(&store), "early", &told).await;
    let registry = Registry::new();
    let mut settle = settling(&store, &registry);
    let early = at(20.0 * MINUTE);
    assert_eq!(derive(&mut settle, early).await, 1);
    let stood = path_of(&store, "cart").await;
    let means = |told: &[Told]| {
        let told = expected(told).into_iter();
        told.map(|(key, (mean, _))| (key, mean)).collect::<Vec<_>>()
    };
    let replied_means = |reply: &Value| {
        let told = replied(reply).into_iter();
        told.map(|(key, (mean, _))| (key, mean)).collect::<Vec<_>>()
    };
    assert_eq!(replied_means(&stood), means(&told), "as facts tell them");

    Data::of(&store).spans("late", &late).await;
    let meanwhile = path_of(&store, "cart").await;
    assert_eq!(meanwhile["segments"], stood["segments"]);
    assert_eq!(meanwhile["outdated"].as_array().map(Vec::len), Some(1));
    assert_eq!(derive(&mut settle, at(40.0 * MINUTE)).await, 1);
    let again = path_of(&store, "cart").await;
    assert_eq!(again["outdated"], Value::Array(Vec::new()));
    assert_eq!(replied_means(&again), means(&orders("cart", 10)));
    let counted = "coldtrace_settle_again_total{table=\"cp_1m\"} 1";
    assert!(registry.render().contains(counted));
}

#[tokio::test]
async fn of_many_invocations_some_are_looked_at_and_of_many_parts_the_longest_are_told() {
    let engine = engine::start().await;
    let store = engine.store();
    let one = |number: u32| {
        let begin = f64::from(number) * SECOND;
        let trace = 0x1000 + u128::from(number);
        let told = invocation(&format!("many-{number}")).function("many");
        let told = told.platform_span(trace, 1).started(begin);
        let told = told.ended(Outcome::Ok, begin + 100.0).build();
        // Names that are no better than ids.
        let letters = [number / 26, number % 26].map(|place| char::from(b'a' + place as u8));
        let work = span(&format!("work {}", letters.iter().collect::<String>()));
        let work = work.trace(trace).id(2).under(1).service("many");
        let work = work.request(told.request_id.as_str());
        let until = 40.0 + f64::from(number % 50);
        (told, vec![work.at(begin, begin + until).build()])
    };
    let told: Vec<Told> = (0..150).map(one).collect();
    write(&Data::of(&store), "many", &told).await;
    let mut settle = settling(&store, &Registry::new());
    assert_eq!(derive(&mut settle, at(2.0 * HOUR)).await, 1);
    let reply = path_of(&store, "many").await;
    assert_eq!(reply["invocations"], "150");
    assert_eq!(reply["looked_at"], "100", "{reply:#}");
    assert_eq!(reply["mean"], "100000000", "each took as long");
    let segments = reply["segments"].as_array().expect("a list");
    assert_eq!(segments.len(), 21);
    let rest: Vec<&Value> = segments
        .iter()
        .filter(|one| one["name"].is_null())
        .collect();
    assert_eq!(rest.len(), 1, "{segments:#?}");
    assert_eq!(rest[0]["service"], Value::Null);
    assert_eq!(rest[0]["share_invocations"], Value::Null);
    // Of a hundred, nineteen are told by their names, beside the function itself.
    let share = rest[0]["share"].as_f64().expect("a share");
    assert!((0.3..0.7).contains(&share), "{share}");
}

#[tokio::test]
async fn a_trace_that_is_too_large_keeps_nobody_else_from_being_looked_at() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    let told = orders("cart", 3);
    write(&data, "orders", &told).await;
    let large = invocation("large").function("cart").started(0.0);
    let large = large.platform_span(0x77, 1).ended(Outcome::Ok, 1_000.0);
    data.fact("large", &large.build()).await;
    data.spans("wide", &wide(0x77, 25_001)).await;
    let mut settle = settling(&store, &Registry::new());
    assert_eq!(derive(&mut settle, at(2.0 * HOUR)).await, 1);
    let reply = path_of(&store, "cart").await;
    assert_eq!(reply["invocations"], "4");
    assert_eq!(reply["looked_at"], "3", "{reply:#}");
    let means = |told: BTreeMap<[String; 3], (u64, f64)>| {
        let told = told.into_iter();
        told.map(|(key, (mean, _))| (key, mean)).collect::<Vec<_>>()
    };
    assert_eq!(means(replied(&reply)), means(expected(&told)));
}

#[tokio::test]
async fn an_engine_that_dies_is_waited_for_and_the_latest_windows_come_first() {
    let engine = engine::start().await;
    let store = engine.store();
    let told: Vec<Told> = [0, 40, 80].map(|number| order("cart", number)).to_vec();
    write(&Data::of(&store), "orders", &told).await;
    let registry = Registry::new();
    let mut settle = settling(&store, &registry);
    let now = at(2.0 * HOUR);
    while settle.step(now).await.expect("a step") == Step::More {}
    let derived = async || path_of(&store, "cart").await["missing"].clone();
    assert_eq!(settle.derive_paths(now).await.expect("a step"), Step::More);
    let missing = derived().await;
    assert_eq!(missing[0]["from"], at(0.0).0.to_string());
    assert_eq!(missing[0]["to"], at(10.0 * MINUTE).0.to_string());
    assert_eq!(missing.as_array().map(Vec::len), Some(1));
    let waiting = "coldtrace_settle_paths_waiting_windows 3";
    assert!(registry.render().contains(waiting), "as it was found");
    engine.kill();
    // It is started again at once.
    while settle.derive_paths(now).await.is_err() {
        tokio::task::yield_now().await;
    }
    while settle.derive_paths(now).await.expect("a step") == Step::More {}
    assert_eq!(derived().await, Value::Array(Vec::new()));
    let reply = path_of(&store, "cart").await;
    assert_eq!(
        (&reply["invocations"], &reply["looked_at"]),
        (&"3".into(), &"3".into())
    );
}

#[tokio::test]
#[ignore = "a measurement: processor time of settling paths, per invocation that is looked at"]
async fn what_looking_at_paths_costs() {
    const FUNCTIONS: u32 = 40;
    const SPANS: u32 = 20;
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    for function in 0..FUNCTIONS {
        let one = |number: u32| {
            let trace = (u128::from(function) + 1) << 32 | u128::from(number + 1);
            let begin = f64::from(number) * 2.0 * SECOND;
            let name = format!("function-{function}");
            let request = format!("{name}-{number}");
            let told = invocation(&request).function(&name);
            let told = told.platform_span(trace, 1).started(begin);
            let of = |text: &str, id: u64| span(text).trace(trace).id(id).service(&name);
            let handler = of("handler", 2).under(1).kind(SpanKind::Server);
            let mut spans = vec![handler.request(&request).at(begin, begin + 300.0).build()];
            for call in 0..SPANS - 1 {
                let from = begin + f64::from(call) * 15.0;
                let select = of(&format!("SELECT {}", call % 7), 3 + u64::from(call)).under(2);
                let select = select.attribute("db.query.text", "SELECT * FROM t WHERE id = 7");
                spans.push(select.kind(SpanKind::Client).at(from, from + 10.0).build());
            }
            (told.ended(Outcome::Ok, begin + 300.0).build(), spans)
        };
        let told: Vec<Told> = (0..150).map(one).collect();
        write(&data, &format!("function {function}"), &told).await;
    }
    let registry = Registry::new();
    let mut settle = settling(&store, &registry);
    let now = at(2.0 * HOUR);
    while settle.step(now).await.expect("a step") == Step::More {}
    let ticks = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |index: usize| fields[index].parse::<u64>().expect("a number");
        (ticks(11) + ticks(12)) * 10
    };
    let own = i32::try_from(std::process::id()).expect("an id");
    let (before, before_own) = (ticks(engine.pid()), ticks(own));
    let began = std::time::Instant::now();
    let mut windows = 0;
    while settle.derive_paths(now).await.expect("a step") == Step::More {
        windows += 1;
    }
    let took = began.elapsed();
    let (theirs, ours) = (ticks(engine.pid()) - before, ticks(own) - before_own);
    let rendered = registry.render();
    let looked_at = rendered
        .lines()
        .find_map(|line| line.strip_prefix("coldtrace_settle_paths_invocations_total "));
    let looked_at: u64 = looked_at.expect("it is told").parse().expect("a number");
    println!(
        "{windows} windows, {looked_at} invocations of {SPANS} spans: engine {} us, ours {} us an invocation; {took:?} in all",
        theirs * 1_000 / looked_at,
        ours * 1_000 / looked_at,
    );
}
