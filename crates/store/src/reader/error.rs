//! Why something was not read, by what a caller can do about it.

use clickhouse::error::Error;

use crate::{Store, StoreError};

/// A question that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store is away, or its tables are not there yet: ask again later.
    #[error(transparent)]
    Unavailable(StoreError),
    /// It is more than the store could do in the time or memory that one question may take: ask for less.
    #[error("the question was too much for the store: {0}")]
    TooHeavy(String),
    /// The store refuses a query of ours.
    #[error(transparent)]
    Refused(StoreError),
    /// The answer is not what the query promises.
    #[error("the store's answer can't be read")]
    Unreadable(#[source] Error),
    /// A query that always has a row had none.
    #[error("the store's answer has no row")]
    NoRow,
}

/// ClickHouse's numbers of exceptions: TIMEOUT_EXCEEDED, MEMORY_LIMIT_EXCEEDED, TOO_SLOW, TOO_MANY_SIMULTANEOUS_QUERIES, TOO_MANY_ROWS.
const TOO_HEAVY: [u32; 5] = [159, 241, 160, 202, 158];
/// UNKNOWN_TABLE, UNKNOWN_DATABASE, AUTHENTICATION_FAILED, REQUIRED_PASSWORD, and those of a server that is going down.
const NOT_READY: [u32; 6] = [60, 81, 516, 194, 236, 394];

impl ReadError {
    pub(crate) fn of(store: &Store, error: Error) -> Self {
        match error {
            Error::BadResponse(_) => Self::of_exception(store.error(error)),
            Error::Network(_) | Error::TimedOut | Error::Other(_) | Error::Decompression(_) => {
                Self::Unavailable(store.error(error))
            }
            error => Self::Unreadable(error),
        }
    }

    fn of_exception(refused: StoreError) -> Self {
        match &refused {
            StoreError::Refused { code, message, .. } if TOO_HEAVY.contains(code) => {
                Self::TooHeavy(message.clone())
            }
            StoreError::Refused { code, .. } if NOT_READY.contains(code) => {
                Self::Unavailable(refused)
            }
            _ => Self::Refused(refused),
        }
    }
}
