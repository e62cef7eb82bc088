//! Strategies for OTLP messages: every kind of value, nested, with repeated keys, odd numbers and what is left unset.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::otlp::common::any_value::Value;
use crate::otlp::common::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use crate::otlp::logs::{LogRecord, ResourceLogs, ScopeLogs};
use crate::otlp::resource::Resource;
use crate::otlp::trace::span::{Event, Link};
use crate::otlp::trace::{ResourceSpans, ScopeSpans, Span, Status};
use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};

/// Few enough keys that they repeat.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[abc]", 1 => ".{0,6}"]
}

pub(crate) fn any_value() -> impl Strategy<Value = AnyValue> {
    let value = prop_oneof![
        Just(None),
        ".{0,8}".prop_map(|text| Some(Value::StringValue(text))),
        any::<bool>().prop_map(|truth| Some(Value::BoolValue(truth))),
        any::<i64>().prop_map(|number| Some(Value::IntValue(number))),
        double().prop_map(|number| Some(Value::DoubleValue(number))),
        vec(any::<u8>(), 0..8).prop_map(|bytes| Some(Value::BytesValue(bytes))),
    ];
    let leaf = value.prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let array = vec(inner.clone(), 0..4).prop_map(|values| ArrayValue { values });
        let pairs = vec((key(), option::of(inner)), 0..4);
        prop_oneof![
            array.prop_map(Value::ArrayValue),
            pairs.prop_map(|pairs| {
                let pairs = pairs.into_iter().map(|(key, value)| key_value(key, value));
                Value::KvlistValue(KeyValueList {
                    values: pairs.collect(),
                })
            }),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

/// Of the many that are no number only the usual one: JSON has no other.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => any::<f64>(),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(-0.0),
    ]
}

fn key_value(key: String, value: Option<AnyValue>) -> KeyValue {
    KeyValue {
        key,
        value,
        ..KeyValue::default()
    }
}

pub(crate) fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(
        (key(), option::weighted(0.9, any_value())).prop_map(|(key, value)| key_value(key, value)),
        0..6,
    )
}

fn trace_id() -> impl Strategy<Value = Vec<u8>> {
    any::<[u8; 16]>().prop_map(|mut id| {
        id[0] |= 1;
        id.to_vec()
    })
}

fn span_id() -> impl Strategy<Value = Vec<u8>> {
    any::<[u8; 8]>().prop_map(|mut id| {
        id[0] |= 1;
        id.to_vec()
    })
}

fn maybe(id: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    option::of(id).prop_map(Option::unwrap_or_default)
}

fn event() -> impl Strategy<Value = Event> {
    (any::<u64>(), ".{0,8}", attributes(), any::<u32>()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (
        trace_id(),
        span_id(),
        ".{0,8}",
        attributes(),
        any::<u32>(),
        any::<u32>(),
    )
        .prop_map(
            |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
                trace_id,
                span_id,
                trace_state,
                attributes,
                dropped_attributes_count,
                flags,
            },
        )
}

fn status() -> impl Strategy<Value = Status> {
    (".{0,8}", prop_oneof![0..=2i32, any::<i32>()])
        .prop_map(|(message, code)| Status { message, code })
}

/// Spans that can be taken.
pub(crate) fn span() -> impl Strategy<Value = Span> {
    let stored_time = 1..=u64::try_from(i64::MAX).expect("positive");
    let end = prop_oneof![1 => Just(0), 4 => stored_time.clone()];
    let ids = (trace_id(), span_id(), maybe(span_id()));
    let kind = prop_oneof![0..=5i32, any::<i32>()];
    let head = (".{0,8}", any::<u32>(), ".{0,8}", kind, stored_time, end);
    let parts = (
        attributes(),
        vec(event(), 0..3),
        vec(link(), 0..3),
        option::of(status()),
    );
    (ids, head, parts, any::<[u32; 3]>()).prop_map(|(ids, head, parts, dropped)| Span {
        trace_id: ids.0,
        span_id: ids.1,
        parent_span_id: ids.2,
        trace_state: head.0,
        flags: head.1,
        name: head.2,
        kind: head.3,
        start_time_unix_nano: head.4,
        end_time_unix_nano: head.5,
        attributes: parts.0,
        dropped_attributes_count: dropped[0],
        events: parts.1,
        dropped_events_count: dropped[1],
        links: parts.2,
        dropped_links_count: dropped[2],
        status: parts.3,
    })
}

pub(crate) fn log_record() -> impl Strategy<Value = LogRecord> {
    let head = (any::<u64>(), any::<u64>(), 0..=24i32, ".{0,8}", ".{0,8}");
    let ids = (maybe(trace_id()), maybe(span_id()));
    let parts = (option::of(any_value()), attributes());
    (head, ids, parts, any::<[u32; 2]>()).prop_map(|(head, ids, parts, numbers)| LogRecord {
        time_unix_nano: head.0,
        observed_time_unix_nano: head.1,
        severity_number: head.2,
        severity_text: head.3,
        event_name: head.4,
        trace_id: ids.0,
        span_id: ids.1,
        body: parts.0,
        attributes: parts.1,
        dropped_attributes_count: numbers[0],
        flags: numbers[1],
    })
}

pub(crate) fn resource() -> impl Strategy<Value = Resource> {
    (attributes(), any::<u32>()).prop_map(|(attributes, dropped_attributes_count)| Resource {
        attributes,
        dropped_attributes_count,
        ..Resource::default()
    })
}

pub(crate) fn scope() -> impl Strategy<Value = InstrumentationScope> {
    (".{0,8}", ".{0,8}", attributes(), any::<u32>()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| InstrumentationScope {
            name,
            version,
            attributes,
            dropped_attributes_count,
        },
    )
}

pub(crate) fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope_spans = (option::of(scope()), vec(span(), 0..3), "[a-z/]{0,4}").prop_map(
        |(scope, spans, schema_url)| ScopeSpans {
            scope,
            spans,
            schema_url,
        },
    );
    let resource_spans = (
        option::of(resource()),
        vec(scope_spans, 0..3),
        "[a-z/]{0,4}",
    )
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans {
            resource,
            scope_spans,
            schema_url,
        });
    vec(resource_spans, 0..3)
        .prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

pub(crate) fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scope_logs = (option::of(scope()), vec(log_record(), 0..3), "[a-z/]{0,4}").prop_map(
        |(scope, log_records, schema_url)| ScopeLogs {
            scope,
            log_records,
            schema_url,
        },
    );
    let resource_logs = (option::of(resource()), vec(scope_logs, 0..3), "[a-z/]{0,4}").prop_map(
        |(resource, scope_logs, schema_url)| ResourceLogs {
            resource,
            scope_logs,
            schema_url,
        },
    );
    vec(resource_logs, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}
