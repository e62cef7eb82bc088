//! A rebuilt trace as queries see it: fields of its spans, and who stands where.

use std::borrow::Cow;

use coldtrace_analysis::Trace;
use coldtrace_model::{Attributes, Span, attribute};

use crate::field::{Field, Intrinsic, Scope};
use crate::value::Value;

/// A trace, with what structure needs computed once.
#[derive(Debug)]
pub struct Tree<'a> {
    trace: &'a Trace,
    /// Of each node, how many stand below it, itself included.
    sizes: Vec<usize>,
    /// Of each node, how many stand directly below it.
    children: Vec<u32>,
}

// === impl Tree ===

impl<'a> Tree<'a> {
    /// Of a trace, whose nodes are in display order.
    pub fn of(trace: &'a Trace) -> Self {
        let mut sizes = vec![1; trace.nodes.len()];
        let mut children = vec![0; trace.nodes.len()];
        for (place, node) in trace.nodes.iter().enumerate().rev() {
            if let Some(parent) = node.parent {
                sizes[parent] += sizes[place];
                children[parent] += 1;
            }
        }
        Self {
            trace,
            sizes,
            children,
        }
    }

    /// How many spans it has.
    pub fn len(&self) -> usize {
        self.trace.nodes.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.trace.nodes.is_empty()
    }

    pub(crate) fn parent(&self, place: usize) -> Option<usize> {
        self.trace.nodes[place].parent
    }

    /// What a field of a span is; nil if it is not there.
    pub fn value(&self, place: usize, field: &Field) -> Value<'a> {
        match field {
            Field::Intrinsic(intrinsic) => self.intrinsic(place, *intrinsic),
            Field::Attribute {
                of_parent: false,
                scope,
                name,
            } => attribute_of(self.trace.span(place), *scope, name),
            Field::Attribute { scope, name, .. } => match self.parent(place) {
                Some(parent) => attribute_of(self.trace.span(parent), *scope, name),
                None => Value::Nil,
            },
        }
    }

    fn intrinsic(&self, place: usize, intrinsic: Intrinsic) -> Value<'a> {
        let span = self.trace.span(place);
        let root = self.trace.roots.first().map(|&root| self.trace.span(root));
        match intrinsic {
            Intrinsic::Duration => duration(span.end.since(span.start).0),
            Intrinsic::Name => Value::text(&span.name),
            Intrinsic::Kind => Value::Kind(span.kind),
            Intrinsic::Status => Value::Status(span.status.code),
            Intrinsic::StatusMessage => Value::text(&span.status.message),
            Intrinsic::Parent | Intrinsic::ParentId => match self.parent(place) {
                Some(parent) => shown(&self.trace.span(parent).span_id),
                None => Value::Nil,
            },
            Intrinsic::ChildCount => Value::Int(self.children[place].into()),
            Intrinsic::SpanId => shown(&span.span_id),
            Intrinsic::TraceId => shown(&span.trace_id),
            Intrinsic::TraceDuration => duration(self.trace.end.since(self.trace.start).0),
            Intrinsic::RootName => root.map_or(Value::Nil, |root| Value::text(&root.name)),
            Intrinsic::RootService => {
                root.map_or(Value::Nil, |root| Value::text(root.resource.service()))
            }
            Intrinsic::NestedSetLeft => Value::Int(self.left(place)),
            Intrinsic::NestedSetRight => {
                Value::Int(self.left(place) + 2 * whole(self.sizes[place]) - 1)
            }
            Intrinsic::NestedSetParent => {
                Value::Int(self.parent(place).map_or(-1, |parent| self.left(parent)))
            }
            Intrinsic::EventName => {
                Value::several(span.events.iter().map(|event| Value::text(&event.name)))
            }
            Intrinsic::EventTimeSinceStart => Value::several(
                span.events
                    .iter()
                    .map(|event| duration(event.time.since(span.start).0)),
            ),
            Intrinsic::LinkTraceId => {
                Value::several(span.links.iter().map(|link| shown(&link.trace_id)))
            }
            Intrinsic::LinkSpanId => {
                Value::several(span.links.iter().map(|link| shown(&link.span_id)))
            }
            Intrinsic::InstrumentationName => known(&span.scope.name),
            Intrinsic::InstrumentationVersion => known(&span.scope.version),
        }
    }

    /// A walk around the tree has come to each of the nodes before, and has left all of them but those above.
    fn left(&self, place: usize) -> i64 {
        let depth = i64::from(self.trace.nodes[place].depth);
        2 * whole(place) - depth + 1
    }
}

fn attribute_of<'a>(span: &'a Span, scope: Scope, name: &str) -> Value<'a> {
    let of =
        |attributes: &'a Attributes| attribute(attributes, name).map_or(Value::Nil, Value::from);
    match scope {
        Scope::Span => of(&span.attributes),
        Scope::Resource => of(&span.resource.attributes),
        Scope::Instrumentation => of(&span.scope.attributes),
        Scope::Event => Value::several(span.events.iter().map(|event| of(&event.attributes))),
        Scope::Link => Value::several(span.links.iter().map(|link| of(&link.attributes))),
        Scope::Any => {
            let scopes = [
                Scope::Span,
                Scope::Resource,
                Scope::Event,
                Scope::Link,
                Scope::Instrumentation,
            ];
            let found = scopes
                .into_iter()
                .map(|scope| attribute_of(span, scope, name));
            found
                .into_iter()
                .find(|value| *value != Value::Nil)
                .unwrap_or(Value::Nil)
        }
    }
}

/// Text that is empty where nobody told it.
fn known(text: &str) -> Value<'_> {
    match text {
        "" => Value::Nil,
        _ => Value::text(text),
    }
}

fn shown(id: &impl ToString) -> Value<'static> {
    Value::Text(Cow::Owned(id.to_string()))
}

fn duration(nanos: u64) -> Value<'static> {
    Value::Duration(i64::try_from(nanos).unwrap_or(i64::MAX))
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
