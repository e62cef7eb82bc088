//! What rules look at, read from the store: counts of functions by the minute and by the hour, groups of errors, and who has a tag.
//!
//! Of all functions at once, so that the store's work does not grow with the number of rules. Invariant: what is read of a minute
//! is the same for who evaluates it live and for a back-test, as long as nothing came for it meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coldtrace_alerts::{
    Aggregate, Defined, ErrorGroupReading, ErrorState, FunctionCounts, Histogram, History, Measure,
    Need, TagFunctions, When,
};
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use coldtrace_store::reader::{
    self, BilledPart, ErrorFilter, FunctionMinute, ReadError, Reader, Throttled,
};

use crate::cost::cost;

pub(crate) const MINUTE: Nanos = Nanos::from_millis(60_000);
pub(super) const HOUR: Nanos = Nanos::from_millis(3_600_000);
pub(super) const DAY: Nanos = Nanos::from_millis(86_400_000);
/// Errors are grouped, and throttles counted, in windows of five minutes.
pub(crate) const BUCKET: Nanos = Nanos::from_millis(300_000);
/// Of all functions, so many minutes are read at once: some ten thousand rows where there are hundreds of functions.
pub(super) const MINUTES_AT_ONCE: u64 = 30;
/// The same of hours.
pub(super) const HOURS_AT_ONCE: u64 = 24;

/// Reads what one tenant's rules look at.
#[derive(Clone)]
pub(crate) struct Reads {
    reader: Reader,
    /// Of these functions, or of all if there are none.
    functions: Vec<String>,
    wants_cost: bool,
    wants_throttles: bool,
    /// Where each function was invoked lately: prices are by region, counts are not.
    regions: HashMap<String, String>,
}

// === impl Reads ===

impl Reads {
    /// For these rules.
    pub(crate) fn new(reader: Reader, rules: &[Defined], functions: Vec<String>) -> Self {
        let measures: BTreeSet<Measure> = rules
            .iter()
            .flat_map(|defined| measures(&defined.rule.when))
            .collect();
        Self {
            reader,
            functions,
            wants_cost: measures.contains(&Measure::Cost),
            wants_throttles: measures.contains(&Measure::Throttles),
            regions: HashMap::new(),
        }
    }

    /// The same of these functions, for these rules, with what is known of where functions are.
    pub(crate) fn narrowed(&self, rules: &[Defined], functions: Vec<String>) -> Self {
        Self {
            regions: self.regions.clone(),
            ..Self::new(self.reader.clone(), rules, functions)
        }
    }

    /// Looks where functions were invoked in the day before, if anybody asks what they cost.
    pub(crate) async fn look_at_regions(&mut self, at: UnixNanos) -> Result<(), ReadError> {
        if !self.wants_cost {
            return Ok(());
        }
        let day = TimeRange {
            from: at.minus(DAY),
            to: at,
        };
        let summaries = self.reader.functions(day).await?.into_iter();
        self.regions = summaries.map(|one| (one.function, one.region)).collect();
        Ok(())
    }

    /// Tells the history all that it lacks to evaluate the minute that ends at `at`.
    pub(crate) async fn tell(&self, history: &mut History, at: UnixNanos) -> Result<(), ReadError> {
        let wants = history.wants(at);
        for range in ranges(&wants.hours, HOUR, HOURS_AT_ONCE) {
            for (hour, counts) in self.hours(range).await? {
                history.hour(hour, counts);
            }
        }
        for range in ranges(&wants.minutes, MINUTE, MINUTES_AT_ONCE) {
            for (minute, counts) in self.minutes(range).await? {
                history.minute(minute, counts);
            }
        }
        Ok(())
    }

    /// Every minute of a range, the earliest first, those without invocations too.
    pub(crate) async fn minutes(
        &self,
        range: TimeRange,
    ) -> Result<BTreeMap<UnixNanos, Vec<FunctionCounts>>, ReadError> {
        let rows = self.reader.function_minutes(range, &self.functions).await?;
        let throttled = self.throttles(range).await?;
        Ok(self.steps(range, MINUTE, rows, throttled))
    }

    /// The same of hours.
    pub(crate) async fn hours(
        &self,
        range: TimeRange,
    ) -> Result<BTreeMap<UnixNanos, Vec<FunctionCounts>>, ReadError> {
        let rows = self.reader.function_hours(range, &self.functions).await?;
        let throttled = self.throttles(range).await?;
        Ok(self.steps(range, HOUR, rows, throttled))
    }

    /// The windows of throttles that end in the range.
    async fn throttles(&self, range: TimeRange) -> Result<Vec<Throttled>, ReadError> {
        let ended = |time: UnixNanos| UnixNanos(time.0 / BUCKET.0 * BUCKET.0);
        let whole = TimeRange {
            from: ended(range.from),
            to: ended(range.to),
        };
        if !self.wants_throttles || whole.from >= whole.to {
            return Ok(Vec::new());
        }
        self.reader.throttles(whole).await
    }

    fn steps(
        &self,
        range: TimeRange,
        step: Nanos,
        rows: Vec<FunctionMinute>,
        throttled: Vec<Throttled>,
    ) -> BTreeMap<UnixNanos, Vec<FunctionCounts>> {
        let count = range.to.since(range.from).0 / step.0;
        let starts = (0..count).map(|number| UnixNanos(range.from.0 + number * step.0));
        let mut steps: BTreeMap<UnixNanos, Vec<FunctionCounts>> =
            starts.map(|start| (start, Vec::new())).collect();
        for row in rows {
            if let Some(counts) = steps.get_mut(&row.start) {
                counts.push(self.counts(row));
            }
        }
        for one in throttled {
            // A window counts with its last minute, when all of it is known.
            let last = one.start.0 + BUCKET.0 - MINUTE.0;
            if let Some(counts) = steps.get_mut(&UnixNanos(last / step.0 * step.0)) {
                counts.push(FunctionCounts {
                    function: one.function,
                    version: String::new(),
                    aggregate: Aggregate {
                        throttles: one.count,
                        ..Aggregate::default()
                    },
                });
            }
        }
        steps
    }

    fn counts(&self, row: FunctionMinute) -> FunctionCounts {
        let region = self.regions.get(&row.function).map_or("", String::as_str);
        let price = |part: &BilledPart| cost(part.platform, region, [part.time.clone()]);
        let costs = row.billed.iter().filter_map(price);
        let costs = costs.map(|cost| cost.0.unsigned_abs());
        let billed = row.billed.iter().map(|part| part.time.billed.0);
        FunctionCounts {
            aggregate: Aggregate {
                invocations: row.invocations,
                errors: row.errors,
                timeouts: row.timeouts,
                ooms: row.ooms,
                lost: row.lost,
                throttles: 0,
                cold_starts: row.cold_starts,
                duration: row.duration,
                billed: Nanos(billed.fold(0, u64::saturating_add)),
                cost: costs.fold(0, u64::saturating_add),
                max: row.max,
                memory_share: row.memory_share.unwrap_or_default(),
                durations: row.durations.into_iter().collect::<Histogram>(),
                inits: row.inits.into_iter().collect::<Histogram>(),
            },
            function: row.function,
            version: row.version,
        }
    }

    /// Groups of errors that were seen in so long before the last whole window.
    pub(crate) async fn groups(
        &self,
        need: &Need,
        at: UnixNanos,
    ) -> Result<Vec<ErrorGroupReading>, ReadError> {
        let Some(window) = need.errors else {
            return Ok(Vec::new());
        };
        let to = UnixNanos(at.0 / BUCKET.0 * BUCKET.0);
        let range = TimeRange {
            from: to.minus(Nanos::from(window)),
            to,
        };
        let errors = self.reader.errors(&ErrorFilter::all(range)).await?;
        let groups = errors.groups.into_iter().map(|group| ErrorGroupReading {
            id: group.id,
            function: group.function,
            error_type: group.error_type,
            message: group.message,
            versions: group.versions.into_iter().map(|(name, _)| name).collect(),
            state: match group.state {
                reader::ErrorState::New => ErrorState::New,
                reader::ErrorState::Regressed => ErrorState::Regressed,
                reader::ErrorState::Ongoing => ErrorState::Ongoing,
            },
            last_seen: group.last_seen,
            count: group.count,
        });
        Ok(groups.collect())
    }

    /// Who has the tags that rules ask for, as of the day before.
    pub(crate) async fn tagged(
        &self,
        need: &Need,
        at: UnixNanos,
    ) -> Result<TagFunctions, ReadError> {
        let day = TimeRange {
            from: at.minus(DAY),
            to: at,
        };
        let mut tagged = TagFunctions::new();
        for (key, value) in &need.tags {
            let functions = self.reader.functions_with(key, value, day).await?;
            tagged.insert(
                (key.clone(), value.clone()),
                functions.into_iter().collect(),
            );
        }
        Ok(tagged)
    }
}

/// What a condition measures.
fn measures(when: &When) -> Vec<Measure> {
    match when {
        When::Threshold { measure, .. } | When::Deviation { measure, .. } => vec![*measure],
        When::Ratio { of, to, .. } => vec![*of, *to],
        When::Absence { .. }
        | When::BurnRate { .. }
        | When::ErrorGroup { .. }
        | When::ColdStartBudget { .. } => Vec::new(),
    }
}

/// Steps that follow each other, together, but no more than so many.
pub(super) fn ranges(starts: &[UnixNanos], step: Nanos, most: u64) -> Vec<TimeRange> {
    let mut ranges: Vec<TimeRange> = Vec::new();
    for &start in starts {
        let end = start.plus(step);
        match ranges.last_mut() {
            Some(last) if last.to == start && last.to.since(last.from).0 < most * step.0 => {
                last.to = end;
            }
            _ => ranges.push(TimeRange {
                from: start,
                to: end,
            }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_read_at_once_but_not_too_much() {
        let starts = [0, 1, 2, 5, 6].map(|minute| UnixNanos(minute * MINUTE.0));
        let told = ranges(&starts, MINUTE, 2);
        let told: Vec<_> = told
            .iter()
            .map(|range| (range.from.0 / MINUTE.0, range.to.0 / MINUTE.0))
            .collect();
        assert_eq!(told, [(0, 2), (2, 3), (5, 7)]);
    }
}
