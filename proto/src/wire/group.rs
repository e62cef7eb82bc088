//! What spans and log records stand in: a resource's group of scopes' groups. The two signals number these fields alike.

use std::borrow::Cow;

use super::attribute::Attributes;
use super::cursor::{Cursor, Field};
use super::{Signal, WireError};

const RESOURCE: u32 = 1;
const SCOPES: u32 = 2;
const SCOPE: u32 = 1;
const ITEMS: u32 = 2;
const SCHEMA_URL: u32 = 3;

/// Of the fields of a resource group, below the request.
const IN_GROUP: u32 = 1;
/// Of the fields of a resource, and of a scope group.
const IN_RESOURCE: u32 = 2;
/// Of the fields of a span or log record.
pub(super) const IN_ITEM: u32 = 3;

/// The resource groups of a request.
#[derive(Clone, Copy, Debug)]
pub struct ResourceGroups<'a>(Messages<'a>);

/// `ResourceSpans` or `ResourceLogs`.
#[derive(Clone, Debug)]
pub struct ResourceGroup<'a> {
    /// Its resource.
    pub resource: Resource<'a>,
    /// Its schema URL.
    pub schema_url: &'a [u8],
    signal: Signal,
    bytes: &'a [u8],
}

/// `Resource`, empty where a group has none.
#[derive(Clone, Debug, Default)]
pub struct Resource<'a> {
    /// Its bytes. Where a group has several, all of them, which is how protobuf merges messages.
    pub raw: Cow<'a, [u8]>,
}

/// `ScopeSpans` or `ScopeLogs`.
#[derive(Clone, Debug)]
pub struct ScopeGroup<'a> {
    /// The bytes of its `InstrumentationScope`, empty where it has none.
    pub scope: Cow<'a, [u8]>,
    /// Its schema URL.
    pub schema_url: &'a [u8],
    signal: Signal,
    bytes: &'a [u8],
}

/// The bytes of the messages in one field.
#[derive(Clone, Copy, Debug)]
struct Messages<'a> {
    cursor: Cursor<'a>,
    number: u32,
    signal: Signal,
}

// === impl ResourceGroups ===

impl<'a> ResourceGroups<'a> {
    /// Of an `ExportTraceServiceRequest` or `ExportLogsServiceRequest`.
    pub fn new(signal: Signal, request: &'a [u8]) -> Self {
        let cursor = Cursor::new(signal.request_name(), request, 0);
        Self(Messages {
            cursor,
            number: 1,
            signal,
        })
    }
}

impl<'a> Iterator for ResourceGroups<'a> {
    type Item = Result<ResourceGroup<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0.next()?;
        Some(bytes.and_then(|bytes| ResourceGroup::read(self.0.signal, bytes)))
    }
}

// === impl ResourceGroup ===

impl<'a> ResourceGroup<'a> {
    fn read(signal: Signal, bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(signal.resource_group_name(), bytes, IN_GROUP);
        let mut group = Self {
            resource: Resource::default(),
            schema_url: &[],
            signal,
            bytes,
        };
        while let Some((number, field)) = cursor.next()? {
            match number {
                RESOURCE => merge(&mut group.resource.raw, field.bytes(&cursor, number)?),
                SCOPES => {
                    field.bytes(&cursor, number)?;
                }
                SCHEMA_URL => group.schema_url = field.bytes(&cursor, number)?,
                _ => cursor.skip(number, field)?,
            }
        }
        Ok(group)
    }

    /// Its groups by scope.
    pub fn scopes(&self) -> impl Iterator<Item = Result<ScopeGroup<'a>, WireError>> + use<'a> {
        let signal = self.signal;
        let messages = Messages {
            cursor: Cursor::new(signal.resource_group_name(), self.bytes, IN_GROUP),
            number: SCOPES,
            signal,
        };
        messages.map(move |bytes| ScopeGroup::read(signal, bytes?))
    }
}

// === impl Resource ===

impl Resource<'_> {
    /// Its attributes.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::new("Resource", &self.raw, 1, IN_RESOURCE)
    }
}

// === impl ScopeGroup ===

impl<'a> ScopeGroup<'a> {
    fn read(signal: Signal, bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(signal.scope_group_name(), bytes, IN_RESOURCE);
        let mut group = Self {
            scope: Cow::default(),
            schema_url: &[],
            signal,
            bytes,
        };
        while let Some((number, field)) = cursor.next()? {
            match number {
                SCOPE => merge(&mut group.scope, field.bytes(&cursor, number)?),
                ITEMS => {
                    field.bytes(&cursor, number)?;
                }
                SCHEMA_URL => group.schema_url = field.bytes(&cursor, number)?,
                _ => cursor.skip(number, field)?,
            }
        }
        Ok(group)
    }

    /// The bytes of its spans or log records.
    pub fn items(&self) -> impl Iterator<Item = Result<&'a [u8], WireError>> + use<'a> {
        Messages {
            cursor: Cursor::new(self.signal.scope_group_name(), self.bytes, IN_RESOURCE),
            number: ITEMS,
            signal: self.signal,
        }
    }
}

// === impl Messages ===

impl<'a> Iterator for Messages<'a> {
    type Item = Result<&'a [u8], WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.cursor.next() {
                Ok(Some((number, Field::Bytes(bytes)))) if number == self.number => {
                    return Some(Ok(bytes));
                }
                Ok(Some((number, field))) => {
                    if number == self.number {
                        return Some(field.bytes(&self.cursor, number));
                    }
                    if let Err(error) = self.cursor.skip(number, field) {
                        return Some(Err(error));
                    }
                }
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Protobuf merges a message that stands twice; their bytes in a row are the merged message.
fn merge<'a>(merged: &mut Cow<'a, [u8]>, bytes: &'a [u8]) {
    match merged.is_empty() {
        true => *merged = Cow::Borrowed(bytes),
        false => merged.to_mut().extend_from_slice(bytes),
    }
}
