//! What is told of a trace that matches.

use coldtrace_analysis::Trace;
use coldtrace_model::{AttributeValue, Attributes, Nanos, SpanId, StatusCode, UnixNanos};
use coldtrace_store::reader::Candidate;
use coldtrace_traceql::{Answer, Field, Query, Spanset, Tree, Value};

/// Of each spanset; how many there are is told beside them.
const SPANS: usize = 20;
/// Of each trace: `by()` may make one of every span.
const SPANSETS: usize = 20;

/// A trace that matches.
#[derive(Debug)]
pub(crate) struct Match {
    /// Its place in the list.
    pub(crate) candidate: Candidate,
    pub(crate) start: UnixNanos,
    pub(crate) duration: Nanos,
    pub(crate) root_service: String,
    pub(crate) root_name: String,
    pub(crate) spans: u64,
    pub(crate) errors: u64,
    pub(crate) spansets: Vec<MatchedSpans>,
}

/// Spans that belong together.
#[derive(Debug)]
pub(crate) struct MatchedSpans {
    pub(crate) matched: u64,
    /// By what they were split, and what was computed of them.
    pub(crate) values: Attributes,
    /// The first of them.
    pub(crate) spans: Vec<MatchedSpan>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct MatchedSpan {
    pub(crate) span_id: SpanId,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) start: UnixNanos,
    pub(crate) duration: Nanos,
    pub(crate) status: StatusCode,
    /// What the query selected of it.
    pub(crate) values: Attributes,
}

impl Match {
    /// What the query finds in this trace; nothing if it does not match.
    pub(super) fn of(query: &Query, candidate: Candidate, trace: &Trace) -> Option<Self> {
        let tree = Tree::of(trace);
        let answer = query.evaluate(&tree);
        if answer.spansets.is_empty() {
            return None;
        }
        let root = trace.roots.first().map(|&root| trace.span(root));
        let failed = trace
            .spans
            .iter()
            .filter(|span| span.status.code == StatusCode::Error);
        let spansets = answer.spansets.iter().take(SPANSETS);
        Some(Self {
            candidate,
            start: trace.start,
            duration: trace.end.since(trace.start),
            root_service: root.map_or_else(String::new, |root| root.resource.service().to_owned()),
            root_name: root.map_or_else(String::new, |root| root.name.clone()),
            spans: trace.spans.len() as u64,
            errors: failed.count() as u64,
            spansets: spansets
                .map(|spanset| MatchedSpans::of(spanset, &answer, &tree, trace))
                .collect(),
        })
    }
}

impl MatchedSpans {
    fn of(spanset: &Spanset<'_>, answer: &Answer<'_>, tree: &Tree<'_>, trace: &Trace) -> Self {
        let values = spanset
            .values
            .iter()
            .map(|(words, value)| (words.clone(), told(value)));
        let spans = spanset.spans.iter().take(SPANS);
        Self {
            matched: spanset.spans.len() as u64,
            values: values.collect(),
            spans: spans
                .map(|&place| MatchedSpan::of(place, &answer.selected, tree, trace))
                .collect(),
        }
    }
}

impl MatchedSpan {
    fn of(place: usize, selected: &[Field], tree: &Tree<'_>, trace: &Trace) -> Self {
        let span = trace.span(place);
        let values = selected
            .iter()
            .map(|field| (field.to_string(), told(&tree.value(place, field))));
        Self {
            span_id: span.span_id,
            service: span.resource.service().to_owned(),
            name: span.name.clone(),
            start: span.start,
            duration: span.end.since(span.start),
            status: span.status.code,
            values: values
                .filter(|(_, value)| *value != AttributeValue::Empty)
                .collect(),
        }
    }
}

/// A value as attributes have them; durations in nanoseconds.
fn told(value: &Value<'_>) -> AttributeValue {
    match value {
        Value::Nil => AttributeValue::Empty,
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Int(value) | Value::Duration(value) => AttributeValue::Int(*value),
        Value::Float(value) => AttributeValue::Double(*value),
        Value::Text(text) => AttributeValue::String(text.to_string()),
        Value::Status(_) | Value::Kind(_) => AttributeValue::String(value.to_string()),
        Value::Several(values) => AttributeValue::Array(values.iter().map(told).collect()),
    }
}
