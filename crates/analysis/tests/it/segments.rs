//! What the critical paths of a function's invocations are made of.

use std::fmt::Write as _;

use coldtrace_analysis::{
    Category, Evidence, Example, SandboxPhase, Segment, SegmentKey, findings, rebuild, segments,
    summed, verdict,
};
use coldtrace_model::{
    Cold, Invocation, Nanos, Outcome, PhaseKind, RequestId, SandboxId, SpanKind,
};
use coldtrace_testkit::{InvocationBuilder, SpanBuilder, invocation, phase, span};
use proptest::collection::vec;
use proptest::prelude::*;

use super::properties::any_evidence;

fn request(id: &str) -> RequestId {
    RequestId::parse(id).expect("a request id")
}

fn one() -> InvocationBuilder {
    let one = invocation("one").platform_span(1, 1).sandbox("here");
    one.started(0.0).ended(Outcome::Ok, 100.0)
}

fn handler() -> SpanBuilder {
    let handler = span("handler").id(2).under(1).request("one");
    handler.kind(SpanKind::Server).at(0.0, 100.0)
}

fn call(name: &str, id: u64, from: f64, to: f64) -> SpanBuilder {
    let call = span(name).id(id).under(2);
    call.kind(SpanKind::Client).at(from, to)
}

fn parts(evidence: Evidence, request_id: &str) -> Vec<Segment> {
    let invocations = evidence.invocations.clone();
    let trace = rebuild(evidence);
    segments(&trace, &invocations, &request(request_id)).expect("it is in its trace")
}

/// A line per part.
fn told(parts: &[Segment]) -> String {
    let mut text = String::new();
    for part in parts {
        let SegmentKey {
            category,
            service,
            name,
        } = &part.key;
        let Example {
            service: sender,
            span,
        } = &part.example;
        let millis = part.length.as_millis_f64();
        let category = category.as_str();
        writeln!(
            text,
            "{category} {service}/{name}: {millis} ms, {sender}/{span}"
        )
        .expect("a string takes everything");
    }
    text
}

#[test]
fn a_call_is_one_part_with_all_that_its_answer_took_and_calls_that_differ_in_a_number_are_one() {
    let answer = span("GET").id(9).under(3).service("stock");
    let answer = answer.kind(SpanKind::Server).at(15.0, 45.0);
    let inside = span("SELECT").id(10).under(9).service("stock");
    let inside = inside.kind(SpanKind::Client).at(20.0, 30.0);
    let evidence = Evidence {
        spans: vec![
            handler().build(),
            call("GET /stock/17", 3, 10.0, 50.0).build(),
            answer.build(),
            inside.build(),
            call("GET /orders/1", 4, 50.0, 60.0)
                .attribute("server.address", "orders.example")
                .build(),
            call("GET /orders/2", 5, 60.0, 80.0)
                .attribute("server.address", "orders.example")
                .build(),
            span("render").id(6).under(2).at(80.0, 95.0).build(),
        ],
        invocations: vec![one().build()],
        phases: Vec::new(),
    };
    let expected = "\
handler checkout/handler: 15 ms, checkout/handler
handler checkout/render: 15 ms, checkout/render
downstream orders.example/GET /orders/?: 30 ms, checkout/GET /orders/1
downstream stock/GET /stock/?: 40 ms, checkout/GET /stock/17
";
    assert_eq!(told(&parts(evidence, "one")), expected);
}

#[test]
fn a_start_is_part_of_the_path_and_the_platform_alone_tells_of_it() {
    let phases = [
        (PhaseKind::Init, -300.0, 0.0),
        (PhaseKind::ExtensionInit, -300.0, -200.0),
        (PhaseKind::RuntimeInit, -200.0, 0.0),
    ];
    let phases = phases.map(|(kind, from, to)| SandboxPhase {
        sandbox_id: SandboxId::parse("here").expect("an id"),
        function: "checkout".to_owned(),
        phase: phase(kind, from, to),
    });
    let cold = one().cold(Cold::OnDemand);
    let cold = cold.with(|told| told.init = Some(Nanos::from_millis(300)));
    let evidence = Evidence {
        spans: Vec::new(),
        invocations: vec![cold.build()],
        phases: phases.to_vec(),
    };
    let expected = "\
extension_init /extension_init: 100 ms, /
runtime_init /runtime_init: 200 ms, /
handler checkout/checkout: 100 ms, /
";
    assert_eq!(told(&parts(evidence, "one")), expected);
}

#[test]
fn what_another_function_does_below_is_a_call_and_alone_it_is_its_own() {
    let other = invocation("other").function("stock").platform_span(1, 7);
    let other = other.started(20.0).ended(Outcome::Ok, 60.0).build();
    let theirs = span("work")
        .id(8)
        .under(7)
        .service("stock")
        .request("other");
    let evidence = || Evidence {
        spans: vec![
            handler().build(),
            // Called by no span of a client.
            span("stock")
                .id(7)
                .under(2)
                .service("stock")
                .request("other")
                .phase("invocation")
                .at(20.0, 60.0)
                .build(),
            theirs.clone().at(20.0, 50.0).build(),
        ],
        invocations: vec![one().build(), other.clone()],
        phases: Vec::new(),
    };
    let expected = "\
handler checkout/handler: 60 ms, checkout/handler
downstream stock/stock: 40 ms, /
";
    assert_eq!(told(&parts(evidence(), "one")), expected);
    let alone = "\
handler stock/stock: 10 ms, /
handler stock/work: 30 ms, stock/work
";
    assert_eq!(told(&parts(evidence(), "other")), alone);
}

#[test]
fn a_message_that_lay_is_told_before_its_invocation_by_the_longest() {
    let send = |name: &str, id: u64, until: f64| {
        let send = span(name).id(id).service("shop").kind(SpanKind::Producer);
        send.attribute("messaging.destination.name", "orders")
            .at(until - 10.0, until)
    };
    let taken = span("take").id(2).under(20).request("one");
    let taken = taken.kind(SpanKind::Consumer).at(0.0, 100.0);
    let evidence = Evidence {
        spans: vec![send("send 1", 20, -500.0).build(), taken.build()],
        invocations: vec![one().build()],
        phases: Vec::new(),
    };
    let parts = parts(evidence, "one");
    let lay = &parts[0];
    assert_eq!(lay.key.category, Category::QueueWait);
    assert_eq!((&*lay.key.service, &*lay.key.name), ("orders", "send ?"));
    assert_eq!(lay.length, Nanos::from_millis(500));
    assert_eq!(lay.example.service, "shop");
}

#[test]
fn names_are_cut_where_they_are_too_long_to_be_kept() {
    let long = "ä".repeat(1_000);
    let evidence = Evidence {
        spans: vec![handler().build(), call(&long, 3, 0.0, 100.0).build()],
        invocations: vec![one().build()],
        phases: Vec::new(),
    };
    let parts = parts(evidence, "one");
    assert_eq!(parts[0].key.name, "ä".repeat(100));
    assert_eq!(
        parts[0].example,
        Example::default(),
        "it would find nothing"
    );
}

fn part(category: Category, name: &str, millis: u64) -> Segment {
    Segment {
        key: SegmentKey {
            category,
            service: "shop".to_owned(),
            name: name.to_owned(),
        },
        example: Example {
            service: "shop".to_owned(),
            span: name.to_owned(),
        },
        length: Nanos::from_millis(millis),
    }
}

#[test]
fn the_longest_are_told_one_by_one_and_of_each_category_the_rest_as_one() {
    use Category::{Downstream, Handler};
    let paths = [
        vec![
            part(Handler, "own", 50),
            part(Downstream, "a", 5),
            part(Downstream, "b", 5),
        ],
        vec![part(Handler, "own", 50), part(Handler, "other", 1)],
    ];
    let sums = summed(&paths, 1);
    let told: Vec<_> = sums
        .iter()
        .map(|sum| {
            let key = (sum.key.category, sum.key.name.as_str());
            (key, sum.total.0 / 1_000_000, sum.invocations)
        })
        .collect();
    let expected = [
        ((Handler, "own"), 100, 2),
        // Two parts, for which one invocation waited.
        ((Downstream, ""), 10, 1),
        ((Handler, ""), 1, 1),
    ];
    assert_eq!(told, expected);
}

fn any_part() -> impl Strategy<Value = Segment> {
    let categories = [Category::Handler, Category::Downstream, Category::Init];
    (0..3_usize, "[a-d]{0,2}", 1..1_000_u64)
        .prop_map(move |(at, name, millis)| part(categories[at], &name, millis))
}

/// Without queues: whose wait is told differs.
fn on_the_path(parts: &[Segment]) -> u64 {
    let on_it = parts
        .iter()
        .filter(|part| part.key.category != Category::QueueWait);
    on_it.map(|part| part.length.0).sum()
}

proptest! {
    #[test]
    fn the_parts_of_any_invocation_are_its_critical_path(evidence in any_evidence()) {
        let invocations: Vec<Invocation> = evidence.invocations.clone();
        let trace = rebuild(evidence);
        for one in &invocations {
            let parts = segments(&trace, &invocations, &one.request_id);
            let verdict = verdict(&trace, &invocations, &findings(&trace, &invocations), one);
            let waited = verdict.parts.iter().filter(|part| part.category != Category::QueueWait);
            let waited: u64 = waited.map(|part| part.length.0).sum();
            let parts = parts.unwrap_or_default();
            prop_assert_eq!(on_the_path(&parts), waited);
            prop_assert!(parts.is_sorted_by(|a, b| a.key < b.key), "each once");
            prop_assert!(parts.iter().all(|part| part.length > Nanos(0)));
        }
    }

    #[test]
    fn parts_add_up_to_what_they_were_however_few_are_told(
        paths in vec(vec(any_part(), 0..12), 0..12), most in 0..8_usize,
    ) {
        let sums = summed(&paths, most);
        let all = |parts: &mut dyn Iterator<Item = Nanos>| parts.map(|length| length.0).sum::<u64>();
        let before = all(&mut paths.iter().flatten().map(|part| part.length));
        prop_assert_eq!(all(&mut sums.iter().map(|sum| sum.total)), before);
        prop_assert!(sums.len() <= most + 3);
        for sum in &sums {
            prop_assert!(sum.invocations >= 1 && sum.invocations <= paths.len() as u64);
        }
        let mut backwards = paths.clone();
        backwards.reverse();
        prop_assert_eq!(summed(&backwards, most), sums, "whatever came first");
    }
}
