//! What each tenant has of the collector: so that one at full blast can't starve another.
//!
//! Quotas ([`quota`]) hold always. What is shared (memory, requests in flight, the log) is given out by one rule, as soon as
//! there is more than one tenant: nobody takes more than [`GREED`] times what is still free. A greedy tenant gets four
//! fifths; what it gives back goes to whoever comes next, until two have four ninths each. Nobody need know how many there are. The turns of
//! those that take long to read go round ([`turns`]).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coldtrace_control::{Limits, Ring};
use coldtrace_model::Tenant;
use coldtrace_service::metrics::Registry;
use tokio::time::Instant;

mod holdings;
mod quota;
mod turns;

pub(crate) use turns::Turns;

use crate::status::Refusal;
use holdings::Holdings;
use quota::{Exceeded, Quotas};

/// How many times what is free one tenant may hold.
const GREED: u64 = 4;
/// Requests that are received or wait for their sync, of all tenants: fewer than a single lane of the log has places for.
const IN_FLIGHT: u64 = 448;
/// Others' requests end within milliseconds; a client that comes back in a second finds room.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// What the log holds leaves it no faster than the store takes it.
const LOG_RETRY: Duration = Duration::from_secs(5);

/// What is shared, and who has it. Clones share it.
#[derive(Clone)]
pub(crate) struct Fair {
    shared: Arc<Shared>,
}

struct Shared {
    /// Held for a line, once per request. As many as there are tenants with keys.
    accounts: Mutex<HashMap<Tenant, Arc<Account>>>,
    in_flight: AtomicU64,
    /// Held while a request's bytes are noted.
    log: Mutex<Holdings>,
    registry: Registry,
}

/// What one tenant holds and has used.
#[derive(Debug)]
struct Account {
    tenant: Tenant,
    in_flight: AtomicU64,
    memory: AtomicU64,
    /// Held for a line.
    quotas: Mutex<Quotas>,
}

/// One request's side of it: in flight until it is dropped.
pub(crate) struct Sender {
    shared: Arc<Shared>,
    account: Arc<Account>,
    limits: Limits,
    /// Whether there are other tenants.
    is_one_of_many: bool,
}

/// A tenant's part of the memory for requests; given back when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    account: Arc<Account>,
    is_one_of_many: bool,
    bytes: u64,
}

/// How full the log is, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogLevel {
    pub(crate) held: u64,
    pub(crate) cap: u64,
}

/// Whether a tenant that holds `held` may have `more` of what is free. Who holds nothing may have all that is free.
fn leaves_room(held: u64, more: u64, free: u64) -> bool {
    more <= free && (held == 0 || held.saturating_add(more) <= GREED.saturating_mul(free - more))
}

// === impl Fair ===

impl Fair {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self {
            shared: Arc::new(Shared {
                accounts: Mutex::default(),
                in_flight: AtomicU64::new(0),
                log: Mutex::default(),
                registry: registry.clone(),
            }),
        }
    }

    /// Lets a tenant's request in, unless the tenant has used up what it may have.
    pub(crate) fn enter(&self, tenant: Tenant, ring: &Ring) -> Result<Sender, Refusal> {
        let limits = ring.limits(&tenant);
        let sender = Sender {
            shared: Arc::clone(&self.shared),
            account: self.shared.account(tenant),
            limits,
            is_one_of_many: ring.tenants() > 1,
        };
        let in_flight = self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
        let own = sender.account.in_flight.fetch_add(1, Ordering::Relaxed);
        sender.check_quotas()?;
        if sender.is_one_of_many && !leaves_room(own, 1, IN_FLIGHT.saturating_sub(in_flight)) {
            let why = "the tenant has too many requests under way";
            return Err(sender.refused("in_flight", why, RETRY_AFTER));
        }
        Ok(sender)
    }
}

// === impl Shared ===

impl Shared {
    fn account(&self, tenant: Tenant) -> Arc<Account> {
        let accounts = self.accounts.lock();
        let mut accounts = accounts.unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(&tenant) {
            return Arc::clone(account);
        }
        let account = Arc::new(Account {
            tenant: tenant.clone(),
            in_flight: AtomicU64::new(0),
            memory: AtomicU64::new(0),
            quotas: Mutex::default(),
        });
        accounts.insert(tenant, Arc::clone(&account));
        account
    }
}

// === impl Sender ===

impl Sender {
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.account.tenant
    }

    /// For how many days the tenant's data is kept, where that is not what the configuration says.
    pub(crate) fn keep_days(&self) -> Option<u16> {
        self.limits.keep_days
    }

    /// Nothing held yet.
    pub(crate) fn memory(&self) -> Held {
        Held {
            account: Arc::clone(&self.account),
            is_one_of_many: self.is_one_of_many,
            bytes: 0,
        }
    }

    /// Counts a request that was read against the quotas. It is let in; those that follow wait until that is made up for.
    pub(crate) fn charge(&self, bytes: u64, rows: u64) {
        self.quotas(|quotas| quotas.charge(bytes, rows));
    }

    /// Notes what goes into the log, unless the tenant has its share of it already.
    pub(crate) fn take_log(&self, bytes: u64, level: LogLevel) -> Result<(), Refusal> {
        let log = self.shared.log.lock();
        let mut log = log.unwrap_or_else(PoisonError::into_inner);
        log.settle(level.held);
        let held = log.of(self.tenant());
        let share = self.limits.log_share.map_or(100, u64::from);
        let is_above_share = held.saturating_add(bytes) > level.cap / 100 * share && share < 100;
        let free = level.cap.saturating_sub(level.held);
        // What does not fit at all is the log's own to refuse.
        let is_greedy = self.is_one_of_many && bytes <= free && !leaves_room(held, bytes, free);
        if is_above_share || is_greedy {
            let why = "the log holds as much of the tenant's as it may: the store does not take it fast enough";
            return Err(self.refused("log", why, LOG_RETRY));
        }
        log.note(self.tenant(), bytes);
        Ok(())
    }

    fn check_quotas(&self) -> Result<(), Refusal> {
        let limits = self.limits;
        let checked = self.quotas(|quotas| quotas.check(&limits, Instant::now()));
        checked.map_err(|exceeded| match exceeded {
            Exceeded::Bytes(wait) => {
                self.refused("bytes", "the tenant's quota of bytes is used up", wait)
            }
            Exceeded::Rows(wait) => {
                self.refused("spans", "the tenant's quota of spans is used up", wait)
            }
        })
    }

    fn quotas<T>(&self, ask: impl FnOnce(&mut Quotas) -> T) -> T {
        let quotas = self.account.quotas.lock();
        ask(&mut quotas.unwrap_or_else(PoisonError::into_inner))
    }

    fn refused(&self, limit: &str, why: &'static str, retry_after: Duration) -> Refusal {
        let labels = [("tenant", self.tenant().as_str()), ("limit", limit)];
        let refused = self.shared.registry.counter(
            "coldtrace_collector_tenant_refusals_total",
            "Requests that were refused because their tenant had what it may have.",
            &labels,
        );
        refused.inc();
        Refusal::Overloaded { why, retry_after }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.account.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("tenant", self.tenant())
            .finish_non_exhaustive()
    }
}

// === impl Held ===

impl Held {
    /// Takes more, of which `free` bytes are free for all, unless that is more than the tenant may have.
    pub(crate) fn try_grow(&mut self, more: u64, free: u64) -> bool {
        let held = self.account.memory.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        !self.is_one_of_many || leaves_room(held, more, free)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.account.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
