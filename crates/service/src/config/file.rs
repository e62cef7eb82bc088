//! The TOML file as a flat list of `section`, `key`, text and line; every mistake in it, not only the first.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::Problem;

/// One setting of the file, not yet parsed.
pub(super) struct FileValue {
    pub(super) section: String,
    /// Empty where a value stands outside of any section.
    pub(super) key: String,
    pub(super) text: String,
    /// `path:line`.
    pub(super) source: String,
}

struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    values: Vec<FileValue>,
    problems: Vec<Problem>,
}

/// Reads the file. What can be read is returned beside what could not.
pub(super) fn read(path: &Path) -> (Vec<FileValue>, Vec<Problem>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let problem = Problem {
                key: String::new(),
                source: path.display().to_string(),
                message: format!("cannot be read: {error}"),
            };
            return (Vec::new(), vec![problem]);
        }
    };
    let mut reading = Reading {
        path,
        text: &text,
        values: Vec::new(),
        problems: Vec::new(),
    };
    reading.document();
    (reading.values, reading.problems)
}

// === impl Reading ===

impl Reading<'_> {
    fn document(&mut self) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.problem(String::new(), error.span(), error.message().to_owned());
        }
        for (name, value) in table.get_ref() {
            let section = name.get_ref().to_string();
            match value.get_ref() {
                DeValue::Table(keys) => self.section(&section, keys),
                other => {
                    let line = self.source(value.span());
                    let text = scalar(other).unwrap_or_default();
                    self.values.push(FileValue {
                        section,
                        key: String::new(),
                        text,
                        source: line,
                    });
                }
            }
        }
    }

    fn section(&mut self, section: &str, keys: &DeTable<'_>) {
        for (name, value) in keys {
            let key = name.get_ref().to_string();
            match scalar(value.get_ref()) {
                Some(text) => {
                    let source = self.source(value.span());
                    self.values.push(FileValue {
                        section: section.to_owned(),
                        key,
                        text,
                        source,
                    });
                }
                None => self.problem(
                    format!("{section}.{key}"),
                    Some(value.span()),
                    "is a list or a table; a single value is expected".to_owned(),
                ),
            }
        }
    }

    fn problem(&mut self, key: String, at: Option<Range<usize>>, message: String) {
        let source = match at {
            Some(at) => self.source(at),
            None => self.path.display().to_string(),
        };
        self.problems.push(Problem {
            key,
            source,
            message,
        });
    }

    fn source(&self, at: Range<usize>) -> String {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = 1 + before.matches('\n').count();
        format!("{}:{line}", self.path.display())
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}
