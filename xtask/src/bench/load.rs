//! What is sent: OTLP requests that were encoded beforehand, made different from each other by their ids and times.
//!
//! The collector recognises a request that comes again, so no two may be equal. Encoding anew would take as much of the
//! processor as what is measured, so only the bytes that must differ are written over.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

/// Spans of one request, as an SDK's batch processor sends them.
pub(super) const SPANS_PER_REQUEST: u64 = 500;
/// A root and its children.
pub(super) const SPANS_PER_TRACE: u64 = 10;
/// Different sets of values, so that what is stored does not compress as if it were all the same.
const TEMPLATES: u64 = 64;

/// A source of numbers that look random and are the same in every run.
pub(super) struct Numbers(u64);

/// Encoded requests.
pub(super) struct Load(Vec<Template>);

/// One encoded request, and where in it stands what must differ.
struct Template {
    body: Vec<u8>,
    places: Vec<Place>,
}

/// Bytes to be written over, and from which number they are derived.
struct Place {
    at: usize,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// 16 bytes.
    TraceId(u64),
    /// 8 bytes.
    SpanId(u64),
    /// 8 bytes, little-endian: nanoseconds after the base time.
    Time(u64),
}

// === impl Load ===

impl Load {
    /// Encodes all templates.
    pub(super) fn encode(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let template = |_| Template::encode(&mut numbers);
        Self((0..TEMPLATES).map(template).collect())
    }

    /// Writes the request of this number into `body`. Its spans start at `base`, Unix nanoseconds.
    pub(super) fn write(&self, number: u64, base: u64, body: &mut Vec<u8>) {
        let template = &self.0[(number % TEMPLATES) as usize];
        body.clear();
        body.extend_from_slice(&template.body);
        for place in &template.places {
            let derived = |n: u64| mixed(mixed(number) ^ n).max(1);
            let target = &mut body[place.at..];
            match place.what {
                What::TraceId(n) => {
                    target[..8].copy_from_slice(&derived(n).to_be_bytes());
                    target[8..16].copy_from_slice(&derived(!n).to_be_bytes());
                }
                What::SpanId(n) => target[..8].copy_from_slice(&derived(n).to_be_bytes()),
                What::Time(after) => target[..8].copy_from_slice(&(base + after).to_le_bytes()),
            }
        }
    }
}

// === impl Template ===

impl Template {
    /// Every id and time is first encoded as a number that is found again in the bytes.
    fn encode(numbers: &mut Numbers) -> Self {
        let mut marks = Marks::default();
        let spans = (0..SPANS_PER_REQUEST)
            .map(|n| span(n, &mut marks, numbers))
            .collect();
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![
                        text("service.name", format!("service-{}", numbers.below(20))),
                        text("faas.instance", format!("{:016x}", numbers.next())),
                    ],
                    ..Resource::default()
                }),
                scope_spans: vec![ScopeSpans {
                    scope: Some(InstrumentationScope {
                        name: "bench".to_owned(),
                        ..InstrumentationScope::default()
                    }),
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        let body = request.encode_to_vec();
        let places = marks.find(&body);
        Self { body, places }
    }
}

/// Marks in the order in which protobuf writes them.
#[derive(Default)]
struct Marks(Vec<(Vec<u8>, What)>);

impl Marks {
    fn id(&mut self, length: usize, what: What) -> Vec<u8> {
        let mut mark = vec![0xfe; length];
        let number = (self.0.len() as u32).to_be_bytes();
        mark[..4].copy_from_slice(&number);
        self.0.push((mark.clone(), what));
        mark
    }

    fn time(&mut self, after: u64) -> u64 {
        let mark = self.id(8, What::Time(after));
        u64::from_le_bytes(mark.try_into().expect("it has eight bytes"))
    }

    fn find(self, body: &[u8]) -> Vec<Place> {
        let mut from = 0;
        let find = |(mark, what): (Vec<u8>, What)| {
            let at = body[from..]
                .windows(mark.len())
                .position(|window| window == mark)
                .expect("protobuf writes the fields of a message in their order");
            from += at + mark.len();
            Place {
                at: from - mark.len(),
                what,
            }
        };
        self.0.into_iter().map(find).collect()
    }
}

/// The span of this number in its request: a root, then nine children of it.
fn span(n: u64, marks: &mut Marks, numbers: &mut Numbers) -> Span {
    let root = n - n % SPANS_PER_TRACE;
    let is_root = n == root;
    let trace_id = marks.id(16, What::TraceId(root));
    let span_id = marks.id(8, What::SpanId(n));
    let parent_span_id = match is_root {
        true => Vec::new(),
        false => marks.id(8, What::SpanId(root)),
    };
    let start = n * 1_000_000 + numbers.below(1_000_000);
    let length = 1_000_000 + numbers.below(50_000_000);
    Span {
        trace_id,
        span_id,
        parent_span_id,
        name: ["GET /orders", "SELECT orders", "PUT object", "POST /pay"]
            [numbers.below(4) as usize]
            .to_owned(),
        kind: if is_root { 2 } else { 3 },
        start_time_unix_nano: marks.time(start),
        end_time_unix_nano: marks.time(start + length),
        attributes: attributes(numbers),
        status: Some(Status::default()),
        flags: 1,
        ..Span::default()
    }
}

/// Ten, of which some repeat and some do not, as in life.
fn attributes(numbers: &mut Numbers) -> Vec<KeyValue> {
    let mut choose = |from: &[&str]| from[numbers.below(from.len() as u64) as usize].to_owned();
    let method = choose(&["GET", "GET", "GET", "POST", "PUT"]);
    let route = choose(&["/orders/{id}", "/orders", "/pay", "/stock/{sku}"]);
    let peer = choose(&["db-1.internal", "db-2.internal", "pay.internal"]);
    vec![
        text("http.request.method", method),
        text("http.route", route),
        text("server.address", peer),
        number("server.port", 443),
        number("http.response.status_code", 200),
        text("user_agent.original", "okhttp/4.12.0".to_owned()),
        text("url.path", format!("/orders/{}", numbers.below(100_000))),
        text("enduser.id", format!("user-{}", numbers.below(5_000))),
        number("http.response.body.size", numbers.below(20_000) as i64),
        text("order.id", format!("{:016x}", numbers.next())),
    ]
}

fn text(key: &str, value: String) -> KeyValue {
    attribute(key, Value::StringValue(value))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

// === impl Numbers ===

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Another number for every number, with nothing in common (the end of splitmix64).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_request_is_valid_and_no_two_are_equal() {
        let load = Load::encode(7);
        let mut ids = BTreeSet::new();
        let mut body = Vec::new();
        for number in [0, 1, TEMPLATES] {
            load.write(number, 1_000, &mut body);
            let request = ExportTraceServiceRequest::decode(&body[..]).expect("it is OTLP");
            let spans = &request.resource_spans[0].scope_spans[0].spans;
            assert_eq!(spans.len() as u64, SPANS_PER_REQUEST);
            for trace in spans.chunks(SPANS_PER_TRACE as usize) {
                for child in &trace[1..] {
                    assert_eq!(child.trace_id, trace[0].trace_id);
                    assert_eq!(child.parent_span_id, trace[0].span_id);
                }
            }
            assert!(spans[0].start_time_unix_nano < 2_000_000);
            ids.extend(spans.iter().map(|span| span.span_id.clone()));
        }
        assert_eq!(ids.len() as u64, 3 * SPANS_PER_REQUEST);
    }
}
