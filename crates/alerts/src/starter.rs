//! Rules to start with, as a file to copy from.

use crate::{Rule, parse_file};

/// The file, with a word on each rule.
pub const STARTER: &str = include_str!("starter.toml");

/// Its rules; some of them are examples, and not enabled.
pub fn starter() -> Vec<Rule> {
    parse_file("starter.toml", STARTER).expect("it is built in, and a test reads it")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::When;

    #[test]
    fn the_rules_to_start_with_are_of_every_kind_that_needs_no_tuning() {
        let rules = starter();
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
}
