//! Spans to the model and back, and which are refused.

use std::sync::Arc;

use coldtrace_model::{AttributeValue, Resource, Scope, SpanKind, SpanOrigin};
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::arbitrary;
use crate::otlp::common::{AnyValue, KeyValue, any_value::Value};

fn model(span: &otlp::trace::Span) -> Span {
    to_model(
        span.clone(),
        Arc::new(Resource::default()),
        Arc::new(Scope::default()),
        SpanOrigin::default(),
    )
    .expect("a span that can be taken")
}

fn taken() -> otlp::trace::Span {
    otlp::trace::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: "work".to_owned(),
        start_time_unix_nano: 1,
        end_time_unix_nano: 2,
        ..otlp::trace::Span::default()
    }
}

/// The span with what the model tells apart no more: no value and an empty one, no status and one of zeros, numbers of
/// enumerations that nobody knows.
fn plain(mut span: otlp::trace::Span) -> otlp::trace::Span {
    span.kind = i32::from(SpanKind::from_number(span.kind) as u8);
    let status = span.status.get_or_insert_default();
    status.code = i32::from(StatusCode::from_number(status.code) as u8);
    span.attributes.iter_mut().for_each(fill);
    for event in &mut span.events {
        event.attributes.iter_mut().for_each(fill);
    }
    for link in &mut span.links {
        link.attributes.iter_mut().for_each(fill);
    }
    span
}

fn fill(pair: &mut KeyValue) {
    fill_value(pair.value.get_or_insert_default());
}

fn fill_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Value::ArrayValue(list)) => list.values.iter_mut().for_each(fill_value),
        Some(Value::KvlistValue(list)) => list.values.iter_mut().for_each(fill),
        _ => {}
    }
}

proptest! {
    /// Bytes are compared, since NaN is not equal to itself.
    #[test]
    fn a_span_comes_back_from_the_model_as_it_went_in(span in arbitrary::span()) {
        let back = from_model(&model(&span));
        prop_assert_eq!(back.encode_to_vec(), plain(span).encode_to_vec());
    }

    #[test]
    fn a_resource_and_a_scope_come_back_from_the_model(
        resource in arbitrary::resource(),
        scope in arbitrary::scope(),
    ) {
        let filled = |mut attributes: Vec<KeyValue>| {
            attributes.iter_mut().for_each(fill);
            attributes
        };
        let back = resource_from_model(&resource_to_model(Some(resource.clone()), String::new()));
        let expected = otlp::resource::Resource {
            attributes: filled(resource.attributes.clone()),
            ..resource
        };
        prop_assert_eq!(back.encode_to_vec(), expected.encode_to_vec());
        let back = scope_from_model(&scope_to_model(Some(scope.clone()), String::new()));
        let expected = otlp::common::InstrumentationScope {
            attributes: filled(scope.attributes.clone()),
            ..scope
        };
        prop_assert_eq!(back.encode_to_vec(), expected.encode_to_vec());
    }
}

#[test]
fn a_bad_span_says_which_it_is_and_why() {
    type Spoil = fn(&mut otlp::trace::Span);
    let cases: [(Spoil, &str); 8] = [
        (
            |span| span.trace_id = vec![1; 2],
            "span \"work\": trace id has 2 bytes, must have 16",
        ),
        (
            |span| span.trace_id = vec![0; 16],
            "span \"work\": trace id is all zeros",
        ),
        (
            |span| span.span_id.clear(),
            "span \"work\": span id has 0 bytes, must have 8",
        ),
        (
            |span| span.span_id = vec![0; 8],
            "span \"work\": span id is all zeros",
        ),
        (
            |span| span.parent_span_id = vec![1],
            "span \"work\": parent span id has 1 bytes, must have 8",
        ),
        (
            |span| span.start_time_unix_nano = 0,
            "span \"work\": start time is not set",
        ),
        (
            |span| span.start_time_unix_nano = u64::MAX,
            "span \"work\": its start lies beyond the year 2262",
        ),
        (
            |span| span.end_time_unix_nano = 1 << 63,
            "span \"work\": its end lies beyond the year 2262",
        ),
    ];
    for (spoil, message) in cases {
        let mut span = taken();
        spoil(&mut span);
        assert_eq!(check(head(&span)).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_parent_of_zeros_is_none() {
    let span = otlp::trace::Span {
        parent_span_id: vec![0; 8],
        ..taken()
    };
    assert_eq!(check(head(&span)).unwrap().parent_span_id, None);
}

#[test]
fn an_end_that_is_not_set_or_lies_before_the_start_is_kept() {
    for end in [0, 1] {
        let span = otlp::trace::Span {
            start_time_unix_nano: 5,
            end_time_unix_nano: end,
            ..taken()
        };
        assert_eq!(model(&span).end, UnixNanos(end));
    }
}

#[test]
fn a_link_to_nothing_is_left_out() {
    let link = |trace_id: Vec<u8>, span_id: Vec<u8>| otlp::trace::span::Link {
        trace_id,
        span_id,
        ..otlp::trace::span::Link::default()
    };
    let span = otlp::trace::Span {
        links: vec![
            link(vec![0; 16], vec![1; 8]),
            link(vec![3; 16], vec![4; 8]),
            link(vec![3; 16], vec![]),
        ],
        ..taken()
    };
    let links = model(&span).links;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].trace_id.as_bytes(), &[3; 16]);
}

#[test]
fn repeated_keys_keep_their_order() {
    let pair = |number| KeyValue {
        key: "k".to_owned(),
        value: Some(AnyValue {
            value: Some(Value::IntValue(number)),
        }),
        ..KeyValue::default()
    };
    let span = otlp::trace::Span {
        attributes: vec![pair(2), pair(1)],
        ..taken()
    };
    assert_eq!(
        model(&span).attributes,
        [
            ("k".to_owned(), AttributeValue::Int(2)),
            ("k".to_owned(), AttributeValue::Int(1))
        ]
    );
}
