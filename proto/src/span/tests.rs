use std::sync::Arc;

use coldtrace_model::SpanOrigin;
use coldtrace_testkit::any_span;
use proptest::prelude::*;
use prost::Message as _;

use super::*;

fn good() -> otlp::trace::Span {
    otlp::trace::Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: "work".to_owned(),
        start_time_unix_nano: 1,
        ..otlp::trace::Span::default()
    }
}

#[test]
fn what_is_wrong_with_a_span_is_told_with_its_name() {
    type Change = fn(&mut otlp::trace::Span);
    let cases: [(Change, &str); 6] = [
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
            |span| span.parent_span_id = vec![1; 3],
            "span \"work\": parent span id has 3 bytes, must have 8",
        ),
        (
            |span| span.start_time_unix_nano = 0,
            "span \"work\": start time is not set",
        ),
        (
            |span| span.end_time_unix_nano = u64::MAX,
            "span \"work\": its end lies beyond the year 2262",
        ),
    ];
    for (change, expected) in cases {
        let mut span = good();
        change(&mut span);
        let problem = check(&span).expect_err(expected);
        assert_eq!(problem.to_string(), expected);
    }
}

#[test]
fn a_parent_of_zeros_is_a_root() {
    let mut span = good();
    span.parent_span_id = vec![0; 8];
    assert_eq!(check(&span).expect("it is good").parent_span_id, None);
}

proptest! {
    #[test]
    fn a_span_survives_the_wire(span in any_span()) {
        let bytes = from_model(&span).encode_to_vec();
        let read = otlp::trace::Span::decode(bytes.as_slice()).expect("it was just written");
        let origin = span.origin.clone();
        let (resource, scope) = (Arc::clone(&span.resource), Arc::clone(&span.scope));
        prop_assert_eq!(to_model(read, resource, scope, origin), Ok(span));
    }

    #[test]
    fn resources_and_scopes_survive_the_wire(span in any_span()) {
        let resource = resource_from_model(&span.resource);
        let url = span.resource.schema_url.clone();
        prop_assert_eq!(&resource_to_model(Some(resource), url), &*span.resource);
        let scope = scope_from_model(&span.scope);
        let url = span.scope.schema_url.clone();
        prop_assert_eq!(&scope_to_model(Some(scope), url), &*span.scope);
    }

    #[test]
    fn random_bytes_make_no_panic(bytes: Vec<u8>) {
        if let Ok(span) = otlp::trace::Span::decode(bytes.as_slice()) {
            let taken = to_model(span.clone(), Arc::default(), Arc::default(), SpanOrigin::default());
            prop_assert_eq!(taken.is_ok(), check(&span).is_ok());
        }
    }
}
