//! What can go wrong between us and ClickHouse, by what a caller can do about it.

use std::error::Error;
use std::io;

/// Exceptions by which ClickHouse says that it can't read the block: sending it again gives the same.
const REFUSES_DATA: [u32; 9] = [
    9,   // SIZES_OF_COLUMNS_DOESNT_MATCH
    27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    33,  // CANNOT_READ_ALL_DATA
    50,  // UNKNOWN_TYPE
    53,  // TYPE_MISMATCH
    70,  // CANNOT_CONVERT_TYPE
    117, // INCORRECT_DATA
    128, // TOO_LARGE_ARRAY_SIZE
    131, // TOO_LARGE_STRING_SIZE
];

/// Exceptions from before it reads the block, that time or an operator changes.
const REFUSES_US: [u32; 11] = [
    16,  // NO_SUCH_COLUMN_IN_TABLE
    60,  // UNKNOWN_TABLE
    81,  // UNKNOWN_DATABASE
    164, // READONLY
    192, // UNKNOWN_USER
    193, // WRONG_PASSWORD
    194, // REQUIRED_PASSWORD
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    242, // TABLE_IS_READ_ONLY
    497, // ACCESS_DENIED
    516, // AUTHENTICATION_FAILED
];

/// A question to the server that got no good answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was not reached, or the answer broke off.
    #[error("ClickHouse at {url} does not answer: {cause}")]
    Unreachable {
        /// The server's address.
        url: String,
        /// The innermost cause, such as "connection refused"; the layers above it say nothing more.
        cause: String,
        /// Whether no connection came about, so that nothing was sent.
        unconnected: bool,
    },
    /// It answered with an exception.
    #[error("ClickHouse at {url} refused: {message}")]
    Refused {
        /// The server's address.
        url: String,
        /// ClickHouse's number of the exception, 0 if it told none.
        code: u32,
        /// Its words, in one line.
        message: String,
    },
}

/// A block that was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The engine refuses the data, now and for good; nothing of it is stored.
    #[error("the block was rejected")]
    Rejected(#[source] StoreError),
    /// Certainly not stored; the same block with the same token may be sent again.
    #[error("the block was not taken")]
    Unavailable(#[source] StoreError),
    /// It may be stored.
    #[error("whether the block was stored is not known")]
    Ambiguous(#[source] StoreError),
}

// === impl InsertError ===

impl InsertError {
    /// What a failed insert means for the block. Only what is certain is told as such: an exception may come from a lookup
    /// index when the rows are in the base table already.
    pub(crate) fn of(error: StoreError) -> Self {
        match &error {
            StoreError::Unreachable {
                unconnected: true, ..
            } => Self::Unavailable(error),
            StoreError::Refused { code, .. } if REFUSES_DATA.contains(code) => {
                Self::Rejected(error)
            }
            StoreError::Refused { code, .. } if REFUSES_US.contains(code) => {
                Self::Unavailable(error)
            }
            _ => Self::Ambiguous(error),
        }
    }
}

/// Sorts a client's error and names the server.
pub(crate) fn sorted(url: &str, error: clickhouse::error::Error) -> StoreError {
    match error {
        clickhouse::error::Error::BadResponse(text) => StoreError::Refused {
            url: url.to_owned(),
            code: exception_code(&text),
            message: one_line(&text),
        },
        error => StoreError::Unreachable {
            url: url.to_owned(),
            cause: innermost(&error),
            unconnected: is_unconnected(&error),
        },
    }
}

fn is_unconnected(error: &(dyn Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let mut io_errors = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    io_errors.any(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::AddrNotAvailable
        )
    })
}

/// `Code: 60. DB::Exception: ...`
fn exception_code(text: &str) -> u32 {
    let number = text.split_once("Code: ").map_or("", |(_, rest)| rest);
    let digits = number.split(|letter: char| !letter.is_ascii_digit());
    digits
        .take(1)
        .find_map(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// Its beginning: some exceptions quote the whole query.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 500;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> InsertError {
        let response = clickhouse::error::Error::BadResponse(text.to_owned());
        InsertError::of(sorted("http://store", response))
    }

    #[test]
    fn an_exception_is_sorted_by_its_code() {
        let rejected = refused("Code: 117. DB::Exception: Bad data. (INCORRECT_DATA)");
        assert!(matches!(rejected, InsertError::Rejected(_)));
        let unavailable = refused("Code: 60. DB::Exception: no table. (UNKNOWN_TABLE)");
        assert!(matches!(unavailable, InsertError::Unavailable(_)));
        let ambiguous = refused("Code: 241. DB::Exception: memory. (MEMORY_LIMIT_EXCEEDED)");
        assert!(matches!(ambiguous, InsertError::Ambiguous(_)));
    }

    #[test]
    fn an_answer_without_a_code_is_ambiguous() {
        assert!(matches!(refused("bad gateway"), InsertError::Ambiguous(_)));
    }

    #[test]
    fn a_refusal_is_told_in_one_line_with_the_address() {
        let response = clickhouse::error::Error::BadResponse("Code: 1.\n  Words.\n".to_owned());
        let told = sorted("http://store", response).to_string();
        assert_eq!(told, "ClickHouse at http://store refused: Code: 1. Words.");
    }
}
