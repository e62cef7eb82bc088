//! Keeps the ring of keys and limits up to date while the services run.
//!
//! A source that fails leaves what is in force: nobody is shut out or let in by a query service that is away.

use std::path::Path;
use std::time::Duration;

use coldtrace_control::{Remote, Ring, Rings, Source, SourceError};
use coldtrace_service::health::Component;
use coldtrace_service::shutdown::Shutdown;
use tracing::{info, warn};

use crate::failure::chain_of;

/// Between two looks at the file: one read of one page.
const FILE_INTERVAL: Duration = Duration::from_secs(1);
/// Between two questions to a query service.
const SERVICE_INTERVAL: Duration = Duration::from_secs(2);

/// The ring, and where the next one comes from.
pub(crate) struct Control {
    pub(crate) rings: Rings,
    source: Source,
    interval: Duration,
    /// Whether this process is the one that keeps them.
    pub(crate) is_own: bool,
}

// === impl Control ===

impl Control {
    /// Of the control database in this folder, or of a query service elsewhere. Blocks.
    pub(crate) fn open(remote: Option<Remote>, data_dir: &Path) -> Result<Self, SourceError> {
        let is_own = remote.is_none();
        let (source, ring, interval) = match remote {
            None => {
                let (source, ring) = Source::database(data_dir)?;
                (source, ring, FILE_INTERVAL)
            }
            Some(remote) => {
                let (source, ring) = Source::service(remote, data_dir)?;
                (source, ring.unwrap_or_else(Ring::sealed), SERVICE_INTERVAL)
            }
        };
        Ok(Self {
            rings: Rings::new(ring),
            source,
            interval,
            is_own,
        })
    }

    /// Follows until asked to end. The component says whether it is known who may send and read.
    pub(crate) async fn follow(mut self, component: Component, shutdown: Shutdown) {
        let mut told = String::new();
        loop {
            let polled = tokio::task::spawn_blocking(move || {
                let polled = self.rings.renew(|| self.source.poll());
                (self, polled)
            });
            let Ok((returned, polled)) = polled.await else {
                // The runtime is ending, or the source panicked, which ends the process.
                return;
            };
            self = returned;
            match polled {
                Ok(has_changed) => {
                    if has_changed {
                        info!("keys and limits changed");
                    }
                    told.clear();
                    component.set_ready(true);
                }
                Err(error) => {
                    let why = chain_of(&error);
                    if why != told {
                        warn!(error = why, "keys and limits are not up to date");
                    }
                    component.set_ready(!self.rings.current().is_sealed());
                    component.set_detail(why.clone());
                    told = why;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(self.interval) => {}
                () = shutdown.wait() => return,
            }
        }
    }
}
