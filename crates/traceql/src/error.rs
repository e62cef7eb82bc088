//! A refusal that points at the text.

use std::fmt;
use std::ops::Range;

/// Why a text is not a query, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong and what to do.
    pub message: String,
    /// The stretch of the text, in bytes, on borders of characters; empty at its end where something is missing.
    pub at: Range<usize>,
}

// === impl SyntaxError ===

impl SyntaxError {
    pub(crate) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at,
        }
    }

    /// The place of the first wrong character, from 1, as people count.
    pub fn character(&self, text: &str) -> usize {
        1 + text[..self.at.start].chars().count()
    }

    /// The line of the text that is wrong, with marks under what is wrong in it, for a terminal.
    pub fn pointing(&self, text: &str) -> String {
        let begin = text[..self.at.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let end = text[begin..]
            .find('\n')
            .map_or(text.len(), |length| begin + length);
        let blank = |text: &str| " ".repeat(text.chars().count());
        let wrong = &text[self.at.start..self.at.end.clamp(self.at.start, end.max(self.at.start))];
        let marks = "^".repeat(wrong.chars().count().max(1));
        format!(
            "{}\n{}{marks} {}",
            &text[begin..end],
            blank(&text[begin..self.at.start]),
            self.message
        )
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}
