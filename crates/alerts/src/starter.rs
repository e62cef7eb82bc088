//! Rules and inhibitions to start with, as a file to copy from.

use std::sync::LazyLock;

use crate::{RuleSet, parse_file};

/// The file, with a word on each rule and inhibition.
pub const STARTER: &str = include_str!("starter.toml");

/// What it says; some of its rules are examples, and not enabled.
pub fn starter() -> &'static RuleSet {
    static SAID: LazyLock<RuleSet> = LazyLock::new(|| {
        parse_file("starter.toml", STARTER).expect("it is built in, and a test reads it")
    });
    &SAID
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{AlertId, Labels, When, inhibited};

    #[test]
    fn the_rules_to_start_with_are_of_every_kind_that_needs_no_tuning() {
        let rules = &starter().rules;
        let kinds: BTreeSet<&str> = rules.iter().map(|rule| rule.when.kind()).collect();
        assert_eq!(
            kinds.into_iter().collect::<Vec<_>>(),
            [
                "absence",
                "burn_rate",
                "cold_start_budget",
                "deviation",
                "error_group",
                "threshold"
            ]
        );
        // What names a function is an example.
        for rule in rules.iter().filter(|rule| rule.enabled) {
            assert!(rule.scope.functions.is_empty(), "{}", rule.name);
            assert!(!matches!(rule.when, When::Absence { .. }), "{}", rule.name);
        }
    }

    /// What of all that fires of a function is held back.
    fn held(alerts: &[(&str, &str)]) -> Vec<String> {
        let alert = |&(name, function): &(&str, &str)| {
            let labels = Labels::from([
                ("alertname".to_owned(), name.to_owned()),
                ("function".to_owned(), function.to_owned()),
            ]);
            (AlertId(format!("{name} of {function}")), labels)
        };
        let firing = alerts.iter().map(alert).collect();
        let held = inhibited(&starter().inhibitions, &firing);
        held.into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn what_is_held_back_is_a_consequence_of_what_is_told() {
        let starter = starter();
        let names = starter.rules.iter().map(|rule| rule.name.as_str());
        let all: Vec<(&str, &str)> = names.map(|name| (name, "checkout")).collect();
        assert_eq!(
            held(&all),
            [
                "little memory left of checkout",
                "slower than usual of checkout"
            ],
            "whatever may have a cause of its own is told"
        );
        let of_others = [("many errors", "mailer"), ("slower than usual", "checkout")];
        assert!(held(&of_others).is_empty());
    }

    #[test]
    fn inhibitions_to_start_with_name_rules_to_start_with() {
        let RuleSet { rules, inhibitions } = starter();
        for inhibition in inhibitions {
            for matcher in inhibition.source.iter().chain(&inhibition.target) {
                assert_eq!(matcher.name(), "alertname");
                let is_named = rules.iter().any(|rule| matcher.accepts(&rule.name));
                assert!(is_named, "{matcher}");
            }
        }
    }
}
