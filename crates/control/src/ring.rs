//! The ring: every key as far as it takes to know one, in memory, with what each tenant may have.
//!
//! A collector on another machine gets it as JSON. It holds hashes and no secrets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use coldtrace_model::{Tenant, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::key::{KeyId, Scope};
use crate::limits::Limits;
use crate::secret::{Hash, Presented, SecretError};

/// A snapshot of all keys and limits.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    keys: HashMap<String, Known>,
    limits: HashMap<Tenant, Limits>,
    tenants: usize,
    /// Whether nobody has told yet which keys there are.
    is_sealed: bool,
}

/// What a key that was presented is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which key.
    pub key: KeyId,
    /// Whose data.
    pub tenant: Tenant,
    /// What it is good for.
    pub scope: Scope,
}

/// Why nobody is let in. The messages are for whoever presented the key, and do not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It is not known yet which keys there are. To be tried again.
    #[error("the query service has not told yet which keys there are (control.url)")]
    Sealed,
    /// Keys are demanded and none was given.
    #[error(
        "a key is needed: send it as `authorization: Bearer KEY` (`coldtrace keys create` makes one)"
    )]
    Missing,
    /// It can't be a key.
    #[error(transparent)]
    NoKey(#[from] SecretError),
    /// It has the form of a key and is none of ours, or its secret was rotated out.
    #[error("the key is not known here")]
    Unknown,
    /// It was one.
    #[error("the key has expired")]
    Expired,
    /// It was one.
    #[error("the key was revoked")]
    Revoked,
    /// It is one, for something else.
    #[error("the key's scope is {held}; this needs {wanted}")]
    OutOfScope {
        /// What the key is good for.
        held: Scope,
        /// What was asked of it.
        wanted: Scope,
    },
}

/// A ring that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// Its JSON has another form.
    #[error("the ring of keys can't be read")]
    Json(#[from] serde_json::Error),
    /// A part of it makes no sense.
    #[error("the ring of keys holds {0}")]
    Odd(&'static str),
}

/// The ring that is in force. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Rings {
    /// Held for a line: it is read once per request, and replaced when a key changes.
    current: Arc<RwLock<Arc<Ring>>>,
    /// Held while the next one is made.
    renewal: Arc<Mutex<()>>,
}

/// A key as the ring holds it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) tenant: Tenant,
    pub(crate) scope: Scope,
    pub(crate) expires: Option<UnixNanos>,
    pub(crate) revoked: bool,
    pub(crate) hash: Hash,
    pub(crate) previous: Option<(Hash, UnixNanos)>,
}

/// The ring as JSON.
#[derive(Serialize, Deserialize)]
struct RingJson {
    /// Of this form. Another one is for another version of this program.
    version: u32,
    keys: BTreeMap<String, KnownJson>,
    limits: BTreeMap<String, Limits>,
}

#[derive(Serialize, Deserialize)]
struct KnownJson {
    tenant: String,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(default)]
    revoked: bool,
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<(String, u64)>,
}

const VERSION: u32 = 1;

// === impl Ring ===

impl Ring {
    pub(crate) fn new(
        keys: impl IntoIterator<Item = (KeyId, Known)>,
        limits: impl IntoIterator<Item = (Tenant, Limits)>,
    ) -> Self {
        let keys = keys.into_iter().map(|(id, known)| (id.0, known));
        let keys: HashMap<String, Known> = keys.collect();
        let tenants: HashSet<&Tenant> = keys.values().map(|known| &known.tenant).collect();
        Self {
            tenants: tenants.len(),
            keys,
            limits: limits.into_iter().collect(),
            is_sealed: false,
        }
    }

    /// Of whom nothing is known yet: lets nobody in.
    pub fn sealed() -> Self {
        Self {
            is_sealed: true,
            ..Self::default()
        }
    }

    /// Whether there is or was a key: from the first one on, nobody is let in without.
    pub fn demands_keys(&self) -> bool {
        self.is_sealed || !self.keys.is_empty()
    }

    /// Whether nobody has told yet which keys there are.
    pub fn is_sealed(&self) -> bool {
        self.is_sealed
    }

    /// How many tenants have keys.
    pub fn tenants(&self) -> usize {
        self.tenants
    }

    /// Those that have keys, in no order.
    pub fn tenant_names(&self) -> HashSet<Tenant> {
        self.keys
            .values()
            .map(|known| known.tenant.clone())
            .collect()
    }

    /// What a tenant may have.
    pub fn limits(&self, tenant: &Tenant) -> Limits {
        self.limits.get(tenant).copied().unwrap_or_default()
    }

    /// What the presented key is good for, if that includes `wanted`.
    pub fn check(
        &self,
        presented: Option<&str>,
        wanted: Scope,
        now: UnixNanos,
    ) -> Result<Grant, Denied> {
        if self.is_sealed {
            return Err(Denied::Sealed);
        }
        let presented = Presented::parse(presented.ok_or(Denied::Missing)?)?;
        let known = self.keys.get(presented.id).ok_or(Denied::Unknown)?;
        if !known.is_opened_by(&presented.hash(), now) {
            return Err(Denied::Unknown);
        }
        // From here on it is the key's holder who is told.
        if known.revoked {
            return Err(Denied::Revoked);
        }
        if known.expires.is_some_and(|expires| expires <= now) {
            return Err(Denied::Expired);
        }
        if !known.scope.allows(wanted) {
            return Err(Denied::OutOfScope {
                held: known.scope,
                wanted,
            });
        }
        Ok(Grant {
            key: KeyId(presented.id.to_owned()),
            tenant: known.tenant.clone(),
            scope: known.scope,
        })
    }

    /// As a collector on another machine gets it.
    pub fn to_json(&self) -> String {
        let keys = self.keys.iter();
        let limits = self.limits.iter();
        let json = RingJson {
            version: VERSION,
            keys: keys
                .map(|(id, known)| (id.clone(), KnownJson::from(known)))
                .collect(),
            limits: limits
                .map(|(tenant, limits)| (tenant.to_string(), *limits))
                .collect(),
        };
        serde_json::to_string(&json).expect("text, numbers and maps with text for keys")
    }

    /// As a collector on another machine got it.
    pub fn from_json(text: &str) -> Result<Self, RingError> {
        let json: RingJson = serde_json::from_str(text)?;
        if json.version != VERSION {
            return Err(RingError::Odd("a form of another version"));
        }
        let keys = json.keys.into_iter();
        let keys = keys.map(|(id, known)| Ok((KeyId(id), known.try_into()?)));
        let keys: Result<Vec<_>, RingError> = keys.collect();
        let limits = json.limits.into_iter().map(|(tenant, limits)| {
            let tenant = Tenant::parse(&tenant).map_err(|_| RingError::Odd("an odd tenant"))?;
            let limits = limits.checked();
            Ok((tenant, limits.map_err(|_| RingError::Odd("an odd limit"))?))
        });
        let limits: Result<Vec<_>, RingError> = limits.collect();
        Ok(Self::new(keys?, limits?))
    }
}

// === impl Rings ===

impl Rings {
    /// With this one in force.
    pub fn new(ring: Ring) -> Self {
        let rings = Self::default();
        rings.replace(ring);
        rings
    }

    /// The one that is in force now.
    pub fn current(&self) -> Arc<Ring> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts in force what is read, and says whether there was another one. Of several who do so, each reads when the one before is
    /// done: no ring follows one that was read later. Blocks.
    pub fn renew<E>(&self, read: impl FnOnce() -> Result<Option<Ring>, E>) -> Result<bool, E> {
        let renewal = self.renewal.lock();
        let _renewal = renewal.unwrap_or_else(PoisonError::into_inner);
        let Some(ring) = read()? else {
            return Ok(false);
        };
        self.replace(ring);
        Ok(true)
    }

    /// Puts another one in force.
    pub fn replace(&self, ring: Ring) {
        let current = self.current.write();
        *current.unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

// === impl Known ===

impl Known {
    fn is_opened_by(&self, hash: &Hash, now: UnixNanos) -> bool {
        let by_previous = self
            .previous
            .is_some_and(|(previous, until)| previous.is(hash) && now < until);
        self.hash.is(hash) || by_previous
    }
}

// === impl KnownJson ===

impl From<&Known> for KnownJson {
    fn from(known: &Known) -> Self {
        Self {
            tenant: known.tenant.to_string(),
            scope: known.scope,
            expires: known.expires.map(|expires| expires.0),
            revoked: known.revoked,
            hash: hex(known.hash),
            previous: known.previous.map(|(hash, until)| (hex(hash), until.0)),
        }
    }
}

impl TryFrom<KnownJson> for Known {
    type Error = RingError;

    fn try_from(json: KnownJson) -> Result<Self, RingError> {
        let hash = |text: &str| unhex(text).ok_or(RingError::Odd("an odd hash"));
        let previous = match &json.previous {
            Some((text, until)) => Some((hash(text)?, UnixNanos(*until))),
            None => None,
        };
        Ok(Self {
            tenant: Tenant::parse(&json.tenant).map_err(|_| RingError::Odd("an odd tenant"))?,
            scope: json.scope,
            expires: json.expires.map(UnixNanos),
            revoked: json.revoked,
            hash: hash(&json.hash)?,
            previous,
        })
    }
}

fn hex(hash: Hash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 2 * hash.len() || !text.is_ascii() {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(Hash(hash))
}
