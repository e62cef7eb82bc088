//! What may stand at a place of a half-typed query.
//!
//! What stands before the place is read as far as it can be; where that makes no sense, nothing is proposed. The language's own words are
//! told here; names of attributes and values, which only data know, are told as questions.

use std::ops::Range;

use crate::MAX_TEXT;
use crate::field::{Field, Intrinsic, Scope};
use crate::syntax::{Combine, Function, Operator};
use crate::token::{Kind, Token, first_token, is_of_attribute, readable_tokens};
use crate::value::{Type, Value, constant_names};

/// What may stand at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// What it replaces: bytes of the text, on borders of characters.
    pub replaced: Range<usize>,
    /// Words of the language that begin as what is typed.
    pub words: Vec<(String, WordKind)>,
    /// Which names of attributes may stand there too.
    pub names: Option<NamesWanted>,
    /// Whose values may stand there.
    pub values: Option<ValuesWanted>,
    /// The service that the braces around ask for, if they name one.
    pub service: Option<String>,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// A step of a pipeline, or a function.
    Step,
    /// What every span has.
    Intrinsic,
    /// What stands before an attribute's name.
    Scope,
    /// Between two values or two spansets.
    Operator,
    /// The same in every query.
    Constant,
}

/// Attributes whose names begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesWanted {
    /// Of the span's parent instead of the span.
    pub of_parent: bool,
    /// Where they stand.
    pub scope: Scope,
    /// Whether that was typed: a scope, or a point for all of them.
    pub is_scoped: bool,
    /// What is typed of the name itself.
    pub typed: String,
}

/// Values of a field that begin so.
#[derive(Clone, Debug, PartialEq)]
pub struct ValuesWanted {
    /// Whose.
    pub field: Field,
    /// Without quotes.
    pub typed: String,
}

/// Where the place stands.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// At the beginning of a step; the first one, or one behind `|`.
    Step { is_first: bool },
    /// Behind an operator between spansets.
    Spanset,
    /// Behind a spanset.
    BehindSpanset,
    /// Behind a figure of spansets.
    BehindFigure,
    /// Something about a span; behind `{`, nothing is right as well.
    Operand { may_end: bool },
    /// Behind something about a span.
    BehindOperand {
        field: Option<Field>,
        is_compared: bool,
    },
    /// Behind a comparison with a field.
    Value { field: Field },
    /// Where anything is said, or nothing that can be told.
    Unknown,
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// `(` between spansets.
    Steps,
    /// `{`
    Braces,
    /// `(` between values.
    Group,
    /// The arguments of a step that gives spansets.
    Step,
    /// The arguments of a figure.
    Figure,
}

/// A walk over what stands before the place.
struct Walk {
    open: Vec<Open>,
    place: Place,
    /// The field before an operator.
    field: Option<Field>,
    is_compared: bool,
}

const STEPS: [&str; 8] = [
    "{", "count()", "avg(", "min(", "max(", "sum(", "by(", "select(",
];
const COMPARISONS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];
const MATCHES: [&str; 2] = ["=~", "!~"];
const SCOPES: [&str; 6] = [
    "span.",
    "resource.",
    "parent.",
    "event.",
    "link.",
    "instrumentation.",
];

/// What may stand at a place of a text, in bytes.
pub fn complete(text: &str, at: usize) -> Completion {
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default();
    let nothing = Completion {
        replaced: at..at,
        words: Vec::new(),
        names: None,
        values: None,
        service: None,
    };
    if text.len() > MAX_TEXT {
        return nothing;
    }
    let (mut tokens, unread) = readable_tokens(&text[..at]);
    let Some(from) = begin(&mut tokens, unread, at, text) else {
        return nothing;
    };
    let typed = &text[from..at];
    let place = Walk::over(&tokens);
    let replaced = from..end(text, from, at);
    let service = service(&tokens, &text[replaced.end..]);
    Completion {
        words: words(&place, typed),
        names: names(&place, typed),
        values: match place {
            Place::Value { field } => Some(ValuesWanted {
                field,
                typed: unquoted(typed),
            }),
            _ => None,
        },
        replaced,
        service,
    }
}

/// Where what is being typed begins, which is taken off the tokens; nothing where the text makes no sense before.
fn begin(tokens: &mut Vec<Token>, unread: Option<usize>, at: usize, text: &str) -> Option<usize> {
    if let Some(start) = unread {
        let rest = &text[start..at];
        let is_one = rest.starts_with(['"', '`']) || !rest.contains(char::is_whitespace);
        return is_one.then_some(start);
    }
    let is_typed = tokens
        .last()
        .is_some_and(|last| last.at.end == at && !matches!(last.kind, Kind::Symbol(_)));
    match is_typed {
        true => tokens.pop().map(|last| last.at.start),
        false => Some(at),
    }
}

/// Where what is being typed ends: in a word, at the word's end.
fn end(text: &str, from: usize, at: usize) -> usize {
    let Some(token) = first_token(&text[from..]) else {
        return at;
    };
    let (kind, end) = (token.kind, from + token.at.end);
    let goes_on = from < at && from + token.at.start == from && end > at;
    let is_beyond = |part: &str| part.contains(['{', '}', '&', '|']);
    match kind {
        Kind::Symbol(_) => at,
        Kind::Constant(Value::Text(_)) if !goes_on || is_beyond(&text[at..end]) => at,
        _ if goes_on => end,
        _ => at,
    }
}

fn unquoted(typed: &str) -> String {
    let inner = typed.trim_start_matches(['"', '`']);
    inner.trim_end_matches(['"', '`']).replace("\\\"", "\"")
}

/// The service that the braces around the place ask for.
fn service(before: &[Token], behind: &str) -> Option<String> {
    let is_brace = |token: &Token, brace| matches!(token.kind, Kind::Symbol(it) if it == brace);
    let begin = before.iter().rposition(|token| is_brace(token, "{"))?;
    let (behind, _) = readable_tokens(behind);
    let behind = behind.iter().take_while(|token| !is_brace(token, "}"));
    let around: Vec<&Kind> = before[begin..]
        .iter()
        .chain(behind)
        .map(|token| &token.kind)
        .collect();
    around.windows(3).find_map(|three| match three {
        [
            Kind::Field(Field::Attribute {
                of_parent: false,
                scope: Scope::Any | Scope::Resource,
                name,
            }),
            Kind::Symbol("="),
            Kind::Constant(Value::Text(service)),
        ] if name == "service.name" => Some(service.to_string()),
        _ => None,
    })
}

fn names(place: &Place, typed: &str) -> Option<NamesWanted> {
    if !matches!(place, Place::Operand { .. }) {
        return None;
    }
    let (of_parent, rest) = match typed.strip_prefix("parent.") {
        Some(rest) => (true, rest),
        None => (false, typed),
    };
    let wanted = |scope: Scope, is_scoped: bool, name: &str| {
        Some(NamesWanted {
            of_parent,
            scope,
            is_scoped,
            typed: name.to_owned(),
        })
    };
    if let Some((word, name)) = rest.split_once('.')
        && let Some(scope) = Scope::parse(word)
    {
        return wanted(scope, true, name);
    }
    match rest.strip_prefix('.') {
        Some(name) if !of_parent => wanted(Scope::Any, true, name),
        // Who begins with the name alone means it wherever it stands.
        _ if rest.chars().all(is_of_attribute) => wanted(Scope::Any, of_parent, rest),
        _ => None,
    }
}

fn words(place: &Place, typed: &str) -> Vec<(String, WordKind)> {
    let mut words: Vec<(&str, WordKind)> = Vec::new();
    let mut add = |kind, some: &mut dyn Iterator<Item = &'static str>| {
        words.extend(some.map(|word| (word, kind)));
    };
    let operators = WordKind::Operator;
    match place {
        Place::Unknown => {}
        Place::Step { is_first } => {
            add(WordKind::Step, &mut STEPS.into_iter());
            if !is_first {
                add(WordKind::Step, &mut ["coalesce()"].into_iter());
            }
        }
        Place::Spanset => add(WordKind::Step, &mut ["{", "("].into_iter()),
        Place::BehindSpanset => {
            add(operators, &mut ["|"].into_iter());
            add(operators, &mut Combine::symbols());
        }
        Place::BehindFigure => add(operators, &mut COMPARISONS.into_iter()),
        Place::Operand { may_end } => {
            add(WordKind::Intrinsic, &mut Intrinsic::shown_names());
            add(WordKind::Scope, &mut SCOPES.into_iter());
            add(WordKind::Constant, &mut ["true", "false"].into_iter());
            if *may_end {
                add(operators, &mut ["}"].into_iter());
            }
        }
        Place::BehindOperand { field, is_compared } => {
            let type_ = field.as_ref().map_or(Type::Any, Field::type_);
            if !is_compared {
                let is_ordered = matches!(type_, Type::Any | Type::Number | Type::Text);
                let least = if is_ordered { COMPARISONS.len() } else { 2 };
                add(operators, &mut COMPARISONS.into_iter().take(least));
                if matches!(type_, Type::Any | Type::Text) {
                    add(operators, &mut MATCHES.into_iter());
                }
                if matches!(type_, Type::Any | Type::Number) {
                    add(operators, &mut ["+", "-", "*", "/", "%", "^"].into_iter());
                }
            }
            add(operators, &mut ["&&", "||", "}"].into_iter());
        }
        Place::Value { field } => {
            let fits = |word: &&str| {
                let value = crate::value::constant(word);
                let type_ = value.map_or(Type::Any, |value| value.type_());
                match field.type_() {
                    Type::Any => matches!(type_, Type::Nil | Type::Bool),
                    other => type_ == other,
                }
            };
            add(WordKind::Constant, &mut constant_names().filter(fits));
        }
    }
    let begins = |word: &str| {
        let begin = word.get(..typed.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(typed))
    };
    // A scope that stands there is followed by a name.
    let is_more = |word: &str| word != typed || !word.ends_with('.');
    let fitting = words
        .into_iter()
        .filter(|(word, _)| begins(word) && is_more(word));
    fitting
        .map(|(word, kind)| (word.to_owned(), kind))
        .collect()
}

// === impl Walk ===

impl Walk {
    fn over(tokens: &[Token]) -> Place {
        let mut walk = Self {
            open: Vec::new(),
            place: Place::Step { is_first: true },
            field: None,
            is_compared: false,
        };
        let mut function: Option<&str> = None;
        for token in tokens {
            let before = function.take();
            match (&token.kind, walk.open.last()) {
                (Kind::Word(word), None | Some(Open::Steps)) => function = Some(word.as_str()),
                (Kind::Symbol("("), None | Some(Open::Steps)) => walk.open_steps(before),
                (Kind::Symbol(symbol), None | Some(Open::Steps)) => walk.between_spansets(symbol),
                (Kind::Constant(_), None | Some(Open::Steps)) => walk.place = Place::BehindSpanset,
                (_, None | Some(Open::Steps)) => walk.place = Place::Unknown,
                (kind, Some(_)) => walk.within(kind),
            }
        }
        match function {
            Some(_) => Place::Unknown,
            None => walk.place,
        }
    }

    /// `(` between spansets, behind a function's name or not.
    fn open_steps(&mut self, function: Option<&str>) {
        let Some(function) = function else {
            self.open.push(Open::Steps);
            self.place = Place::Step { is_first: true };
            return;
        };
        let is_figure = Function::ALL.iter().any(|(_, name)| *name == function);
        self.open(if is_figure { Open::Figure } else { Open::Step });
        // These take nothing.
        if matches!(function, "count" | "coalesce") {
            self.place = Place::Unknown;
        }
    }

    fn between_spansets(&mut self, symbol: &str) {
        match symbol {
            "{" => {
                self.open(Open::Braces);
                self.place = Place::Operand { may_end: true };
            }
            ")" => {
                self.open.pop();
                self.place = Place::BehindSpanset;
            }
            "|" => self.place = Place::Step { is_first: false },
            _ if self.place == Place::BehindFigure => self.place = Place::Unknown,
            _ if Combine::by(symbol).is_some() => self.place = Place::Spanset,
            _ => self.place = Place::Unknown,
        }
    }

    fn open(&mut self, what: Open) {
        self.open.push(what);
        self.field = None;
        self.is_compared = false;
        self.place = Place::Operand { may_end: false };
    }

    /// A token of something about a span.
    fn within(&mut self, kind: &Kind) {
        match kind {
            Kind::Field(field) => {
                self.field = (!self.is_compared).then(|| field.clone());
                self.behind();
            }
            Kind::Constant(_) => {
                self.field = None;
                self.behind();
            }
            Kind::Symbol("}" | ")") => {
                self.place = match self.open.pop() {
                    Some(Open::Braces | Open::Step) => Place::BehindSpanset,
                    Some(Open::Figure) => Place::BehindFigure,
                    _ => Place::BehindOperand {
                        field: None,
                        is_compared: self.is_compared,
                    },
                };
            }
            Kind::Symbol("(") => self.open(Open::Group),
            Kind::Symbol("=~" | "!~") => self.compare(),
            Kind::Symbol("!" | "-" | ",") => self.place = Place::Operand { may_end: false },
            Kind::Symbol(symbol) => match Operator::between(symbol) {
                Some(operator) if operator.is_logic() => {
                    self.field = None;
                    self.is_compared = false;
                    self.place = Place::Operand { may_end: false };
                }
                Some(operator) if operator.is_comparison() => self.compare(),
                Some(_) => {
                    self.field = None;
                    self.place = Place::Operand { may_end: false };
                }
                None => self.place = Place::Unknown,
            },
            Kind::Word(_) => self.place = Place::Unknown,
        }
    }

    fn behind(&mut self) {
        self.place = Place::BehindOperand {
            field: self.field.clone(),
            is_compared: self.is_compared,
        };
    }

    fn compare(&mut self) {
        self.is_compared = true;
        self.place = match self.field.take() {
            Some(field) => Place::Value { field },
            None => Place::Operand { may_end: false },
        };
    }
}
