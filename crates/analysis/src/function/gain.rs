//! What the end of a fault would save: the sample as it was, beside the sample as it would have been.

use coldtrace_model::{ByteSize, Cold, Invocation, Nanos, RequestId};

use super::{EXAMPLES, Observed, Profile};
use crate::{NanoDollars, Price};

/// What dollars a month are reckoned for.
const MONTH: f64 = 30.0 * 86_400.0 * 1e9;
/// What is not worth a word: less than these shares of how long the function takes.
const LEAST_MEAN: f64 = 0.02;
const LEAST_P95: f64 = 0.05;
const LEAST_P99: f64 = 0.2;

/// What would be saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gain {
    /// By how much the mean invocation would be shorter, waiting for a start or in a queue included where the fault is about that.
    pub mean: Nanos,
    /// By how much the median would.
    pub p50: Nanos,
    /// By how much the 95th percentile would.
    pub p95: Nanos,
    /// By how much the 99th percentile would.
    pub p99: Nanos,
    /// Which share of invocations would not fail, from 0 to 1.
    pub failures: f64,
    /// What 30 days like the range would cost less; negative where they would cost more. Nothing where prices are not known.
    pub monthly: Option<NanoDollars>,
}

/// What a fault cost one invocation of the sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saved {
    /// Its place in the sample.
    pub(super) place: usize,
    pub(super) time: Nanos,
    /// How much of it is on the bill.
    pub(super) billed: Nanos,
}

/// Whom a fault may be seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// The whole sample.
    All,
    /// Those whose traces were looked at.
    Traced,
}

/// A function with what detectors share.
pub(super) struct Case<'a> {
    pub(super) function: &'a str,
    pub(super) observed: &'a Observed,
    /// How long somebody waited for each: its start included. Nothing where its end is not known.
    latencies: Vec<Option<u64>>,
    /// Those that are known, shortest first: of all, and of those whose traces were looked at.
    sorted: [Vec<u64>; 2],
}

// === impl Case ===

impl<'a> Case<'a> {
    pub(super) fn of(function: &'a str, observed: &'a Observed) -> Self {
        let latencies = observed.invocations.iter();
        let mut case = Self {
            function,
            observed,
            latencies: latencies
                .map(|one| Some(one.duration?.plus(waited(one)).0))
                .collect(),
            sorted: Default::default(),
        };
        case.sorted = [Among::All, Among::Traced].map(|among| sorted(case.each(among)));
        case
    }

    pub(super) fn invocations(&self) -> impl Iterator<Item = (usize, &'a Invocation)> {
        self.observed.invocations.iter().enumerate()
    }

    /// Those whose traces were looked at.
    pub(super) fn profiles(&self) -> impl Iterator<Item = (usize, &'a Profile)> {
        let profiles = self.observed.profiles.iter().enumerate();
        profiles.filter_map(|(place, profile)| Some((place, profile.as_ref()?)))
    }

    /// How many were looked at.
    pub(super) fn count(&self, among: Among) -> usize {
        self.known(among).len()
    }

    /// So many of those that were looked at, as a number of all.
    pub(super) fn of_all(&self, seen: usize, among: Among) -> u64 {
        let count = self.count(among).max(1);
        (self.observed.total as f64 * seen as f64 / count as f64).round() as u64
    }

    pub(super) fn share(&self, seen: usize, among: Among) -> f64 {
        (seen as f64 / self.count(among).max(1) as f64).min(1.0)
    }

    /// Of the sample, those without a known length included: what failed may have none.
    pub(super) fn share_of_sample(&self, seen: usize) -> f64 {
        seen as f64 / self.observed.invocations.len().max(1) as f64
    }

    /// The mean length of those that were looked at.
    pub(super) fn mean(&self, among: Among) -> Nanos {
        let latencies = self.known(among);
        let sum: u128 = latencies.iter().map(|&latency| u128::from(latency)).sum();
        Nanos((sum / latencies.len().max(1) as u128) as u64)
    }

    /// The length at this share of those that were looked at.
    pub(super) fn quantile(&self, among: Among, share: f64) -> Nanos {
        quantile(self.known(among), share)
    }

    /// What would be gained if these were shorter by so much, and no others.
    pub(super) fn gain(&self, among: Among, saved: &[Saved]) -> Gain {
        let after = self.changed(among, saved, u64::saturating_sub);
        self.gain_of(self.known(among), &after, among, saved)
    }

    /// The same where what is saved comes before the invocation began and is part of no length.
    pub(super) fn gain_of_waits(&self, among: Among, saved: &[Saved]) -> Gain {
        let before = self.changed(among, saved, u64::saturating_add);
        self.gain_of(&before, self.known(among), among, saved)
    }

    fn gain_of(&self, before: &[u64], after: &[u64], among: Among, saved: &[Saved]) -> Gain {
        let less = |share| {
            let (before, after) = (quantile(before, share), quantile(after, share));
            Nanos(before.0.saturating_sub(after.0))
        };
        let sum = |latencies: &[u64]| latencies.iter().map(|&one| u128::from(one)).sum::<u128>();
        let mean = sum(before).saturating_sub(sum(after)) / before.len().max(1) as u128;
        Gain {
            mean: Nanos(mean as u64),
            p50: less(0.5),
            p95: less(0.95),
            p99: less(0.99),
            failures: 0.0,
            monthly: self.monthly(among, saved.iter().map(|one| (one.place, one.billed))),
        }
    }

    /// Billed time as what it costs in a month.
    pub(super) fn monthly(
        &self,
        among: Among,
        billed: impl Iterator<Item = (usize, Nanos)>,
    ) -> Option<NanoDollars> {
        let mut dollars = 0.0;
        for (place, time) in billed {
            let invocation = &self.observed.invocations[place];
            let price = Price::of_invocation(invocation)?;
            let memory = invocation.memory.unwrap_or(ByteSize(0));
            dollars += price.of_time(time, memory).0 as f64;
        }
        Some(self.in_a_month(dollars, among))
    }

    /// Nano-dollars of those that were looked at, as what all cost in a month.
    pub(super) fn in_a_month(&self, nano: f64, among: Among) -> NanoDollars {
        let range = self.observed.range;
        let length = range.to.since(range.from).0.max(1) as f64;
        let all = self.observed.total as f64 / self.count(among).max(1) as f64;
        NanoDollars((nano * all * MONTH / length).round() as i64)
    }

    /// Whether a gain of time is more than noise beside how long the function takes.
    pub(super) fn is_worth_a_word(&self, gain: &Gain, among: Among) -> bool {
        let of = |gain: Nanos, whole: Nanos, least: f64| {
            gain.0 > 0 && gain.0 as f64 >= whole.0 as f64 * least
        };
        of(gain.mean, self.mean(among), LEAST_MEAN)
            || of(gain.p95, self.quantile(among, 0.95), LEAST_P95)
            || of(gain.p99, self.quantile(among, 0.99), LEAST_P99)
    }

    /// Those that it cost most.
    pub(super) fn examples(&self, saved: &[Saved]) -> Vec<RequestId> {
        let mut saved: Vec<&Saved> = saved.iter().collect();
        saved.sort_by_key(|one| (std::cmp::Reverse(one.time), one.place));
        let worst = saved.into_iter().take(EXAMPLES);
        worst
            .map(|one| self.observed.invocations[one.place].request_id.clone())
            .collect()
    }

    fn is_among(&self, place: usize, among: Among) -> bool {
        let is_traced = || matches!(self.observed.profiles.get(place), Some(Some(_)));
        self.latencies[place].is_some() && (among == Among::All || is_traced())
    }

    fn each(&self, among: Among) -> Vec<Option<u64>> {
        let places = 0..self.latencies.len();
        places
            .map(|place| self.latencies[place].filter(|_| self.is_among(place, among)))
            .collect()
    }

    /// The lengths, shortest first.
    fn known(&self, among: Among) -> &[u64] {
        &self.sorted[among as usize]
    }

    /// The lengths with what is saved taken from them or added, shortest first.
    fn changed(&self, among: Among, saved: &[Saved], change: fn(u64, u64) -> u64) -> Vec<u64> {
        let mut each = self.each(among);
        for one in saved {
            if let Some(latency) = &mut each[one.place] {
                *latency = change(*latency, one.time.0);
            }
        }
        sorted(each)
    }
}

fn sorted(each: Vec<Option<u64>>) -> Vec<u64> {
    let mut sorted: Vec<u64> = each.into_iter().flatten().collect();
    sorted.sort_unstable();
    sorted
}

/// How long an invocation waited for its sandbox.
pub(crate) fn waited(invocation: &Invocation) -> Nanos {
    match invocation.cold {
        Cold::OnDemand | Cold::Reset => invocation.init.unwrap_or_default(),
        Cold::SnapStart => invocation.restore.or(invocation.init).unwrap_or_default(),
        Cold::Warm | Cold::Provisioned => Nanos(0),
    }
}

/// Of lengths in order, the one at this share.
pub(super) fn quantile(sorted: &[u64], share: f64) -> Nanos {
    let rank = (share * sorted.len() as f64) as usize;
    let last = sorted.len().saturating_sub(1);
    Nanos(sorted.get(rank.min(last)).copied().unwrap_or(0))
}
