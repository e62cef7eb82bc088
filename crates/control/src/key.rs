//! A key, but for its secret.

use std::fmt;
use std::str::FromStr;

use coldtrace_model::{Tenant, UnixNanos};
use serde::{Deserialize, Serialize};

/// By which a key is named: it is part of the key's text, and no secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub(crate) String);

/// What a key is good for. Who sends and reads makes two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To send.
    Ingest,
    /// To read what the tenant sent.
    Read,
    /// To read, and to say who is alerted of what: rules, channels and silences.
    Write,
    /// To do that, and to see what concerns the whole service: its metrics, and the ring of keys that a collector on another
    /// machine fetches.
    Admin,
}

/// No scope of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not one of ingest, read, write and admin")]
pub struct ScopeError;

/// Who may do what, since when and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name for machines.
    pub id: KeyId,
    /// Its name for people.
    pub name: String,
    /// Whose data it sends or reads.
    pub tenant: Tenant,
    /// What it is good for.
    pub scope: Scope,
    /// When it was made.
    pub created: UnixNanos,
    /// When its secret was last replaced.
    pub rotated: Option<UnixNanos>,
    /// When it ends by itself.
    pub expires: Option<UnixNanos>,
    /// When it was ended.
    pub revoked: Option<UnixNanos>,
    /// Until when the secret from before the last rotation is taken as well.
    pub previous_until: Option<UnixNanos>,
}

// === impl KeyId ===

impl KeyId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Scope ===

impl Scope {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// Whether a key of this scope may do what needs `wanted`.
    pub fn allows(self, wanted: Self) -> bool {
        match wanted {
            Self::Ingest | Self::Admin => self == wanted,
            Self::Read => matches!(self, Self::Read | Self::Write | Self::Admin),
            Self::Write => matches!(self, Self::Write | Self::Admin),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        match text {
            "ingest" => Ok(Self::Ingest),
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            _ => Err(ScopeError),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Key ===

impl Key {
    /// Whether it is good for anything at this time.
    pub fn is_valid(&self, now: UnixNanos) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| expires > now)
    }
}
