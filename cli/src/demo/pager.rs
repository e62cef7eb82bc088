//! The pager of who runs the shop: every alert that was delivered to it, in the order in which it came.

use serde::Deserialize;
use tokio::sync::watch;

use super::api::Number;
use super::tell;

/// Clones are the same pager.
#[derive(Clone)]
pub(super) struct Pager {
    rung: watch::Sender<Vec<Page>>,
}

/// Something that happened to an alert, as the message tells it; what the demo does not look at is left out.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Page {
    pub(super) id: String,
    pub(super) rule_name: String,
    /// `firing` or `resolved`.
    pub(super) change: String,
    /// The end of the window that decided it, in Unix nanoseconds.
    pub(super) at: Number,
    pub(super) summary: String,
    pub(super) why: Why,
}

/// What the message says of its reasons.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Why {
    pub(super) causes: Vec<Cause>,
    pub(super) path: Vec<Shift>,
}

/// What bad invocations have more often than others.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Cause {
    pub(super) key: String,
    pub(super) value: Option<String>,
}

/// Where the time went otherwise than before.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Shift {
    pub(super) what: String,
}

/// A message of a webhook.
#[derive(Deserialize)]
pub(super) struct Message {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    alerts: Vec<Page>,
}

// === impl Pager ===

impl Pager {
    pub(super) fn new() -> Self {
        Self {
            rung: watch::Sender::new(Vec::new()),
        }
    }

    /// A message came. What comes a second time is the same page.
    pub(super) fn ring(&self, message: Message) {
        self.rung.send_modify(|pages| {
            for page in message.data.alerts {
                if pages.iter().any(|other| other.id == page.id) {
                    continue;
                }
                tell(&format!("pager: {}: {}", page.change, page.summary));
                pages.push(page);
            }
        });
    }

    /// Waits for the page of a rule that fires or ends after the first `seen` of all pages.
    pub(super) async fn wait(&self, rule: &str, change: &str, seen: usize) -> Page {
        let is_meant = |page: &&Page| page.rule_name == rule && page.change == change;
        let mut pages = self.rung.subscribe();
        loop {
            let found = pages
                .borrow_and_update()
                .iter()
                .skip(seen)
                .find(is_meant)
                .cloned();
            if let Some(page) = found {
                return page;
            }
            // The sender lives as long as this pager.
            if pages.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until nothing fires by a rule.
    pub(super) async fn quiet(&self, rule: &str) {
        let is_quiet = |pages: &Vec<Page>| {
            let last = pages.iter().rfind(|page| page.rule_name == rule);
            last.is_none_or(|page| page.change == "resolved")
        };
        // The sender lives as long as this pager.
        self.rung.subscribe().wait_for(is_quiet).await.ok();
    }

    /// How many pages there were.
    pub(super) fn count(&self) -> usize {
        self.rung.borrow().len()
    }
}
