//! One extension's share of the telemetry: what waits for it, and where it wants it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::json;
use tokio::sync::Notify;

use super::buffer::Buffer;
use super::subscription::Subscription;
use super::{Category, Entry};
use crate::timestamp;

/// Shared by those who tell and the one who delivers.
#[derive(Default)]
pub(super) struct Feed {
    /// Locked for a record or a batch.
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    subscription: Option<Subscription>,
    buffer: Buffer,
    /// While detached: what the earlier process wanted.
    wanted: Option<Subscription>,
}

impl Feed {
    /// A process listens at the subscription's destination.
    pub(super) fn attach(&self, subscription: Subscription) {
        let mut state = self.state();
        state.wanted = Some(subscription.clone());
        state.subscription = Some(subscription);
        self.changed.notify_one();
    }

    /// Nobody listens any more.
    pub(super) fn detach(&self) {
        self.state().subscription = None;
    }

    pub(super) fn push(&self, entry: &Entry) {
        let mut state = self.state();
        let wanted = state.wanted.as_ref();
        if let Some(entry) = wanted.and_then(|wanted| entry.of(wanted)) {
            state.buffer.push(entry);
            self.changed.notify_one();
        }
    }

    /// What was told before the subscription.
    pub(super) fn push_all<'a>(
        &self,
        subscription: &Subscription,
        entries: impl Iterator<Item = &'a Entry>,
    ) {
        let mut state = self.state();
        for entry in entries.filter_map(|entry| entry.of(subscription)) {
            state.buffer.push(entry);
        }
    }

    /// Waits until somebody listens. Cancel-safe.
    pub(super) async fn attached(&self) -> Subscription {
        self.until(|state| state.subscription.clone()).await
    }

    /// Waits until there is something to deliver. Cancel-safe.
    pub(super) async fn filled(&self) {
        self.until(|state| (state.buffer.len() > 0).then_some(()))
            .await;
    }

    /// Waits until there is a whole batch to deliver. Cancel-safe.
    pub(super) async fn full(&self, subscription: &Subscription) {
        let is_full = |buffer: &Buffer| {
            buffer.len() >= subscription.max_items || buffer.bytes() >= subscription.max_bytes
        };
        self.until(|state| is_full(&state.buffer).then_some(()))
            .await;
    }

    /// The next batch, with a word about what was dropped before it.
    pub(super) fn take(&self, subscription: &Subscription) -> Vec<Entry> {
        let mut state = self.state();
        let mut batch = state
            .buffer
            .take(subscription.max_items, subscription.max_bytes);
        let dropped = state.buffer.take_dropped();
        if dropped.records > 0 {
            let record = json!({
                "time": timestamp::rfc3339(SystemTime::now()),
                "type": "platform.logsDropped",
                "record": {
                    "reason": "the subscriber did not keep up",
                    "droppedRecords": dropped.records,
                    "droppedBytes": dropped.bytes,
                },
            });
            batch.push(Entry {
                category: Category::Platform,
                json: record.to_string().into(),
                as_text: None,
            });
        }
        batch
    }

    /// Waits until `found` finds something. There is one who waits, so that a single permit is enough.
    async fn until<T>(&self, found: impl Fn(&State) -> Option<T>) -> T {
        loop {
            if let Some(found) = found(&self.state()) {
                return found;
            }
            self.changed.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
