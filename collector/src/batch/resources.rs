//! Resources and scopes: each by the hash of its bytes, written once for every day of a batch that names it.

use std::collections::HashSet;

use coldtrace_proto::otlp::common::InstrumentationScope;
use coldtrace_proto::otlp::resource::Resource as OtlpResource;
use coldtrace_proto::{span, stored};
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{Owner, ResourceRow, ScopeRow};
use xxhash_rust::xxh3::Xxh3;

const DAY_NANOS: u64 = 86_400_000_000_000;

/// What the batch has rows for already.
#[derive(Default)]
pub(super) struct Named {
    seen: HashSet<(Kind, u64, u64, u16)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Resource,
    Scope,
}

/// A resource as rows name it.
pub(super) struct Resource {
    pub(super) id: u64,
    pub(super) service: String,
    schema_url: String,
    otlp: OtlpResource,
    raw: Vec<u8>,
}

/// A scope as rows name it.
pub(super) struct Scope {
    pub(super) id: u64,
    schema_url: String,
    raw: Vec<u8>,
}

/// The same in every process and version: rows of other days refer to it.
fn id(schema_url: &str, raw: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(schema_url.as_bytes());
    // No URL holds a zero byte.
    hash.update(&[0]);
    hash.update(raw);
    hash.digest()
}

// === impl Named ===

impl Named {
    fn is_first(&mut self, kind: Kind, id: u64, ts: u64, keep_days: u16) -> bool {
        self.seen.insert((kind, id, ts / DAY_NANOS, keep_days))
    }

    /// Writes the resource for the day of `ts`, unless it is written.
    pub(super) fn name_resource(
        &mut self,
        blocks: &mut Blocks,
        owner: Owner<'_>,
        resource: &Resource,
        ts: u64,
    ) {
        if self.is_first(Kind::Resource, resource.id, ts, owner.keep_days) {
            blocks.push_resource(&ResourceRow {
                owner,
                ts,
                resource_id: resource.id,
                service: &resource.service,
                schema_url: &resource.schema_url,
                attrs: &stored::attribute_text(&resource.otlp.attributes),
                raw: &resource.raw,
            });
        }
    }

    /// Writes the scope for the day of `ts`, unless it is written.
    pub(super) fn name_scope(
        &mut self,
        blocks: &mut Blocks,
        owner: Owner<'_>,
        scope: &Scope,
        ts: u64,
    ) {
        if self.is_first(Kind::Scope, scope.id, ts, owner.keep_days) {
            blocks.push_scope(&ScopeRow {
                owner,
                ts,
                scope_id: scope.id,
                schema_url: &scope.schema_url,
                raw: &scope.raw,
            });
        }
    }
}

// === impl Resource, Scope ===

impl Resource {
    pub(super) fn new(otlp: Option<&OtlpResource>, schema_url: &str) -> Self {
        let otlp = otlp.cloned().unwrap_or_default();
        let raw = stored::resource_raw(&otlp);
        let model = span::resource_to_model(Some(otlp.clone()), schema_url.to_owned());
        Self {
            id: id(schema_url, &raw),
            service: model.service().to_owned(),
            schema_url: schema_url.to_owned(),
            otlp,
            raw,
        }
    }

    pub(super) fn attributes(&self) -> &[coldtrace_proto::otlp::common::KeyValue] {
        &self.otlp.attributes
    }
}

impl Scope {
    pub(super) fn new(otlp: Option<&InstrumentationScope>, schema_url: &str) -> Self {
        let raw = stored::scope_raw(&otlp.cloned().unwrap_or_default());
        Self {
            id: id(schema_url, &raw),
            schema_url: schema_url.to_owned(),
            raw,
        }
    }
}
