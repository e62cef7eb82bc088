use coldtrace_model::{
    Architecture, AttributeValue, ByteSize, Platform, Reported, SandboxId, SpanId, SpanKind,
    Started, StatusCode, Trigger,
};

use super::*;
use crate::config::CaptureMode;
use crate::payload::redact::Redaction;
use crate::proxy::Payload;
use crate::telemetry_api::event;

/// 2026-11-24T10:00:00Z
const T0: UnixNanos = UnixNanos(1_795_514_400_000_000_000);
const HEADER: &str = "Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1";

fn at(millis: u64) -> UnixNanos {
    T0.plus(coldtrace_model::Nanos::from_millis(millis))
}

fn journal(first: Cold) -> Journal {
    in_mode(Mode::OnDemand, first, None)
}

fn in_mode(mode: Mode, first: Cold, memory: Option<Memory>) -> Journal {
    let sandbox = Sandbox {
        id: SandboxId::parse("s").unwrap(),
        platform: Platform::AwsLambda,
        function: "checkout".to_owned(),
        version: "$LATEST".to_owned(),
        runtime: String::new(),
        architecture: Architecture::X86_64,
        memory: Some(ByteSize::from_mib(128)),
        region: "eu-central-1".to_owned(),
        account: String::new(),
        instance: String::new(),
    };
    Journal::new(sandbox, mode, first, at(0), memory)
}

fn id(text: &str) -> RequestId {
    RequestId::parse(text).unwrap()
}

fn invoke(request_id: &str, millis: u64) -> Invoke {
    Invoke {
        request_id: id(request_id),
        received: at(millis),
        deadline: at(millis + 5_000),
        arn: "arn:aws:lambda:eu-central-1:123456789012:function:checkout".to_owned(),
        trace_header: HEADER.to_owned(),
    }
}

/// One event of the platform, `millis` after `T0`.
fn event(millis: u64, kind: &str, record: &str) -> PlatformEvent {
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let body = format!(
        r#"[{{"time":"2026-11-24T10:00:{seconds:02}.{millis:03}Z","type":"{kind}","record":{record}}}]"#
    );
    event::parse(body.as_bytes()).unwrap().remove(0)
}

fn start(request_id: &str, millis: u64) -> PlatformEvent {
    event(
        millis,
        "platform.start",
        &format!(r#"{{"requestId":"{request_id}"}}"#),
    )
}

fn runtime_done(request_id: &str, millis: u64, status: &str) -> PlatformEvent {
    let record = format!(
        r#"{{"requestId":"{request_id}","status":"{status}","metrics":{{"durationMs":11.185,"producedBytes":40}},"spans":[
            {{"name":"responseLatency","start":"2026-11-24T10:00:00.200Z","durationMs":2.215}},
            {{"name":"runtimeOverhead","start":"2026-11-24T10:00:00.203Z","durationMs":8.5}}]}}"#
    );
    event(millis, "platform.runtimeDone", &record)
}

fn report(request_id: &str, millis: u64, status: &str, max_mib: u64) -> PlatformEvent {
    let record = format!(
        r#"{{"requestId":"{request_id}","status":"{status}","metrics":{{"durationMs":11.642,"billedDurationMs":12,"memorySizeMB":128,
            "maxMemoryUsedMB":{max_mib},"initDurationMs":174.055}},"spans":[
            {{"name":"extensionOverhead","start":"2026-11-24T10:00:00.211Z","durationMs":0.4}}]}}"#
    );
    event(millis, "platform.report", &record)
}

fn init(journal: &mut Journal, phase: &str, status: &str) {
    for (millis, kind, record) in [
        (
            0,
            "platform.initStart",
            format!(r#"{{"phase":"{phase}","runtimeVersion":"python:3.12.v38","instanceId":"i"}}"#),
        ),
        (
            30,
            "platform.extension",
            r#"{"state":"Registered"}"#.to_owned(),
        ),
        (
            170,
            "platform.initRuntimeDone",
            format!(
                r#"{{"phase":"{phase}","status":"{status}","errorType":"Runtime.ImportModuleError"}}"#
            ),
        ),
        (
            174,
            "platform.initReport",
            format!(
                r#"{{"phase":"{phase}","status":"{status}","errorType":"Runtime.ImportModuleError","metrics":{{"durationMs":174.0}}}}"#
            ),
        ),
    ] {
        journal.on_event(event(millis, kind, &record), at(200));
    }
}

fn facts(entries: &[Entry]) -> Vec<&Fact> {
    let facts = entries.iter().filter_map(|entry| match entry {
        Entry::Fact(fact) => Some(fact),
        _ => None,
    });
    facts.collect()
}

fn spans(entries: &[Entry]) -> Vec<&Span> {
    let spans = entries.iter().filter_map(|entry| match entry {
        Entry::Spans(spans) => Some(spans),
        _ => None,
    });
    spans.flatten().collect()
}

fn started(fact: &Fact) -> &Started {
    match &fact.kind {
        FactKind::Started(started) => started,
        other => panic!("{other:?}"),
    }
}

fn outcome(fact: &Fact) -> Outcome {
    match &fact.kind {
        FactKind::Started(_) => Outcome::Running,
        FactKind::Finished(finished) => finished.outcome,
        FactKind::Reported(reported) => reported.outcome,
    }
}

#[test]
fn a_cold_start_becomes_three_facts_three_phases_and_a_tree_of_spans() {
    let mut journal = journal(Cold::OnDemand);
    journal.on_invoke(&invoke("R1", 200));
    let told = journal.take_entries();
    let first = started(facts(&told)[0]);
    assert_eq!(
        told.len(),
        1,
        "the start is told at once, before any telemetry"
    );
    assert_eq!(first.cold, Cold::OnDemand);
    let trace_id = first.platform_trace_id.unwrap();
    assert_eq!(trace_id.to_string(), "62e900b2710d76f009d6e7785905449a");

    init(&mut journal, "init", "success");
    journal.on_event(start("R1", 200), at(225));
    journal.on_event(event(205, "function", r#""hello\n""#), at(225));
    journal.on_event(runtime_done("R1", 211, "success"), at(236));
    assert!(journal.is_finished(&id("R1")) && journal.awaits_reports());
    journal.on_event(report("R1", 212, "success", 67), at(900));
    assert!(!journal.awaits_reports());

    let told = journal.take_entries();
    let told_facts = facts(&told);
    let filed: Vec<UnixNanos> = told_facts
        .iter()
        .map(|fact| fact.invocation.filed_at)
        .collect();
    assert_eq!(filed, [at(200); 2]);
    let FactKind::Finished(finished) = &told_facts[0].kind else {
        panic!("{told_facts:?}");
    };
    assert_eq!(finished.response_latency.unwrap().0, 2_215_000);
    let FactKind::Reported(Reported { init, billed, .. }) = &told_facts[1].kind else {
        panic!("{told_facts:?}");
    };
    assert_eq!(init.unwrap().0, 174_055_000);
    assert_eq!(billed.unwrap().0, 12_000_000);

    let phases: Vec<(&str, u64)> = told
        .iter()
        .filter_map(|entry| match entry {
            Entry::Phase(phase) => Some((phase.kind.as_str(), phase.duration.0 / 1_000_000)),
            _ => None,
        })
        .collect();
    assert_eq!(
        phases,
        [("init", 174), ("extension_init", 30), ("runtime_init", 140)]
    );
    let line = told.iter().find_map(|entry| match entry {
        Entry::Log(line) => Some((line.body.as_str(), line.request_id.clone())),
        _ => None,
    });
    assert_eq!(line, Some(("hello", Some(id("R1")))));

    let drawn = spans(&told);
    let names: Vec<&str> = drawn.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "checkout",
            "init",
            "extension_init",
            "runtime_init",
            "runtime_overhead",
            "extension_overhead"
        ]
    );
    assert!(drawn.iter().all(|span| span.trace_id == trace_id));
    let (invocation, below) = drawn.split_first().unwrap();
    assert_eq!(invocation.kind, SpanKind::Server);
    assert_eq!(
        invocation.parent_span_id.unwrap().to_string(),
        "0efbd19962d95b05"
    );
    assert_eq!(invocation.end.since(invocation.start).0, 11_642_000);
    for span in below {
        assert_eq!(
            span.parent_span_id,
            Some(invocation.span_id),
            "{}",
            span.name
        );
        assert_eq!(span.kind, SpanKind::Internal);
    }
    assert_eq!(journal.sandbox().runtime, "python:3.12.v38");
    assert_eq!(journal.sandbox().account, "123456789012");

    journal.on_invoke(&invoke("R2", 950));
    let told = journal.take_entries();
    assert_eq!(started(facts(&told)[0]).cold, Cold::Warm);
}

#[test]
fn telemetry_that_comes_late_again_or_in_disorder_changes_nothing() {
    let mut journal = in_mode(Mode::OnDemand, Cold::OnDemand, None);
    journal.registered = at(150);
    journal.on_event(start("R1", 199), at(200));
    journal.on_invoke(&invoke("R1", 200));
    journal.on_invoke(&invoke("R2", 300));
    let events = [
        runtime_done("R1", 211, "success"),
        start("R2", 300),
        report("R1", 212, "success", 67),
        runtime_done("R2", 311, "success"),
    ];
    for event in events.iter().chain(&events) {
        journal.on_event(event.clone(), at(330));
    }
    journal.on_event(report("of another process", 140, "success", 67), at(340));
    let told = journal.take_entries();
    let facts: Vec<(&str, u64, Outcome)> = facts(&told)
        .iter()
        .map(|fact| {
            let filed = fact.invocation.filed_at.since(T0).0 / 1_000_000;
            (fact.invocation.request_id.as_str(), filed, outcome(fact))
        })
        .collect();
    let expected = [
        ("R1", 200, Outcome::Running),
        ("R2", 300, Outcome::Running),
        ("R1", 200, Outcome::Ok),
        ("R1", 200, Outcome::Ok),
        ("R2", 300, Outcome::Ok),
    ];
    assert_eq!(facts, expected);
    let invocations = spans(&told);
    let drawn = invocations
        .iter()
        .filter(|span| span.kind == SpanKind::Server);
    assert_eq!(drawn.count(), 1, "of R1; R2 has no report yet");
}

#[test]
fn a_call_that_comes_after_everything_else_starts_nothing_anew() {
    let mut journal = journal(Cold::OnDemand);
    journal.on_event(runtime_done("R1", 211, "success"), at(236));
    journal.on_event(report("R1", 212, "success", 67), at(236));
    journal.on_invoke(&invoke("R1", 237));
    assert!(journal.is_finished(&id("R1")));
    assert_eq!(facts(&journal.take_entries()).len(), 3);
    journal.on_invoke(&invoke("R1", 60_000));
    let again = journal.take_entries();
    assert_eq!(
        started(facts(&again)[0]).cold,
        Cold::Warm,
        "a retry is another"
    );
}

#[test]
fn a_report_that_comes_to_the_next_process_is_filed_with_the_invocation() {
    let mut before = journal(Cold::OnDemand);
    before.on_invoke(&invoke("R1", 200));
    before.on_event(runtime_done("R1", 5_200, "timeout"), at(5_210));
    before.on_shutdown(ShutdownReason::Timeout, at(5_500));
    let told = before.take_entries();
    let outcomes: Vec<Outcome> = facts(&told).into_iter().map(outcome).collect();
    assert_eq!(outcomes, [Outcome::Running, Outcome::Timeout]);
    let drawn = spans(&told);
    assert_eq!(drawn[0].status.code, StatusCode::Error);
    assert_eq!(drawn[0].status.message, "timeout");

    let mut after = in_mode(Mode::OnDemand, Cold::Reset, Some(before.memory()));
    assert!(!after.awaits_reports(), "it may never come");
    after.on_event(report("R1", 5_200, "timeout", 67), at(9_000));
    after.on_invoke(&invoke("R2", 9_000));
    let told = after.take_entries();
    let facts = facts(&told);
    assert_eq!(facts[0].invocation.filed_at, at(200));
    assert_eq!(outcome(facts[0]), Outcome::Timeout);
    assert_eq!(spans(&told).len(), 0, "its spans were told before");
    assert_eq!(started(facts[1]).cold, Cold::Reset);
}

#[test]
fn a_sandbox_that_dies_is_inferred_from_the_reason_where_telemetry_is_late() {
    let check = |reason, expected: Option<Outcome>| {
        let mut journal = journal(Cold::OnDemand);
        journal.on_invoke(&invoke("R1", 200));
        journal.take_entries();
        journal.on_shutdown(reason, at(900));
        let told = journal.take_entries();
        assert_eq!(
            facts(&told).first().map(|fact| outcome(fact)),
            expected,
            "{reason:?}"
        );
        assert_eq!(spans(&told).len(), 1);
    };
    check(ShutdownReason::Timeout, Some(Outcome::Timeout));
    check(ShutdownReason::Failure, Some(Outcome::Crash));
    check(ShutdownReason::Spindown, None);
}

#[test]
fn an_init_that_fails_makes_an_invocation_that_was_never_called() {
    let mut journal = journal(Cold::Reset);
    init(&mut journal, "invoke", "error");
    journal.on_event(start("R1", 180), at(200));
    assert_eq!(journal.take_entries(), [], "its call may still come");
    let failed = r#"{"requestId":"R1","status":"error","errorType":"Runtime.ImportModuleError","metrics":{"durationMs":1}}"#;
    journal.on_event(event(190, "platform.runtimeDone", failed), at(210));
    let told = journal.take_entries();
    let facts = facts(&told);
    assert_eq!(started(facts[0]).cold, Cold::Reset);
    assert_eq!(outcome(facts[1]), Outcome::InitError);
    assert!(told.iter().any(|entry| matches!(entry, Entry::Phase(phase)
        if phase.outcome == Outcome::InitError && phase.request_id == Some(id("R1")))));
}

#[test]
fn an_init_that_fails_twice_is_drawn_as_two_spans() {
    let mut journal = journal(Cold::OnDemand);
    init(&mut journal, "init", "error");
    init(&mut journal, "invoke", "error");
    journal.on_event(start("R1", 180), at(200));
    journal.on_event(runtime_done("R1", 190, "error"), at(210));
    journal.on_event(report("R1", 191, "error", 67), at(210));
    let told = journal.take_entries();
    let drawn = spans(&told);
    let inits = drawn.iter().filter(|span| span.name == "init");
    assert_eq!(inits.count(), 2);
    let mut ids: Vec<SpanId> = drawn.iter().map(|span| span.span_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), drawn.len(), "{drawn:#?}");
}

#[test]
fn an_init_inside_an_invocation_is_a_part_of_it() {
    let check = |reported: Option<&str>, expected_end: UnixNanos| {
        let mut journal = journal(Cold::Reset);
        init(&mut journal, "invoke", "success");
        journal.on_invoke(&invoke("R1", 178));
        journal.on_event(start("R1", 180), at(190));
        journal.on_event(runtime_done("R1", 211, "success"), at(230));
        if let Some(duration) = reported {
            let record = format!(
                r#"{{"requestId":"R1","status":"success","metrics":{{"durationMs":{duration}}}}}"#
            );
            journal.on_event(event(212, "platform.report", &record), at(230));
        }
        journal.on_shutdown(ShutdownReason::Failure, at(900));
        let told = journal.take_entries();
        let drawn = spans(&told);
        let (invocation, below) = drawn.split_first().unwrap();
        assert_eq!((invocation.start, invocation.end), (at(0), expected_end));
        let within = below
            .iter()
            .filter(|span| span.origin.phase.contains("init"));
        for span in within {
            assert!(span.start >= invocation.start && span.end <= invocation.end);
        }
        let started = facts(&told).iter().find_map(|fact| match &fact.kind {
            FactKind::Finished(finished) => finished.start,
            _ => None,
        });
        assert_eq!(started, Some(at(0)), "its start is the init's");
    };
    check(
        Some("212.25"),
        at(212).plus(coldtrace_model::Nanos(250_000)),
    );
    // It began before its init, of which nothing tells: it ended with the report all the same.
    check(Some("900"), at(213));
    // The runtime's own time may leave the init out.
    check(None, at(211));
}

#[test]
fn what_the_process_before_was_not_told_of_is_told_by_the_next_one_and_nothing_twice() {
    let mut before = journal(Cold::OnDemand);
    before.on_event(start("R1", 180), at(200));
    before.on_event(report("R1", 191, "error", 67), at(210));
    before.on_shutdown(ShutdownReason::Failure, at(400));
    before.take_entries();

    let mut after = in_mode(Mode::OnDemand, Cold::Reset, Some(before.memory()));
    after.registered = at(900);
    after.on_event(report("R1", 191, "error", 67), at(1_000));
    assert_eq!(after.take_entries(), [], "of this all was told");
    after.on_event(start("R2", 450), at(1_000));
    after.on_event(report("R2", 460, "error", 67), at(1_000));
    let told = after.take_entries();
    assert_eq!(facts(&told).len(), 2, "{told:?}");

    after.on_invoke(&invoke("R3", 1_100));
    let told = after.take_entries();
    let first = started(facts(&told)[0]).cold;
    assert_eq!(first, Cold::Reset, "this process begins with R3");
}

#[test]
fn memory_at_the_limit_makes_a_crash_an_oom() {
    let mut journal = journal(Cold::OnDemand);
    journal.on_invoke(&invoke("R1", 200));
    let died = r#"{"requestId":"R1","status":"error","errorType":"Runtime.ExitError"}"#;
    journal.on_event(event(250, "platform.runtimeDone", died), at(260));
    journal.on_event(report("R1", 251, "error", 128), at(260));
    let told = journal.take_entries();
    let outcomes: Vec<Outcome> = facts(&told).into_iter().map(outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Running, Outcome::Crash, Outcome::OutOfMemory]
    );
}

#[test]
fn without_telemetry_an_invocation_ends_with_the_next_call() {
    let mut journal = journal(Cold::OnDemand);
    journal.on_telemetry_refused();
    journal.on_invoke(&invoke("R1", 200));
    journal.on_invoke(&invoke("R2", 700));
    assert!(!journal.awaits_reports());
    journal.on_shutdown(ShutdownReason::Timeout, at(900));
    let told = journal.take_entries();
    let facts: Vec<(&str, Outcome)> = facts(&told)
        .iter()
        .map(|fact| (fact.invocation.request_id.as_str(), outcome(fact)))
        .collect();
    let expected = [
        ("R1", Outcome::Running),
        ("R1", Outcome::Ok),
        ("R2", Outcome::Running),
        ("R2", Outcome::Timeout),
    ];
    assert_eq!(facts, expected);
    let lengths: Vec<u64> = spans(&told)
        .iter()
        .map(|span| span.end.since(span.start).0 / 1_000_000)
        .collect();
    assert_eq!(lengths, [500, 200]);
}

#[test]
fn managed_instances_are_known_from_telemetry_alone() {
    let mut journal = in_mode(Mode::ManagedInstances, Cold::OnDemand, None);
    journal.on_event(start("R1", 200), at(226));
    journal.on_event(start("R2", 201), at(226));
    journal.on_event(event(205, "function", r#""whose?\n""#), at(230));
    journal.on_event(report("R2", 212, "success", 67), at(240));
    journal.on_event(event(216, "function", r#""mine\n""#), at(240));
    let told = journal.take_entries();
    let colds: Vec<Cold> = facts(&told)[..2]
        .iter()
        .map(|fact| started(fact).cold)
        .collect();
    assert_eq!(colds, [Cold::OnDemand, Cold::Warm]);
    let kinds: Vec<&str> = facts(&told)[2..]
        .iter()
        .map(|fact| match fact.kind {
            FactKind::Started(_) => "started",
            FactKind::Finished(_) => "finished",
            FactKind::Reported(_) => "reported",
        })
        .collect();
    assert_eq!(kinds, ["finished", "reported"]);
    let owners: Vec<Option<RequestId>> = told
        .iter()
        .filter_map(|entry| match entry {
            Entry::Log(line) => Some(line.request_id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(owners, [None, Some(id("R1"))]);
}

#[test]
fn a_proactive_init_is_no_cold_start() {
    let first_called_at = |millis: u64| {
        let mut journal = journal(Cold::OnDemand);
        journal.on_invoke(&invoke("R1", millis));
        init(&mut journal, "init", "success");
        journal.on_event(start("R1", millis), at(millis + 30));
        journal.on_event(report("R1", millis + 20, "success", 67), at(millis + 30));
        let told = journal.take_entries();
        let mark = spans(&told)[0].attributes.clone();
        let is_marked = mark.contains(&(
            "faas.coldstart".to_owned(),
            coldtrace_model::AttributeValue::Bool(true),
        ));
        journal.on_invoke(&invoke("R2", millis + 40));
        let next = started(facts(&journal.take_entries())[0]).cold;
        (started(facts(&told)[0]).cold, is_marked, next)
    };
    let waited = (Cold::OnDemand, true, Cold::Warm);
    assert_eq!(first_called_at(12_000), waited, "heard late, perhaps");
    let was_there = (Cold::Provisioned, false, Cold::Warm);
    assert_eq!(first_called_at(21_000), was_there);
}

#[test]
fn a_restored_sandbox_is_not_told_of_its_snapshots_init() {
    let mut journal = journal(Cold::SnapStart);
    init(&mut journal, "snap-start", "success");
    journal.on_event(
        event(300, "platform.restoreStart", r#"{"instanceId":"j"}"#),
        at(900),
    );
    let restored = r#"{"status":"success","metrics":{"durationMs":412.3}}"#;
    journal.on_event(event(712, "platform.restoreReport", restored), at(900));
    journal.on_invoke(&invoke("R1", 900));
    let told = journal.take_entries();
    let phases: Vec<&str> = told
        .iter()
        .filter_map(|entry| match entry {
            Entry::Phase(phase) => Some(phase.kind.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(phases, ["restore"]);
}

/// The invocation's own span, where it was told.
fn own_span(entries: &[Entry]) -> &Span {
    let mut spans = entries.iter().filter_map(|entry| match entry {
        Entry::Spans(spans) => spans.first(),
        _ => None,
    });
    spans.next_back().expect("its spans were told")
}

fn passed(request_id: &str, what: Payload, body: &str) -> Passed {
    Passed {
        request_id: id(request_id),
        at: at(0),
        what,
        body: body.as_bytes().to_vec(),
        is_whole: true,
    }
}

fn capturing(mode: CaptureMode) -> Journal {
    journal(Cold::OnDemand).capturing(Capture {
        mode,
        limit: 100,
        redaction: Redaction::default(),
    })
}

#[test]
fn an_event_that_passes_before_its_call_tells_cause_sender_and_trigger() {
    let mut journal = capturing(CaptureMode::Cause);
    let event = r#"{"Records":[{"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-central-1:1:orders",
        "attributes":{"AWSTraceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}}]}"#;
    journal.on_passed(&passed("R1", Payload::Event, event));
    journal.on_passed(&passed("R1", Payload::Response, "{}"));
    journal.on_invoke(&invoke("R1", 0));
    journal.on_event(runtime_done("R1", 11, "success"), at(11));
    journal.on_event(report("R1", 12, "success", 60), at(12));
    let entries = journal.take_entries();
    let span = own_span(&entries);
    let attribute = |key: &str| {
        let found = span.attributes.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    let text = |text: &str| Some(AttributeValue::String(text.to_owned()));
    assert_eq!(attribute("faas.trigger"), text("pubsub"));
    assert_eq!(attribute("messaging.destination.name"), text("orders"));
    assert_eq!(attribute("coldtrace.response"), None, "causes alone");
    assert_eq!(span.links[0].span_id.to_string(), "53995c3f42cd8ad8");
    let triggers = entries.iter().filter_map(|entry| match entry {
        Entry::Fact(Fact {
            kind: FactKind::Finished(finished),
            ..
        }) => Some(finished.trigger),
        _ => None,
    });
    assert_eq!(triggers.collect::<Vec<_>>(), [Trigger::PubSub]);
    // Too late: nobody is told any more.
    journal.on_passed(&passed("R1", Payload::Response, "{}"));
    assert!(journal.memory().open.is_empty());
}

#[test]
fn payloads_of_failures_are_told_redacted_and_cut() {
    for (status, is_told) in [("success", false), ("failure", true)] {
        let mut journal = capturing(CaptureMode::Errors);
        journal.on_invoke(&invoke("R1", 0));
        journal.on_passed(&passed("R1", Payload::Event, r#"{"password":"x","a":1}"#));
        let long = format!("{{\"a\":\"{}\"}}", "b".repeat(200));
        journal.on_passed(&passed("R1", Payload::Error, &long));
        journal.on_event(runtime_done("R1", 11, status), at(11));
        journal.on_event(report("R1", 12, status, 60), at(12));
        let entries = journal.take_entries();
        let told = own_span(&entries).attributes.iter();
        let told: Vec<(&str, &AttributeValue)> = told
            .filter(|(key, _)| key.starts_with("coldtrace.re"))
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        if !is_told {
            assert_eq!(told, []);
            continue;
        }
        let [
            ("coldtrace.request", request),
            ("coldtrace.response", response),
        ] = told[..]
        else {
            panic!("{told:?}");
        };
        let hidden = AttributeValue::String(r#"{"a":1,"password":"[redacted]"}"#.to_owned());
        assert_eq!(*request, hidden);
        let AttributeValue::String(response) = response else {
            panic!("{response:?}");
        };
        assert!(
            response.len() <= 100 && response.ends_with('…'),
            "{response}"
        );
    }
}

#[test]
fn what_was_used_is_the_difference_of_two_samples() {
    let mut journal = journal(Cold::Warm);
    let sample = |millis: u64, bytes: u64| Sample {
        cpu: coldtrace_model::Nanos::from_millis(millis),
        received: ByteSize(bytes),
        memory: ByteSize(bytes),
        ..Sample::default()
    };
    journal.on_sample(sample(100, 1_000));
    journal.on_invoke(&invoke("R1", 0));
    journal.on_sample(sample(350, 1_700));
    journal.on_event(runtime_done("R1", 11, "success"), at(11));
    journal.on_sample(sample(999, 9_999));
    journal.on_event(report("R1", 12, "success", 60), at(12));
    let entries = journal.take_entries();
    let attributes = &own_span(&entries).attributes;
    let attribute = |key: &str| {
        let found = attributes.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(
        attribute("faas.cpu_usage"),
        Some(AttributeValue::Double(0.25))
    );
    assert_eq!(
        attribute("network.io.receive"),
        Some(AttributeValue::Int(700))
    );
    assert_eq!(
        attribute("faas.mem_usage"),
        Some(AttributeValue::Int(1_700))
    );
}

#[test]
fn a_span_belongs_to_the_invocation_that_ran_when_it_began() {
    let mut journal = journal(Cold::OnDemand);
    assert_eq!(journal.invocation_at(at(0)), None);
    journal.on_invoke(&invoke("R1", 100));
    journal.on_event(start("R1", 100), at(100));
    journal.on_event(runtime_done("R1", 111, "success"), at(111));
    journal.on_event(report("R1", 112, "success", 60), at(112));
    journal.on_invoke(&invoke("R2", 200));
    journal.on_event(start("R2", 200), at(200));
    for (millis, expected) in [
        (0, "R1"),
        (105, "R1"),
        (150, "R1"),
        (200, "R2"),
        (900, "R2"),
    ] {
        assert_eq!(
            journal.invocation_at(at(millis)),
            Some(id(expected)),
            "{millis} ms"
        );
    }
    let mut managed = in_mode(Mode::ManagedInstances, Cold::OnDemand, None);
    for (request_id, millis) in [("R1", 100), ("R2", 200)] {
        managed.on_event(start(request_id, millis), at(millis));
    }
    assert_eq!(managed.invocation_at(at(150)), Some(id("R1")));
    assert_eq!(managed.invocation_at(at(250)), None, "it may be either's");
}

#[test]
fn a_call_that_comes_after_everything_else_does_not_open_its_invocation_again() {
    let mut journal = journal(Cold::OnDemand);
    journal.on_event(start("R1", 200), at(200));
    journal.on_event(runtime_done("R1", 211, "success"), at(211));
    journal.on_event(report("R1", 212, "success", 60), at(212));
    journal.on_invoke(&invoke("R1", 200));
    let told = facts(&journal.take_entries()).len();
    assert_eq!(told, 3);
    journal.on_event(report("R1", 212, "success", 60), at(400));
    assert!(journal.take_entries().is_empty(), "it was told");
    // A platform that tries the same request again calls again.
    journal.on_invoke(&invoke("R1", 500));
    assert_eq!(facts(&journal.take_entries()).len(), 1);
}
