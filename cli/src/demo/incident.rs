//! `--incident`: a bad release of inventory, what the pager says of it, and the way back.
//!
//! The release asks a stock database on another continent. Judged is what somebody who is woken needs: that the pager rings for it
//! within two evaluations, names the release among the first causes and the call in the path, and says when it is over.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde::Serialize;

use super::orders::Customers;
use super::pager::{Cause, Page};
use super::shop::Release;
use super::stage::Stage;
use super::tell;

/// The rule of `demo/alerts.toml`.
const RULE: &str = "inventory is slow";
/// Rules are evaluated by the minute.
const EVERY: Duration = Duration::from_secs(60);
/// So much of a quiet day comes before: what is bad is told from it.
const QUIET: Duration = Duration::from_secs(150);
/// For the pager to ring; what is judged is the minute that decided it.
const PATIENCE: Duration = Duration::from_secs(300);
/// Among so many causes the right one has to be.
const FIRST: usize = 3;

/// The outcome: what `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// Minutes that were evaluated from the release to the one that fired, that included; at most 2.
    evaluations: u64,
    /// From the release until the pager rang.
    rang_after_seconds: f64,
    /// From the roll-back until it said that it is over.
    over_after_seconds: f64,
    summary: String,
    /// The first causes that the page told.
    causes: Vec<String>,
    /// Where it said that the time went.
    path: Vec<String>,
    /// What this run had to show and did not.
    missing: Vec<String>,
}

/// Runs the incident while customers keep coming. The stage is left open, its shop closed.
pub(super) async fn run(seed: u64, stage: &Stage) -> anyhow::Result<Outcome> {
    let mut customers = Customers::new(seed);
    let judged = tokio::select! {
        judged = judge(stage) => judged,
        () = traffic(&mut customers, stage) => unreachable!("customers never stop coming"),
    };
    tell("closing the shop");
    stage.close_shop().await;
    judged
}

/// Customers of a quiet day, one after the other.
pub(super) async fn traffic(customers: &mut Customers, stage: &Stage) {
    loop {
        stage.serve(customers.gentle()).await;
        tokio::time::sleep(Duration::from_millis(customers.pause_ms())).await;
    }
}

async fn judge(stage: &Stage) -> anyhow::Result<Outcome> {
    tell("a quiet day begins");
    tokio::time::sleep(QUIET).await;
    // Cold starts on a busy machine may have been as slow.
    tokio::time::timeout(PATIENCE, stage.pager.quiet(RULE))
        .await
        .with_context(|| format!("{RULE} fires before the release"))?;
    let seen = stage.pager.count();
    let released = now();
    release(stage, Release::Bad).await;
    let fired = rung(stage, "firing", seen).await?;
    let rang = now();
    release(stage, Release::Usual).await;
    let back = now();
    rung(stage, "resolved", seen).await?;
    Ok(Outcome::of(&fired, released, rang, now() - back))
}

/// Puts a release into use and says so.
pub(super) async fn release(stage: &Stage, release: Release) {
    let (version, named) = (release.version(), release.service_version());
    tell(&format!(
        "inventory {named} is deployed as version {version}"
    ));
    stage.shop.deploy(release).await;
}

async fn rung(stage: &Stage, change: &str, seen: usize) -> anyhow::Result<Page> {
    let page = stage.pager.wait(RULE, change, seen);
    let page = tokio::time::timeout(PATIENCE, page).await;
    page.with_context(|| {
        format!("the pager was not told that {RULE} is {change} within {PATIENCE:?}")
    })
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

// === impl Outcome ===

impl Outcome {
    fn of(fired: &Page, released: Duration, rang: Duration, over_after: Duration) -> Self {
        let decided = Duration::from_nanos(fired.at.0);
        let named = |cause: &Cause| {
            let value = cause.value.as_deref().unwrap_or("(none)");
            format!("{} = {value}", cause.key)
        };
        let mut outcome = Self {
            // The first is that of the minute in which it was released.
            evaluations: (decided.as_secs() / EVERY.as_secs())
                .saturating_sub(released.as_secs() / EVERY.as_secs()),
            rang_after_seconds: (rang - released).as_secs_f64(),
            over_after_seconds: over_after.as_secs_f64(),
            summary: fired.summary.clone(),
            causes: fired.why.causes.iter().take(FIRST).map(named).collect(),
            path: fired
                .why
                .path
                .iter()
                .map(|shift| shift.what.clone())
                .collect(),
            missing: Vec::new(),
        };
        outcome.missing = outcome.missing();
        outcome
    }

    /// Whether the pager said what it had to.
    pub(super) fn holds(&self) -> bool {
        self.missing.is_empty()
    }

    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if self.evaluations > 2 {
            missing.push(format!("it rang after {} evaluations", self.evaluations));
        }
        let release = Release::Bad;
        let right = [
            format!("version = {}", release.version()),
            format!("resource.service.version = {}", release.service_version()),
        ];
        if !self.causes.iter().any(|cause| right.contains(cause)) {
            missing.push(format!("the release is not among the first {FIRST} causes"));
        }
        if !self
            .path
            .first()
            .is_some_and(|what| what.starts_with("POST (call of"))
        {
            missing.push("the call of the far stock database is not first in the path".to_owned());
        }
        missing
    }
}
