//! Whose invocations a rule counts.

use std::collections::{BTreeMap, HashMap, HashSet};

/// The functions and versions that a rule is about. Where nothing is said, all are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Any of these patterns, in which a star stands for any letters.
    pub functions: Vec<String>,
    /// Any of these patterns.
    pub versions: Vec<String>,
    /// All of these.
    pub tags: BTreeMap<String, String>,
    /// But not these functions; patterns as well.
    pub except: Vec<String>,
}

/// Which functions have a tag, by its key and value.
pub type TagFunctions = HashMap<(String, String), HashSet<String>>;

// === impl Scope ===

impl Scope {
    /// True if a function is in it, in some version.
    pub fn has_function(&self, function: &str, tagged: &TagFunctions) -> bool {
        let has_tag = |(key, value): (&String, &String)| {
            let functions = tagged.get(&(key.clone(), value.clone()));
            functions.is_some_and(|functions| functions.contains(function))
        };
        any_or_all(&self.functions, function)
            && !self.except.iter().any(|pattern| matches(pattern, function))
            && self.tags.iter().all(has_tag)
    }

    /// True if it is about a version of a function that is in it.
    pub fn has_version(&self, version: &str) -> bool {
        any_or_all(&self.versions, version)
    }
}

fn any_or_all(patterns: &[String], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
}

/// True if the whole text is as the pattern says. Takes as long as both are, whatever the stars.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(without_end) = text.strip_suffix(end) else {
        return false;
    };
    text = without_end;
    for part in middle.split('*') {
        match text.find(part) {
            Some(at) => text = text.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        let cases = [
            ("checkout", "checkout", true),
            ("checkout", "checkout2", false),
            ("checkout*", "checkout-eu", true),
            ("*-canary", "checkout-canary", true),
            ("*-canary", "canary", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("**", "x", true),
            ("*ß*", "großes", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} and {text}");
        }
    }

    /// The same by trying every way.
    fn matches_slowly(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|at| matches_slowly(rest, &text[at..])),
            Some((letter, rest)) => text
                .split_first()
                .is_some_and(|(first, others)| first == letter && matches_slowly(rest, others)),
        }
    }

    proptest! {
        #[test]
        fn patterns_match_what_some_way_matches(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            let slowly = matches_slowly(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(matches(&pattern, &text), slowly);
        }
    }

    #[test]
    fn a_scope_is_narrowed_by_each_of_its_parts() {
        let tagged = HashMap::from([(
            ("team".to_owned(), "payments".to_owned()),
            HashSet::from(["checkout".to_owned(), "checkout-canary".to_owned()]),
        )]);
        let scope = Scope {
            functions: vec!["check*".to_owned()],
            versions: vec!["4*".to_owned()],
            tags: BTreeMap::from([("team".to_owned(), "payments".to_owned())]),
            except: vec!["*-canary".to_owned()],
        };
        assert!(scope.has_function("checkout", &tagged));
        assert!(!scope.has_function("checkout-canary", &tagged));
        assert!(!scope.has_function("check", &tagged), "it lacks the tag");
        assert!(scope.has_version("42"));
        assert!(!scope.has_version("5"));
        assert!(Scope::default().has_function("any", &HashMap::new()));
    }
}
