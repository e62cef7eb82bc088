//! A request as the log keeps it: the bytes that came, and what is needed to judge them again exactly as at first.

use bytes::Bytes;
use coldtrace_model::{Tenant, UnixNanos};

use super::record::{REQUEST_FIXED, framed, u16_at, u32_at, u64_at};

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
    /// Hash of tenant and the batch id that an extension made.
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
    /// Protobuf.
    pub(crate) body: Bytes,
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

// === impl Request ===

impl Request {
    /// How many bytes it takes in the log.
    pub(crate) fn framed(&self) -> u64 {
        framed(REQUEST_FIXED + self.tenant.as_str().len() + self.body.len())
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let (kind, key) = match &self.key {
            ResendKey::Bytes(key) => (1, key),
            ResendKey::Batch(key) => (2, key),
        };
        let tenant = self.tenant.as_str();
        let tenant_length = u8::try_from(tenant.len()).expect("a tenant has at most 64 bytes");
        out.reserve(REQUEST_FIXED + tenant.len() + self.body.len());
        out.extend_from_slice(&[self.signal.number(), kind]);
        out.extend_from_slice(&self.keep_days.to_le_bytes());
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.admitted_at.0.to_le_bytes());
        out.extend_from_slice(&self.rejected.to_le_bytes());
        out.extend_from_slice(key);
        out.push(tenant_length);
        out.extend_from_slice(tenant.as_bytes());
        out.extend_from_slice(&self.body);
    }

    pub(super) fn parse(payload: &Bytes) -> Option<Self> {
        if payload.len() < REQUEST_FIXED {
            return None;
        }
        let tenant_end = REQUEST_FIXED + usize::from(payload[40]);
        let tenant = std::str::from_utf8(payload.get(REQUEST_FIXED..tenant_end)?).ok()?;
        let key = *payload[24..].first_chunk()?;
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
            body: payload.slice(tenant_end..),
        })
    }
}
