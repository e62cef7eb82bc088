use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const MINUTE: u64 = 60;

#[test]
fn a_rule_of_a_file_has_all_that_is_written() {
    let file = parse_file(
        "alerts.toml",
        r#"
        [[rule]]
        name = "checkout is slow"
        severity = "critical"
        for = "2m"
        keep = "1h"
        runbook = "https://wiki/slow"
        labels = { team = "payments" }
        channels = ["oncall"]
        scope = { functions = ["checkout*"], versions = ["42"], tags = { team = "payments" }, except = ["*-canary"] }
        by = "version"
        tenant = "shop"
        [rule.when]
        kind = "threshold"
        measure = "p95"
        above = "800ms"
        clear = "600ms"
        window = "5m"
        at_least = 20
        "#,
    );
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    let team = BTreeMap::from([("team".to_owned(), "payments".to_owned())]);
    let expected = Rule {
        name: "checkout is slow".to_owned(),
        enabled: true,
        severity: Severity::Critical,
        pending: Duration::from_secs(2 * MINUTE),
        keep: Duration::from_secs(60 * MINUTE),
        runbook: Some("https://wiki/slow".to_owned()),
        labels: team.clone(),
        channels: Some(texts(&["oncall"])),
        scope: Scope {
            functions: texts(&["checkout*"]),
            versions: texts(&["42"]),
            tags: team,
            except: texts(&["*-canary"]),
        },
        by: By::Version,
        tenant: Some("shop".to_owned()),
        when: When::Threshold {
            measure: Measure::P95,
            bound: Bound {
                bad: Comparison::Above,
                threshold: 8e8,
                clear: Some(6e8),
            },
            window: Window::Minutes(5),
            at_least: 20,
        },
    };
    assert_eq!(file.map(|file| file.rules), Ok(vec![expected]));
}

#[test]
fn an_inhibition_of_a_file_has_all_that_is_written() {
    let file = parse_file(
        "alerts.toml",
        r#"
        [[inhibit]]
        source = ['severity="critical"', 'team=~"pay.*"']
        target = ['severity!="critical"']
        equal = ["function", "version"]
        tenant = "shop"

        [[inhibit]]
        source = ["alertname = down"]
        target = ["alertname != down"]
        "#,
    );
    let matchers = |texts: &[&str]| {
        let matcher = |text: &&str| text.parse().expect("a matcher");
        texts.iter().map(matcher).collect()
    };
    let expected = [
        Inhibition {
            source: matchers(&["severity=critical", "team=~pay.*"]),
            target: matchers(&["severity!=critical"]),
            equal: vec!["function".to_owned(), "version".to_owned()],
            tenant: Some("shop".to_owned()),
        },
        Inhibition {
            source: matchers(&["alertname=down"]),
            target: matchers(&["alertname!=down"]),
            equal: Vec::new(),
            tenant: None,
        },
    ];
    assert_eq!(file.map(|file| file.inhibitions), Ok(Vec::from(expected)));
}

#[test]
fn what_the_guide_shows_is_a_file() {
    let guide = include_str!("../../../../docs/guides/alerts.md");
    let shown = guide
        .split("```toml\n")
        .find(|text| text.starts_with("[[rule]]"));
    let (shown, _) = shown
        .and_then(|text| text.split_once("```"))
        .expect("it is shown");
    let file = parse_file("guide.toml", shown).map_err(|mistakes| mistakes.to_string());
    let file = file.expect("it is valid");
    assert_eq!((file.rules.len(), file.inhibitions.len()), (1, 1));
}

#[test]
fn what_is_not_said_is_usual() {
    let rule = parse_json(&serde_json::json!({
        "name": "slo",
        "when": { "kind": "burn_rate", "objective": "99.9%" },
    }));
    let rule = rule.expect("it is enough");
    assert_eq!(rule.severity, Severity::Warning);
    assert_eq!(rule.by, By::Function);
    assert_eq!(rule.pending, Duration::ZERO);
    assert_eq!(rule.keep, Duration::from_secs(2 * MINUTE));
    let expected = When::BurnRate {
        objective: 0.999,
        good: Good::Success,
        windows: BurnWindow::USUAL.to_vec(),
        at_least: 1,
    };
    assert_eq!(rule.when, expected);
}

#[test]
fn an_amount_says_something_of_no_invocation_too() {
    let least = |measure: &str| {
        let when = serde_json::json!({ "kind": "threshold", "measure": measure, "below": 0.5, "window": "5m" });
        let rule = parse_json(&serde_json::json!({ "name": "x", "when": when })).expect("valid");
        match rule.when {
            When::Threshold { at_least, .. } => at_least,
            _ => unreachable!(),
        }
    };
    assert_eq!(least("invocations"), 0);
    assert_eq!(least("error_rate"), 1);
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = include_str!("tests/wrong.toml");
    let mistakes = parse_file("alerts.toml", text).expect_err("it is wrong");
    insta::assert_snapshot!(mistakes);
}

#[test]
fn mistakes_of_syntax_are_told_with_their_lines() {
    let mistakes = parse_file("alerts.toml", "[[rule]]\nname = \n\n[[rule]\nx = 1\n");
    insta::assert_snapshot!(mistakes.expect_err("it is wrong"));
}

#[test]
fn mistakes_of_a_body_are_told_by_key() {
    let mistakes = parse_json(&serde_json::json!({
        "nmae": "x",
        "labels": { "severity": "page", "1st": "x", "team": 5 },
        "runbook": "javascript:alert(1)",
        "tenant": "other",
        "when": { "kind": "deviation", "measure": "p95", "window": "3h", "factor": 1, "weeks": 1.5 },
    }));
    insta::assert_snapshot!(mistakes.expect_err("it is wrong"));
    let mistakes = parse_json(&serde_json::json!([1])).expect_err("it is wrong");
    assert_eq!(mistakes.to_string(), "a rule is a table, not a list");
}

#[test]
fn a_file_without_rules_is_none() {
    let file = parse_file("alerts.toml", "# nothing yet\n");
    assert_eq!(file, Ok(RuleSet::default()));
}

fn any_text() -> impl Strategy<Value = String> {
    "[a-z*ß\"\\\\ ]{0,6}[a-z]"
}

fn any_window() -> impl Strategy<Value = Window> {
    prop_oneof![
        (1_u16..=120).prop_map(Window::Minutes),
        (3_u16..=168).prop_map(Window::Hours),
    ]
}

fn any_measure() -> impl Strategy<Value = Measure> {
    prop::sample::select(Measure::all().collect::<Vec<_>>())
}

fn any_bound(unit: crate::Unit) -> impl Strategy<Value = Bound> {
    let most = match unit {
        crate::Unit::Share => 999,
        _ => 9_007_199_254_740_992_u64,
    };
    let scaled = move |value: u64| match unit {
        crate::Unit::Share => value as f64 / 1_000.0,
        _ => value as f64,
    };
    (1..=most, 1..=most, any::<(bool, bool)>()).prop_map(move |(a, b, (is_above, is_kept))| {
        let (small, large) = (scaled(a.min(b)), scaled(a.max(b)));
        let (bad, threshold, clear) = match is_above {
            true => (Comparison::Above, large, small),
            false => (Comparison::Below, small, large),
        };
        Bound {
            bad,
            threshold,
            clear: is_kept.then_some(clear),
        }
    })
}

fn any_when() -> impl Strategy<Value = When> {
    let least = 0_u64..1_000_000;
    let length = (1_u64..9_007_199_254_740_992).prop_map(Nanos);
    let threshold = any_measure()
        .prop_flat_map(|measure| (Just(measure), any_bound(measure.unit())))
        .prop_flat_map(|bounded| (Just(bounded), any_window(), 0_u64..1_000_000))
        .prop_map(|((measure, bound), window, at_least)| When::Threshold {
            measure,
            bound,
            window,
            at_least,
        });
    let ratio = (any_bound(crate::Unit::Times), any_window(), least.clone()).prop_map(
        |(bound, window, at_least)| When::Ratio {
            of: Measure::P99,
            to: Measure::P50,
            bound,
            window,
            at_least,
        },
    );
    let absence = (1_u16..=120, 3_u16..=168).prop_map(|(window, seen)| When::Absence {
        window: Window::Minutes(window),
        seen_within: Window::Hours(seen),
    });
    let good = prop_oneof![
        Just(Good::Success),
        length.clone().prop_map(Good::FasterThan)
    ];
    let pair =
        (61_u16..=120, 1_u16..=60, 0.1..100.0_f64).prop_map(|(long, short, factor)| BurnWindow {
            long: Window::Minutes(long),
            short: Window::Minutes(short),
            factor,
        });
    let pairs = prop::collection::vec(pair, 1..4);
    let burn = (0.001..0.999_f64, good, pairs, least.clone()).prop_map(
        |(objective, good, windows, at_least)| When::BurnRate {
            objective,
            good,
            windows,
            at_least,
        },
    );
    let group = (any::<bool>(), any_window(), least.clone()).prop_map(|(new, window, at_least)| {
        When::ErrorGroup {
            new,
            regressed: true,
            at_least,
            window,
        }
    });
    let budget = (length, 0.0..0.999_f64, any_window(), least.clone()).prop_map(
        |(init, share, window, at_least)| When::ColdStartBudget {
            init,
            share,
            window,
            at_least,
        },
    );
    let direction = prop::sample::select(Direction::ALL.to_vec());
    let deviation = (
        any_measure(),
        1_u16..=120,
        1.01..100.0_f64,
        direction,
        2_u8..=8,
        least,
    )
        .prop_map(
            |(measure, window, factor, direction, weeks, at_least)| When::Deviation {
                measure,
                window: Window::Minutes(window),
                factor,
                direction,
                weeks,
                at_least,
            },
        );
    prop_oneof![threshold, ratio, absence, burn, group, budget, deviation]
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let texts = || prop::collection::vec(any_text(), 0..3);
    let pairs = || prop::collection::btree_map("[a-z_]{1,5}", any_text(), 0..3);
    let scope =
        (texts(), texts(), pairs(), texts()).prop_map(|(functions, versions, tags, except)| {
            Scope {
                functions,
                versions,
                tags,
                except,
            }
        });
    let severities = [
        Severity::Critical,
        Severity::Error,
        Severity::Warning,
        Severity::Info,
    ];
    let marks = (
        "[a-zß]([ a-z\"]{0,30}[a-z])?",
        any::<bool>(),
        prop::sample::select(severities.to_vec()),
        0_u64..=1_440,
        0_u64..=1_440,
    );
    let told = (
        prop::option::of("https://[a-z/]{1,9}"),
        pairs(),
        prop::option::of(texts()),
    );
    let by = prop::sample::select(vec![By::Function, By::All]);
    (marks, told, scope, by, any_when()).prop_map(|(marks, told, scope, by, when)| {
        let (name, enabled, severity, pending, keep) = marks;
        let (runbook, labels, channels) = told;
        let channels = channels.filter(|names: &Vec<String>| !names.is_empty());
        Rule {
            name,
            enabled,
            severity,
            pending: Duration::from_secs(pending * MINUTE),
            keep: Duration::from_secs(keep * MINUTE),
            runbook,
            labels,
            channels,
            scope,
            by: match when {
                When::ErrorGroup { .. } => By::Function,
                _ => by,
            },
            tenant: None,
            when,
        }
    })
}

/// Anything that JSON can be, with the keys of rules in it.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let words = [
        "name",
        "when",
        "kind",
        "threshold",
        "measure",
        "p95",
        "above",
        "below",
        "window",
        "5m",
        "burn_rate",
        "windows",
        "objective",
        "good",
        "faster_than",
        "labels",
        "scope",
        "99%",
        "800ms",
        "deviation",
        "tags",
    ];
    let word = move || prop::sample::select(words.to_vec()).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        word().prop_map(Into::into),
        ".{0,9}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_rule_reads_as_it_was_written(rule in any_rule()) {
        let text = serde_json::to_string(&rule).expect("it is JSON");
        let read: Result<Rule, _> = serde_json::from_str(&text);
        prop_assert_eq!(read.map_err(|error| error.to_string()), Ok(rule.clone()), "{}", text);
        // The same fields in TOML.
        let file = toml::to_string(&serde_json::json!({ "rule": [rule.to_json()] })).expect("it is TOML");
        let read = parse_file("a.toml", &file).map_err(|mistakes| mistakes.to_string());
        prop_assert_eq!(read.map(|file| file.rules), Ok(vec![rule]), "{}", file);
    }

    #[test]
    fn what_is_no_rule_is_refused_without_a_fall(json in any_json()) {
        if let Err(mistakes) = parse_json(&json) {
            prop_assert!(!mistakes.0.is_empty());
        }
    }

    #[test]
    fn what_is_no_file_is_refused_without_a_fall(text in "(\\[\\[(rule|inhibit)\\]\\]\n)?([a-z]{1,5} ?= ?[\"0-9a-z\\[{\n]{0,9}){0,5}.{0,20}") {
        if let Err(mistakes) = parse_file("a.toml", &text) {
            prop_assert!(!mistakes.0.is_empty());
        }
    }
}
