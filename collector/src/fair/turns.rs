//! Turns at what only a few can do at a time: each tenant that waits gets one, then the next.
//!
//! A semaphore hands out turns by who came first: a tenant that sent a thousand requests would be ahead of all others a
//! thousand times.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coldtrace_model::Tenant;
use tokio::sync::oneshot;

/// The turns. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    /// Held for a line or two, for each request that takes long to read.
    state: Arc<Mutex<State>>,
}

/// One turn; passed on when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    /// `None` once passed on.
    turns: Option<Turns>,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// Who has waited longest since its last turn is first. As many waiters as requests fit into memory.
    waiting: VecDeque<(Tenant, VecDeque<oneshot::Sender<Turn>>)>,
}

// === impl Turns ===

impl Turns {
    /// As many at a time.
    pub(crate) fn new(free: usize) -> Self {
        let waiting = VecDeque::new();
        Self {
            state: Arc::new(Mutex::new(State { free, waiting })),
        }
    }

    /// Returns when it is this tenant's turn. Whoever gives up waiting loses its place and nothing else.
    pub(crate) async fn take(&self, tenant: &Tenant) -> Turn {
        let waiter = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Turn::of(self);
            }
            state.wait(tenant)
        };
        waiter.await.expect("turns are passed on while any is out")
    }

    /// Who is next; the turn is free where nobody is.
    fn next_or_free(&self) -> Option<oneshot::Sender<Turn>> {
        let mut state = self.lock();
        let next = state.next();
        if next.is_none() {
            state.free += 1;
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn wait(&mut self, tenant: &Tenant) -> oneshot::Receiver<Turn> {
        let (turn_tx, turn) = oneshot::channel();
        match self.waiting.iter_mut().find(|(other, _)| other == tenant) {
            Some((_, waiters)) => waiters.push_back(turn_tx),
            None => {
                let waiters = VecDeque::from([turn_tx]);
                self.waiting.push_back((tenant.clone(), waiters));
            }
        }
        turn
    }

    /// Who is next. Its tenant goes to the end of the line.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let (tenant, mut waiters) = self.waiting.pop_front()?;
        let next = waiters.pop_front();
        if !waiters.is_empty() {
            self.waiting.push_back((tenant, waiters));
        }
        next
    }
}

// === impl Turn ===

impl Turn {
    fn of(turns: &Turns) -> Self {
        Self {
            turns: Some(turns.clone()),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else {
            return;
        };
        while let Some(next) = turns.next_or_free() {
            match next.send(Self::of(&turns)) {
                Ok(()) => return,
                // It gave up; what comes back must not pass itself on.
                Err(mut turn) => drop(turn.turns.take()),
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

    /// Who is served, in order, when all of these wait at once.
    async fn order(waiting: &[&'static str]) -> String {
        let turns = Turns::new(1);
        let first = turns.take(&tenant("x")).await;
        let waiters: Vec<_> = waiting
            .iter()
            .map(|name| (*name, turns.lock().wait(&tenant(name))))
            .collect();
        drop(first);
        let mut served = String::new();
        let mut left = waiters;
        while !left.is_empty() {
            let ready = left
                .iter_mut()
                .position(|(_, turn)| turn.try_recv().map(drop).is_ok());
            let ready = ready.expect("a turn is passed on as soon as it ends");
            served.push_str(left.remove(ready).0);
        }
        served
    }

    #[tokio::test]
    async fn tenants_take_turns_however_many_each_asks_for() {
        assert_eq!(order(&["a", "a", "a", "a", "b", "c", "c"]).await, "abcacaa");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_takes_no_turn_along() {
        let turns = Turns::new(1);
        let first = turns.take(&tenant("a")).await;
        let given_up = turns.lock().wait(&tenant("b"));
        let patient = turns.lock().wait(&tenant("c"));
        drop(given_up);
        drop(first);
        drop(patient.await.expect("its turn"));
        let unheard = turns.lock().wait(&tenant("d"));
        drop(unheard);
        drop(turns.take(&tenant("e")).await);
        assert_eq!(turns.lock().free, 1);
    }
}
