//! The SDKs' own exporters, each exporting one trace after the other for a while and telling what became of each.
//!
//! Not here: whether that is true. Each has its own idea of how often to try again; all have time for it.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use coldtrace_tests::{Backend, run_json};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry_otlp::{
    RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::sdk::{node_client, python_client};

/// In each trace.
pub(super) const SPANS: usize = 20;
/// For one export with all its attempts.
const TIMEOUT: Duration = Duration::from_secs(60);
/// What Rust's exporter is told; the others have five of their own.
const RETRIES: usize = 8;

/// One trace, and what its exporter said became of it.
pub(super) struct Export {
    pub(super) trace_id: String,
    pub(super) is_taken: bool,
    pub(super) took: Duration,
}

/// Exports until its time is over.
type Run<'a> = Box<dyn FnOnce() -> Vec<Export> + Send + 'a>;

/// Every exporter by its name.
pub(super) fn all(backend: &Backend, length: Duration) -> Vec<(&'static str, Run<'_>)> {
    let python = move |protocol: &'static str, endpoint: &str| {
        let mut client = python_client();
        client.args(["--protocol", protocol, "--endpoint", endpoint]);
        process(client, length)
    };
    let mut node = node_client();
    node.args(["--endpoint", &backend.http]);
    vec![
        ("Python over gRPC", python("grpc", &backend.grpc)),
        ("Python over HTTP", python("http", &backend.http)),
        ("Node over HTTP", process(node, length)),
        (
            "Rust over gRPC",
            rust(over_grpc, &backend.grpc, 0x1000_0000, length),
        ),
        (
            "Rust over HTTP",
            rust(over_http, &backend.http, 0x2000_0000, length),
        ),
    ]
}

fn process<'a>(mut client: Command, length: Duration) -> Run<'a> {
    client
        .args(["--spans", &SPANS.to_string()])
        .args(["--timeout", &TIMEOUT.as_secs().to_string()])
        .args(["--seconds", &length.as_secs().to_string()]);
    Box::new(move || {
        let told = run_json(&mut client);
        let exports = told["exports"].as_array().expect("a list of exports");
        exports.iter().map(Export::read).collect()
    })
}

fn rust(
    build: impl FnOnce(&str) -> SpanExporter + Send + 'static,
    endpoint: &str,
    family: u128,
    length: Duration,
) -> Run<'_> {
    Box::new(move || {
        let runtime = Runtime::new().expect("a runtime");
        let _inside = runtime.enter();
        let exporter = build(endpoint);
        let began = Instant::now();
        let mut exports = Vec::new();
        while began.elapsed() < length {
            let trace_id = TraceId::from((family << 96) + exports.len() as u128 + 1);
            let asked = Instant::now();
            let exported = runtime.block_on(exporter.export(trace(trace_id)));
            exports.push(Export {
                trace_id: trace_id.to_string(),
                is_taken: exported.is_ok(),
                took: asked.elapsed(),
            });
        }
        exports
    })
}

fn over_grpc(endpoint: &str) -> SpanExporter {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(TIMEOUT)
        .with_retry_policy(RetryPolicy::default().with_max_retries(RETRIES));
    exporter.build().expect("nothing is wrong with it")
}

fn over_http(endpoint: &str) -> SpanExporter {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .with_timeout(TIMEOUT)
        .with_retry_policy(RetryPolicy::default().with_max_retries(RETRIES));
    exporter.build().expect("nothing is wrong with it")
}

fn trace(trace_id: TraceId) -> Vec<SpanData> {
    let now = SystemTime::now();
    let span = |number: u64| SpanData {
        span_context: SpanContext::new(
            trace_id,
            SpanId::from(number),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: "work".into(),
        start_time: now,
        end_time: now,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: Default::default(),
    };
    (1..=SPANS as u64).map(span).collect()
}

// === impl Export ===

impl Export {
    fn read(told: &Value) -> Self {
        let took = told["seconds"].as_f64().expect("a number");
        Self {
            trace_id: told["trace_id"].as_str().expect("an id").to_owned(),
            is_taken: told["is_taken"].as_bool().expect("yes or no"),
            took: Duration::from_secs_f64(took),
        }
    }
}
