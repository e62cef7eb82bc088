//! Silences: for a while, nobody is told of alerts whose labels match.

use coldtrace_model::UnixNanos;
use serde::{Deserialize, Serialize};

use crate::matcher::Matcher;
use crate::notice::Labels;
use crate::times;

const MOST_MATCHERS: usize = 50;
/// In bytes.
const LONGEST_COMMENT: usize = 4_000;

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

/// Why there can be no such silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SilenceError {
    /// It would silence whatever there is.
    #[error(
        "a silence needs a matcher that does not match the empty text: this one would silence everything"
    )]
    Everything,
    /// It is over before it begins.
    #[error("a silence ends after it begins")]
    EndsFirst,
    /// It is over already.
    #[error("a silence ends in the future")]
    Past,
    /// There are too many.
    #[error("a silence has at most {MOST_MATCHERS} matchers")]
    TooMany,
    /// It is too long.
    #[error("a silence's comment and author have at most {LONGEST_COMMENT} bytes each")]
    TooLong,
}

// === impl Silence ===

impl Silence {
    /// Whether it may be made now, as Alertmanager sees it.
    pub fn check(&self, now: UnixNanos) -> Result<(), SilenceError> {
        if self.matchers.iter().all(|matcher| matcher.accepts("")) {
            return Err(SilenceError::Everything);
        }
        if self.matchers.len() > MOST_MATCHERS {
            return Err(SilenceError::TooMany);
        }
        if self.comment.len().max(self.created_by.len()) > LONGEST_COMMENT {
            return Err(SilenceError::TooLong);
        }
        if self.ends <= self.starts {
            return Err(SilenceError::EndsFirst);
        }
        match self.ends <= now {
            true => Err(SilenceError::Past),
            false => Ok(()),
        }
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

    #[test]
    fn one_that_would_silence_everything_is_refused() {
        for matchers in [&[][..], &["a=~.*"], &["a="], &["a!=x", "b!~y"]] {
            let refused = silence(matchers).check(AT(0));
            assert_eq!(refused, Err(SilenceError::Everything), "{matchers:?}");
        }
        assert_eq!(silence(&["a=~.*", "b=~.+"]).check(AT(0)), Ok(()));
        assert_eq!(silence(&["a=b"]).check(AT(20)), Err(SilenceError::Past));
        let mut turned = silence(&["a=b"]);
        turned.starts = turned.ends;
        assert_eq!(turned.check(AT(0)), Err(SilenceError::EndsFirst));
    }
}
