//! One request of one function: invocations of about a dozen spans, a few of them much longer or larger than the others.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::REQUEST_SPREAD_NS;
use super::attributes::{self, Work};
use super::numbers::{Numbers, mixed};
use super::template::{Value, Values};

/// An invocation ends here, as the platform's own limit would end it.
const LONGEST_NS: u64 = 30_000_000_000;
/// Spans of one in so many are called from, or call, another function.
const SPANS_PER_CALL: u64 = 125;
/// A call to another function has this number and its trace's, so that the other request finds it.
const CALL: u32 = 0x8000;
/// A span ends up to an eighth later than its template has it. Children leave room for that.
const SPREAD: u64 = 8;
/// Spans with an event that is no error.
const SPANS_PER_EVENT: u64 = 11;
const INVOCATIONS_PER_ERROR: u64 = 40;
const INVOCATIONS_PER_COLD_START: u64 = 25;

/// Which request.
pub(super) struct Shape {
    pub(super) function: u64,
    pub(super) spans: u64,
    /// Its first invocations were called by those of the request before.
    pub(super) called: bool,
}

/// A request before it is encoded.
pub(super) struct Request {
    pub(super) otlp: ExportTraceServiceRequest,
    pub(super) values: Values,
    pub(super) invocations: Vec<Invocation>,
}

/// What facts tell of an invocation.
pub(super) struct Invocation {
    /// Its trace's number.
    pub(super) trace: u32,
    pub(super) begun_before: bool,
    pub(super) start: u64,
    pub(super) duration: u64,
    pub(super) cold: bool,
    pub(super) failed: bool,
}

/// A span that others may stand under.
struct Parent {
    id: Value,
    start: u64,
    duration: u64,
}

/// A request that is being made.
struct Maker<'a> {
    shape: &'a Shape,
    numbers: &'a mut Numbers,
    values: Values,
    spans: Vec<Span>,
    invocations: Vec<Invocation>,
}

/// Makes the request of this shape.
pub(super) fn request(shape: &Shape, numbers: &mut Numbers) -> Request {
    let mut maker = Maker {
        shape,
        numbers,
        values: Values::default(),
        spans: Vec::new(),
        invocations: Vec::new(),
    };
    maker.invocations();
    maker.finish()
}

// === impl Maker ===

impl Maker<'_> {
    fn invocations(&mut self) {
        let calls = (self.shape.spans / SPANS_PER_CALL).max(1);
        // All that call, or are called, fit into the request.
        let largest = (self.shape.spans / (2 * calls)).max(2);
        let mut left = self.shape.spans;
        for trace in 0.. {
            let size = (2 + self.numbers.long_tailed(6)).min(largest).min(left);
            // A root with nothing under it would be no trace.
            let size = if left - size < 2 { left } else { size };
            self.invocation(trace, size, u64::from(trace) < calls);
            left -= size;
            if left == 0 {
                break;
            }
        }
    }

    fn invocation(&mut self, trace: u32, size: u64, crosses: bool) {
        let typical = 2_000_000 << (mixed(self.shape.function) % 7);
        let invocation = Invocation {
            trace,
            begun_before: crosses && self.shape.called,
            start: self.numbers.below(REQUEST_SPREAD_NS),
            duration: self.numbers.long_tailed(typical).min(LONGEST_NS),
            cold: self.numbers.one_in(INVOCATIONS_PER_COLD_START),
            failed: self.numbers.one_in(INVOCATIONS_PER_ERROR),
        };
        let called_by = invocation.begun_before.then_some(Value::SpanId {
            span: CALL | trace,
            before: true,
        });
        let root = Parent {
            id: self.own_id(self.spans.len() as u32),
            start: invocation.start,
            duration: invocation.duration,
        };
        self.span(&root, called_by, Work::Root, &invocation);
        let mut parents = vec![root];
        for n in 1..size {
            let calls = n == 1 && crosses && !self.shape.called;
            let work = match calls {
                true => Work::Call,
                false => Work::any(self.numbers),
            };
            // Half of them right under the root.
            let parent = match self.numbers.one_in(2) {
                true => &parents[0],
                false => &parents[self.numbers.below(parents.len() as u64) as usize],
            };
            let child = Parent {
                id: self.own_id(if calls {
                    CALL | trace
                } else {
                    self.spans.len() as u32
                }),
                start: parent.start + self.numbers.below(parent.duration * 3 / 5 + 1),
                duration: 1 + self.numbers.below(parent.duration * 3 / 10 + 1),
            };
            let parent = parent.id;
            self.span(&child, Some(parent), work, &invocation);
            if matches!(work, Work::Internal) {
                parents.push(child);
            }
        }
        self.invocations.push(invocation);
    }

    fn own_id(&self, span: u32) -> Value {
        let before = false;
        Value::SpanId { span, before }
    }

    fn span(&mut self, own: &Parent, parent: Option<Value>, work: Work, within: &Invocation) {
        let trace = within.trace;
        let number = self.spans.len() as u32;
        let failed = within.failed && (matches!(work, Work::Root) || self.numbers.one_in(8));
        let before = within.begun_before;
        let trace_id = self.values.bytes(Value::TraceId { trace, before });
        let span_id = self.values.bytes(own.id);
        let parent_span_id = parent.map_or_else(Vec::new, |id| self.values.bytes(id));
        let start = self.values.time(Value::Time {
            after: own.start,
            trace,
        });
        let end = self.values.time(Value::End {
            after: own.start + own.duration,
            trace,
            spread: own.duration / SPREAD,
            span: number,
        });
        let context = attributes::Context {
            function: self.shape.function,
            span: number,
            trace,
            cold: within.cold,
            failed,
        };
        let (name, attributes) =
            attributes::of_span(work, &context, self.numbers, &mut self.values);
        let events = self.events(own, trace, failed);
        self.spans.push(Span {
            trace_id,
            span_id,
            parent_span_id,
            flags: 0x101,
            name,
            kind: work.kind(),
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            events,
            status: failed.then(|| Status {
                message: attributes::failure(self.numbers).to_owned(),
                code: 2,
            }),
            ..Span::default()
        });
    }

    fn events(&mut self, own: &Parent, trace: u32, failed: bool) -> Vec<Event> {
        if !failed && !self.numbers.one_in(SPANS_PER_EVENT) {
            return Vec::new();
        }
        let after = own.start + self.numbers.below(own.duration);
        let (name, attributes) = attributes::of_event(failed, self.numbers);
        vec![Event {
            time_unix_nano: self.values.time(Value::Time { after, trace }),
            name,
            attributes,
            ..Event::default()
        }]
    }

    fn finish(mut self) -> Request {
        let resource = attributes::of_resource(self.shape.function, &mut self.values);
        let scope = InstrumentationScope {
            name: "io.opentelemetry.aws-lambda-core-1.0".to_owned(),
            version: "2.18.0-alpha".to_owned(),
            ..InstrumentationScope::default()
        };
        let otlp = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(resource),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans: self.spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        Request {
            otlp,
            values: self.values,
            invocations: self.invocations,
        }
    }
}
