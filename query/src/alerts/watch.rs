//! One tenant's rules, minute by minute.
//!
//! A minute is looked at once and in order. What comes out of it is handed over whole ([`Minute`]), to be kept in one go; only
//! then [`Watch::keep`] goes on from it, so that a minute which could not be kept is looked at again, with the same result.

use std::collections::{BTreeMap, BTreeSet};

use coldtrace_alerts::{
    AlertId, AlertState, Applied, Change, Defined, ErrorGroupReading, History, Labels, Need, Plan,
    Point, TagFunctions, Tracker, Transition, Watch as Judged, Why,
};
use coldtrace_model::{Nanos, Tenant, TimeRange, UnixNanos};
use coldtrace_store::reader::{ReadError, Reader};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use tracing::warn;

use super::about;
use super::read::{BUCKET, MINUTE, Reads};
use super::why::Reasons;
use crate::journey::Limits;

/// Who has which tag, and where functions are, is looked at so often.
const REFRESH: Nanos = Nanos::from_millis(3_600_000);
/// Of alerts that begin to fire in a minute, so many are explained: who gets more at once looks at the first.
const EXPLAINED: usize = 10;
/// So many at a time.
const EXPLAINED_AT_ONCE: usize = 2;
/// The value is shown for so many minutes before.
const SHOWN: u64 = 60;

/// One tenant's rules and alerts.
pub(crate) struct Watch {
    tenant: Tenant,
    reader: Reader,
    reads: Reads,
    reasons: Reasons,
    rules: Vec<Defined>,
    need: Need,
    tagged: TagFunctions,
    refreshed: Option<UnixNanos>,
    plan: Plan,
    history: History,
    tracker: Tracker,
    groups: Vec<ErrorGroupReading>,
    /// As of the end of which window these are.
    grouped: Option<UnixNanos>,
}

/// What a minute came to.
#[derive(Debug)]
pub(crate) struct Minute {
    /// Alerts that began to fire or ended, with reasons.
    pub(crate) transitions: Vec<Transition>,
    /// Alerts as they are now.
    pub(crate) changed: Vec<AlertState>,
    /// Alerts of which nothing is to be known any more.
    pub(crate) forgotten: Vec<AlertId>,
    tracker: Tracker,
}

// === impl Watch ===

impl Watch {
    /// Goes on from alerts as they were kept.
    pub(crate) fn new(
        tenant: &Tenant,
        reader: Reader,
        rules: Vec<Defined>,
        states: Vec<AlertState>,
        public_url: &str,
    ) -> Self {
        let need = Need::of(rules.iter().map(|defined| &defined.rule));
        Self {
            tenant: tenant.clone(),
            reads: Reads::new(reader.clone(), &rules, Vec::new()),
            reasons: Reasons::new(reader.clone(), Limits::default(), public_url),
            reader,
            plan: Plan::new(tenant.as_str(), rules.clone(), TagFunctions::new()),
            history: History::new(need.clone()),
            need,
            rules,
            tagged: TagFunctions::new(),
            refreshed: None,
            tracker: Tracker::new(states),
            groups: Vec::new(),
            grouped: None,
        }
    }

    /// Goes on with other rules. Alerts of those that are gone end with the next minute.
    pub(crate) fn follow(&mut self, rules: Vec<Defined>) {
        if rules == self.rules {
            return;
        }
        self.need = Need::of(rules.iter().map(|defined| &defined.rule));
        self.reads = Reads::new(self.reader.clone(), &rules, Vec::new());
        self.history.refit(self.need.clone());
        self.plan = Plan::new(self.tenant.as_str(), rules.clone(), self.tagged.clone());
        self.rules = rules;
        self.refreshed = None;
        self.grouped = None;
    }

    pub(crate) fn rules(&self) -> &[Defined] {
        &self.rules
    }

    /// What fires now, with its labels.
    pub(crate) fn firing(&self) -> BTreeMap<AlertId, Labels> {
        firing(&self.tracker)
    }

    #[cfg(test)]
    pub(crate) fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Looks at the minute that ends at `at`.
    pub(crate) async fn minute(&mut self, at: UnixNanos) -> Result<Minute, ReadError> {
        self.refresh(at).await?;
        self.reads.tell(&mut self.history, at).await?;
        self.look_at_groups(at).await?;
        let watched = Judged::Only(self.tracker.watched());
        let judgements = self.plan.evaluate(&self.history, at, &self.groups, watched);
        let mut tracker = self.tracker.clone();
        let Applied {
            mut transitions,
            changed,
        } = tracker.apply(at, &self.plan, &judgements);
        self.explain(&mut transitions).await;
        Ok(Minute::new(transitions, changed, tracker))
    }

    /// Goes on from a minute that was kept.
    pub(crate) fn keep(&mut self, minute: Minute) {
        self.tracker = minute.tracker;
    }

    async fn refresh(&mut self, at: UnixNanos) -> Result<(), ReadError> {
        let is_fresh = |before: UnixNanos| at.since(before) < REFRESH;
        if self.refreshed.is_some_and(is_fresh) {
            return Ok(());
        }
        self.reads.look_at_regions(at).await?;
        let tagged = self.reads.tagged(&self.need, at).await?;
        if tagged != self.tagged {
            self.plan = Plan::new(self.tenant.as_str(), self.rules.clone(), tagged.clone());
            self.tagged = tagged;
        }
        self.refreshed = Some(at);
        Ok(())
    }

    async fn look_at_groups(&mut self, at: UnixNanos) -> Result<(), ReadError> {
        let window = UnixNanos(at.0 / BUCKET.0 * BUCKET.0);
        if self.grouped != Some(window) {
            self.groups = self.reads.groups(&self.need, at).await?;
            self.grouped = Some(window);
        }
        Ok(())
    }

    /// Tells why, of the worst first.
    async fn explain(&self, transitions: &mut [Transition]) {
        let mut fired: Vec<(usize, Transition)> = transitions
            .iter()
            .enumerate()
            .filter(|(_, transition)| transition.change == Change::Firing)
            .map(|(place, transition)| (place, transition.clone()))
            .collect();
        fired.sort_by_key(|(_, transition)| transition.severity);
        if fired.len() > EXPLAINED {
            let left = fired.len() - EXPLAINED;
            warn!(left, "more alerts begin to fire at once than are explained");
            fired.truncate(EXPLAINED);
        }
        // Boxed, since the compiler does not see that closures which borrow may be sent.
        let mut explained: Vec<BoxFuture<'_, (usize, Why)>> = Vec::new();
        for (place, transition) in &fired {
            explained.push(Box::pin(async {
                let why = match self.rule_of(transition) {
                    Some(defined) => self.why(defined, transition).await,
                    None => Why::default(),
                };
                (*place, why)
            }));
        }
        let explained = stream::iter(explained).buffer_unordered(EXPLAINED_AT_ONCE);
        let told: Vec<(usize, Why)> = explained.collect().await;
        for (place, why) in told {
            if let Some(transition) = transitions.get_mut(place) {
                transition.why = why;
            }
        }
    }

    fn rule_of(&self, transition: &Transition) -> Option<&Defined> {
        self.rules
            .iter()
            .find(|defined| defined.id == transition.rule)
    }

    async fn why(&self, defined: &Defined, transition: &Transition) -> Why {
        let question = about::question(&defined.rule, transition);
        let mut why = self.reasons.why(&question).await;
        match self.shown(defined, transition).await {
            Ok(history) => why.history = history,
            Err(error) => warn!(%error, "an alert's history is not told"),
        }
        why
    }

    /// The value before it fired, as it would have been evaluated then.
    async fn shown(
        &self,
        defined: &Defined,
        transition: &Transition,
    ) -> Result<Vec<Point>, ReadError> {
        let functions = transition.labels.get("function").cloned();
        let alone = std::slice::from_ref(defined);
        let reads = self.reads.narrowed(alone, functions.into_iter().collect());
        let need = Need::of([&defined.rule]);
        if need.errors.is_some() {
            // What an error group has is a count that came up, not a course.
            return Ok(Vec::new());
        }
        let mut history = History::new(need);
        let mut plan = Plan::new(self.tenant.as_str(), alone.to_vec(), self.tagged.clone());
        let from = transition.at.minus(Nanos(SHOWN * MINUTE.0));
        reads.tell(&mut history, from).await?;
        let range = TimeRange {
            from,
            to: transition.at,
        };
        let mut points = Vec::new();
        for (minute, counts) in reads.minutes(range).await? {
            history.minute(minute, counts);
            let at = minute.plus(MINUTE);
            reads.tell(&mut history, at).await?;
            let judged = plan.evaluate(&history, at, &[], Judged::All);
            let own = judged.into_iter().find(|one| one.alert == transition.alert);
            let value = own.and_then(|one| one.reading.value);
            points.push(Point { at, value });
        }
        Ok(points)
    }
}

// === impl Minute ===

impl Minute {
    /// What fires after it, with its labels.
    pub(crate) fn firing(&self) -> BTreeMap<AlertId, Labels> {
        firing(&self.tracker)
    }

    fn new(transitions: Vec<Transition>, changed: BTreeSet<AlertId>, tracker: Tracker) -> Self {
        let (known, forgotten): (Vec<AlertId>, Vec<AlertId>) = changed
            .into_iter()
            .partition(|alert| tracker.get(alert).is_some());
        let states = known.iter().filter_map(|alert| tracker.get(alert));
        Self {
            transitions,
            changed: states.cloned().collect(),
            forgotten,
            tracker,
        }
    }
}

fn firing(tracker: &Tracker) -> BTreeMap<AlertId, Labels> {
    let firing = tracker.states().filter(|state| state.is_firing());
    firing
        .map(|state| (state.alert.clone(), state.labels.clone()))
        .collect()
}
