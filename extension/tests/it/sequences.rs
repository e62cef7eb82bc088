//! Lives of sandboxes as Lambda tells them: each test is one sequence of calls and telemetry, and what is told of it, word for
//! word. Orders that only Lambda gives are here; what a sandbox can be made to do, `tests/it/sequences.rs` of the workspace does.

mod events;
mod told;

use std::time::Duration;

use coldtrace_proto::v1::ExportRequest;
use serde_json::{Value, json};

use crate::collector::Behaviour;
use crate::platform::Offer;
use crate::scene::{Scene, Setting};
use crate::started;
use events::{HEADER, Init, OK, done, event, init, line, report, start, well};
use told::Told;

const LIMIT: Duration = Duration::from_secs(5);
/// Of an invocation whose end nobody tells.
const SHORT: Duration = Duration::from_millis(600);

/// A life in its course.
struct Life {
    scene: Scene,
    /// Calls that the extension asked for.
    asked: usize,
}

impl Life {
    async fn begin() -> Self {
        Self::of_kind("on-demand").await
    }

    /// Of a sandbox with this `AWS_LAMBDA_INITIALIZATION_TYPE`.
    async fn of_kind(kind: &str) -> Self {
        let offer = match kind {
            "lambda-managed-instances" => Offer::ManagedInstances,
            _ => Offer::Everything,
        };
        let kind = ("AWS_LAMBDA_INITIALIZATION_TYPE", kind.to_owned());
        let setting = Setting {
            offer,
            environment: vec![kind],
            ..Setting::default()
        };
        let scene = Scene::open(setting).await;
        scene.platform.asked(1).await;
        Self { scene, asked: 1 }
    }

    /// The platform calls, as soon as it is asked.
    async fn call(&mut self, request_id: &str) {
        self.scene.platform.asked(self.asked).await;
        self.scene.platform.invoke(request_id, LIMIT);
        self.asked += 1;
        self.heard(request_id).await;
    }

    /// Until the extension has heard the call: what is told afterwards comes after it.
    async fn heard(&self, request_id: &str) {
        let is_told = |told: &[ExportRequest]| started(told, request_id);
        self.scene.collector.wait_for(is_told).await;
    }

    /// The platform calls with an invocation that reaches its time limit, or is never heard of again: the extension asks
    /// for the next call before that.
    async fn call_in_vain(&mut self, request_id: &str) {
        self.scene.platform.asked(self.asked).await;
        self.scene.platform.invoke(request_id, SHORT);
        self.asked += 1;
        self.heard(request_id).await;
        self.tell([start(200, request_id)]).await;
        self.scene.platform.asked(self.asked).await;
    }

    async fn tell(&self, events: impl IntoIterator<Item = Value>) {
        let events: Vec<Value> = events.into_iter().collect();
        self.scene.telemetry(&Value::from(events).to_string()).await;
    }

    /// A call and all telemetry of it, in time.
    async fn serve(&mut self, request_id: &str, events: impl IntoIterator<Item = Value>) {
        self.call(request_id).await;
        self.tell(events).await;
        // Its end is known, and what is known of it is out.
        self.scene.platform.asked(self.asked).await;
    }

    async fn end(self, reason: &str) -> Told {
        self.end_with(reason, []).await
    }

    /// The platform ends the processes, and tells the last of it then.
    async fn end_with(mut self, reason: &str, events: impl IntoIterator<Item = Value>) -> Told {
        self.scene.platform.shutdown(reason);
        let events: Vec<Value> = events.into_iter().collect();
        if !events.is_empty() {
            self.tell(events).await;
        }
        self.scene.ended().await;
        Told::new(self.scene.collector.told())
    }

    /// The processes end, and start again in the same sandbox.
    async fn reset(mut self, reason: &str) -> (Told, Self) {
        self.scene.platform.shutdown(reason);
        self.scene.ended().await;
        let before = Told::new(self.scene.collector.told());
        let scene = self.scene.reset(Behaviour::Answers).await;
        scene.platform.asked(1).await;
        (before, Self { scene, asked: 1 })
    }
}

/// All of one list, then of the next.
fn chain(lists: impl IntoIterator<Item = Vec<Value>>) -> Vec<Value> {
    lists.into_iter().flatten().collect()
}

/// With this in its metrics.
fn with_metric(mut event: Value, key: &str, value: impl Into<Value>) -> Value {
    event["record"]["metrics"][key] = value.into();
    event
}

fn with(mut event: Value, key: &str, value: impl Into<Value>) -> Value {
    event["record"][key] = value.into();
    event
}

// === cold, warm ===

#[tokio::test]
async fn a_cold_start_is_told_with_its_phases() {
    let mut life = Life::begin().await;
    let spans = json!([
        {"name": "responseLatency", "start": "2099-01-01T00:00:00.200Z", "durationMs": 8.5},
        {"name": "responseDuration", "start": "2099-01-01T00:00:00.208Z", "durationMs": 0.25},
        {"name": "runtimeOverhead", "start": "2099-01-01T00:00:00.208Z", "durationMs": 2},
    ]);
    let overhead = json!([{"name": "extensionOverhead", "start": "2099-01-01T00:00:00.211Z", "durationMs": 1}]);
    let mut reported = with_metric(report(212, "R1", OK, 12), "initDurationMs", 174.5);
    reported = with_metric(reported, "billedDurationMs", 187);
    let events = [
        start(200, "R1"),
        line(205, "hello\n"),
        with(done(211, "R1", OK, 11), "spans", spans),
        with(reported, "spans", overhead),
    ];
    let events = chain([init(0, 174, &Init::default()), events.to_vec()]);
    life.serve("R1", events).await;
    let told = life.end("spindown").await;
    let facts = [
        "R1 started on_demand",
        "R1 finished ok 11 latency 8.5 response 0.25 overhead 2",
        "R1 reported ok 12 billed 187 max 67 init 174.5 overhead 1",
    ];
    assert_eq!(told.facts(), facts);
    let phases = [
        "R1 init ok 174",
        "R1 extension_init ok 30",
        "R1 runtime_init ok 140",
    ];
    assert_eq!(told.phases(), phases);
    let spans = [
        "R1 checkout 12",
        "R1 init < checkout 174",
        "R1 extension_init < checkout 30",
        "R1 runtime_init < checkout 140",
        "R1 runtime_overhead < checkout 2",
        "R1 extension_overhead < checkout 1",
    ];
    assert_eq!(told.spans(), spans);
    assert_eq!(told.lines(), ["R1: hello"]);
    assert!(told.is_marked_cold("R1"));
}

#[tokio::test]
async fn a_warm_invocation_is_told_without_phases() {
    let mut life = Life::begin().await;
    let first = chain([init(0, 174, &Init::default()), well(200, "R1")]);
    life.serve("R1", first).await;
    life.serve("R2", well(900, "R2")).await;
    let told = life.end("spindown").await;
    assert_eq!(told.facts()[3], "R2 started warm");
    assert_eq!(told.phases().len(), 3, "of R1");
    assert_eq!(told.spans().last().expect("spans"), "R2 checkout 10");
    assert!(!told.is_marked_cold("R2"));
}

#[tokio::test]
async fn a_sampled_invocation_is_the_platforms_segment_under_its_caller() {
    let life = Life::begin().await;
    let tracing = json!({"spanId": "54565fb41ac79632", "type": "X-Amzn-Trace-Id", "value": HEADER});
    let events = well(200, "R1").into_iter();
    let events = events.map(|event| with(event, "tracing", tracing.clone()));
    life.scene.platform.invoke_traced("R1", LIMIT, HEADER);
    life.tell(events).await;
    life.scene.platform.asked(2).await;
    let told = life.end("spindown").await;
    let span = told.span_of("R1");
    assert_eq!(
        span.trace_id.to_string(),
        "62e900b2710d76f009d6e7785905449a"
    );
    assert_eq!(span.span_id.to_string(), "54565fb41ac79632");
    assert_eq!(told.spans(), ["R1 checkout < 0efbd19962d95b05 10"]);
}

// === order, repetition, delay ===

#[tokio::test]
async fn telemetry_of_an_invocation_that_comes_after_the_next_call() {
    let mut life = Life::begin().await;
    life.call("R1").await;
    life.tell([start(200, "R1"), done(210, "R1", OK, 10)]).await;
    life.call("R2").await;
    let events = [
        report(210, "R1", OK, 11),
        start(300, "R2"),
        line(301, "of the second"),
        done(310, "R2", OK, 10),
    ];
    life.tell(events).await;
    life.scene.platform.asked(3).await;
    let last = [report(312, "R2", OK, 12)];
    let told = life.end_with("spindown", last).await;
    let facts = [
        "R1 started on_demand",
        "R1 finished ok 10",
        "R2 started warm",
        "R1 reported ok 11 billed 11 max 67",
        "R2 finished ok 10",
        "R2 reported ok 12 billed 12 max 67",
    ];
    assert_eq!(told.facts(), facts);
    assert_eq!(told.lines(), ["R2: of the second"]);
    assert_eq!(told.spans(), ["R1 checkout 11", "R2 checkout 12"]);
}

#[tokio::test]
async fn telemetry_that_comes_before_its_call() {
    let mut life = Life::begin().await;
    life.tell(well(200, "R1")).await;
    let told = life
        .scene
        .collector
        .wait_for(|told| told.iter().any(|request| request.facts.len() == 3))
        .await;
    assert_eq!(Told::new(told).facts().len(), 3);
    life.call("R1").await;
    life.scene.platform.asked(2).await;
    life.serve("R2", well(300, "R2")).await;
    let told = life.end("spindown").await;
    let facts = told.facts();
    let of_first = facts.iter().filter(|fact| fact.starts_with("R1"));
    assert_eq!(of_first.count(), 3, "{facts:?}");
    assert_eq!(facts[0], "R1 started on_demand");
    assert_eq!(facts[3], "R2 started warm");
}

#[tokio::test]
async fn a_report_that_comes_before_the_runtimes_end() {
    let mut life = Life::begin().await;
    life.call("R1").await;
    life.tell([start(200, "R1"), report(210, "R1", OK, 10)])
        .await;
    life.tell([done(210, "R1", OK, 9)]).await;
    life.scene.platform.asked(2).await;
    let told = life.end("spindown").await;
    let facts = ["R1 started on_demand", "R1 reported ok 10 billed 10 max 67"];
    assert_eq!(told.facts(), facts);
    assert_eq!(told.spans(), ["R1 checkout 10"]);
}

#[tokio::test]
async fn a_report_that_comes_twice_counts_once() {
    let mut life = Life::begin().await;
    life.serve("R1", well(200, "R1")).await;
    // Not the same delivery: the event in another one.
    life.serve(
        "R2",
        chain([vec![report(210, "R1", OK, 10)], well(300, "R2")]),
    )
    .await;
    let told = life.end("spindown").await;
    let reports = told.facts();
    let reports = reports
        .iter()
        .filter(|fact| fact.starts_with("R1 reported"));
    assert_eq!(reports.count(), 1);
    assert_eq!(told.spans(), ["R1 checkout 10", "R2 checkout 10"]);
}

#[tokio::test]
async fn a_delivery_that_comes_again_counts_once() {
    let mut life = Life::begin().await;
    let events = chain([
        init(0, 174, &Init::default()),
        vec![start(200, "R1"), line(201, "once\n")],
    ]);
    life.call("R1").await;
    life.tell(events.clone()).await;
    life.tell(events).await;
    let end = [done(210, "R1", OK, 10), report(210, "R1", OK, 10)];
    life.tell(end).await;
    let told = life.end("spindown").await;
    assert_eq!(told.lines(), ["R1: once"]);
    assert_eq!(told.phases().len(), 3);
    assert_eq!(told.facts().len(), 3);
}

#[tokio::test]
async fn a_report_that_comes_with_the_shutdown_is_told() {
    let mut life = Life::begin().await;
    life.serve("R1", [start(200, "R1"), done(210, "R1", OK, 10)])
        .await;
    let last = [report(210, "R1", OK, 10)];
    let told = life.end_with("spindown", last).await;
    assert_eq!(told.facts()[2], "R1 reported ok 10 billed 10 max 67");
}

#[tokio::test]
async fn an_invocation_whose_end_is_never_told_is_not_guessed_where_nothing_failed() {
    let mut life = Life::begin().await;
    life.call_in_vain("R1").await;
    let told = life.end("spindown").await;
    assert_eq!(told.facts(), ["R1 started on_demand"]);
    assert_eq!(told.spans().len(), 1, "but it is drawn");
}

// === faults ===

#[tokio::test]
async fn a_timeout_resets_the_sandbox_and_the_next_invocation_pays_for_the_init() {
    let mut life = Life::begin().await;
    life.call("R1").await;
    let late = [
        start(200, "R1"),
        done(5_200, "R1", ("timeout", ""), 5_001),
        report(5_200, "R1", ("timeout", ""), 5_000),
    ];
    life.tell(chain([init(0, 174, &Init::default()), late.to_vec()]))
        .await;
    let (before, mut life) = life.reset("timeout").await;
    let facts = [
        "R1 started on_demand",
        "R1 finished timeout 5001",
        "R1 reported timeout 5000 billed 5000 max 67",
    ];
    assert_eq!(before.facts(), facts);
    assert_eq!(before.spans()[0], "R1 checkout 5000 timeout");

    let again = Init {
        phase: "invoke",
        ..Init::default()
    };
    let second = [
        start(6_120, "R2"),
        done(6_130, "R2", OK, 130),
        report(6_130, "R2", OK, 130),
    ];
    let events = chain([init(6_000, 120, &again), second.to_vec()]);
    life.serve("R2", events).await;
    let told = life.end("spindown").await;
    let facts = [
        "R2 started reset",
        "R2 finished ok 130",
        "R2 reported ok 130 billed 130 max 67",
    ];
    assert_eq!(told.facts(), facts);
    assert_eq!(told.phases()[0], "R2 init ok 120");
    let spans = told.spans();
    assert_eq!(
        spans[..2],
        ["R2 checkout 130", "R2 init < checkout 120"],
        "the init is a part of it"
    );
    assert_eq!(told.sandboxes(), before.sandboxes());
}

#[tokio::test]
async fn a_timeout_whose_telemetry_comes_to_the_next_process() {
    let mut life = Life::begin().await;
    life.call_in_vain("R1").await;
    let (before, mut life) = life.reset("timeout").await;
    let known = before.facts();
    assert!(
        known[1].starts_with("R1 finished timeout"),
        "by the shutdown's reason: {known:?}"
    );
    let late = [
        done(5_200, "R1", ("timeout", ""), 5_001),
        report(5_200, "R1", ("timeout", ""), 5_000),
    ];
    life.serve("R2", chain([late.to_vec(), well(6_000, "R2")]))
        .await;
    let told = life.end("spindown").await;
    let mut facts = told.facts();
    facts.retain(|fact| fact.starts_with("R1"));
    let expected = [
        "R1 finished timeout 5001",
        "R1 reported timeout 5000 billed 5000 max 67",
    ];
    assert_eq!(facts, expected);
    assert_eq!(told.spans(), ["R2 checkout 10"], "R1 was drawn before");
}

#[tokio::test]
async fn already_subscribed_after_a_reset_is_no_failure() {
    let mut life = Life::begin().await;
    life.serve("R1", well(200, "R1")).await;
    let (_, mut life) = life.reset("failure").await;
    let state = json!({"name": "coldtrace", "state": "Already subscribed", "types": ["platform"]});
    let subscribed = event(900, "platform.telemetrySubscription", state);
    life.serve("R2", chain([vec![subscribed], well(1_000, "R2")]))
        .await;
    let told = life.end("spindown").await;
    let facts = [
        "R2 started reset",
        "R2 finished ok 10",
        "R2 reported ok 10 billed 10 max 67",
    ];
    assert_eq!(told.facts(), facts);
}

#[tokio::test]
async fn an_exception_is_an_error_and_the_sandbox_goes_on() {
    let mut life = Life::begin().await;
    let raised = ("failure", "ValueError");
    let events = [
        start(200, "R1"),
        done(210, "R1", raised, 10),
        report(210, "R1", raised, 10),
    ];
    life.serve("R1", events).await;
    life.serve("R2", well(300, "R2")).await;
    let told = life.end("spindown").await;
    let facts = told.facts();
    assert_eq!(facts[1], "R1 finished error 10 ValueError");
    assert_eq!(facts[3], "R2 started warm");
    assert_eq!(told.spans()[0], "R1 checkout 10 ValueError");
}

/// The facts of an invocation after which the processes end.
async fn facts_of_death(ended: (&str, &str), max_mib: u64) -> Vec<String> {
    let mut life = Life::begin().await;
    life.call("R1").await;
    let reported = with_metric(report(250, "R1", ended, 50), "maxMemoryUsedMB", max_mib);
    life.tell([start(200, "R1"), done(250, "R1", ended, 50), reported])
        .await;
    life.end("failure").await.facts().split_off(1)
}

#[tokio::test]
async fn a_runtime_that_exits_is_a_crash() {
    let facts = facts_of_death(("error", "Runtime.ExitError"), 67).await;
    let expected = [
        "R1 finished crash 50 Runtime.ExitError",
        "R1 reported crash 50 billed 50 max 67 Runtime.ExitError",
    ];
    assert_eq!(facts, expected);
}

#[tokio::test]
async fn an_extension_that_dies_is_a_crash() {
    let facts = facts_of_death(("error", "Extension.Crash"), 67).await;
    assert_eq!(facts[0], "R1 finished crash 50 Extension.Crash");
}

#[tokio::test]
async fn memory_that_ran_out_is_told_by_its_name() {
    let facts = facts_of_death(("error", "Runtime.OutOfMemory"), 128).await;
    let expected = [
        "R1 finished oom 50 Runtime.OutOfMemory",
        "R1 reported oom 50 billed 50 max 128 Runtime.OutOfMemory",
    ];
    assert_eq!(facts, expected);
}

#[tokio::test]
async fn memory_that_ran_out_is_known_without_a_name_by_the_report() {
    let facts = facts_of_death(("error", ""), 128).await;
    let expected = [
        "R1 finished crash 50",
        "R1 reported oom 50 billed 50 max 128",
    ];
    assert_eq!(facts, expected, "the worse of the two holds");
}

#[tokio::test]
async fn an_import_error_is_told_though_nothing_was_called() {
    let broken = |phase| Init {
        phase,
        status: "error",
        error_type: "Runtime.ImportModuleError",
        ..Init::default()
    };
    let life = Life::begin().await;
    life.tell(init(0, 174, &broken("init"))).await;
    let (before, life) = life.reset("failure").await;
    assert_eq!(before.facts(), Vec::<String>::new());
    let phases = before.phases();
    assert_eq!(phases[0], "init init_error 174 Runtime.ImportModuleError");

    let ended = ("error", "Runtime.ImportModuleError");
    let last = [
        start(410, "R1"),
        done(412, "R1", ended, 210),
        report(412, "R1", ended, 212),
    ];
    life.tell(chain([init(200, 210, &broken("invoke")), last.to_vec()]))
        .await;
    let told = life.end("failure").await;
    let facts = [
        "R1 started reset",
        "R1 finished init_error 210 Runtime.ImportModuleError",
        "R1 reported init_error 212 billed 212 max 67 Runtime.ImportModuleError",
    ];
    assert_eq!(told.facts(), facts);
    let phases = told.phases();
    assert_eq!(
        phases[0],
        "R1 init init_error 210 Runtime.ImportModuleError"
    );
    let spans = told.spans();
    assert_eq!(spans[0], "R1 checkout 212 Runtime.ImportModuleError");
    assert_eq!(spans[1], "R1 init < checkout 210 Runtime.ImportModuleError");
}

#[tokio::test]
async fn a_crash_in_the_init_that_does_not_come_again_fails_nothing() {
    let crashed = Init {
        status: "error",
        error_type: "Runtime.ExitError",
        ..Init::default()
    };
    let life = Life::begin().await;
    life.tell(init(0, 100, &crashed)).await;
    let (before, mut life) = life.reset("failure").await;
    assert_eq!(before.phases()[0], "init init_error 100 Runtime.ExitError");
    let again = Init {
        phase: "invoke",
        ..Init::default()
    };
    let events = chain([
        init(200, 120, &again),
        vec![
            start(320, "R1"),
            done(330, "R1", OK, 130),
            report(330, "R1", OK, 130),
        ],
    ]);
    life.serve("R1", events).await;
    let told = life.end("spindown").await;
    let facts = told.facts();
    assert_eq!(facts[..2], ["R1 started reset", "R1 finished ok 130"]);
}

#[tokio::test]
async fn a_crash_in_the_init_that_comes_again_is_an_init_error() {
    let crashed = Init {
        phase: "invoke",
        status: "error",
        error_type: "Runtime.ExitError",
        ..Init::default()
    };
    let life = Life::begin().await;
    let ended = ("error", "Runtime.ExitError");
    let last = [
        start(100, "R1"),
        done(101, "R1", ended, 101),
        report(101, "R1", ended, 101),
    ];
    life.tell(chain([init(0, 100, &crashed), last.to_vec()]))
        .await;
    let told = life.end("failure").await;
    assert_eq!(
        told.facts()[1],
        "R1 finished init_error 101 Runtime.ExitError"
    );
}

#[tokio::test]
async fn an_init_that_takes_too_long_is_tried_again_inside_the_invocation() {
    let slow = Init {
        status: "timeout",
        ..Init::default()
    };
    let life = Life::begin().await;
    life.tell(init(0, 10_000, &slow)).await;
    let (before, mut life) = life.reset("timeout").await;
    assert_eq!(before.phases()[0], "init timeout 10000");
    let again = Init {
        phase: "invoke",
        ..Init::default()
    };
    let events = chain([
        init(10_100, 900, &again),
        vec![
            start(11_000, "R1"),
            done(11_010, "R1", OK, 910),
            report(11_010, "R1", OK, 910),
        ],
    ]);
    life.serve("R1", events).await;
    let told = life.end("spindown").await;
    assert_eq!(
        told.facts()[..2],
        ["R1 started reset", "R1 finished ok 910"]
    );
    assert_eq!(
        told.spans()[..2],
        ["R1 checkout 910", "R1 init < checkout 900"]
    );
}

// === sandboxes that are there before ===

#[tokio::test]
async fn a_provisioned_sandbox_is_no_cold_start_for_its_caller() {
    let mut life = Life::of_kind("provisioned-concurrency").await;
    let provisioned = Init {
        kind: "provisioned-concurrency",
        ..Init::default()
    };
    let events = chain([init(0, 174, &provisioned), well(60_000, "R1")]);
    life.serve("R1", events).await;
    life.serve("R2", well(61_000, "R2")).await;
    let told = life.end("spindown").await;
    let facts = told.facts();
    assert_eq!(facts[0], "R1 started provisioned");
    assert_eq!(facts[2], "R1 reported ok 10 billed 10 max 67");
    assert_eq!(facts[3], "R2 started warm");
    assert_eq!(told.phases()[0], "R1 init ok 174");
    assert!(!told.is_marked_cold("R1"));
}

#[tokio::test]
async fn a_snapshot_that_is_restored_is_told_with_its_restore() {
    let mut life = Life::of_kind("snap-start").await;
    let reported = with_metric(report(462, "R1", OK, 12), "restoreDurationMs", 412.25);
    let restored = |kind: &str, millis| {
        let record = json!({"status": "success", "metrics": {"durationMs": 412.25}});
        event(millis, kind, record)
    };
    let events = [
        event(
            30,
            "platform.restoreStart",
            json!({"functionName": "checkout"}),
        ),
        restored("platform.restoreRuntimeDone", 440),
        restored("platform.restoreReport", 442),
        start(450, "R1"),
        done(460, "R1", OK, 10),
        reported,
    ];
    life.serve("R1", events).await;
    life.serve("R2", well(900, "R2")).await;
    let told = life.end("spindown").await;
    let facts = told.facts();
    assert_eq!(facts[0], "R1 started snapstart");
    assert_eq!(
        facts[2],
        "R1 reported ok 12 billed 12 max 67 restore 412.25"
    );
    assert_eq!(facts[3], "R2 started warm");
    assert_eq!(told.phases(), ["R1 restore ok 412.25"]);
    assert_eq!(
        told.spans()[..2],
        ["R1 checkout 12", "R1 restore < checkout 412"]
    );
    assert!(told.is_marked_cold("R1"));
}

#[tokio::test]
async fn init_events_of_a_snapshot_hours_ago_are_passed_over() {
    for phase in ["snap-start", "init"] {
        let mut life = Life::of_kind("snap-start").await;
        let snapshot = Init {
            kind: "snap-start",
            phase,
            ..Init::default()
        };
        let old = init(0, 900, &snapshot).into_iter().map(|mut event| {
            let time = event["time"].as_str().expect("a time");
            event["time"] = time.replace("2099-01-01", "2020-01-01").into();
            event
        });
        let events = chain([old.collect(), well(200, "R1")]);
        life.serve("R1", events).await;
        let told = life.end("spindown").await;
        assert_eq!(told.phases(), Vec::<String>::new(), "{phase}");
        assert_eq!(told.spans(), ["R1 checkout 10"]);
    }
}

#[tokio::test]
async fn a_restore_that_fails_is_an_init_error() {
    let life = Life::of_kind("snap-start").await;
    let ended = ("error", "Runtime.AfterRestoreError");
    let failed = json!({"status": "error", "errorType": ended.1, "metrics": {"durationMs": 50}});
    let events = [
        event(0, "platform.restoreStart", json!({})),
        event(50, "platform.restoreReport", failed),
        start(51, "R1"),
        done(52, "R1", ended, 1),
        report(52, "R1", ended, 1),
    ];
    life.tell(events).await;
    let told = life.end("failure").await;
    let facts = [
        "R1 started snapstart",
        "R1 finished init_error 1 Runtime.AfterRestoreError",
        "R1 reported init_error 1 billed 1 max 67 Runtime.AfterRestoreError",
    ];
    assert_eq!(told.facts(), facts);
    assert_eq!(
        told.phases(),
        ["R1 restore init_error 50 Runtime.AfterRestoreError"]
    );
}

// === managed instances ===

const MANAGED: &str = "lambda-managed-instances";

/// The report is all that is told of the end.
fn managed_report(millis: u64, request_id: &str, ended: (&str, &str), length: u64) -> Value {
    let mut record = json!({
        "requestId": request_id, "status": ended.0, "metrics": {"durationMs": length},
        "spans": [{"name": "responseLatency", "start": "2099-01-01T00:00:00.200Z", "durationMs": 8}],
    });
    if !ended.1.is_empty() {
        record["errorType"] = json!(ended.1);
    }
    event(millis, "platform.report", record)
}

#[tokio::test]
async fn concurrent_invocations_of_a_managed_instance_are_told_apart() {
    let life = Life::of_kind(MANAGED).await;
    let managed = Init {
        kind: MANAGED,
        ..Init::default()
    };
    let events = [
        start(1_000, "R1"),
        start(1_001, "R2"),
        line(1_002, "of nobody knows whom"),
        line(
            1_003,
            json!({"requestId": "R2", "level": "INFO", "message": "of the second"}),
        ),
        managed_report(1_020, "R2", OK, 19),
        line(1_025, "of who is left"),
        managed_report(1_050, "R1", ("error", "Runtime.Unknown"), 50),
    ];
    life.tell(chain([init(0, 174, &managed), events.to_vec()]))
        .await;
    let told = life.end("spindown").await;
    let facts = [
        "R1 started provisioned",
        "R2 started warm",
        "R2 finished ok 19 latency 8",
        "R2 reported ok 19",
        "R1 finished error 50 latency 8 Runtime.Unknown",
        "R1 reported error 50 Runtime.Unknown",
    ];
    assert_eq!(told.facts(), facts);
    let lines = [
        "-: of nobody knows whom",
        "R2: of the second",
        "R1: of who is left",
    ];
    assert_eq!(told.lines(), lines);
    assert_eq!(told.spans()[0], "R2 checkout 19");
    assert!(!told.is_marked_cold("R1"), "the instance was there before");
}

#[tokio::test]
async fn a_timeout_on_a_managed_instance_ends_one_invocation_alone() {
    let life = Life::of_kind(MANAGED).await;
    let events = [
        start(1_000, "R1"),
        start(1_001, "R2"),
        managed_report(4_000, "R1", ("timeout", "Sandbox.Timedout"), 3_000),
        start(4_100, "R3"),
        managed_report(4_110, "R3", OK, 10),
        managed_report(4_200, "R2", OK, 3_199),
    ];
    life.tell(events).await;
    let told = life.end("spindown").await;
    let mut facts = told.facts();
    facts.retain(|fact| fact.contains("reported"));
    let expected = [
        "R1 reported timeout 3000 Sandbox.Timedout",
        "R3 reported ok 10",
        "R2 reported ok 3199",
    ];
    assert_eq!(facts, expected);
}

#[tokio::test]
async fn whatever_a_managed_instance_works_on_dies_with_it() {
    let life = Life::of_kind(MANAGED).await;
    let events = [
        start(1_000, "R1"),
        start(1_001, "R2"),
        start(1_002, "R3"),
        managed_report(1_100, "R2", OK, 99),
    ];
    life.tell(events).await;
    let told = life.end("failure").await;
    let facts = told.facts();
    let is_dead = |request_id: &str| {
        let crashed = format!("{request_id} finished crash");
        facts.iter().any(|fact| fact.starts_with(&crashed))
    };
    assert!(is_dead("R1") && is_dead("R3"), "{facts:?}");
    assert!(!is_dead("R2"), "{facts:?}");
}

// === lines ===

#[tokio::test]
async fn lines_of_text_belong_to_the_invocation_that_runs() {
    let mut life = Life::begin().await;
    let first = [
        start(200, "R1"),
        line(201, "[INFO]\t2099\tR1\tone\n"),
        line(202, "two\r\n"),
        done(210, "R1", OK, 10),
        report(210, "R1", OK, 10),
    ];
    life.serve("R1", first).await;
    let second = chain([vec![start(300, "R2"), line(301, "three")], well(300, "R2")]);
    life.serve("R2", second).await;
    let told = life.end("spindown").await;
    let lines = ["R1: [INFO]\t2099\tR1\tone", "R1: two", "R2: three"];
    assert_eq!(told.lines(), lines);
}

#[tokio::test]
async fn lines_between_invocations_belong_to_none() {
    let mut life = Life::begin().await;
    let first = chain([well(200, "R1"), vec![line(250, "a thread that lives on")]]);
    life.serve("R1", first).await;
    let second = chain([
        vec![line(290, "it woke up")],
        vec![start(300, "R2"), done(310, "R2", OK, 10)],
        vec![line(311, "and again"), report(312, "R2", OK, 12)],
    ]);
    life.call("R2").await;
    life.tell(second).await;
    let told = life.end("spindown").await;
    let owners: Vec<bool> = told
        .lines()
        .iter()
        .map(|line| line.starts_with("-: "))
        .collect();
    assert_eq!(owners.len(), 3);
    assert!(owners[0] && owners[2], "{:?}", told.lines());
}

#[tokio::test]
async fn lines_of_json_say_whose_they_are() {
    let mut life = Life::begin().await;
    life.serve("R1", well(200, "R1")).await;
    let of = |request_id: &str, message: &str| json!({"timestamp": "2099", "level": "WARN", "requestId": request_id, "message": message});
    let events = chain([
        vec![start(300, "R2")],
        // Its runtime wrote it before; it comes now.
        vec![line(301, of("R1", "late"))],
        vec![line(302, of("R2", "in time"))],
        vec![line(
            303,
            json!({"level": "INFO", "message": "whose", "basket": 7}),
        )],
        well(300, "R2").split_off(1),
    ]);
    life.serve("R2", events).await;
    let told = life.end("spindown").await;
    let lines = [
        "R1: late",
        "R2: in time",
        r#"R2: {"basket":7,"level":"INFO","message":"whose"}"#,
    ];
    let mut told = told.lines();
    told.sort();
    let mut expected = lines.map(str::to_owned);
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn lines_that_the_platform_dropped_are_counted() {
    let mut life = Life::begin().await;
    let record = json!({"reason": "slow", "droppedRecords": 12.0, "droppedBytes": 4_096});
    let dropped = event(205, "platform.logsDropped", record);
    life.serve("R1", chain([vec![dropped], well(200, "R1")]))
        .await;
    assert_eq!(life.end("spindown").await.dropped(), 12);
}

// === what is new ===

#[tokio::test]
async fn tenants_and_what_is_not_known_are_passed_over() {
    let mut life = Life::begin().await;
    let mut events: Vec<Value> = well(200, "R1")
        .into_iter()
        .map(|event| with(event, "tenantId", "blue"))
        .collect();
    events.insert(
        1,
        event(201, "platform.weather", json!({"requestId": "R1"})),
    );
    events.insert(
        2,
        event(202, "platform.fault", json!("RequestId: R1 Error")),
    );
    events.insert(3, json!({"type": "platform.start"}));
    events.insert(4, json!("what is this"));
    life.serve("R1", events).await;
    let told = life.end("spindown").await;
    let facts = [
        "R1 started on_demand",
        "R1 finished ok 10",
        "R1 reported ok 10 billed 10 max 67",
    ];
    assert_eq!(told.facts(), facts);
}

#[tokio::test]
async fn a_status_that_is_not_known_is_no_success() {
    let facts = facts_of_death(("exploded", ""), 67).await;
    assert_eq!(facts[0], "R1 finished crash 50");
}

#[tokio::test]
async fn numbers_may_be_floats_and_numbers_may_be_missing() {
    let mut life = Life::begin().await;
    let metrics = json!({
        "durationMs": 10.5, "billedDurationMs": 11.0, "memorySizeMB": 128.0, "maxMemoryUsedMB": 67.0, "initDurationMs": -1,
    });
    let events = [
        start(200, "R1"),
        event(
            210,
            "platform.runtimeDone",
            json!({"requestId": "R1", "status": "success"}),
        ),
        event(
            210,
            "platform.report",
            json!({"requestId": "R1", "status": "success", "metrics": metrics}),
        ),
    ];
    life.serve("R1", events).await;
    let told = life.end("spindown").await;
    let facts = told.facts();
    assert_eq!(
        facts[1..],
        ["R1 finished ok 0", "R1 reported ok 10.5 billed 11 max 67"]
    );
}
