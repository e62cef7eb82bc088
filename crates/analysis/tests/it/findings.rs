//! What is found in a trace, and what is not.

use coldtrace_analysis::{Evidence, SandboxPhase, findings};
use coldtrace_model::{Cold, Outcome, PhaseKind, SandboxId, Span, SpanKind};
use coldtrace_testkit::{SpanBuilder, invocation, phase, span};

use super::picture::rebuilt;

/// What is found, in words, and how sure it is.
fn found(evidence: Evidence) -> Vec<String> {
    let invocations = evidence.invocations.clone();
    let trace = rebuilt(evidence);
    let line = |finding: &coldtrace_analysis::Finding| {
        let words = finding.words(&trace);
        let told = format!("{}: {}", words.title, words.text);
        format!("{} ({})", told, finding.confidence.as_str())
    };
    findings(&trace, &invocations).iter().map(line).collect()
}

fn of_spans(spans: Vec<Span>) -> Vec<String> {
    found(Evidence {
        spans,
        ..Evidence::default()
    })
}

fn handler(end: f64) -> Span {
    span("handler")
        .id(1)
        .kind(SpanKind::Server)
        .at(0.0, end)
        .build()
}

fn call(name: &str, id: u64, start: f64, end: f64) -> SpanBuilder {
    span(name)
        .id(id)
        .under(1)
        .kind(SpanKind::Client)
        .at(start, end)
}

/// So many questions for one order each, ten milliseconds long, with this pause between them.
fn questions(count: u64, pause: f64) -> Vec<Span> {
    let one = |number: u64| {
        let start = 10.0 + number as f64 * (10.0 + pause);
        let statement = format!("SELECT * FROM orders WHERE id = {number}");
        call("SELECT orders", 10 + number, start, start + 10.0)
            .attribute("db.query.text", statement.as_str())
            .build()
    };
    (0..count).map(one).collect()
}

#[test]
fn the_same_question_for_each_of_many_is_one_finding() {
    let spans = [vec![handler(200.0)], questions(12, 1.0)].concat();
    assert_eq!(
        of_spans(spans),
        [
            "The same call 12 times: SELECT orders, one after the other below handler. Asked once for all, they would take 110 ms less. (high)"
        ]
    );
    let few = [vec![handler(200.0)], questions(4, 1.0)].concat();
    assert_eq!(of_spans(few), [""; 0]);
}

#[test]
fn questions_asked_all_at_once_are_none() {
    let at_once = (0..12)
        .map(|number| call("SELECT orders", 10 + number, 10.0, 20.0 + number as f64).build());
    let spans = std::iter::once(handler(200.0)).chain(at_once).collect();
    assert_eq!(of_spans(spans), [""; 0]);
}

#[test]
fn different_questions_are_no_loop() {
    let tables = ["a", "b", "c", "d", "e", "f"];
    let calls = tables.iter().enumerate().map(|(number, table)| {
        let start = 10.0 + number as f64 * 20.0;
        call(
            &format!("SELECT {table}"),
            10 + number as u64,
            start,
            start + 10.0,
        )
        .build()
    });
    let spans = std::iter::once(handler(200.0)).chain(calls).collect();
    assert_eq!(
        of_spans(spans),
        [""; 0],
        "with pauses between them they are not serial either"
    );
}

#[test]
fn calls_without_a_pause_between_them_may_be_made_at_once() {
    let spans = vec![
        handler(200.0),
        call("GET prices", 2, 10.0, 50.0).build(),
        call("GET stock", 3, 50.1, 110.0).build(),
        call("GET address", 4, 112.0, 130.0).build(),
        call("POST order", 5, 160.0, 190.0).build(),
    ];
    assert_eq!(
        of_spans(spans),
        [
            "3 calls, one after the other: GET prices, GET stock, GET address. If none needs the one before, made at once they take 58 ms less. (low)"
        ]
    );
}

#[test]
fn attempts_that_failed_were_in_vain() {
    let spans = vec![
        handler(500.0),
        call("PUT image", 2, 10.0, 60.0).failed("503").build(),
        call("PUT image", 3, 160.0, 210.0).failed("503").build(),
        call("PUT image", 4, 410.0, 460.0).build(),
    ];
    assert_eq!(
        of_spans(spans),
        ["Tried 3 times: PUT image failed; 400 ms passed until the last attempt began. (high)"]
    );
}

#[test]
fn what_nobody_waited_for_gains_nothing() {
    let spans = vec![
        handler(500.0),
        call("wait", 20, 5.0, 495.0).build(),
        call("PUT image", 2, 10.0, 60.0).failed("503").build(),
        call("PUT image", 3, 160.0, 210.0).build(),
    ];
    assert_eq!(of_spans(spans), [""; 0]);
}

#[test]
fn an_invocation_that_waited_for_its_sandbox_says_so() {
    let told = invocation("r1")
        .function("checkout")
        .sandbox("s1")
        .started(0.0);
    let told = told
        .cold(Cold::OnDemand)
        .platform_span(1, 1)
        .ended(Outcome::Ok, 100.0)
        .build();
    let evidence = Evidence {
        spans: Vec::new(),
        invocations: vec![told],
        phases: vec![SandboxPhase {
            sandbox_id: SandboxId::parse("s1").expect("an id"),
            function: "checkout".to_owned(),
            phase: phase(PhaseKind::Init, -300.0, -10.0),
        }],
    };
    assert_eq!(
        found(evidence),
        ["Cold start: checkout waited 290 ms for its sandbox. (high)"]
    );
}

#[test]
fn what_was_open_when_the_time_was_up_is_suspected() {
    let told = invocation("r1")
        .function("checkout")
        .sandbox("s1")
        .started(0.0);
    let told = told
        .platform_span(1, 1)
        .ended(Outcome::Timeout, 3_000.0)
        .build();
    let open = |name: &str, id: u64, under: u64, start: f64| {
        let open = span(name)
            .id(id)
            .under(under)
            .service("checkout")
            .request("r1");
        open.kind(SpanKind::Client)
            .at(start, start + 1.0)
            .unfinished()
            .build()
    };
    let done = span("GET prices")
        .id(4)
        .under(2)
        .service("checkout")
        .at(10.0, 60.0)
        .kind(SpanKind::Client);
    let evidence = Evidence {
        spans: vec![
            open("handler", 2, 1, 1.0),
            open("PUT image", 3, 2, 100.0),
            done.build(),
        ],
        invocations: vec![told],
        phases: Vec::new(),
    };
    assert_eq!(
        found(evidence),
        ["Open when the time was up: PUT image had not answered for 2.9 s. (medium)"]
    );
}

#[test]
fn a_message_that_lay_in_a_queue_waited() {
    let spans = vec![
        span("send")
            .id(1)
            .kind(SpanKind::Producer)
            .service("shop")
            .at(0.0, 10.0)
            .build(),
        span("take")
            .id(2)
            .under(1)
            .kind(SpanKind::Consumer)
            .service("mail")
            .at(800.0, 900.0)
            .build(),
    ];
    assert_eq!(
        of_spans(spans),
        ["Lay in a queue: 790 ms between send and take. (high)"]
    );
}

#[test]
fn a_function_that_calls_itself_again_and_again_is_told_once() {
    let one = |depth: u64| {
        let told = invocation(&format!("r{depth}"))
            .function("fib")
            .sandbox(&format!("s{depth}"));
        let told = told.started(depth as f64 * 10.0).platform_span(1, depth);
        told.ended(Outcome::Ok, 100.0 - depth as f64).build()
    };
    let call = |depth: u64| {
        let call = span("call")
            .id(100 + depth)
            .under(depth)
            .service("fib")
            .request(&format!("r{depth}"));
        call.kind(SpanKind::Client)
            .at(depth as f64 * 10.0 + 1.0, 99.0 - depth as f64)
            .build()
    };
    let next = |depth: u64| {
        let next = span("fib")
            .id(depth)
            .under(99 + depth)
            .service("fib")
            .request(&format!("r{depth}"));
        next.phase("invocation")
            .kind(SpanKind::Server)
            .at(depth as f64 * 10.0, 100.0 - depth as f64)
            .build()
    };
    let evidence = Evidence {
        spans: [
            vec![next(1)],
            (2..=5)
                .flat_map(|depth| [call(depth - 1), next(depth)])
                .collect(),
        ]
        .concat(),
        invocations: (1..=5).map(one).collect(),
        phases: Vec::new(),
    };
    assert_eq!(
        found(evidence),
        ["Calls itself: fib stands below itself, 3 times over. (medium)"]
    );
}
