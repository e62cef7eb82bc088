//! What a log holds that the store has not confirmed, against its cap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes that are held. Clones share the count.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    held: Arc<AtomicU64>,
    cap: u64,
}

// === impl Budget ===

impl Budget {
    /// Nothing held yet.
    pub(crate) fn new(cap: u64) -> Self {
        Self {
            held: Arc::default(),
            cap,
        }
    }

    /// Takes as much, if the cap allows.
    pub(crate) fn try_take(&self, bytes: u64) -> bool {
        let take = |held: u64| Some(held + bytes).filter(|held| *held <= self.cap);
        self.held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    /// Takes what is on disk already, over the cap if need be.
    pub(crate) fn take(&self, bytes: u64) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn cap(&self) -> u64 {
        self.cap
    }

    pub(crate) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }
}
