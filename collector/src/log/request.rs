//! A request as the log keeps it: the bytes that came, and what is needed to judge them again exactly as at first.

use bytes::Bytes;
use coldtrace_model::{Tenant, UnixNanos};

use xxhash_rust::xxh3::xxh3_128;

use super::record::{Place, framed, u16_at, u32_at, u64_at};

/// The bytes of a request's payload in front of tenant and body.
const FIXED: usize = 57;

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Signal {
    /// `ExportTraceServiceRequest`
    Traces,
    /// `ExportLogsServiceRequest`
    Logs,
    /// `coldtrace.v1.ExportRequest`
    Ingest,
}

/// By which a repeated request is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ResendKey {
    /// Hash of tenant, signal and bytes.
    Bytes([u8; 16]),
    /// The same with the batch id that an extension made, which is remembered for longer.
    Batch([u8; 16]),
}

/// A request on its way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) tenant: Tenant,
    pub(crate) signal: Signal,
    /// The clock that its spans are judged by, also on replay.
    pub(crate) admitted_at: UnixNanos,
    /// The retention that its spans are judged by and filed under.
    pub(crate) keep_days: u16,
    /// How many rows it makes, about.
    pub(crate) rows: u32,
    /// How many of its items were rejected.
    pub(crate) rejected: u64,
    pub(crate) key: ResendKey,
    pub(crate) body: Body,
}

/// Protobuf, with the hash by which it is recognised and checked: bytes are read for that once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    bytes: Bytes,
    hash: [u8; 16],
}

// === impl Signal ===

impl Signal {
    /// Its name in metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Ingest => "ingest",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Traces => 1,
            Self::Logs => 2,
            Self::Ingest => 3,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Traces),
            2 => Some(Self::Logs),
            3 => Some(Self::Ingest),
            _ => None,
        }
    }
}

// === impl ResendKey ===

impl ResendKey {
    /// An extension keeps a batch's id over its attempts, and the bytes as well. Other bytes under the same id are another
    /// batch: sandboxes that were restored from one snapshot may make the same ids. So both are the key.
    pub(crate) fn of(
        tenant: &Tenant,
        signal: Signal,
        batch_id: Option<[u8; 16]>,
        body: &Body,
    ) -> Self {
        let mut text = Vec::with_capacity(64 + 34);
        text.extend_from_slice(tenant.as_str().as_bytes());
        // No tenant's name holds a zero byte, so that no two are the same text.
        text.extend_from_slice(&[0, signal.number()]);
        text.extend_from_slice(&body.hash);
        match batch_id {
            Some(batch_id) => {
                text.extend_from_slice(&batch_id);
                Self::Batch(xxh3_128(&text).to_le_bytes())
            }
            None => Self::Bytes(xxh3_128(&text).to_le_bytes()),
        }
    }

    pub(crate) const fn hash(&self) -> &[u8; 16] {
        let (Self::Bytes(hash) | Self::Batch(hash)) = self;
        hash
    }

    /// One of so many, always the same.
    pub(super) fn share(&self, of: usize) -> usize {
        (u64_at(self.hash(), 8) % of as u64) as usize
    }
}

// === impl Body ===

impl Body {
    /// Reads them once, for their hash.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            hash: xxh3_128(&bytes).to_le_bytes(),
            bytes,
        }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

// === impl Request ===

impl Request {
    /// How many bytes it takes in the log.
    pub(crate) fn framed(&self) -> u64 {
        framed(self.payload())
    }

    pub(super) fn payload(&self) -> usize {
        FIXED + self.tenant.as_str().len() + self.body.bytes.len()
    }

    /// Appends its bytes as they stand at this place, but for the body, which follows, and the padding behind it.
    pub(super) fn put_head(&self, place: Place, out: &mut Vec<u8>) {
        let (kind, key) = match &self.key {
            ResendKey::Bytes(key) => (1, key),
            ResendKey::Batch(key) => (2, key),
        };
        let tenant = self.tenant.as_str();
        let mut fixed = [0; FIXED];
        fixed[0] = self.signal.number();
        fixed[1] = kind;
        fixed[2..4].copy_from_slice(&self.keep_days.to_le_bytes());
        fixed[4..8].copy_from_slice(&self.rows.to_le_bytes());
        fixed[8..16].copy_from_slice(&self.admitted_at.0.to_le_bytes());
        fixed[16..24].copy_from_slice(&self.rejected.to_le_bytes());
        fixed[24..40].copy_from_slice(key);
        fixed[40..56].copy_from_slice(&self.body.hash);
        fixed[56] = u8::try_from(tenant.len()).expect("a tenant has at most 64 bytes");
        let checksum = checksum(&fixed, tenant.as_bytes());
        place.put_request_header(self.payload(), checksum, out);
        out.extend_from_slice(&fixed);
        out.extend_from_slice(tenant.as_bytes());
    }

    /// `checksum` covers what stands in front of the body; the hash in there covers the body.
    pub(super) fn parse(checksum_told: u32, payload: &Bytes) -> Option<Self> {
        if payload.len() < FIXED {
            return None;
        }
        let tenant_end = FIXED + usize::from(payload[56]);
        let tenant = payload.get(FIXED..tenant_end)?;
        if checksum(&payload[..FIXED], tenant) != checksum_told {
            return None;
        }
        let tenant = std::str::from_utf8(tenant).ok()?;
        let key = *payload[24..].first_chunk()?;
        let body = Body::new(payload.slice(tenant_end..));
        if body.hash != payload[40..56] {
            return None;
        }
        Some(Self {
            tenant: Tenant::parse(tenant).ok()?,
            signal: Signal::from_number(payload[0])?,
            key: match payload[1] {
                1 => ResendKey::Bytes(key),
                2 => ResendKey::Batch(key),
                _ => return None,
            },
            keep_days: u16_at(payload, 2),
            rows: u32_at(payload, 4),
            admitted_at: UnixNanos(u64_at(payload, 8)),
            rejected: u64_at(payload, 16),
            body,
        })
    }
}

fn checksum(fixed: &[u8], tenant: &[u8]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(fixed);
    checksum.update(tenant);
    checksum.finalize()
}
