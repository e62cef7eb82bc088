//! When a rule would have fired: the minutes of a range one after the other, as they are stored now.
//!
//! What is evaluated is the same as live ([`coldtrace_alerts::Backtest`]); what differs is that many minutes are read at once.
//! Invariant: of a range for which nothing came late it tells what a live evaluation told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coldtrace_alerts::{
    Backtest, Defined, ErrorGroupReading, FunctionCounts, Report, Rule, RuleId, Scope, TagFunctions,
};
use coldtrace_model::{Nanos, Tenant, TimeRange, UnixNanos};
use coldtrace_store::reader::{ReadError, Reader};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::groups::GroupsThen;
use super::read::{BUCKET, DAY, HOUR, HOURS_AT_ONCE, MINUTE, MINUTES_AT_ONCE, Reads, ranges};

/// Each reads as fast as the store answers: more would hold up everybody else.
const AT_ONCE: usize = 2;
/// For one to get its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Minutes, or hours, are read together as long as they are no more rows: each a version of a function.
const MOST_ROWS: usize = 10_000;
/// And no more minutes than a day has, or hours than a week.
const MOST_MINUTES: u64 = 1_440;
const MOST_HOURS: u64 = 168;
/// Nobody waits for longer, nor do proxies.
const LONGEST: Duration = Duration::from_secs(60);

/// All back-tests of the process.
pub(crate) struct Backtests {
    turns: Arc<Semaphore>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BacktestError {
    #[error("too many rules are back-tested at once")]
    Busy,
    #[error("the range is too long to be gone through in time")]
    TooLong,
    #[error("a rule of errors is back-tested in windows of whole five minutes")]
    Window,
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A rule on its way through a range.
struct Run {
    test: Backtest,
    reads: Reads,
    range: TimeRange,
    /// Of a rule of groups of errors.
    groups: Option<GroupsThen>,
    /// As they were at the end of the last window.
    known: Vec<ErrorGroupReading>,
    /// So many minutes are read at once, and so many hours.
    minutes_at_once: u64,
    hours_at_once: u64,
    /// Hours that were read before they are wanted.
    ahead: BTreeMap<UnixNanos, Vec<FunctionCounts>>,
}

impl Default for Backtests {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

// === impl Backtests ===

impl Backtests {
    /// Of a rule in a range of whole minutes.
    pub(crate) async fn run(
        &self,
        tenant: &Tenant,
        reader: &Reader,
        rule: Rule,
        range: TimeRange,
    ) -> Result<Report, BacktestError> {
        let turn = timeout(PATIENCE, self.turns.acquire()).await;
        // The semaphore is never closed: only the patience can end.
        let Ok(Ok(_turn)) = turn else {
            return Err(BacktestError::Busy);
        };
        let tested = async {
            Run::begin(tenant, reader, rule, range)
                .await?
                .report()
                .await
        };
        let report = timeout(LONGEST, tested).await;
        report.map_err(|_| BacktestError::TooLong)?
    }
}

// === impl Run ===

impl Run {
    async fn begin(
        tenant: &Tenant,
        reader: &Reader,
        mut rule: Rule,
        range: TimeRange,
    ) -> Result<Self, BacktestError> {
        rule.enabled = true;
        let functions = named(&rule.scope);
        let defined = Defined {
            id: RuleId(String::new()),
            rule,
        };
        let alone = std::slice::from_ref(&defined);
        let reads = Reads::new(reader.clone(), alone, functions.clone());
        let untagged =
            || Backtest::new(tenant.as_str(), defined.clone(), TagFunctions::new(), range);
        let need = untagged().need().clone();
        // Who had a tag on any day of the range; live it is looked at again and again.
        let mut tagged = TagFunctions::new();
        let mut at = range.to;
        while !need.tags.is_empty() && at >= range.from {
            for (tag, functions) in reads.tagged(&need, at).await? {
                tagged.entry(tag).or_default().extend(functions);
            }
            at = at.minus(DAY);
        }
        let groups = match need.errors {
            None => None,
            Some(length) if !Nanos::from(length).0.is_multiple_of(BUCKET.0) => {
                return Err(BacktestError::Window);
            }
            Some(length) => {
                let groups = GroupsThen::new(reader, &functions, length.into(), range);
                Some(groups.await?)
            }
        };
        Ok(Self {
            test: Backtest::new(tenant.as_str(), defined, tagged, range),
            reads,
            range,
            groups,
            known: Vec::new(),
            minutes_at_once: MINUTES_AT_ONCE,
            hours_at_once: HOURS_AT_ONCE,
            ahead: BTreeMap::new(),
        })
    }

    async fn report(mut self) -> Result<Report, BacktestError> {
        let TimeRange { from, to } = self.range;
        self.look_at_regions(from).await?;
        let before = self.test.wants(from);
        for range in ranges(&before.minutes, MINUTE, MINUTES_AT_ONCE) {
            for (start, counts) in self.minutes(range).await? {
                self.test.minute(start, counts);
            }
        }
        let (mut next, mut day) = (from, from.plus(DAY));
        while next < to {
            if next == day {
                self.look_at_regions(next).await?;
                day = day.plus(DAY);
            }
            let end = next.plus(Nanos(self.minutes_at_once * MINUTE.0));
            let stretch = TimeRange {
                from: next,
                to: end.min(day).min(to),
            };
            let minutes = self.minutes(stretch).await?;
            let more = at_once(self.minutes_at_once, &minutes);
            self.minutes_at_once = more.clamp(MINUTES_AT_ONCE, MOST_MINUTES);
            for (start, counts) in minutes {
                self.test.minute(start, counts);
                self.step(start.plus(MINUTE)).await?;
                // Much may be computed without waiting for the store: others have their turn, and the time is looked at.
                tokio::task::yield_now().await;
            }
            next = stretch.to;
        }
        Ok(self.test.report())
    }

    /// Where functions were invoked on the day from there.
    async fn look_at_regions(&mut self, day: UnixNanos) -> Result<(), ReadError> {
        let end = day.plus(DAY).min(self.range.to);
        self.reads.look_at_regions(end).await
    }

    /// Each minute of a range; empty ones where none is looked at.
    async fn minutes(
        &self,
        range: TimeRange,
    ) -> Result<BTreeMap<UnixNanos, Vec<FunctionCounts>>, ReadError> {
        if self.groups.is_none() {
            return self.reads.minutes(range).await;
        }
        let count = range.to.since(range.from).0 / MINUTE.0;
        let starts = (0..count).map(|number| range.from.plus(Nanos(number * MINUTE.0)));
        Ok(starts.map(|start| (start, Vec::new())).collect())
    }

    async fn step(&mut self, at: UnixNanos) -> Result<(), ReadError> {
        let hours = self.test.wants(at).hours;
        if !hours.is_empty() {
            self.tell_hours(&hours, at).await?;
        }
        let is_first = at == self.range.from.plus(MINUTE);
        if let Some(groups) = &mut self.groups
            && (is_first || at.0.is_multiple_of(BUCKET.0))
        {
            let end = UnixNanos(at.0 / BUCKET.0 * BUCKET.0);
            self.known = groups.at(end).await?;
        }
        self.test.step(at, &self.known);
        Ok(())
    }

    /// Of earlier weeks, one hour after the other is wanted: many of them are read at once.
    async fn tell_hours(&mut self, wanted: &[UnixNanos], at: UnixNanos) -> Result<(), ReadError> {
        let missing = wanted.iter().filter(|hour| !self.ahead.contains_key(hour));
        let missing: Vec<UnixNanos> = missing.copied().collect();
        let over = UnixNanos(at.0 / HOUR.0 * HOUR.0);
        for range in ranges(&missing, HOUR, HOURS_AT_ONCE) {
            let end = range.from.plus(Nanos(self.hours_at_once * HOUR.0));
            let range = TimeRange {
                from: range.from,
                to: end.min(over).max(range.to),
            };
            let hours = self.reads.hours(range).await?;
            let more = at_once(self.hours_at_once, &hours);
            self.hours_at_once = more.clamp(HOURS_AT_ONCE, MOST_HOURS);
            self.ahead.extend(hours);
        }
        for &hour in wanted {
            let counts = self.ahead.remove(&hour).unwrap_or_default();
            self.test.hour(hour, counts);
        }
        Ok(())
    }
}

/// How many steps to read next, where so many were to be read and these were.
fn at_once(steps: u64, read: &BTreeMap<UnixNanos, Vec<FunctionCounts>>) -> u64 {
    let rows: usize = read.values().map(Vec::len).sum();
    match rows {
        rows if rows > MOST_ROWS => steps / 2,
        rows if rows < MOST_ROWS / 2 => steps * 2,
        _ => steps,
    }
}

/// The functions that a rule is about, if it names them all.
fn named(scope: &Scope) -> Vec<String> {
    let is_pattern = |name: &String| name.contains('*');
    match scope.functions.iter().any(is_pattern) {
        true => Vec::new(),
        false => scope.functions.clone(),
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_alerts::{Aggregate, parse_file};
    use coldtrace_store::{Store, StoreConfig};

    use super::*;

    #[test]
    fn more_is_read_at_once_where_there_is_little() {
        let row = FunctionCounts {
            function: "a".to_owned(),
            version: String::new(),
            aggregate: Aggregate::default(),
        };
        let read = |rows| BTreeMap::from([(UnixNanos(0), vec![row.clone(); rows])]);
        let told = [0, 4_999, 5_000, 10_000, 10_001].map(|rows| at_once(60, &read(rows)));
        assert_eq!(told, [120, 120, 60, 60, 30]);
    }

    #[test]
    fn functions_are_named_where_none_is_a_pattern() {
        let scope = |functions: &[&str]| Scope {
            functions: functions.iter().map(|name| (*name).to_owned()).collect(),
            ..Scope::default()
        };
        assert_eq!(named(&scope(&["a", "b"])), ["a", "b"]);
        assert_eq!(named(&scope(&["a", "b*"])), [""; 0]);
        assert_eq!(named(&scope(&[])), [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_no_turn_is_told_so() {
        let backtests = Backtests::default();
        let turns = Arc::clone(&backtests.turns);
        let taken = turns.acquire_many(AT_ONCE as u32).await;
        let store = Store::connect(StoreConfig {
            url: "http://127.0.0.1:9".to_owned(),
            user: "default".to_owned(),
            password: String::new(),
            database: "coldtrace".to_owned(),
        });
        let tenant = Tenant::single();
        let rules = "[[rule]]\nname = 'r'\nwhen = { kind = 'error_group', window = '7m' }";
        let rule = parse_file("rules.toml", rules)
            .expect("rules")
            .rules
            .remove(0);
        let range = TimeRange {
            from: UnixNanos(0),
            to: UnixNanos(MINUTE.0),
        };
        let reader = store.reader(tenant.clone());
        let run = || backtests.run(&tenant, &reader, rule.clone(), range);
        assert!(matches!(run().await, Err(BacktestError::Busy)));
        drop(taken);
        assert!(
            matches!(run().await, Err(BacktestError::Window)),
            "its turn"
        );
    }
}
