//! Matchers as Alertmanager has them: a label is, is not, matches or does not match. A label that is absent is empty.
//!
//! Expressions match the whole value, in linear time, and their size is bounded.

use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::notice::Labels;

/// Of a name and of a value, in bytes.
const LONGEST_NAME: usize = 200;
const LONGEST_VALUE: usize = 2_000;
/// Of a compiled expression, in bytes: some alternatives and classes, no state explosion.
const LARGEST_PROGRAM: usize = 256 << 10;

/// What a label must be like. Written `name="value"`, with `=`, `!=`, `=~` or `!~`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Matcher {
    name: String,
    op: Op,
    value: String,
    regex: Option<Regex>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// It is the value.
    #[serde(rename = "=")]
    Equal,
    /// It is something else, or absent.
    #[serde(rename = "!=")]
    NotEqual,
    /// All of it matches the expression.
    #[serde(rename = "=~")]
    Match,
    /// Not all of it does.
    #[serde(rename = "!~")]
    NotMatch,
}

/// Why something is no matcher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// It does not have the form.
    #[error("`{0}` is no matcher: name=\"value\" is, with one of = != =~ !~")]
    Form(String),
    /// No label is called that.
    #[error("`{0}` is no label: letters, digits and _ are allowed, no digit first")]
    Name(String),
    /// It is too long.
    #[error("a matcher's value has at most {LONGEST_VALUE} bytes")]
    TooLong,
    /// It is no expression, or one that compiles to too much.
    #[error("`{value}` is no regular expression that can be used: {reason}")]
    Regex {
        /// What was given.
        value: String,
        /// In one line.
        reason: String,
    },
}

/// As it is kept and sent.
#[derive(Serialize, Deserialize)]
struct Written {
    name: String,
    op: Op,
    value: String,
}

// === impl Matcher ===

impl Matcher {
    /// A matcher, checked and compiled.
    pub fn new(name: &str, op: Op, value: &str) -> Result<Self, MatcherError> {
        if !is_label_name(name) || name.len() > LONGEST_NAME {
            return Err(MatcherError::Name(name.chars().take(100).collect()));
        }
        if value.len() > LONGEST_VALUE {
            return Err(MatcherError::TooLong);
        }
        let regex = match op {
            Op::Equal | Op::NotEqual => None,
            Op::Match | Op::NotMatch => Some(anchored(value)?),
        };
        Ok(Self {
            name: name.to_owned(),
            op,
            value: value.to_owned(),
            regex,
        })
    }

    /// Whether these labels are meant.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.accepts(labels.get(&self.name).map_or("", String::as_str))
    }

    /// The label.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is compared.
    pub fn op(&self) -> Op {
        self.op
    }

    /// With what.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a label of this value, or none if that is empty, is meant.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        let found = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => value == self.value,
        };
        found == matches!(self.op, Op::Equal | Op::Match)
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = quoted(&self.value);
        write!(to, "{}{}{value}", self.name, self.op.as_str())
    }
}

impl FromStr for Matcher {
    type Err = MatcherError;

    /// As amtool takes it: the value in double quotes, or bare.
    fn from_str(text: &str) -> Result<Self, MatcherError> {
        let wrong = || MatcherError::Form(text.chars().take(100).collect());
        let place = text.find(['=', '!']).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(place);
        let found = Op::ALL
            .iter()
            .find_map(|op| Some((*op, rest.strip_prefix(op.as_str())?)));
        let (op, value) = found.ok_or_else(wrong)?;
        let value = value.trim();
        let value = match value.strip_prefix('"') {
            Some(quoted) => unquote(quoted).ok_or_else(wrong)?,
            None => value.to_owned(),
        };
        Self::new(name.trim(), op, &value)
    }
}

impl TryFrom<Written> for Matcher {
    type Error = MatcherError;

    fn try_from(written: Written) -> Result<Self, MatcherError> {
        Self::new(&written.name, written.op, &written.value)
    }
}

impl From<Matcher> for Written {
    fn from(matcher: Matcher) -> Self {
        Self {
            name: matcher.name,
            op: matcher.op,
            value: matcher.value,
        }
    }
}

// === impl Op ===

impl Op {
    /// All that there are; those that begin like another come first.
    pub const ALL: [Self; 4] = [Self::Match, Self::NotMatch, Self::NotEqual, Self::Equal];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Match => "=~",
            Self::NotMatch => "!~",
        }
    }
}

/// Whether Prometheus takes it for a label's name.
pub(crate) fn is_label_name(name: &str) -> bool {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    !name.is_empty() && name.chars().all(is_fit) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// In double quotes, as Prometheus writes a label's value.
pub(crate) fn quoted(value: &str) -> String {
    let mut quoted = String::from('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// What stands before the closing quote, which ends the text.
fn unquote(quoted: &str) -> Option<String> {
    let mut value = String::new();
    let mut letters = quoted.chars();
    loop {
        match letters.next()? {
            '"' => return letters.next().is_none().then_some(value),
            '\\' => match letters.next()? {
                'n' => value.push('\n'),
                letter => value.push(letter),
            },
            letter => value.push(letter),
        }
    }
}

fn anchored(expression: &str) -> Result<Regex, MatcherError> {
    let refused = |error: regex::Error| MatcherError::Regex {
        value: expression.chars().take(100).collect(),
        reason: one_line(&error),
    };
    let compile = |text: &str| {
        RegexBuilder::new(text)
            .size_limit(LARGEST_PROGRAM)
            .dot_matches_new_line(true)
            .build()
            .map_err(refused)
    };
    // Alone first: `a)|(b` is none, though it would be one between our brackets.
    compile(expression)?;
    compile(&format!("^(?:{expression})$"))
}

fn one_line(error: &regex::Error) -> String {
    let told = error.to_string();
    let last = told.lines().rev().find(|line| !line.trim().is_empty());
    let last = last.unwrap_or("it can't be compiled");
    last.trim().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn matches(matcher: &str, pairs: &[(&str, &str)]) -> bool {
        let matcher: Matcher = matcher.parse().expect("a matcher");
        matcher.matches(&labels(pairs))
    }

    #[test]
    fn they_match_as_alertmanagers_do() {
        let checkout = [("function", "checkout")];
        for (matcher, expected) in [
            (r#"function="checkout""#, true),
            ("function = checkout", true),
            ("function!=checkout", false),
            ("function=~check.*", true),
            ("function=~check", false),
            ("function!~check", true),
            ("function=~a|checkout", true),
            ("team=", true),
            ("team=~.*", true),
            ("team!=", false),
            ("team!=payments", true),
        ] {
            assert_eq!(matches(matcher, &checkout), expected, "{matcher}");
        }
    }

    #[test]
    fn what_is_none_is_told_with_its_reason() {
        for (text, told) in [
            ("function", "is no matcher"),
            ("=x", "is no label"),
            ("1a=x", "is no label"),
            ("a=~(", "is no regular expression"),
            ("a=~a)|(b", "is no regular expression"),
            ("a=~(?:(?:a{100}){100}){100}", "is no regular expression"),
            (r#"a="x"y"#, "is no matcher"),
        ] {
            let error = text.parse::<Matcher>().expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(name in "[a-z_][a-z0-9_]{0,8}", value in ".{0,20}", op in 0..4_usize) {
            let value = if op < 2 { regex::escape(&value) } else { value };
            let matcher = Matcher::new(&name, Op::ALL[op], &value).expect("a matcher");
            proptest::prop_assert_eq!(matcher.to_string().parse::<Matcher>().expect("its own form"), matcher.clone());
            let json = serde_json::to_string(&matcher).expect("JSON");
            proptest::prop_assert_eq!(serde_json::from_str::<Matcher>(&json).expect("its own form"), matcher);
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,60}") {
            drop(text.parse::<Matcher>());
        }
    }
}
