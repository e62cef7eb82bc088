//! Rules on the real engine, minute by minute: what fires, why, and that a back-test tells the same.

use coldtrace_alerts::{Backtest, Change, Defined, RuleId, TagFunctions, parse_file};
use coldtrace_model::{
    ByteSize, Cold, Invocation, Nanos, Outcome, Platform, Tenant, TimeRange, UnixNanos,
};
use coldtrace_store::Store;
use coldtrace_testkit::{at, engine, invocation};

use super::compare::settle;
use super::fixture::Data;
use crate::alerts::read::{MINUTE, Reads};
use crate::alerts::watch::Watch;

/// Minutes that are looked at, counted from the first invocation.
const MINUTES: std::ops::RangeInclusive<u64> = 1..=40;
/// Those in which `checkout` is slow.
const SLOW: std::ops::Range<u64> = 15..20;
/// The minute in which `mailer` fails.
const FAILING: u64 = 25;

const RULES: &str = r#"
[[rule]]
name = "slow"
severity = "critical"
for = "1m"
keep = "2m"
[rule.when]
kind = "threshold"
measure = "p95"
above = "800ms"
window = "2m"

[[rule]]
name = "errors"
keep = "0"
[rule.when]
kind = "threshold"
measure = "errors"
above = 3
window = "5m"
"#;

pub(super) fn minute(number: u64) -> UnixNanos {
    at(number as f64 * 60_000.0)
}

fn rules() -> Vec<Defined> {
    defined(RULES)
}

fn defined(text: &str) -> Vec<Defined> {
    let file = parse_file("rules.toml", text).expect("rules");
    let defined = file.rules.into_iter().map(|rule| Defined {
        id: rule.file_id(),
        rule,
    });
    defined.collect()
}

/// Ten a minute of each function: one is slow for five minutes, the other fails for one.
pub(super) async fn write(store: &Store, tenant: &'static str) {
    let mut told: Vec<(&str, Vec<Invocation>)> = Vec::new();
    for function in ["checkout", "mailer"] {
        let one = |number: u64| {
            let (start, of_minute) = (number as f64 * 6_000.0, number / 10);
            let is_slow = function == "checkout" && SLOW.contains(&of_minute);
            let length = if is_slow { 1_500.0 } else { 100.0 };
            let outcome = match function == "mailer" && of_minute == FAILING {
                true => Outcome::Error,
                false => Outcome::Ok,
            };
            let told = invocation(&format!("{function}-{number}")).started(start);
            let told = told.cold(Cold::Warm).ended(outcome, start + length);
            told.with(|told| told.function = function.to_owned())
                .build()
        };
        told.push((function, (0..400).map(one).collect()));
    }
    for (function, invocations) in &told {
        Data::of_tenant(store, tenant)
            .facts(function, invocations)
            .await;
    }
}

fn watch(store: &Store, states: Vec<coldtrace_alerts::AlertState>) -> Watch {
    let tenant = Tenant::single();
    let reader = store.reader(tenant.clone());
    Watch::new(&tenant, reader, rules(), states, "https://trace.example")
}

/// The minute, the rule, the function, and what happened.
type Happened = (u64, String, String, Change);

/// What happens, told by a watch that is made anew before each of these minutes.
async fn live(store: &Store, restarts: &[u64]) -> Vec<Happened> {
    let mut watched = watch(store, Vec::new());
    let mut happened = Vec::new();
    for number in MINUTES {
        if restarts.contains(&number) {
            let states = watched.tracker().states().cloned().collect();
            watched = watch(store, states);
        }
        let told = watched.minute(minute(number)).await.expect("a minute");
        for transition in &told.transitions {
            let function = transition.labels["function"].clone();
            let rule = transition.rule_name.clone();
            happened.push((number, rule, function, transition.change));
            if transition.change == Change::Firing {
                let history = &transition.why.history;
                assert_eq!(history.len(), 60);
                let last = history.last().expect("a point");
                assert_eq!(
                    (last.at, last.value),
                    (transition.at, transition.reading.value)
                );
                assert!(!transition.why.examples.is_empty(), "{:?}", transition.why);
            }
        }
        watched.keep(told);
    }
    happened
}

async fn back_tested(store: &Store) -> Vec<Happened> {
    let mut happened = Vec::new();
    for defined in rules() {
        let RuleId(id) = defined.id.clone();
        let name = defined.rule.name.clone();
        assert_eq!(id, format!("file:{name}"));
        let alone = std::slice::from_ref(&defined);
        let reader = store.reader(Tenant::single());
        let reads = Reads::new(reader, alone, Vec::new());
        let range = TimeRange {
            from: minute(0),
            to: minute(*MINUTES.end()),
        };
        let mut test = Backtest::new("default", defined.clone(), TagFunctions::new(), range);
        for start in test.wants(minute(0)).minutes {
            test.minute(start, Vec::new());
        }
        for (start, counts) in reads.minutes(range).await.expect("minutes") {
            test.minute(start, counts);
            test.step(start.plus(MINUTE), &[]);
        }
        let number = |time: UnixNanos| time.since(minute(0)).0 / MINUTE.0;
        for episode in test.report().episodes {
            let function = episode.labels["function"].clone();
            let told = |time, change| (number(time), name.clone(), function.clone(), change);
            happened.push(told(episode.from, Change::Firing));
            happened.extend(episode.to.map(|to| told(to, Change::Resolved)));
        }
    }
    happened.sort_by_key(|(number, ..)| *number);
    happened
}

#[tokio::test]
async fn what_fires_live_is_what_a_back_test_tells_whatever_is_settled_or_restarted() {
    let engine = engine::start().await;
    let store = engine.store();
    write(&store, "default").await;
    let told = |number, rule: &str, function: &str, change| {
        (number, rule.to_owned(), function.to_owned(), change)
    };
    let expected = [
        // The first slow minute ends; a minute later it fires.
        told(17, "slow", "checkout", Change::Firing),
        // The window has no slow minute any more at 22, and keeps for two.
        told(24, "slow", "checkout", Change::Resolved),
        told(26, "errors", "mailer", Change::Firing),
        told(31, "errors", "mailer", Change::Resolved),
    ];
    assert_eq!(live(&store, &[]).await, expected);
    assert_eq!(
        live(&store, &[16, 17, 18, 23, 27]).await,
        expected,
        "restarted"
    );
    assert_eq!(back_tested(&store).await, expected, "back-tested");
    settle(&store).await;
    assert_eq!(live(&store, &[20]).await, expected, "settled");
    assert_eq!(
        back_tested(&store).await,
        expected,
        "settled and back-tested"
    );
}

#[tokio::test]
async fn a_cost_is_shown_at_the_prices_that_it_is_evaluated_at() {
    let engine = engine::start().await;
    let store = engine.store();
    let one = |number: u64| {
        let start = number as f64 * 6_000.0;
        let told = invocation(&number.to_string()).started(start);
        let told = told.ended(Outcome::Ok, start + 100.0);
        told.with(|told| {
            told.platform = Platform::AwsLambda;
            // Where a GB-second is dearer than elsewhere.
            told.region = "af-south-1".to_owned();
            told.memory = Some(ByteSize(1 << 30));
            told.billed = Some(Nanos::from_millis(1_000));
        })
        .build()
    };
    let invocations: Vec<Invocation> = (0..100).map(one).collect();
    Data::of(&store).facts("checkout", &invocations).await;
    let rules = defined(
        r#"
        [[rule]]
        name = "dear"
        when = { kind = "threshold", measure = "cost", above = "$0.001", window = "5m" }
        "#,
    );
    let tenant = Tenant::single();
    let mut watch = Watch::new(&tenant, store.reader(tenant.clone()), rules, Vec::new(), "");
    let told = watch.minute(minute(6)).await.expect("a minute");
    let [transition] = &told.transitions[..] else {
        panic!("{told:?}");
    };
    let last = transition.why.history.last().expect("a point");
    assert_eq!(last.value, transition.reading.value);
}
