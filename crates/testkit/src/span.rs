//! Builds spans and their resources.

use std::sync::Arc;

use coldtrace_model::{
    AttributeValue, Event, Link, RequestId, Resource, SandboxId, Scope, Span, SpanKind, SpanOrigin,
    Status, StatusCode, UnixNanos,
};

use crate::{at, span_id, trace_id};

/// Begins a span of this name: trace 1, span 1, internal, of service `checkout`, from 0 to 1 ms.
pub fn span(name: &str) -> SpanBuilder {
    SpanBuilder(Span {
        trace_id: trace_id(1),
        span_id: span_id(1),
        parent_span_id: None,
        trace_state: String::new(),
        flags: 1,
        name: name.to_owned(),
        kind: SpanKind::Internal,
        start: at(0.0),
        end: at(1.0),
        attributes: Vec::new(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        resource: resource("checkout"),
        scope: Arc::new(Scope::default()),
        origin: SpanOrigin::default(),
    })
}

/// The resource of a service.
pub fn resource(service: &str) -> Arc<Resource> {
    Arc::new(Resource {
        attributes: vec![(
            "service.name".to_owned(),
            AttributeValue::String(service.to_owned()),
        )],
        ..Resource::default()
    })
}

/// A span in the making.
#[derive(Clone, Debug)]
pub struct SpanBuilder(Span);

// === impl SpanBuilder ===

impl SpanBuilder {
    /// In the trace of this number.
    #[must_use]
    pub fn trace(mut self, number: u128) -> Self {
        self.0.trace_id = trace_id(number);
        self
    }

    /// With the span id of this number.
    #[must_use]
    pub fn id(mut self, number: u64) -> Self {
        self.0.span_id = span_id(number);
        self
    }

    /// Under the span of this number.
    #[must_use]
    pub fn under(mut self, parent: u64) -> Self {
        self.0.parent_span_id = Some(span_id(parent));
        self
    }

    /// From and to these milliseconds after the epoch.
    #[must_use]
    pub fn at(mut self, start: f64, end: f64) -> Self {
        self.0.start = at(start);
        self.0.end = at(end);
        self
    }

    /// Without an end.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.0.end = UnixNanos(0);
        self
    }

    /// In this role.
    #[must_use]
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Produced by this service.
    #[must_use]
    pub fn service(mut self, name: &str) -> Self {
        self.0.resource = resource(name);
        self
    }

    /// Produced by this resource.
    #[must_use]
    pub fn resource(mut self, resource: &Arc<Resource>) -> Self {
        self.0.resource = Arc::clone(resource);
        self
    }

    /// With one more attribute of its resource.
    #[must_use]
    pub fn resource_attribute(mut self, key: &str, value: &str) -> Self {
        let attributes = &mut Arc::make_mut(&mut self.0.resource).attributes;
        attributes.push((key.to_owned(), AttributeValue::String(value.to_owned())));
        self
    }

    /// Recorded by this library.
    #[must_use]
    pub fn scope(mut self, name: &str) -> Self {
        self.0.scope = Arc::new(Scope {
            name: name.to_owned(),
            ..Scope::default()
        });
        self
    }

    /// Shipped by the extension of this sandbox.
    #[must_use]
    pub fn sandbox(mut self, id: &str) -> Self {
        self.0.origin.sandbox_id = Some(SandboxId::parse(id).expect("a test's id is valid"));
        self
    }

    /// Naming this request.
    #[must_use]
    pub fn request(mut self, id: &str) -> Self {
        self.0.origin.request_id = Some(RequestId::parse(id).expect("a test's id is valid"));
        self
    }

    /// Made from the platform's events for this phase.
    #[must_use]
    pub fn phase(mut self, phase: &str) -> Self {
        self.0.origin.phase = phase.to_owned();
        self
    }

    /// With one more attribute.
    #[must_use]
    pub fn attribute(mut self, key: &str, value: impl Into<IntoValue>) -> Self {
        self.0.attributes.push((key.to_owned(), value.into().0));
        self
    }

    /// Failed, in these words.
    #[must_use]
    pub fn failed(mut self, message: &str) -> Self {
        self.0.status = Status {
            code: StatusCode::Error,
            message: message.to_owned(),
        };
        self
    }

    /// With an event at this many milliseconds after the epoch.
    #[must_use]
    pub fn event(mut self, name: &str, millis: f64) -> Self {
        self.0.events.push(Event {
            time: at(millis),
            name: name.to_owned(),
            attributes: Vec::new(),
            dropped_attributes: 0,
        });
        self
    }

    /// With a link to the span of this number in the trace of that.
    #[must_use]
    pub fn link(mut self, trace: u128, span: u64) -> Self {
        self.0.links.push(Link {
            trace_id: trace_id(trace),
            span_id: span_id(span),
            trace_state: String::new(),
            attributes: Vec::new(),
            dropped_attributes: 0,
            flags: 0,
        });
        self
    }

    /// The span.
    pub fn build(self) -> Span {
        self.0
    }
}

/// What tests write for an attribute's value.
pub struct IntoValue(AttributeValue);

impl From<&str> for IntoValue {
    fn from(text: &str) -> Self {
        Self(AttributeValue::String(text.to_owned()))
    }
}

impl From<i64> for IntoValue {
    fn from(number: i64) -> Self {
        Self(AttributeValue::Int(number))
    }
}

impl From<f64> for IntoValue {
    fn from(number: f64) -> Self {
        Self(AttributeValue::Double(number))
    }
}

impl From<bool> for IntoValue {
    fn from(value: bool) -> Self {
        Self(AttributeValue::Bool(value))
    }
}

impl From<AttributeValue> for IntoValue {
    fn from(value: AttributeValue) -> Self {
        Self(value)
    }
}
