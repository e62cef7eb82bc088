//! What of functions is otherwise in a range than in as long a time just before it.
//!
//! What is read here comes from rollups, of either side in some two dozen blocks; whether a figure moved by more than chance is decided by
//! `coldtrace_analysis::changes`. New is what nobody saw before, as far as that is remembered: errors as their groups know it, functions and
//! versions for thirty days. Of a version that is back nothing is told, nor of a function that was invoked before but not just before.

use std::collections::{BTreeMap, HashMap};

use coldtrace_analysis::changes::{
    Activity, Block, Change, ChangeKind, figures, is_silent_after, ranked,
};
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use coldtrace_store::reader::{
    ErrorFilter, ErrorGroup, ErrorSort, ErrorState, FunctionMinute, FunctionSummary, Newcomer,
    ReadError, Reader,
};

use crate::cost::cost;
use crate::reply::escaped;

/// Changes that are told.
const MOST: usize = 100;
/// Blocks of either side, about: enough for their spread to be known.
const BLOCKS: u64 = 24;
/// A range that is longer is read by the hour, which costs less.
const BY_THE_MINUTE: Nanos = Nanos(6 * HOUR.0);

const MINUTE: Nanos = Nanos(60_000_000_000);
const HOUR: Nanos = Nanos(3_600_000_000_000);

/// What is otherwise, in the order in which it is told, and the two ranges.
pub(crate) struct Changes {
    pub(crate) all: Vec<Told>,
    pub(crate) before: TimeRange,
    pub(crate) range: TimeRange,
}

/// A change with the path that answers what it is about.
pub(crate) struct Told {
    pub(crate) change: Change,
    pub(crate) question: String,
}

/// As long a time as a range, which ends where it begins.
pub(crate) fn just_before(range: TimeRange) -> TimeRange {
    TimeRange {
        from: range.from.minus(range.to.since(range.from)),
        to: range.from,
    }
}

/// What is otherwise with one function, or with all.
pub(crate) async fn changes(
    reader: &Reader,
    range: TimeRange,
    function: Option<&str>,
) -> Result<Changes, ReadError> {
    let before = just_before(range);
    let names: Vec<String> = function.into_iter().map(str::to_owned).collect();
    let new_errors = ErrorFilter {
        function: function.map(str::to_owned),
        sort: ErrorSort::FirstSeen,
        limit: MOST as u32,
        ..ErrorFilter::all(range)
    };
    let length = length(range);
    let (was, is, was_blocks, is_blocks, errors) = tokio::try_join!(
        reader.functions_named(before, &names),
        reader.functions_named(range, &names),
        reader.function_blocks(before, &names, length),
        reader.function_blocks(range, &names, length),
        reader.errors(&new_errors)
    )?;
    let sides = Sides {
        before: Side::of(before, length, &was, &was_blocks),
        after: Side::of(range, length, &is, &is_blocks),
    };
    let mut groups = HashMap::new();
    let mut found = figures(&sides.activities());
    found.extend(sides.silent());
    found.extend(sides.newcomers(reader).await?);
    for group in errors.groups {
        if group.state == ErrorState::New {
            let change = new_error(&group);
            groups.insert((change.function.clone(), change.about.clone()), group.id);
            found.push(change);
        }
    }
    let told = ranked(found, MOST).into_iter().map(|change| Told {
        question: question(&change, &groups, before, range),
        change,
    });
    Ok(Changes {
        all: told.collect(),
        before,
        range,
    })
}

/// Of a block: whole minutes, or whole hours.
fn length(range: TimeRange) -> Nanos {
    let whole = range.to.since(range.from);
    let unit = match whole <= BY_THE_MINUTE {
        true => MINUTE,
        false => HOUR,
    };
    let units = whole.0.div_ceil(BLOCKS).div_ceil(unit.0);
    Nanos(units.max(1) * unit.0)
}

fn new_error(group: &ErrorGroup) -> Change {
    let about = match group.message.as_str() {
        "" => group.error_type.clone(),
        message => format!("{}: {message}", group.error_type),
    };
    let share = group.count as f64 / group.invocations.max(group.count).max(1) as f64;
    Change {
        kind: ChangeKind::NewError,
        function: group.function.clone(),
        about,
        before: None,
        after: Some(group.count as f64),
        at: Some(group.first_seen),
        failing: share,
    }
}

/// Where the API answers what a change is about.
fn question(
    change: &Change,
    groups: &HashMap<(String, String), u64>,
    before: TimeRange,
    range: TimeRange,
) -> String {
    let within = |range: TimeRange| format!("from={}&to={}", range.from.0, range.to.0);
    let function = escaped(&change.function);
    let listed = |path: &str, more: &str| {
        let within = within(range);
        format!("/api/v1/{path}?function={function}{more}&{within}")
    };
    match change.kind {
        ChangeKind::NewError => {
            let key = (change.function.clone(), change.about.clone());
            match groups.get(&key) {
                Some(group) => format!("/api/v1/errors/{group:016x}?{}", within(range)),
                None => listed("errors", ""),
            }
        }
        ChangeKind::ErrorRate => listed("errors", ""),
        ChangeKind::Slower | ChangeKind::Faster => listed("invocations", "&sort=slowest"),
        ChangeKind::ColdRate => listed("cold-starts", ""),
        ChangeKind::NewVersion => {
            let version = format!("&version={}", escaped(&change.about));
            listed("invocations", &version)
        }
        ChangeKind::Cost | ChangeKind::NewFunction => {
            format!("/api/v1/functions/{function}?{}", within(range))
        }
        ChangeKind::Silent => format!("/api/v1/functions/{function}?{}", within(before)),
    }
}

/// Both sides.
struct Sides<'a> {
    before: Side<'a>,
    after: Side<'a>,
}

/// What functions did in a stretch of time.
struct Side<'a> {
    range: TimeRange,
    length: Nanos,
    /// By name, with what each of its versions did in each block.
    functions: BTreeMap<&'a str, (&'a FunctionSummary, Vec<&'a FunctionMinute>)>,
}

// === impl Sides ===

impl Sides<'_> {
    /// Those that were invoked on both, each priced as it runs now.
    fn activities(&self) -> Vec<Activity> {
        let after = self.after.functions.iter();
        let both = after.filter_map(|(&function, &(summary, _))| {
            self.before.functions.get(function)?;
            Some(Activity {
                function: function.to_owned(),
                before: self.before.blocks(function, summary),
                after: self.after.blocks(function, summary),
            })
        });
        both.collect()
    }

    fn silent(&self) -> Vec<Change> {
        let before = self.before.functions.iter();
        let gone = before.filter(|(function, _)| !self.after.functions.contains_key(*function));
        let silent = gone.filter(|&(&function, &(summary, _))| {
            is_silent_after(&self.before.blocks(function, summary))
        });
        let change = |(&function, &(summary, _)): (&&str, &(&FunctionSummary, Vec<_>))| Change {
            kind: ChangeKind::Silent,
            function: function.to_owned(),
            about: String::new(),
            before: Some(summary.invocations as f64),
            after: Some(0.0),
            at: Some(summary.last_seen),
            failing: 0.0,
        };
        silent.map(change).collect()
    }

    /// Functions and versions that nobody saw before. Of a function that is new, so are its versions: they are not told.
    async fn newcomers(&self, reader: &Reader) -> Result<Vec<Change>, ReadError> {
        let mut counted: BTreeMap<(&str, &str), (u64, UnixNanos)> = BTreeMap::new();
        for (&function, (_, minutes)) in &self.after.functions {
            for minute in minutes {
                let count = counted
                    .entry((function, &minute.version))
                    .or_insert((0, minute.start));
                count.0 += minute.invocations;
            }
        }
        counted.retain(|&(function, version), _| !self.before.has(function, version));
        let mut suspects: Vec<String> = counted.keys().map(|(one, _)| (*one).to_owned()).collect();
        suspects.dedup();
        let known = reader.versions_before(self.before.range.from, &suspects);
        let known = known.await?;
        let is_known = |function: &str| {
            let was_there = self.before.functions.contains_key(function);
            was_there || known.iter().any(|(one, _)| one == function)
        };
        let mut found: Vec<(Newcomer, u64)> = Vec::new();
        for ((function, version), (count, start)) in counted {
            let version = is_known(function).then(|| version.to_owned());
            let is_new = version.as_ref().is_none_or(|version| {
                !version.is_empty() && !known.contains(&(function.to_owned(), version.clone()))
            });
            let newcomer = Newcomer {
                function: function.to_owned(),
                version,
                within: self.after.step(start),
            };
            match found.last_mut() {
                // Another version of a new function.
                Some((last, whole)) if newcomer.version.is_none() && last.function == function => {
                    *whole += count;
                    if newcomer.within.from < last.within.from {
                        last.within = newcomer.within;
                    }
                }
                _ if is_new => found.push((newcomer, count)),
                _ => {}
            }
        }
        // Those that are invoked most, if there are more than are told.
        found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        found.truncate(MOST);
        let (newcomers, counts): (Vec<Newcomer>, Vec<u64>) = found.into_iter().unzip();
        let firsts = reader.first_filed(&newcomers).await?;
        let told = newcomers.into_iter().zip(counts).zip(firsts);
        Ok(told
            .map(|((newcomer, count), first)| Change {
                kind: match newcomer.version {
                    Some(_) => ChangeKind::NewVersion,
                    None => ChangeKind::NewFunction,
                },
                function: newcomer.function,
                about: newcomer.version.unwrap_or_default(),
                before: None,
                after: Some(count as f64),
                at: Some(first),
                failing: 0.0,
            })
            .collect())
    }
}

// === impl Side ===

impl<'a> Side<'a> {
    fn of(
        range: TimeRange,
        length: Nanos,
        summaries: &'a [FunctionSummary],
        minutes: &'a [FunctionMinute],
    ) -> Self {
        let named = summaries.iter();
        let named = named.map(|summary| (summary.function.as_str(), (summary, Vec::new())));
        let mut functions: BTreeMap<_, (_, Vec<&FunctionMinute>)> = named.collect();
        for minute in minutes {
            // What came between two questions is in one of them alone.
            if let Some((_, own)) = functions.get_mut(minute.function.as_str()) {
                own.push(minute);
            }
        }
        Self {
            range,
            length,
            functions,
        }
    }

    fn has(&self, function: &str, version: &str) -> bool {
        let own = self.functions.get(function);
        own.is_some_and(|(_, minutes)| minutes.iter().any(|minute| minute.version == version))
    }

    /// What of a step lies in the range.
    fn step(&self, start: UnixNanos) -> TimeRange {
        TimeRange {
            from: start.max(self.range.from),
            to: start.plus(self.length).min(self.range.to),
        }
    }

    /// What a function did, block by block, at the prices of where it runs.
    fn blocks(&self, function: &str, priced: &FunctionSummary) -> Vec<Block> {
        let Some((_, minutes)) = self.functions.get(function) else {
            return Vec::new();
        };
        let mut blocks = Vec::new();
        let mut start = UnixNanos(self.range.from.0 / self.length.0 * self.length.0);
        while start < self.range.to {
            let own = minutes.iter().filter(|minute| minute.start == start);
            blocks.push(block(self.step(start), own.copied(), priced));
            start = start.plus(self.length);
        }
        blocks
    }
}

fn block<'a>(
    step: TimeRange,
    minutes: impl Iterator<Item = &'a FunctionMinute>,
    priced: &FunctionSummary,
) -> Block {
    let mut block = Block {
        length: step.to.since(step.from),
        ..Block::default()
    };
    let mut billed = Vec::new();
    for minute in minutes {
        block.invocations += minute.invocations;
        block.errors += minute.errors;
        block.cold_starts += minute.cold_starts;
        for &(index, count) in &minute.durations {
            block.durations.add(index, count);
        }
        billed.extend(minute.billed.iter().map(|part| part.time.clone()));
    }
    block.cost = cost(priced.platform, &priced.region, billed);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_minutes_or_hours_and_about_two_dozen() {
        let check = |whole: Nanos, expected: Nanos| {
            let range = TimeRange {
                from: UnixNanos(7),
                to: UnixNanos(7).plus(whole),
            };
            assert_eq!(length(range), expected, "of {whole:?}");
        };
        check(Nanos(0), MINUTE);
        check(HOUR, Nanos(3 * MINUTE.0));
        check(Nanos(6 * HOUR.0), Nanos(15 * MINUTE.0));
        check(Nanos(7 * HOUR.0), HOUR);
        check(Nanos(24 * HOUR.0), HOUR);
        check(Nanos(7 * 24 * HOUR.0), Nanos(7 * HOUR.0));
    }

    #[test]
    fn the_time_before_is_as_long_and_ends_where_the_range_begins() {
        let range = |from, to| TimeRange {
            from: UnixNanos(from),
            to: UnixNanos(to),
        };
        assert_eq!(just_before(range(70, 100)), range(40, 70));
        assert_eq!(just_before(range(10, 100)), range(0, 10));
    }
}
