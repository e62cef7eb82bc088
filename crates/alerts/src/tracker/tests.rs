use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::history::MINUTE;
use crate::testing::{NOON, at, plan};
use crate::{Comparison, Defined, Labels, Reading, Unit};

const RULE: &str = "
[[rule]]
name = 'r'
for = '2m'
keep = '3m'
severity = 'error'
runbook = 'https://wiki/r'
[rule.when]
kind = 'threshold'
measure = 'error_rate'
above = '10%'
window = '5m'
";

/// What a rule would have said of a function.
fn judgement(defined: &Arc<Defined>, function: &str, verdict: Verdict) -> Judgement {
    let plan = Plan::new("default", vec![(**defined).clone()], Default::default());
    let series = Labels::from([("function".to_owned(), function.to_owned())]);
    let value = match verdict {
        Verdict::Bad => Some(0.5),
        Verdict::Between => Some(0.1),
        Verdict::Good => Some(0.01),
        Verdict::Nothing => None,
    };
    Judgement {
        alert: plan.alert(&defined.id, &series),
        defined: Arc::clone(defined),
        labels: crate::plan::labels_of(&defined.rule, series),
        verdict,
        reading: Reading {
            name: "error rate over 5m".to_owned(),
            unit: Unit::Share,
            value,
            bad: Comparison::Above,
            threshold: 0.1,
        },
        who: function.to_owned(),
        says: format!("{verdict:?}"),
    }
}

/// Verdicts minute by minute, a letter each: Bad, between (`~`), Good, nothing (`.`). What happened, by minute.
fn run(rule: &str, verdicts: &str) -> Vec<(u64, Change, String)> {
    let plan = plan(rule);
    let defined = Arc::clone(plan.rules().next().expect("a rule"));
    let mut tracker = Tracker::default();
    let mut told = Vec::new();
    for (minute, letter) in (0..).zip(verdicts.chars()) {
        let verdict = match letter {
            'B' => Verdict::Bad,
            '~' => Verdict::Between,
            'G' => Verdict::Good,
            _ => Verdict::Nothing,
        };
        let judgement = judgement(&defined, "a", verdict);
        let applied = tracker.apply(at(NOON + minute), &plan, &[judgement]);
        let transitions = applied.transitions.into_iter();
        told.extend(transitions.map(|one| (minute, one.change, one.summary)));
    }
    told
}

fn changes(rule: &str, verdicts: &str) -> Vec<(u64, Change)> {
    let told = run(rule, verdicts).into_iter();
    told.map(|(minute, change, _)| (minute, change)).collect()
}

#[test]
fn bad_for_long_enough_fires_and_good_for_long_enough_ends() {
    use Change::{Firing, Resolved};
    let cases: [(&str, &[(u64, Change)]); 9] = [
        ("BB", &[]),
        ("BBB", &[(2, Firing)]),
        ("BBGBB", &[]),
        ("BB~BBB", &[(5, Firing)]),
        ("B.B", &[(2, Firing)]),
        ("BBBGGGG", &[(2, Firing), (6, Resolved)]),
        ("BBBGG~GGGG", &[(2, Firing), (9, Resolved)]),
        ("BBBGGBGGGGBBB", &[(2, Firing), (9, Resolved), (12, Firing)]),
        ("BBBG....G", &[(2, Firing), (8, Resolved)]),
    ];
    for (verdicts, expected) in cases {
        assert_eq!(changes(RULE, verdicts), expected, "{verdicts}");
    }
}

#[test]
fn without_waits_each_turn_is_told() {
    let rule = RULE.replace("2m", "0").replace("3m", "0s");
    use Change::{Firing, Resolved};
    assert_eq!(
        changes(&rule, "BBGGB~G"),
        [(0, Firing), (2, Resolved), (4, Firing), (6, Resolved)]
    );
}

#[test]
fn what_is_silent_for_an_hour_ends_and_says_so() {
    let silence = ".".repeat(61);
    let told = run(RULE, &format!("BBB{silence}"));
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].0, 62);
    assert_eq!(
        told[1].2,
        "a: ended, since nothing was measured for 1 h; error rate over 5m was last 50%"
    );
    assert_eq!(
        run(RULE, &format!("BB{silence}B")),
        [],
        "nor does it wait for ever"
    );
}

#[test]
fn a_transition_tells_what_receivers_need() {
    let plan = plan(RULE);
    let defined = Arc::clone(plan.rules().next().expect("a rule"));
    let mut tracker = Tracker::default();
    let mut told = Vec::new();
    for (minute, verdict) in [
        (0, Verdict::Bad),
        (2, Verdict::Bad),
        (3, Verdict::Good),
        (6, Verdict::Good),
    ] {
        let judgement = judgement(&defined, "a", verdict);
        told.extend(
            tracker
                .apply(at(NOON + minute), &plan, &[judgement])
                .transitions,
        );
    }
    let [fired, ended] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(fired.id.0, format!("{}-1", fired.alert));
    assert_eq!(ended.id.0, format!("{}-2", fired.alert));
    assert_eq!((fired.at, fired.since), (at(NOON + 2), at(NOON + 2)));
    assert_eq!((ended.at, ended.since), (at(NOON + 6), at(NOON + 2)));
    assert_eq!(fired.runbook.as_deref(), Some("https://wiki/r"));
    assert_eq!(fired.labels["severity"], "error");
    assert_eq!(fired.summary, "a: Bad");
    assert_eq!(ended.summary, "a: Good");
    assert_eq!(ended.labels, fired.labels);
    assert_eq!(ended.reading.value, Some(0.01));
}

#[test]
fn what_fires_keeps_the_labels_under_which_it_was_told() {
    let before = plan(&RULE.replace("2m", "0").replace("3m", "0"));
    let after = plan(&RULE.replace("3m", "0").replace("'error'", "'critical'"));
    let rule = |plan: &Plan| Arc::clone(plan.rules().next().expect("a rule"));
    let mut tracker = Tracker::default();
    let bad = judgement(&rule(&before), "a", Verdict::Bad);
    let fired = tracker.apply(at(NOON), &before, &[bad]).transitions;
    let good = judgement(&rule(&after), "a", Verdict::Good);
    let ended = tracker.apply(at(NOON + 1), &after, &[good]).transitions;
    assert_eq!(ended[0].labels, fired[0].labels);
    assert_eq!(ended[0].severity, crate::Severity::Error);
}

#[test]
fn an_alert_ends_with_its_rule_and_with_its_scope() {
    let eager = RULE.replace("2m", "0");
    let before = plan(&eager);
    let rule = Arc::clone(before.rules().next().expect("a rule"));
    let end_of = |after: &str| {
        let mut tracker = Tracker::default();
        tracker.apply(at(NOON), &before, &[judgement(&rule, "a", Verdict::Bad)]);
        let applied = tracker.apply(at(NOON + 1), &plan(after), &[]);
        assert_eq!(
            tracker.watched().0.is_empty(),
            !applied.transitions.is_empty()
        );
        applied
            .transitions
            .into_iter()
            .map(|one| one.summary)
            .collect::<Vec<_>>()
    };
    let removed = ["a: ended, since the rule was removed or disabled"];
    assert_eq!(end_of(""), removed);
    assert_eq!(
        end_of(&eager.replace("severity", "enabled = false\nseverity")),
        removed
    );
    let elsewhere = ["a: ended, since the rule is no longer about it"];
    assert_eq!(
        end_of(&eager.replace("severity", "scope = { functions = ['b'] }\nseverity")),
        elsewhere
    );
    assert_eq!(
        end_of(&eager.replace("severity", "by = 'version'\nseverity")),
        elsewhere
    );
    assert_eq!(
        end_of(&eager),
        [""; 0],
        "of a rule that is still about it nothing is known yet"
    );
}

#[test]
fn amounts_of_who_is_not_remembered_are_0() {
    let rule = "[[rule]]\nname = 'r'\nkeep = '0'\n[rule.when]\nkind = 'threshold'\nmeasure = 'errors'\nabove = 1\nwindow = '5m'";
    let plan = plan(rule);
    let defined = Arc::clone(plan.rules().next().expect("a rule"));
    let mut tracker = Tracker::default();
    tracker.apply(at(NOON), &plan, &[judgement(&defined, "a", Verdict::Bad)]);
    let ended = tracker.apply(at(NOON + 1), &plan, &[]).transitions;
    assert_eq!(ended[0].summary, "a: errors are back at 0 (threshold 1)");
}

#[test]
fn what_never_fired_leaves_nothing_behind() {
    let plan = plan(RULE);
    let defined = Arc::clone(plan.rules().next().expect("a rule"));
    let mut tracker = Tracker::default();
    let bad = judgement(&defined, "a", Verdict::Bad);
    let applied = tracker.apply(at(NOON), &plan, std::slice::from_ref(&bad));
    assert_eq!(applied.changed, BTreeSet::from([bad.alert.clone()]));
    let good = judgement(&defined, "a", Verdict::Good);
    let applied = tracker.apply(at(NOON + 1), &plan, std::slice::from_ref(&good));
    assert_eq!(applied.changed, BTreeSet::from([bad.alert]));
    assert_eq!(tracker, Tracker::default());
    let applied = tracker.apply(at(NOON + 2), &plan, &[good]);
    assert_eq!(applied, Applied::default());
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(vec![
        Verdict::Bad,
        Verdict::Bad,
        Verdict::Between,
        Verdict::Good,
        Verdict::Good,
        Verdict::Nothing,
    ])
}

/// Some minutes, in each of which some of three functions are told of, or none; with a step in time.
fn any_course() -> impl Strategy<Value = Vec<(u64, Vec<(usize, Verdict)>)>> {
    let told = prop::collection::vec((0_usize..3, any_verdict()), 0..5);
    let step = prop_oneof![9 => Just(1_u64), 1 => 2_u64..70];
    prop::collection::vec((step, told), 1..60)
}

fn play(
    tracker: &mut Tracker,
    plan: &Plan,
    course: &[(u64, Vec<(usize, Verdict)>)],
    start: u64,
    reversed: bool,
) -> Vec<Transition> {
    let defined = Arc::clone(plan.rules().next().expect("a rule"));
    let mut minute = start;
    let mut told = Vec::new();
    for (step, verdicts) in course {
        minute += step;
        let one = |&(function, verdict): &(usize, Verdict)| {
            judgement(&defined, ["a", "b", "c"][function], verdict)
        };
        let mut judgements: Vec<Judgement> = verdicts.iter().map(one).collect();
        if reversed {
            judgements.reverse();
        }
        let before = tracker.clone();
        let applied = tracker.apply(UnixNanos(minute * MINUTE), plan, &judgements);
        // Who keeps what changed keeps all.
        let mut kept = before.states;
        for alert in &applied.changed {
            match tracker.get(alert) {
                Some(state) => _ = kept.insert(alert.clone(), state.clone()),
                None => _ = kept.remove(alert),
            }
        }
        assert_eq!(kept, tracker.states);
        told.extend(applied.transitions);
    }
    told
}

fn any_waits() -> impl Strategy<Value = String> {
    (0_u64..4, 0_u64..4).prop_map(|(pending, keep)| {
        RULE.replace("2m", &format!("{pending}m"))
            .replace("3m", &format!("{keep}m"))
    })
}

proptest! {
    #[test]
    fn firing_and_end_alternate_and_numbers_have_no_gaps(rule in any_waits(), course in any_course()) {
        let plan = plan(&rule);
        let told = play(&mut Tracker::default(), &plan, &course, NOON, false);
        let mut last: BTreeMap<AlertId, (u64, Change)> = BTreeMap::new();
        for one in told {
            let (seq, before) = last.get(&one.alert).copied().unwrap_or((0, Change::Resolved));
            prop_assert_ne!(one.change, before);
            prop_assert_eq!(&one.id.0, &format!("{}-{}", one.alert, seq + 1));
            prop_assert!(one.since <= one.at);
            last.insert(one.alert, (seq + 1, one.change));
        }
    }

    #[test]
    fn a_restart_changes_nothing(rule in any_waits(), course in any_course(), cut in 0_usize..60) {
        let plan = plan(&rule);
        let mut whole = Tracker::default();
        let expected = play(&mut whole, &plan, &course, NOON, false);
        let (first, second) = course.split_at(cut.min(course.len()));
        let mut tracker = Tracker::default();
        let mut told = play(&mut tracker, &plan, first, NOON, false);
        let kept: Vec<String> = tracker
            .states()
            .map(|state| serde_json::to_string(state).expect("it is JSON"))
            .collect();
        let states = kept.iter().map(|state| serde_json::from_str(state).expect("it reads"));
        let mut again = Tracker::new(states);
        prop_assert_eq!(&again, &tracker);
        let later = NOON + first.iter().map(|(step, _)| step).sum::<u64>();
        told.extend(play(&mut again, &plan, second, later, false));
        prop_assert_eq!(told, expected);
        prop_assert_eq!(again, whole);
    }

    #[test]
    fn the_order_of_judgements_does_not_matter(rule in any_waits(), course in any_course()) {
        let plan = plan(&rule);
        // Of two of one alert the worse counts: the numbers of the other must not either.
        let one = play(&mut Tracker::default(), &plan, &course, NOON, false);
        let other = play(&mut Tracker::default(), &plan, &course, NOON, true);
        prop_assert_eq!(one, other);
    }
}
