//! Where in the text something stands. Built on the stack while reading, printed only in errors.

use std::cell::Cell;
use std::fmt;

use serde::de;

use super::kinds::Token;
use super::{JsonError, MAX_DEPTH};

/// Leaves the request's own problem here, since serde's error can't carry it.
pub(super) type Problem = Cell<Option<JsonError>>;

/// A value's place, as a way from the outermost object.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    outer: Option<&'a Self>,
    step: Step<'a>,
    /// In how many lists and maps of an attribute's value it stands.
    depth: usize,
    problem: &'a Problem,
}

/// The last step to a value.
#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

// === impl Place ===

impl<'a> Place<'a> {
    pub(super) fn root(problem: &'a Problem) -> Self {
        Self {
            outer: None,
            step: Step::Root,
            depth: 0,
            problem,
        }
    }

    pub(super) fn field<'b>(&'b self, name: &'b str) -> Place<'b> {
        self.inner(Step::Field(name))
    }

    pub(super) fn index(&self, index: usize) -> Place<'_> {
        self.inner(Step::Index(index))
    }

    fn inner<'b>(&'b self, step: Step<'b>) -> Place<'b> {
        Place {
            outer: Some(self),
            step,
            depth: self.depth,
            problem: self.problem,
        }
    }

    /// The same place, one level deeper in an attribute's value.
    pub(super) fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth < MAX_DEPTH {
            return Ok(Self {
                depth: self.depth + 1,
                ..self
            });
        }
        let place = self.to_string();
        Err(self.fail(JsonError::TooDeep { place }))
    }

    pub(super) fn wrong<E: de::Error>(&self, expected: &'static str, found: &Token<'_>) -> E {
        self.fail(JsonError::Type {
            place: self.to_string(),
            expected,
            found: found.to_string(),
        })
    }

    fn fail<E: de::Error>(&self, problem: JsonError) -> E {
        self.problem.set(Some(problem));
        E::custom("not OTLP")
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(outer) = self.outer else {
            return f.write_str("the request");
        };
        let is_outermost = outer.outer.is_none();
        if !is_outermost {
            outer.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Field(name) if is_outermost => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
        }
    }
}
