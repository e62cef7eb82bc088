use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::testing::{NOON, at, calls, of_version, plan, rules};
use crate::{AlertState, Transition};

/// What was counted in each minute, and the sums of hours.
#[derive(Debug)]
struct Store(BTreeMap<u64, Vec<FunctionCounts>>);

impl Store {
    fn minute(&self, start: UnixNanos) -> Vec<FunctionCounts> {
        let minute = start.0 / at(1).0;
        self.0.get(&minute).cloned().unwrap_or_default()
    }

    fn hour(&self, start: UnixNanos) -> Vec<FunctionCounts> {
        let minute = start.0 / at(1).0;
        let minutes = self.0.range(minute..minute + 60);
        minutes.flat_map(|(_, counts)| counts.clone()).collect()
    }

    fn tell(&self, history: &mut History, wants: Wants) {
        for start in wants.hours {
            history.hour(start, self.hour(start));
        }
        for start in wants.minutes {
            history.minute(start, self.minute(start));
        }
    }
}

/// The live loop over some minutes from noon. Before one of them it dies, and starts with what was kept.
fn live(rules: &[Defined], store: &Store, minutes: u64, death: u64) -> Vec<Transition> {
    let new = || Plan::new("default", rules.to_vec(), HashMap::new());
    let mut plan = new();
    let mut history = History::new(plan.need());
    let mut tracker = Tracker::default();
    let mut told = Vec::new();
    for minute in 1..=minutes {
        if minute == death {
            let kept: Vec<AlertState> = tracker.states().cloned().collect();
            plan = new();
            history = History::new(plan.need());
            tracker = Tracker::new(kept);
        }
        let now = at(NOON + minute);
        let wants = history.wants(now);
        store.tell(&mut history, wants);
        let watch = Watch::Only(tracker.watched());
        let judgements = plan.evaluate(&history, now, &[], watch);
        told.extend(tracker.apply(now, &plan, &judgements).transitions);
    }
    told
}

fn back_test(defined: &Defined, store: &Store, minutes: u64) -> (Vec<Transition>, Report) {
    let range = TimeRange {
        from: at(NOON),
        to: at(NOON + minutes),
    };
    let mut test = Backtest::new("default", defined.clone(), HashMap::new(), range);
    let mut told = Vec::new();
    for minute in 1..=minutes {
        let now = at(NOON + minute);
        let wants = test.wants(now);
        for start in wants.hours {
            test.hour(start, store.hour(start));
        }
        for start in wants.minutes {
            test.minute(start, store.minute(start));
        }
        told.extend(test.step(now, &[]).transitions);
    }
    (told, test.report())
}

#[test]
fn episodes_tell_when_and_how_bad() {
    let rule = &rules(
        "[[rule]]\nname = 'r'\nenabled = false\nkeep = '0'\n[rule.when]\nkind = 'threshold'\nmeasure = 'error_rate'\nabove = '10%'\nwindow = '1m'",
    )[0];
    let errors = [0, 3, 5, 2, 1, 0, 4];
    let minutes = (NOON..).zip(errors);
    let minutes = minutes.map(|(minute, errors)| {
        (
            minute,
            vec![calls("a", 10, errors, 1), calls("b", 10, 1, 1)],
        )
    });
    let (_, report) = back_test(rule, &Store(minutes.collect()), 7);
    let spans: Vec<_> = report
        .episodes
        .iter()
        .map(|one| (one.from, one.to, one.peak, one.summary.as_str()))
        .collect();
    assert_eq!(
        spans,
        [
            (
                at(NOON + 2),
                Some(at(NOON + 5)),
                Some(0.5),
                "a: error rate 30% over 1 min, above 10%"
            ),
            (
                at(NOON + 7),
                None,
                Some(0.4),
                "a: error rate 40% over 1 min, above 10%"
            ),
        ]
    );
    assert_eq!(
        report.firing,
        Nanos(at(3).0),
        "an open one lasts to the end"
    );
    let series: Vec<_> = report
        .series
        .iter()
        .map(|one| (one.labels["function"].as_str(), one.values.clone()))
        .collect();
    let of_a = [0.0, 0.3, 0.5, 0.2, 0.1, 0.0, 0.4].map(Some).to_vec();
    let of_b = vec![Some(0.1); 7];
    assert_eq!(series, [("a", of_a), ("b", of_b)], "the worst first");
}

#[test]
fn a_long_range_is_shown_in_few_steps_each_with_its_worst() {
    let rule = &rules(
        "[[rule]]\nname = 'r'\n[rule.when]\nkind = 'threshold'\nmeasure = 'errors'\nabove = 5\nwindow = '1m'",
    )[0];
    let minutes = (NOON..).zip((0..1_500).map(|number| vec![calls("a", 10, number % 4, 1)]));
    let (_, report) = back_test(rule, &Store(minutes.collect()), 1_500);
    assert_eq!(report.step, Nanos(at(3).0));
    let values = &report.series[0].values;
    assert_eq!(values.len(), 500);
    assert_eq!(values[..4], [2.0, 3.0, 3.0, 3.0].map(Some));
    assert_eq!(report.episodes, []);
}

#[test]
fn what_lasts_at_the_same_time_fires_once() {
    let episode = |from: u64, to: Option<u64>| Episode {
        labels: Labels::new(),
        from: at(from),
        to: to.map(at),
        peak: None,
        summary: String::new(),
    };
    let all = [
        episode(1, Some(5)),
        episode(2, Some(3)),
        episode(4, Some(7)),
        episode(9, None),
    ];
    assert_eq!(firing(&all, at(12)), Nanos(at(9).0));
}

const RULES: &str = "
[[rule]]
name = 'errors'
for = '1m'
keep = '1m'
[rule.when]
kind = 'threshold'
measure = 'error_rate'
above = '20%'
clear = '10%'
window = '3m'
at_least = 5

[[rule]]
name = 'quiet'
keep = '0'
[rule.when]
kind = 'threshold'
measure = 'invocations'
below = 1
window = '4m'

[[rule]]
name = 'gone'
keep = '0'
[rule.when]
kind = 'absence'
window = '10m'
seen_within = '3h'

[[rule]]
name = 'slow by version'
by = 'version'
[rule.when]
kind = 'threshold'
measure = 'p95'
above = '500ms'
window = '2m'

[[rule]]
name = 'burn of all'
by = 'all'
[rule.when]
kind = 'burn_rate'
objective = '90%'
windows = [{ long = '20m', short = '2m', factor = 3 }, { long = '3h', short = '10m', factor = 2 }]

[[rule]]
name = 'unusual'
keep = '0'
[rule.when]
kind = 'deviation'
measure = 'p95'
window = '5m'
direction = 'both'
";

/// Minutes of two functions around noon, with stretches of silence, and of the same hours of earlier weeks.
fn any_store() -> impl Strategy<Value = Store> {
    let counts = (0_usize..2, 0_usize..2, 1_u32..9, 0_u64..9, 1_u64..1_000);
    let minute = prop_oneof![2 => Just(Vec::new()), 3 => prop::collection::vec(counts, 1..3)];
    let minutes = prop::collection::vec(minute, 60..400);
    let usual = prop::collection::vec((1_u32..9, 1_u64..1_000), 4);
    (minutes, usual, any::<bool>()).prop_map(|(minutes, usual, is_silent)| {
        let row = |(function, version, count, errors, millis): (usize, usize, u32, u64, u64)| {
            let counts = calls(
                ["a", "b"][function],
                count,
                errors.min(count.into()),
                millis,
            );
            of_version(["1", "2"][version], counts)
        };
        let from = NOON - 200;
        let minutes = (from..).zip(minutes);
        // Silence for hours, so that alerts end by it.
        let is_told = |minute: u64| !is_silent || !(NOON + 20..NOON + 150).contains(&minute);
        let mut all: BTreeMap<u64, Vec<FunctionCounts>> = minutes
            .filter(|(minute, _)| is_told(*minute))
            .map(|(minute, rows)| (minute, rows.into_iter().map(row).collect()))
            .collect();
        for (week, (count, millis)) in (1..).zip(usual) {
            for hour in 0..6 {
                let minute = NOON - week * 7 * 24 * 60 + hour * 60;
                all.insert(minute, vec![calls("a", count, 0, millis)]);
            }
        }
        Store(all)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_past_fires_as_it_did_live(store in any_store(), minutes in 1_u64..260, death in 0_u64..260) {
        let rules = rules(RULES);
        let live = live(&rules, &store, minutes, death);
        let mut past = Vec::new();
        for rule in &rules {
            let (told, report) = back_test(rule, &store, minutes);
            let fired = told.iter().filter(|one| one.change == Change::Firing).count();
            prop_assert_eq!(report.episodes.len(), fired);
            prop_assert!(report.series.iter().all(|one| one.values.len() as u64 == minutes));
            past.extend(told);
        }
        let order = |told: &mut Vec<Transition>| told.sort_by_key(|one| (one.at, one.rule_name.clone(), one.labels.clone()));
        let mut live = live;
        order(&mut live);
        order(&mut past);
        prop_assert_eq!(live, past);
    }
}

#[test]
fn every_rule_of_the_property_fires_in_some_past() {
    // Else it would prove nothing of it.
    let plan = plan(RULES);
    let rules: Vec<Defined> = plan.rules().map(|rule| (**rule).clone()).collect();
    let mut minutes: BTreeMap<u64, Vec<FunctionCounts>> = (NOON - 200..NOON + 30)
        .map(|minute| (minute, vec![calls("a", 9, 0, 10)]))
        .collect();
    for week in 1..3 {
        minutes.insert(NOON - week * 7 * 24 * 60, vec![calls("a", 9, 0, 10)]);
    }
    for minute in NOON + 30..NOON + 45 {
        minutes.insert(minute, vec![calls("a", 9, 9, 900)]);
    }
    let told = live(&rules, &Store(minutes), 90, 0);
    let mut fired: Vec<&str> = told
        .iter()
        .filter(|one| one.change == Change::Firing)
        .map(|one| one.rule_name.as_str())
        .collect();
    fired.sort_unstable();
    fired.dedup();
    assert_eq!(
        fired,
        [
            "burn of all",
            "errors",
            "gone",
            "quiet",
            "slow by version",
            "unusual"
        ]
    );
}
