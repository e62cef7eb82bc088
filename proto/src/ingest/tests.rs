//! Facts, sandboxes, phases and log records over the wire and back; what can't be filed.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message as _;

use super::*;

const TIME: std::ops::RangeInclusive<u64> = 1..=UnixNanos::MAX_STORED.0;

fn request_id() -> impl Strategy<Value = RequestId> {
    ".{1,60}".prop_map(|text| RequestId::parse(&text).expect("1 to 240 bytes"))
}

fn trace_id() -> impl Strategy<Value = Option<TraceId>> {
    any::<[u8; 16]>().prop_map(|bytes| TraceId::from_bytes(&bytes).ok())
}

fn span_id() -> impl Strategy<Value = Option<SpanId>> {
    any::<[u8; 8]>().prop_map(|bytes| SpanId::from_bytes(&bytes).ok())
}

fn length() -> impl Strategy<Value = Option<Nanos>> {
    option::of(any::<u64>().prop_map(Nanos))
}

fn bytes() -> impl Strategy<Value = Option<ByteSize>> {
    option::of(any::<u64>().prop_map(ByteSize))
}

fn started() -> impl Strategy<Value = FactKind> {
    (
        any::<[u64; 2]>(),
        select(Cold::ALL),
        trace_id(),
        span_id(),
        select(Trigger::ALL),
    )
        .prop_map(
            |(times, cold, platform_trace_id, platform_span_id, trigger)| {
                FactKind::Started(Started {
                    start: UnixNanos(times[0]),
                    deadline: UnixNanos(times[1]),
                    cold,
                    platform_trace_id,
                    platform_span_id,
                    trigger,
                })
            },
        )
}

fn finished() -> impl Strategy<Value = FactKind> {
    let lengths = (length(), length(), length());
    (
        select(Outcome::ALL),
        any::<u64>(),
        lengths,
        bytes(),
        ".{0,8}",
        trace_id(),
        option::of(1..=UnixNanos::MAX_STORED.0),
        select(Trigger::ALL),
    )
        .prop_map(
            |(outcome, duration, lengths, produced, error_type, sdk_trace_id, start, trigger)| {
                FactKind::Finished(Finished {
                    start: start.map(UnixNanos),
                    outcome,
                    duration: Nanos(duration),
                    response_latency: lengths.0,
                    response_duration: lengths.1,
                    runtime_overhead: lengths.2,
                    produced,
                    error_type,
                    sdk_trace_id,
                    trigger,
                })
            },
        )
}

fn reported() -> impl Strategy<Value = FactKind> {
    let lengths = (length(), length(), length(), length());
    (
        select(Outcome::ALL),
        any::<u64>(),
        lengths,
        bytes(),
        ".{0,8}",
    )
        .prop_map(|(outcome, duration, lengths, max_memory, error_type)| {
            FactKind::Reported(Reported {
                outcome,
                duration: Nanos(duration),
                billed: lengths.0,
                max_memory,
                init: lengths.1,
                restore: lengths.2,
                extension_overhead: lengths.3,
                error_type,
            })
        })
}

fn fact() -> impl Strategy<Value = Fact> {
    let kind = prop_oneof![started(), finished(), reported()];
    (request_id(), TIME, kind).prop_map(|(request_id, filed_at, kind)| Fact {
        invocation: InvocationRef {
            request_id,
            filed_at: UnixNanos(filed_at),
        },
        kind,
    })
}

fn sandbox() -> impl Strategy<Value = Sandbox> {
    let texts = proptest::array::uniform6(".{0,8}");
    let memory = option::of((1..=u64::MAX).prop_map(ByteSize));
    (
        "[a-f0-9]{32}",
        select(Platform::ALL),
        select(Architecture::ALL),
        memory,
        texts,
    )
        .prop_map(|(id, platform, architecture, memory, texts)| {
            let [function, version, runtime, region, account, instance] = texts;
            Sandbox {
                id: SandboxId::parse(&id).expect("32 digits"),
                platform,
                function,
                version,
                runtime,
                architecture,
                memory,
                region,
                account,
                instance,
            }
        })
}

fn phase() -> impl Strategy<Value = Phase> {
    let kinds = select(PhaseKind::ALL);
    (
        kinds,
        TIME,
        any::<u64>(),
        select(Outcome::ALL),
        ".{0,8}",
        option::of(request_id()),
    )
        .prop_map(
            |(kind, start, duration, outcome, error_type, request_id)| Phase {
                kind,
                start: UnixNanos(start),
                duration: Nanos(duration),
                outcome,
                error_type,
                request_id,
            },
        )
}

fn log() -> impl Strategy<Value = LogRecord> {
    let ids = (option::of(request_id()), trace_id(), span_id());
    (TIME, 0..=24u8, ".{0,8}", ids, "[a-z]{0,8}").prop_map(|(time, severity, body, ids, source)| {
        LogRecord {
            time: UnixNanos(time),
            severity,
            body,
            request_id: ids.0,
            trace_id: ids.1,
            span_id: ids.2,
            source,
            attributes: Vec::new(),
        }
    })
}

/// The message as it arrives.
fn sent<M: prost::Message + Default>(message: &M) -> M {
    M::decode(message.encode_to_vec().as_slice()).expect("what was encoded")
}

proptest! {
    #[test]
    fn a_fact_arrives_as_it_was_sent(fact in fact()) {
        prop_assert_eq!(fact_to_model(&sent(&fact_from_model(&fact))), Ok(fact));
    }

    #[test]
    fn a_sandbox_arrives_as_it_was_sent(sandbox in sandbox()) {
        prop_assert_eq!(sandbox_to_model(&sent(&sandbox_from_model(&sandbox))), Ok(sandbox));
    }

    #[test]
    fn a_phase_arrives_as_it_was_sent(phase in phase()) {
        prop_assert_eq!(phase_to_model(&sent(&phase_from_model(&phase))), Ok(phase));
    }

    #[test]
    fn a_log_record_arrives_as_it_was_sent(log in log()) {
        prop_assert_eq!(log_to_model(&sent(&log_from_model(&log))), Ok(log));
    }

    #[test]
    fn bytes_that_nobody_sent_are_an_error_at_worst(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
        let Ok(request) = v1::ExportRequest::decode(bytes.as_slice()) else {
            return Ok(());
        };
        // Either is fine; a panic is not.
        request.sandbox.iter().for_each(|sandbox| drop(sandbox_to_model(sandbox)));
        request.facts.iter().for_each(|fact| drop(fact_to_model(fact)));
        request.phases.iter().for_each(|phase| drop(phase_to_model(phase)));
        request.logs.iter().for_each(|log| drop(log_to_model(log)));
    }
}

#[test]
fn numbers_from_a_newer_sender_become_the_default() {
    let fact = v1::Fact {
        request_id: "r".to_owned(),
        filed_at_unix_nano: 1,
        kind: Some(v1::fact::Kind::Started(v1::Started {
            cold: 77,
            trigger: 1 << 20,
            platform_trace_id: vec![1, 2, 3],
            ..v1::Started::default()
        })),
    };
    let FactKind::Started(started) = fact_to_model(&fact).unwrap().kind else {
        panic!("a started fact");
    };
    assert_eq!(started, Started::default());

    let sandbox = v1::Sandbox {
        id: "s".to_owned(),
        platform: 256 + 1,
        architecture: 99,
        ..v1::Sandbox::default()
    };
    let sandbox = sandbox_to_model(&sandbox).unwrap();
    assert_eq!(sandbox.platform, Platform::Other);
    assert_eq!(sandbox.architecture, Architecture::Unknown);
}

#[test]
fn what_cant_be_filed_says_why() {
    let fact = v1::Fact {
        request_id: "r".to_owned(),
        filed_at_unix_nano: 1,
        kind: None,
    };
    let messages = [
        fact_to_model(&v1::Fact::default()).unwrap_err(),
        fact_to_model(&fact).unwrap_err(),
        fact_to_model(&v1::Fact {
            filed_at_unix_nano: 0,
            ..fact
        })
        .unwrap_err(),
        sandbox_to_model(&v1::Sandbox::default()).unwrap_err(),
        phase_to_model(&v1::Phase {
            kind: 9,
            ..v1::Phase::default()
        })
        .unwrap_err(),
        log_to_model(&v1::LogRecord {
            time_unix_nano: u64::MAX,
            ..v1::LogRecord::default()
        })
        .unwrap_err(),
    ]
    .map(|problem| problem.to_string());
    assert_eq!(
        messages,
        [
            "fact: request id is empty",
            "fact of r: says nothing",
            "fact: filed_at_unix_nano is not set, or lies beyond the year 2262",
            "sandbox: sandbox id is empty",
            "phase: kind 9 is not known",
            "log record: time_unix_nano is not set, or lies beyond the year 2262",
        ]
    );
}
