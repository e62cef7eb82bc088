//! Who follows: so many at once, of each tenant and in all; and what those remember who left a moment ago.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coldtrace_model::Tenant;
use coldtrace_service::shutdown::Shutdown;
use tokio::time::Instant;

use super::Subject;
use super::state::State;

/// Each asks the store once a second.
const OF_A_TENANT: usize = 10;
const IN_ALL: usize = 100;
/// Of those who left: a browser comes back within seconds.
const KEPT: usize = 32;
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);

/// Too many follow: of this tenant, or in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "too many tails are followed at once; at most {OF_A_TENANT} of a tenant, and {IN_ALL} in all"
)]
pub(crate) struct Full;

/// All tails of the process.
#[derive(Clone, Default)]
pub(crate) struct Tails {
    shared: Arc<Mutex<Shared>>,
    ended: Shutdown,
}

#[derive(Default)]
struct Shared {
    taken: HashMap<Tenant, usize>,
    kept: VecDeque<Kept>,
}

struct Kept {
    tenant: Tenant,
    since: Instant,
    state: State,
}

/// The right to follow, given back when dropped.
pub(super) struct Seat {
    tails: Tails,
    tenant: Tenant,
}

// === impl Tails ===

impl Tails {
    /// Lets all of them end, and none begin that is followed for long.
    pub(crate) fn end(&self) {
        self.ended.trigger();
    }

    /// Ends when all of them should.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.ended.wait()
    }

    pub(super) fn seat(&self, tenant: Tenant) -> Result<Seat, Full> {
        let mut shared = self.shared();
        let in_all: usize = shared.taken.values().sum();
        let of_tenant = shared.taken.entry(tenant.clone()).or_default();
        if *of_tenant >= OF_A_TENANT || in_all >= IN_ALL {
            return Err(Full);
        }
        *of_tenant += 1;
        drop(shared);
        let tails = self.clone();
        Ok(Seat { tails, tenant })
    }

    /// Nothing is left half done by who panics with it.
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Seat ===

impl Seat {
    /// What the tail of that name remembered when it was left.
    pub(super) fn kept(&self, name: u64, subject: &Subject) -> Option<State> {
        let kept = &mut self.tails.shared().kept;
        kept.retain(|one| one.since.elapsed() < KEPT_FOR);
        let place = kept.iter().position(|one| {
            one.tenant == self.tenant
                && one.state.position().tail == name
                && one.state.subject() == subject
        });
        Some(kept.remove(place?)?.state)
    }

    pub(super) fn keep(&self, state: State) {
        let kept = &mut self.tails.shared().kept;
        kept.truncate(KEPT - 1);
        kept.push_front(Kept {
            tenant: self.tenant.clone(),
            since: Instant::now(),
            state,
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut shared = self.tails.shared();
        if let Some(taken) = shared.taken.get_mut(&self.tenant) {
            *taken -= 1;
            if *taken == 0 {
                shared.taken.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> Tenant {
        Tenant::parse(name).expect("a tenant")
    }

    #[test]
    fn one_tenant_leaves_seats_to_others_and_gives_back_its_own() {
        let tails = Tails::default();
        let take = |name: &str| tails.seat(tenant(name));
        let mut taken: Vec<Seat> = (0..OF_A_TENANT)
            .map(|_| take("acme").expect("a seat"))
            .collect();
        assert_eq!(take("acme").err(), Some(Full));
        assert!(take("other").is_ok());
        taken.pop();
        taken.push(take("acme").expect("the one that was given back"));
        assert_eq!(take("acme").err(), Some(Full));
        drop(taken);
        assert!(tails.shared().taken.is_empty());
    }

    #[test]
    fn all_tenants_together_have_a_bound() {
        let tails = Tails::default();
        let seats = (0..IN_ALL).map(|number| tails.seat(tenant(&format!("tenant-{number}"))));
        let seats: Vec<_> = seats.collect();
        assert!(seats.iter().all(Result::is_ok));
        assert_eq!(tails.seat(tenant("late")).err(), Some(Full));
    }
}
