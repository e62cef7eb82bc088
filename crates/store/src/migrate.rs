//! The schema's steps.

use crate::{Store, StoreError};

/// The schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The server did not take a statement.
    #[error("migration {file} failed")]
    Failed {
        /// Name of the file.
        file: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl Store {
    /// Makes the database where it is absent and brings its schema up to date.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        unimplemented!()
    }
}
