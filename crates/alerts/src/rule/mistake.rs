//! What is wrong with a rule, where, and what would be right.

use std::fmt;

/// A mistake in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: file and line, rule, key.
    pub place: String,
    /// What was found, and what is allowed.
    pub message: String,
}

/// All mistakes of a file or a rule, in the order in which they stand there. At least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistake {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.is_empty() {
            true => to.write_str(&self.message),
            false => write!(to, "{}: {}", self.place, self.message),
        }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.0.iter().enumerate() {
            if place > 0 {
                to.write_str("\n")?;
            }
            mistake.fmt(to)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
