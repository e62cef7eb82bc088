//! Inhibition: while one alert fires, nobody is told of others that it explains.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use crate::matcher::Matcher;
use crate::notice::{AlertId, Labels};

/// While an alert fires that all of `source` match, those are held back that all of `target` match and that have the same
/// values of `equal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inhibition {
    /// Which alerts explain.
    pub source: Vec<Matcher>,
    /// Which are explained.
    pub target: Vec<Matcher>,
    /// Labels in which both agree; absent is empty.
    #[serde(default)]
    pub equal: Vec<String>,
    /// Whose alerts, of one in a file; `None` for the default tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Which of all firing alerts are held back. As in Alertmanager, an alert that is source and target of the same inhibition holds
/// no other such alert back, itself the least.
pub fn inhibited(
    inhibitions: &[Inhibition],
    firing: &BTreeMap<AlertId, Labels>,
) -> BTreeSet<AlertId> {
    let held = inhibitions
        .iter()
        .map(|inhibition| inhibition.holds(firing));
    held.flatten().collect()
}

// === impl Inhibition ===

impl Inhibition {
    fn holds(&self, firing: &BTreeMap<AlertId, Labels>) -> Vec<AlertId> {
        let is_all = |matchers: &[Matcher], labels: &Labels| {
            !matchers.is_empty() && matchers.iter().all(|matcher| matcher.matches(labels))
        };
        // What the sources have in common with those that they hold: once for each, not for each pair.
        let mut of_any = HashSet::new();
        let mut of_sources_alone = HashSet::new();
        let mut targets = Vec::new();
        for (id, labels) in firing {
            let (is_source, is_target) =
                (is_all(&self.source, labels), is_all(&self.target, labels));
            let common = self.common(labels);
            if is_target {
                targets.push((id, is_source, common.clone()));
            }
            if is_source && !is_target {
                of_sources_alone.insert(common.clone());
            }
            if is_source {
                of_any.insert(common);
            }
        }
        let held = targets.into_iter().filter(|(_, is_source, common)| {
            let sources = if *is_source {
                &of_sources_alone
            } else {
                &of_any
            };
            sources.contains(common)
        });
        held.map(|(id, ..)| id.clone()).collect()
    }

    fn common<'a>(&self, labels: &'a Labels) -> Vec<&'a str> {
        let value = |name| labels.get(name).map_or("", String::as_str);
        self.equal.iter().map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firing(alerts: &[(&str, &str, &str)]) -> BTreeMap<AlertId, Labels> {
        let alert = |(id, severity, function): &(&str, &str, &str)| {
            let labels = Labels::from([
                ("severity".to_owned(), (*severity).to_owned()),
                ("function".to_owned(), (*function).to_owned()),
            ]);
            (AlertId((*id).to_owned()), labels)
        };
        alerts.iter().map(alert).collect()
    }

    fn inhibition(source: &str, target: &str) -> Inhibition {
        let of = |text: &str| vec![text.parse().expect("a matcher")];
        Inhibition {
            source: of(source),
            target: of(target),
            equal: vec!["function".to_owned()],
            tenant: None,
        }
    }

    fn held(inhibition: Inhibition, alerts: &[(&str, &str, &str)]) -> Vec<String> {
        let held = inhibited(&[inhibition], &firing(alerts));
        held.into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn what_is_worse_holds_back_what_is_not_where_the_labels_agree() {
        let alerts = [
            ("a", "critical", "checkout"),
            ("b", "warning", "checkout"),
            ("c", "warning", "inventory"),
        ];
        let worse = inhibition("severity=critical", "severity=warning");
        assert_eq!(held(worse.clone(), &alerts), ["b"]);
        assert!(held(worse, &alerts[1..]).is_empty(), "nothing explains it");
    }

    #[test]
    fn none_holds_itself_back_nor_do_two_each_other() {
        let everything = inhibition("severity=~.+", "severity=~.+");
        let alerts = [("a", "critical", "x"), ("b", "warning", "x")];
        assert!(held(everything, &alerts).is_empty());
        let all_below = inhibition("severity=critical", "severity=~.+");
        assert_eq!(held(all_below, &alerts), ["b"]);
    }
}
