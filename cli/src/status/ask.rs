//! Asks one service for its pages. What it answered is kept as it is; that it did not answer is an answer too.

use std::time::Duration;

use super::report::Role;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::ControlSettings;

/// A service that takes longer for a page of text is as good as away.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a service answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) role: Role,
    pub(super) url: String,
    pub(super) pages: Result<Pages, Silent>,
}

/// It answered.
#[derive(Debug)]
pub(super) struct Pages {
    /// `/readyz`, in JSON.
    pub(super) ready: String,
    /// `/metrics`; `None` where it is not shown to us.
    pub(super) metrics: Option<String>,
}

/// It did not.
#[derive(Debug)]
pub(super) enum Silent {
    /// The setting says 0: the system chose a port that only the service knows.
    PortUnknown,
    /// Nobody answered, or something else did.
    Because(String),
}

/// Who asks.
pub(super) struct Asker {
    client: Client,
}

// === impl Asker ===

impl Asker {
    /// With the key of `control.api_key`, trusting the authorities of `control.ca`.
    pub(super) fn new(control: &ControlSettings) -> Result<Self, Failure> {
        let client = Client::new(control, PATIENCE)?;
        Ok(Self { client })
    }

    /// Asks for both pages.
    pub(super) fn ask(&self, role: Role, url: &str) -> Answer {
        let pages = match url.ends_with(":0") {
            true => Err(Silent::PortUnknown),
            false => self.pages(url).map_err(Silent::Because),
        };
        Answer {
            role,
            url: url.to_owned(),
            pages,
        }
    }

    fn pages(&self, url: &str) -> Result<Pages, String> {
        let (status, ready) = self.client.get(&format!("{url}/readyz"))?;
        if !matches!(status, 200 | 503) {
            return Err(format!("/readyz was answered with status {status}"));
        }
        let (status, metrics) = self.client.get(&format!("{url}/metrics"))?;
        let metrics = match status {
            200 => Some(metrics),
            401 | 403 => None,
            other => return Err(format!("/metrics was answered with status {other}")),
        };
        Ok(Pages { ready, metrics })
    }
}
