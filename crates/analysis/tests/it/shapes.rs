//! The shapes that journeys have, as the pictures that people see.

use coldtrace_analysis::{Evidence, Mark, SandboxPhase, rebuild};
use coldtrace_model::{
    Cold, Nanos, Outcome, PhaseKind, SandboxId, Span, SpanId, SpanKind, Trigger, UnixNanos,
};
use coldtrace_testkit::{SpanBuilder, at, invocation, phase, span, span_id, trace_id};

use super::picture::{path, rebuilt, tree};

/// The platform's trace; the SDKs' is 1.
const PLATFORM: u128 = 2;

/// The platform's span of an invocation, as an extension sends it.
fn platform_invocation(function: &str, id: u64, start: f64, end: f64) -> SpanBuilder {
    span(&format!("platform {function}"))
        .trace(PLATFORM)
        .id(id)
        .kind(SpanKind::Server)
        .service(function)
        .phase("invocation")
        .at(start, end)
}

fn of_spans(spans: impl IntoIterator<Item = SpanBuilder>) -> Evidence {
    Evidence {
        spans: spans.into_iter().map(SpanBuilder::build).collect(),
        ..Evidence::default()
    }
}

fn sandbox_phase(sandbox: &str, kind: PhaseKind, start: f64, end: f64) -> SandboxPhase {
    SandboxPhase {
        sandbox_id: SandboxId::parse(sandbox).expect("a test's id is valid"),
        function: "checkout".to_owned(),
        phase: phase(kind, start, end),
    }
}

#[test]
fn a_cold_start_is_what_the_path_begins_with() {
    let trace = rebuilt(of_spans([
        platform_invocation("checkout", 10, 0.0, 50.0)
            .request("r1")
            .sandbox("s1"),
        span("init")
            .trace(PLATFORM)
            .id(11)
            .under(10)
            .phase("init")
            .request("r1")
            .sandbox("s1")
            .at(-200.0, -2.0),
        span("load module").id(4).sandbox("s1").at(-150.0, -50.0),
        span("handler")
            .id(1)
            .kind(SpanKind::Server)
            .request("r1")
            .sandbox("s1")
            .at(1.0, 48.0),
        span("POST /pay")
            .id(2)
            .under(1)
            .kind(SpanKind::Client)
            .sandbox("s1")
            .at(10.0, 40.0),
    ]));
    assert_eq!(
        tree(&trace),
        "platform checkout 0..50 own 3\n  \
           init -200..-2 own 98\n    \
             load module -150..-50 own 100 adopted\n  \
           handler 1..48 own 17 adopted\n    \
             POST /pay 10..40 own 30\n"
    );
    assert_eq!(
        path(&trace),
        "init -200..-150 | load module -150..-50 | init -50..-2 | platform checkout -2..1 | handler 1..10 \
         | POST /pay 10..40 | handler 40..48 | platform checkout 48..50"
    );
}

#[test]
fn an_init_ahead_of_demand_is_nothing_that_anybody_waited_for() {
    let init = |cold: Cold, end: f64| {
        let mut evidence = of_spans([
            platform_invocation("checkout", 10, 0.0, 50.0).request("r1"),
            span("init")
                .trace(PLATFORM)
                .id(11)
                .under(10)
                .phase("init")
                .at(end - 100.0, end),
        ]);
        evidence.invocations = vec![invocation("r1").cold(cold).build()];
        path(&rebuilt(evidence))
    };
    assert_eq!(init(Cold::Provisioned, -1.0), "platform checkout 0..50");
    assert_eq!(init(Cold::OnDemand, -11_000.0), "platform checkout 0..50");
    assert_eq!(
        init(Cold::OnDemand, -1.0),
        "init -101..-1 | platform checkout -1..50"
    );
}

#[test]
fn a_call_between_functions_joins_three_traces() {
    let trace = rebuilt(of_spans([
        platform_invocation("checkout", 10, 0.0, 100.0)
            .request("r1")
            .sandbox("s1"),
        span("checkout")
            .id(1)
            .kind(SpanKind::Server)
            .request("r1")
            .sandbox("s1")
            .at(1.0, 99.0),
        span("POST inventory")
            .id(2)
            .under(1)
            .kind(SpanKind::Client)
            .sandbox("s1")
            .at(10.0, 60.0),
        // X-Ray's header names the caller's invocation as the parent; the SDK knows better.
        platform_invocation("inventory", 20, 20.0, 62.0)
            .under(10)
            .request("r2")
            .sandbox("s2"),
        span("init")
            .trace(PLATFORM)
            .id(21)
            .under(20)
            .phase("init")
            .request("r2")
            .sandbox("s2")
            .at(12.0, 19.0),
        span("inventory")
            .id(3)
            .under(2)
            .kind(SpanKind::Server)
            .service("inventory")
            .request("r2")
            .sandbox("s2")
            .at(21.0, 58.0),
    ]));
    assert_eq!(
        tree(&trace),
        "platform checkout 0..100 own 2\n  \
           checkout 1..99 own 48 adopted\n    \
             POST inventory 10..60 own 10\n      \
               platform inventory 20..62 own 5 adopted\n        \
                 init 12..19 own 7\n        \
                 inventory 21..58 own 37 adopted\n"
    );
    assert_eq!(
        path(&trace),
        "platform checkout 0..1 | checkout 1..10 | POST inventory 10..12 | init 12..19 \
         | platform inventory 19..21 | inventory 21..58 | platform inventory 58..60 | checkout 60..99 \
         | platform checkout 99..100"
    );
    let handler = trace.span(5);
    assert_eq!(handler.parent_span_id, Some(span_id(2)), "as sent");
}

#[test]
fn a_caller_waits_for_the_answer_and_not_for_what_the_sandbox_does_afterwards() {
    let phase_of = |id: u64, invocation: u64, name: &str| {
        span(name)
            .trace(PLATFORM)
            .id(id)
            .under(invocation)
            .phase(name)
    };
    let trace = rebuilt(of_spans([
        platform_invocation("checkout", 10, 0.0, 100.0),
        phase_of(11, 10, "extension_overhead").at(90.0, 100.0),
        // Its caller was killed before it could send the span of the call.
        platform_invocation("inventory", 20, 10.0, 60.0).under(10),
        span("handler")
            .trace(PLATFORM)
            .id(2)
            .under(20)
            .at(11.0, 30.5),
        phase_of(21, 20, "runtime_overhead").at(30.0, 32.0),
        phase_of(22, 20, "extension_overhead").at(32.0, 60.0),
    ]));
    assert_eq!(
        path(&trace),
        "platform checkout 0..10 | platform inventory 10..11 | handler 11..30 | platform checkout 30..90 \
         | extension_overhead 90..100"
    );
    assert_eq!(trace.nodes[1].self_time, Nanos::from_millis(1), "it ran on");
}

#[test]
fn the_parts_of_an_init_are_shown_inside_it_whatever_they_name() {
    let phase_of = |id: u64, name: &str| {
        let named = span(name).trace(PLATFORM).id(id).under(10);
        named.phase(name).request("r1").sandbox("s1")
    };
    let mut evidence = of_spans([
        platform_invocation("checkout", 10, 0.0, 600.0)
            .request("r1")
            .sandbox("s1"),
        phase_of(11, "extension_init").at(0.0, 8.0),
        phase_of(12, "runtime_init").at(8.0, 480.0),
        phase_of(13, "init").at(0.0, 480.2),
    ]);
    assert_eq!(
        tree(&rebuilt(evidence.clone())),
        "platform checkout 0..600 own 119.8\n  \
           init 0..480.2 own 0.2\n    \
             extension_init 0..8 own 8\n    \
             runtime_init 8..480 own 472\n"
    );
    evidence.spans.pop();
    assert_eq!(
        tree(&rebuilt(evidence)),
        "platform checkout 0..600 own 120\n  \
           extension_init 0..8 own 8\n  \
           runtime_init 8..480 own 472\n",
        "as long as the whole is not known"
    );
}

#[test]
fn a_killed_sandbox_that_sent_no_span_is_shown_by_its_facts() {
    let evidence = Evidence {
        invocations: vec![
            invocation("r1")
                .sandbox("s1")
                .platform_span(PLATFORM, 10)
                .cold(Cold::OnDemand)
                .started(0.0)
                .deadline(3_000.0)
                .with(|row| row.outcome = Outcome::Timeout)
                .build(),
        ],
        phases: vec![
            sandbox_phase("s1", PhaseKind::RuntimeInit, -80.0, -5.0),
            sandbox_phase("s1", PhaseKind::Init, -100.0, -5.0),
        ],
        spans: Vec::new(),
    };
    let trace = rebuilt(evidence);
    assert_eq!(
        tree(&trace),
        "checkout 0..3000 own 3000 unfinished\n  \
           init -100..-5 own 20\n    \
             runtime_init -80..-5 own 75\n"
    );
    let root = trace.span(0);
    assert_eq!(
        (root.trace_id, root.span_id),
        (trace_id(PLATFORM), span_id(10))
    );
    assert_eq!(root.status.message, "timeout");
    assert_eq!(root.resource.service(), "checkout");
    assert_eq!(trace.warnings, ["1 span has no end; an estimate is shown"]);
}

#[test]
fn an_invocation_that_was_only_started_ends_with_the_last_that_is_known_of_it() {
    let mut evidence = of_spans([span("work").id(1).request("r1").sandbox("s1").at(5.0, 30.0)]);
    evidence.invocations = vec![
        invocation("r1")
            .sandbox("s1")
            .platform_span(PLATFORM, 10)
            .deadline(9_000.0)
            .build(),
    ];
    assert_eq!(
        tree(&rebuilt(evidence)),
        "checkout 0..30 own 5 unfinished\n  work 5..30 own 25 adopted\n"
    );
}

#[test]
fn the_platforms_overheads_are_shown_where_only_facts_tell_of_them() {
    let evidence = Evidence {
        invocations: vec![
            invocation("r1")
                .ended(Outcome::Ok, 50.0)
                .with(|row| {
                    row.response_latency = Some(Nanos::from_millis(30));
                    row.runtime_overhead = Some(Nanos::from_millis(5));
                    row.extension_overhead = Some(Nanos::from_millis(10));
                })
                .build(),
        ],
        ..Evidence::default()
    };
    assert_eq!(
        tree(&rebuilt(evidence)),
        "checkout 0..50 own 35\n  \
           runtime_overhead 30..35 own 5\n  \
           extension_overhead 40..50 own 10\n"
    );
}

#[test]
fn a_row_from_a_span_makes_no_second_span() {
    let mut evidence = of_spans([
        span("handler")
            .id(1)
            .kind(SpanKind::Server)
            .request("r1")
            .at(0.0, 10.0),
        span("lost its parent")
            .id(2)
            .under(9)
            .request("r1")
            .at(2.0, 3.0),
    ]);
    evidence.invocations = vec![invocation("r1").from_span().build()];
    assert_eq!(
        tree(&rebuilt(evidence)),
        "handler 0..10 own 9\n  lost its parent 2..3 own 1 adopted\n"
    );
}

#[test]
fn nobody_waits_for_what_a_queue_delivers() {
    let mut evidence = of_spans([
        platform_invocation("checkout", 10, 0.0, 50.0)
            .request("r1")
            .sandbox("s1"),
        platform_invocation("mailer", 20, 40.0, 90.0)
            .under(10)
            .request("r2")
            .sandbox("s2"),
    ]);
    let expected = "platform checkout 0..50 own 50\n  platform mailer 40..90 own 50 async\n";
    let trace = rebuilt(evidence.clone());
    assert_eq!(tree(&trace), expected, "it outlives its cause");
    assert_eq!(path(&trace), "platform checkout 0..50");
    evidence.spans[1].end = at(45.0);
    evidence.invocations = vec![
        invocation("r2")
            .sandbox("s2")
            .started(40.0)
            .with(|row| row.trigger = Trigger::PubSub)
            .build(),
    ];
    let trace = rebuilt(evidence);
    assert!(trace.nodes[1].marks.contains(Mark::Async), "it says so");
}

#[test]
fn work_is_placed_by_its_sandbox_and_the_time_where_it_names_no_request() {
    let invocations = [("r1", 10, 0.0, 50.0), ("r2", 20, 100.0, 150.0)];
    let spans = invocations
        .map(|(request, id, start, end)| {
            platform_invocation(request, id, start, end)
                .request(request)
                .sandbox("s1")
        })
        .into_iter()
        .chain([
            span("first").id(1).sandbox("s1").at(10.0, 20.0),
            span("second").id(2).under(9).sandbox("s1").at(110.0, 120.0),
            span("between").id(3).sandbox("s1").at(70.0, 75.0),
            span("elsewhere").id(4).sandbox("s2").at(10.0, 20.0),
        ]);
    assert_eq!(
        tree(&rebuilt(of_spans(spans))),
        "platform r1 0..50 own 40\n  \
           first 10..20 own 10 adopted\n\
         elsewhere 10..20 own 10\n\
         between 70..75 own 5\n\
         platform r2 100..150 own 40\n  \
           second 110..120 own 10 adopted\n"
    );
}

#[test]
fn an_orphan_stands_alone_and_says_so() {
    let trace = rebuilt(of_spans([
        span("root").id(1).at(0.0, 10.0),
        span("child").id(2).under(7).at(2.0, 3.0),
    ]));
    assert_eq!(tree(&trace), "root 0..10 own 10\nchild 2..3 own 1 orphan\n");
    assert_eq!(trace.warnings, ["1 span names a parent that never arrived"]);
}

#[test]
fn a_ring_is_opened_above_the_span_that_started_first() {
    let trace = rebuilt(of_spans([
        span("a").id(1).under(3).at(0.0, 10.0),
        span("b").id(2).under(1).at(1.0, 9.0),
        span("c").id(3).under(2).at(2.0, 8.0),
        span("self").id(4).under(4).at(5.0, 6.0),
    ]));
    assert_eq!(
        tree(&trace),
        "a 0..10 own 2 cycle_cut\n  \
           b 1..9 own 2\n    \
             c 2..8 own 6\n\
         self 5..6 own 1 cycle_cut\n"
    );
}

#[test]
fn of_copies_the_most_complete_is_shown() {
    let trace = rebuilt(of_spans([
        span("work").id(1).unfinished(),
        span("work").id(1).at(0.0, 8.0).attribute("order", 7),
        span("work").id(1).at(0.0, 8.0),
    ]));
    assert_eq!(tree(&trace), "work 0..8 own 8 duplicate_removed\n");
    assert_eq!(trace.span(0).attributes.len(), 1);
    assert_eq!(
        trace.warnings,
        ["2 spans were copies of others and are not shown"]
    );
}

#[test]
fn a_client_and_a_server_that_share_an_id_are_two_spans() {
    let trace = rebuilt(of_spans([
        span("call").id(1).kind(SpanKind::Client).at(0.0, 10.0),
        span("serve").id(1).kind(SpanKind::Server).at(1.0, 9.0),
        span("query").id(2).under(1).at(2.0, 3.0),
    ]));
    assert_eq!(
        tree(&trace),
        "call 0..10 own 2\n  serve 1..9 own 7\n    query 2..3 own 1\n"
    );
}

#[test]
fn a_clock_is_corrected_as_a_whole_and_not_without_need() {
    let call = |server_start: f64| {
        rebuilt(of_spans([
            span("call")
                .id(1)
                .kind(SpanKind::Client)
                .service("a")
                .at(0.0, 20.0),
            span("serve")
                .id(2)
                .under(1)
                .kind(SpanKind::Server)
                .service("b")
                .at(server_start, server_start + 10.0),
            span("query")
                .id(3)
                .under(2)
                .service("b")
                .at(server_start + 2.0, server_start + 4.0)
                .event("row", server_start + 3.0),
        ]))
    };
    assert_eq!(
        tree(&call(-100.0)),
        "call 0..20 own 10\n  \
           serve 0..10 own 8 skew_corrected\n    \
             query 2..4 own 2 skew_corrected\n"
    );
    assert_eq!(call(-100.0).span(2).events[0].time, at(3.0));
    assert_eq!(
        call(-100.0).warnings,
        ["the clock of service b was corrected by +100.000 ms"]
    );
    assert_eq!(call(5.0).warnings, [""; 0]);
    assert_eq!(
        call(-5_000.0).warnings,
        [
            "the clocks of service a and service b differ by +5000.000 ms, which is too much to correct"
        ]
    );
}

#[test]
fn the_path_keeps_siblings_that_follow_each_other_without_a_gap() {
    let trace = rebuilt(of_spans([
        span("root").id(1).at(0.0, 10.0),
        span("a").id(2).under(1).at(0.0, 5.0),
        span("b").id(3).under(1).at(5.0, 10.0),
        span("short").id(4).under(1).at(1.0, 3.0),
    ]));
    assert_eq!(path(&trace), "a 0..5 | b 5..10");
    assert_eq!(trace.nodes[0].self_time, Nanos(0));
}

#[test]
fn nothing_becomes_nothing() {
    let trace = rebuilt(Evidence::default());
    assert_eq!((trace.start, trace.nodes.len()), (UnixNanos(0), 0));
}

#[test]
fn a_chain_of_a_hundred_thousand_spans_costs_no_stack() {
    const DEPTH: u64 = 100_000;
    let spans: Vec<Span> = (1..=DEPTH)
        .map(|id| {
            let mut link = span("link").id(id).build();
            link.parent_span_id = (id > 1).then(|| span_id(id - 1));
            (link.start, link.end) = (UnixNanos(id), UnixNanos(3 * DEPTH - id));
            link
        })
        .collect();
    let leaf: SpanId = spans[spans.len() - 1].span_id;
    let trace = rebuild(Evidence {
        spans,
        ..Evidence::default()
    });
    let last = trace.nodes.len() - 1;
    assert_eq!(trace.span(last).span_id, leaf);
    assert_eq!(trace.nodes[last].depth, DEPTH as u32 - 1);
    assert_eq!(trace.critical_path.len() as u64, 2 * DEPTH - 1);
}
