use std::collections::{HashMap, HashSet};

use coldtrace_model::Nanos;
use proptest::prelude::*;

use super::*;
use crate::history::HOUR_MINUTES;
use crate::testing::{NOON, at, calls, history, lines, noon, of_version, plan, plan_when};
use crate::{Aggregate, FunctionCounts, Histogram};

fn verdict_of(when: &str, minutes: Vec<Vec<FunctionCounts>>) -> Verdict {
    let mut plan = plan_when(when);
    let history = history(&plan, minutes);
    let told = noon(&mut plan, &history);
    told.first().map_or(Verdict::Nothing, |one| one.verdict)
}

#[test]
fn a_threshold_is_bad_beyond_it_and_good_behind_where_it_clears() {
    let when = "kind = 'threshold'\nmeasure = 'error_rate'\nabove = '10%'\nclear = '5%'\nwindow = '2m'\nat_least = 20";
    let of = |errors| vec![vec![calls("a", 10, 0, 1)], vec![calls("a", 10, errors, 1)]];
    assert_eq!(verdict_of(when, of(3)), Verdict::Bad);
    assert_eq!(
        verdict_of(when, of(2)),
        Verdict::Between,
        "the threshold itself is not bad"
    );
    assert_eq!(verdict_of(when, of(1)), Verdict::Good);
    assert_eq!(
        verdict_of(when, vec![vec![calls("a", 19, 19, 1)]]),
        Verdict::Nothing
    );
}

#[test]
fn only_the_window_counts() {
    let when = "kind = 'threshold'\nmeasure = 'errors'\nabove = 5\nwindow = '2m'";
    let old = vec![
        vec![calls("a", 9, 9, 1)],
        vec![calls("a", 5, 2, 1)],
        vec![calls("a", 5, 3, 1)],
    ];
    assert_eq!(verdict_of(when, old), Verdict::Good);
}

#[test]
fn an_amount_below_is_bad_of_who_was_invoked_within_a_day() {
    let when = "kind = 'threshold'\nmeasure = 'invocations'\nbelow = 1\nwindow = '2m'";
    let mut plan = plan_when(when);
    let verdict_after = |plan: &mut Plan, hours: u64| {
        let mut history = History::new(plan.need());
        history.hour(at(NOON - hours * HOUR_MINUTES), vec![calls("a", 9, 0, 1)]);
        noon(plan, &history).first().map(|one| one.verdict)
    };
    assert_eq!(verdict_after(&mut plan, 1), Some(Verdict::Bad));
    assert_eq!(verdict_after(&mut plan, 24), Some(Verdict::Bad));
    assert_eq!(verdict_after(&mut plan, 25), Some(Verdict::Nothing));
}

#[test]
fn a_ratio_divides_amounts_of_the_same_stretch() {
    let when = "kind = 'ratio'\nof = 'errors'\nto = 'invocations'\nabove = '10%'\nwindow = '5m'";
    assert_eq!(
        verdict_of(when, vec![vec![calls("a", 10, 1, 1)]]),
        Verdict::Good
    );
    assert_eq!(
        verdict_of(when, vec![vec![calls("a", 10, 2, 1)]]),
        Verdict::Bad
    );
    let when = "kind = 'ratio'\nof = 'p99'\nto = 'p50'\nabove = 3\nwindow = '5m'";
    let spread = |long| vec![vec![calls("a", 90, 0, 10), calls("a", 10, 0, long)]];
    assert_eq!(verdict_of(when, spread(20)), Verdict::Good);
    assert_eq!(verdict_of(when, spread(40)), Verdict::Bad);
    let by_nothing = "kind = 'ratio'\nof = 'errors'\nto = 'timeouts'\nabove = 3\nwindow = '5m'";
    assert_eq!(verdict_of(by_nothing, spread(1)), Verdict::Nothing);
}

#[test]
fn who_was_seen_and_is_not_any_more_is_absent() {
    let when = "kind = 'absence'\nwindow = '2m'\nseen_within = '10m'";
    let mut minutes = vec![vec![calls("a", 1, 0, 1)]];
    minutes.resize(9, Vec::new());
    assert_eq!(verdict_of(when, minutes.clone()), Verdict::Bad);
    minutes.push(vec![calls("a", 1, 0, 1)]);
    assert_eq!(verdict_of(when, minutes), Verdict::Good);
}

#[test]
fn a_budget_burns_where_both_windows_of_a_pair_do() {
    let when = "kind = 'burn_rate'\nobjective = '99%'\nwindows = [{ long = '10m', short = '2m', factor = 5 }]";
    let good = || vec![calls("a", 100, 0, 1)];
    let bad = || vec![calls("a", 100, 20, 1)];
    let minutes = |bads: std::ops::Range<usize>| {
        let minute = |minute| match bads.contains(&minute) {
            true => bad(),
            false => good(),
        };
        (0..10).map(minute).collect::<Vec<_>>()
    };
    assert_eq!(verdict_of(when, minutes(7..10)), Verdict::Bad);
    assert_eq!(
        verdict_of(when, minutes(8..10)),
        Verdict::Good,
        "the long one does not"
    );
    assert_eq!(
        verdict_of(when, minutes(5..8)),
        Verdict::Good,
        "the short one does not"
    );
    let mut silent = minutes(4..8);
    silent[8..].fill(Vec::new());
    assert_eq!(
        verdict_of(when, silent),
        Verdict::Nothing,
        "nobody knows whether it still does"
    );
    let slow = "kind = 'burn_rate'\nobjective = '90%'\ngood = { faster_than = '100ms' }\nwindows = [{ long = '10m', short = '2m', factor = 5 }]";
    assert_eq!(
        verdict_of(
            slow,
            vec![vec![calls("a", 4, 0, 90), calls("a", 6, 0, 120)]]
        ),
        Verdict::Bad
    );
    assert_eq!(
        verdict_of(
            slow,
            vec![vec![calls("a", 6, 0, 90), calls("a", 4, 0, 120)]]
        ),
        Verdict::Good
    );
}

#[test]
fn starts_that_take_too_long_use_up_their_budget() {
    let when = "kind = 'cold_start_budget'\ninit = '800ms'\nshare = '1%'\nwindow = '5m'";
    let of = |slow| {
        let mut counts = calls("a", 100, 0, 1);
        let inits = [
            (Nanos::from_millis(500), 9),
            (Nanos::from_millis(900), slow),
        ];
        counts.aggregate.inits = Histogram::of(&inits);
        vec![vec![counts]]
    };
    assert_eq!(verdict_of(when, of(1)), Verdict::Good);
    assert_eq!(verdict_of(when, of(2)), Verdict::Bad);
}

#[test]
fn a_deviation_is_from_the_median_of_the_same_hour_of_earlier_weeks() {
    let week = 7 * 24 * HOUR_MINUTES;
    let told = |when: &str, usual: &[u32], now: FunctionCounts| {
        let mut plan = plan_when(when);
        let mut history = history(&plan, vec![vec![now]]);
        for (week_back, invocations) in (1..).zip(usual) {
            // The window of ten minutes to noon touches one hour.
            let hour = NOON - HOUR_MINUTES - week_back * week;
            history.hour(
                at(hour),
                vec![calls("a", *invocations, 6 * u64::from(*invocations), 100)],
            );
        }
        assert_eq!(history.wants(at(NOON)).hours.len(), 4 - usual.len());
        noon(&mut plan, &history).remove(0)
    };
    let slow = "kind = 'deviation'\nmeasure = 'p95'\nwindow = '10m'\nfactor = 2";
    assert_eq!(
        told(slow, &[9, 9], calls("a", 1, 0, 210)).verdict,
        Verdict::Bad
    );
    assert_eq!(
        told(slow, &[9, 9], calls("a", 1, 0, 190)).verdict,
        Verdict::Good
    );
    assert_eq!(
        told(slow, &[9], calls("a", 1, 0, 900)).verdict,
        Verdict::Nothing
    );
    let rare = "kind = 'deviation'\nmeasure = 'invocations'\nwindow = '10m'\ndirection = 'both'";
    // 60 an hour are ten in ten minutes.
    let few = told(rare, &[6_000, 60, 60, 0], calls("a", 4, 0, 1));
    assert_eq!(few.verdict, Verdict::Bad);
    assert_eq!(
        (few.reading.bad, few.reading.threshold),
        (Comparison::Below, 0.5)
    );
    assert_eq!(
        told(rare, &[60, 60], calls("a", 6, 0, 1)).verdict,
        Verdict::Good
    );
    assert_eq!(
        told(rare, &[60, 60], calls("a", 21, 0, 1)).verdict,
        Verdict::Bad
    );
    let busy = format!("{rare}\nat_least = 10");
    assert_eq!(
        told(&busy, &[60, 60], calls("a", 1, 0, 1)).verdict,
        Verdict::Bad,
        "ten are usual"
    );
    assert_eq!(
        told(&busy, &[59, 59], calls("a", 1, 0, 1)).verdict,
        Verdict::Nothing
    );
    let errors = "kind = 'deviation'\nmeasure = 'errors'\nwindow = '10m'";
    // 60 errors an hour are ten in ten minutes.
    assert_eq!(
        told(errors, &[10, 10], calls("a", 99, 20, 1)).verdict,
        Verdict::Good
    );
    assert_eq!(
        told(errors, &[10, 10], calls("a", 99, 21, 1)).verdict,
        Verdict::Bad
    );
}

#[test]
fn alerts_are_by_function_by_version_or_of_all_in_the_scope() {
    let rule = |name: &str, more: &str| {
        format!(
            "[[rule]]\nname = '{name}'\n{more}\n[rule.when]\nkind = 'threshold'\nmeasure = 'errors'\nabove = 1000\nwindow = '5m'\n"
        )
    };
    let rules = [
        rule("1 each function", ""),
        rule("2 each version", "by = 'version'"),
        rule("3 all", "by = 'all'"),
        rule("4 version 2 of each", "scope = { versions = ['2'] }"),
        rule("5 no b", "by = 'all'\nscope = { except = ['b'] }"),
        rule(
            "6 tagged",
            "scope = { tags = { team = 'x' } }\nlabels = { team = 'x' }",
        ),
        rule("7 off", "enabled = false"),
    ];
    let tagged = HashMap::from([(
        ("team".to_owned(), "x".to_owned()),
        HashSet::from(["b".to_owned()]),
    )]);
    let mut plan = Plan::new("default", crate::testing::rules(&rules.concat()), tagged);
    let history = history(
        &plan,
        vec![
            vec![calls("a", 9, 1, 1), calls("b", 9, 10, 1)],
            vec![of_version("2", calls("a", 900, 100, 1))],
        ],
    );
    let told = noon(&mut plan, &history);
    let told: Vec<String> = told
        .iter()
        .map(|one| format!("{:?} {:?}", one.reading.value.expect("a count"), one.labels))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn versions_that_come_later_join_their_function() {
    let mut plan = plan_when("kind = 'threshold'\nmeasure = 'errors'\nabove = 1\nwindow = '5m'");
    let mut history = history(&plan, vec![vec![calls("a", 1, 1, 1)]]);
    assert_eq!(noon(&mut plan, &history)[0].reading.value, Some(1.0));
    let counts = vec![of_version("2", calls("a", 1, 1, 1)), calls("b", 1, 0, 1)];
    history.minute(at(NOON), counts);
    let told = plan.evaluate(
        &history,
        at(NOON + 1),
        &[],
        Watch::Only(&Watched::default()),
    );
    assert_eq!(told.len(), 1, "b is good and not watched");
    assert_eq!(told[0].reading.value, Some(2.0));
}

#[test]
fn long_windows_are_whole_hours_and_what_there_is_of_the_present_one() {
    let mut plan = plan_when("kind = 'threshold'\nmeasure = 'errors'\nabove = 1\nwindow = '3h'");
    let mut history = History::new(plan.need());
    let half_past = NOON + 30;
    for hour in 1..=4 {
        let errors = 10_u64.pow(hour);
        let start = at(NOON - u64::from(hour) * HOUR_MINUTES);
        history.hour(start, vec![calls("a", 1, errors, 1)]);
    }
    for minute in NOON - 60..half_past {
        let errors = u64::from(minute == half_past - 1);
        history.minute(at(minute), vec![calls("a", 1, errors, 1)]);
    }
    // The hour before noon is that of its minutes now: all of them were told.
    let told = plan.evaluate(&history, at(half_past), &[], Watch::All);
    assert_eq!(told[0].reading.value, Some(1.0 + 100.0 + 1_000.0));
}

fn group(state: ErrorState, age: u64, count: u64) -> ErrorGroupReading {
    ErrorGroupReading {
        id: 7,
        function: "a".to_owned(),
        error_type: "TypeError".to_owned(),
        message: "cannot read * of undefined".to_owned(),
        versions: vec!["1".to_owned()],
        state,
        last_seen: at(NOON - age),
        count,
    }
}

/// In which function `a` was invoked some hours ago.
fn known(plan: &Plan) -> History {
    let mut history = History::new(plan.need());
    history.hour(at(NOON - 300), vec![calls("a", 1, 0, 1)]);
    history
}

#[test]
fn of_a_function_that_is_new_itself_no_error_is_news() {
    let mut plan = plan_when("kind = 'error_group'\nwindow = '30m'");
    let verdict = |plan: &mut Plan, hours_ago: u64| {
        let mut history = History::new(plan.need());
        history.hour(at(NOON - hours_ago * 60), vec![calls("a", 1, 0, 1)]);
        let news = group(ErrorState::New, 5, 2);
        let told = plan.evaluate(&history, at(NOON), &[news], Watch::All);
        told[0].verdict
    };
    // The hour before noon has the window in it.
    for (hours_ago, expected) in [
        (1, Verdict::Between),
        (2, Verdict::Bad),
        (25, Verdict::Bad),
        (26, Verdict::Between),
    ] {
        assert_eq!(verdict(&mut plan, hours_ago), expected, "{hours_ago}");
    }
}

#[test]
fn a_group_of_errors_fires_as_news_and_until_none_comes() {
    let mut plan =
        plan_when("kind = 'error_group'\nregressed = false\nat_least = 2\nwindow = '30m'");
    let history = known(&plan);
    let mut told = |group| {
        plan.evaluate(&history, at(NOON), &[group], Watch::All)
            .remove(0)
    };
    assert_eq!(told(group(ErrorState::New, 5, 2)).verdict, Verdict::Bad);
    assert_eq!(told(group(ErrorState::New, 5, 1)).verdict, Verdict::Between);
    assert_eq!(
        told(group(ErrorState::Regressed, 5, 9)).verdict,
        Verdict::Between
    );
    assert_eq!(
        told(group(ErrorState::Ongoing, 5, 9)).verdict,
        Verdict::Between
    );
    let over = told(group(ErrorState::New, 31, 9));
    assert_eq!(over.verdict, Verdict::Good);
    assert_eq!(over.labels["error_group"], "0000000000000007");
    assert_eq!(over.labels["error_type"], "TypeError");
}

#[test]
fn sentences_say_what_is_so_in_plain_words() {
    let mut text = String::new();
    let mut say = |when: &str, minutes: Vec<Vec<FunctionCounts>>| {
        let mut plan = plan_when(when);
        let history = history(&plan, minutes);
        text += &lines(&noon(&mut plan, &history));
    };
    let p95 = "kind = 'threshold'\nmeasure = 'p95'\nabove = '800ms'\nwindow = '5m'";
    say(p95, vec![vec![calls("checkout", 9, 0, 1_420)]]);
    say(p95, vec![vec![calls("checkout", 9, 0, 310)]]);
    for measure in ["errors", "invocations", "error_rate"] {
        let when = format!("kind = 'threshold'\nmeasure = '{measure}'\nabove = 0.1\nwindow = '1h'");
        say(&when, vec![vec![calls("checkout", 60, 9, 1)]]);
    }
    let cost = |cost| {
        let mut counts = calls("checkout", 60, 9, 1);
        counts.aggregate.cost = cost;
        vec![vec![counts]]
    };
    let dear = "kind = 'threshold'\nmeasure = 'cost'\nabove = '$0.50'\nwindow = '1h'";
    say(dear, cost(620_000_000));
    say(dear, cost(20_000_000));
    let ratio = "kind = 'ratio'\nof = 'p99'\nto = 'p50'\nabove = 3\nwindow = '5m'";
    say(
        ratio,
        vec![vec![
            calls("checkout", 90, 0, 10),
            calls("checkout", 10, 0, 40),
        ]],
    );
    say(
        "kind = 'absence'\nwindow = '2m'\nseen_within = '10m'",
        vec![vec![calls("checkout", 1, 0, 1)], vec![], vec![]],
    );
    say(
        "kind = 'burn_rate'\nobjective = '99.95%'",
        vec![vec![calls("checkout", 90, 10, 10)]],
    );
    say(
        "kind = 'burn_rate'\nobjective = '99.95%'\ngood = { faster_than = '1s' }",
        vec![vec![calls("checkout", 90, 10, 10)]],
    );
    let mut cold = calls("checkout", 100, 0, 1);
    cold.aggregate.inits = Histogram::of(&[(Nanos::from_millis(900), 2)]);
    say(
        "kind = 'cold_start_budget'\ninit = '800ms'\nshare = '1%'\nwindow = '15m'",
        vec![vec![cold]],
    );
    let mut plan = plan_when("kind = 'deviation'\nmeasure = 'p95'\nwindow = '10m'");
    let mut unusual = history(&plan, vec![vec![calls("checkout", 9, 0, 1_420)]]);
    for week in 1..3 {
        let hour = NOON - 60 - week * 7 * 24 * 60;
        unusual.hour(at(hour), vec![calls("checkout", 9, 0, 460)]);
    }
    text += &lines(&noon(&mut plan, &unusual));
    unusual.minute(at(NOON - 1), vec![calls("checkout", 9, 0, 500)]);
    text += &lines(&noon(&mut plan, &unusual));
    let mut plan = plan_when("kind = 'error_group'");
    let known = known(&plan);
    for (state, count) in [(ErrorState::New, 12), (ErrorState::Regressed, 1)] {
        let told = plan.evaluate(&known, at(NOON), &[group(state, 1, count)], Watch::All);
        text += &lines(&told);
    }
    let told = plan.evaluate(
        &known,
        at(NOON),
        &[group(ErrorState::New, 31, 1)],
        Watch::All,
    );
    text += &lines(&told);
    insta::assert_snapshot!(text);
}

#[test]
fn alerts_are_known_by_rule_and_labels_of_their_series_alone() {
    let when = "kind = 'threshold'\nmeasure = 'errors'\nabove = 1\nwindow = '5m'";
    let alert = |head: &str, tenant: &str| {
        let rules = crate::testing::rules(&format!("[[rule]]\n{head}\n[rule.when]\n{when}"));
        let mut plan = Plan::new(tenant, rules, HashMap::new());
        let history = history(&plan, vec![vec![calls("a", 1, 1, 1)]]);
        noon(&mut plan, &history).remove(0).alert
    };
    let plain = alert("name = 'r'", "default");
    assert_eq!(
        plain,
        AlertId("4e8d8158d91dff17".to_owned()),
        "kept by who was told of it"
    );
    assert_eq!(
        plain,
        alert(
            "name = 'r'\nseverity = 'critical'\nlabels = { x = 'y' }",
            "default"
        )
    );
    assert_ne!(plain, alert("name = 's'", "default"));
    assert_ne!(plain, alert("name = 'r'\nby = 'version'", "default"));
    assert_ne!(plain, alert("name = 'r'", "other"));
}

proptest! {
    /// Slots are shared, and computed one from the other: each rule must say what it says alone.
    #[test]
    fn rules_say_together_what_each_says_alone(
        minutes in prop::collection::vec((0_u32..5, 0_u64..5, 1_u64..2_000), 1..130),
        windows in prop::collection::vec((1_u16..=120, 0_usize..4), 1..8),
    ) {
        let rule = |place: usize, (window, measure): (u16, usize)| {
            let measure = ["p95", "errors", "error_rate", "invocations"][measure];
            let above = match measure { "p95" => "'500ms'", "error_rate" => "0.5", _ => "3" };
            format!("[[rule]]\nname = '{place}'\n[rule.when]\nkind = 'threshold'\nmeasure = '{measure}'\nabove = {above}\nwindow = '{window}m'\n")
        };
        let texts: Vec<String> = windows.iter().enumerate().map(|(place, one)| rule(place, *one)).collect();
        let told = |text: &str| {
            let mut plan = plan(text);
            let minute = |&(count, errors, millis): &(u32, u64, u64)| match count {
                0 => Vec::new(),
                count => vec![calls("a", count, errors, millis)],
            };
            // As if the longest window were there in each case, so that the function is known in both.
            let mut need = plan.need();
            need.minutes = 130;
            let mut history = History::new(need);
            let first = NOON - minutes.len() as u64;
            for (place, minute) in (first..).zip(minutes.iter().map(minute)) {
                history.minute(at(place), minute);
            }
            noon(&mut plan, &history)
        };
        let together = told(&texts.concat());
        let alone: Vec<Judgement> = texts.iter().flat_map(|text| told(text)).collect();
        let plain = |told: Vec<Judgement>| {
            let mut told: Vec<String> = told.iter().map(|one| format!("{:?} {:?} {:?}", one.labels, one.verdict, one.reading)).collect();
            told.sort();
            told
        };
        prop_assert_eq!(plain(together), plain(alone));
    }
}

#[test]
fn an_empty_tenant_has_nothing_to_say() {
    let mut plan = plan_when("kind = 'threshold'\nmeasure = 'errors'\nbelow = 1\nwindow = '5m'");
    let history = History::new(plan.need());
    assert_eq!(plan.evaluate(&history, at(0), &[], Watch::All), []);
    assert_eq!(plan.evaluate(&history, at(NOON), &[], Watch::All), []);
    let empty = Aggregate::default();
    assert!(empty.is_empty());
}
