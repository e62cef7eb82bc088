//! Why an alert fires: what was planted is told, from fresh data and from settled, and a store that is away costs no more than time.

use std::ops::Range;
use std::time::{Duration, Instant};

use coldtrace_alerts::{Cause, Why};
use coldtrace_model::{Cold, Invocation, Nanos, Outcome, Span, SpanKind, Tenant, TimeRange};
use coldtrace_store::{Store, StoreConfig};
use coldtrace_testkit::{at, engine, invocation, span};
use tokio::net::TcpListener;

use super::compare::settle;
use super::fixture::Data;
use crate::alerts::why::{Bad, Question, Reasons};
use crate::journey::Limits;

/// Between two invocations, in milliseconds.
const STEP: f64 = 3_000.0;
const MINUTE: f64 = 60_000.0;
/// The last five minutes of what there is.
const WINDOW: (f64, f64) = (60.0 * MINUTE, 65.0 * MINUTE);
const COUNT: usize = 1_300;

/// An invocation while it is planned.
struct Plan {
    number: usize,
    start: f64,
    version: &'static str,
    release: &'static str,
    plan: &'static str,
    /// In milliseconds, of its call.
    call: f64,
    cold: Cold,
    failure: Option<&'static str>,
}

fn reasons(store: &Store) -> Reasons {
    // However slow the machine is, all is read.
    let patience = Duration::from_secs(600);
    let limits = Limits {
        patience,
        ..Limits::default()
    };
    let reader = store.reader(Tenant::single());
    Reasons::new(reader, limits, "https://trace.example/").within(patience)
}

fn about(bad: Bad) -> Question {
    Question {
        function: Some("checkout".to_owned()),
        version: None,
        window: TimeRange {
            from: at(WINDOW.0),
            to: at(WINDOW.1),
        },
        bad,
    }
}

/// Invocations that are as always, but for what a test plants.
fn planned(plant: impl Fn(&mut Plan)) -> Vec<Plan> {
    planned_every(STEP, 0..COUNT, plant)
}

fn planned_every(step: f64, numbers: Range<usize>, plant: impl Fn(&mut Plan)) -> Vec<Plan> {
    let plans = numbers.map(|number| {
        let mut plan = Plan {
            number,
            start: number as f64 * step,
            version: "41",
            release: "1.8.0",
            plan: ["free", "free", "pro"][number % 3],
            call: 30.0 + (number * 7 % 20) as f64,
            cold: match number % 97 {
                0 => Cold::OnDemand,
                _ => Cold::Warm,
            },
            failure: None,
        };
        plant(&mut plan);
        plan
    });
    plans.collect()
}

fn told(plans: &[Plan]) -> (Vec<Invocation>, Vec<Span>) {
    let (mut invocations, mut spans) = (Vec::new(), Vec::new());
    for plan in plans {
        let request = format!("request-{}", plan.number);
        let (trace, start) = (plan.number as u128 + 1, plan.start);
        let end = start + 70.0 + plan.call + (plan.number % 11) as f64;
        let outcome = match plan.failure {
            Some(_) => Outcome::Error,
            None => Outcome::Ok,
        };
        let told = invocation(&request).started(start).cold(plan.cold);
        let told = told.ended(outcome, end).with(|told| {
            told.version = plan.version.to_owned();
            told.error_type = plan.failure.unwrap_or_default().to_owned();
        });
        invocations.push(told.build());
        let of = |name: &str, id: u64| span(name).trace(trace).id(id).service("checkout");
        let handler = of("buy", 7).kind(SpanKind::Server).request(&request);
        let handler = handler
            .at(start + 1.0, end)
            .resource_attribute("service.version", plan.release)
            .attribute("faas.invocation_id", request.as_str())
            .attribute("plan", plan.plan)
            .attribute("cart.items", (plan.number % 5) as i64);
        let handler = match plan.failure {
            Some(error_type) => handler
                .failed("no such card")
                .attribute("error.type", error_type),
            None => handler,
        };
        spans.push(handler.build());
        let call = of("POST /charge", 8).under(7).kind(SpanKind::Client);
        let call = call.attribute("peer.service", "payments");
        spans.push(call.at(start + 20.0, start + 20.0 + plan.call).build());
    }
    (invocations, spans)
}

async fn write(data: &Data<'_>, plans: &[Plan]) {
    let (invocations, spans) = told(plans);
    data.facts("told", &invocations).await;
    data.spans("told", &spans).await;
}

/// What is told before anything is settled and after it, which is the same.
async fn why(store: &Store, question: &Question) -> Why {
    let reasons = reasons(store);
    let before = reasons.why(question).await;
    settle(store).await;
    assert_eq!(reasons.why(question).await, before, "from derived tables");
    before
}

/// Among the first three.
fn is_told<'a>(why: &'a Why, key: &str, value: &str) -> &'a Cause {
    let mut first = why.causes.iter().take(3);
    let found = first.find(|cause| cause.key == key && cause.value.as_deref() == Some(value));
    found.unwrap_or_else(|| {
        panic!(
            "{key}={value} is not among the first three: {:#?}",
            why.causes
        )
    })
}

#[tokio::test]
async fn a_slow_dependency_of_a_new_version_is_told_by_version_and_path() {
    let engine = engine::start().await;
    let store = engine.store();
    // Rolled out a minute into the window: first in new sandboxes.
    let plans = planned(|plan| {
        if plan.start >= WINDOW.0 + MINUTE {
            plan.version = "42";
            plan.call += 800.0;
            if plan.start < WINDOW.0 + 1.5 * MINUTE {
                plan.cold = Cold::OnDemand;
            }
        }
    });
    write(&Data::of(&store), &plans).await;
    // What others do under the same name is theirs.
    let theirs = planned(|plan| plan.version = "theirs");
    write(&Data::of_a_stranger(&store), &theirs).await;
    let why = why(&store, &about(Bad::Slower(Nanos::from_millis(500)))).await;
    let version = is_told(&why, "version", "42");
    assert!((version.of_bad - 0.8).abs() < 0.01, "{version:?}");
    assert_eq!(version.of_rest, 0.0, "the window against what was before");
    let shift = &why.path[0];
    assert_eq!(shift.what, "POST /charge (call of payments)");
    let millis = |length: Nanos| length.0 / 1_000_000;
    assert!((30..50).contains(&millis(shift.before)), "{shift:?}");
    // In the mean of a window of which four fifths are slow.
    assert!((600..750).contains(&millis(shift.now)), "{shift:?}");
    assert_eq!(why.examples.len(), 3);
    for example in &why.examples {
        assert!(example.duration.expect("it is over") > Nanos::from_millis(500));
        assert_eq!(example.outcome, "ok");
        let page = format!("https://trace.example/invocations/{}", example.request_id);
        assert_eq!(example.href, page);
    }
    assert_eq!(why.links.len(), 3);
    assert!(!format!("{why:?}").contains("theirs"));
}

#[tokio::test]
async fn a_few_slow_ones_are_told_apart_from_the_others_of_their_window() {
    let engine = engine::start().await;
    let store = engine.store();
    // A canary, which takes one in ten.
    let plans = planned(|plan| {
        if plan.start >= WINDOW.0 && plan.number.is_multiple_of(10) {
            plan.version = "42";
            plan.call += 800.0;
        }
    });
    write(&Data::of(&store), &plans).await;
    let slow = about(Bad::Slower(Nanos::from_millis(500)));
    let why = why(&store, &slow).await;
    let version = is_told(&why, "version", "42");
    assert_eq!((version.of_bad, version.of_rest), (1.0, 0.0));
    let shift = &why.path[0];
    assert_eq!(shift.what, "POST /charge (call of payments)");
    assert!(
        shift.now > Nanos::from_millis(800),
        "of the slow: {shift:?}"
    );
    // Of the version that is well there is nothing bad.
    let well = Question {
        version: Some("41".to_owned()),
        ..slow
    };
    assert_eq!(reasons(&store).why(&well).await.examples, []);
}

#[tokio::test]
async fn a_release_that_only_the_resource_names_is_told() {
    let engine = engine::start().await;
    let store = engine.store();
    let plans = planned(|plan| {
        plan.version = "$LATEST";
        if plan.start >= WINDOW.0 + MINUTE {
            plan.release = "1.9.0";
            plan.call += 800.0;
        }
    });
    write(&Data::of(&store), &plans).await;
    let why = why(&store, &about(Bad::Slower(Nanos::from_millis(500)))).await;
    let release = is_told(&why, "resource.service.version", "1.9.0");
    assert!(
        release.of_bad > 0.7 && release.of_rest == 0.0,
        "{release:?}"
    );
}

#[tokio::test]
async fn errors_are_told_by_the_attribute_that_they_share_and_by_their_type() {
    let engine = engine::start().await;
    let store = engine.store();
    let plans = planned(|plan| {
        if plan.start >= WINDOW.0 && plan.plan == "pro" {
            plan.failure = Some("CardError");
        }
    });
    write(&Data::of(&store), &plans).await;
    let why = why(&store, &about(Bad::Errors)).await;
    let plan = is_told(&why, "span.plan", "pro");
    assert_eq!(plan.of_bad, 1.0);
    assert!((0.2..0.4).contains(&plan.of_rest), "{plan:?}");
    is_told(&why, "error_type", "CardError");
    let failed = |example: &coldtrace_alerts::Example| example.outcome == "error";
    assert!(why.examples.len() == 3 && why.examples.iter().all(failed));
    assert_eq!(why.path, [], "they take as long");
}

#[tokio::test]
async fn of_a_function_that_is_not_there_pages_are_all_that_is_told() {
    let engine = engine::start().await;
    let store = engine.store();
    let kinds = [
        Bad::Errors,
        Bad::Timeouts,
        Bad::OutOfMemory,
        Bad::Lost,
        Bad::Slower(Nanos(1)),
        Bad::Cold,
        Bad::Everything,
    ];
    for bad in kinds {
        for function in [Some("checkout".to_owned()), None] {
            let question = Question {
                function,
                ..about(bad)
            };
            let links = reasons(&store).why(&question).await;
            assert!(links.links.len() >= 2, "{bad:?}");
            assert_eq!(without_links(links), Why::default(), "{bad:?}");
        }
    }
}

/// A store at this address.
fn store_at(port: u16) -> Store {
    Store::connect(StoreConfig {
        url: format!("http://127.0.0.1:{port}"),
        user: "default".to_owned(),
        password: String::new(),
        database: "coldtrace".to_owned(),
    })
}

fn without_links(why: Why) -> Why {
    Why {
        links: Vec::new(),
        ..why
    }
}

#[tokio::test]
async fn a_store_that_is_away_gives_no_reasons_and_no_failure() {
    let why = reasons(&store_at(9)).why(&about(Bad::Errors)).await;
    assert_eq!(without_links(why), Why::default());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let patience = Duration::from_secs(10);
    let began = tokio::time::Instant::now();
    let reasons = reasons(&store_at(port)).within(patience);
    let why = reasons.why(&about(Bad::Errors)).await;
    assert_eq!(without_links(why), Why::default());
    assert_eq!(began.elapsed().as_secs(), patience.as_secs());
}

#[tokio::test]
#[ignore = "a measurement: how long reasons take, where there is much"]
async fn what_reasons_cost() {
    const MANY: usize = 130_000;
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    let slow = |plan: &mut Plan| {
        if plan.start >= WINDOW.0 + MINUTE && plan.number.is_multiple_of(3) {
            plan.version = "42";
            plan.call += 800.0;
        }
    };
    let step = WINDOW.1 / MANY as f64;
    for (number, is_last) in [(0, false), (1, true)] {
        // The last ten minutes are not settled.
        let border = MANY * 55 / 65;
        let range = if is_last { border..MANY } else { 0..border };
        let plans = planned_every(step, range, slow);
        let (invocations, spans) = told(&plans);
        data.facts(&format!("facts {number}"), &invocations).await;
        data.spans(&format!("spans {number}"), &spans).await;
        if !is_last {
            settle(&store).await;
        }
    }
    let reader = store.reader(Tenant::single());
    let reasons = Reasons::new(reader, Limits::default(), "");
    for bad in [
        Bad::Slower(Nanos::from_millis(500)),
        Bad::Errors,
        Bad::Everything,
    ] {
        for _ in 0..2 {
            let began = Instant::now();
            let why = reasons.why(&about(bad)).await;
            let took = began.elapsed();
            eprintln!(
                "{bad:?}: {took:.2?}, {:?} {:?}",
                why.causes.first(),
                why.path.first()
            );
        }
    }
}
