//! Invocations of a journey as a chain.

use coldtrace_analysis::{Evidence, hops, rebuild};
use coldtrace_model::{Invocation, Outcome, Span, SpanKind};
use coldtrace_testkit::{invocation, span};

/// A message, sent from the first to the tenth millisecond of its producer.
fn sent() -> Span {
    let sent = span("orders send").id(1).kind(SpanKind::Producer);
    sent.service("shop").at(0.0, 10.0).build()
}

/// An invocation that took the message, from `start` to `end`, with the span by which it says so.
fn taken(request: &str, id: u64, start: f64, end: f64, outcome: Outcome) -> (Invocation, Span) {
    let one = invocation(request).function("worker").sandbox(request);
    let one = one.started(start).ended(outcome, end);
    let span = span("orders process").id(id).under(1).service("worker");
    let span = span
        .kind(SpanKind::Consumer)
        .request(request)
        .sandbox(request);
    (one.build(), span.at(start, end).build())
}

/// Of each invocation: how long it waited in milliseconds, and which attempt it is.
fn told(first: Span, taken: Vec<(Invocation, Span)>) -> Vec<(Option<u64>, u32, u32)> {
    let (invocations, mut spans): (Vec<Invocation>, Vec<Span>) = taken.into_iter().unzip();
    spans.push(first);
    let trace = rebuild(Evidence {
        spans,
        invocations: invocations.clone(),
        phases: Vec::new(),
    });
    let hops = hops(&trace, &invocations);
    let told = hops.iter().map(|hop| {
        assert!(hop.node.is_some(), "{hop:?}");
        let waited = hop.waited.map(|waited| waited.0 / 1_000_000);
        (waited, hop.attempt, hop.attempts)
    });
    told.collect()
}

#[test]
fn a_message_that_is_taken_again_waits_from_the_failure_before() {
    let worker = vec![
        taken("third", 4, 5_000.0, 5_100.0, Outcome::Ok),
        taken("first", 2, 110.0, 510.0, Outcome::Error),
        taken("second", 3, 2_000.0, 2_100.0, Outcome::Timeout),
    ];
    assert_eq!(
        told(sent(), worker),
        [(Some(2_900), 3, 3), (Some(100), 1, 3), (Some(1_490), 2, 3)]
    );
}

#[test]
fn messages_that_were_sent_at_once_are_no_attempts() {
    let worker = vec![
        taken("one", 2, 110.0, 200.0, Outcome::Ok),
        taken("other", 3, 120.0, 300.0, Outcome::Error),
        // It began before the other failed.
        taken("third", 4, 250.0, 320.0, Outcome::Ok),
    ];
    assert_eq!(
        told(sent(), worker),
        [(Some(100), 1, 1), (Some(110), 1, 1), (Some(240), 1, 1)]
    );
}

#[test]
fn an_event_that_the_platform_tries_again_has_one_request_id() {
    let worker = vec![
        taken("same", 2, 100.0, 200.0, Outcome::Error),
        taken("same", 3, 60_200.0, 60_300.0, Outcome::Ok),
    ];
    let told = told(sent(), worker);
    assert_eq!(told[1], (Some(60_000), 2, 2));
    assert_eq!(told[0].1, 1);
}

#[test]
fn who_waits_for_an_answer_lets_nothing_lie() {
    let call = span("POST worker").id(1).kind(SpanKind::Client);
    let call = call.service("shop").at(0.0, 300.0).build();
    let (one, mut span) = taken("one", 2, 110.0, 200.0, Outcome::Ok);
    span.kind = SpanKind::Server;
    assert_eq!(told(call, vec![(one, span)]), [(None, 1, 1)]);
    // Nothing is known of what has no span.
    let alone = invocation("alone").started(0.0).build();
    let trace = rebuild(Evidence::default());
    let hops = hops(&trace, &[alone]);
    assert_eq!(
        (hops[0].node, hops[0].cause, hops[0].attempts),
        (None, None, 1)
    );
}
