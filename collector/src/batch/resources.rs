//! Resources and scopes: each by the hash of its bytes, written once for every day of a batch that names it.

use std::borrow::Cow;
use std::collections::HashSet;

use coldtrace_proto::faas::{FaasResource, Known};
use coldtrace_proto::wire::{self, ResourceGroup, ScopeGroup, WireError};
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{Owner, ResourceRow, ScopeRow};
use xxhash_rust::xxh3::Xxh3;

const DAY_NANOS: u64 = 86_400_000_000_000;
/// What OpenTelemetry's SDKs call a service without a name.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// What the batch has rows for already.
#[derive(Default)]
pub(super) struct Named {
    seen: HashSet<(Kind, u64, Day)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Resource,
    Scope,
}

/// A day of a class of retention, for which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Day {
    number: u64,
    keep_days: u16,
}

/// A resource as rows name it.
pub(super) struct Resource<'a> {
    pub(super) id: u64,
    pub(super) service: &'a str,
    pub(super) faas: FaasResource<'a>,
    group: &'a ResourceGroup<'a>,
    /// For which it was named last: mostly it is the next row's as well.
    named_for: Option<Day>,
}

/// A scope as rows name it.
pub(super) struct Scope<'a> {
    pub(super) id: u64,
    group: &'a ScopeGroup<'a>,
    named_for: Option<Day>,
}

/// The same in every process and version: rows of other days refer to it.
fn id(schema_url: &[u8], raw: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(schema_url);
    // No URL holds a zero byte.
    hash.update(&[0]);
    hash.update(raw);
    hash.digest()
}

// === impl Named ===

impl Named {
    fn is_first(&mut self, kind: Kind, id: u64, day: Day) -> bool {
        self.seen.insert((kind, id, day))
    }

    /// Writes the resource for the day of `ts`, unless it is written.
    #[inline]
    pub(super) fn name_resource(
        &mut self,
        blocks: &mut Blocks,
        owner: Owner<'_>,
        resource: &mut Resource<'_>,
        ts: u64,
    ) -> Result<(), WireError> {
        let day = Day::of(owner, ts);
        if resource.named_for == Some(day) {
            return Ok(());
        }
        if self.is_first(Kind::Resource, resource.id, day) {
            resource.write(blocks, owner, ts)?;
        }
        resource.named_for = Some(day);
        Ok(())
    }

    /// Writes the scope for the day of `ts`, unless it is written.
    #[inline]
    pub(super) fn name_scope(
        &mut self,
        blocks: &mut Blocks,
        owner: Owner<'_>,
        scope: &mut Scope<'_>,
        ts: u64,
    ) {
        let day = Day::of(owner, ts);
        if scope.named_for == Some(day) {
            return;
        }
        if self.is_first(Kind::Scope, scope.id, day) {
            scope.write(blocks, owner, ts);
        }
        scope.named_for = Some(day);
    }
}

// === impl Day ===

impl Day {
    fn of(owner: Owner<'_>, ts: u64) -> Self {
        Self {
            number: ts / DAY_NANOS,
            keep_days: owner.keep_days,
        }
    }
}

// === impl Resource ===

impl<'a> Resource<'a> {
    pub(super) fn read(group: &'a ResourceGroup<'a>) -> Result<Self, WireError> {
        let mut known = Known::default();
        for attribute in group.resource.attributes() {
            known.add(&attribute?);
        }
        let faas = FaasResource::new(known);
        Ok(Self {
            id: id(group.schema_url, &group.resource.raw),
            service: faas.service().unwrap_or(UNKNOWN_SERVICE),
            faas,
            group,
            named_for: None,
        })
    }

    fn write(&self, blocks: &mut Blocks, owner: Owner<'_>, ts: u64) -> Result<(), WireError> {
        let mut attrs = Vec::new();
        for attribute in self.group.resource.attributes() {
            let attribute = attribute?;
            let mut text = Vec::new();
            wire::write_text(attribute.value, &mut text);
            let text = String::from_utf8_lossy(&text).into_owned();
            attrs.push((String::from_utf8_lossy(attribute.key), Cow::Owned(text)));
        }
        let attrs: Vec<(&str, Cow<'_, str>)> = attrs
            .iter()
            .map(|(key, text): &(Cow<'_, str>, Cow<'_, str>)| (&**key, Cow::Borrowed(&**text)))
            .collect();
        blocks.push_resource(&ResourceRow {
            owner,
            ts,
            resource_id: self.id,
            service: self.service,
            schema_url: &String::from_utf8_lossy(self.group.schema_url),
            attrs: &attrs,
            raw: &self.group.resource.raw,
        });
        Ok(())
    }
}

// === impl Scope ===

impl<'a> Scope<'a> {
    pub(super) fn new(group: &'a ScopeGroup<'a>) -> Self {
        Self {
            id: id(group.schema_url, &group.scope),
            group,
            named_for: None,
        }
    }

    fn write(&self, blocks: &mut Blocks, owner: Owner<'_>, ts: u64) {
        blocks.push_scope(&ScopeRow {
            owner,
            ts,
            scope_id: self.id,
            schema_url: &String::from_utf8_lossy(self.group.schema_url),
            raw: &self.group.scope,
        });
    }
}
