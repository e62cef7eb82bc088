use coldtrace_model::{Tenant, UnixNanos};
use coldtrace_proto::otlp::ExportTraceServiceRequest;
use coldtrace_proto::otlp::common::any_value::Value;
use coldtrace_proto::otlp::common::{AnyValue, KeyValue};
use coldtrace_proto::otlp::resource::Resource;
use coldtrace_proto::otlp::trace::{ResourceSpans, ScopeSpans, Span};
use coldtrace_proto::v1::{ExportRequest, OtlpPayload, Sandbox};
use coldtrace_store::native::Table;
use prost::Message as _;

use super::*;
use crate::log::{Body, ResendKey, Signal};

mod merged;

const NOW: u64 = 20_000 * 86_400_000_000_000;

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

/// A server's span of an invocation, made by a function on another platform.
fn span(number: u8) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![number; 8],
        name: "work".to_owned(),
        kind: 2,
        start_time_unix_nano: NOW - u64::from(number),
        end_time_unix_nano: NOW,
        attributes: vec![attribute("faas.invocation_id", "request")],
        ..Span::default()
    }
}

fn traces(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    let resource = Resource {
        attributes: vec![attribute("service.name", "checkout")],
        ..Resource::default()
    };
    let resource_spans = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![scope_spans],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![resource_spans],
    }
}

fn logged(signal: Signal, body: Vec<u8>) -> Request {
    Request {
        tenant: Tenant::single(),
        signal,
        admitted_at: UnixNanos(NOW),
        keep_days: 14,
        rows: 1,
        rejected: 0,
        key: ResendKey::Bytes([0; 16]),
        body: Body::new(body.into()),
    }
}

fn plain(spans: Vec<Span>) -> Request {
    logged(Signal::Traces, traces(spans).encode_to_vec())
}

fn through_an_extension(spans: Vec<Span>) -> Request {
    let export = ExportRequest {
        sandbox: Some(Sandbox {
            id: "sandbox".to_owned(),
            function: "checkout".to_owned(),
            ..Sandbox::default()
        }),
        payloads: vec![OtlpPayload {
            signal: 1,
            request: traces(spans).encode_to_vec().into(),
            platform: false,
        }],
        ..ExportRequest::default()
    };
    logged(Signal::Ingest, export.encode_to_vec())
}

fn blocks(requests: &[Request]) -> Vec<Block> {
    let mut building = Building::default();
    for request in requests {
        building.add(request);
    }
    building.finish().blocks
}

fn rows(requests: &[Request], table: Table) -> u64 {
    let blocks = blocks(requests);
    let of_table = blocks.iter().filter(|block| block.table == table);
    of_table.map(|block| block.rows).sum()
}

#[test]
fn a_replay_builds_the_same_blocks() {
    let requests = [
        plain((1..100).map(span).collect()),
        through_an_extension((100..200).map(span).collect()),
    ];
    let told = |blocks: Vec<Block>| format!("{blocks:?}");
    let build = || told(blocks(&requests));
    assert_eq!(build(), build());
}

#[test]
fn what_the_reply_rejected_is_not_stored() {
    let mut zero = span(1);
    zero.trace_id = vec![0; 16];
    let mut old = span(2);
    old.start_time_unix_nano = NOW - 15 * 86_400_000_000_000;
    let mut ahead = span(3);
    ahead.start_time_unix_nano = NOW + 2 * 86_400_000_000_000;
    assert_eq!(
        rows(&[plain(vec![zero, old, span(4), ahead])], Table::Spans),
        1
    );
}

#[test]
fn plain_spans_of_functions_make_facts_and_those_of_a_sandbox_do_not() {
    assert_eq!(rows(&[plain(vec![span(1)])], Table::Invocations), 1);
    let mut nameless = span(1);
    nameless.attributes = vec![attribute("faas.trigger", "http")];
    assert_eq!(rows(&[plain(vec![nameless])], Table::Invocations), 1);
    let mut inner = span(1);
    inner.kind = 1;
    assert_eq!(rows(&[plain(vec![inner])], Table::Invocations), 0);
    let shipped = [through_an_extension(vec![span(1)])];
    assert_eq!(rows(&shipped, Table::Invocations), 0);
    assert_eq!(rows(&shipped, Table::Sandboxes), 1);
}

#[test]
fn a_resource_is_written_once_for_each_day_that_names_it() {
    let mut yesterday = span(3);
    yesterday.start_time_unix_nano = NOW - 86_400_000_000_000;
    let mut today = span(4);
    today.start_time_unix_nano = NOW;
    let requests = [
        plain(vec![span(1), span(2), today.clone()]),
        plain(vec![yesterday, today]),
    ];
    // The moment `NOW` begins a day: what is a nanosecond before is of the day before.
    assert_eq!(rows(&requests, Table::Resources), 2);
    assert_eq!(rows(&requests, Table::Scopes), 2);
}
