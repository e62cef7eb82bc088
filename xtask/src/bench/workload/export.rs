//! The same request as an extension sends it: `coldtrace.v1.ExportRequest`, with the facts of every invocation.
//!
//! The messages are written down here, as far as they are used, because this tool depends on no crate of the workspace;
//! `proto/coldtrace/v1/ingest.proto` has them all.

use prost::Message;

use super::attributes;
use super::template::{Value, Values};
use super::trace::{Invocation, Request, Shape};

/// What functions are given.
const MEMORY_BYTES: u64 = 512 << 20;
/// The platform counts a little more than the function does.
const OVERHEAD_NS: u64 = 1_200_000;
const INIT_NS: u64 = 380_000_000;
const BILLED_STEP_NS: u64 = 1_000_000;
const DEADLINE_NS: u64 = 30_000_000_000;

#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) batch_id: Vec<u8>,
    #[prost(message, tag = "2")]
    pub(super) sandbox: Option<Sandbox>,
    #[prost(message, repeated, tag = "3")]
    pub(super) facts: Vec<Fact>,
    #[prost(message, repeated, tag = "6")]
    pub(super) payloads: Vec<OtlpPayload>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Sandbox {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(uint32, tag = "2")]
    platform: u32,
    #[prost(string, tag = "3")]
    function: String,
    #[prost(string, tag = "4")]
    version: String,
    #[prost(string, tag = "5")]
    runtime: String,
    #[prost(uint32, tag = "6")]
    architecture: u32,
    #[prost(uint64, tag = "7")]
    memory_bytes: u64,
    #[prost(string, tag = "8")]
    region: String,
    #[prost(string, tag = "9")]
    account: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Fact {
    #[prost(string, tag = "1")]
    pub(super) request_id: String,
    #[prost(fixed64, tag = "2")]
    pub(super) filed_at_unix_nano: u64,
    #[prost(message, tag = "3")]
    started: Option<Started>,
    #[prost(message, tag = "4")]
    finished: Option<Finished>,
    #[prost(message, tag = "5")]
    reported: Option<Reported>,
}

#[derive(Clone, PartialEq, Message)]
struct Started {
    #[prost(fixed64, tag = "1")]
    start_unix_nano: u64,
    #[prost(fixed64, tag = "2")]
    deadline_unix_nano: u64,
    #[prost(uint32, tag = "3")]
    cold: u32,
    #[prost(bytes = "vec", tag = "4")]
    platform_trace_id: Vec<u8>,
    #[prost(uint32, tag = "6")]
    trigger: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Finished {
    #[prost(uint32, tag = "1")]
    outcome: u32,
    #[prost(uint64, tag = "2")]
    duration_nano: u64,
    #[prost(string, tag = "7")]
    error_type: String,
    #[prost(bytes = "vec", tag = "8")]
    sdk_trace_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Reported {
    #[prost(uint32, tag = "1")]
    outcome: u32,
    #[prost(uint64, tag = "2")]
    duration_nano: u64,
    #[prost(uint64, optional, tag = "3")]
    billed_nano: Option<u64>,
    #[prost(uint64, optional, tag = "4")]
    max_memory_bytes: Option<u64>,
    #[prost(uint64, optional, tag = "5")]
    init_nano: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OtlpPayload {
    #[prost(int32, tag = "1")]
    signal: i32,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) request: Vec<u8>,
}

/// Wraps a request. Marks of its own are added to the request's.
pub(super) fn wrapped(request: &mut Request, shape: &Shape) -> ExportRequest {
    let values = &mut request.values;
    let facts = request.invocations.iter();
    let facts = facts
        .flat_map(|invocation| facts_of(invocation, values))
        .collect();
    ExportRequest {
        batch_id: values.bytes(Value::BatchId),
        sandbox: Some(Sandbox {
            id: attributes::sandbox(shape.function, values),
            platform: 1,
            function: attributes::function_name(shape.function),
            version: "$LATEST".to_owned(),
            runtime: "provided.al2023".to_owned(),
            architecture: 1,
            memory_bytes: MEMORY_BYTES,
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
        }),
        facts,
        payloads: vec![OtlpPayload {
            signal: 1,
            request: request.otlp.encode_to_vec(),
        }],
    }
}

fn facts_of(invocation: &Invocation, values: &mut Values) -> [Fact; 3] {
    let trace = invocation.trace;
    let outcome = u32::from(invocation.failed) + 1;
    let duration = invocation.duration + OVERHEAD_NS;
    let fact = |values: &mut Values| Fact {
        request_id: values.text(Value::RequestId(trace)),
        filed_at_unix_nano: values.time(Value::Time {
            after: invocation.start,
            trace,
        }),
        ..Fact::default()
    };
    let before = invocation.begun_before;
    let trace_id = |values: &mut Values| values.bytes(Value::TraceId { trace, before });
    let started = Fact {
        started: Some(Started {
            start_unix_nano: values.time(Value::Time {
                after: invocation.start,
                trace,
            }),
            deadline_unix_nano: values.time(Value::Time {
                after: invocation.start + DEADLINE_NS,
                trace,
            }),
            cold: u32::from(invocation.cold),
            platform_trace_id: trace_id(values),
            trigger: 1,
        }),
        ..fact(values)
    };
    let finished = Fact {
        finished: Some(Finished {
            outcome,
            duration_nano: invocation.duration,
            error_type: match invocation.failed {
                true => "Function.Error".to_owned(),
                false => String::new(),
            },
            sdk_trace_id: trace_id(values),
        }),
        ..fact(values)
    };
    let reported = Fact {
        reported: Some(Reported {
            outcome,
            duration_nano: duration,
            billed_nano: Some(duration.next_multiple_of(BILLED_STEP_NS)),
            max_memory_bytes: Some(MEMORY_BYTES / 4 + ((duration % 97) << 20)),
            init_nano: invocation.cold.then_some(INIT_NS + duration % 100_000_000),
        }),
        ..fact(values)
    };
    [started, finished, reported]
}
