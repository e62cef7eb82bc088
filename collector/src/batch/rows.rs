//! A request's items to rows.

use coldtrace_model::{RequestId, UnixNanos};
use coldtrace_proto::faas::FaasSpan;
use coldtrace_proto::otlp::common::{KeyValue, any_value};
use coldtrace_proto::otlp::logs::LogRecord as OtlpLog;
use coldtrace_proto::otlp::trace::Span;
use coldtrace_proto::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};
use coldtrace_proto::stored;
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{LogRow, Owner, PhaseRow, SandboxRow, SpanRow};

use super::facts;
use super::resources::{Named, Resource, Scope};
use crate::admit::items::{Items, log_time};
use crate::ingest::Ingest;
use crate::log::Request;

/// Set by the extension on spans that it makes of the platform's events.
const PHASE: &str = "coldtrace.phase";
/// What OpenTelemetry calls the id of an invocation.
const REQUEST_ID: &str = "faas.invocation_id";
/// `logs.source` of records that came as plain OTLP.
const OTLP_SOURCE: &str = "otlp";

/// Turns the items of one request into rows.
pub(super) struct Rows<'a> {
    owner: Owner<'a>,
    admitted_at: UnixNanos,
    blocks: &'a mut Blocks,
    named: &'a mut Named,
}

/// By which way OTLP came.
#[derive(Clone, Copy)]
struct Via<'a> {
    /// Empty if not through an extension.
    sandbox_id: &'a str,
    /// Whether the extension itself made it.
    is_platform: bool,
}

// === impl Via ===

impl Via<'_> {
    const PLAIN: Self = Via {
        sandbox_id: "",
        is_platform: false,
    };

    /// What came through an extension makes no facts: the sandbox tells them itself.
    fn makes_facts(self) -> bool {
        self.sandbox_id.is_empty()
    }
}

// === impl Rows ===

impl<'a> Rows<'a> {
    pub(super) fn new(request: &'a Request, blocks: &'a mut Blocks, named: &'a mut Named) -> Self {
        Self {
            owner: Owner {
                tenant: request.tenant.as_str(),
                keep_days: request.keep_days,
            },
            admitted_at: request.admitted_at,
            blocks,
            named,
        }
    }

    pub(super) fn push(&mut self, items: &Items) {
        match items {
            Items::Ingest(ingest) => self.push_ingest(ingest),
            otlp => self.push_otlp(otlp, Via::PLAIN),
        }
    }

    fn push_otlp(&mut self, items: &Items, via: Via<'_>) {
        match items {
            Items::Traces(request) => self.push_traces(request, via),
            Items::Logs(request) => self.push_logs(request, via),
            // Payloads are OTLP by construction.
            Items::Ingest(_) => {}
        }
    }

    fn push_ingest(&mut self, ingest: &Ingest) {
        let sandbox = &ingest.sandbox;
        for fact in &ingest.facts {
            let row = facts::row(self.owner, sandbox, fact);
            self.blocks.push_invocation(&row);
        }
        for phase in &ingest.phases {
            self.blocks.push_phase(&PhaseRow {
                owner: self.owner,
                function: &sandbox.function,
                ts: phase.start.0,
                sandbox_id: sandbox.id.as_str(),
                kind: phase.kind.number(),
                duration_ns: phase.duration.0,
                outcome: phase.outcome.number(),
                error_type: &phase.error_type,
                request_id: phase.request_id.as_ref().map_or("", |id| id.as_str()),
            });
        }
        for record in &ingest.logs {
            self.blocks.push_log(&LogRow {
                owner: self.owner,
                ts: record.time.0,
                service: &sandbox.function,
                source: &record.source,
                sandbox_id: sandbox.id.as_str(),
                request_id: record.request_id.as_ref().map_or("", |id| id.as_str()),
                trace_id: record.trace_id.map_or([0; 16], |id| *id.as_bytes()),
                span_id: record.span_id.map_or([0; 8], |id| *id.as_bytes()),
                severity: record.severity,
                body: &record.body,
                resource_id: 0,
                scope_id: 0,
                attrs: &[],
                extra: &[],
            });
        }
        let stats = ingest.stats.clone().unwrap_or_default();
        self.blocks.push_sandbox(&SandboxRow {
            owner: self.owner,
            function: &sandbox.function,
            sandbox_id: sandbox.id.as_str(),
            seen: self.admitted_at.0,
            extension: &stats.version,
            dropped_bytes: stats.dropped_bytes,
            dropped_items: stats.dropped_items,
            failed_sends: stats.failed_sends,
        });
        for payload in &ingest.payloads {
            let via = Via {
                sandbox_id: sandbox.id.as_str(),
                is_platform: payload.is_platform,
            };
            self.push_otlp(&payload.items, via);
        }
    }

    fn push_traces(&mut self, request: &ExportTraceServiceRequest, via: Via<'_>) {
        for resource_spans in &request.resource_spans {
            let otlp = resource_spans.resource.as_ref();
            let resource = Resource::new(otlp, &resource_spans.schema_url);
            for scope_spans in &resource_spans.scope_spans {
                let scope = Scope::new(scope_spans.scope.as_ref(), &scope_spans.schema_url);
                for span in &scope_spans.spans {
                    self.push_span(span, &resource, &scope, via);
                }
            }
        }
    }

    fn push_span(&mut self, span: &Span, resource: &Resource, scope: &Scope, via: Via<'_>) {
        let ts = span.start_time_unix_nano;
        let (Ok(trace_id), Ok(span_id)) = (
            span.trace_id.as_slice().try_into(),
            span.span_id.as_slice().try_into(),
        ) else {
            // Was taken out when the request was sifted.
            return;
        };
        let faas = FaasSpan::read(span, resource.attributes());
        let status = span.status.clone().unwrap_or_default();
        self.named
            .name_resource(self.blocks, self.owner, resource, ts);
        self.named.name_scope(self.blocks, self.owner, scope, ts);
        self.blocks.push_span(&SpanRow {
            owner: self.owner,
            ts,
            trace_id,
            span_id,
            parent_span_id: span
                .parent_span_id
                .as_slice()
                .try_into()
                .unwrap_or_default(),
            service: &resource.service,
            name: &span.name,
            kind: u8::try_from(span.kind)
                .ok()
                .filter(|kind| *kind <= 5)
                .unwrap_or(0),
            // Wraps: what came in is kept, and `ts` plus this is the end again.
            duration_ns: span.end_time_unix_nano.wrapping_sub(ts).cast_signed(),
            status: u8::try_from(status.code)
                .ok()
                .filter(|code| *code <= 2)
                .unwrap_or(0),
            status_message: &status.message,
            request_id: request_id(faas.request_id),
            sandbox_id: via.sandbox_id,
            phase: if via.is_platform { phase(span) } else { "" },
            http_status: faas.http_status,
            resource_id: resource.id,
            scope_id: scope.id,
            attrs: &stored::attribute_text(&span.attributes),
            extra: &stored::span_extra(span),
            link_trace_ids: &link_trace_ids(span),
        });
        let request_id = facts::request_of_span(span, &faas).filter(|_| via.makes_facts());
        if let Some(request_id) = &request_id {
            let service = &resource.service;
            let row = facts::row_of_span(self.owner, span, trace_id, service, &faas, request_id);
            self.blocks.push_invocation(&row);
        }
    }

    fn push_logs(&mut self, request: &ExportLogsServiceRequest, via: Via<'_>) {
        for resource_logs in &request.resource_logs {
            let otlp = resource_logs.resource.as_ref();
            let resource = Resource::new(otlp, &resource_logs.schema_url);
            for scope_logs in &resource_logs.scope_logs {
                let scope = Scope::new(scope_logs.scope.as_ref(), &scope_logs.schema_url);
                for record in &scope_logs.log_records {
                    self.push_otlp_log(record, &resource, &scope, via);
                }
            }
        }
    }

    fn push_otlp_log(
        &mut self,
        record: &OtlpLog,
        resource: &Resource,
        scope: &Scope,
        via: Via<'_>,
    ) {
        let ts = log_time(record, self.admitted_at).0;
        self.named
            .name_resource(self.blocks, self.owner, resource, ts);
        self.named.name_scope(self.blocks, self.owner, scope, ts);
        self.blocks.push_log(&LogRow {
            owner: self.owner,
            ts,
            service: &resource.service,
            source: OTLP_SOURCE,
            sandbox_id: via.sandbox_id,
            request_id: request_id(text(&record.attributes, REQUEST_ID)),
            trace_id: record.trace_id.as_slice().try_into().unwrap_or_default(),
            span_id: record.span_id.as_slice().try_into().unwrap_or_default(),
            severity: u8::try_from(record.severity_number).unwrap_or(0),
            body: &stored::body_text(record.body.as_ref()),
            resource_id: resource.id,
            scope_id: scope.id,
            attrs: &stored::attribute_text(&record.attributes),
            extra: &stored::log_extra(record),
        });
    }
}

/// What is too long to be one is none.
fn request_id(told: Option<&str>) -> &str {
    told.filter(|id| id.len() <= RequestId::MAX_LEN)
        .unwrap_or("")
}

fn phase(span: &Span) -> &str {
    text(&span.attributes, PHASE).unwrap_or("")
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The traces that the span's links name, each once.
fn link_trace_ids(span: &Span) -> Vec<[u8; 16]> {
    let ids = span.links.iter();
    let ids = ids.filter_map(|link| <[u8; 16]>::try_from(link.trace_id.as_slice()).ok());
    let mut ids: Vec<[u8; 16]> = ids.filter(|id| *id != [0; 16]).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
