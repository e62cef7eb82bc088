//! Random values of the model's types, for properties.

use std::sync::Arc;

use coldtrace_model::{
    AttributeValue, Attributes, Event, Link, RequestId, Resource, SandboxId, Scope, Span, SpanId,
    SpanKind, SpanOrigin, Status, StatusCode, TraceId, UnixNanos,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Any value that OTLP can carry, nested up to three levels; doubles are never NaN, which equals nothing.
pub fn any_attribute_value() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        Just(AttributeValue::Empty),
        text().prop_map(AttributeValue::String),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<i64>().prop_map(AttributeValue::Int),
        double().prop_map(AttributeValue::Double),
        vec(any::<u8>(), 0..8).prop_map(AttributeValue::Bytes),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(AttributeValue::Array),
            vec((text(), inner), 0..4).prop_map(AttributeValue::KeyValues),
        ]
    })
}

/// Any span that the collector would take; keys repeat now and then, and ends lie before starts.
pub fn any_span() -> impl Strategy<Value = Span> {
    let identity = (
        any_trace_id(),
        any_span_id(),
        option::of(any_span_id()),
        text(),
        any::<u32>(),
    );
    let what = (text(), any_kind(), any_time(), any_time(), any_status());
    let attributes = (any_attributes(), any::<u32>());
    let attached = (
        vec(any_event(), 0..3),
        any::<u32>(),
        vec(any_link(), 0..3),
        any::<u32>(),
    );
    let envelope = (any_resource(), any_scope(), any_origin());
    (identity, what, attributes, attached, envelope).prop_map(
        |(
            (trace_id, span_id, parent_span_id, trace_state, flags),
            (name, kind, start, end, status),
            (attributes, dropped_attributes),
            (events, dropped_events, links, dropped_links),
            (resource, scope, origin),
        )| Span {
            trace_id,
            span_id,
            parent_span_id,
            trace_state,
            flags,
            name,
            kind,
            start,
            end,
            attributes,
            dropped_attributes,
            events,
            dropped_events,
            links,
            dropped_links,
            status,
            resource: Arc::new(resource),
            scope: Arc::new(scope),
            origin,
        },
    )
}

fn any_attributes() -> impl Strategy<Value = Attributes> {
    let key = prop_oneof![
        Just("http.route".to_owned()),
        Just("faas.name".to_owned()),
        text()
    ];
    vec((key, any_attribute_value()), 0..6)
}

fn any_event() -> impl Strategy<Value = Event> {
    (any_time(), text(), any_attributes(), any::<u32>()).prop_map(
        |(time, name, attributes, dropped_attributes)| Event {
            time,
            name,
            attributes,
            dropped_attributes,
        },
    )
}

fn any_link() -> impl Strategy<Value = Link> {
    let ids = (any_trace_id(), any_span_id());
    (ids, text(), any_attributes(), any::<u32>(), any::<u32>()).prop_map(
        |((trace_id, span_id), trace_state, attributes, dropped_attributes, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes,
            flags,
        },
    )
}

fn any_resource() -> impl Strategy<Value = Resource> {
    (any_attributes(), any::<u32>(), text()).prop_map(
        |(attributes, dropped_attributes, schema_url)| Resource {
            attributes,
            dropped_attributes,
            schema_url,
        },
    )
}

fn any_scope() -> impl Strategy<Value = Scope> {
    (text(), text(), any_attributes(), any::<u32>(), text()).prop_map(
        |(name, version, attributes, dropped_attributes, schema_url)| Scope {
            name,
            version,
            attributes,
            dropped_attributes,
            schema_url,
        },
    )
}

fn any_origin() -> impl Strategy<Value = SpanOrigin> {
    let sandbox_id = "[a-f0-9]{1,32}"
        .prop_map(|text| SandboxId::parse(&text).expect("it is neither empty nor long"));
    let request_id = "[a-f0-9-]{1,36}"
        .prop_map(|text| RequestId::parse(&text).expect("it is neither empty nor long"));
    let phase = prop_oneof![
        4 => Just(String::new()),
        1 => Just("invocation".to_owned()),
        1 => Just("init".to_owned()),
    ];
    (option::of(sandbox_id), option::of(request_id), phase).prop_map(
        |(sandbox_id, request_id, phase)| SpanOrigin {
            sandbox_id,
            request_id,
            phase,
        },
    )
}

fn any_status() -> impl Strategy<Value = Status> {
    let code = prop_oneof![
        Just(StatusCode::Unset),
        Just(StatusCode::Ok),
        Just(StatusCode::Error)
    ];
    (code, text()).prop_map(|(code, message)| Status { code, message })
}

fn any_kind() -> impl Strategy<Value = SpanKind> {
    (0..=5).prop_map(SpanKind::from_number)
}

fn any_time() -> impl Strategy<Value = UnixNanos> {
    (1..=UnixNanos::MAX_STORED.0).prop_map(UnixNanos)
}

fn any_trace_id() -> impl Strategy<Value = TraceId> {
    (1..=u128::MAX).prop_map(crate::trace_id)
}

fn any_span_id() -> impl Strategy<Value = SpanId> {
    (1..=u64::MAX).prop_map(crate::span_id)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z.]{0,12}", 1 => "\\PC{0,8}"]
}

fn double() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL
        | prop::num::f64::SUBNORMAL
        | prop::num::f64::ZERO
        | prop::num::f64::INFINITE
}
