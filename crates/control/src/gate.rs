//! Whose a request is: the one question that every service asks first.

use coldtrace_model::{Tenant, UnixNanos};

use crate::key::Scope;
use crate::ring::{Denied, Grant, Ring, Rings};

/// Lets requests in.
#[derive(Clone, Debug)]
pub struct Gate {
    rings: Rings,
    is_local: bool,
}

/// Who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Whose data it is about.
    pub tenant: Tenant,
    /// What its key is good for; `None` where nobody needs one.
    pub grant: Option<Grant>,
}

// === impl Gate ===

impl Gate {
    /// By these rings. `is_local`: only this machine reaches what is behind it.
    pub fn new(rings: Rings, is_local: bool) -> Self {
        Self { rings, is_local }
    }

    /// The ring in force, with everything in it of one moment.
    pub fn ring(&self) -> std::sync::Arc<Ring> {
        self.rings.current()
    }

    /// Whether nobody needs a key: on loopback, while there never was one.
    pub fn is_open(&self) -> bool {
        self.is_local && !self.rings.current().demands_keys()
    }

    /// The tenant for which a request with this key may do what needs `wanted`.
    pub fn tenant(&self, presented: Option<&str>, wanted: Scope) -> Result<Tenant, Denied> {
        Ok(self.holder(presented, wanted)?.tenant)
    }

    /// Who it is that may do what needs `wanted`, with this key.
    pub fn holder(&self, presented: Option<&str>, wanted: Scope) -> Result<Holder, Denied> {
        if self.is_open() {
            return Ok(Holder {
                tenant: Tenant::single(),
                grant: None,
            });
        }
        let grant = self.ring().check(presented, wanted, UnixNanos::now())?;
        Ok(Holder {
            tenant: grant.tenant.clone(),
            grant: Some(grant),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_on_loopback_and_without_keys_is_it_open() {
        let gate = |ring, is_local| Gate::new(Rings::new(ring), is_local);
        let ask = |gate: Gate| gate.tenant(None, Scope::Ingest);
        assert_eq!(ask(gate(Ring::default(), true)), Ok(Tenant::single()));
        assert_eq!(ask(gate(Ring::default(), false)), Err(Denied::Missing));
        assert_eq!(ask(gate(Ring::sealed(), true)), Err(Denied::Sealed));
    }
}
