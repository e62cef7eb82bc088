//! Rows to spans and lines: what the columns and the stored OTLP bytes say together.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use coldtrace_model::{LogRecord, RequestId, Resource, SandboxId, Scope, Span, SpanOrigin};
use coldtrace_proto::stored::{self, StoredLog, StoredSpan};
use coldtrace_store::reader::{LogRecordRow, ResourceRecord, ScopeRecord, SpanRecord};
use tracing::error;

/// Spans as they were read, with the keys of what they share.
pub(crate) struct Rows {
    spans: Vec<SpanRecord>,
    resource_ids: Vec<u64>,
    scope_ids: Vec<u64>,
}

/// Spans, and what was wrong with the rows of others.
pub(crate) struct Decoded {
    pub(crate) spans: Vec<Span>,
    pub(crate) warnings: Vec<String>,
}

/// What could not be read of the rows. Nothing of this happens with rows of ours; it is told, so that nobody wonders.
#[derive(Default)]
struct Faults {
    spans: usize,
    envelopes: usize,
}

impl Rows {
    pub(crate) fn of(spans: Vec<SpanRecord>) -> Self {
        let resource_ids: BTreeSet<u64> = spans.iter().map(|span| span.resource_id).collect();
        let scope_ids: BTreeSet<u64> = spans.iter().map(|span| span.scope_id).collect();
        Self {
            spans,
            resource_ids: resource_ids.into_iter().collect(),
            scope_ids: scope_ids.into_iter().collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(crate) fn resource_ids(&self) -> &[u64] {
        &self.resource_ids
    }

    pub(crate) fn scope_ids(&self) -> &[u64] {
        &self.scope_ids
    }

    /// The spans with their resources and scopes, shared. A row that can't be read is left out, and counted.
    pub(crate) fn decode(
        self,
        resources: Vec<ResourceRecord>,
        scopes: Vec<ScopeRecord>,
    ) -> Decoded {
        let mut faults = Faults::default();
        let resources: HashMap<u64, Arc<Resource>> = resources
            .into_iter()
            .filter_map(|record| faults.resource(record))
            .collect();
        let scopes: HashMap<u64, Arc<Scope>> = scopes
            .into_iter()
            .filter_map(|record| faults.scope(record))
            .collect();
        let mut spans = Vec::with_capacity(self.spans.len());
        let mut unnamed: HashMap<String, Arc<Resource>> = HashMap::new();
        let no_scope = Arc::new(Scope::default());
        for row in self.spans {
            let resource = match resources.get(&row.resource_id) {
                Some(resource) => Arc::clone(resource),
                None => named_by(&row.service, &mut unnamed),
            };
            let scope = scopes.get(&row.scope_id).unwrap_or(&no_scope);
            spans.extend(faults.span(row, resource, Arc::clone(scope)));
        }
        Decoded {
            spans,
            warnings: faults.warnings(),
        }
    }
}

/// What stands in for a resource that is not there: its service's name, which the span's row has too.
fn named_by(service: &str, made: &mut HashMap<String, Arc<Resource>>) -> Arc<Resource> {
    let make = || {
        let name = coldtrace_model::AttributeValue::String(service.to_owned());
        Arc::new(Resource {
            attributes: vec![("service.name".to_owned(), name)],
            ..Resource::default()
        })
    };
    Arc::clone(made.entry(service.to_owned()).or_insert_with(make))
}

/// A line with the service that it belongs to; `None` where its bytes can't be read.
pub(crate) fn line(row: LogRecordRow) -> Option<(String, LogRecord)> {
    let columns = StoredLog {
        ts: row.ts,
        severity: row.severity,
        body: row.body,
        request_id: row.request_id,
        trace_id: row.trace_id,
        span_id: row.span_id,
        source: row.source,
        attrs: row.attrs,
        attr_types: row.attr_types,
        extra: row.extra,
    };
    let read = stored::log_from_stored(columns)
        .inspect_err(|error| error!(%error, "stored log record can't be read"));
    Some((row.service, read.ok()?))
}

// === impl Faults ===

impl Faults {
    fn resource(&mut self, record: ResourceRecord) -> Option<(u64, Arc<Resource>)> {
        let read = stored::resource_from_raw(&record.raw, record.schema_url);
        let read = read.inspect_err(|error| {
            error!(%error, resource_id = record.resource_id, "stored resource can't be read");
            self.envelopes += 1;
        });
        Some((record.resource_id, Arc::new(read.ok()?)))
    }

    fn scope(&mut self, record: ScopeRecord) -> Option<(u64, Arc<Scope>)> {
        let read = stored::scope_from_raw(&record.raw, record.schema_url);
        let read = read.inspect_err(|error| {
            error!(%error, scope_id = record.scope_id, "stored scope can't be read");
            self.envelopes += 1;
        });
        Some((record.scope_id, Arc::new(read.ok()?)))
    }

    fn span(
        &mut self,
        row: SpanRecord,
        resource: Arc<Resource>,
        scope: Arc<Scope>,
    ) -> Option<Span> {
        let origin = SpanOrigin {
            sandbox_id: SandboxId::parse(&row.sandbox_id).ok(),
            request_id: RequestId::parse(&row.request_id).ok(),
            phase: row.phase,
        };
        let columns = StoredSpan {
            trace_id: row.trace_id,
            span_id: row.span_id,
            parent_span_id: row.parent_span_id,
            name: row.name,
            kind: row.kind,
            ts: row.ts,
            duration_ns: row.duration_ns,
            status: row.status,
            status_message: row.status_message,
            flags: row.flags,
            attrs: row.attrs,
            attr_types: row.attr_types,
            extra: row.extra,
        };
        let read = stored::span_from_stored(columns, resource, scope, origin);
        let read = read.inspect_err(|_| self.spans += 1);
        read.ok()
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.spans > 0 {
            error!(spans = self.spans, "stored spans can't be read");
            warnings.push(format!("{} stored spans could not be read", self.spans));
        }
        if self.envelopes > 0 {
            warnings.push(format!(
                "{} stored resources and scopes could not be read",
                self.envelopes
            ));
        }
        warnings
    }
}
