use coldtrace_model::{Architecture, Cold, Platform, Sandbox};
use coldtrace_proto::v1;
use prost::Message as _;

use super::*;
use crate::buffer;
use crate::telemetry_api::event;

/// 2026-11-24T10:00:00Z
const T0: UnixNanos = UnixNanos(1_795_514_400_000_000_000);

fn at(millis: u64) -> UnixNanos {
    T0.plus(Nanos::from_millis(millis))
}

/// A lifecycle with what it asked for, driven by hand.
struct Driven {
    lifecycle: Lifecycle,
    calls: usize,
    orders: Vec<Order>,
    farewell: Option<Farewell>,
}

impl Driven {
    fn new(mode: Mode) -> Self {
        let sandbox = Sandbox {
            id: SandboxId::parse("s").unwrap(),
            platform: Platform::AwsLambda,
            function: "checkout".to_owned(),
            version: String::new(),
            runtime: String::new(),
            architecture: Architecture::X86_64,
            memory: None,
            region: String::new(),
            account: String::new(),
            instance: String::new(),
        };
        let journal = Journal::new(sandbox, mode, Cold::OnDemand, T0, None);
        let setup = Setup {
            mode,
            flush_budget: Duration::from_secs(1),
            began: T0,
        };
        let buffer = Buffer::new(buffer::LIMIT, Vec::new());
        Self {
            lifecycle: Lifecycle::new(setup, journal, buffer),
            calls: 0,
            orders: Vec::new(),
            farewell: None,
        }
    }

    fn apply(&mut self, millis: u64, event: Event) {
        for effect in self.lifecycle.apply(event, at(millis)) {
            match effect {
                Effect::CallNext => self.calls += 1,
                Effect::Ship(order) => self.orders.push(order),
                Effect::Remember(_) => {}
                Effect::Exit(farewell) => self.farewell = Some(farewell),
            }
        }
    }

    fn invoke(&mut self, request_id: &str, millis: u64) {
        let invoke = Invoke {
            request_id: RequestId::parse(request_id).unwrap(),
            received: at(millis),
            deadline: at(millis + 3_000),
            arn: String::new(),
            trace_header: String::new(),
        };
        self.apply(millis, Event::Called(PlatformCall::Invoke(invoke)));
    }

    fn shutdown(&mut self, reason: ShutdownReason, millis: u64) {
        let last = Shutdown {
            reason,
            deadline: at(millis + 2_000),
        };
        self.apply(millis, Event::Called(PlatformCall::Shutdown(last)));
    }

    fn telemetry(&mut self, millis: u64, kind: &str, request_id: &str) {
        let body = format!(
            r#"[{{"time":"2026-11-24T10:00:00Z","type":"platform.{kind}","record":{{"requestId":"{request_id}","status":"success"}}}}]"#
        );
        let events = event::parse(body.as_bytes()).unwrap();
        self.apply(millis, Event::Telemetry(events));
    }

    /// Answers the last order.
    fn answer(&mut self, millis: u64, verdict: Verdict) {
        let id = self.orders.last().expect("an order is out").batch.id;
        self.apply(millis, Event::Shipped(Delivery { id, verdict }));
    }

    fn fail(&mut self, millis: u64) {
        self.answer(millis, Verdict::Failed("refused".to_owned()));
    }

    fn request(&self, order: usize) -> v1::ExportRequest {
        v1::ExportRequest::decode(self.orders[order].batch.message.clone()).unwrap()
    }
}

/// Invocations a second apart, each let go and shipped, until the policy knows them for steady traffic.
fn steady(driven: &mut Driven) -> u64 {
    let mut now = 0;
    for number in 0..12 {
        let request_id = format!("warm-up {number}");
        now = number * 1_000;
        driven.invoke(&request_id, now);
        driven.answer(now + 1, Verdict::Stored);
        driven.telemetry(now + 2, "runtimeDone", &request_id);
        if number < 9 {
            driven.answer(now + 3, Verdict::Stored);
        }
    }
    now
}

#[test]
fn under_steady_traffic_nothing_is_held_and_the_rest_goes_with_the_next_invocation() {
    let mut driven = Driven::new(Mode::OnDemand);
    let now = steady(&mut driven) + 1_000;
    let (calls, orders) = (driven.calls, driven.orders.len());
    driven.invoke("R", now);
    assert_eq!(driven.calls, calls + 1, "the next is asked for at once");
    assert_eq!(
        driven.orders.len(),
        orders + 1,
        "the start goes out beside the function"
    );
    let request = driven.request(orders);
    let told: Vec<&str> = request
        .facts
        .iter()
        .map(|fact| fact.request_id.as_str())
        .collect();
    assert_eq!(
        told,
        ["warm-up 11", "R"],
        "the last one's end, this one's start"
    );
    driven.answer(now + 1, Verdict::Stored);
    driven.telemetry(now + 30, "runtimeDone", "R");
    assert_eq!(
        driven.orders.len(),
        orders + 1,
        "its end waits for the next"
    );
    assert_eq!(
        driven.lifecycle.wake_at(at(now + 30)),
        Some(at(now + 1_030)),
        "or a second"
    );
    driven.apply(now + 1_030, Event::Tick);
    assert_eq!(driven.orders.len(), orders + 2);
}

#[test]
fn a_rare_invocation_is_held_until_its_end_is_out() {
    let mut driven = Driven::new(Mode::OnDemand);
    driven.invoke("R", 0);
    assert_eq!(
        (driven.calls, driven.orders.len()),
        (0, 1),
        "the start goes out at once"
    );
    driven.answer(5, Verdict::Stored);
    driven.telemetry(40, "runtimeDone", "R");
    assert_eq!((driven.calls, driven.orders.len()), (0, 2));
    driven.answer(45, Verdict::Stored);
    assert_eq!(driven.calls, 1);
    driven.telemetry(50, "report", "R");
    assert_eq!(
        (driven.calls, driven.orders.len()),
        (1, 2),
        "the report has time"
    );
}

#[test]
fn holding_ends_before_the_deadline_and_with_the_budget() {
    let mut driven = Driven::new(Mode::OnDemand);
    driven.invoke("R", 0);
    assert_eq!(driven.lifecycle.wake_at(at(0)), Some(at(2_850)));
    driven.apply(2_850, Event::Tick);
    assert_eq!(
        driven.calls, 1,
        "the end is not known, and the deadline near"
    );

    let mut slow = Driven::new(Mode::OnDemand);
    slow.invoke("R", 0);
    slow.telemetry(40, "runtimeDone", "R");
    assert_eq!(slow.lifecycle.wake_at(at(40)), Some(at(1_040)));
    slow.apply(1_040, Event::Tick);
    assert_eq!(
        slow.calls, 1,
        "the collector has not answered within the budget"
    );
}

#[test]
fn a_collector_that_is_down_holds_nothing_and_loses_nothing() {
    let mut driven = Driven::new(Mode::OnDemand);
    let mut batches = Vec::new();
    for number in 0..5 {
        let now = number * 1_000;
        driven.invoke(&format!("R{number}"), now);
        let orders = driven.orders.len();
        if orders > batches.len() {
            batches.push(driven.orders[orders - 1].batch.id);
            driven.fail(now + 1);
        }
        driven.telemetry(now + 40, "runtimeDone", &format!("R{number}"));
        if driven.orders.len() > batches.len() {
            batches.push(driven.orders[driven.orders.len() - 1].batch.id);
            driven.fail(now + 41);
        }
        // Held to the end of its invocation at most, and not at all once the outage is known.
        assert_eq!(driven.calls as u64, number + 1, "R{number}");
    }
    assert!(
        batches.iter().all(|id| *id == batches[0]),
        "the same batch, again and again"
    );
    assert_eq!(batches.len(), 3, "then it is left alone for a while");

    driven.shutdown(ShutdownReason::Spindown, 10_000);
    driven.answer(10_010, Verdict::Stored);
    driven.apply(10_300, Event::Tick);
    for _ in 0..4 {
        driven.answer(10_310, Verdict::Stored);
    }
    assert_eq!(driven.farewell, Some(Farewell::Clear));
    let mut told: Vec<String> = (3..driven.orders.len())
        .flat_map(|order| driven.request(order).facts)
        .map(|fact| fact.request_id)
        .collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told, ["R0", "R1", "R2", "R3", "R4"]);
}

#[test]
fn the_end_waits_for_the_report_then_for_the_collector_and_never_beyond_its_time() {
    let mut driven = Driven::new(Mode::OnDemand);
    driven.invoke("R", 0);
    driven.answer(1, Verdict::Stored);
    driven.telemetry(10, "runtimeDone", "R");
    driven.answer(11, Verdict::Stored);
    driven.shutdown(ShutdownReason::Timeout, 100);
    assert_eq!(driven.lifecycle.wake_at(at(100)), Some(at(400)));
    driven.telemetry(130, "report", "R");
    assert_eq!(driven.lifecycle.wake_at(at(130)), Some(at(230)));
    driven.apply(230, Event::Tick);
    let last = driven.request(driven.orders.len() - 1);
    assert_eq!(last.facts.len(), 1, "the report went out");
    assert!(last.payloads[0].platform, "and the spans");
    driven.fail(240);
    assert_eq!(driven.farewell, None);
    assert_eq!(driven.lifecycle.wake_at(at(240)), Some(at(290)));
    driven.apply(290, Event::Tick);
    let order = driven.orders.last().unwrap();
    assert_eq!(order.time_limit, Duration::from_millis(1_610));
    driven.apply(1_900, Event::Tick);
    assert_eq!(driven.farewell, Some(Farewell::LeaveBatches));
    assert_eq!(driven.lifecycle.unsent().count(), 1);
}

#[test]
fn without_telemetry_nothing_is_held() {
    let mut driven = Driven::new(Mode::OnDemand);
    driven.apply(0, Event::Subscribed(false));
    driven.invoke("R1", 10);
    assert_eq!(driven.calls, 1);
    driven.answer(20, Verdict::Stored);
    driven.shutdown(ShutdownReason::Spindown, 500);
    let last = driven.request(driven.orders.len() - 1);
    assert_eq!(last.facts.len(), 1, "how it ended, by the look of it");
    driven.answer(510, Verdict::Stored);
    assert_eq!(driven.farewell, Some(Farewell::Clear));
}

#[test]
fn managed_instances_flush_within_a_second_of_the_first_data() {
    let mut driven = Driven::new(Mode::ManagedInstances);
    driven.telemetry(1_000, "start", "R");
    assert_eq!(driven.lifecycle.wake_at(at(1_000)), Some(at(2_000)));
    driven.apply(2_000, Event::Tick);
    assert_eq!(driven.orders.len(), 1);
    assert_eq!(driven.calls, 0, "there is nothing to hold");
}

#[test]
fn after_a_failure_what_the_platform_tells_last_is_waited_for_also_of_invocations_not_known_yet() {
    let mut driven = Driven::new(Mode::OnDemand);
    driven.shutdown(ShutdownReason::Failure, 100);
    assert_eq!(driven.farewell, None);
    assert_eq!(driven.lifecycle.wake_at(at(100)), Some(at(200)));
    for (millis, kind) in [(150, "start"), (170, "runtimeDone"), (180, "report")] {
        driven.telemetry(millis, kind, "R");
        driven.apply(millis + 5, Event::Tick);
    }
    assert_eq!(driven.farewell, None, "there may be more");
    driven.apply(280, Event::Tick);
    driven.answer(290, Verdict::Stored);
    assert_eq!(driven.farewell, Some(Farewell::LeaveBatches), "it is quiet");
    let facts = driven.request(0).facts;
    assert_eq!(facts.len(), 3, "start, end and report: {facts:?}");
}

#[test]
fn a_platform_that_goes_on_telling_is_listened_to_for_a_while_and_no_longer() {
    let mut driven = Driven::new(Mode::OnDemand);
    driven.shutdown(ShutdownReason::Failure, 100);
    for millis in [150, 220, 290, 360] {
        driven.telemetry(millis, "report", &format!("R{millis}"));
    }
    assert_eq!(driven.lifecycle.wake_at(at(360)), Some(at(400)));
    driven.apply(400, Event::Tick);
    driven.answer(410, Verdict::Stored);
    assert_eq!(driven.farewell, Some(Farewell::LeaveBatches));
}

#[test]
fn a_sandbox_that_ends_well_ends_at_once_when_it_has_served() {
    let mut driven = Driven::new(Mode::OnDemand);
    driven.invoke("R", 0);
    driven.answer(1, Verdict::Stored);
    driven.telemetry(10, "report", "R");
    driven.answer(11, Verdict::Stored);
    driven.shutdown(ShutdownReason::Spindown, 1_000);
    assert_eq!(driven.farewell, Some(Farewell::Clear));
}
