//! The word that everything should end: said once, heard by every clone.
//!
//! What follows (stop accepting > drain > flush > close) is each component's own `run`; this only carries the signal.

use std::future::Future;

use tokio_util::sync::CancellationToken;

/// Asks its holders to end. Clones share one state; once triggered it stays so.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

impl Shutdown {
    /// Not triggered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells every holder to end. Saying it twice changes nothing.
    pub fn trigger(&self) {
        self.token.cancel();
    }

    /// Whether it has been triggered.
    pub fn is_triggered(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Ends when triggered. The future borrows nothing and may be dropped at any time.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        self.token.clone().cancelled_owned()
    }

    /// One that is triggered with this one, and may be triggered on its own: for a phase of a shutdown.
    pub fn child(&self) -> Self {
        Self {
            token: self.token.child_token(),
        }
    }
}

/// Waits for SIGTERM or SIGINT (Ctrl-C) and returns its name. Each call hears only what comes after it began.
///
/// Errors where the process may not install the handlers.
pub async fn signal() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

#[cfg(test)]
mod tests {
    use super::Shutdown;

    #[tokio::test]
    async fn every_clone_hears_the_trigger() {
        let shutdown = Shutdown::new();
        let (early, child) = (shutdown.wait(), shutdown.child());
        shutdown.clone().trigger();
        early.await;
        child.wait().await;
        assert!(shutdown.is_triggered());
    }

    #[tokio::test]
    async fn a_phase_ends_without_ending_the_whole() {
        let shutdown = Shutdown::new();
        let phase = shutdown.child();
        phase.trigger();
        phase.wait().await;
        assert!(!shutdown.is_triggered());
    }
}
