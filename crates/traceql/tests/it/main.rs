//! The language: what queries find in a fixed trace, what is refused and where, and what holds for any text.

mod completions;
mod expressions;
mod properties;
mod refusals;
mod shop;
