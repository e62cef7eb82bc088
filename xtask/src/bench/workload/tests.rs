//! What the benchmarks rely on.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::*;

const BASE: u64 = 1_700_000_000_000_000_000;

fn workload(spans_per_request: u64, facts: bool) -> Workload {
    Workload::new(Options {
        seed: 7,
        spans_per_request,
        facts,
    })
}

fn request(workload: &Workload, number: u64) -> ExportTraceServiceRequest {
    let mut body = Vec::new();
    workload.write(number, BASE, &mut body);
    ExportTraceServiceRequest::decode(&body[..]).expect("it is OTLP")
}

fn spans(request: &ExportTraceServiceRequest) -> &[Span] {
    &request.resource_spans[0].scope_spans[0].spans
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let bodies = |seed| {
        let workload = Workload::new(Options {
            seed,
            spans_per_request: 20,
            facts: true,
        });
        (0..50)
            .map(|number| {
                let mut body = Vec::new();
                workload.write(number, BASE, &mut body);
                body
            })
            .collect::<Vec<_>>()
    };
    assert!(bodies(7) == bodies(7), "a run can be repeated");
    assert!(bodies(7) != bodies(8), "another seed is another workload");
}

#[test]
fn no_span_id_comes_twice_and_traces_stay_together() {
    for spans_per_request in [20, 500] {
        let workload = workload(spans_per_request, false);
        let mut ids = HashSet::new();
        for number in (0..80).step_by(2) {
            let pair = [request(&workload, number), request(&workload, number + 1)];
            let mut trace_of = BTreeMap::new();
            for span in pair.iter().flat_map(spans) {
                assert!(ids.insert(span.span_id.clone()), "a span id came twice");
                trace_of.insert(&span.span_id, &span.trace_id);
            }
            for span in pair.iter().flat_map(spans) {
                assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
                if !span.parent_span_id.is_empty() {
                    let of_parent = trace_of.get(&span.parent_span_id);
                    assert_eq!(of_parent, Some(&&span.trace_id), "a parent is in its trace");
                }
            }
        }
        assert_eq!(ids.len() as u64, 80 * spans_per_request);
    }
}

#[test]
fn traces_cross_functions() {
    let workload = workload(500, false);
    let (first, second) = (request(&workload, 0), request(&workload, 1));
    let traces = |request| -> BTreeSet<Vec<u8>> {
        spans(request)
            .iter()
            .map(|span| span.trace_id.clone())
            .collect()
    };
    let shared = traces(&first).intersection(&traces(&second)).count();
    assert_eq!(shared, 4, "one in 125 spans is such a call");
}

#[test]
fn keys_have_as_many_values_as_is_told() {
    let workload = workload(20, false);
    let mut seen: BTreeMap<String, (u64, HashSet<Vec<u8>>)> = BTreeMap::new();
    let mut count = |attribute: &KeyValue| {
        let (times, values) = seen.entry(attribute.key.clone()).or_default();
        *times += 1;
        values.insert(attribute.encode_to_vec());
    };
    for number in 0..5_000 {
        let request = request(&workload, number);
        let resource = request.resource_spans[0].resource.as_ref();
        resource
            .expect("there is one")
            .attributes
            .iter()
            .for_each(&mut count);
        for span in spans(&request) {
            span.attributes.iter().for_each(&mut count);
            let events = span.events.iter();
            events
                .flat_map(|event| &event.attributes)
                .for_each(&mut count);
        }
    }
    let told = workload.distinct_values();
    assert!(
        told.keys().copied().eq(seen.keys().map(String::as_str)),
        "all keys are told"
    );
    for (key, (times, values)) in seen {
        let found = values.len() as u64;
        match told[key.as_str()] {
            // Of large pools, and of what functions do that are rarely called, not all has come yet.
            Distinct::Values(values) if values > 100 => assert!(found <= values, "{key}: {found}"),
            Distinct::Values(values) => {
                assert!(
                    found <= values && found * 10 >= values * 9,
                    "{key}: {found}"
                );
            }
            Distinct::Every => assert_eq!(found, times, "{key}"),
        }
    }
}

#[test]
fn a_span_is_as_large_as_the_budgets_assume() {
    let workload = workload(500, false);
    let (mut bytes, mut attributes, mut events) = (0, 0, 0);
    let mut body = Vec::new();
    for number in 0..100 {
        workload.write(number, BASE, &mut body);
        bytes += body.len();
        for span in spans(&request(&workload, number)) {
            attributes += span.attributes.len();
            events += span.events.len();
        }
    }
    assert!(
        (440..=470).contains(&(bytes / 50_000)),
        "{}",
        bytes / 50_000
    );
    assert_eq!(attributes, 11 * 50_000);
    assert!(
        (4_000..=6_000).contains(&events),
        "one in about ten: {events}"
    );
}

#[test]
fn facts_name_the_invocations_of_their_payload() {
    let workload = workload(500, true);
    let mut body = Vec::new();
    workload.write(3, BASE, &mut body);
    let export = export::ExportRequest::decode(&body[..]).expect("it is an Export");
    let payload = ExportTraceServiceRequest::decode(&export.payloads[0].request[..]);
    let payload = payload.expect("it is OTLP");
    let named: Vec<String> = spans(&payload)
        .iter()
        .flat_map(|span| &span.attributes)
        .filter(|attribute| attribute.key == "faas.invocation_id")
        .map(|attribute| format!("{:?}", attribute.value))
        .collect();
    assert_eq!(named.len() as u64, workload.invocations(3..4));
    assert_eq!(
        export.facts.len(),
        3 * named.len(),
        "started, finished, reported"
    );
    for fact in &export.facts {
        assert!(named.iter().any(|named| named.contains(&fact.request_id)));
        assert!(fact.filed_at_unix_nano >= BASE);
    }
}

#[test]
fn a_timeline_fills_its_range_in_bursts() {
    let timeline = Timeline::new(BASE..BASE + 86_400_000_000_000, 48_000);
    let times: Vec<u64> = (0..48_000).map(|request| timeline.at(request)).collect();
    assert!(times.is_sorted());
    assert_eq!(times[0], BASE);
    // An hour has one burst: half of its requests in its first eighth.
    let first = times
        .iter()
        .filter(|time| **time < BASE + 450_000_000_000)
        .count();
    assert_eq!(first, 1_000);
}
