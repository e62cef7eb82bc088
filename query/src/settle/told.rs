//! Looks at functions from time to time, and notes what about them costs: so that a list of all functions need look at none, and
//! tells since when.

use coldtrace_analysis::FunctionFinding;
use coldtrace_model::{Nanos, RequestId, TimeRange, UnixNanos};
use coldtrace_store::Store;
use coldtrace_store::settle::{DueFunction, Settler, ToldFinding};
use tracing::warn;

use super::SettleError;
use crate::explain::Explainer;
use crate::journey::Limits;
use crate::reply::path_of;

/// What a look looks at.
const REACH: Nanos = Nanos::from_millis(24 * 3_600 * 1_000);
/// Between two looks at a function.
const EVERY: Nanos = Nanos::from_millis(3_600 * 1_000);
/// A function that was not invoked for so long is not looked at: what was told of it stands.
const ACTIVE: Nanos = Nanos::from_millis(2 * 3_600 * 1_000);

/// Functions that are due and told at once.
const DUE: u32 = 100;

/// Looks at functions, of all tenants.
pub(super) struct Looks {
    store: Store,
    settler: Settler,
    limits: Limits,
    /// Functions that could not be explained, and when: what was told of them stands, and others are not kept waiting.
    failed: Vec<(DueFunction, UnixNanos)>,
}

// === impl Looks ===

impl Looks {
    pub(super) fn new(store: &Store, limits: Limits) -> Self {
        Self {
            store: store.clone(),
            settler: store.settler(),
            limits,
            failed: Vec::new(),
        }
    }

    /// Looks at the function that waits longest. Whether there was one.
    pub(super) async fn step(&mut self, now: UnixNanos) -> Result<bool, SettleError> {
        let active = TimeRange {
            from: now.minus(ACTIVE),
            to: now,
        };
        let due = self.settler.due_functions(active, now.minus(EVERY), DUE);
        self.failed.retain(|(_, at)| at.plus(EVERY) > now);
        let has_failed = |due: &DueFunction| self.failed.iter().any(|(failed, _)| failed == due);
        let Some(due) = due.await?.into_iter().find(|due| !has_failed(due)) else {
            return Ok(false);
        };
        let range = TimeRange {
            from: now.minus(REACH),
            to: now,
        };
        let explainer = Explainer::new(self.store.reader(due.tenant.clone()), self.limits);
        let findings = match explainer.explain(&due.function, range).await {
            Ok(explained) => explained.map_or_else(Vec::new, |explained| explained.findings),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let function = &due.function;
                warn!(function, %error, cause, "a function can't be explained; it is tried again in an hour");
                self.failed.push((due, now));
                return Ok(true);
            }
        };
        let told: Vec<ToldFinding> = findings.iter().map(|one| told(one, &due, range)).collect();
        self.settler.tell(&due, now, &told).await?;
        Ok(true)
    }
}

fn told(finding: &FunctionFinding, due: &DueFunction, range: TimeRange) -> ToldFinding {
    let (words, gain) = (finding.words(), &finding.gain);
    let gains = [gain.mean, gain.p50, gain.p95, gain.p99];
    let examples = finding.examples.iter();
    ToldFinding {
        kind: finding.fault.as_str().to_owned(),
        about: finding.about.clone(),
        title: words.title,
        text: words.text,
        confidence: finding.confidence.as_str().to_owned(),
        seen: finding.seen,
        share: finding.share,
        gains: gains.map(|gain| gain.0),
        failures: gain.failures,
        monthly: gain.monthly.map(|dollars| dollars.0),
        examples: examples.map(RequestId::as_str).map(str::to_owned).collect(),
        question: path_of(&finding.question, &due.function, range),
    }
}
