//! A span between the wire and the model, and what makes one acceptable.

use std::sync::Arc;

use coldtrace_model::{
    Event, IdError, Link, RequestId, Resource, Scope, Span, SpanId, SpanKind, SpanOrigin, Status,
    StatusCode, TraceId, UnixNanos,
};
use prost::Message as _;

use crate::faas::{FaasResource, Known};
use crate::value::{attributes_from_model, attributes_to_model};
use crate::{otlp, wire};

/// The ids of a span that can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanIds {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its own.
    pub span_id: SpanId,
    /// Its parent's, if it has one.
    pub parent_span_id: Option<SpanId>,
}

/// Why a span can't be taken. Others in the same request still can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanProblem {
    /// One of its ids is none.
    #[error("span {name:?}: {source}")]
    Id {
        /// The span's name.
        name: String,
        /// Which id, and what is wrong with it.
        #[source]
        source: IdError,
    },
    /// Its parent is no id. An empty or all-zero one is a root, as W3C and OTLP have it.
    #[error("span {name:?}: parent {source}")]
    Parent {
        /// The span's name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: IdError,
    },
    /// It has no start, so that it can't be filed.
    #[error("span {name:?}: start time is not set")]
    NoStart {
        /// The span's name.
        name: String,
    },
    /// A time beyond what can be stored.
    #[error("span {name:?}: {what} lies beyond the year 2262")]
    TooLate {
        /// The span's name.
        name: String,
        /// Which time.
        what: &'static str,
    },
}

/// What a span is taken by, as it came.
#[derive(Clone, Copy, Debug)]
pub struct SpanHead<'a> {
    /// Of any length.
    pub trace_id: &'a [u8],
    /// Of any length.
    pub span_id: &'a [u8],
    /// Of any length; empty for a root.
    pub parent_span_id: &'a [u8],
    /// Name.
    pub name: &'a [u8],
    /// Start, Unix nanoseconds.
    pub start_unix_nano: u64,
    /// End, Unix nanoseconds.
    pub end_unix_nano: u64,
}

/// Whether the span can be taken, and its ids.
pub fn check(span: SpanHead<'_>) -> Result<SpanIds, SpanProblem> {
    let name = || String::from_utf8_lossy(span.name).into_owned();
    let id = |source| SpanProblem::Id {
        name: name(),
        source,
    };
    let trace_id = TraceId::from_bytes(span.trace_id).map_err(id)?;
    let span_id = SpanId::from_bytes(span.span_id).map_err(id)?;
    let parent_span_id = parent(span.parent_span_id).map_err(|source| SpanProblem::Parent {
        name: name(),
        source,
    })?;
    if span.start_unix_nano == 0 {
        return Err(SpanProblem::NoStart { name: name() });
    }
    let times = [
        (span.start_unix_nano, "its start"),
        (span.end_unix_nano, "its end"),
    ];
    for (time, what) in times {
        if time > UnixNanos::MAX_STORED.0 {
            return Err(SpanProblem::TooLate { name: name(), what });
        }
    }
    Ok(SpanIds {
        trace_id,
        span_id,
        parent_span_id,
    })
}

fn head(span: &otlp::trace::Span) -> SpanHead<'_> {
    SpanHead {
        trace_id: &span.trace_id,
        span_id: &span.span_id,
        parent_span_id: &span.parent_span_id,
        name: span.name.as_bytes(),
        start_unix_nano: span.start_time_unix_nano,
        end_unix_nano: span.end_time_unix_nano,
    }
}

fn parent(bytes: &[u8]) -> Result<Option<SpanId>, IdError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    match SpanId::from_bytes(bytes) {
        Ok(parent) => Ok(Some(parent)),
        Err(IdError::Zero(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The span as the model has it. Links whose ids are none are left out: nothing can be found by them.
pub fn to_model(
    span: otlp::trace::Span,
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    origin: SpanOrigin,
) -> Result<Span, SpanProblem> {
    let ids = check(head(&span))?;
    let status = span.status.unwrap_or_default();
    Ok(Span {
        trace_id: ids.trace_id,
        span_id: ids.span_id,
        parent_span_id: ids.parent_span_id,
        trace_state: span.trace_state,
        flags: span.flags,
        name: span.name,
        kind: SpanKind::from_number(span.kind),
        start: UnixNanos(span.start_time_unix_nano),
        end: UnixNanos(span.end_time_unix_nano),
        attributes: attributes_to_model(span.attributes),
        dropped_attributes: span.dropped_attributes_count,
        events: span.events.into_iter().map(event_to_model).collect(),
        dropped_events: span.dropped_events_count,
        links: span.links.into_iter().filter_map(link_to_model).collect(),
        dropped_links: span.dropped_links_count,
        status: Status {
            code: StatusCode::from_number(status.code),
            message: status.message,
        },
        resource,
        scope,
        origin,
    })
}

/// The spans of an `ExportTraceServiceRequest` as the model has them, each with the request that it names. `origin` is how
/// they came; its phase is read from the spans where `is_platform`. What can't be read is left out, as the collector does.
pub fn of_request(request: &[u8], origin: &SpanOrigin, is_platform: bool) -> Vec<Span> {
    let mut spans = Vec::new();
    for group in wire::ResourceGroups::new(wire::Signal::Traces, request).flatten() {
        let said = Known::of(group.resource.attributes().flatten());
        let faas = FaasResource::new(said);
        let raw = otlp::resource::Resource::decode(&*group.resource.raw).unwrap_or_default();
        let url = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let resource = Arc::new(resource_to_model(Some(raw), url(group.schema_url)));
        for scope_group in group.scopes().flatten() {
            let raw = otlp::common::InstrumentationScope::decode(&*scope_group.scope);
            let scope = Arc::new(scope_to_model(raw.ok(), url(scope_group.schema_url)));
            for item in scope_group.items().flatten() {
                let Ok(view) = wire::SpanView::read(item) else {
                    continue;
                };
                let known = Known::of(view.attributes().flatten());
                let told = faas.span(view.kind, &known).request_id;
                let origin = SpanOrigin {
                    request_id: told.and_then(|told| RequestId::parse(told).ok()),
                    phase: match is_platform {
                        true => known.phase().unwrap_or_default().to_owned(),
                        false => String::new(),
                    },
                    ..origin.clone()
                };
                let span = otlp::trace::Span::decode(item).map(|span| {
                    to_model(span, Arc::clone(&resource), Arc::clone(&scope), origin).ok()
                });
                spans.extend(span.ok().flatten());
            }
        }
    }
    spans
}

/// The span as OTLP has it. Resource, scope and origin have no place in it.
pub fn from_model(span: &Span) -> otlp::trace::Span {
    let parent = span.parent_span_id.map(|id| id.as_bytes().to_vec());
    otlp::trace::Span {
        trace_id: span.trace_id.as_bytes().to_vec(),
        span_id: span.span_id.as_bytes().to_vec(),
        trace_state: span.trace_state.clone(),
        parent_span_id: parent.unwrap_or_default(),
        flags: span.flags,
        name: span.name.clone(),
        kind: i32::from(span.kind as u8),
        start_time_unix_nano: span.start.0,
        end_time_unix_nano: span.end.0,
        attributes: attributes_from_model(&span.attributes),
        dropped_attributes_count: span.dropped_attributes,
        events: span.events.iter().map(event_from_model).collect(),
        dropped_events_count: span.dropped_events,
        links: span.links.iter().map(link_from_model).collect(),
        dropped_links_count: span.dropped_links,
        status: Some(otlp::trace::Status {
            message: span.status.message.clone(),
            code: i32::from(span.status.code as u8),
        }),
    }
}

fn event_to_model(event: otlp::trace::span::Event) -> Event {
    Event {
        time: UnixNanos(event.time_unix_nano),
        name: event.name,
        attributes: attributes_to_model(event.attributes),
        dropped_attributes: event.dropped_attributes_count,
    }
}

fn event_from_model(event: &Event) -> otlp::trace::span::Event {
    otlp::trace::span::Event {
        time_unix_nano: event.time.0,
        name: event.name.clone(),
        attributes: attributes_from_model(&event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn link_to_model(link: otlp::trace::span::Link) -> Option<Link> {
    Some(Link {
        trace_id: TraceId::from_bytes(&link.trace_id).ok()?,
        span_id: SpanId::from_bytes(&link.span_id).ok()?,
        trace_state: link.trace_state,
        attributes: attributes_to_model(link.attributes),
        dropped_attributes: link.dropped_attributes_count,
        flags: link.flags,
    })
}

fn link_from_model(link: &Link) -> otlp::trace::span::Link {
    otlp::trace::span::Link {
        trace_id: link.trace_id.as_bytes().to_vec(),
        span_id: link.span_id.as_bytes().to_vec(),
        trace_state: link.trace_state.clone(),
        attributes: attributes_from_model(&link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        flags: link.flags,
    }
}

/// The resource as the model has it; an absent one is empty.
pub fn resource_to_model(
    resource: Option<otlp::resource::Resource>,
    schema_url: String,
) -> Resource {
    let resource = resource.unwrap_or_default();
    Resource {
        attributes: attributes_to_model(resource.attributes),
        dropped_attributes: resource.dropped_attributes_count,
        schema_url,
    }
}

/// The resource as OTLP has it, without its envelope's schema URL.
pub fn resource_from_model(resource: &Resource) -> otlp::resource::Resource {
    otlp::resource::Resource {
        attributes: attributes_from_model(&resource.attributes),
        dropped_attributes_count: resource.dropped_attributes,
        ..otlp::resource::Resource::default()
    }
}

/// The scope as the model has it; an absent one is empty.
pub fn scope_to_model(
    scope: Option<otlp::common::InstrumentationScope>,
    schema_url: String,
) -> Scope {
    let scope = scope.unwrap_or_default();
    Scope {
        name: scope.name,
        version: scope.version,
        attributes: attributes_to_model(scope.attributes),
        dropped_attributes: scope.dropped_attributes_count,
        schema_url,
    }
}

/// The scope as OTLP has it, without its envelope's schema URL.
pub fn scope_from_model(scope: &Scope) -> otlp::common::InstrumentationScope {
    otlp::common::InstrumentationScope {
        name: scope.name.clone(),
        version: scope.version.clone(),
        attributes: attributes_from_model(&scope.attributes),
        dropped_attributes_count: scope.dropped_attributes,
    }
}

#[cfg(test)]
mod tests;
