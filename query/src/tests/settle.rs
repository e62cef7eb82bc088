//! Settling, step by step under a clock of the test's.

use coldtrace_model::{Invocation, Outcome, TimeRange, UnixNanos};
use coldtrace_service::config::Settings;
use coldtrace_service::metrics::Registry;
use coldtrace_store::Store;
use coldtrace_store::settle::Rollup;
use coldtrace_testkit::{at, engine, invocation};

use super::fixture::{Data, an_order};
use super::served::Served;
use crate::settle::{Settle, SettleConfig, Step};

const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const RANGE: &str = "from=1767225600000000000&to=1767229200000000000";

pub(super) fn settling(store: &Store, registry: &Registry) -> Settle {
    let mut settings = Settings::load(None, []);
    let config = SettleConfig::read(&mut settings.section("settle"));
    Settle::new(store, config, registry)
}

/// An invocation every so many minutes from the epoch on.
fn every(minutes: f64, count: usize) -> Vec<Invocation> {
    let one = |number: usize| {
        let start = number as f64 * minutes * MINUTE;
        let told = invocation(&format!("request-{number}")).started(start);
        told.ended(Outcome::Ok, start + 100.0).build()
    };
    (0..count).map(one).collect()
}

/// Windows that are not settled at a time, of all that there are.
async fn unsettled(store: &Store, now: UnixNanos) -> usize {
    let range = TimeRange {
        from: at(-48.0 * HOUR),
        to: at(96.0 * HOUR),
    };
    let mut count = 0;
    for rollup in Rollup::ALL {
        let settler = store.settler();
        let found = settler.unsettled(rollup, range, now, 10_000).await;
        count += found.unwrap().len();
    }
    count
}

/// What is settled is right.
async fn check(store: &Store, now: UnixNanos) {
    let range = TimeRange {
        from: at(-48.0 * HOUR),
        to: at(96.0 * HOUR),
    };
    for rollup in Rollup::ALL {
        let settler = store.settler();
        let differences = settler.differences(rollup, range, now).await.unwrap();
        assert_eq!(differences, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_is_closed_is_settled_and_what_is_late_is_settled_again() {
    let engine = engine::start().await;
    let store = engine.store();
    let (registry, served) = (Registry::new(), Served::on(&store));
    let functions = async || served.ok(&format!("/api/v1/functions?{RANGE}")).await;
    an_order(&store).await;
    let before = functions().await;
    let mut settle = settling(&store, &registry);

    let early = at(MINUTE + 29.0 * SECOND);
    assert_eq!(settle.step(early).await.unwrap(), Step::Done);
    assert!(
        !registry
            .render()
            .contains("coldtrace_settle_windows_total{table=\"fn_1m\"} 1"),
        "not closed yet"
    );

    assert_eq!(settle.step(at(2.0 * HOUR)).await.unwrap(), Step::Done);
    let settled = registry.render();
    for line in [
        "coldtrace_settle_windows_total{table=\"fn_1m\"} 2",
        "coldtrace_settle_windows_total{table=\"fn_1h\"} 2",
        "coldtrace_settle_windows_total{table=\"edges_1m\"} 1",
        "coldtrace_settle_windows_total{table=\"features\"} 2",
        "coldtrace_settle_again_total{table=\"fn_1m\"} 0",
        "coldtrace_settle_behind_seconds 0",
        "coldtrace_settle_lease 1",
    ] {
        assert!(settled.contains(line), "{line} in {settled}");
    }
    assert_eq!(unsettled(&store, at(2.0 * HOUR)).await, 0);
    assert_eq!(functions().await, before);

    Data::of(&store).facts("late", &every(1.0, 1)).await;
    let late = functions().await;
    assert_ne!(late, before, "it counts before it is settled");
    settle.step(at(2.0 * HOUR + MINUTE)).await.unwrap();
    assert_ne!(
        unsettled(&store, at(3.0 * HOUR)).await,
        0,
        "it was settled just now"
    );
    // The hour waits for its minute.
    settle.step(at(2.0 * HOUR + 11.0 * MINUTE)).await.unwrap();
    assert_eq!(unsettled(&store, at(3.0 * HOUR)).await, 0);
    check(&store, at(3.0 * HOUR)).await;
    assert!(
        registry
            .render()
            .contains("coldtrace_settle_again_total{table=\"fn_1h\"} 1")
    );
    assert_eq!(functions().await, late);
}

#[tokio::test]
async fn days_without_settling_are_caught_up_step_by_step() {
    let engine = engine::start().await;
    let store = engine.store();
    Data::of(&store).facts("days", &every(180.0, 16)).await;
    let now = at(50.0 * HOUR);
    assert_eq!(
        unsettled(&store, now).await,
        48,
        "minutes, and buckets of features and of errors; hours wait for their minutes"
    );
    let mut settle = settling(&store, &Registry::new());
    let mut steps = 0;
    while unsettled(&store, now).await > 0 {
        settle.step(now).await.unwrap();
        steps += 1;
        assert!(steps < 20, "it gets somewhere");
    }
    assert!(steps > 2, "a step is bounded");
    check(&store, now).await;
}

#[tokio::test]
async fn one_settles_at_a_time() {
    let engine = engine::start().await;
    let store = engine.store();
    let registries = [Registry::new(), Registry::new()];
    let mut first = settling(&store, &registries[0]);
    let mut second = settling(&store, &registries[1]);
    assert_eq!(first.step(at(HOUR)).await.unwrap(), Step::Done);
    assert_eq!(second.step(at(HOUR)).await.unwrap(), Step::NotOurs);
    assert_eq!(first.step(at(HOUR)).await.unwrap(), Step::Done);
    assert!(registries[1].render().contains("coldtrace_settle_lease 0"));
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for() {
    let engine = engine::start().await;
    let store = engine.store();
    Data::of(&store).facts("some", &every(1.0, 3)).await;
    let registry = Registry::new();
    let mut settle = settling(&store, &registry);
    engine.kill();
    let mut failed = 0;
    // It is started again at once.
    while settle.step(at(2.0 * HOUR)).await.is_err() {
        failed += 1;
        tokio::task::yield_now().await;
    }
    let told = format!("coldtrace_settle_failures_total {failed}");
    assert!(registry.render().contains(&told), "{told}");
    assert_eq!(unsettled(&store, at(2.0 * HOUR)).await, 0);
}

#[test]
fn mistakes_in_the_section_are_told() {
    let given = [
        ("COLDTRACE_SETTLE__EVERY", "10ms"),
        ("COLDTRACE_SETTLE__LEASE", "10ms"),
        ("COLDTRACE_SETTLE__CPU_SHARE", "2"),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut settings = Settings::load(None, given);
    SettleConfig::read(&mut settings.section("settle"));
    let told = settings.finish().unwrap_err().to_string();
    assert!(told.starts_with("3 mistakes"), "{told}");
}
