//! A value as it stands in a file or a body, with its line if it has one: what both formats are read as.

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// From 1; of TOML only.
    pub(super) line: Option<usize>,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// What no key takes: dates.
    Other(&'static str),
}

/// Deeper than any rule; the parser of JSON allows more than twice as much.
const DEEPEST: usize = 40;

// === impl Node ===

impl Node {
    pub(super) fn of_json(json: &Json) -> Self {
        Self::of_json_at(json, 0)
    }

    fn of_json_at(json: &Json, depth: usize) -> Self {
        let value = match json {
            _ if depth > DEEPEST => Value::Other("something nested too deep"),
            Json::Null => Value::Null,
            Json::Bool(bool) => Value::Bool(*bool),
            Json::Number(number) => match number.as_f64() {
                Some(number) => Value::Number(number),
                None => Value::Other("a number that is too large"),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Self::of_json_at(item, depth + 1))
                    .collect(),
            ),
            Json::Object(fields) => Value::Table(
                fields
                    .iter()
                    .map(|(key, field)| (key.clone(), Self::of_json_at(field, depth + 1)))
                    .collect(),
            ),
        };
        Self { line: None, value }
    }

    /// The whole file; its mistakes of syntax come with lines and words.
    pub(super) fn of_toml(text: &str) -> (Self, Vec<(Option<usize>, String)>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let lines = Lines::of(text);
        let errors = errors.into_iter().map(|error| {
            let line = error.span().map(|span| lines.at(span.start));
            (line, error.message().to_owned())
        });
        let errors = errors.collect();
        let root = Self {
            line: Some(1),
            value: fields(table.get_ref(), &lines, 0),
        };
        (root, errors)
    }

    fn of_toml_at(toml: &Spanned<DeValue<'_>>, line: usize, lines: &Lines, depth: usize) -> Self {
        let value = match toml.get_ref() {
            _ if depth > DEEPEST => Value::Other("something nested too deep"),
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => {
                let digits = integer.as_str().replace('_', "");
                match i64::from_str_radix(&digits, integer.radix()) {
                    Ok(integer) => Value::Number(integer as f64),
                    Err(_) => Value::Other("a number that is too large"),
                }
            }
            DeValue::Float(float) => match float.as_str().replace('_', "").parse() {
                Ok(float) => Value::Number(float),
                Err(_) => Value::Other("a number that is too large"),
            },
            DeValue::Boolean(bool) => Value::Bool(*bool),
            DeValue::Datetime(_) => Value::Other("a date"),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| {
                        Self::of_toml_at(item, lines.at(item.span().start), lines, depth + 1)
                    })
                    .collect(),
            ),
            DeValue::Table(table) => fields(table, lines, depth),
        };
        Self {
            line: Some(line),
            value,
        }
    }

    /// What it is, in words.
    pub(super) fn described(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(bool) => bool.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => format!("\"{}\"", shortened(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
            Value::Other(words) => (*words).to_owned(),
        }
    }
}

/// What of a text is repeated to who wrote it.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// The line of a field is that of its key.
fn fields(table: &DeTable<'_>, lines: &Lines, depth: usize) -> Value {
    let fields = table.iter().map(|(key, value)| {
        let line = lines.at(key.span().start);
        let node = Node::of_toml_at(value, line, lines, depth + 1);
        (line, key.get_ref().to_string(), node)
    });
    let mut fields: Vec<_> = fields.collect();
    // The table is sorted by name; mistakes are told in the order in which they stand.
    fields.sort_by_key(|(line, ..)| *line);
    Value::Table(
        fields
            .into_iter()
            .map(|(_, key, node)| (key, node))
            .collect(),
    )
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self(
            std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
        )
    }

    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|&start| start <= byte)
    }
}
