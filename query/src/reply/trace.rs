//! A rebuilt journey: with its spans as objects, or with room for their blocks. Large ones have a hundred thousand spans: they are
//! written one after the other, not collected first.

use std::collections::HashMap;
use std::sync::Arc;

use coldtrace_analysis::{Finding, Fold, Hop, Mark, Trace};
use coldtrace_model::{
    Event, Invocation, Link, RequestId, Resource, SandboxId, Scope, Span, SpanId, TraceId,
};
use serde::{Serialize, Serializer};

use super::block::PathColumns;
use super::invocation::InvocationReply;
use super::number::{Decimal, Shown};
use super::value::AttributesReply;
use crate::journey::Journey;

/// How spans are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Each an object.
    Rows,
    /// By columns.
    Blocks,
}

/// The schemas `Trace` and `TraceInBlocks`; of the second all but its blocks, for which it has room.
#[derive(Serialize)]
pub(crate) struct TraceReply<'a> {
    trace_ids: Vec<Shown<TraceId>>,
    request_ids: Vec<&'a str>,
    start: Decimal,
    end: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    spans: Option<Spans<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<[(); 0]>,
    spans_total: u64,
    invocations: Vec<InvocationReply<'a>>,
    hops: Vec<HopReply<'a>>,
    resources: Vec<ResourceReply<'a>>,
    scopes: Vec<ScopeReply<'a>>,
    critical_path: PathReply,
    findings: Vec<FindingReply<'a>>,
    folds: Vec<FoldReply>,
    warnings: &'a [String],
}

/// The schema `Fold`.
#[derive(Serialize)]
struct FoldReply {
    span: usize,
    siblings: u64,
    errors: u64,
    hidden: u64,
    total: Decimal,
    critical_time: Decimal,
}

/// The schema `Hop`.
#[derive(Serialize)]
struct HopReply<'a> {
    request_id: &'a str,
    span: Option<usize>,
    cause: Option<usize>,
    waited: Option<Decimal>,
    attempt: u32,
    attempts: u32,
}

/// The schema `Finding`.
#[derive(Serialize)]
struct FindingReply<'a> {
    kind: &'static str,
    title: String,
    text: String,
    span: usize,
    evidence: &'a [usize],
    evidence_total: usize,
    gain: Decimal,
    confidence: &'static str,
}

/// Spans of a finding that are named; how many there are is told beside them.
const EVIDENCE: usize = 100;

struct Spans<'a> {
    trace: &'a Trace,
    indexes: Indexes,
}

/// Where the resources and scopes of spans stand in their lists, by their addresses.
pub(crate) struct Indexes {
    resources: HashMap<usize, usize>,
    scopes: HashMap<usize, usize>,
}

/// Each resource and scope of a trace once, in the order in which they first come up.
struct Listed<'a> {
    resources: Vec<&'a Resource>,
    scopes: Vec<&'a Scope>,
    indexes: Indexes,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PathReply {
    Sections(Vec<SectionReply>),
    Columns(PathColumns),
}

#[derive(Serialize)]
struct SpanReply<'a> {
    trace_id: Shown<TraceId>,
    span_id: Shown<SpanId>,
    parent_span_id: Option<Shown<SpanId>>,
    parent: Option<usize>,
    depth: u32,
    name: &'a str,
    service: &'a str,
    kind: &'static str,
    start: Decimal,
    end: Decimal,
    status: &'static str,
    status_message: &'a str,
    phase: &'a str,
    request_id: Option<&'a str>,
    sandbox_id: Option<&'a str>,
    self_time: Decimal,
    critical_time: Decimal,
    marks: Vec<&'static str>,
    attributes: AttributesReply<'a>,
    events: Vec<EventReply<'a>>,
    links: Vec<LinkReply<'a>>,
    resource: usize,
    scope: usize,
    trace_state: &'a str,
    flags: u32,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
}

#[derive(Serialize)]
pub(super) struct EventReply<'a> {
    time: Decimal,
    name: &'a str,
    attributes: AttributesReply<'a>,
    dropped_attributes: u32,
}

#[derive(Serialize)]
pub(super) struct LinkReply<'a> {
    trace_id: Shown<TraceId>,
    span_id: Shown<SpanId>,
    trace_state: &'a str,
    flags: u32,
    attributes: AttributesReply<'a>,
    dropped_attributes: u32,
}

#[derive(Serialize)]
struct ResourceReply<'a> {
    attributes: AttributesReply<'a>,
    dropped_attributes: u32,
    schema_url: &'a str,
}

#[derive(Serialize)]
struct ScopeReply<'a> {
    name: &'a str,
    version: &'a str,
    attributes: AttributesReply<'a>,
    dropped_attributes: u32,
    schema_url: &'a str,
}

#[derive(Serialize)]
struct SectionReply {
    span: usize,
    start: Decimal,
    end: Decimal,
}

impl<'a> FindingReply<'a> {
    fn of(finding: &'a Finding, trace: &Trace) -> Self {
        let evidence = &finding.evidence;
        let words = finding.words(trace);
        Self {
            kind: finding.kind.as_str(),
            title: words.title,
            text: words.text,
            span: finding.node,
            evidence: &evidence[..evidence.len().min(EVIDENCE)],
            evidence_total: evidence.len(),
            gain: finding.gain.into(),
            confidence: finding.confidence.as_str(),
        }
    }
}

impl<'a> TraceReply<'a> {
    pub(crate) fn of(journey: &'a Journey, shape: Shape) -> Self {
        let trace = &journey.trace;
        let findings = journey.findings.iter();
        let hops = journey.invocations.iter().zip(&journey.hops);
        let Listed {
            resources,
            scopes,
            indexes,
        } = Listed::of(trace);
        let section = |section: &coldtrace_analysis::Section| SectionReply {
            span: section.node,
            start: section.start.into(),
            end: section.end.into(),
        };
        let path = &trace.critical_path;
        let (spans, blocks, critical_path) = match shape {
            Shape::Rows => (
                Some(Spans { trace, indexes }),
                None,
                PathReply::Sections(path.iter().map(section).collect()),
            ),
            Shape::Blocks => (
                None,
                Some([]),
                PathReply::Columns(PathColumns::of(path, trace.start)),
            ),
        };
        Self {
            trace_ids: journey.trace_ids.iter().copied().map(Shown).collect(),
            request_ids: journey.request_ids.iter().map(RequestId::as_str).collect(),
            start: trace.start.into(),
            end: trace.end.into(),
            spans,
            blocks,
            spans_total: journey.spans_total,
            invocations: journey
                .invocations
                .iter()
                .map(InvocationReply::from)
                .collect(),
            hops: hops.map(|(one, hop)| HopReply::of(one, hop)).collect(),
            resources: resources.into_iter().map(ResourceReply::from).collect(),
            scopes: scopes.into_iter().map(ScopeReply::from).collect(),
            critical_path,
            findings: findings
                .map(|finding| FindingReply::of(finding, trace))
                .collect(),
            folds: journey.folds.iter().map(FoldReply::from).collect(),
            warnings: &trace.warnings,
        }
    }
}

impl<'a> HopReply<'a> {
    fn of(one: &'a Invocation, hop: &Hop) -> Self {
        Self {
            request_id: one.request_id.as_str(),
            span: hop.node,
            cause: hop.cause,
            waited: hop.waited.map(Decimal::from),
            attempt: hop.attempt,
            attempts: hop.attempts,
        }
    }
}

impl From<&Fold> for FoldReply {
    fn from(fold: &Fold) -> Self {
        Self {
            span: fold.node,
            siblings: fold.siblings,
            errors: fold.errors,
            hidden: fold.hidden,
            total: fold.total.into(),
            critical_time: fold.critical_time.into(),
        }
    }
}

// === impl Spans, Indexes ===

impl Serialize for Spans<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.trace.nodes.len()).map(|place| self.reply(place)))
    }
}

impl Spans<'_> {
    fn reply(&self, place: usize) -> SpanReply<'_> {
        let (node, span) = (&self.trace.nodes[place], self.trace.span(place));
        SpanReply {
            trace_id: Shown(span.trace_id),
            span_id: Shown(span.span_id),
            parent_span_id: span.parent_span_id.map(Shown),
            parent: node.parent,
            depth: node.depth,
            name: &span.name,
            service: span.resource.service(),
            kind: span.kind.as_str(),
            start: span.start.into(),
            end: span.end.into(),
            status: span.status.code.as_str(),
            status_message: &span.status.message,
            phase: &span.origin.phase,
            request_id: span.origin.request_id.as_ref().map(RequestId::as_str),
            sandbox_id: span.origin.sandbox_id.as_ref().map(SandboxId::as_str),
            self_time: node.self_time.into(),
            critical_time: node.critical_time.into(),
            marks: node.marks.iter().map(Mark::as_str).collect(),
            attributes: AttributesReply(&span.attributes),
            events: span.events.iter().map(EventReply::from).collect(),
            links: span.links.iter().map(LinkReply::from).collect(),
            resource: self.indexes.resource(span),
            scope: self.indexes.scope(span),
            trace_state: &span.trace_state,
            flags: span.flags,
            dropped_attributes: span.dropped_attributes,
            dropped_events: span.dropped_events,
            dropped_links: span.dropped_links,
        }
    }
}

impl Indexes {
    pub(crate) fn of(trace: &Trace) -> Self {
        Listed::of(trace).indexes
    }

    pub(super) fn resource(&self, span: &Span) -> usize {
        self.resources[&address(&span.resource)]
    }

    pub(super) fn scope(&self, span: &Span) -> usize {
        self.scopes[&address(&span.scope)]
    }
}

// === impl Listed ===

impl<'a> Listed<'a> {
    fn of(trace: &'a Trace) -> Self {
        let spans = || (0..trace.nodes.len()).map(|place| trace.span(place));
        let (resources, resource_indexes) = listed(spans().map(|span| &span.resource));
        let (scopes, scope_indexes) = listed(spans().map(|span| &span.scope));
        Self {
            resources,
            scopes,
            indexes: Indexes {
                resources: resource_indexes,
                scopes: scope_indexes,
            },
        }
    }
}

fn listed<'a, T>(shared: impl Iterator<Item = &'a Arc<T>>) -> (Vec<&'a T>, HashMap<usize, usize>) {
    let mut list = Vec::new();
    let mut indexes = HashMap::new();
    for one in shared {
        indexes.entry(address(one)).or_insert_with(|| {
            list.push(&**one);
            list.len() - 1
        });
    }
    (list, indexes)
}

fn address<T>(shared: &Arc<T>) -> usize {
    Arc::as_ptr(shared).addr()
}

// === impl EventReply, LinkReply, ResourceReply, ScopeReply ===

impl<'a> From<&'a Event> for EventReply<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            time: event.time.into(),
            name: &event.name,
            attributes: AttributesReply(&event.attributes),
            dropped_attributes: event.dropped_attributes,
        }
    }
}

impl<'a> From<&'a Link> for LinkReply<'a> {
    fn from(link: &'a Link) -> Self {
        Self {
            trace_id: Shown(link.trace_id),
            span_id: Shown(link.span_id),
            trace_state: &link.trace_state,
            flags: link.flags,
            attributes: AttributesReply(&link.attributes),
            dropped_attributes: link.dropped_attributes,
        }
    }
}

impl<'a> From<&'a Resource> for ResourceReply<'a> {
    fn from(resource: &'a Resource) -> Self {
        Self {
            attributes: AttributesReply(&resource.attributes),
            dropped_attributes: resource.dropped_attributes,
            schema_url: &resource.schema_url,
        }
    }
}

impl<'a> From<&'a Scope> for ScopeReply<'a> {
    fn from(scope: &'a Scope) -> Self {
        Self {
            name: &scope.name,
            version: &scope.version,
            attributes: AttributesReply(&scope.attributes),
            dropped_attributes: scope.dropped_attributes,
            schema_url: &scope.schema_url,
        }
    }
}

/// The spans of a trace, each an object.
#[cfg(test)]
pub(super) fn rows(trace: &Trace) -> impl Serialize {
    let indexes = Indexes::of(trace);
    Spans { trace, indexes }
}
