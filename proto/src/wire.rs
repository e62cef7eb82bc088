//! OTLP read in place: views that borrow from a request's bytes, without a struct, a map or an allocation for what they hold.
//!
//! Two passes use them: [`check_spans`] and [`check_logs`] when a request is admitted, the views alone when its rows are built. Not here:
//! what a span must be to be taken ([`crate::span`]), how it is stored ([`crate::stored`]). Invariant: the checks accept what
//! prost's decoder accepts and nothing else, and no bytes make a view panic, recurse without bound or take more memory than
//! they are.

mod any_value;
mod attribute;
mod check;
mod cursor;
mod group;
mod log;
mod span;
#[cfg(test)]
mod tests;

pub use any_value::{Value, write_text};
pub use attribute::{Attribute, Attributes, put_head};
pub use check::{Signal, check_logs, check_spans};
pub use cursor::put_message;
pub use group::{Resource, ResourceGroup, ResourceGroups, ScopeGroup};
pub use log::LogView;
pub use span::SpanView;

/// Bytes that are not the message that they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {problem}")]
pub struct WireError {
    /// The innermost message.
    message: &'static str,
    problem: Problem,
}

/// What is wrong with a message's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("the bytes end within a field")]
    Truncated,
    #[error("a number is longer than ten bytes")]
    Varint,
    #[error("a field has no valid number or type")]
    Key,
    #[error("field {0} has a type that does not belong to it")]
    Type(u32),
    #[error("field {0} is not UTF-8")]
    Text(u32),
    #[error("messages are nested more than 100 deep")]
    Depth,
    #[error("a group ends that did not begin")]
    EndGroup,
}
