//! A request's items to rows.

use coldtrace_model::RequestId;
use coldtrace_proto::faas::Known;
use coldtrace_proto::stored::Split;
use coldtrace_proto::v1::ExportRequest;
use coldtrace_proto::wire::{self, LogView, ResourceGroups, SpanView, Value, WireError};
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{LogRow, Owner, PhaseRow, SandboxRow, SpanRow};
use prost::Message as _;

use super::facts;
use super::resources::{Named, Resource, Scope};
use crate::admit::judge::log_time;
use crate::admit::terms::{Rejections, Terms};
use crate::ingest::Ingest;
use crate::log::{Request, Signal};
use crate::status::Refusal;

/// `logs.source` of records that came as plain OTLP.
const OTLP_SOURCE: &str = "otlp";

/// Turns the items of one request into rows.
pub(super) struct Rows<'a> {
    owner: Owner<'a>,
    terms: Terms,
    blocks: &'a mut Blocks,
    named: &'a mut Named,
    scratch: &'a mut Scratch,
}

/// Of the item that is being filed; here so that none needs memory of its own.
#[derive(Default)]
pub(super) struct Scratch {
    split: Split,
    text: Vec<u8>,
    link_trace_ids: Vec<[u8; 16]>,
}

/// Why a request is not filed whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    Protobuf(#[from] prost::DecodeError),
    #[error(transparent)]
    Refused(#[from] Refusal),
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
    pub(super) fn new(
        request: &'a Request,
        blocks: &'a mut Blocks,
        named: &'a mut Named,
        scratch: &'a mut Scratch,
    ) -> Self {
        Self {
            owner: Owner {
                tenant: request.tenant.as_str(),
                keep_days: request.keep_days,
            },
            terms: Terms {
                admitted_at: request.admitted_at,
                keep_days: request.keep_days,
            },
            blocks,
            named,
            scratch,
        }
    }

    /// Files all of the request that is taken.
    pub(super) fn push(&mut self, request: &Request) -> Result<(), Unreadable> {
        let body = request.body.bytes();
        match request.signal {
            Signal::Traces => self.push_otlp(wire::Signal::Traces, body, Via::PLAIN)?,
            Signal::Logs => self.push_otlp(wire::Signal::Logs, body, Via::PLAIN)?,
            Signal::Ingest => {
                let request = ExportRequest::decode(body.clone())?;
                // They were told to the sender.
                let mut rejections = Rejections::default();
                self.push_ingest(&Ingest::read(request, self.terms, &mut rejections)?)?;
            }
        }
        Ok(())
    }

    fn push_ingest(&mut self, ingest: &Ingest) -> Result<(), WireError> {
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
                body: record.body.as_bytes(),
                resource_id: 0,
                scope_id: 0,
                attr_keys: &[],
                attr_values: &[],
                attr_types: &[],
                extra: &[],
            });
        }
        let stats = ingest.stats.clone().unwrap_or_default();
        self.blocks.push_sandbox(&SandboxRow {
            owner: self.owner,
            function: &sandbox.function,
            sandbox_id: sandbox.id.as_str(),
            seen: self.terms.admitted_at.0,
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
            self.push_otlp(payload.signal, &payload.request, via)?;
        }
        Ok(())
    }

    fn push_otlp(
        &mut self,
        signal: wire::Signal,
        request: &[u8],
        via: Via<'_>,
    ) -> Result<(), WireError> {
        let mut known = Known::default();
        for group in ResourceGroups::new(signal, request) {
            let group = group?;
            let mut resource = Resource::read(&group)?;
            for scope in group.scopes() {
                let scope_group = scope?;
                let mut scope = Scope::new(&scope_group);
                for item in scope_group.items() {
                    let item = item?;
                    match signal {
                        wire::Signal::Traces => {
                            let span = SpanView::read(item)?;
                            self.push_span(&span, &mut known, &mut resource, &mut scope, via)?;
                        }
                        wire::Signal::Logs => {
                            let record = LogView::read(item)?;
                            self.push_log(&record, &mut known, &mut resource, &mut scope, via)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn push_span<'r>(
        &mut self,
        span: &SpanView<'r>,
        known: &mut Known<'r>,
        resource: &mut Resource<'_>,
        scope: &mut Scope<'_>,
        via: Via<'_>,
    ) -> Result<(), WireError> {
        let ids = (span.trace_id.try_into(), span.span_id.try_into());
        let (Ok(trace_id), Ok(span_id)) = ids else {
            // The sender was told of it.
            return Ok(());
        };
        if self.terms.check_span(span).is_err() {
            return Ok(());
        }
        let ts = span.start_unix_nano;
        let owner = self.owner;
        self.named.name_resource(self.blocks, owner, resource, ts)?;
        self.named.name_scope(self.blocks, owner, scope, ts);
        self.scratch.collect_links(span);
        let Scratch {
            split,
            link_trace_ids,
            ..
        } = &mut *self.scratch;
        split.span(span, known)?;
        let faas = resource.faas.span(span.kind, known);
        self.blocks.push_span(&SpanRow {
            owner,
            ts,
            trace_id,
            span_id,
            parent_span_id: span.parent_span_id.try_into().unwrap_or_default(),
            flags: span.flags,
            service: resource.service,
            name: span.name,
            kind: number(span.kind, 5),
            // Wraps: what came in is kept, and `ts` plus this is the end again.
            duration_ns: span.end_unix_nano.wrapping_sub(ts).cast_signed(),
            status: number(span.status_code, 2),
            status_message: span.status_message,
            request_id: request_id(faas.request_id),
            sandbox_id: via.sandbox_id,
            phase: match via.is_platform {
                true => known.phase().unwrap_or(""),
                false => "",
            },
            http_status: faas.http_status,
            resource_id: resource.id,
            scope_id: scope.id,
            attr_keys: split.keys(),
            attr_values: split.values(),
            attr_types: split.types(),
            extra: split.extra(),
            link_trace_ids,
        });
        if via.makes_facts()
            && let Some(request_id) = facts::request_of_span(span, &faas)
        {
            let service = resource.service;
            let row = facts::row_of_span(owner, span, trace_id, service, &faas, &request_id);
            self.blocks.push_invocation(&row);
        }
        Ok(())
    }

    fn push_log<'r>(
        &mut self,
        record: &LogView<'r>,
        known: &mut Known<'r>,
        resource: &mut Resource<'_>,
        scope: &mut Scope<'_>,
        via: Via<'_>,
    ) -> Result<(), WireError> {
        let time = log_time(record, self.terms.admitted_at);
        if self.terms.check_time(time).is_err() {
            // The sender was told of it.
            return Ok(());
        }
        let ts = time.0;
        let owner = self.owner;
        self.named.name_resource(self.blocks, owner, resource, ts)?;
        self.named.name_scope(self.blocks, owner, scope, ts);
        let Scratch { split, text, .. } = &mut *self.scratch;
        let body = match record.body {
            Value::Text(text) => text,
            other => {
                text.clear();
                wire::write_text(other, text);
                text
            }
        };
        split.log(record, known)?;
        self.blocks.push_log(&LogRow {
            owner,
            ts,
            service: resource.service,
            source: OTLP_SOURCE,
            sandbox_id: via.sandbox_id,
            request_id: request_id(known.invocation_id()),
            trace_id: record.trace_id.try_into().unwrap_or_default(),
            span_id: record.span_id.try_into().unwrap_or_default(),
            severity: u8::try_from(record.severity).unwrap_or(0),
            body,
            resource_id: resource.id,
            scope_id: scope.id,
            attr_keys: split.keys(),
            attr_values: split.values(),
            attr_types: split.types(),
            extra: split.extra(),
        });
        Ok(())
    }
}

// === impl Scratch ===

impl Scratch {
    /// The traces that the span's links name, each once.
    fn collect_links(&mut self, span: &SpanView<'_>) {
        let ids = &mut self.link_trace_ids;
        ids.clear();
        let named = span.link_trace_ids();
        ids.extend(named.filter_map(|id| <[u8; 16]>::try_from(id).ok()));
        ids.retain(|id| *id != [0; 16]);
        ids.sort_unstable();
        ids.dedup();
    }
}

/// A number of OTLP's, 0 where it is none of those that were known when this was written.
fn number(told: i32, greatest: u8) -> u8 {
    u8::try_from(told)
        .ok()
        .filter(|number| *number <= greatest)
        .unwrap_or(0)
}

/// What is too long to be one is none.
fn request_id(told: Option<&str>) -> &str {
    told.filter(|id| id.len() <= RequestId::MAX_LEN)
        .unwrap_or("")
}
