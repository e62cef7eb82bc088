//! What can go wrong between us and ClickHouse, by what a caller can do about it.

use std::error::Error;

/// A question to the server that got no good answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was not reached, or the answer broke off.
    #[error("ClickHouse at {url} does not answer: {cause}")]
    Unreachable {
        /// The server's address.
        url: String,
        /// The innermost cause, such as "connection refused".
        cause: String,
        /// All of it.
        #[source]
        source: clickhouse::error::Error,
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

/// Sorts a client's error and names the server.
pub(crate) fn cause_of(url: &str, error: clickhouse::error::Error) -> StoreError {
    match error {
        clickhouse::error::Error::BadResponse(text) => StoreError::Refused {
            url: url.to_owned(),
            code: exception_code(&text),
            message: one_line(&text),
        },
        error => StoreError::Unreachable {
            url: url.to_owned(),
            cause: innermost(&error),
            source: error,
        },
    }
}

/// `Code: 60. DB::Exception: ...`
fn exception_code(text: &str) -> u32 {
    let number = text.split_once("Code: ").map_or("", |(_, rest)| rest);
    let digits = number.find(|letter: char| !letter.is_ascii_digit());
    number[..digits.unwrap_or(number.len())]
        .parse()
        .unwrap_or(0)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
