//! What can be measured of a function, by name.

use std::time::Duration;

use coldtrace_model::Nanos;

use crate::Unit;
use crate::aggregate::{Aggregate, Parts, Sum};

/// A measure of what a function did in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Measure {
    Invocations,
    Errors,
    ErrorRate,
    Timeouts,
    TimeoutRate,
    Ooms,
    OomRate,
    Lost,
    LostRate,
    Throttles,
    ColdStarts,
    ColdStartRate,
    P50,
    P75,
    P90,
    P95,
    P99,
    Max,
    Mean,
    InitP50,
    InitP90,
    InitP95,
    InitP99,
    Billed,
    Cost,
    MemoryShare,
}

/// Measures of one family can be divided by each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Counts,
    Shares,
    Lengths,
    Money,
}

/// With the word in rules, the word in sentences, and the unit.
const NAMED: [(Measure, &str, &str, Unit); 26] = {
    use Measure as M;
    use Unit as U;
    [
        (M::Invocations, "invocations", "invocations", U::PerMinute),
        (M::Errors, "errors", "errors", U::Count),
        (M::ErrorRate, "error_rate", "error rate", U::Share),
        (M::Timeouts, "timeouts", "timeouts", U::Count),
        (M::TimeoutRate, "timeout_rate", "timeout rate", U::Share),
        (M::Ooms, "ooms", "out-of-memory errors", U::Count),
        (M::OomRate, "oom_rate", "out-of-memory rate", U::Share),
        (M::Lost, "lost", "lost invocations", U::Count),
        (
            M::LostRate,
            "lost_rate",
            "rate of lost invocations",
            U::Share,
        ),
        (M::Throttles, "throttles", "throttles", U::Count),
        (M::ColdStarts, "cold_starts", "cold starts", U::Count),
        (
            M::ColdStartRate,
            "cold_start_rate",
            "cold-start rate",
            U::Share,
        ),
        (M::P50, "p50", "p50 duration", U::Nanos),
        (M::P75, "p75", "p75 duration", U::Nanos),
        (M::P90, "p90", "p90 duration", U::Nanos),
        (M::P95, "p95", "p95 duration", U::Nanos),
        (M::P99, "p99", "p99 duration", U::Nanos),
        (M::Max, "max", "longest duration", U::Nanos),
        (M::Mean, "mean", "mean duration", U::Nanos),
        (M::InitP50, "init_p50", "p50 init time", U::Nanos),
        (M::InitP90, "init_p90", "p90 init time", U::Nanos),
        (M::InitP95, "init_p95", "p95 init time", U::Nanos),
        (M::InitP99, "init_p99", "p99 init time", U::Nanos),
        (M::Billed, "billed", "billed time a minute", U::Nanos),
        (M::Cost, "cost", "cost", U::NanoDollarsPerHour),
        (
            M::MemoryShare,
            "memory_share",
            "memory used of configured",
            U::Share,
        ),
    ]
};

// === impl Measure ===

impl Measure {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMED.iter().map(|&(measure, ..)| measure)
    }

    /// The word in rules.
    pub fn as_str(self) -> &'static str {
        self.named().1
    }

    /// The words in sentences.
    pub fn words(self) -> &'static str {
        self.named().2
    }

    /// In which unit it is.
    pub fn unit(self) -> Unit {
        self.named().3
    }

    /// The measure of this name.
    pub fn named_as(name: &str) -> Option<Self> {
        let named = NAMED.iter().find(|(_, word, ..)| *word == name);
        named.map(|&(measure, ..)| measure)
    }

    fn named(self) -> &'static (Self, &'static str, &'static str, Unit) {
        let is_this = |(measure, ..): &&(Self, &str, &str, Unit)| *measure == self;
        // The table has all of them; a test holds it to that.
        NAMED.iter().find(is_this).unwrap_or(&NAMED[0])
    }

    /// Its value over what was counted in so much time. `None` of rates and lengths where nothing was invoked; counts are 0.
    pub fn of(self, aggregate: &Aggregate, length: Duration) -> Option<f64> {
        let mut sum = Sum::default();
        sum.add(aggregate, Parts::ALL);
        self.of_sum(&sum, length)
    }

    pub(crate) fn of_sum(self, sum: &Sum, length: Duration) -> Option<f64> {
        let minutes = length.as_secs_f64() / 60.0;
        let count = |count: u64| Some(count as f64);
        let share =
            |count: u64| (sum.invocations > 0).then(|| count as f64 / sum.invocations as f64);
        let within = |quantile: Option<Nanos>| quantile.map(|nanos| nanos.0.min(sum.max) as f64);
        let init = |part| sum.inits.quantile(part).map(|nanos| nanos.0 as f64);
        match self {
            Self::Invocations => Some(sum.invocations as f64 / minutes),
            Self::Errors => count(sum.errors),
            Self::ErrorRate => share(sum.errors),
            Self::Timeouts => count(sum.timeouts),
            Self::TimeoutRate => share(sum.timeouts),
            Self::Ooms => count(sum.ooms),
            Self::OomRate => share(sum.ooms),
            Self::Lost => count(sum.lost),
            Self::LostRate => share(sum.lost),
            Self::Throttles => count(sum.throttles),
            Self::ColdStarts => count(sum.cold_starts),
            Self::ColdStartRate => share(sum.cold_starts),
            Self::P50 => within(sum.durations.quantile(0.5)),
            Self::P75 => within(sum.durations.quantile(0.75)),
            Self::P90 => within(sum.durations.quantile(0.9)),
            Self::P95 => within(sum.durations.quantile(0.95)),
            Self::P99 => within(sum.durations.quantile(0.99)),
            Self::Max => (sum.durations.total() > 0).then_some(sum.max as f64),
            Self::Mean => {
                let timed = sum.durations.total();
                (timed > 0).then(|| sum.duration as f64 / timed as f64)
            }
            Self::InitP50 => init(0.5),
            Self::InitP90 => init(0.9),
            Self::InitP95 => init(0.95),
            Self::InitP99 => init(0.99),
            Self::Billed => Some(sum.billed as f64 / minutes),
            Self::Cost => Some(sum.cost as f64 / minutes * 60.0),
            Self::MemoryShare => (sum.memory_share > 0.0).then_some(sum.memory_share),
        }
    }

    /// True if it says something where nothing was invoked.
    pub(crate) fn is_amount(self) -> bool {
        matches!(self.family(), Family::Counts | Family::Money) || self == Self::Billed
    }

    /// What it is told from.
    pub(crate) const fn parts(self) -> Parts {
        Parts {
            durations: matches!(
                self,
                Self::P50 | Self::P75 | Self::P90 | Self::P95 | Self::P99 | Self::Max | Self::Mean
            ),
            inits: matches!(
                self,
                Self::InitP50 | Self::InitP90 | Self::InitP95 | Self::InitP99
            ),
        }
    }

    /// True if it grows with the time that is counted, as it is given.
    pub(crate) fn grows(self) -> bool {
        self.unit() == Unit::Count
    }

    pub(crate) fn family(self) -> Family {
        match self.unit() {
            Unit::Count | Unit::PerMinute => Family::Counts,
            Unit::Share => Family::Shares,
            Unit::NanoDollarsPerHour => Family::Money,
            Unit::Nanos | Unit::Bytes | Unit::Times => Family::Lengths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Histogram;

    const FIVE: Duration = Duration::from_secs(300);

    #[test]
    fn every_measure_is_in_the_table_under_its_own_name() {
        for measure in Measure::all() {
            assert_eq!(Measure::named_as(measure.as_str()), Some(measure));
        }
        // The last of the enum: none is left out.
        assert_eq!(Measure::MemoryShare as usize + 1, NAMED.len());
        for (place, (measure, ..)) in NAMED.iter().enumerate() {
            assert_eq!(*measure as usize, place);
        }
    }

    #[test]
    fn of_nothing_counts_are_0_and_rates_and_lengths_are_not_told() {
        for measure in Measure::all() {
            let told = measure.of(&Aggregate::default(), FIVE);
            let expected = measure.is_amount().then_some(0.0);
            assert_eq!(told, expected, "{}", measure.as_str());
        }
    }

    #[test]
    fn values_are_in_their_unit() {
        let aggregate = Aggregate {
            invocations: 20,
            errors: 3,
            cold_starts: 1,
            duration: Nanos(20_000_000),
            billed: Nanos(50_000_000),
            cost: 1_000,
            max: Nanos(1_000_000),
            memory_share: 0.7,
            durations: Histogram::of(&[(Nanos(1_000_000), 20)]),
            inits: Histogram::of(&[(Nanos(300_000), 1)]),
            ..Aggregate::default()
        };
        let told = |measure: Measure| measure.of(&aggregate, FIVE);
        assert_eq!(told(Measure::Invocations), Some(4.0));
        assert_eq!(told(Measure::Errors), Some(3.0));
        assert_eq!(told(Measure::ErrorRate), Some(0.15));
        assert_eq!(told(Measure::ColdStartRate), Some(0.05));
        assert_eq!(told(Measure::Mean), Some(1_000_000.0));
        assert_eq!(told(Measure::Billed), Some(10_000_000.0));
        assert_eq!(told(Measure::Cost), Some(12_000.0));
        assert_eq!(told(Measure::MemoryShare), Some(0.7));
        assert!(told(Measure::InitP50).is_some());
        for measure in Measure::all() {
            let mut sum = Sum::default();
            sum.add(&aggregate, measure.parts());
            assert_eq!(
                measure.of_sum(&sum, FIVE),
                told(measure),
                "{}",
                measure.as_str()
            );
        }
        let p95 = told(Measure::P95).expect("there are some");
        assert!(p95 <= 1_000_000.0 && p95 > 980_000.0, "{p95}");
    }
}
