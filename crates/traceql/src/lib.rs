//! TraceQL's core: from the text of a query to what it means, and to the spans of a rebuilt trace that it asks for.
//!
//! The grammar, its precedence and its meaning are Grafana Tempo's, so that a query moves between the two unchanged. Here: tokens,
//! syntax, checks of types, evaluation, and what may stand at a place of a half-typed query. Not here: SQL, I/O, the search for traces that are worth a look; metrics functions
//! (`rate()` and its kin) are refused by name.
//!
//! Invariant: no text makes this panic or nest deeper than [`MAX_DEPTH`], reading it takes time as it is long, and every refusal
//! points at a stretch of it.
#![warn(missing_docs)]

mod check;
mod complete;
mod error;
mod evaluate;
mod field;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod parse;
mod print;
mod syntax;
mod token;
mod tree;
mod value;

pub use complete::{Completion, NamesWanted, ValuesWanted, WordKind, complete};
pub use error::SyntaxError;
pub use evaluate::{Answer, Spanset};
pub use field::{Field, Intrinsic, Scope};
pub use syntax::{
    Aggregate, Combine, Expression, Filter, Function, Keep, Operator, Pattern, Pipeline, Place,
    Query, Relation, Scalar, Spansets, Stage,
};
pub use tree::Tree;
pub use value::Value;

/// Longest text, in bytes.
pub const MAX_TEXT: usize = 32 << 10;
/// How deep parentheses and operators may nest; `a || b || c` is one level.
pub const MAX_DEPTH: usize = 64;

/// Reads a query.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    let query = parse::query(text)?;
    check::query(&query)?;
    Ok(query)
}
