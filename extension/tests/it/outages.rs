//! A collector that is away or ill, for many invocations: none is held longer than the budget, what must go is counted, and
//! what was kept arrives when it is well again. `OUTAGE_INVOCATIONS` says how many (`cargo xtask chaos --long`: a thousand).

use std::time::{Duration, Instant};

use coldtrace_proto::v1::ExportRequest;

use crate::collector::Behaviour;
use crate::scene::{Scene, Setting};
use crate::{PROMPT, facts, otlp, started};

/// Of the short run.
const FEW_INVOCATIONS: usize = 250;
const BUDGET: Duration = Duration::from_millis(300);
/// What the function's SDK sends in each invocation: more than the buffer holds of them all.
const SPANS: usize = 64 << 10;

#[expect(clippy::disallowed_methods, reason = "a test's own knob")]
fn invocations() -> usize {
    let told = std::env::var("OUTAGE_INVOCATIONS");
    let told = told.ok().and_then(|told| told.parse().ok());
    told.unwrap_or(FEW_INVOCATIONS)
}

async fn outage(behaviour: Behaviour) {
    let mut scene = Scene::open(Setting {
        behaviour,
        flush_budget: BUDGET,
        ..Setting::default()
    })
    .await;
    let invocations = invocations();
    let spans = vec![b'x'; SPANS];
    let mut longest = Duration::ZERO;
    for number in 1..=invocations {
        scene.platform.asked(number).await;
        let request_id = format!("R{number}");
        scene.platform.invoke(&request_id, Duration::from_secs(5));
        otlp::post_protobuf(scene.ports.otlp_http, &spans).await;
        let done = format!(
            r#"[{{"time":"2099-01-01T00:00:01Z","type":"platform.runtimeDone","record":{{"requestId":"{request_id}","status":"success"}}}},
            {{"time":"2099-01-01T00:00:01Z","type":"platform.report","record":{{"requestId":"{request_id}","status":"success"}}}}]"#
        );
        scene.telemetry(&done).await;
        let done_at = Instant::now();
        let asked = scene.platform.asked(number + 1).await;
        longest = longest.max(asked.saturating_duration_since(done_at));
    }
    assert!(longest < BUDGET + PROMPT, "held for {longest:?}");

    scene.collector.behave(Behaviour::Answers);
    let last = format!("R{invocations}");
    let told = scene.collector.wait_for(|told| started(told, &last)).await;
    let known = |number: usize| started(&told, &format!("R{number}"));
    let lost: Vec<usize> = (1..=invocations).filter(|number| !known(*number)).collect();
    assert!(
        lost.is_empty(),
        "{} of {:?}",
        lost.len(),
        facts(&told).len()
    );
    assert!(dropped(&told) > 0, "what had to go is counted");
    scene.platform.shutdown("spindown");
    scene.ended().await;
}

fn dropped(told: &[ExportRequest]) -> u64 {
    let stats = told.iter().filter_map(|request| request.stats.as_ref());
    stats.map(|stats| stats.dropped_items).max().unwrap_or(0)
}

#[tokio::test]
async fn one_that_says_nothing() {
    outage(Behaviour::Silent).await;
}

#[tokio::test]
async fn one_that_is_unavailable() {
    outage(Behaviour::Unavailable).await;
}

#[tokio::test]
async fn one_that_answers_too_late() {
    outage(Behaviour::Slow).await;
}

#[tokio::test]
async fn one_that_dies_in_the_middle_of_requests() {
    outage(Behaviour::Dies).await;
}
