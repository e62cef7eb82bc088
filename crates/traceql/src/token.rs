//! From characters to tokens, each with its place.

use std::ops::Range;

use crate::error::SyntaxError;
use crate::field::{Field, Intrinsic, Scope};
use crate::value::{Value, constant};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Symbol(&'static str),
    Constant(Value<'static>),
    Field(Field),
    /// Of a function or a hint.
    Word(String),
}

/// Longer ones first, so that each is read whole.
const SYMBOLS: [&str; 34] = [
    "!>>", "!<<", "&>>", "&<<", "&&", "||", "!=", "!~", "!>", "!<", "&>", "&<", "&~", "=~", "<=",
    ">=", "<<", ">>", "{", "}", "(", ")", ",", "|", "=", "<", ">", "~", "!", "+", "-", "*", "/",
    "%",
];

/// In nanoseconds.
const UNITS: [(&str, i64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut reader = Reader { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = reader.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// As many as can be read, and where the first stands that can't.
pub(crate) fn readable_tokens(text: &str) -> (Vec<Token>, Option<usize>) {
    let mut reader = Reader { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        reader.take_while(char::is_whitespace);
        let start = reader.at;
        match reader.next() {
            Ok(Some(token)) => tokens.push(token),
            Ok(None) => return (tokens, None),
            Err(_) => return (tokens, Some(start)),
        }
    }
}

/// The first, if it can be read.
pub(crate) fn first_token(text: &str) -> Option<Token> {
    Reader { text, at: 0 }.next().ok().flatten()
}

/// What an attribute's name may be made of without quotes, as in Tempo.
pub(crate) fn is_of_attribute(character: char) -> bool {
    !character.is_whitespace() && !"{}()=~!<>&|^,\"`".contains(character)
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == ':'
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Token>, SyntaxError> {
        self.take_while(char::is_whitespace);
        let start = self.at;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let kind = match first {
            '"' | '`' => Kind::Constant(Value::Text(self.quoted(first)?.into())),
            '0'..='9' => Kind::Constant(self.number()?),
            '.' if self.rest()[1..].starts_with(|next: char| next.is_ascii_digit()) => {
                Kind::Constant(self.number()?)
            }
            '.' => {
                self.at += 1;
                Kind::Field(self.attribute(false, Scope::Any)?)
            }
            letter if letter.is_alphabetic() || letter == '_' => self.word()?,
            '^' => {
                self.at += 1;
                Kind::Symbol("^")
            }
            other => self.symbol(other)?,
        };
        let at = start..self.at;
        Ok(Some(Token { kind, at }))
    }

    fn symbol(&mut self, first: char) -> Result<Kind, SyntaxError> {
        let found = SYMBOLS
            .iter()
            .find(|symbol| self.rest().starts_with(**symbol));
        let Some(symbol) = found else {
            let at = self.at..self.at + first.len_utf8();
            return Err(SyntaxError::new(
                at,
                format!("`{first}` has no meaning here"),
            ));
        };
        self.at += symbol.len();
        Ok(Kind::Symbol(symbol))
    }

    /// A word, or a field that begins with one.
    fn word(&mut self) -> Result<Kind, SyntaxError> {
        let word = self.take_while(is_of_word);
        if self.peek() == Some('.') {
            if word == "parent" {
                self.at += 1;
                let before = self.at;
                let scope = Scope::parse(self.take_while(is_of_word));
                let scope = scope.filter(|_| self.peek() == Some('.'));
                self.at = scope.map_or(before, |_| self.at + 1);
                return Ok(Kind::Field(
                    self.attribute(true, scope.unwrap_or(Scope::Any))?,
                ));
            }
            if let Some(scope) = Scope::parse(word) {
                self.at += 1;
                return Ok(Kind::Field(self.attribute(false, scope)?));
            }
        }
        if let Some(value) = constant(word) {
            return Ok(Kind::Constant(value));
        }
        if let Some(intrinsic) = Intrinsic::parse(word) {
            return Ok(Kind::Field(Field::Intrinsic(intrinsic)));
        }
        Ok(Kind::Word(word.into()))
    }

    /// An attribute's name, behind the point; parts of it may be quoted.
    fn attribute(&mut self, of_parent: bool, scope: Scope) -> Result<Field, SyntaxError> {
        let start = self.at;
        let mut name = String::new();
        loop {
            name.push_str(self.take_while(is_of_attribute));
            match self.peek() {
                Some('"') => name.push_str(&self.quoted('"')?),
                _ => break,
            }
        }
        if name.is_empty() {
            return Err(SyntaxError::new(
                start..start,
                "an attribute's name is missing behind the point",
            ));
        }
        Ok(Field::Attribute {
            of_parent,
            scope,
            name,
        })
    }

    fn quoted(&mut self, quote: char) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let at = self.at;
            let Some(character) = self.peek() else {
                return Err(SyntaxError::new(
                    start..self.at,
                    format!("this text has no {quote} at its end"),
                ));
            };
            self.at += character.len_utf8();
            match character {
                _ if character == quote => return Ok(text),
                '\\' if quote == '"' => text.push(self.escaped(at)?),
                other => text.push(other),
            }
        }
    }

    /// The character behind a backslash that stands at `start`.
    fn escaped(&mut self, start: usize) -> Result<char, SyntaxError> {
        let escape = self.peek();
        self.at += escape.map_or(0, char::len_utf8);
        match escape {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some(same @ ('"' | '\\')) => Ok(same),
            _ => {
                let message =
                    "a backslash is followed by n, t, r, \" or \\; between ` it stands for itself";
                Err(SyntaxError::new(start..self.at, message))
            }
        }
    }

    /// A number, or a duration of several with units.
    fn number(&mut self) -> Result<Value<'static>, SyntaxError> {
        let start = self.at;
        let mut nanos = 0;
        loop {
            let digits = self.digits();
            let begin = self.at;
            let unit = self.take_while(char::is_alphabetic);
            if unit.is_empty() && digits.start == start {
                return plain(&self.text[digits.clone()], digits);
            }
            let Some((_, length)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                let message = match unit {
                    "" => "a unit of time is missing: ns, us, ms, s, m or h".to_owned(),
                    _ => format!("`{unit}` is no unit of time: ns, us, ms, s, m and h are"),
                };
                return Err(SyntaxError::new(begin..self.at, message));
            };
            nanos = i128::saturating_add(nanos, times(&self.text[digits], *length));
            let Ok(whole) = i64::try_from(nanos) else {
                return Err(SyntaxError::new(
                    start..self.at,
                    "this is longer than 292 years",
                ));
            };
            if !self.rest().starts_with(|next: char| next.is_ascii_digit()) {
                return Ok(Value::Duration(whole));
            }
        }
    }

    /// Digits, with a fraction and an exponent if there are.
    fn digits(&mut self) -> Range<usize> {
        let start = self.at;
        let is_digit = |character: char| character.is_ascii_digit();
        self.take_while(is_digit);
        if self.peek() == Some('.') {
            self.at += 1;
            self.take_while(is_digit);
        }
        let before = self.at;
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            if self.take_while(is_digit).is_empty() {
                self.at = before;
            }
        }
        start..self.at
    }

    fn take_while(&mut self, is_wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|character| !is_wanted(character))
            .unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}

/// So many units, exactly where they are whole.
fn times(digits: &str, unit: i64) -> i128 {
    match digits.parse::<u64>() {
        Ok(number) => i128::from(number) * i128::from(unit),
        // What can't be read is too large.
        Err(_) => (digits.parse().unwrap_or(f64::INFINITY) * unit as f64).round() as i128,
    }
}

/// A number without a unit.
fn plain(digits: &str, at: Range<usize>) -> Result<Value<'static>, SyntaxError> {
    let is_whole = digits.chars().all(|character| character.is_ascii_digit());
    let value = match is_whole {
        true => digits.parse().map(Value::Int).ok(),
        false => digits
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .map(Value::Float),
    };
    value.ok_or_else(|| SyntaxError::new(at, "this number is too large"))
}
