use proptest::option;
use proptest::prelude::*;
use prost::Message as _;

use super::*;

fn any_nanos() -> impl Strategy<Value = Nanos> {
    any::<u64>().prop_map(Nanos)
}

fn any_size() -> impl Strategy<Value = ByteSize> {
    (1..u64::MAX).prop_map(ByteSize)
}

fn any_time() -> impl Strategy<Value = UnixNanos> {
    (1..=UnixNanos::MAX_STORED.0).prop_map(UnixNanos)
}

fn any_trace_id() -> impl Strategy<Value = TraceId> {
    (1_u128..).prop_map(|id| TraceId::from_bytes(&id.to_be_bytes()).expect("not zero"))
}

fn any_span_id() -> impl Strategy<Value = SpanId> {
    (1_u64..).prop_map(|id| SpanId::from_bytes(&id.to_be_bytes()).expect("not zero"))
}

fn any_request_id() -> impl Strategy<Value = RequestId> {
    "[a-z0-9-]{1,40}".prop_map(|id| RequestId::parse(&id).expect("short and not empty"))
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    proptest::sample::select(Outcome::ALL)
}

fn any_started() -> impl Strategy<Value = FactKind> {
    let cold = proptest::sample::select(Cold::ALL);
    let trigger = proptest::sample::select(Trigger::ALL);
    let ids = (option::of(any_trace_id()), option::of(any_span_id()));
    (any_time(), any_time(), cold, trigger, ids).prop_map(
        |(start, deadline, cold, trigger, (platform_trace_id, platform_span_id))| {
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

fn any_finished() -> impl Strategy<Value = FactKind> {
    let lengths = proptest::array::uniform3(option::of(any_nanos()));
    let rest = (
        option::of(any_size()),
        "[A-Za-z.]{0,20}",
        option::of(any_trace_id()),
    );
    (any_outcome(), any_nanos(), lengths, rest).prop_map(
        |(
            outcome,
            duration,
            [latency, response, overhead],
            (produced, error_type, sdk_trace_id),
        )| {
            FactKind::Finished(Finished {
                outcome,
                duration,
                response_latency: latency,
                response_duration: response,
                runtime_overhead: overhead,
                produced,
                error_type,
                sdk_trace_id,
            })
        },
    )
}

fn any_reported() -> impl Strategy<Value = FactKind> {
    let lengths = proptest::array::uniform4(option::of(any_nanos()));
    let rest = (option::of(any_size()), "[A-Za-z.]{0,20}");
    (any_outcome(), any_nanos(), lengths, rest).prop_map(
        |(outcome, duration, [billed, init, restore, overhead], (max_memory, error_type))| {
            FactKind::Reported(Reported {
                outcome,
                duration,
                billed,
                max_memory,
                init,
                restore,
                extension_overhead: overhead,
                error_type,
            })
        },
    )
}

proptest! {
    #[test]
    fn facts_survive_the_wire(
        request_id in any_request_id(),
        filed_at in any_time(),
        kind in prop_oneof![any_started(), any_finished(), any_reported()],
    ) {
        let fact = Fact { invocation: InvocationRef { request_id, filed_at }, kind };
        let bytes = fact_from_model(&fact).encode_to_vec();
        let read = v1::Fact::decode(bytes.as_slice()).expect("it was just written");
        prop_assert_eq!(fact_to_model(&read), Ok(fact));
    }

    #[test]
    fn phases_survive_the_wire(
        kind in proptest::sample::select(PhaseKind::ALL),
        start in any_time(),
        duration in any_nanos(),
        outcome in any_outcome(),
        request_id in option::of(any_request_id()),
    ) {
        let phase = Phase { kind, start, duration, outcome, error_type: "E".to_owned(), request_id };
        prop_assert_eq!(phase_to_model(&phase_from_model(&phase)), Ok(phase));
    }

    #[test]
    fn logs_survive_the_wire(
        time in any_time(),
        severity in 0_u8..=24,
        body: String,
        request_id in option::of(any_request_id()),
        trace_id in option::of(any_trace_id()),
        span_id in option::of(any_span_id()),
    ) {
        let source = "function".to_owned();
        let attributes = Vec::new();
        let log = LogRecord { time, severity, body, request_id, trace_id, span_id, source, attributes };
        prop_assert_eq!(log_to_model(&log_from_model(&log)), Ok(log));
    }

    #[test]
    fn sandboxes_survive_the_wire(
        platform in proptest::sample::select(Platform::ALL),
        architecture in proptest::sample::select(Architecture::ALL),
        memory in option::of(any_size()),
        function: String,
    ) {
        let sandbox = Sandbox {
            id: SandboxId::parse("0123").expect("an id"),
            platform,
            function,
            version: "$LATEST".to_owned(),
            runtime: "python3.12".to_owned(),
            architecture,
            memory,
            region: "eu-central-1".to_owned(),
            account: String::new(),
            instance: String::new(),
        };
        prop_assert_eq!(sandbox_to_model(&sandbox_from_model(&sandbox)), Ok(sandbox));
    }
}

#[test]
fn numbers_of_a_newer_version_are_the_default() {
    let sandbox = v1::Sandbox {
        id: "s".to_owned(),
        platform: 1_000_000,
        ..v1::Sandbox::default()
    };
    let read = sandbox_to_model(&sandbox).expect("it is taken");
    assert_eq!(read.platform, Platform::Other);
}

#[test]
fn what_cannot_be_filed_is_told() {
    let told = |fact: &v1::Fact| fact_to_model(fact).expect_err("it is wrong").to_string();
    let mut fact = v1::Fact::default();
    assert_eq!(told(&fact), "fact: request id is empty");
    fact.request_id = "r".to_owned();
    assert_eq!(
        told(&fact),
        "fact: filed_at_unix_nano is not set, or lies beyond the year 2262"
    );
    fact.filed_at_unix_nano = 1;
    assert_eq!(told(&fact), "fact of r: says nothing");
}
