//! One invocation in a sentence.

use coldtrace_analysis::{Evidence, SandboxPhase, findings, verdict};
use coldtrace_model::{
    AttributeValue, ByteSize, Cold, Invocation, Nanos, Outcome, PhaseKind, SandboxId, Span,
    SpanKind,
};
use coldtrace_testkit::{InvocationBuilder, invocation, phase, span};

use super::picture::rebuilt;

/// The sentence, then each part by its category.
fn told(spans: Vec<Span>, one: &Invocation) -> (String, Vec<(&'static str, u64)>) {
    let phases = match one.init {
        Some(_) => [
            PhaseKind::Init,
            PhaseKind::ExtensionInit,
            PhaseKind::RuntimeInit,
        ]
        .into_iter()
        .zip([(-300.0, 0.0), (-300.0, -200.0), (-200.0, 0.0)])
        .map(|(kind, (from, to))| SandboxPhase {
            sandbox_id: SandboxId::parse("here").expect("an id"),
            function: "checkout".to_owned(),
            phase: phase(kind, from, to),
        })
        .collect(),
        None => Vec::new(),
    };
    let invocations = vec![one.clone()];
    let trace = rebuilt(Evidence {
        spans,
        invocations: invocations.clone(),
        phases,
    });
    let verdict = verdict(&trace, &invocations, &findings(&trace, &invocations), one);
    let parts = verdict.parts.iter();
    let parts = parts.map(|part| (part.category.as_str(), part.length.0 / 1_000_000));
    (verdict.text, parts.collect())
}

fn started() -> InvocationBuilder {
    let one = invocation("one").platform_span(1, 1).sandbox("here");
    one.started(0.0).deadline(3_000.0)
}

fn handler(end: f64) -> Span {
    let handler = span("handler")
        .id(2)
        .under(1)
        .request("one")
        .sandbox("here");
    handler.kind(SpanKind::Server).at(0.0, end).build()
}

fn call(start: f64, end: f64) -> Span {
    let call = span("SELECT orders").id(3).under(2).sandbox("here");
    call.kind(SpanKind::Client).at(start, end).build()
}

#[test]
fn a_cold_start_and_a_slow_call_are_named_with_their_parts() {
    let cold = started().cold(Cold::OnDemand).ended(Outcome::Ok, 400.0);
    let cold = cold.with(|told| told.init = Some(Nanos::from_millis(300)));
    let (text, parts) = told(vec![handler(400.0), call(50.0, 350.0)], &cold.build());
    assert_eq!(
        text,
        "Took 700 ms with its start: 300 ms for SELECT orders, 200 ms for runtime and module to load."
    );
    let expected = [
        ("downstream", 300),
        ("runtime_init", 200),
        ("extension_init", 100),
        ("handler", 100),
    ];
    assert_eq!(parts, expected);
}

#[test]
fn an_error_is_called_as_the_function_calls_it() {
    let mut raised = handler(100.0);
    raised.events = span("").event("exception", 90.0).build().events;
    let kind = AttributeValue::String("app.PaymentDeclined".to_owned());
    raised.events[0].attributes = vec![("exception.type".to_owned(), kind)];
    let failed = |outcome| {
        let one = started().ended(outcome, 100.0);
        one.with(|told| told.error_type = "Runtime.Unknown".to_owned())
    };
    let sentence = |outcome| told(vec![raised.clone()], &failed(outcome).build()).0;
    assert_eq!(
        sentence(Outcome::Error),
        "Failed after 100 ms (app.PaymentDeclined): 100 ms for its own work."
    );
    assert_eq!(
        sentence(Outcome::Crash),
        "Its process ended after 100 ms (Runtime.Unknown).",
        "what the platform ended is the platform's to tell"
    );
}

#[test]
fn each_end_has_its_own_words() {
    let sentence = |one: InvocationBuilder| told(vec![handler(100.0)], &one.build()).0;
    let cases = [
        (started(), "Still running, or nobody told its end."),
        (
            started().ended(Outcome::Ok, 100.0),
            "Took 100 ms: 100 ms for its own work.",
        ),
        (
            started()
                .ended(Outcome::Error, 100.0)
                .with(|told| told.error_type = "ValueError".to_owned()),
            "Failed after 100 ms (ValueError): 100 ms for its own work.",
        ),
        (
            started().ended(Outcome::OutOfMemory, 100.0).with(|told| {
                told.max_memory = Some(ByteSize::from_mib(256));
            }),
            "Ran out of memory: 256 of 256 MB.",
        ),
        (
            started()
                .ended(Outcome::Crash, 100.0)
                .with(|told| told.error_type = "Runtime.ExitError".to_owned()),
            "Its process ended after 100 ms (Runtime.ExitError).",
        ),
    ];
    for (one, expected) in cases {
        assert_eq!(sentence(one), expected);
    }
    let open = span("POST bank")
        .id(3)
        .under(2)
        .sandbox("here")
        .kind(SpanKind::Client);
    let open = open.at(200.0, 0.0).unfinished().build();
    let hanging = span("handler")
        .id(2)
        .under(1)
        .request("one")
        .sandbox("here")
        .unfinished()
        .build();
    let (text, _) = told(
        vec![hanging, open],
        &started().ended(Outcome::Timeout, 3_000.0).build(),
    );
    assert_eq!(
        text,
        "Ran into its time limit after 3 s, while POST bank had not answered for 2.8 s."
    );
}
