use proptest::prelude::*;

use coldtrace_model::Nanos;

use super::*;
use crate::Histogram;

const HOUR: u64 = 60 * MINUTE;

fn need(minutes: u16, hours: u16) -> Need {
    Need {
        minutes,
        hours,
        ..Need::default()
    }
}

fn counts(function: &str, invocations: u64) -> FunctionCounts {
    FunctionCounts {
        function: function.to_owned(),
        version: String::new(),
        aggregate: Aggregate {
            invocations,
            ..Aggregate::default()
        },
    }
}

/// How many invocations of all functions it knows in these minutes and hours.
fn known(history: &History, minutes: std::ops::Range<u64>, hours: std::ops::Range<u64>) -> u64 {
    let mut sum = Sum::default();
    for leaf in history.leaves() {
        leaf.add_minutes(minutes.start, minutes.end, Parts::ALL, &mut sum);
        leaf.add_hours(hours.start, hours.end, Parts::ALL, &mut sum);
    }
    sum.invocations
}

#[test]
fn what_was_not_told_is_wanted_and_empty() {
    let mut history = History::new(need(3, 0));
    history.minute(UnixNanos(10 * MINUTE), vec![counts("a", 1)]);
    history.minute(UnixNanos(12 * MINUTE), vec![counts("a", 2), counts("a", 3)]);
    let wants = history.wants(UnixNanos(13 * MINUTE));
    assert_eq!(wants.minutes, [UnixNanos(11 * MINUTE)]);
    assert_eq!(known(&history, 10..13, 0..0), 6);
    history.minute(UnixNanos(11 * MINUTE), vec![counts("b", 10)]);
    assert_eq!(history.wants(UnixNanos(13 * MINUTE)), Wants::default());
    assert_eq!(known(&history, 10..13, 0..0), 16);
    // A turn later nothing of it is left.
    history.minute(UnixNanos(20 * MINUTE), Vec::new());
    assert_eq!(known(&history, 18..21, 0..0), 0);
    // Too old.
    history.minute(UnixNanos(17 * MINUTE), vec![counts("a", 1)]);
    assert_eq!(known(&history, 18..21, 0..0), 0);
}

#[test]
fn minutes_become_hours_if_all_of_them_were_told() {
    let mut history = History::new(need(5, 3));
    for minute in (60..120).chain(121..180) {
        history.minute(UnixNanos(minute * MINUTE), vec![counts("a", 1)]);
    }
    assert_eq!(known(&history, 0..0, 1..2), 60);
    let wants = history.wants(UnixNanos(180 * MINUTE));
    assert_eq!(wants.minutes, [UnixNanos(120 * MINUTE)]);
    assert_eq!(wants.hours, [UnixNanos(0), UnixNanos(2 * HOUR)]);
    history.hour(UnixNanos(2 * HOUR), vec![counts("a", 70)]);
    history.hour(UnixNanos(2 * HOUR), vec![counts("a", 71)]);
    assert_eq!(known(&history, 0..0, 1..3), 131);
}

#[test]
fn the_same_hours_of_earlier_weeks_are_wanted_as_they_come() {
    let mut history = History::new(Need {
        minutes: 30,
        weeks: 2,
        weekly_minutes: 30,
        ..Need::default()
    });
    // Half past the hour, weeks later.
    let hour = 3 * WEEK_HOURS + 5;
    let at = UnixNanos(hour * HOUR + 10 * MINUTE);
    let hours = |hours: &[u64]| {
        let starts = hours.iter().map(|hour| UnixNanos(hour * HOUR));
        starts.collect::<Vec<_>>()
    };
    let (near, far) = (hour - WEEK_HOURS, hour - 2 * WEEK_HOURS);
    assert_eq!(
        history.wants(at).hours,
        hours(&[far - 1, far, near - 1, near])
    );
    for start in history.wants(at).hours {
        history.hour(start, vec![counts("a", 1)]);
    }
    for minute in 0..120 {
        history.minute(UnixNanos(hour * HOUR + minute * MINUTE), Vec::new());
    }
    // Those of two hours ago are gone.
    assert_eq!(known(&history, 0..0, 0..near - 1), 0);
    let later = UnixNanos((hour + 1) * HOUR + 40 * MINUTE);
    assert_eq!(history.wants(later).hours, hours(&[far + 1, near + 1]));
}

#[test]
fn who_does_nothing_any_more_is_forgotten() {
    let mut history = History::new(need(2, 0));
    history.minute(UnixNanos(56 * MINUTE), vec![counts("a", 1)]);
    for minute in 57..60 {
        history.minute(UnixNanos(minute * MINUTE), vec![counts("b", 1)]);
    }
    let functions: Vec<&str> = history
        .leaves()
        .iter()
        .map(|leaf| &*leaf.function)
        .collect();
    assert_eq!(functions, ["b"]);
    history.minute(UnixNanos(60 * MINUTE), vec![counts("b", 5)]);
    assert_eq!(known(&history, 60..61, 0..0), 5);
}

#[test]
fn two_hours_of_five_hundred_busy_functions_take_few_megabytes() {
    let mut history = History::new(need(120, 0));
    let lengths: Vec<(Nanos, u32)> = (0..20)
        .map(|n| (Nanos(1_000_000 << (n % 10) | n), 3))
        .collect();
    for minute in 0..120 {
        let counts = (0..500).map(|function| FunctionCounts {
            function: format!("function-{function}"),
            version: "$LATEST".to_owned(),
            aggregate: Aggregate {
                invocations: 60,
                durations: Histogram::of(&lengths),
                ..Aggregate::default()
            },
        });
        history.minute(UnixNanos(minute * MINUTE), counts.collect());
    }
    println!("{} bytes", history.bytes());
    assert!(history.bytes() < 20_000_000, "{}", history.bytes());
}

proptest! {
    #[test]
    fn a_change_of_what_is_needed_loses_nothing_that_is_still_needed(
        before in (1_u16..120, 0_u16..5), after in (1_u16..120, 0_u16..5),
        minutes in prop::collection::vec((0_u64..300, 1_u64..5), 1..200),
    ) {
        let mut changed = History::new(need(before.0, before.1));
        let mut plain = History::new(need(after.0, after.1));
        for (minute, count) in &minutes {
            let start = UnixNanos(minute * MINUTE);
            changed.minute(start, vec![counts("a", *count)]);
            plain.minute(start, vec![counts("a", *count)]);
        }
        changed.refit(need(after.0, after.1));
        let end = plain.newest.map_or(0, |newest| newest + 1);
        let shared = u64::from(before.0.min(after.0));
        let from = end.saturating_sub(shared);
        let wanted: Vec<UnixNanos> = changed.wants(UnixNanos(end * MINUTE)).minutes;
        for minute in from..end {
            let is_wanted = wanted.contains(&UnixNanos(minute * MINUTE));
            let told = known(&changed, minute..minute + 1, 0..0);
            prop_assert_eq!(is_wanted, told == 0);
            if told > 0 {
                prop_assert_eq!(told, known(&plain, minute..minute + 1, 0..0));
            }
        }
    }
}
