//! Whether a connection is used. One that carries nothing for long is ended well: it may be dead, or held for no good.

use std::time::Duration;

use tokio::sync::watch;

/// How long a connection may carry nothing. Longer than exporters wait between two batches, so that they keep theirs.
const IDLE: Duration = Duration::from_secs(5 * 60);

/// The requests that a connection carries. Clones share the count.
#[derive(Clone)]
pub(super) struct Usage {
    requests_tx: watch::Sender<usize>,
}

/// One request, until it is dropped.
pub(super) struct InUse {
    usage: Usage,
}

// === impl Usage ===

impl Usage {
    pub(super) fn new() -> Self {
        Self {
            requests_tx: watch::Sender::new(0),
        }
    }

    pub(super) fn begin(&self) -> InUse {
        self.requests_tx.send_modify(|requests| *requests += 1);
        InUse {
            usage: self.clone(),
        }
    }

    /// Returns once the connection has carried nothing for long.
    pub(super) async fn idle(&self) {
        let mut requests_rx = self.requests_tx.subscribe();
        loop {
            let requests = *requests_rx.borrow_and_update();
            // The sender lives as long as `self`.
            let changed = requests_rx.changed();
            let used = match requests {
                0 => tokio::time::timeout(IDLE, changed).await.is_ok(),
                _ => changed.await.is_ok(),
            };
            if !used {
                return;
            }
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.usage
            .requests_tx
            .send_modify(|requests| *requests -= 1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_once_its_last_request_is_long_over() {
        let started = Instant::now();
        let usage = Usage::new();
        let requests = async {
            let first = usage.begin();
            sleep(2 * IDLE).await;
            let second = usage.begin();
            drop(first);
            sleep(IDLE).await;
            drop(second);
            sleep(IDLE / 2).await;
            drop(usage.begin());
        };
        tokio::join!(requests, usage.idle());
        assert_eq!(started.elapsed(), 4 * IDLE + IDLE / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_never_used_is_idle() {
        let started = Instant::now();
        Usage::new().idle().await;
        assert_eq!(started.elapsed(), IDLE);
    }
}
