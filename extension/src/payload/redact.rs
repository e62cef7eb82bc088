//! What may be shown of a payload: values of secret keys and what looks like a secret are replaced, then it is cut.
//!
//! Invariant: nothing that was replaced is in what comes out, also where the payload is no JSON or was cut before.

use serde_json::Value;

/// In the place of what is not shown.
const HIDDEN: &str = "[redacted]";
/// In the place of what can't be looked through.
const UNREADABLE: &str = "[redacted: no whole JSON]";
/// Behind what was cut.
const CUT: &str = "…";
/// Keys that hold secrets, without marks and in lower case; a key that contains one of them is one, too.
const SECRET: [&str; 14] = [
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "session",
    "signature",
    "cardnumber",
    "cvv",
];
/// Deeper than any payload that a person reads.
const MAX_DEPTH: usize = 64;

/// What is hidden beside what always is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Redaction {
    /// Further keys, without marks and in lower case.
    keys: Vec<String>,
    /// Patterns of words.
    patterns: Vec<Pattern>,
}

/// `cust-*`: what stands between stars, in lower case. Words are of letters, digits and `-_.+/`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(Vec<String>);

// === impl Redaction ===

impl Redaction {
    /// `name,name,pattern*`
    pub(crate) fn parse(text: &str) -> Self {
        let (patterns, names): (Vec<&str>, Vec<&str>) = text
            .split(',')
            .map(str::trim)
            .partition(|one| one.contains('*'));
        let keys = names.into_iter().map(bare).filter(|key| !key.is_empty());
        Self {
            keys: keys.collect(),
            patterns: patterns.into_iter().filter_map(Pattern::parse).collect(),
        }
    }

    /// What may be shown, in at most so many bytes.
    pub(crate) fn shown(&self, payload: &[u8], limit: usize) -> String {
        let text = match serde_json::from_slice::<Value>(payload) {
            Ok(mut value) => {
                self.hide(&mut value, 0);
                value.to_string()
            }
            // JSON that was cut, or is none: where a value ends can't be told.
            Err(_) if matches!(payload.trim_ascii_start().first(), Some(b'{' | b'[')) => {
                UNREADABLE.to_owned()
            }
            Err(_) => self.words(&String::from_utf8_lossy(payload)),
        };
        cut(text, limit)
    }

    fn hide(&self, value: &mut Value, depth: usize) {
        if depth == MAX_DEPTH {
            *value = HIDDEN.into();
            return;
        }
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match self.is_secret(key) && !value.is_null() {
                        true => *value = HIDDEN.into(),
                        false => self.hide(value, depth + 1),
                    }
                }
            }
            Value::Array(values) => values
                .iter_mut()
                .for_each(|value| self.hide(value, depth + 1)),
            Value::String(text) => {
                // Bodies of HTTP and messages of queues are JSON in text.
                let inner = serde_json::from_str::<Value>(text);
                match inner {
                    Ok(mut inner) if inner.is_object() || inner.is_array() => {
                        self.hide(&mut inner, depth + 1);
                        *text = inner.to_string();
                    }
                    _ => *text = self.words(text),
                }
            }
            Value::Number(number) if self.looks_secret(&number.to_string()) => {
                *value = HIDDEN.into();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn looks_secret(&self, word: &str) -> bool {
        looks_secret(word) || self.patterns.iter().any(|pattern| pattern.is_of(word))
    }

    fn is_secret(&self, key: &str) -> bool {
        let key = bare(key);
        let known = SECRET.iter().copied();
        let told = self.keys.iter().map(String::as_str);
        known.chain(told).any(|secret| key.contains(secret))
    }

    /// Word by word: what looks like a secret, and what follows the name of one.
    fn words(&self, text: &str) -> String {
        let is_mark = |letter: char| !(letter.is_alphanumeric() || "-_.+/".contains(letter));
        let mut shown = String::with_capacity(text.len());
        let mut is_after_name = false;
        for piece in text.split_inclusive(is_mark) {
            let word = piece.trim_end_matches(is_mark);
            let end = &piece[word.len()..];
            let is_hidden = !word.is_empty() && (is_after_name || self.looks_secret(word));
            shown.push_str(if is_hidden { HIDDEN } else { word });
            shown.push_str(end);
            if !word.is_empty() {
                let is_name = self.is_secret(word) || matches!(word, "Bearer" | "Basic");
                // `Authorization: Bearer x` names it twice.
                is_after_name = is_name;
            }
        }
        shown
    }
}

// === impl Pattern ===

impl Pattern {
    /// `None` for stars alone, which would hide everything.
    fn parse(text: &str) -> Option<Self> {
        let pieces: Vec<String> = text.split('*').map(str::to_lowercase).collect();
        pieces
            .iter()
            .any(|piece| !piece.is_empty())
            .then_some(Self(pieces))
    }

    /// Whether the whole word is of it.
    fn is_of(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let [first, between @ .., last] = &self.0[..] else {
            return false;
        };
        let Some(mut rest) = word.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in between {
            let Some(at) = rest.find(piece.as_str()) else {
                return false;
            };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

/// Without marks, in lower case: `X-Api-Key` and `api_key` are one.
fn bare(key: &str) -> String {
    let letters = key.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Tokens (JWT), keys of AWS and of services that give theirs a prefix, numbers of cards.
fn looks_secret(word: &str) -> bool {
    const PREFIXES: [&str; 11] = [
        "eyJ",
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "github_pat_",
        "sk_live_",
        "rk_live_",
        "xoxb-",
        "xoxp-",
        "AIza",
    ];
    let has_prefix = PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    (has_prefix && word.len() >= 16) || is_card(word)
}

/// 13 to 19 digits whose sum by Luhn's rule is right.
fn is_card(word: &str) -> bool {
    let digits: Vec<u32> = word.chars().filter_map(|one| one.to_digit(10)).collect();
    let is_number = word.chars().all(|one| one.is_ascii_digit() || one == '-');
    if !is_number || !(13..=19).contains(&digits.len()) {
        return false;
    }
    let doubled = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => *digit,
            _ => digit * 2 % 10 + digit / 5,
        });
    doubled.sum::<u32>() % 10 == 0
}

fn cut(mut text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit.saturating_sub(CUT.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str(CUT);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(payload: &str) -> String {
        Redaction::parse("pin, Tax-Id").shown(payload.as_bytes(), 10_000)
    }

    #[test]
    fn secrets_are_hidden_by_key_and_by_look() {
        for (payload, expected) in [
            (
                r#"{"user":"a","Password":"x","API_KEY":1,"n":2}"#,
                r#"{"user":"a","Password":"[redacted]","API_KEY":"[redacted]","n":2}"#,
            ),
            (
                r#"{"headers":{"Authorization":"Bearer x","set-cookie":["a"]}}"#,
                r#"{"headers":{"Authorization":"[redacted]","set-cookie":"[redacted]"}}"#,
            ),
            (
                r#"{"tax_id":"7","myPin":4}"#,
                r#"{"tax_id":"[redacted]","myPin":"[redacted]"}"#,
            ),
            (
                r#"{"body":"{\"secret\":\"x\",\"a\":[1]}"}"#,
                r#"{"body":"{\"a\":[1],\"secret\":\"[redacted]\"}"}"#,
            ),
            (
                r#"["4111 1111","4111111111111111",4111111111111111,4111111111111112]"#,
                r#"["4111 1111","[redacted]","[redacted]",4111111111111112]"#,
            ),
            (
                r#"{"text":"key AKIAIOSFODNN7EXAMPLE of eyJhbGciOiJIUzI1NiJ9.e30.x"}"#,
                r#"{"text":"key [redacted] of [redacted]"}"#,
            ),
        ] {
            let sorted = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(sorted(&shown(payload)), sorted(expected), "{payload}");
        }
    }

    #[test]
    fn words_are_hidden_by_a_pattern() {
        let redaction = Redaction::parse("pin, cust-*, *.example.com ,DE*7*89, *");
        let shown = |payload: &str| redaction.shown(payload.as_bytes(), 1_000);
        for (payload, expected) in [
            (
                r#""of CUST-0815, not of mycust-1""#,
                r#""of [redacted], not of mycust-1""#,
            ),
            (
                r#"["DE071289","DE78",{"a":"de7-89"}]"#,
                r#"["[redacted]","DE78",{"a":"[redacted]"}]"#,
            ),
            (r#"{"ok":"plain"}"#, r#"{"ok":"plain"}"#),
        ] {
            assert_eq!(shown(payload), expected);
        }
        let numbers = Redaction::parse("49*");
        assert_eq!(numbers.shown(b"[4917,1749]", 100), r#"["[redacted]",1749]"#);
        assert_eq!(shown("from a.b@mail.example.com"), "from a.b@[redacted]");
    }

    #[test]
    fn what_is_no_json_is_read_word_by_word() {
        assert_eq!(
            shown("user=a&password=hunter2&next=/x"),
            "user=a&password=[redacted]&next=/x"
        );
        assert_eq!(
            shown("4111111111111111@visa password@hunter2"),
            "[redacted]@visa password@[redacted]"
        );
        assert_eq!(shown(r#"{"a":1,"token": "abc","rest":"#), UNREADABLE);
        assert_eq!(
            shown("Authorization: Bearer abc def"),
            "Authorization: [redacted] [redacted] def"
        );
    }

    #[test]
    fn long_payloads_are_cut_between_letters() {
        let payload = "äöü".repeat(100);
        let short = Redaction::default().shown(payload.as_bytes(), 20);
        assert!(short.len() <= 20 && short.ends_with(CUT), "{short}");
        assert_eq!(Redaction::default().shown(b"", 20), "");
    }

    proptest! {
        #[test]
        fn a_secret_never_comes_out(
            secret in "[a-z0-9]{12,20}",
            before in "\\PC{0,20}",
            after in "\\PC{0,20}",
            cut_at in 0..200_usize,
        ) {
            let payload = serde_json::json!({"a": before, "password": secret, "list": [{"my_token": secret}], "z": after});
            let whole = payload.to_string();
            prop_assert!(!shown(&whole).contains(&secret));
            // Cut where a proxy copied no more.
            let part: String = whole.chars().take(cut_at).collect();
            prop_assert!(!shown(&part).contains(&secret), "{part}");
        }

        #[test]
        fn any_bytes_are_survived(payload in prop::collection::vec(any::<u8>(), 0..300), limit in 0..100_usize) {
            let shown = Redaction::default().shown(&payload, limit);
            prop_assert!(shown.len() <= limit.max(CUT.len()));
        }
    }
}
