//! Facts are merged in two places: by the store's queries, and by the model where there is no store. Both say the same.

use coldtrace_model::{
    Architecture, ByteSize, Cold, Fact, FactKind, Finished, Invocation, InvocationRef, Nanos,
    Outcome, Platform, Reported, RequestId, Sandbox, SandboxId, SpanId, Started, TraceId, Trigger,
};
use coldtrace_store::rows::Owner;
use coldtrace_testkit::engine::{self, KEEP_DAYS};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::super::facts;
use super::*;

/// Few values, so that facts agree and differ, and tell nothing now and then: a length of 0 is one that is not known.
fn number() -> impl Strategy<Value = u64> {
    0..4_u64
}

fn length() -> impl Strategy<Value = Option<Nanos>> {
    option::of(number().prop_map(Nanos))
}

fn size() -> impl Strategy<Value = Option<ByteSize>> {
    option::of(number().prop_map(ByteSize))
}

fn time() -> impl Strategy<Value = UnixNanos> {
    prop_oneof![Just(0), NOW..NOW + 3].prop_map(UnixNanos)
}

/// The platform's, or the function's own: an invocation has one of each.
fn trace_id(byte: u8) -> impl Strategy<Value = Option<TraceId>> {
    option::of(Just(TraceId::from_bytes(&[byte; 16]).unwrap()))
}

fn span_id() -> impl Strategy<Value = Option<SpanId>> {
    (0..3_u8).prop_map(|byte| SpanId::from_bytes(&[byte; 8]).ok())
}

fn error_type() -> impl Strategy<Value = String> {
    select(vec!["", "Runtime.ExitError", "ValueError"]).prop_map(str::to_owned)
}

fn started() -> impl Strategy<Value = FactKind> {
    let ids = (trace_id(1), span_id());
    (time(), time(), select(Cold::ALL), ids, select(Trigger::ALL)).prop_map(
        |(start, deadline, cold, (platform_trace_id, platform_span_id), trigger)| {
            FactKind::Started(Started {
                start,
                deadline,
                cold,
                platform_trace_id,
                platform_span_id,
                trigger,
            })
        },
    )
}

fn finished() -> impl Strategy<Value = FactKind> {
    let lengths = (number(), length(), length(), length(), size());
    let what = (select(Outcome::ALL), select(Trigger::ALL), error_type());
    (option::of(time()), what, lengths, trace_id(2)).prop_map(
        |(start, (outcome, trigger, error_type), lengths, sdk_trace_id)| {
            FactKind::Finished(Finished {
                start,
                outcome,
                duration: Nanos(lengths.0),
                response_latency: lengths.1,
                response_duration: lengths.2,
                runtime_overhead: lengths.3,
                produced: lengths.4,
                error_type,
                sdk_trace_id,
                trigger,
            })
        },
    )
}

fn reported() -> impl Strategy<Value = FactKind> {
    let lengths = (number(), length(), length(), length(), length());
    (select(Outcome::ALL), lengths, size(), error_type()).prop_map(
        |(outcome, lengths, max_memory, error_type)| {
            FactKind::Reported(Reported {
                outcome,
                duration: Nanos(lengths.0),
                billed: lengths.1,
                max_memory,
                init: lengths.2,
                restore: lengths.3,
                extension_overhead: lengths.4,
                error_type,
            })
        },
    )
}

fn sandbox() -> Sandbox {
    Sandbox {
        id: SandboxId::parse("0123456789abcdef").unwrap(),
        platform: Platform::AwsLambda,
        function: "checkout".to_owned(),
        version: "7".to_owned(),
        runtime: "python3.12".to_owned(),
        architecture: Architecture::Arm64,
        memory: Some(ByteSize::from_mib(128)),
        region: "eu-central-1".to_owned(),
        account: String::new(),
        instance: String::new(),
    }
}

fn reference(number: usize) -> InvocationRef {
    InvocationRef {
        request_id: RequestId::parse(&format!("request-{number}")).unwrap(),
        filed_at: UnixNanos(NOW + number as u64),
    }
}

#[test]
fn the_store_and_the_model_merge_facts_alike() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let engine = runtime.block_on(engine::start());
    let kind = prop_oneof![started(), finished(), reported()];
    // Of many invocations at once: what costs is the round to the engine.
    let invocations = vec(vec(kind, 1..6), 200..400);
    let config = Config {
        cases: 3,
        failure_persistence: None,
        ..Config::default()
    };
    let case = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&invocations, |invocations| {
        let tenant = format!("tenant-{}", case.replace(case.get() + 1));
        let owner = Owner {
            tenant: &tenant,
            keep_days: KEEP_DAYS,
        };
        let sandbox = sandbox();
        let mut blocks = Blocks::default();
        for (number, kinds) in invocations.iter().enumerate() {
            for kind in kinds {
                let fact = Fact {
                    invocation: reference(number),
                    kind: kind.clone(),
                };
                blocks.push_invocation(&facts::row(owner, &sandbox, &fact));
            }
        }
        runtime.block_on(async {
            for block in blocks.finish() {
                let inserted = engine.store().writer().insert(&block, &tenant).await;
                inserted.expect("the engine takes it");
            }
            // When no deadline has passed: what is lost is told by the clock, and not by facts.
            let reader = engine.store().reader(Tenant::parse(&tenant).unwrap());
            let reader = reader.as_of(UnixNanos(0));
            let ids = (0..invocations.len()).map(|number| reference(number).request_id);
            let ids: Vec<RequestId> = ids.collect();
            let mut stored = reader.invocations_of(&ids).await.expect("they are read");
            stored.reverse();
            prop_assert_eq!(stored.len(), invocations.len());
            for (number, (stored, kinds)) in stored.iter().zip(&invocations).enumerate() {
                let merged = Invocation::of_facts(&reference(number), &sandbox, kinds);
                prop_assert_eq!(stored, &merged, "of {:?}", kinds);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}
