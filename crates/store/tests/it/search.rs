//! A span is found by each of its attributes.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use coldtrace_model::{Tenant, TimeRange, UnixNanos};
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::AttributeFilter;
use coldtrace_store::rows::Owner;
use coldtrace_testkit::engine::{self, KEEP_DAYS};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::database::ask;
use crate::push::{plain_span, push_span};

/// A quarter of an hour before midnight, so that spans lie in two days.
const TS: u64 = 1_767_311_100_000_000_000;
const MINUTE: u64 = 60_000_000_000;
const MINUTES: u64 = 300;
const TENANTS: [&str; 2] = ["a", "b"];
const KEYS: [&str; 4] = ["order.id", "id", "", "größe"];

#[derive(Clone, Debug)]
struct Sent {
    tenant: &'static str,
    minute: u64,
    /// Few of each, so that they come again; a name may come twice.
    attributes: Vec<(&'static str, String)>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let value = prop_oneof![
        (0..12_u8).prop_map(|number| format!("o-{number}")),
        Just(String::new()),
        Just("o".to_owned()),
        Just("'\\%".to_owned()),
        Just("long ".repeat(200)),
    ];
    let attributes = vec((prop::sample::select(&KEYS), value), 0..6);
    // More buckets than a first look takes.
    let minute = prop_oneof![0..30_u64, 0..MINUTES];
    (prop::sample::select(&TENANTS), minute, attributes).prop_map(|(tenant, minute, attributes)| {
        Sent {
            tenant,
            minute,
            attributes,
        }
    })
}

fn range(minutes: std::ops::Range<u64>) -> TimeRange {
    TimeRange {
        from: UnixNanos(TS + minutes.start * MINUTE),
        to: UnixNanos(TS + minutes.end * MINUTE),
    }
}

#[test]
fn a_span_is_found_by_each_of_its_attributes_and_by_no_other() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let engine = runtime.block_on(engine::start());
    let config = Config {
        cases: 3,
        failure_persistence: None,
        ..Config::default()
    };
    let tokens = Cell::new(0);
    let strategy = (vec(sent(), 1..120), 1..40_usize);
    let outcome = TestRunner::new(config).run(&strategy, |(spans, batch)| {
        runtime.block_on(async {
            ask(&engine.store_config(), "TRUNCATE TABLE spans").await;
            ask(&engine.store_config(), "TRUNCATE TABLE attribute_index").await;
            let mut expected = BTreeMap::<_, BTreeSet<u64>>::new();
            let mut places = BTreeSet::new();
            for (number, batch) in spans.chunks(batch).enumerate() {
                let mut blocks = Blocks::default();
                for (index, span) in batch.iter().enumerate() {
                    // Every start is another, and tells which span it is.
                    let ts = TS + span.minute * MINUTE + (number * 1_000 + index) as u64;
                    let owner = Owner {
                        tenant: span.tenant,
                        keep_days: KEEP_DAYS,
                    };
                    push_span(&mut blocks, plain_span(owner, ts), span.attributes.clone());
                    for (key, value) in &span.attributes {
                        let attribute = (span.tenant, *key, value.clone());
                        places.insert((attribute.clone(), ts / (5 * MINUTE)));
                        expected.entry(attribute).or_default().insert(ts);
                    }
                }
                for block in blocks.finish() {
                    let token = tokens.replace(tokens.get() + 1).to_string();
                    let inserted = engine.store().writer().insert(&block, &token).await;
                    inserted.expect("it is taken");
                }
            }
            for tenant in TENANTS {
                let reader = engine
                    .store()
                    .reader(Tenant::parse(tenant).expect("a tenant"));
                for key in KEYS {
                    for value in [
                        "o-0",
                        "o-1",
                        "o-11",
                        "o",
                        "",
                        "'\\%",
                        &"long ".repeat(200),
                        "absent",
                    ] {
                        for (range, limit) in [
                            (range(0..MINUTES), 1_000),
                            (range(7..8), 1_000),
                            (range(0..MINUTES), 2),
                        ] {
                            let filter = AttributeFilter {
                                range,
                                key,
                                value,
                                limit,
                            };
                            let found = reader.spans_with(&filter).await.expect("it is read");
                            let found: Vec<u64> = found.iter().map(|span| span.ts).collect();
                            let all = expected.get(&(tenant, key, value.to_owned()));
                            let inside = all.into_iter().flatten().rev().copied();
                            let inside = inside.filter(|ts| range.contains(UnixNanos(*ts)));
                            let inside: Vec<u64> = inside.take(limit as usize).collect();
                            assert_eq!(found, inside, "{tenant} {key}={value}");
                        }
                    }
                }
            }
            // What is listed is what is there: a look goes nowhere else.
            let listed = ask(
                &engine.store_config(),
                "SELECT uniqExact(day, place) FROM attribute_index",
            )
            .await;
            assert_eq!(listed.trim(), places.len().to_string());
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
