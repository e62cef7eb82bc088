//! Silences: for a while, nobody is told of alerts whose labels match.

use coldtrace_model::{Nanos, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::matcher::Matcher;
use crate::notice::Labels;
use crate::rule::Mistake;
use crate::times;

const MOST_MATCHERS: usize = 50;
/// In characters.
const LONGEST_COMMENT: usize = 1_000;
const LONGEST_AUTHOR: usize = 200;
const DAY: u64 = 24 * 3_600 * 1_000_000_000;
/// A year: what is to be silent for longer should be no rule.
const LONGEST: Nanos = Nanos(366 * DAY);

/// A silence: all of its matchers must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name for machines.
    pub id: String,
    /// What is silenced.
    pub matchers: Vec<Matcher>,
    /// From when on.
    #[serde(with = "times::unix")]
    pub starts: UnixNanos,
    /// Until when, exclusive.
    #[serde(with = "times::unix")]
    pub ends: UnixNanos,
    /// Why.
    pub comment: String,
    /// Who wants it.
    pub created_by: String,
}

// === impl Silence ===

impl Silence {
    /// All that is wrong with it, if it is to be made now.
    pub fn mistakes(&self, now: UnixNanos) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut mistake = |place: &str, message: String| {
            mistakes.push(Mistake {
                place: place.to_owned(),
                message,
            });
        };
        if self.matchers.iter().all(|matcher| matcher.accepts("")) {
            mistake(
                "matchers",
                "would silence everything: one at least must not match the empty text".to_owned(),
            );
        }
        if self.matchers.len() > MOST_MATCHERS {
            mistake("matchers", format!("are more than {MOST_MATCHERS}"));
        }
        if self.ends <= self.starts {
            mistake("ends", "must be later than `starts`".to_owned());
        } else if self.ends <= now {
            mistake("ends", "must be in the future".to_owned());
        } else if self.ends.since(self.starts) > LONGEST {
            mistake("ends", "must be within a year of `starts`".to_owned());
        }
        if self.comment.chars().count() > LONGEST_COMMENT {
            let message = format!("has more than {LONGEST_COMMENT} characters");
            mistake("comment", message);
        }
        if self.created_by.chars().count() > LONGEST_AUTHOR {
            let message = format!("has more than {LONGEST_AUTHOR} characters");
            mistake("created_by", message);
        }
        mistakes
    }

    /// Whether it is in force.
    pub fn is_active(&self, now: UnixNanos) -> bool {
        self.starts <= now && now < self.ends
    }

    /// Whether nobody is to be told of an alert of these labels.
    pub fn silences(&self, labels: &Labels, now: UnixNanos) -> bool {
        let is_meant = || self.matchers.iter().all(|matcher| matcher.matches(labels));
        self.is_active(now) && !self.matchers.is_empty() && is_meant()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> UnixNanos = UnixNanos;

    fn silence(matchers: &[&str]) -> Silence {
        Silence {
            id: "s1".to_owned(),
            matchers: matchers.iter().map(|m| m.parse().expect(m)).collect(),
            starts: AT(10),
            ends: AT(20),
            comment: String::new(),
            created_by: "me".to_owned(),
        }
    }

    #[test]
    fn it_is_in_force_from_its_start_to_before_its_end() {
        let silence = silence(&["function=checkout", "severity=~warning|info"]);
        let labels = |severity: &str| {
            Labels::from([
                ("function".to_owned(), "checkout".to_owned()),
                ("severity".to_owned(), severity.to_owned()),
            ])
        };
        let silent = [9, 10, 19, 20].map(|now| silence.silences(&labels("info"), AT(now)));
        assert_eq!(silent, [false, true, true, false]);
        assert!(
            !silence.silences(&labels("critical"), AT(10)),
            "all must match"
        );
    }

    fn told(silence: &Silence, now: u64) -> Vec<String> {
        let mistakes = silence.mistakes(AT(now)).into_iter();
        mistakes.map(|one| one.to_string()).collect()
    }

    #[test]
    fn one_that_would_silence_everything_is_refused() {
        for matchers in [&[][..], &["a=~.*"], &["a="], &["a!=x", "b!~y"]] {
            let told = told(&silence(matchers), 0);
            assert!(told[0].contains("everything"), "{matchers:?}: {told:?}");
        }
        assert_eq!(told(&silence(&["a=~.*", "b=~.+"]), 0), [""; 0]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        assert_eq!(
            told(&silence(&["a=b"]), 20),
            ["ends: must be in the future"]
        );
        let wrong = Silence {
            matchers: vec!["a=b".parse().expect("a matcher"); MOST_MATCHERS + 1],
            starts: AT(20),
            comment: "é".repeat(LONGEST_COMMENT + 1),
            created_by: "é".repeat(LONGEST_AUTHOR),
            ..silence(&[])
        };
        assert_eq!(
            told(&wrong, 0),
            [
                "matchers: are more than 50",
                "ends: must be later than `starts`",
                "comment: has more than 1000 characters"
            ]
        );
        let long = Silence {
            ends: AT(11 + LONGEST.0),
            ..silence(&["a=b"])
        };
        assert_eq!(told(&long, 0), ["ends: must be within a year of `starts`"]);
    }
}
